"""Comparison: partnered opportunities beside direct ones that are like them.

Nobody drew lots for who has a partner. What these figures say is that the two sides differ, by how
much and how surely; never why.
"""

from typing import Final

import polars as pl

from workbench.metrics.facts import Facts, days_back
from workbench.metrics.registry import Measure, metric
from workbench.metrics.strata import (
    adjusted_mean_difference,
    adjusted_rate_difference,
    beside_direct,
    rate_difference,
    strata,
    with_amount_band,
)
from workbench.metrics.summaries import Summary
from workbench.metrics.survival import survival_median

A_YEAR: Final = 365
FEWEST_CLOSED: Final = 20


@metric(
    category="pipeline",
    unit="ratio",
    question="Do opportunities with a partner end in a sale more often?",
    formula="win rate of co_sell − win rate of direct, closed in P; Newcombe 95 %",
    classifications=("co_sell",),
)
def win_rate_difference(facts: Facts) -> Measure:
    """The win rate of the opportunities with a partner minus that of the direct ones.

    As measured, whatever else sets the two apart. Null, with the reason, below 20 closed on a side.
    """
    closed = facts.closed(facts.opportunities)
    return Measure(
        beside_direct(closed, "co_sell"), rate_difference(counted="closed in the period")
    )


@metric(
    category="pipeline",
    unit="ratio",
    question="And among opportunities that are alike?",
    formula="Mantel–Haenszel risk difference, co_sell − direct, over segment × opportunity type × "
    "amount third, closed in P; 95 %",
    classifications=("co_sell",),
)
def win_rate_difference_adjusted(facts: Facts) -> Measure:
    """The difference of the win rates within segment, opportunity type and third of the amounts.

    An opportunity counts where its like stands on the other side; `n` is how many do. Opportunities
    without a segment or an amount are like each other. See `adjusted_rate_difference` for formula
    and source. Null, with the reason, below 20 such on a side.
    """
    closed = with_amount_band(beside_direct(facts.closed(facts.opportunities), "co_sell"))
    return Measure(
        strata(closed, "segment", "opportunity_type", "amount_band", value="is_won"),
        adjusted_rate_difference(counted="have their like on the other side"),
    )


@metric(
    category="pipeline",
    unit="ratio",
    question="How large is a sale with a partner beside a direct one that is like it?",
    formula="geometric mean amount of won ÷ that of direct, over segment × opportunity type, "
    "closed in the 365 days to the end of P; 95 %",
    classifications=("sourced", "influenced"),
)
def won_amount_ratio_adjusted(facts: Facts) -> Measure:
    """The typical amount won with a partner over the typical direct one, among their like.

    1 means the same size. Amounts of zero or below have no logarithm and are left out. See
    `adjusted_mean_difference` for formula and source. Null below 20 won on a side.
    """
    won = _won_in_a_year(facts).filter(pl.col("amount") > 0)
    sizes = won.with_columns(size=pl.col("amount").cast(pl.Float64).log())
    return Measure(
        strata(
            beside_direct(sizes, "sourced", "influenced"),
            "segment",
            "opportunity_type",
            value="size",
        ),
        adjusted_mean_difference(
            counted="won have their like on the other side", is_of_logarithms=True
        ),
    )


@metric(
    category="velocity",
    unit="days",
    question="Does a sale with a partner take longer than a direct one that is like it?",
    formula="mean days to close of co_sell − direct, over segment × opportunity type × amount "
    "third, won and closed in the 365 days to the end of P; 95 %",
    classifications=("co_sell",),
)
def days_to_close_difference_adjusted(facts: Facts) -> Measure:
    """The mean days from creation to close of the won with a partner minus the direct, among like.

    Below zero, those with a partner closed sooner. See `adjusted_mean_difference` for formula and
    source. Null below 20 won on a side.
    """
    won = with_amount_band(beside_direct(_won_in_a_year(facts), "co_sell"))
    return Measure(
        strata(won, "segment", "opportunity_type", "amount_band", value="days_to_close"),
        adjusted_mean_difference(counted="won have their like on the other side"),
    )


@metric(
    category="velocity",
    unit="days",
    question="How long is it until an opportunity is decided, those still open included?",
    formula="Kaplan–Meier median of closed day − created day, won or lost, created in the 365 days "
    "to the end of P; 95 %",
    classifications=("sourced", "influenced", "co_sell", "direct"),
)
def days_to_decision(facts: Facts) -> Measure:
    """The median days until an opportunity is won or lost, estimated with the open ones in it.

    An open opportunity has lasted for at least as long as it is open at the end of the period: to
    leave it out would make the wait look short. See `survival_median` for formula and sources. Null
    below 20 closed, or while more than half go on.
    """
    by_period = []
    for period, end in facts.ends():
        has_ended = (pl.col("closed_day") <= end).fill_null(value=False)
        until = pl.when(has_ended).then("closed_day").otherwise(pl.lit(end))
        recent = pl.col("created_day").is_between(days_back(end, A_YEAR), end)
        age = (until - pl.col("created_day")).dt.total_days().alias("age")
        by_period.append(
            facts.opportunities.filter(recent)
            .group_by("classification", age, has_ended.alias("has_ended"))
            .agg(pl.len().alias("count"))
            .with_columns(period=facts.named(period))
        )
    return Measure(pl.concat(by_period), _median_wait())


def _won_in_a_year(facts: Facts) -> pl.LazyFrame:
    """The opportunities won in the year to the end of each period: one quarter has too few."""
    return pl.concat(
        facts.opportunities.filter(
            "is_won", pl.col("closed_day").is_between(days_back(end, A_YEAR), end)
        ).with_columns(period=facts.named(period))
        for period, end in facts.ends()
    )


def _median_wait() -> Summary:
    median, low, high = survival_median("age", "has_ended", "count")
    closed = pl.col("closed").fill_null(0)
    is_enough = closed >= FEWEST_CLOSED
    few = pl.concat_str(
        [closed.cast(pl.String), pl.lit(f" closed; below {FEWEST_CLOSED} no median is said")]
    )
    no_median = pl.when(pl.col("median").is_null()).then(
        pl.lit("more than half of these opportunities go on at the longest time known")
    )
    return Summary(
        (
            median.alias("median"),
            low.alias("low"),
            high.alias("high"),
            pl.col("count").filter("has_ended").sum().alias("closed"),
            pl.col("count").sum().alias("rows"),
        ),
        (
            pl.when(is_enough).then("median").alias("value"),
            pl.col("rows").fill_null(0).alias("n"),
            pl.when(is_enough & pl.col("median").is_not_null()).then("low").alias("ci_low"),
            pl.when(is_enough & pl.col("median").is_not_null()).then("high").alias("ci_high"),
            pl.when(~is_enough).then(few).otherwise(no_median).alias("reason"),
        ),
    )
