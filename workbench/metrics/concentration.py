"""Concentration: how much of the bookings hangs on few partner groups.

A group is a partner with all partners below it: one contract, one counterparty.
"""

from typing import Final

import polars as pl

from workbench.metrics.facts import Facts
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import Summary, exact_sum, ratio

LARGEST: Final = 5
NOTHING_CREDITED: Final = "no bookings above zero are credited to a partner"


@metric(
    category="pipeline",
    unit="ratio",
    question="How much hangs on the five largest partner groups?",
    formula="bookings credited to the five largest groups of partners with one parent ÷ bookings "
    "credited to partners",
    classifications=("sourced", "influenced"),
    needs=("additive_credit",),
)
def top_partners_share(facts: Facts) -> Measure:
    """The share of the credited bookings that the five largest partner groups have.

    Groups whose bookings are not above zero are left out. `n` is the number of the others.
    """
    groups = _groups(facts)
    rank = pl.col("credited").rank("ordinal", descending=True)
    place = rank.over("period", "classification", order_by="parent_partner")
    return Measure(
        groups.with_columns(is_large=place <= LARGEST),
        ratio(
            pl.when("is_large").then("credited"),
            pl.col("credited"),
            nothing=NOTHING_CREDITED,
            n=pl.len(),
        ),
    )


@metric(
    category="pipeline",
    unit="ratio",
    question="How evenly are the bookings spread over partner groups?",
    formula="Herfindahl–Hirschman index: Σ (a group's share of the bookings credited to partners)²",
    classifications=("sourced", "influenced"),
    needs=("additive_credit",),
)
def partner_concentration_index(facts: Facts) -> Measure:
    """The sum of the squared shares of partner groups in the credited bookings.

    1 where one group has everything, 1 ÷ k where k groups have the same; 1 divided by it is the
    number of equal groups that would be as concentrated. Groups whose bookings are not above zero
    are left out. Source: A. O. Hirschman, The paternity of an index, American Economic Review 54
    (1964), 761–762.
    """
    credited = pl.col("credited")
    shares = credited.cast(pl.Float64) / credited.sum().cast(pl.Float64)
    indices = _groups(facts).group_by("period", "classification")
    n = pl.col("n").fill_null(0)
    return Measure(
        indices.agg(index=exact_sum(shares**2), groups=pl.len()),
        Summary(
            (pl.col("index").first(), pl.col("groups").first().alias("n")),
            (
                pl.col("index").alias("value"),
                n,
                pl.when(n == 0).then(pl.lit(NOTHING_CREDITED)).alias("reason"),
            ),
        ),
    )


def _groups(facts: Facts) -> pl.LazyFrame:
    """One row per period, classification and partner group with credited bookings above zero."""
    return (
        facts.won(facts.credits)
        .filter(pl.col("parent_partner").is_not_null())
        .group_by("period", "classification", "parent_partner")
        .agg(pl.col("amount").sum().alias("credited"))
        .filter(pl.col("credited") > 0)
    )
