"""The mapping language: what a file may say, and what is said about one that is wrong."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from workbench.contracts import Opportunities
from workbench.documents import dump_yaml, load_yaml, parse_document
from workbench.errors import ParameterError
from workbench.ingest import ingest
from workbench.params import RunParams
from workbench.sources.mapping import TABLES_BY_NAME, Choice, Column, Mapping, read_mapping

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_read_mapping__every_example_of_the_guide(tmp_path, example):
    (tmp_path / "m.yaml").write_text(example, encoding="utf-8")
    # An example may show one section of a mapping; its tables are then these.
    found = parse_document({**mapping(), **load_yaml(tmp_path / "m.yaml")}, Mapping, "m.yaml")
    for name, table in found.tables.items():
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
    assert part.columns["rate"] == Column(source=("R",))
    assert part.columns["rate"].formats == ()


def test_parse_document__several_columns_and_a_look_up_with_conditions():
    part = (
        parse_document(
            mapping(
                columns={"currency": ["C", "D"], "valid_from": {"join": ["Y", "M"]}, "rate": "R"},
                lookups={"l": {"file": "b.csv", "on": "K", "where": {"L": True}}},
            ),
            Mapping,
            "m.yaml",
        )
        .tables["fx_rates"]
        .parts[0]
    )
    assert part.columns["currency"] == Column(source=("C", "D"))
    assert part.lookups["l"].where == {"L": Choice(accepted=("true",))}
    assert set(part.references()) == {"K", "C", "D", "Y", "M", "R"}


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
        (
            {"queries": {"q": {"connection": "C", "sql": "select a", "b from t": None}}},
            "Hint: between { }, a text with a comma in it stands in quotes",
        ),
        ({"tables": {"fxrates": mapping()["tables"]["fx_rates"]}}, "did you mean 'fx_rates'?"),
        ({"tables": {"partners": "empty"}}, "only touches may be 'empty'"),
        (columns(rat="R"), "'rat' is not a column of fx_rates"),
        (columns(rate={"form": "R"}), "did you mean 'from'?"),
        (columns(rate={"words": {"a": "b"}}), "it needs one of 'from', 'join' and 'value'"),
        (columns(rate={"from": "R", "value": 1}), "it needs one of 'from', 'join' and 'value'"),
        (columns(rate={"from": "R", "join": ["A"]}), "it needs one of 'from', 'join' and 'value'"),
        (columns(rate=[]), "it needs one of 'from', 'join' and 'value'"),
        (columns(rate={"value": 1, "missing": 1}), "a constant is never missing"),
        (columns(rate={"from": "R", "divide_by": 60}), "60 is no power of ten"),
        (columns(rate={"from": "R", "divide_by": 0}), "0 is no power of ten"),
        (columns(currency={"from": "R", "divide_by": 100}), "'fx_rates.currency' is no number"),
        (columns(rate={"from": "R", "timezone": "Mars"}), "'Mars' is not a time zone"),
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


def test_ingest__a_look_up_joined_by_a_column_of_another(tmp_path):
    (tmp_path / "out").mkdir()
    write = {
        "opportunities.csv": "id,account,stage\nO-1,A-1,7\nO-2,A-1,9\nO-3,A-1,8\n",
        "stages.csv": "stage,outcome\n7,w\n8,x\n9,x\n9,w\n",
        "outcomes.csv": "outcome,status,live\nw,won,yes\nx,open,no\nx,open,yes\n",
        "accounts.csv": "account_id,name,is_target\nA-1,Quillmere Works,no\n",
        "partners.csv": "partner_id,name,partner_type,active\n",
    }
    for name, text in write.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    own = {
        "opportunity_id": "id",
        "account_id": "account",
        "opportunity_type": {"value": "new_business"},
        "stage": "stage",
        "status": "outcome.status",
        "created_at": {"value": "2026-01-01"},
        "closed_at": {"value": "2026-02-01"},
        "currency": {"value": "USD"},
        "source_system": {"value": "crm"},
    }
    tables = {
        name: {"from": {"file": f"{name}.csv", "columns": {column: column for column in columns}}}
        for name, columns in {
            "accounts": ("account_id", "name", "is_target"),
            "partners": ("partner_id", "name", "partner_type", "active"),
        }.items()
    }
    lookups = {
        "stage": {"file": "stages.csv", "on": "stage"},
        "outcome": {
            "file": "outcomes.csv",
            "on": {"stage.outcome": "outcome"},
            "where": {"live": "yes"},
        },
    }
    tables["opportunities"] = {
        "from": {"file": "opportunities.csv", "lookups": lookups, "columns": own}
    }
    content = {"title": "Chained", "tables": {**tables, "touches": "empty"}}
    (tmp_path / "m.yaml").write_text(dump_yaml(content), encoding="utf-8")
    params = RunParams(
        name="chained",
        period="2026-03",
        as_of=date(2026, 3, 31),
        read_at=datetime(2026, 4, 1, tzinfo=UTC),
        source=tmp_path / "m.yaml",
        definition=PROJECT / "params" / "definitions" / "crm_field.yaml",
        readout=None,
        output_root=tmp_path,
    )
    found = ingest(params, into=tmp_path / "out")
    assert found.tables[Opportunities].select("opportunity_id", "status").rows() == [
        ("O-1", "won"),
        ("O-3", "open"),
    ]
    assert found.rejects.select("row_number", "reasons").rows() == [
        (2, ["stage: stands in several rows of stages.csv"])
    ]
