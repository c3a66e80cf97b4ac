"""One file in: its header, or all of its rows."""

from pathlib import Path
from typing import Final

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sources.csv_text import csv_header, read_csv

PARQUET: Final = ".parquet"


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

    Raises SourceError when the file is missing, cannot be read, or has broken lines.
    """
    _must_exist(path)
    if path.suffix != PARQUET:
        return read_csv(path, delimiter=delimiter)
    try:
        return _parquet(path).collect()
    except (pl.exceptions.PolarsError, OSError):
        raise SourceError([_unreadable(path)]) from None


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        scanned = pl.scan_parquet(path)
        scanned.collect_schema()
    except (pl.exceptions.PolarsError, OSError):
        raise SourceError([_unreadable(path)]) from None
    return scanned


def _unreadable(path: Path) -> Problem:
    return Problem(str(path), "cannot be read as Parquet.", "write the file again, or use CSV.")


def _must_exist(path: Path) -> None:
    if not path.is_file():
        near = sorted(file.name for file in path.parent.glob(f"*{path.suffix}"))
        hint = f"the folder has {', '.join(near[:10])}." if near else ""
        raise SourceError([Problem(str(path), "there is no such file.", hint)])
