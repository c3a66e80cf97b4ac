"""What every kind of origin gives: the names of its columns, and its rows as a Parquet file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl


@dataclass(frozen=True)
class Landed:
    """The rows of one extract as a Parquet file, and the hash of what they were read from.

    Text formats land as text, everything else in the types that it has. Row order is the origin's.
    """

    path: Path
    sha256: str
    notes: tuple[str, ...] = ()


class Extract(Protocol):
    """One file, query or object that a mapping names."""

    def header(self) -> list[str]:
        """The column names, no rows read. Raises SourceError when it cannot be read."""
        ...

    def land(self, into: Path) -> Landed:
        """Every row, in a Parquet file; a new one is written into the folder `into`.

        Raises SourceError, with all problems at once, when it is missing, broken or refused.
        """
        ...


def columns_beyond_the_calendar(landed: Path) -> list[str]:
    """The columns that hold an instant or day outside the years 1 to 9999.

    Neither Python nor, much further out, polars can say such a value; a year that polars cannot
    count is null.
    """
    dated = pl.col(pl.Date, pl.Datetime)
    known = dated.dt.year().is_between(1, 9999).fill_null(value=False)
    beyond = pl.scan_parquet(landed).select((dated.is_not_null() & ~known).any()).collect()
    return [name for name in beyond.columns if beyond[name].item()]
