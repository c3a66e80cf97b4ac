"""One file in: its header, or all of its rows."""

import os
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.csv_text import csv_header, read_csv

PARQUET: Final = ".parquet"

# pandas keeps an offset such as +02:00 as the time zone of a column, at which polars would panic.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
_ZONES: Final = {None, *available_timezones()}
_UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def file_header(path: Path, *, delimiter: str) -> list[str]:
    """The column names of a CSV or Parquet file, nothing else read.

    Raises SourceError when the file is missing or cannot be read.
    """
    _must_exist(path)
    if path.suffix == PARQUET:
        return list(_parquet(path).collect_schema())
    return csv_header(path, delimiter=delimiter)


def read_file(path: Path, *, delimiter: str) -> pl.DataFrame:
    """Every row: a CSV file as text, a Parquet file in the types it has.

    Instants of a Parquet file whose time zone has no name, such as +02:00, are given in UTC.
    Raises SourceError when the file is missing, cannot be read, or has broken lines.
    """
    _must_exist(path)
    if path.suffix != PARQUET:
        return read_csv(path, delimiter=delimiter)
    try:
        return _parquet(path).collect()
    except _UNREADABLE:
        raise SourceError([_unreadable(path)]) from None


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
