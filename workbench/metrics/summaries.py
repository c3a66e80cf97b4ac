"""How the rows of a group become one figure: a sum, a count, a mean, a median, a ratio.

A sum or a count over nothing is truly zero. A ratio, mean or median of nothing is null, with the
reason in words. Sums are exact (Decimal) and become floats last, so row order changes nothing.
"""

from dataclasses import dataclass

import polars as pl

from workbench.metrics.intervals import wilson_interval


@dataclass(frozen=True)
class Summary:
    """`aggregates` are taken over the rows of a group; `figure` is worked out from them.

    The columns of `aggregates` are null where a group has no row at all. `figure` gives some of
    `value`, `numerator`, `denominator`, `n`, `ci_low`, `ci_high`, `reason`.
    """

    aggregates: tuple[pl.Expr, ...]
    figure: tuple[pl.Expr, ...]


def total(column: str, *, unknown: str) -> Summary:
    """The sum of an amount to the cent; `n` rows have one, the others are in neither.

    Where there are rows and none has an amount, the sum is null because of `unknown`.
    """
    n = pl.col("n").fill_null(0)
    is_unknown = (n == 0) & (pl.col("rows").fill_null(0) > 0)
    in_sum = pl.col("total").round(2).cast(pl.Float64).fill_null(0)
    return Summary(
        (pl.col(column).sum().alias("total"), pl.col(column).count().alias("n"), _ROWS),
        (
            pl.when(~is_unknown).then(in_sum).alias("value"),
            n,
            pl.when(is_unknown).then(pl.lit(unknown)).alias("reason"),
        ),
    )


def count() -> Summary:
    """How many rows there are."""
    n = pl.col("rows").fill_null(0)
    return Summary((_ROWS,), (n.cast(pl.Float64).alias("value"), n.alias("n")))


def mean(column: str, *, nothing: str) -> Summary:
    """The arithmetic mean of the rows that have a value; null because of `nothing` else."""
    values = pl.col(column)
    return _centre(values.sum().cast(pl.Float64) / values.count(), column, nothing)


def median(column: str, *, nothing: str) -> Summary:
    """The median of the rows that have a value; null because of `nothing` else.

    Of an even number of values it is the mean of the two in the middle.
    """
    return _centre(pl.col(column).median(), column, nothing)


def rate(column: str, *, nothing: str, interval: bool = False) -> Summary:
    """The share of rows for which a flag holds; null because of `nothing` where there is none.

    `interval` adds the Wilson 95 % interval.
    """
    ratio_of_rows = ratio(pl.col(column).sum(), pl.len(), nothing=nothing)
    if not interval:
        return ratio_of_rows
    low, high = wilson_interval(pl.col("numerator"), pl.col("denominator"))
    ends = (low.alias("ci_low"), high.alias("ci_high"))
    return Summary(ratio_of_rows.aggregates, (*ratio_of_rows.figure, *ends))


def ratio(
    numerator: pl.Expr, denominator: pl.Expr, *, nothing: str, n: pl.Expr | None = None
) -> Summary:
    """One aggregate over another; null because of `nothing` where there is nothing to divide by.

    A null numerator counts as nothing to divide. `n` is the denominator unless given.
    """
    below = pl.col("denominator").fill_null(0)
    has_value = (below > 0) & pl.col("numerator").is_not_null()
    above = pl.coalesce("numerator", pl.when(below == 0).then(0.0))
    return Summary(
        (
            numerator.cast(pl.Float64).alias("numerator"),
            denominator.cast(pl.Float64).alias("denominator"),
            (denominator if n is None else n).alias("n"),
        ),
        (
            pl.when(has_value).then(pl.col("numerator") / below).alias("value"),
            above.alias("numerator"),
            below.alias("denominator"),
            pl.col("n").fill_null(0),
            pl.when(~has_value).then(pl.lit(nothing)).alias("reason"),
        ),
    )


_ROWS = pl.len().alias("rows")


def _centre(value: pl.Expr, column: str, nothing: str) -> Summary:
    n = pl.col("n").fill_null(0)
    return Summary(
        (value.alias("centre"), pl.col(column).count().alias("n")),
        (
            pl.when(n > 0).then(pl.col("centre")).alias("value"),
            n,
            pl.when(n == 0).then(pl.lit(nothing)).alias("reason"),
        ),
    )
