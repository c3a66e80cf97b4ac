"""Coverage: how much of the target market a partner could open."""

from typing import Final

import polars as pl

from workbench.metrics.facts import Facts, days_back
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import rate

COVERED_FOR_DAYS: Final = 365


@metric(
    category="coverage",
    unit="ratio",
    question="How many of the accounts that we want can a partner open?",
    formula="target accounts with an evidenced path or an accepted touch in the 365 days to the "
    "end of P ÷ target accounts",
    dimensions=("region", "segment"),
    needs=("account_paths",),
)
def target_coverage(facts: Facts) -> Measure:
    """The share of target accounts that a partner has a recent path to or touched recently.

    Recent means in the 365 days that end with the period, or with the as-of day while it runs. A
    path needs a link to its evidence. Which accounts are targets is taken as it is now.
    """
    ways = pl.concat(
        [
            facts.account_paths.filter("has_evidence").select("account_id", day="observed_day"),
            facts.accepted_touches.select("account_id", day="touched_day"),
        ]
    )
    by_period = []
    for period, end in facts.ends():
        recent = pl.col("day").is_between(days_back(end, COVERED_FOR_DAYS), end)
        covered = ways.filter(recent).select("account_id").unique().with_columns(is_covered=True)
        by_period.append(
            facts.target_accounts.join(covered, on="account_id", how="left").with_columns(
                pl.col("is_covered").fill_null(value=False), period=facts.named(period)
            )
        )
    return Measure(pl.concat(by_period), rate("is_covered", nothing="no account is a target"))
