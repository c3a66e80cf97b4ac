"""Two sides compared like with like: differences within strata, put together.

A stratum is a group of opportunities that are alike in what is not the partner's doing. Only
strata with both sides in them say anything; the others are left out and not counted.
"""

from typing import Final

import polars as pl

from workbench.metrics.intervals import Z_95, newcombe_interval
from workbench.metrics.summaries import Summary, exact_sum

# Below so many on a side a difference is not said: its interval would hold nearly everything.
FEWEST_ON_A_SIDE: Final = 20
_CLASSES_OF_SIDE: Final = {
    "sourced": ("sourced",),
    "influenced": ("influenced",),
    "co_sell": ("sourced", "influenced"),
}


def beside_direct(rows: pl.LazyFrame, *sides: str) -> pl.LazyFrame:
    """The rows of each side together with the direct ones, as rows of that side's classification.

    `is_partnered` tells them apart. A direct row stands once for each side.
    """
    is_direct = pl.col("classification") == "direct"
    return pl.concat(
        rows.filter(
            is_direct | pl.col("classification").is_in(_CLASSES_OF_SIDE[side])
        ).with_columns(is_partnered=~is_direct, classification=pl.lit(side))
        for side in sides
    )


def with_amount_band(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with `amount_band`: the third of their period's amounts, from 0; null without one.

    Equal amounts are in the same band.
    """
    amount = pl.col("amount")
    band = (amount.rank("min") - 1) * 3 // amount.count()
    return rows.with_columns(band.over("period").alias("amount_band"))


def strata(rows: pl.LazyFrame, *by: str, value: str) -> pl.LazyFrame:
    """What the two sides of each stratum have, where it has both.

    One row per period, classification and stratum: `n`, `total` and `scatter` (the sum of the
    squared distances from the mean) of `value` on the partnered side, `other_` of the direct one.
    """
    number = pl.col(value).cast(pl.Float64)
    sides = (("", pl.col("is_partnered")), ("other_", ~pl.col("is_partnered")))
    figures = []
    for name, is_side in sides:
        own = number.filter(is_side)
        figures += [
            own.count().cast(pl.Float64).alias(f"{name}n"),
            exact_sum(own).alias(f"{name}total"),
            exact_sum((own - exact_sum(own) / own.count()) ** 2).alias(f"{name}scatter"),
        ]
    found = rows.group_by("period", "classification", *by).agg(figures)
    return found.filter((pl.col("n") > 0) & (pl.col("other_n") > 0))


def rate_difference(*, counted: str) -> Summary:
    """The rate of `is_won` on the partnered side minus that on the direct one, and Newcombe's ends.

    Null below 20 rows on a side; the reason counts what was `counted`.
    """
    is_won, is_partnered = pl.col("is_won"), pl.col("is_partnered")
    low, high = newcombe_interval(
        pl.col("total"), pl.col("side"), pl.col("other_total"), pl.col("other")
    )
    return Summary(
        (
            (is_won & is_partnered).sum().alias("total"),
            (is_won & ~is_partnered).sum().alias("other_total"),
            is_partnered.sum().alias("side"),
            (~is_partnered).sum().alias("other"),
        ),
        _if_enough(
            pl.col("total") / pl.col("side") - pl.col("other_total") / pl.col("other"),
            low,
            high,
            counted=counted,
        ),
    )


def adjusted_rate_difference(*, counted: str) -> Summary:
    """The Mantel–Haenszel risk difference over `strata` of a flag, with Sato's 95 % interval.

    With a of n₁ and b of n₀ in a stratum of N: d = Σ(a n₀ − b n₁)/N ÷ Σ n₁n₀/N, and its variance
    (d ΣP + ΣQ) ÷ (Σ n₁n₀/N)² with P = (n₁² b − n₀² a + n₁n₀(n₀ − n₁)/2)/N² and
    Q = (a(n₀ − b) + b(n₁ − a))/2N, which holds for few large strata and for many small ones.
    Sources: S. Greenland, J. M. Robins, Biometrics 41 (1985), 55–68; T. Sato, S. Greenland,
    J. M. Robins, Biometrics 45 (1989), 1323–1324.
    """
    a, n1, b, n0 = pl.col("total"), pl.col("n"), pl.col("other_total"), pl.col("other_n")
    whole = n1 + n0
    p = (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / whole**2
    q = (a * (n0 - b) + b * (n1 - a)) / (2 * whole)
    difference = pl.col("above") / pl.col("weight")
    variance = (difference * pl.col("p") + pl.col("q")) / pl.col("weight") ** 2
    half = Z_95 * variance.clip(0).sqrt()
    return Summary(
        (
            exact_sum((a * n0 - b * n1) / whole).alias("above"),
            *_weights(),
            exact_sum(p).alias("p"),
            exact_sum(q).alias("q"),
        ),
        _if_enough(difference, difference - half, difference + half, counted=counted),
    )


def adjusted_mean_difference(*, counted: str, is_of_logarithms: bool = False) -> Summary:
    """The difference of the sides' means over `strata` of a number, with its 95 % interval.

    It is the least-squares coefficient of the side beside one constant per stratum: strata weigh
    n₁n₀/N, and its variance is the residual one over Σ n₁n₀/N, with N − strata − 1 degrees of
    freedom (G. W. Snedecor, W. G. Cochran, Statistical Methods, two-way classifications with
    unequal numbers). From 40 rows on Student's quantile is close to the normal one used here.
    Of logarithms the difference is given as the ratio of the geometric means.
    """
    n1, n0 = pl.col("n"), pl.col("other_n")
    weight = n1 * n0 / (n1 + n0)
    gap = pl.col("total") / n1 - pl.col("other_total") / n0
    difference = pl.col("above") / pl.col("weight")
    # What is left: the scatter in the cells, and of the strata's gaps about the common one.
    left = pl.col("scatter") + pl.col("squares") - pl.col("above") ** 2 / pl.col("weight")
    freedom = pl.col("side") + pl.col("other") - pl.col("strata") - 1
    half = Z_95 * (left.clip(0) / freedom / pl.col("weight")).sqrt()
    ends = (difference, difference - half, difference + half)
    return Summary(
        (
            exact_sum(weight * gap).alias("above"),
            exact_sum(weight * gap**2).alias("squares"),
            exact_sum(pl.col("scatter") + pl.col("other_scatter")).alias("scatter"),
            pl.len().alias("strata"),
            *_weights(),
        ),
        _if_enough(*(end.exp() if is_of_logarithms else end for end in ends), counted=counted),
    )


def _weights() -> tuple[pl.Expr, ...]:
    n1, n0 = pl.col("n"), pl.col("other_n")
    return (
        exact_sum(n1 * n0 / (n1 + n0)).alias("weight"),
        n1.sum().alias("side"),
        n0.sum().alias("other"),
    )


def _if_enough(value: pl.Expr, low: pl.Expr, high: pl.Expr, *, counted: str) -> tuple[pl.Expr, ...]:
    """The figure where each side has enough rows, else why there is none."""
    side, other = (pl.col(name).fill_null(0).cast(pl.Int64) for name in ("side", "other"))
    is_enough = pl.min_horizontal(side, other) >= FEWEST_ON_A_SIDE
    words = [side, pl.lit(" with a partner and "), other, pl.lit(f" direct {counted}; below ")]
    few = pl.concat_str([*words, pl.lit(f"{FEWEST_ON_A_SIDE} on a side no difference is said")])
    return (
        pl.when(is_enough).then(value).alias("value"),
        (side + other).alias("n"),
        pl.when(is_enough).then(low).alias("ci_low"),
        pl.when(is_enough).then(high).alias("ci_high"),
        pl.when(~is_enough).then(few).alias("reason"),
    )
