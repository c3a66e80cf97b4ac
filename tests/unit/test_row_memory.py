"""What ingest remembers of records, over two and three runs in real run folders."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from workbench import row_memory
from workbench.contracts import RowChanges, RowMemory, Touches
from workbench.documents import dump_yaml
from workbench.ingest import ingest
from workbench.params import read_params
from workbench.row_memory import rows_against_last_run, write_row_memory
from workbench.runs import Run, create_run, finish_run
from workbench.tables import table_file

FILES = {
    "accounts": ["account_id,name,is_target", "A1,Alpha,no", "A2,Beta,no"],
    "partners": ["partner_id,name,partner_type,active", "P1,Acme,reseller,yes"],
    "opportunities": [
        "opportunity_id,account_id,opportunity_type,stage,status,created_at,amount,currency,"
        "source_system",
        "O1,A1,renewal,Talk,open,2026-01-01,1000,USD,crm",
        "O2,A1,renewal,Talk,open,2026-01-01,,USD,crm",
        "O3,A2,renewal,Talk,open,2026-01-01,5,USD,crm",
    ],
    "touches": [
        "touch_id,opportunity_id,partner_id,touch_type,touched_at,source_system",
        "T1,O1,P1,referral,2025-12-01,crm",
    ],
    "stage_history": ["opportunity_id,stage,entered_at", "O1,Talk,2026-01-01"],
    "partner_aliases": ["alias,partner_id", "ACME,P1"],
}
FIRST, SECOND, THIRD = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
DEFINITION = {"id": "crm", "version": 1, "title": "The CRM's word", "basis": "crm_field"}


@pytest.fixture(autouse=True, params=[row_memory._RANGE_ROWS, 1], ids=["one range", "many"])
def range_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_memory, "_RANGE_ROWS", request.param)


def read(project: Path, read_at: datetime, tables: Mapping[str, list[str]]) -> Run:
    """A finished run of `monthly` that read these tables at that time."""
    source = project / f"source-{read_at:%m}"
    source.mkdir()
    for name, lines in tables.items():
        (source / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    (project / "definition.yaml").write_text(dump_yaml(DEFINITION), encoding="utf-8")
    content = {
        "period": "2026-10",
        "read_at": read_at,
        "source": str(source),
        "definition": str(project / "definition.yaml"),
        "readout": "none",
        "output_root": str(project / "outputs"),
    }
    (project / "monthly.yaml").write_text(dump_yaml(content), encoding="utf-8")
    run = create_run(read_params(project / "monthly.yaml"), f"{read_at:%m}")
    ingest(run.params, into=run.tables, previous=run.previous_tables())
    write_row_memory(run.tables, previous=run.previous_tables(), read_at=run.params.read_at)
    return run


def finished(project: Path, read_at: datetime, tables: Mapping[str, list[str]]) -> Run:
    run = read(project, read_at, tables)
    finish_run(run, {})
    return run


def changed(**changes: list[str]) -> dict[str, list[str]]:
    """The files, some with other rows under their header."""
    return FILES | {name: [FILES[name][0], *rows] for name, rows in changes.items()}


def remembered(run: Run, table: str) -> dict[str, tuple[datetime, datetime]]:
    rows = run.read(RowMemory).filter(pl.col("table") == table).drop("table")
    return {record: (first, last) for record, first, last in rows.iter_rows()}


def test_row_memory__a_first_run_has_nothing_to_compare_with(tmp_path):
    run = finished(tmp_path, FIRST, FILES)

    assert run.read(RowChanges).is_empty()
    assert remembered(run, "opportunities") == dict.fromkeys(("O1", "O2", "O3"), (FIRST, FIRST))
    assert set(run.read(RowMemory)["table"]) == {"accounts", "opportunities", "partners", "touches"}


def test_row_memory__three_runs(tmp_path):
    """O1 changes twice, O2 never, O3 goes and comes back, O4 comes."""
    o1, o2, o3 = FILES["opportunities"][1:]
    dearer = o1.replace("1000", "1200").replace("Talk", "Offer")
    o4 = o2.replace("O2", "O4")
    finished(tmp_path, FIRST, FILES)

    second = finished(tmp_path, SECOND, changed(opportunities=[o4, dearer, o2]))
    third = finished(
        tmp_path, THIRD, changed(opportunities=[dearer, o2, o3, o4.replace("USD", "EUR")])
    )

    assert second.read(RowChanges).rows() == [
        ("opportunities", "O1", "changed", ["stage", "amount"]),
        ("opportunities", "O3", "removed", None),
        ("opportunities", "O4", "added", None),
    ]
    assert remembered(second, "opportunities") == {
        "O1": (FIRST, SECOND),
        "O2": (FIRST, FIRST),
        "O4": (SECOND, SECOND),
    }
    assert third.read(RowChanges).rows() == [
        ("opportunities", "O3", "added", None),
        ("opportunities", "O4", "changed", ["currency"]),
    ]
    assert remembered(third, "opportunities") == {
        "O1": (FIRST, SECOND),
        "O2": (FIRST, FIRST),
        "O3": (THIRD, THIRD),
        "O4": (SECOND, THIRD),
    }


def test_row_memory__a_missing_value_is_a_change_and_the_same_one_is_none(tmp_path):
    _, o2, o3 = FILES["opportunities"][1:]
    finished(tmp_path, FIRST, changed(opportunities=[o2, o3]))

    run = finished(tmp_path, SECOND, changed(opportunities=[o2, o3.replace(",5,", ",,")]))

    assert run.read(RowChanges).rows() == [("opportunities", "O3", "changed", ["amount"])]


def test_row_memory__touches_are_first_seen_as_their_own_table_says(tmp_path):
    (touch,) = FILES["touches"][1:]
    finished(tmp_path, FIRST, FILES)

    run = finished(tmp_path, SECOND, changed(touches=[touch, touch.replace("T1", "T2")]))

    seen = dict(run.read(Touches).select("touch_id", "first_seen_at").iter_rows())
    assert seen == {"T1": FIRST, "T2": SECOND}
    assert remembered(run, "touches") == {"T1": (FIRST, FIRST), "T2": (SECOND, SECOND)}
    assert run.read(RowChanges).rows() == [("touches", "T2", "added", None)]


def test_row_memory__an_earlier_run_without_one(tmp_path):
    """Runs that were made before rows were remembered: tables are compared, times begin now."""
    before = finished(tmp_path, FIRST, FILES)
    for contract in (RowMemory, RowChanges):
        table_file(before.tables, contract).unlink()

    run = finished(tmp_path, SECOND, changed(opportunities=FILES["opportunities"][1:3]))

    assert run.read(RowChanges).rows() == [("opportunities", "O3", "removed", None)]
    assert remembered(run, "opportunities") == dict.fromkeys(("O1", "O2"), (SECOND, SECOND))
    assert remembered(run, "touches") == {"T1": (FIRST, SECOND)}


def test_row_memory__a_run_that_did_not_finish_is_not_compared_with(tmp_path):
    finished(tmp_path, FIRST, FILES)
    read(tmp_path, SECOND, changed(opportunities=[]))

    run = finished(tmp_path, THIRD, FILES)

    assert run.read(RowChanges).is_empty()


def test_rows_against_last_run__counts_by_table(tmp_path):
    """A table that one of the runs lacks, or that has no key of one column, is not compared."""
    o1, o2, _ = FILES["opportunities"][1:]
    costs = ["cost_id,incurred_on,category,amount,currency", "C1,2026-01-01,people,1,USD"]
    less = changed(opportunities=[o1.replace("Talk", "Won"), o2, o2.replace("O2", "O9")])
    before = finished(tmp_path, FIRST, {**FILES, "program_costs": costs})
    run = finished(tmp_path, SECOND, {**less, "stage_history": FILES["stage_history"] * 2})

    assert rows_against_last_run(run.tables, before.tables).rows() == [
        ("accounts", 2, 2, 0, 0, 0, 0),
        ("opportunities", 3, 3, 0, 1, 1, 1),
        ("partner_aliases", 1, 1, 0, None, None, None),
        ("partners", 1, 1, 0, 0, 0, 0),
        ("program_costs", None, 1, None, None, None, None),
        ("stage_history", 3, 1, 2, None, None, None),
        ("touches", 1, 1, 0, 0, 0, 0),
    ]


def test_rows_against_last_run__without_one(tmp_path):
    run = finished(tmp_path, FIRST, FILES)

    found = rows_against_last_run(run.tables, None)

    assert found.filter(pl.col("table") == "accounts").rows() == [
        ("accounts", 2, None, None, None, None, None)
    ]
