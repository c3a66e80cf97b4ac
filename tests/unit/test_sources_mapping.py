"""The mapping language: what a file may say, and what is said about one that is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest

from workbench.documents import parse_document
from workbench.errors import ParameterError
from workbench.sources.mapping import TABLES_BY_NAME, Choice, Column, Mapping, read_mapping

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_read_mapping__every_example_of_the_guide(tmp_path, example):
    (tmp_path / "m.yaml").write_text(example, encoding="utf-8")
    mapping = read_mapping(tmp_path / "m.yaml")
    for name, table in mapping.tables.items():
        for part in table.parts:
            required = set(TABLES_BY_NAME[name].required_columns()) - {"first_seen_at"}
            assert required <= set(part.columns)


def test_read_mapping__the_guide_names_every_key():
    for model in (Column, Mapping):
        for name, field in model.model_fields.items():
            assert (field.alias or name) in GUIDE


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "params" / "sources").glob("*.yaml")), ids=lambda p: p.stem
)
def test_read_mapping__every_mapping_that_ships(path):
    assert read_mapping(path).title


def mapping(**changes: Any) -> dict[str, Any]:
    part = {"file": "a.csv", "columns": {"currency": "C", "valid_from": "V", "rate": "R"}}
    return {"tables": {"fx_rates": {"from": {**part, **changes}}}}


def test_parse_document__short_forms():
    conditions = {"A": "x", "B": ["x", None], "C": {"not": None}, "D": 7}
    part = (
        parse_document(
            mapping(where=conditions, lookups={"l": {"file": "b.csv", "on": "K"}}),
            Mapping,
            "m.yaml",
        )
        .tables["fx_rates"]
        .parts[0]
    )
    assert part.where == {
        "A": Choice(accepted=("x",)),
        "B": Choice(accepted=("x", None)),
        "C": Choice(refused=(None,)),
        "D": Choice(accepted=("7",)),
    }
    assert (part.lookups["l"].own, part.lookups["l"].theirs) == ("K", "K")
    assert part.columns["rate"] == Column(source="R")
    assert part.columns["rate"].formats == ()


def test_parse_document__yaml_words_become_text():
    column = parse_document(
        {"from": "A", "words": {True: True, 7: "seven", "No": None}}, Column, "m.yaml"
    )
    assert column.words == {"true": "true", "7": "seven", "No": None}


def columns(**changed: Any) -> dict[str, Any]:
    return mapping(columns={"currency": "C", "valid_from": "V", "rate": "R", **changed})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"tabels": {}, **mapping()}, "'tabels' is not a key.\nHint: did you mean 'tables'?"),
        (mapping(colums={}), "'tables.fx_rates.from.0.colums' is not a key."),
        (mapping(colums={}), "did you mean 'columns'?"),
        ({"tables": {"fxrates": mapping()["tables"]["fx_rates"]}}, "did you mean 'fx_rates'?"),
        ({"tables": {"partners": "empty"}}, "only touches may be 'empty'"),
        (columns(rat="R"), "'rat' is not a column of fx_rates"),
        (columns(rate={"form": "R"}), "did you mean 'from'?"),
        (columns(rate={"words": {"a": "b"}}), "it needs either 'from' or 'value'"),
        (columns(rate={"from": "R", "value": 1}), "it needs either 'from' or 'value'"),
        (columns(rate={"from": "R", "otherwise": "1"}), "'otherwise' needs 'words'"),
        (columns(rate={"from": "R", "formats": "dd.mm"}), "'dd.mm' is not a format"),
        (mapping(where={"A": {"is": "x", "not": "y"}}), "it needs either 'is' or 'not'"),
        (
            mapping(exclude=[{"where": {"A": "x"}}]),
            "'tables.fx_rates.from.0.exclude.0.reason' is missing",
        ),
        (
            mapping(lookups={"l": {"file": "b.csv"}}),
            "'tables.fx_rates.from.0.lookups.l.on' is missing",
        ),
        (mapping(lookups={"l": {"file": "b.csv", "on": {}}}), "one column joins"),
        ({**mapping(), "timezone": "Mars"}, "'Mars' is not a time zone"),
        ({**mapping(), "files": {"a.csv": {"delimiter": "ab"}}}, "files.a.csv.delimiter"),
        ({**mapping(), "files": {"a.csv": {"decimal": "'"}}}, "none of the accepted words"),
    ],
)
def test_parse_document__what_is_wrong_with_a_mapping(content, sentence):
    with pytest.raises(ParameterError) as raised:
        parse_document(content, Mapping, "m.yaml")
    assert sentence in str(raised.value)
    assert "m.yaml" in str(raised.value)


@pytest.mark.parametrize(
    ("table", "combine", "sentence"),
    [
        ("fx_rates", {"currency": "earliest"}, "names its key"),
        ("fx_rates", {"rate": "mean_by_amount"}, "add 'amount: sum'"),
        ("fx_rates", {"rat": "sum"}, "'rat' is not a column of fx_rates"),
        ("fx_rates", {"rate": "total"}, "none of the accepted words"),
        ("stage_history", {}, "has no key"),
    ],
)
def test_parse_document__what_cannot_be_combined(table, combine, sentence):
    content = {"tables": {table: {"from": {"file": "a.csv", "columns": {}}, "combine": combine}}}
    with pytest.raises(ParameterError) as raised:
        parse_document(content, Mapping, "m.yaml")
    assert sentence in str(raised.value)


def test_parse_document__first_seen_is_never_read():
    content = {
        "tables": {"touches": {"from": {"file": "a.csv", "columns": {"first_seen_at": "A"}}}}
    }
    with pytest.raises(ParameterError, match=r"'touches\.first_seen_at' is not read"):
        parse_document(content, Mapping, "m.yaml")
