"""How the rows of a group become one figure: a sum, a count, a mean, a median, a ratio.

A sum or a count over nothing is truly zero. A ratio, mean or median of nothing is null, with the
reason in words. Sums are exact (Decimal) and become floats last, so row order changes nothing.
"""

from dataclasses import dataclass, replace

import polars as pl

from workbench.metrics.intervals import wilson_interval


@dataclass(frozen=True)
class Summary:
    """`aggregates` are taken over the rows of a group; `figure` is worked out from them.

    The columns of `aggregates` are null where a group has no row at all. `figure` gives some of
    `value`, `numerator`, `denominator`, `n`, `ci_low`, `ci_high`, `reason`.

    `adds` is what a row adds to the figure, or to what stands above its fraction line, and `below`
    what it adds below the line; of a median `adds` is the row's value. A figure that is not made of
    its rows one by one, such as an estimate over strata, has none, and cannot be traced.
    """

    aggregates: tuple[pl.Expr, ...]
    figure: tuple[pl.Expr, ...]
    adds: pl.Expr | None = None
    below: pl.Expr | None = None
    is_median: bool = False


def total(column: str, *, unknown: str) -> Summary:
    """The sum of an amount to the cent; `n` records have one, the others are in neither.

    Of the rows of one record, such as the credit that two partners share, the first alone is
    counted (`is_first`). Where there are rows and none has an amount, the sum is null because of
    `unknown`.
    """
    counted = pl.col(column).is_not_null() & pl.col("is_first")
    n = pl.col("n").fill_null(0)
    is_unknown = (n == 0) & (pl.col("rows").fill_null(0) > 0)
    in_sum = pl.col("total").round(2).cast(pl.Float64).fill_null(0)
    return Summary(
        (pl.col(column).sum().alias("total"), counted.sum().alias("n"), _ROWS),
        (
            pl.when(~is_unknown).then(in_sum).alias("value"),
            n,
            pl.when(is_unknown).then(pl.lit(unknown)).alias("reason"),
        ),
        adds=pl.col(column),
    )


def count() -> Summary:
    """How many rows there are."""
    n = pl.col("rows").fill_null(0)
    figure = (n.cast(pl.Float64).alias("value"), n.alias("n"))
    return Summary((_ROWS,), figure, adds=pl.lit(1))


def mean(column: str, *, nothing: str) -> Summary:
    """The arithmetic mean of the rows that have a value; null because of `nothing` else."""
    values = pl.col(column)
    centre = values.sum().cast(pl.Float64) / values.count()
    return _centre(centre, column, nothing, below=values.is_not_null().cast(pl.Int64))


def median(column: str, *, nothing: str) -> Summary:
    """The median of the rows that have a value; null because of `nothing` else.

    Of an even number of values it is the mean of the two in the middle.
    """
    return replace(_centre(pl.col(column).median(), column, nothing), is_median=True)


def rate(column: str, *, nothing: str, interval: bool = False) -> Summary:
    """The share of rows for which a flag holds; null because of `nothing` where there is none.

    `interval` adds the Wilson 95 % interval.
    """
    ratio_of_rows = ratio(
        pl.col(column).cast(pl.Int64),
        pl.col(column).is_not_null().cast(pl.Int64),
        nothing=nothing,
    )
    if not interval:
        return ratio_of_rows
    low, high = wilson_interval(pl.col("numerator"), pl.col("denominator"))
    ends = (low.alias("ci_low"), high.alias("ci_high"))
    return replace(ratio_of_rows, figure=(*ratio_of_rows.figure, *ends))


def ratio(
    numerator: pl.Expr, denominator: pl.Expr, *, nothing: str, n: pl.Expr | None = None
) -> Summary:
    """A sum over the rows divided by another; null because of `nothing` where that is not above 0.

    Null too where no row has anything to divide. `n` is the denominator unless given.
    """
    below = pl.col("denominator").fill_null(0)
    has_value = (below > 0) & pl.col("numerator").is_not_null()
    above = pl.coalesce("numerator", pl.when(below == 0).then(0.0))
    return Summary(
        (
            pl.when(numerator.count() > 0)
            .then(numerator.sum().cast(pl.Float64))
            .alias("numerator"),
            denominator.sum().cast(pl.Float64).alias("denominator"),
            (denominator.sum() if n is None else n).alias("n"),
        ),
        (
            pl.when(has_value).then(pl.col("numerator") / below).alias("value"),
            above.alias("numerator"),
            below.alias("denominator"),
            pl.col("n").fill_null(0),
            pl.when(~has_value).then(pl.lit(nothing)).alias("reason"),
        ),
        adds=numerator,
        below=denominator,
    )


def exact_sum(numbers: pl.Expr) -> pl.Expr:
    """The sum of floats as twelve decimals have them, whatever the order of the rows."""
    return numbers.cast(pl.Decimal(38, 12)).sum().cast(pl.Float64)


_ROWS = pl.len().alias("rows")


def _centre(value: pl.Expr, column: str, nothing: str, *, below: pl.Expr | None = None) -> Summary:
    n = pl.col("n").fill_null(0)
    return Summary(
        (value.alias("centre"), pl.col(column).count().alias("n")),
        (
            pl.when(n > 0).then(pl.col("centre")).alias("value"),
            n,
            pl.when(n == 0).then(pl.lit(nothing)).alias("reason"),
        ),
        adds=pl.col(column),
        below=below,
    )
