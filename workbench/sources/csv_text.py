"""CSV files read as text, once every line is known to hold what the header promises.

polars pads a short line without a word, so the structure is judged first: every line at once by
its shape, and only where one deviates record by record, as quoted line breaks need.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final

import polars as pl

from workbench.errors import Problem, SourceError

_SHOWN_LINES: Final = 5


def csv_header(path: Path, *, delimiter: str) -> list[str]:
    """The column names as they stand. Raises SourceError when there are none to go by."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            header = next(csv.reader(file, delimiter=delimiter, strict=True), [])
        except UnicodeDecodeError as error:
            raise SourceError([_not_utf8(path, error)]) from None
        except csv.Error as error:
            raise SourceError(
                [Problem(str(path), f"the header cannot be read: {error}.")]
            ) from None
    if not header:
        what = "its first line is blank." if path.stat().st_size else "the file is empty."
        hint = "a header with the names of the columns is expected in the first line."
        raise SourceError([Problem(str(path), what, hint)])
    if twice := sorted({name for name in header if header.count(name) > 1}):
        names = ", ".join(f"'{name}'" for name in twice)
        raise SourceError([Problem(str(path), f"the header names a column twice: {names}.")])
    return header


def read_csv(path: Path, *, delimiter: str) -> pl.DataFrame:
    """Every column as text, an empty field as null; one row per record of the file.

    Blank lines at the end are no records. Raises SourceError when the file is empty, is not UTF-8,
    names a column twice, or has a line with more or fewer fields than its header.
    """
    header = csv_header(path, delimiter=delimiter)
    try:
        lines, odd = _odd_lines(path, width=len(header), delimiter=delimiter)
    except pl.exceptions.ComputeError:
        _must_be_utf8(path)
        raise
    if _blank_tail(odd, lines=lines):
        frame = pl.read_csv(path, separator=delimiter, infer_schema=False, new_columns=header)
        return frame.head(lines - 1 - odd.height)
    return _read_by_record(path, header, delimiter=delimiter)


def _odd_lines(path: Path, *, width: int, delimiter: str) -> tuple[int, pl.DataFrame]:
    """How many lines there are, and those that are not plainly one record: `at` from 0, `line`."""
    edge = f"\\x{ord(delimiter):02x}"
    field = f'(?:"(?:[^"]|"")*"|[^"{edge}]*)'
    record = f"^{field}(?:{edge}{field}){{{width - 1}}}\r?$"
    line = pl.col("line")
    unquoted = ~line.str.contains('"', literal=True)
    plain = (
        pl.when(unquoted)
        .then(line.str.count_matches(delimiter, literal=True) == width - 1)
        .otherwise(line.str.contains(record))
    )
    odd = ~plain | line.str.contains(r"\r.") | (line.str.strip_chars_end("\r") == "")
    scanned = pl.scan_lines(path).with_row_index("at")
    counted, deviating = pl.collect_all(
        [scanned.select(pl.len()), scanned.filter(odd)], engine="streaming"
    )
    return counted.item(), deviating.sort("at")


def _blank_tail(odd: pl.DataFrame, *, lines: int) -> bool:
    """Whether the only odd lines are blank ones at the end, or there are none."""
    blank = (odd["line"].str.strip_chars("\r") == "").all()
    return odd.is_empty() or (blank and odd["at"][0] == lines - odd.height)


def _read_by_record(path: Path, header: list[str], *, delimiter: str) -> pl.DataFrame:
    text = path.read_bytes().decode("utf-8-sig").rstrip("\r\n")
    rows: list[list[str]] = []
    broken: list[tuple[int, str]] = []
    for line, record, fault in _records(text, delimiter=delimiter):
        if fault:
            broken.append((line, fault))
        elif len(record) != len(header):
            broken.append((line, "1 field" if len(record) == 1 else f"{len(record)} fields"))
        rows.append(record)
    if broken:
        raise SourceError([_broken(path, broken, width=len(header))])
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(header)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=pl.String)
            for name, values in zip(header, columns, strict=True)
        ]
    ).select(pl.when(pl.all() != "").then(pl.all()))


def _records(text: str, *, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Each record with the line on which it begins and what is wrong with it, if anything."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            unclosed = "unexpected end" in str(error)
            yield line, [], "a quote that is never closed" if unclosed else str(error)


def _broken(path: Path, broken: list[tuple[int, str]], *, width: int) -> Problem:
    shown = "; ".join(f"line {line}: {fault}" for line, fault in broken[:_SHOWN_LINES])
    more = "; …" if len(broken) > _SHOWN_LINES else ""
    lines = "1 broken line" if len(broken) == 1 else f"{len(broken)} broken lines"
    fields = "1 field" if width == 1 else f"{width} fields"
    hint = "put a field that holds the delimiter, a quote or a line break in quotes."
    return Problem(
        str(path), f"{lines} where the header expects {fields} each ({shown}{more}).", hint
    )


def _must_be_utf8(path: Path) -> None:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError([_not_utf8(path, error)]) from None


def _not_utf8(path: Path, error: UnicodeDecodeError) -> Problem:
    line = error.object[: error.start].count(b"\n") + 1
    what = f"is not text in UTF-8, first in line {line}."
    return Problem(str(path), what, "save it as 'CSV UTF-8'.")
