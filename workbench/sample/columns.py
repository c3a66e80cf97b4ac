"""Arrays into the columns of the canonical tables."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from workbench.sample.draws import Marks, Numbers


def only(values: pl.Series, known: Marks | None) -> pl.Series:
    """The values, null where they are not known."""
    if known is None:
        return values
    return pl.select(pl.when(pl.Series(known)).then(values)).to_series()


def words(values: Sequence[str], at: Numbers, known: Marks | None = None) -> pl.Series:
    """The word at each position."""
    return only(pl.Series(values, dtype=pl.String).gather(pl.Series(at)), known)


def ids(prefix: str, numbers: Numbers, width: int, known: Marks | None = None) -> pl.Series:
    """Prefix and number, with leading zeros so that text sorts as numbers do."""
    digits = pl.Series(numbers, dtype=pl.Int64).cast(pl.String).str.zfill(width)
    return only(pl.select(pl.lit(prefix) + digits).to_series(), known)


def instants(seconds: Numbers, known: Marks | None = None) -> pl.Series:
    """Seconds since 1970 in UTC as instants."""
    return only(pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC")), known)


def dates(days: Numbers, known: Marks | None = None) -> pl.Series:
    """Days since 1970 as dates."""
    return only(pl.Series(days.astype(np.int32)).cast(pl.Date), known)


def money(cents: Numbers, known: Marks | None = None) -> pl.Series:
    """Whole cents as money."""
    exact = pl.Series(cents).cast(pl.Decimal(18, 2)) / pl.Series([100]).cast(pl.Decimal(18, 2))
    return only(exact.cast(pl.Decimal(18, 2)), known)
