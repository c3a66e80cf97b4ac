"""One file in: its header, or all of its rows."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkstemp
from typing import Final
from zoneinfo import available_timezones

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.runs import file_sha256
from workbench.sources.csv_text import csv_header, land_csv
from workbench.sources.excel import EXCEL, excel_header, land_excel
from workbench.sources.extracts import Landed, columns_beyond_the_calendar
from workbench.sources.json_records import JSON, JSON_LINES, json_header, land_json
from workbench.sources.mapping import FileFormat

PARQUET: Final = ".parquet"

# pandas keeps an offset such as +02:00 as the time zone of a column, at which polars would panic.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
_ZONES: Final = {None, *available_timezones()}
_UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True)
class _Kind:
    """How one kind of file is read, and the keys of a `FileFormat` that say something about it."""

    header: Callable[[Path, FileFormat], list[str]]
    land: Callable[[Path, FileFormat, Path], list[str]]
    keys: frozenset[str]


@dataclass(frozen=True)
class FileExtract:
    """A file; what it is, its name tells: Parquet, Excel, JSON, JSON Lines, else CSV.

    Instants of a Parquet file whose time zone has no name, such as +02:00, are given in UTC.
    """

    path: Path
    form: FileFormat

    def header(self) -> list[str]:
        """The column names. Raises SourceError when the file cannot be read.

        Only JSON is read whole for it: nothing less tells which keys its records have.
        """
        return self._kind().header(self.path, self.form)

    def land(self, into: Path) -> Landed:
        """CSV and JSON as text, Excel and Parquet in their types.

        Raises SourceError when the file is missing, cannot be read, or has broken lines.
        """
        kind = self._kind()
        handle, landed = mkstemp(suffix=PARQUET, dir=into)
        os.close(handle)
        notes = kind.land(self.path, self.form, Path(landed))
        return Landed(Path(landed), file_sha256(self.path), tuple(notes))

    def _kind(self) -> _Kind:
        _must_exist(self.path)
        suffix = self.path.suffix.lower()
        kind = _KINDS.get(suffix, _CSV)
        if foreign := self.form.model_fields_set - kind.keys - _OF_EVERY_KIND:
            said = ", ".join(f"'{key}'" for key in sorted(foreign))
            hint = f"what says something there: {', '.join(sorted(kind.keys | _OF_EVERY_KIND))}."
            what = f"{said} of 'files' says nothing about a file in '{suffix}'."
            raise SourceError([Problem(str(self.path), what, hint)])
        return kind


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        scanned = pl.scan_parquet(path, glob=False)
        schema = scanned.collect_schema()
    except _UNREADABLE:
        raise SourceError([_unreadable(path)]) from None
    return scanned.with_columns(
        pl.col(name).cast(pl.Datetime(dtype.time_unit, "UTC"))
        for name, dtype in schema.items()
        if isinstance(dtype, pl.Datetime) and dtype.time_zone not in _ZONES
    )


def _parquet_header(path: Path, form: FileFormat) -> list[str]:  # noqa: ARG001
    return list(_parquet(path).collect_schema())


def _land_parquet(path: Path, form: FileFormat, landed: Path) -> list[str]:  # noqa: ARG001
    try:
        _parquet(path).sink_parquet(landed)
    except _UNREADABLE:
        raise SourceError([_unreadable(path)]) from None
    if endless := columns_beyond_the_calendar(landed):
        hint = "leave such rows out, or make the value missing."
        raise SourceError(
            Problem(
                str(path), f"'{name}' holds an instant or day outside the years 1 to 9999.", hint
            )
            for name in endless
        )
    return []


def _unreadable(path: Path) -> Problem:
    return Problem(str(path), "cannot be read as Parquet.", "write the file again, or use CSV.")


def is_pattern(name: str) -> bool:
    """Whether a name stands for every file that it fits."""
    return "*" in name or "?" in name


def header_is_at_the_start(name: str) -> bool:
    """Whether the header of a file of this name is told by what the file begins with."""
    return PurePosixPath(name).suffix.lower() not in _KINDS


def _must_exist(path: Path) -> None:
    if path.is_file():
        return
    there = sorted(file.name for file in path.parent.glob("*") if file.is_file())
    near = [name for name in there if name.endswith(path.suffix)] or there
    hint = f"the folder has {', '.join(near[:10])}." if near else ""
    what = "no file fits this pattern." if is_pattern(path.name) else "there is no such file."
    raise SourceError([Problem(str(path), what, hint)])


_OF_EVERY_KIND: Final = frozenset({"path", "decimal", "numbers", "timezone"})
_CSV: Final = _Kind(
    csv_header, land_csv, frozenset({"delimiter", "encoding", "skip_lines", "footer"})
)
_EXCEL: Final = _Kind(
    excel_header, land_excel, frozenset({"sheet", "sheets", "skip_lines", "footer"})
)
_LINES: Final = _Kind(json_header, land_json, frozenset({"encoding", "explode"}))
_JSON: Final = _Kind(json_header, land_json, _LINES.keys | {"records"})
_PARQUET: Final = _Kind(_parquet_header, _land_parquet, frozenset())
_KINDS: Final[dict[str, _Kind]] = {
    PARQUET: _PARQUET,
    JSON: _JSON,
    **dict.fromkeys(JSON_LINES, _LINES),
    **dict.fromkeys(EXCEL, _EXCEL),
}
