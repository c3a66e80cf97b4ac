"""The definitions that come with the workbench, and the schema by which editors complete them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator, FormatChecker

from tests.reference.cases import definitions
from workbench.definitions import Definition, find_definition_file, read_definition
from workbench.definitions.schema import definition_schema
from workbench.documents import load_yaml, parse_document
from workbench.errors import ParameterError

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "params" / "definitions"
SCHEMA_FILE = FOLDER / "schema.json"
LIBRARY = [
    "timing", "originated", "registered", "causal", "referred_or_closed", "crm_field",
    "registration_strict", "introduction_30d", "lock_14d", "any_touch", "position_30d",
]  # fmt: skip
FILES = [FOLDER / f"{name}.yaml" for name in LIBRARY]
VALIDATOR = Draft202012Validator(json.loads(definition_schema()), format_checker=FormatChecker())
CONTENT = {
    "id": "timing",
    "version": 1,
    "title": "Before or after",
    "rules": [{"role": "sourced", "touch_types": ["introduction", "referral"]}],
}

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def as_json(content: dict[str, Any]) -> dict[str, Any]:
    """What an editor sees: YAML's days are text there."""
    return json.loads(json.dumps(content, default=date.isoformat))


@every_file
def test_library__each_says_what_it_is_for_whence_it_comes_and_what_it_misses(path: Path) -> None:
    definition = read_definition(path)

    assert definition.purpose
    assert definition.origin
    assert len(definition.blind_to) >= 2
    assert definition.id == path.stem


@every_file
def test_library__each_is_named_in_the_docs(path: Path) -> None:
    docs = (PROJECT / "docs" / "definitions.md").read_text(encoding="utf-8")

    assert f"| `{path.stem}` |" in docs


@every_file
def test_library__each_names_the_schema_for_editors(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]

    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert path.parent / first.removeprefix(prefix) == SCHEMA_FILE


def test_schema__the_file_is_that_of_the_model() -> None:
    """Else: uv run python -m workbench.definitions.schema > params/definitions/schema.json"""
    Draft202012Validator.check_schema(json.loads(definition_schema()))

    assert SCHEMA_FILE.read_text(encoding="utf-8") == definition_schema()


@every_file
def test_schema__accepts_shipped_files(path: Path) -> None:
    VALIDATOR.validate(as_json(load_yaml(path)))


@settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(content=definitions())
def test_schema__accepts_what_the_model_accepts(content: dict[str, Any]) -> None:
    parse_document(content, Definition, "drawn.yaml")

    VALIDATOR.validate(as_json(content))


def test_schema__every_key_is_explained() -> None:
    schema = json.loads(definition_schema())

    rule, gates = schema["$defs"]["Rule"], schema["$defs"]["Gates"]
    for part in (schema, rule, gates):
        assert all(key["description"] for key in part["properties"].values())


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": []},
        {"version": 0},
        {"version": None},
        {"id": "My Timing"},
        {"title": None},
        {"effective_from": "soon"},
        {"approvals": [{"role": "sales", "on": "2025-01-20"}]},
        {"purpose": ""},
        {"blind_to": "everything"},
        {"amount": "arr"},
        {"opportunity_types": ["newbusiness"]},
        {"opportunity_types": []},
        {"account_touches": "next"},
        {"gates": {"evidnce": "required"}},
        {"gates": {"evidence": "must"}},
        {"gates": {"logged_within_days": -1}},
        {"rules": []},
        {"rules": None},
        {"basis": "crm_field"},
        {"rules": [{"role": "direct", "touch_types": "any"}]},
        {"rules": [{"role": "sourced", "touch_types": "referral"}]},
        {"rules": [{"role": "sourced", "touch_types": []}]},
        {"rules": [{"role": "sourced", "touch_types": ["referal"]}]},
        {"rules": [{"role": "sourced", "touch_types": "any", "from": "opened"}]},
        {"rules": [{"role": "sourced", "touch_types": "any", "to": "created - 30w"}]},
        {"rules": [{"role": "sourced", "touch_types": "any", "start": "created"}]},
        {"primary_partner": "ranked"},
        {"primary_partner": "ranked", "rank": []},
        {"primary_partner": "ranked", "rank": ["referral", "referral"]},
        {"rank": ["referral"]},
        {"credit": {"model": "time-decay"}},
        {"credit": {"model": "time_decay"}},
        {"credit": {"model": "time_decay", "half_life_days": 0}},
        {"credit": {"model": "primary", "half_life_days": 7}},
        {"credit": {"model": "weighted"}},
        {"credit": {"model": "weighted", "weights": {"referal": 1}}},
        {"credit": {"model": "linear", "weights": {"referral": 1}}},
    ],
    ids=str,
)
def test_schema__rejects_what_is_wrong(changes: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(CONTENT | changes)


def test_find_definition_file__by_id_and_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT / "notebooks")

    assert find_definition_file("timing") == FOLDER / "timing.yaml"
    assert find_definition_file("../params/definitions/timing.yaml").samefile(FILES[0])


def test_find_definition_file__says_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ParameterError, match=r"^timming: there is no such definition\.\nHint: did"):
        find_definition_file("timming")
    with pytest.raises(ParameterError, match=r"there is no such definition file\."):
        find_definition_file("params/definitions/timming.yaml")
