"""What a file looks like: how it is written, and a sample of its rows as text."""

import csv
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.files import FileExtract
from workbench.sources.mapping import FileFormat

_TEXT_FILES: Final = {".csv", ".tsv", ".txt"}
_SAMPLED_BYTES: Final = 2_000_000
_SAMPLED_ROWS: Final = 2_000
_DELIMITERS: Final = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS: Final = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@dataclass(frozen=True)
class FileLook:
    """A file: its name, how the mapping must say it is written, and up to 2,000 rows as text.

    `form` holds keys of `FileFormat`, those that the mapping need not say left out.
    """

    name: str
    form: dict[str, str | int]
    rows: pl.DataFrame


def look_at(path: Path) -> FileLook:
    """Look at one file. Raises SourceError when it is missing, empty or cannot be read."""
    if not path.is_file():
        raise SourceError([Problem(str(path), "there is no such file.")])
    if path.suffix.lower() in _TEXT_FILES:
        return _look_at_text(path)
    with TemporaryDirectory() as folder:
        landed = FileExtract(path, FileFormat()).land(Path(folder))
        rows = pl.read_parquet(landed.path, n_rows=_SAMPLED_ROWS)
    plain = [name for name, dtype in rows.schema.items() if not dtype.is_nested()]
    return FileLook(path.name, {}, _without_empty_texts(rows.select(pl.col(plain).cast(pl.String))))


def _look_at_text(path: Path) -> FileLook:
    text, encoding = _decoded(path)
    delimiter = max(_DELIMITERS, key=lambda sign: _tabular(_records(text, sign)))
    records = _records(text, delimiter)
    width = _width(records)
    if width < 2:
        what = "no sign divides its lines into columns."
        hint = "a table has at least two columns, divided by a comma, semicolon, tab or bar."
        raise SourceError([Problem(str(path), what, hint)])
    start = next(i for i, (_, fields) in enumerate(records) if len(fields) == width)
    header = records[start][1]
    body = [fields for _, fields in records[start + 1 :]]
    form: dict[str, str | int] = {}
    if delimiter != ("\t" if path.suffix.lower() == ".tsv" else ","):
        form["delimiter"] = delimiter
    if encoding:
        form["encoding"] = encoding
    if start:
        form["skip_lines"] = records[start][0] - 1
    if footer := _footer(body, width):
        form["footer"] = footer
    table = [fields for fields in body if len(fields) == width][:_SAMPLED_ROWS]
    columns = list(zip(*table, strict=True)) or [()] * width
    series = [
        pl.Series(name, values, dtype=pl.String)
        for name, values in dict(zip(header, columns, strict=True)).items()
    ]
    return FileLook(path.name, form, _without_empty_texts(pl.DataFrame(series)))


def _decoded(path: Path) -> tuple[str, str]:
    """The beginning of a file, and the encoding that a mapping must name, empty for UTF-8."""
    with path.open("rb") as file:
        content = file.read(_SAMPLED_BYTES)
        whole = not file.read(1)
    mark = next((m for m in _BYTE_ORDER_MARKS if content.startswith(m)), b"")
    known = _BYTE_ORDER_MARKS.get(mark, "utf-8")
    text = content.decode(known, errors="replace")
    encoding = ""
    if "�" in text[:-1] and not mark:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
    return (text if whole else text.rpartition("\n")[0]), encoding


def _records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each record that is not blank, with the line on which it begins."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    found = []
    line = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                found.append((line, fields))
            line = reader.line_num + 1
    except csv.Error:  # what came before it is enough of a sample
        pass
    return found


def _width(records: list[tuple[int, list[str]]]) -> int:
    """The number of fields that most records have, lines of text apart; of two, the larger."""
    counts = Counter(len(fields) for _, fields in records if len(fields) > 1)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _tabular(records: list[tuple[int, list[str]]]) -> tuple[bool, int]:
    """Whether records have columns at all, and how many fields stand in those that agree."""
    width = _width(records)
    return width > 1, sum(width for _, fields in records if len(fields) == width)


def _footer(body: list[list[str]], width: int) -> str:
    """How the text after the last row begins; empty where none stands there."""
    last = max((i for i, fields in enumerate(body) if len(fields) == width), default=-1)
    return body[last + 1][0] if last + 1 < len(body) else ""


def _without_empty_texts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.when(pl.col(pl.String).str.strip_chars() != "").then(pl.col(pl.String))
    )
