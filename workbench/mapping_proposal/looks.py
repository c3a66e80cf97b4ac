"""What a file looks like: how it is written, and a sample of its rows as text."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from io import StringIO
from itertools import takewhile
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.excel import EXCEL, sheet_names, sheet_texts
from workbench.sources.files import FileExtract
from workbench.sources.json_records import JSON, json_lists
from workbench.sources.mapping import FileFormat

_TEXT_FILES: Final = {".csv", ".tsv", ".txt"}
_SAMPLED_BYTES: Final = 2_000_000
_SAMPLED_ROWS: Final = 2_000
_DELIMITERS: Final = (",", ";", "\t", "|")
# What may differ between pieces of one export.
_OF_A_PIECE: Final = {"sheet", "footer"}
_BYTE_ORDER_MARKS: Final = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@dataclass(frozen=True)
class FileLook:
    """Rows of a file: their name in the mapping, how they are written, up to 2,000 as text.

    `form` holds keys of `FileFormat`, those that the mapping need not say left out.
    """

    name: str
    form: dict[str, Any]
    rows: pl.DataFrame

    @property
    def suffix(self) -> str:
        """The ending of the file's name."""
        return Path(self.form.get("path", self.name)).suffix


def looks_at(path: Path) -> list[FileLook]:
    """Look at one file: at each sheet of a workbook, at each list of a JSON document.

    Raises SourceError when it is missing, empty or cannot be read.
    """
    if not path.is_file():
        raise SourceError([Problem(str(path), "there is no such file.")])
    suffix = path.suffix.lower()
    if suffix in _TEXT_FILES:
        return [_look_at_text(path)]
    if suffix in EXCEL:
        inside = [("sheet", name) for name in sheet_names(path)]
    else:
        inside = [("records", name) for name in json_lists(path)] if suffix == JSON else []
    if len(inside) > 1:
        named = {
            name.replace(".", " ") if key == "records" else name: {"path": path.name, key: name}
            for key, name in inside
        }
    else:
        named = {path.name: {key: name for key, name in inside if key == "records"}}
    return [_landed_look(path, name, form) for name, form in named.items()]


def together(looks: Sequence[FileLook]) -> list[FileLook]:
    """Pieces of one export as one look: sheets of a workbook, files whose names have a pattern.

    Pieces have the same columns. Looks whose names would be the same are told apart by their files.
    """
    groups: dict[tuple[Any, ...], list[FileLook]] = {}
    for look in looks:
        form = sorted((key, said) for key, said in look.form.items() if key not in _OF_A_PIECE)
        groups.setdefault((look.suffix, *form, *sorted(look.rows.columns)), []).append(look)
    names = [look.name for look in looks]
    found = []
    for pieces in groups.values():
        one = _one_look(pieces, names) if len(pieces) > 1 and pieces[0].rows.columns else None
        found += [one] if one else pieces
    shared = {look.name for look in found if [other.name for other in found].count(look.name) > 1}
    return [
        replace(look, name=f"{Path(look.form['path']).stem} {look.name}")
        if look.name in shared and "path" in look.form
        else look
        for look in found
    ]


def _one_look(pieces: list[FileLook], names: list[str]) -> FileLook | None:
    forms = [piece.form for piece in pieces]
    form = {key: said for one in forms for key, said in one.items()}
    if "sheet" in form:
        form["sheets"] = [one["sheet"] for one in forms]
        del form["sheet"]
        name = form["path"]
    elif "path" in form:
        return None
    else:
        name = pattern_of([piece.name for piece in pieces])
        others = set(names) - {piece.name for piece in pieces}
        if not name or any(fnmatchcase(other, name) for other in others):
            return None
    rows = pl.concat([piece.rows.select(pieces[0].rows.columns) for piece in pieces])
    return FileLook(name, form, rows)


def pattern_of(names: Sequence[str]) -> str:
    """The pattern of names that differ behind a sign or in numbers: deals_*.csv; else empty."""
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False))
    start = "".join(signs[0] for signs in alike)
    bare = re.sub(r"\d[\d._-]*$", "", start)
    rest = [name[len(start) :] for name in names]
    parted = bare != start or not bare[-1:].isalnum() or all(text[:1].isdigit() for text in rest)
    return f"{bare}*{Path(names[0]).suffix}" if bare and parted else ""


def _landed_look(path: Path, name: str, form: dict[str, Any]) -> FileLook:
    if path.suffix.lower() in EXCEL:
        sheet = form.get("sheet") or sheet_names(path)[0]
        texts = sheet_texts(path, sheet, n_rows=_SAMPLED_ROWS)
        records = [
            (number, [cell for cell in row if cell is not None])
            for number, row in enumerate(texts.rows(), start=1)
            if any(cell is not None for cell in row)
        ]
        if not records:
            return FileLook(name, form, pl.DataFrame())
        form = form | _sheet_form(records)
    with TemporaryDirectory() as folder:
        landed = FileExtract(path, FileFormat(**{**form, "path": None})).land(Path(folder))
        rows = pl.read_parquet(landed.path, n_rows=_SAMPLED_ROWS)
    plain = [column for column, dtype in rows.schema.items() if not dtype.is_nested()]
    return FileLook(name, form, _without_empty_texts(rows.select(pl.col(plain).cast(pl.String))))


def _sheet_form(records: list[tuple[int, list[str]]]) -> dict[str, Any]:
    """How many rows stand above the header, and how the text below the rows begins.

    `records` are the rows that are not blank: their numbers, and their cells that are filled. Text
    below the rows is told by a blank row before it, for the last record may lack everything but id.
    """
    usual = max(median(len(cells) for _, cells in records), 2)
    start = next((i for i, (_, cells) in enumerate(records) if len(cells) >= usual), 0)
    above = records[start][0] - 1
    below = ""
    if usual > 2 and len(records[-1][1]) == 1:
        last = max(i for i, (_, cells) in enumerate(records) if len(cells) > 1)
        (end, _), (number, cells) = records[last : last + 2]
        below = cells[0] if number > end + 1 else ""
    return ({"skip_lines": above} if above else {}) | ({"footer": below} if below else {})


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
    form: dict[str, Any] = {}
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
