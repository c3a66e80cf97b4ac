"""The schemas by which editors complete mappings and readout texts say what the models say."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from workbench.contracts import CANONICAL_TABLES
from workbench.documents import load_yaml, parse_document
from workbench.errors import ParameterError
from workbench.readout.schema import readout_schema
from workbench.readout.texts import ReadoutTexts
from workbench.sources.mapping import Mapping
from workbench.sources.schema import mapping_schema

PARAMS = Path(__file__).parents[2] / "params"
MAPPINGS = sorted((PARAMS / "sources").glob("*.yaml"))
READOUTS = sorted((PARAMS / "readouts").glob("*.yaml"))
OF_MAPPINGS = Draft202012Validator(json.loads(mapping_schema()))
OF_READOUTS = Draft202012Validator(json.loads(readout_schema()))
COLUMNS = {"alias": "Name", "partner_id": {"from": "Id", "integer": True}}


def as_json(content: dict[str, Any]) -> dict[str, Any]:
    """What an editor sees: YAML's days are text there, and keys too."""
    return json.loads(json.dumps(content, default=date.isoformat))


def mapping(**changes: Any) -> dict[str, Any]:
    """A mapping of one table; `columns` in the changes are more of its columns."""
    columns = {**COLUMNS, **changes.pop("columns", {})}
    part = {"file": "aliases.csv", "columns": columns, **changes.pop("part", {})}
    return {"tables": {"partner_aliases": {"from": part, **changes.pop("table", {})}}, **changes}


def test_schemas__the_files_are_those_of_the_models() -> None:
    """Else make them anew: the first lines of workbench/sources/schema.py and readout/schema.py."""
    for folder, schema in (("sources", mapping_schema()), ("readouts", readout_schema())):
        Draft202012Validator.check_schema(json.loads(schema))
        assert (PARAMS / folder / "schema.json").read_text(encoding="utf-8") == schema


@pytest.mark.parametrize("path", [*MAPPINGS, *READOUTS], ids=lambda path: path.stem)
def test_schemas__accept_shipped_files_that_name_them(path: Path) -> None:
    schema = OF_READOUTS if path in READOUTS else OF_MAPPINGS

    schema.validate(as_json(load_yaml(path)))

    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema.json"


def test_schemas__know_every_table_and_column() -> None:
    tables = json.loads(mapping_schema())["properties"]["tables"]["properties"]

    assert set(tables) == {contract.table_name() for contract in CANONICAL_TABLES}


@pytest.mark.parametrize(
    "content",
    [
        mapping(),
        mapping(table={"from": []}, tables={"touches": "empty"}),
        mapping(columns={"valid_from": ["From", "Since"]}),
        mapping(columns={"valid_from": {"value": 3}}),
        mapping(columns={"valid_to": {"from": "To", "words": {"x": None, "y": True}}}),
        mapping(part={"where": {"Kind": "a", "Open": {"not": None}, "N": [1, "2", None]}}),
        mapping(part={"lookups": {"kind": {"file": "k.csv", "on": "Kind"}}}),
        mapping(files={"a.xlsx": {"sheets": "One", "skip_lines": 2}}),
        mapping(queries={"q": {"connection": "CRM_DATABASE", "sql": "select 1"}}),
    ],
)
def test_mapping_schema__accepts_the_short_forms(content: dict[str, Any]) -> None:
    parse_document(content, Mapping, "mine.yaml")

    OF_MAPPINGS.validate(content)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"tables": {}},
        {"tables": {"deals": "empty"}},
        {"tables": {"accounts": "empty"}},
        mapping(columns={"partner": "Name"}),
        mapping(columns={"valid_from": {"form": "Name"}}),
        mapping(columns={"valid_from": {"from": "Name", "integer": "perhaps"}}),
        mapping(part={"wher": {}}),
        mapping(part={"lookups": {"kind": {"file": "k.csv"}}}),
        mapping(part={"lookups": {"kind": {"file": "k.csv", "on": {"a": "b", "c": "d"}}}}),
        mapping(files={"a.csv": {"decimal": ";"}}),
        mapping(queries={"q": {"sql": "select 1"}}),
    ],
)
def test_mapping_schema__refuses_what_the_model_refuses(content: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        parse_document(content, Mapping, "mine.yaml")

    assert not OF_MAPPINGS.is_valid(content)


TEXTS: dict[str, Any] = {"decisions": ["Keep it."], "asks": [], "learned": ["  Much. "]}


@pytest.mark.parametrize(
    "changes",
    [
        {"asks": None},
        {"asks": ["one", "two", "three", "four", "five"]},
        {"asks": [""]},
        {"asks": ["a\nb"]},
        {"asks": ["x" * 201]},
        {"ask": []},
    ],
)
def test_readout_schema__refuses_what_the_model_refuses(changes: dict[str, Any]) -> None:
    OF_READOUTS.validate(TEXTS)
    with pytest.raises(ParameterError):
        parse_document({**TEXTS, **changes}, ReadoutTexts, "2026-Q4.yaml")

    assert not OF_READOUTS.is_valid({**TEXTS, **changes})
