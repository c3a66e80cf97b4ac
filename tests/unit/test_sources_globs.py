"""One name for several files or sheets: each is read, counted and named apart."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from workbench.contracts import Opportunities
from workbench.documents import dump_yaml
from workbench.errors import Problem
from workbench.ingest import Ingested, ingest, source_problems
from workbench.params import RunParams

HEADER = "Deal,Account,Stage,Created,Amount"
COLUMNS = {
    "opportunity_id": "Deal",
    "account_id": "Account",
    "opportunity_type": {"value": "new_business"},
    "stage": "Stage",
    "status": {"value": "open"},
    "created_at": "Created",
    "amount": "Amount",
    "currency": {"value": "USD"},
    "source_system": {"value": "crm"},
}
OTHER_TABLES = {
    "accounts": {
        "from": {
            "file": "accounts.csv",
            "columns": {"account_id": "Id", "name": "Id", "is_target": {"value": False}},
        }
    },
    "partners": {
        "from": {
            "file": "accounts.csv",
            "where": {"Id": "none"},
            "columns": {
                "partner_id": "Id",
                "name": "Id",
                "partner_type": {"value": "reseller"},
                "active": {"value": True},
            },
        }
    },
    "touches": "empty",
}


def source(folder: Path, file: str, *, forms: dict[str, Any] | None = None) -> RunParams:
    """A mapping whose opportunities come from `file`."""
    (folder / "accounts.csv").write_text("Id\nA1\n", encoding="utf-8")
    opportunities = {"opportunities": {"from": {"file": file, "columns": COLUMNS}}}
    content = {"files": forms or {}, "tables": {**OTHER_TABLES, **opportunities}}
    (folder / "mapping.yaml").write_text(dump_yaml(content), encoding="utf-8")
    return RunParams(
        name="test",
        period="2026-03",
        as_of=date(2026, 3, 31),
        read_at=datetime(2026, 4, 1, 8, tzinfo=UTC),
        source=folder / "mapping.yaml",
        definition=folder,
        readout=None,
        output_root=folder / "outputs",
    )


def export(folder: Path, name: str, *rows: str, header: str = HEADER) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def taken(params: RunParams) -> Ingested:
    into = params.source.parent / "tables"
    into.mkdir()
    return ingest(params, into=into)


def counts(found: Ingested) -> list[tuple[Any, ...]]:
    rows = found.summary.filter(pl.col("table") == "opportunities")
    return rows.select("source", "rows_read", "rows_rejected").rows()


def test_ingest__every_file_of_a_pattern_is_counted_apart(tmp_path):
    export(
        tmp_path,
        "exports/deals_02.csv",
        "D2;A1;Talk;2026-02-01;1.000,5",
        header=HEADER.replace(",", ";"),
    )
    export(
        tmp_path,
        "exports/deals_01.csv",
        "D1;A1;Talk;x;2",
        "D3;A1;Talk;2026-01-01;3",
        header=HEADER.replace(",", ";"),
    )
    export(tmp_path, "exports/other.csv", "no deals")
    pattern = "exports/deals_*.csv"
    params = source(tmp_path, pattern, forms={pattern: {"delimiter": ";", "numbers": "1.250,50"}})

    assert source_problems(params) == []
    found = taken(params)

    assert counts(found) == [("exports/deals_01.csv", 2, 1), ("exports/deals_02.csv", 1, 0)]
    amounts = found.tables[Opportunities].select("opportunity_id", pl.col("amount").cast(pl.String))
    assert amounts.rows() == [("D2", "1000.50"), ("D3", "3.00")]
    rejects = found.rejects.select("source", "row_number", "reasons").rows()
    assert rejects == [("exports/deals_01.csv", 1, ["created_at: not a date or time"])]


def test_ingest__what_no_table_uses_is_noted_once_for_all_pieces(tmp_path):
    for number in (1, 2):
        export(
            tmp_path, f"d{number}.csv", f"D{number},A1,T,2026-01-01,1,x", header=f"{HEADER},Mood"
        )
    notes = [note for note in taken(source(tmp_path, "d?.csv")).notes if "Mood" in note]
    assert notes == ["d?.csv: 1 column that no table uses: Mood."]


def test_source_problems__a_pattern_that_no_file_fits(tmp_path):
    export(tmp_path, "deals.csv", "D1,A1,Talk,2026-01-01,2")
    (problem,) = source_problems(source(tmp_path, "deal_*.csv"))
    assert problem.what == "no file fits this pattern."
    assert problem.hint == "the folder has accounts.csv, deals.csv."


def test_source_problems__pieces_with_other_columns_are_one_problem(tmp_path):
    export(tmp_path, "d1.csv", header=HEADER)
    export(tmp_path, "d2.csv", header="Amount,Created,Stage,Account,Deal")
    export(tmp_path, "d3.csv", header="Deal,Account,Stage,Created,Amt,Owner")
    export(tmp_path, "d4.csv", header="Deal,Account,Stage,Created")
    params = source(tmp_path, "d*.csv")
    assert source_problems(params) == [
        Problem(
            str(params.source),
            "'d*.csv': 2 of 4 pieces have other columns than 'd1.csv' ('d3.csv' lacks 'Amount' and "
            "also has 'Amt', 'Owner'; 'd4.csv' lacks 'Amount').",
            "pieces of one table have the same columns; a part of its own can read another.",
        )
    ]


def test_ingest__columns_in_another_order_are_the_same_columns(tmp_path):
    export(tmp_path, "d1.csv", "D1,A1,Talk,2026-01-01,2")
    export(
        tmp_path, "d2.csv", "3,2026-01-01,Talk,A1,D2", header="Amount,Created,Stage,Account,Deal"
    )
    assert taken(source(tmp_path, "d*.csv")).tables[Opportunities]["amount"].to_list() == [2, 3]


def test_source_problems__every_broken_piece_is_named(tmp_path):
    export(tmp_path, "d1.csv", header="")
    export(tmp_path, "d2.csv", header="Deal,Deal")
    export(tmp_path, "d3.csv")
    problems = source_problems(source(tmp_path, "d*.csv"))
    assert [Path(problem.where).name for problem in problems] == ["d1.csv", "d2.csv"]


def workbook(path: Path, *sheets: str) -> None:
    book = xlsxwriter.Workbook(str(path))
    for number, name in enumerate(sheets):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write_row(1, 0, [f"{path.stem}{number}", "A1", "Talk", "2026-01-01", 100 + number])
    book.close()


@pytest.mark.parametrize(
    ("sheets", "read"),
    [(["Jan", "Mar"], ["Jan", "Mar"]), ("*", ["Feb", "Jan", "Mar"]), ("?a*", ["Jan", "Mar"])],
)
def test_ingest__several_sheets_are_counted_apart(tmp_path, sheets, read):
    workbook(tmp_path / "year.xlsx", "Jan", "Feb", "Mar")
    found = taken(source(tmp_path, "year.xlsx", forms={"year.xlsx": {"sheets": sheets}}))
    assert counts(found) == [(f"year.xlsx [{sheet}]", 1, 0) for sheet in read]


def test_ingest__one_workbook_under_several_names(tmp_path):
    workbook(tmp_path / "year.xlsx", "Jan", "Feb")
    forms = {"deals": {"path": "year.xlsx", "sheet": "Feb"}}
    assert counts(taken(source(tmp_path, "deals", forms=forms))) == [("deals", 1, 0)]


def test_ingest__sheets_of_several_workbooks_under_one_name(tmp_path):
    workbook(tmp_path / "y1.xlsx", "Jan", "Feb")
    workbook(tmp_path / "y2.xlsx", "Jan")
    (tmp_path / "~$y1.xlsx").write_text("what Excel keeps while a workbook is open")
    forms = {"deals": {"path": "y*.xlsx", "sheets": "*"}}
    params = source(tmp_path, "deals", forms=forms)
    assert source_problems(params) == []
    assert [source for source, _, _ in counts(taken(params))] == [
        "deals (y1.xlsx) [Feb]",
        "deals (y1.xlsx) [Jan]",
        "deals (y2.xlsx) [Jan]",
    ]


def test_source_problems__sheets_that_are_not_there(tmp_path):
    workbook(tmp_path / "year.xlsx", "Jan", "Feb")
    forms = {"year.xlsx": {"sheets": ["Jan", "Mar", "Apr"]}}
    (problem,) = source_problems(source(tmp_path, "year.xlsx", forms=forms))
    assert problem.what == "there is no sheet 'Mar', 'Apr'."
    assert problem.hint == "the workbook has 'Jan', 'Feb'."


def test_source_problems__a_broken_workbook_among_others(tmp_path):
    workbook(tmp_path / "y1.xlsx", "Jan")
    (tmp_path / "y2.xlsx").write_bytes(b"PK")
    params = source(tmp_path, "y*.xlsx", forms={"y*.xlsx": {"sheets": "*"}})
    (problem,) = source_problems(params)
    assert Path(problem.where).name == "y2.xlsx"
    assert "cannot be read as an Excel workbook" in problem.what
