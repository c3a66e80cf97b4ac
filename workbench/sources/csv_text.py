"""CSV files landed as text, once every line is known to hold what the header promises.

polars pads a short line without a word, so the structure is judged first: every line at once by
its shape, and only where one deviates record by record, as quoted line breaks need. Either way a
file is read in pieces, however large it is.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.encodings import as_utf8, encoding_of, must_decode, open_text
from workbench.sources.mapping import FileFormat
from workbench.sources.text_rows import write_rows

BLANK_LINE: Final = "blank line"
_SHOWN_LINES: Final = 5
_OTHER_DELIMITERS: Final = {";": "';'", "\t": "a tab", "|": "'|'"}


@dataclass(frozen=True)
class _Extent:
    """Where the rows of a file end: how many there are, and the footer that was cut behind them."""

    rows: int
    footer_line: int | None
    footer_lines: int


def csv_header(path: Path, form: FileFormat) -> list[str]:
    """The column names as they stand. Raises SourceError when there are none to go by."""
    encoding, delimiter = encoding_of(path, form.encoding), _delimiter(path, form)
    try:
        with open_text(path, encoding) as file:
            for _ in islice(file, form.skip_lines):
                pass
            header = next(csv.reader(file, delimiter=delimiter, strict=True), [])
    except UnicodeError:
        must_decode(path, encoding)
        raise
    except csv.Error as error:
        raise SourceError([Problem(str(path), f"the header cannot be read: {error}.")]) from None
    if problem := _header_problem(path, header, form):
        raise SourceError([problem])
    return header


def _header_problem(path: Path, header: list[str], form: FileFormat) -> Problem | None:
    if not path.stat().st_size:
        return Problem(str(path), "the file is empty.", "a header with the column names is needed.")
    if not header:
        line = f"line {form.skip_lines + 1}" if form.skip_lines else "its first line"
        hint = "the header is expected there; 'skip_lines' says how many lines stand before it."
        return Problem(str(path), f"{line} is blank, or not there.", hint)
    if any("\0" in name for name in header):
        hint = "say 'encoding: utf-16-le' under 'files' of the mapping, or save it as 'CSV UTF-8'."
        return Problem(str(path), "its header is no text in UTF-8.", hint)
    others = [sign for sign in _OTHER_DELIMITERS if sign in header[0] and sign != form.delimiter]
    if len(header) == 1 and others:
        said = _OTHER_DELIMITERS[others[0]]
        what = f"its header is one column in which {said} stands: '{header[0]}'."
        written = {"\t": r'"\t"'}.get(others[0], f'"{others[0]}"')
        hint = f"say 'delimiter: {written}' under 'files' of a mapping, or save it with commas."
        return Problem(str(path), what, hint)
    if twice := sorted({name for name in header if header.count(name) > 1}):
        names = ", ".join(f"'{name}'" for name in twice)
        return Problem(str(path), f"the header names a column twice: {names}.")
    return None


def land_csv(path: Path, form: FileFormat, landed: Path) -> list[str]:
    """Every column as text, an empty field as null; one row per record of the file.

    Blank lines at the end are no records. Gives notes on what stands before the header and behind
    the rows. Raises SourceError when the file is empty, is not in its encoding, names a column
    twice, or has a line with more or fewer fields than its header.
    """
    header, delimiter = csv_header(path, form), _delimiter(path, form)
    encoding = encoding_of(path, form.encoding)
    with TemporaryDirectory() as folder:
        text = as_utf8(path, encoding, Path(folder))
        try:
            extent = _plain_extent(text, form, width=len(header), delimiter=delimiter)
        except pl.exceptions.ComputeError:
            must_decode(path, encoding)
            raise
        if extent is None:
            extent = _extent_by_record(path, text, form, width=len(header), delimiter=delimiter)
            records = _records(text, form, delimiter=delimiter)
            next(records)
            rows = (
                [value or None for value in record] for _, record, _ in islice(records, extent.rows)
            )
            write_rows(rows, columns=header, landed=landed)
        else:
            pl.scan_csv(
                text,
                separator=delimiter,
                infer_schema=False,
                skip_lines=form.skip_lines,
                n_rows=extent.rows,
                new_columns=header,
                glob=False,
            ).sink_parquet(landed)
    return _notes(path, form, extent)


def _delimiter(path: Path, form: FileFormat) -> str:
    return form.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")


def _plain_extent(path: Path, form: FileFormat, *, width: int, delimiter: str) -> _Extent | None:
    """The rows of a file each line of which is plainly one record; None for any other file."""
    edge = f"\\x{ord(delimiter):02x}"
    field = f'(?:"(?:[^"]|"")*"|[^"{edge}]*)'
    record = f"^{field}(?:{edge}{field}){{{width - 1}}}\r?$"
    at, line = pl.col("at"), pl.col("line")
    blank = line.str.strip_chars_end("\r") == ""
    unquoted = ~line.str.contains('"', literal=True)
    plain = (
        pl.when(unquoted)
        .then(line.str.count_matches(delimiter, literal=True) == width - 1)
        .otherwise(line.str.contains(record))
    )
    scanned = pl.scan_lines(path, glob=False).with_row_index("at")
    body = scanned.filter(at >= form.skip_lines)
    footer = None
    if form.footer is not None:
        begins = line.str.strip_chars_start('"').str.starts_with(form.footer)
        begins = blank if form.footer == BLANK_LINE else begins
        found = body.filter(begins & (at > form.skip_lines)).select(at.min())
        footer = found.collect(engine="streaming").item()
    counts = body.filter(at < footer) if footer is not None else body
    lines, bare_returns = (
        scanned.select(pl.len().alias("lines"), line.str.contains(r"\r.").sum().alias("bare"))
        .collect(engine="streaming")
        .row(0)
    )
    odd, last = (
        counts.select((~plain | blank).sum().alias("odd"), at.filter(~blank).max().alias("last"))
        .collect(engine="streaming")
        .row(0)
    )
    end = lines if footer is None else footer
    if bare_returns or last is None or odd > end - 1 - last:
        return None
    line_of_footer = None if footer is None else footer + 1
    return _Extent(last - form.skip_lines, line_of_footer, lines - end)


def _extent_by_record(
    path: Path, text: Path, form: FileFormat, *, width: int, delimiter: str
) -> _Extent:
    """The rows of a file whose records need not be lines. Raises SourceError for broken ones."""
    broken, shown = 0, ""
    rows, blank = -1, []
    footer, behind = None, 0
    for line, record, fault in _records(text, form, delimiter=delimiter):
        if footer is not None:
            behind = line
        elif rows >= 0 and _begins_footer(record, form):
            footer = behind = line
        elif not record and not fault:
            blank.append(line)
        else:
            faults = [(number, "0 fields") for number in blank]
            rows, blank = rows + 1 + len(blank), []
            if fault:
                faults.append((line, fault))
            elif len(record) != width:
                faults.append((line, "1 field" if len(record) == 1 else f"{len(record)} fields"))
            for number, said in faults:
                broken += 1
                shown += f"; line {number}: {said}" if broken <= _SHOWN_LINES else ""
    if broken:
        shown = shown.removeprefix("; ") + ("; …" if broken > _SHOWN_LINES else "")
        raise SourceError([_broken(path, broken, shown, width=width)])
    return _Extent(rows, footer, 0 if footer is None else behind - footer + 1)


def _begins_footer(record: list[str], form: FileFormat) -> bool:
    if form.footer == BLANK_LINE:
        return not record
    return form.footer is not None and bool(record) and record[0].startswith(form.footer)


def _records(
    path: Path, form: FileFormat, *, delimiter: str
) -> Iterator[tuple[int, list[str], str]]:
    """Each record, the header first, with the line on which it begins and what is wrong with it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in islice(file, form.skip_lines):
            pass
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            line = form.skip_lines + reader.line_num + 1
            try:
                yield line, next(reader), ""
            except StopIteration:
                return
            except csv.Error as error:
                yield line, [], _in_words(error)


def _in_words(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quote that is never closed"
    if "field limit" in str(error):
        return "a quote that is never closed, or a text too long for a field"
    return str(error)


def _broken(path: Path, broken: int, shown: str, *, width: int) -> Problem:
    lines = "1 broken line" if broken == 1 else f"{broken} broken lines"
    fields = "1 field" if width == 1 else f"{width} fields"
    what = f"{lines} where the header expects {fields} each ({shown})."
    hint = "put a field that holds the delimiter, a quote or a line break in quotes."
    if "1 field" in shown or "0 fields" in shown:
        hint += " Lines before the header or behind the rows: see 'skip_lines' and 'footer'."
    return Problem(str(path), what, hint)


def _notes(path: Path, form: FileFormat, extent: _Extent) -> list[str]:
    notes = []
    if form.skip_lines:
        lines = "1 line" if form.skip_lines == 1 else f"{form.skip_lines} lines"
        notes.append(f"{path.name}: {lines} before the header left out.")
    if extent.footer_line is not None:
        lines = "1 line" if extent.footer_lines == 1 else f"{extent.footer_lines} lines"
        notes.append(
            f"{path.name}: {lines} from line {extent.footer_line} on left out as a footer."
        )
    elif form.footer is not None:
        said = "is blank" if form.footer == BLANK_LINE else f"begins with '{form.footer}'"
        notes.append(f"{path.name}: no line {said}, so no footer was left out: is it complete?")
    return notes
