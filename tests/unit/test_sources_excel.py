"""Sheets of real workbooks, as a spreadsheet program writes them."""

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from tests.unit.landed_files import landed, refusal, rows_of

DAY, NEXT, AT = (
    datetime.fromisoformat(text) for text in ("2026-01-03", "2026-01-04", "2026-01-03T10:30")
)
NOT_AVAILABLE = ("=NA()", "#N/A")


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    """One sheet a name, its rows of cells; a tuple is a formula and what it came to."""
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, cells in enumerate(rows):
            for column, value in enumerate(cells):
                _write(book, sheet, at, column, value)
    book.close()
    return path


def _write(book: Any, sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, tuple):
        sheet.write_formula(row, column, value[0], None, value[1])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value, book.add_format({"num_format": "d/m/yy hh:mm"}))
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, book.add_format({"num_format": "d/m/yy"}))
    elif value is not None:
        sheet.write(row, column, value)


@pytest.fixture
def export(tmp_path):
    return tmp_path / "export.xlsx"


def test_land__cells_keep_their_types(export):
    workbook(
        export,
        Jan=[
            ["Id", "Amount", "Day", "At", "Flag", "Mixed", "Empty"],
            [84, 1250.5, DAY.date(), AT, True, "x"],
            [85, 7, NEXT.date(), None, False, 5],
        ],
    )
    assert rows_of(export) == [
        {
            "Id": 84,
            "Amount": 1250.5,
            "Day": DAY,
            "At": AT,
            "Flag": True,
            "Mixed": "x",
            "Empty": None,
        },
        {
            "Id": 85,
            "Amount": 7.0,
            "Day": NEXT,
            "At": None,
            "Flag": False,
            "Mixed": "5",
            "Empty": None,
        },
    ]


def test_land__numbers_have_the_15_digits_that_excel_has(export):
    workbook(export, Jan=[["Amount"], [3.3], [0.1]])
    rewrite(export, "xl/worksheets/sheet1.xml", b"<v>3.3<", b"<v>3.3000000000000003<")
    assert landed(export)[0]["Amount"].to_list() == [3.3, 0.1]


def rewrite(path: Path, member: str, old: bytes, new: bytes) -> None:
    """Replace bytes in a file inside the workbook."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert old in held[member]
    held[member] = held[member].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)


def test_land__a_banner_a_footer_and_a_nameless_column(export):
    workbook(
        export,
        Report=[
            ["Pipeline by Partner"],
            [],
            ["Id", None, "Amount", None],
            ["O1", None, 5, "mind this"],
            ["O2", None, 6],
            [],
            ["Copyright (c) 2026"],
            ["Confidential"],
        ],
    )
    for footer, left_out in (
        ("Copyright", "2 rows from row 7"),
        ("blank line", "3 rows from row 6"),
    ):
        rows, notes = landed(export, skip_lines=2, footer=footer)
        assert rows.to_dicts() == [{"Id": "O1", "Amount": 5}, {"Id": "O2", "Amount": 6}]
        assert notes == (
            "export.xlsx, sheet 'Report': 2 rows before the header left out.",
            f"export.xlsx, sheet 'Report': {left_out} on left out as a footer.",
            "export.xlsx, sheet 'Report': 1 column without a name left out.",
        )
    assert landed(export, skip_lines=2, footer="The end")[1][1] == (
        "export.xlsx, sheet 'Report': no row begins with 'The end', so no footer was left out."
    )


def test_land__a_cell_with_an_error_is_named_and_no_value(export):
    workbook(
        export, **{"A & B": [["Id", "Amount"], ["O1", 5], [NOT_AVAILABLE, ("=1/0", "#DIV/0!")]]}
    )
    rows, notes = landed(export)
    assert rows.rows() == [("O1", 5), (None, None)]
    assert notes == (
        "export.xlsx, sheet 'A & B': 2 cells hold an error, and no value (A3 #N/A, B3 #DIV/0!).",
    )


def test_land__blank_rows_at_the_end_are_no_records(export):
    workbook(export, Jan=[["a", "b"], ["1", None], [None, None], ["2", None], ["", ""], ["", ""]])
    assert landed(export)[0]["a"].to_list() == ["1", None, "2"]


def test_land__a_header_alone(export):
    workbook(export, Jan=[["a", "b"]])
    assert landed(export)[0].shape == (0, 2)


def test_land__one_sheet_of_several(export):
    workbook(export, Jan=[["a"], [1]], Feb=[["a"], [2]])
    assert rows_of(export, sheet="Feb") == [{"a": 2}]
    said = refusal(export)
    assert "has 2 sheets: 'Jan', 'Feb'.\nHint: name one under 'files' of the mapping" in said
    said = refusal(export, sheet="Mar")
    assert "there is no sheet 'Mar'.\nHint: the workbook has 'Jan', 'Feb'." in said


@pytest.mark.parametrize(
    ("rows", "form", "sentence"),
    [
        ([["a", "b", "a"]], {}, "the header names a column twice: 'a'"),
        ([], {}, "row 1 is blank, or not there"),
        ([[None], ["a"]], {}, "row 1 is blank, or not there"),
        ([["a"], [1]], {"skip_lines": 7}, "row 8 is blank, or not there"),
        (
            [["a"], [1]],
            {"delimiter": ";"},
            "'delimiter' of 'files' says nothing about a file in '.x",
        ),
    ],
)
def test_land__a_sheet_without_a_header_to_go_by(export, rows, form, sentence):
    assert sentence in refusal(workbook(export, Jan=rows), **form)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as an Excel workbook"),
        (b"a,b\n1,2\n", "cannot be read as an Excel workbook"),
        (b"PK\x03\x04 cut off", "cannot be read as an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is protected by a password, or"),
    ],
)
def test_land__no_workbook(export, content, sentence):
    export.write_bytes(content)
    assert sentence in refusal(export)


def test_land__a_workbook_that_was_cut_off(export):
    workbook(export, Jan=[["a"], *[[f"text {n}"] for n in range(500)]])
    whole = export.read_bytes()
    for share in (0.3, 0.6, 0.95):
        export.write_bytes(whole[: int(len(whole) * share)])
        assert "cannot be read as an Excel workbook" in refusal(export)


def test_land__a_sheet_that_is_broken_inside(export):
    workbook(export, Jan=[["a"], [1]])
    rewrite(export, "xl/worksheets/sheet1.xml", b"<sheetData>", b"<sheetData><row><c><<<")
    assert "cannot be read as an Excel workbook" in refusal(export)


def test_land__a_sheet_whose_checksum_is_wrong(export):
    workbook(export, Jan=[["a"], [1]])
    content = bytearray(export.read_bytes())
    entry = content.rfind(b"xl/worksheets/sheet1.xml") - 46  # of the archive's directory
    content[entry + 16] ^= 255
    export.write_bytes(content)
    assert "cannot be read as an Excel workbook" in refusal(export)


def test_land__many_rows_are_whole(export):
    frame = pl.DataFrame({"id": range(20_000), "name": [f"n{n}" for n in range(20_000)]})
    frame.write_excel(export)
    assert landed(export)[0].equals(frame)


def test_land__a_stray_cell_far_away_is_refused_before_it_fills_the_memory(export):
    workbook(export, Jan=[["a"], [1], [2]])
    rewrite(export, "xl/worksheets/sheet1.xml", b'r="A3"', b'r="XFD1048576"')
    said = refusal(export)
    assert "sheet 'Jan': has cells as far away as column XFD and row 1048576." in said
    assert "Hint: delete what stands behind the table there" in said


def test_land__cells_far_away_without_a_value_are_none(export):
    workbook(export, Jan=[["a"], [1]])
    far = b'</row><row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    rewrite(export, "xl/worksheets/sheet1.xml", b"</row></sheetData>", far)
    assert rows_of(export) == [{"a": 1}]


def test_land__a_workbook_without_a_sheet(export):
    workbook(export, Jan=[["a"], [1]])
    rewrite(export, "xl/workbook.xml", b"<sheet name=", b"<leaf name=")
    assert "export.xlsx: has no sheet." in refusal(export)
