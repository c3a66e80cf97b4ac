"""An Excel workbook from frames, in which nothing that comes from data can run or lead away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

# Far within what Excel takes: 1,048,576 rows, 65,530 links and 32,767 letters in a cell.
MOST_ROWS: Final = 20_000
LONGEST_TEXT: Final = 10_000
LONGEST_LINK: Final = 2_000
WIDEST_COLUMN: Final = 60  # letters; a longer text goes on in the next line


@dataclass(frozen=True)
class Sheet:
    """One sheet: a frame under its column names, of which `link` holds web addresses.

    `name` is our own word, never data.
    """

    name: str
    rows: pl.DataFrame
    link: str | None = None


def workbook(sheets: Sequence[Sheet], *, created: datetime) -> bytes:
    """An xlsx file with a frozen header and filters on every sheet; the same bytes each time.

    Texts are written as texts and marked as such, so that `=1+1` stays what it is even when the
    cell is edited; only the addresses of `link` are links, shown as `open`. At most 20,000 rows of
    a sheet are written, and a text of more than 10,000 letters is cut, which its end says.
    """
    content = BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        # Excel's own clock has no zone.
        book.set_properties({"title": "Partner revenue", "created": created.replace(tzinfo=None)})
        looks = _Looks(book)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, looks)
    return content.getvalue()


def about_sheet(about: Mapping[str, str], *, rows: int, table: str) -> Sheet:
    """The last sheet: what the workbook is, and how much of it was left out."""
    said = dict(about)
    if rows > MOST_ROWS:
        said["Left out"] = (
            f"The first {MOST_ROWS:,} of {rows:,} rows are here. The table {table} of the run has "
            "them all."
        )
    return Sheet("About", pl.DataFrame({"About": list(said), "": list(said.values())}))


class _Looks:
    def __init__(self, book: Workbook) -> None:
        def look(**properties: Any) -> Format:
            return book.add_format({"valign": "top", **properties})

        self.header = look(bold=True, bottom=1)
        self.text = look(quote_prefix=True, text_wrap=True)
        self.day = look(num_format="yyyy-mm-dd", align="left")
        self.number = look(num_format="#,##0")
        self.link = look(font_color="#0b4f8a", underline=1)


def _write(page: Worksheet, sheet: Sheet, looks: _Looks) -> None:
    rows = sheet.rows.head(MOST_ROWS)
    for column, name in enumerate(rows.columns):
        page.write_string(0, column, name, looks.header)
        page.set_column(column, column, _width(rows[name], is_link=name == sheet.link))
        for row, value in enumerate(rows[name], start=1):
            if value is not None:
                _write_cell(page, row, column, value, looks, is_link=name == sheet.link)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, rows.height, max(rows.width - 1, 0))
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _write_cell(
    page: Worksheet, row: int, column: int, value: Any, looks: _Looks, *, is_link: bool
) -> None:
    if is_link and len(value) <= LONGEST_LINK:
        page.write_url(row, column, value, looks.link, "open")
    elif isinstance(value, str):
        page.write_string(row, column, plain_text(value), looks.text)
    elif isinstance(value, bool):
        page.write_string(row, column, "yes" if value else "no", looks.text)
    elif isinstance(value, int):
        page.write_number(row, column, value, looks.number)
    else:
        page.write_datetime(row, column, value, looks.day)


def plain_text(text: str) -> str:
    """The text, cut where it is too long."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]} … (cut; the table of this run has it whole)"
    # xlsxwriter takes such a text for rich text of its own making, and writes it as raw XML.
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def _width(values: pl.Series, *, is_link: bool) -> int:
    widest = len(values.name) + 3  # room for the filter's button
    if values.dtype == pl.String and not is_link:
        longest: Any = values.str.len_chars().max()
        widest = max(widest, longest or 0)
    return min(max(widest, 10), WIDEST_COLUMN) + 1
