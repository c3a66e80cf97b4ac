"""Velocity: how many calendar days things take, by their median."""

import polars as pl

from workbench.metrics.facts import Facts
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import median


@metric(
    category="velocity",
    unit="days",
    question="How soon does a handoff lead to a meeting?",
    formula="median of first meeting day − sent day, handoffs whose first meeting is in P",
    dimensions=("partner_type",),
    needs=("handoffs",),
)
def days_touch_to_meeting(facts: Facts) -> Measure:
    """The median days from a handoff to its first meeting, where that meeting is in the period."""
    met = facts.during(facts.handoffs, "meeting_day")
    nothing = "no first meeting in the period"
    return Measure(met, median("days_to_meeting", nothing=nothing))


@metric(
    category="velocity",
    unit="days",
    question="How long before the opportunity did the partner act?",
    formula="median of −days_to_created, sourced, created in P",
    classifications=("sourced",),
    dimensions=("partner_type",),
)
def days_touch_to_opportunity(facts: Facts) -> Measure:
    """The median days from the touch that sourced an opportunity to the day it was created.

    Negative where the definition lets a touch after the creation source it.
    """
    sourced = facts.created(facts.opportunities.filter(pl.col("classification") == "sourced"))
    nothing = "no opportunity that a dated touch sourced was created in the period"
    return Measure(sourced, median("days_from_touch", nothing=nothing))


@metric(
    category="velocity",
    unit="days",
    question="How long does a sale take?",
    formula="median of closed day − created day, won, closed in P",
    classifications=("sourced", "influenced", "co_sell", "direct"),
    dimensions=("opportunity_type",),
)
def days_to_close(facts: Facts) -> Measure:
    """The median days from creation to close of the opportunities won in the period."""
    nothing = "no opportunity was won in the period"
    return Measure(facts.won(facts.opportunities), median("days_to_close", nothing=nothing))
