"""One file in: its header, or all of its rows."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.runs import file_sha256
from workbench.sources.csv_text import csv_header, read_csv
from workbench.sources.extracts import Landed
from workbench.sources.mapping import FileFormat

PARQUET: Final = ".parquet"

# pandas keeps an offset such as +02:00 as the time zone of a column, at which polars would panic.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
_ZONES: Final = {None, *available_timezones()}
_UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True)
class FileExtract:
    """A CSV or Parquet file.

    Instants of a Parquet file whose time zone has no name, such as +02:00, are given in UTC.
    """

    path: Path
    form: FileFormat

    def header(self) -> list[str]:
        """The column names, no rows read. Raises SourceError when the file cannot be read."""
        _must_exist(self.path)
        if self.path.suffix == PARQUET:
            return list(_parquet(self.path).collect_schema())
        return csv_header(self.path, delimiter=self.form.delimiter)

    def land(self, into: Path) -> Landed:
        """A CSV file as text, a Parquet file as it is.

        Raises SourceError when the file is missing, cannot be read, or has broken lines.
        """
        _must_exist(self.path)
        landed = into / f"{len(list(into.iterdir()))}.parquet"
        try:
            if self.path.suffix == PARQUET:
                _parquet(self.path).sink_parquet(landed)
            else:
                read_csv(self.path, delimiter=self.form.delimiter).write_parquet(landed)
        except _UNREADABLE:
            raise SourceError([_unreadable(self.path)]) from None
        return Landed(landed, file_sha256(self.path))


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        scanned = pl.scan_parquet(path)
        schema = scanned.collect_schema()
    except _UNREADABLE:
        raise SourceError([_unreadable(path)]) from None
    return scanned.with_columns(
        pl.col(name).cast(pl.Datetime(dtype.time_unit, "UTC"))
        for name, dtype in schema.items()
        if isinstance(dtype, pl.Datetime) and dtype.time_zone not in _ZONES
    )


def _unreadable(path: Path) -> Problem:
    return Problem(str(path), "cannot be read as Parquet.", "write the file again, or use CSV.")


def _must_exist(path: Path) -> None:
    if not path.is_file():
        near = sorted(file.name for file in path.parent.glob(f"*{path.suffix}"))
        hint = f"the folder has {', '.join(near[:10])}." if near else ""
        raise SourceError([Problem(str(path), "there is no such file.", hint)])
