"""Sheets of an Excel workbook, landed in the types that their cells have.

Excel counts with 15 digits and shows no more, while the file holds what its arithmetic left behind
them: 3.3000000000000003 is read as the 3.3 that stands on the screen. A column of whole numbers
is read as such, so that the id 84 is 84.
"""

import html
import re
import zlib
from fnmatch import fnmatchcase
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import fastexcel
import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.csv_text import BLANK_LINE
from workbench.sources.mapping import FileFormat

EXCEL: Final = (".xlsx", ".xlsm")
_DIGITS: Final = 15
_EXACT_UP_TO: Final = 10**_DIGITS
_SHOWN_CELLS: Final = 5
_OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0"
_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\b([^>]*)>")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(r'([\w:]+)="([^"]*)"')
# A sheet is a full rectangle in memory, up to its last cell that is not empty. Fewer columns than
# AV and fewer rows than a million are never too many.
_MOST_CELLS: Final = 50_000_000
_FAR_CELL: Final = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="(?:(?:A[V-Z]|[B-Z][A-Z]|[A-Z]{3,})\d+|[A-Z]+[1-9]\d{6,})"[^>]*(?<!/)>'
)
_CELL: Final = re.compile(rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]+)(\d+)"[^>]*(?<!/)>')
_ERROR_CELL: Final = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+\d+)"[^>]*>.*?<(?:\w+:)?v>([^<]*)<'
)


def sheet_names(path: Path) -> list[str]:
    """The sheets of a workbook, in order. Raises SourceError when it cannot be opened."""
    return _opened(path).sheet_names


def sheet_texts(path: Path, sheet: str, *, n_rows: int) -> pl.DataFrame:
    """The first rows of a sheet as they stand there, as text. Raises SourceError as above."""
    return _loaded(path, _opened(path), sheet, skip_rows=0, n_rows=n_rows, dtypes="string")


def missing_sheets(form: FileFormat, there: list[str]) -> list[str]:
    """What the mapping names, `*` standing for any text, that no sheet of a workbook fits."""
    wanted = (form.sheet,) if form.sheet is not None else form.sheets
    return [like for like in wanted if not any(fnmatchcase(name, like) for name in there)]


def excel_header(path: Path, form: FileFormat) -> list[str]:
    """The names of the columns that have one. Raises SourceError when there are none to go by."""
    reader = _opened(path)
    sheet = _sheet(path, reader, form)
    first = _loaded(path, reader, sheet, skip_rows=form.skip_lines, n_rows=1, dtypes="string")
    return list(_columns(path, first, form).values())


def land_excel(path: Path, form: FileFormat, landed: Path) -> list[str]:
    """One row per row of the sheet below its header; dates as dates, numbers as numbers.

    Blank rows at the end are no records. Gives notes on what was left out, and on cells that hold
    an error in place of a value: there the value is missing. A sheet is held in memory. Raises
    SourceError as `excel_header` does.
    """
    reader = _opened(path)
    sheet = _sheet(path, reader, form)
    texts = _loaded(path, reader, sheet, skip_rows=form.skip_lines, dtypes="string")
    columns = _columns(path, texts, form)
    errors = _error_cells(path, sheet)
    first = texts.slice(1).select(pl.coalesce(pl.all()).alias("first")).to_series()
    at = [int(cell.lstrip(ascii_uppercase)) - form.skip_lines - 2 for cell in errors]
    first = first.scatter([row for row in at if row >= 0], "#")
    height, notes = _extent(path, sheet, first, form)
    body = texts.slice(1, height)
    rows = body
    if height:
        rows = _loaded(
            path,
            reader,
            sheet,
            skip_rows=form.skip_lines + 1,
            n_rows=height,
            schema_sample_rows=None,
            dtypes={name: "string" for name in body.columns if not body[name].count()},
        )
    nameless = [name for name in body.columns if name not in columns and body[name].count()]
    if nameless:
        count = "1 column" if len(nameless) == 1 else f"{len(nameless)} columns"
        notes.append(f"{_said(path, sheet)}: {count} without a name left out.")
    numbers = pl.selectors.float()
    rows = rows.select(pl.col(at).alias(name) for at, name in columns.items())
    rows = rows.with_columns(numbers.round_sig_figs(_DIGITS))
    whole = [name for name, values in rows.select(numbers).to_dict().items() if _is_whole(values)]
    rows.with_columns(pl.col(whole).cast(pl.Int64)).write_parquet(landed)
    return notes + _error_notes(path, sheet, errors)


def _opened(path: Path) -> fastexcel.ExcelReader:
    try:
        return fastexcel.read_excel(path)
    except fastexcel.FastExcelError:
        raise SourceError([_unreadable(path)]) from None


def _unreadable(path: Path) -> Problem:
    with path.open("rb") as file:
        protected = file.read(len(_OLE_MAGIC)) == _OLE_MAGIC
    if protected:
        what = "is protected by a password, or of an Excel before 2007."
        return Problem(str(path), what, "save it as .xlsx, without a password.")
    what = "cannot be read as an Excel workbook."
    return Problem(str(path), what, "open it in a spreadsheet program and save it as .xlsx.")


def _loaded(path: Path, reader: fastexcel.ExcelReader, sheet: str, **rows: Any) -> pl.DataFrame:
    """Rows of a sheet, nothing where it is shorter; the header counts as one of them."""
    try:
        found: pl.DataFrame = reader.load_sheet(sheet, header_row=None, **rows).to_polars()
    except fastexcel.InvalidParametersError:
        return pl.DataFrame()
    except fastexcel.FastExcelError:
        raise SourceError([_unreadable(path)]) from None
    return found


def _sheet(path: Path, reader: fastexcel.ExcelReader, form: FileFormat) -> str:
    """The sheet that the mapping names, or the only one."""
    names = reader.sheet_names
    if not names:
        raise SourceError([Problem(str(path), "has no sheet.", "save it again as .xlsx.")])
    listed = ", ".join(f"'{name}'" for name in names)
    if missing := missing_sheets(form, names):
        said = ", ".join(f"'{name}'" for name in missing)
        what = f"there is no sheet {said}."
        raise SourceError([Problem(str(path), what, f"the workbook has {listed}.")])
    if form.sheet is None and len(names) > 1:
        hint = "name one under 'files' of the mapping, 'sheet: …', or several, 'sheets: […]'."
        raise SourceError([Problem(str(path), f"has {len(names)} sheets: {listed}.", hint)])
    sheet = form.sheet or names[0]
    _must_fit_into_memory(path, sheet)
    return sheet


def _must_fit_into_memory(path: Path, sheet: str) -> None:
    """Raises SourceError where a stray cell far away makes a sheet of thousands of millions."""
    content = _content(path, sheet)
    if _FAR_CELL.search(content) is None:
        return
    columns, rows = set(), set()
    for cell in _CELL.finditer(content):
        columns.add(cell[1])
        rows.add(int(cell[2]))
    widest, tallest = max(columns, key=lambda name: (len(name), name)), max(rows)
    width = 0
    for letter in widest:
        width = width * 26 + letter - ord("A") + 1
    if width * tallest > _MOST_CELLS:
        what = f"has cells as far away as column {widest.decode()} and row {tallest}."
        hint = "delete what stands behind the table there, and save the workbook."
        raise SourceError([Problem(_said(path, sheet), what, hint)])


def _columns(path: Path, texts: pl.DataFrame, form: FileFormat) -> dict[str, str]:
    """The columns that have a name: what fastexcel calls each → its name."""
    named = (
        {at: name for at, name in texts.head(1).to_dicts()[0].items() if name} if len(texts) else {}
    )
    if not named:
        hint = "the header is expected there; 'skip_lines' says how many rows stand before it."
        what = f"row {form.skip_lines + 1} is blank, or not there."
        raise SourceError([Problem(str(path), what, hint)])
    header = list(named.values())
    if twice := sorted({name for name in header if header.count(name) > 1}):
        names = ", ".join(f"'{name}'" for name in twice)
        raise SourceError([Problem(str(path), f"the header names a column twice: {names}.")])
    return named


def _extent(path: Path, sheet: str, first: pl.Series, form: FileFormat) -> tuple[int, list[str]]:
    """How many rows there are, and notes on what stands before the header and behind them.

    `first` is what each row below the header begins with; a blank row has nothing there.
    """
    notes = []
    if form.skip_lines:
        rows = "1 row" if form.skip_lines == 1 else f"{form.skip_lines} rows"
        notes.append(f"{_said(path, sheet)}: {rows} before the header left out.")
    if form.footer is not None:
        begins = (
            first.is_null() if form.footer == BLANK_LINE else first.str.starts_with(form.footer)
        )
        footer = begins.fill_null(value=False).arg_true()
        if footer.is_empty():
            said = "is blank" if form.footer == BLANK_LINE else f"begins with '{form.footer}'"
            notes.append(f"{_said(path, sheet)}: no row {said}, so no footer was left out.")
        else:
            cut = len(first) - footer[0]
            rows = "1 row" if cut == 1 else f"{cut} rows"
            at = footer[0] + form.skip_lines + 2
            notes.append(f"{_said(path, sheet)}: {rows} from row {at} on left out as a footer.")
            first = first.head(footer[0])
    filled = first.is_not_null().arg_true()
    return (0 if filled.is_empty() else filled[-1] + 1), notes


def _is_whole(values: pl.Series) -> bool:
    """Whether a column of numbers has none with a fraction, nor one too large to be exact."""
    return bool(((values == values.round()) & (values.abs() < _EXACT_UP_TO)).all())


def _said(path: Path, sheet: str) -> str:
    return f"{path.name}, sheet '{sheet}'"


def _error_cells(path: Path, sheet: str) -> dict[str, str]:
    """The cells in which a formula failed. fastexcel reads them as blank and does not say so."""
    found = _ERROR_CELL.findall(_content(path, sheet))
    return {cell.decode(): said.decode(errors="replace") for cell, said in found}


def _content(path: Path, sheet: str) -> bytes:
    """The XML of a sheet."""
    try:
        with ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            return archive.read(part) if part in archive.namelist() else b""
    except (BadZipFile, LookupError, NotImplementedError, OSError, ValueError, zlib.error):
        raise SourceError([_unreadable(path)]) from None


def _error_notes(path: Path, sheet: str, errors: dict[str, str]) -> list[str]:
    if not errors:
        return []
    count = "1 cell holds" if len(errors) == 1 else f"{len(errors)} cells hold"
    shown = ", ".join(f"{cell} {said}" for cell, said in list(errors.items())[:_SHOWN_CELLS])
    more = ", …" if len(errors) > _SHOWN_CELLS else ""
    return [f"{_said(path, sheet)}: {count} an error, and no value ({shown}{more})."]


def _part_of(archive: ZipFile, sheet: str) -> str:
    """The file inside the workbook that holds a sheet."""
    workbook = archive.read("xl/workbook.xml").decode()
    relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    targets = {}
    for text in _RELATION.findall(relations):
        held = dict(_ATTRIBUTE.findall(text))
        targets[held["Id"]] = held["Target"]
    for text in _SHEET.findall(workbook):
        held = dict(_ATTRIBUTE.findall(text))
        if html.unescape(held["name"]) == sheet:
            target = targets[next((held[name] for name in held if name.endswith(":id")), "")]
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return ""
