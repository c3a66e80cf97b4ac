"""Motion: what partners and sellers did, in touches and handoffs."""

import polars as pl

from workbench.metrics.facts import Facts
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import count


@metric(
    category="motion",
    unit="count",
    question="How often did partners take part in a way that counts?",
    formula="distinct touches of accepted pairs, touched in P",
    dimensions=("touch_type", "partner"),
    needs=("touch_audit",),
)
def touches_logged(facts: Facts) -> Measure:
    """The number of touches in the period that the definition accepted for some opportunity."""
    touches = facts.accepted_touches.filter("is_first_pair")
    return Measure(facts.during(touches, "touched_day"), count())


@metric(
    category="motion",
    unit="count",
    question="How many leads changed hands?",
    formula="handoffs sent in P",
    dimensions=("direction", "partner"),
    needs=("handoffs",),
)
def handoffs_sent(facts: Facts) -> Measure:
    """The number of handoffs between partner and seller that were sent in the period."""
    return Measure(facts.during(facts.handoffs, "sent_day"), count())


@metric(
    category="motion",
    unit="count",
    question="How many of the leads that changed hands were taken up?",
    formula="handoffs sent in P and accepted by the as-of day",
    dimensions=("direction", "partner"),
    needs=("handoffs",),
)
def handoffs_accepted(facts: Facts) -> Measure:
    """The number of handoffs sent in the period that were accepted, in it or later."""
    return Measure(facts.during(facts.handoffs.filter("is_accepted"), "sent_day"), count())


@metric(
    category="motion",
    unit="count",
    question="How many opportunities did partners register?",
    formula="deal_registration touches in P",
    dimensions=("partner",),
    needs=("touches",),
)
def registrations(facts: Facts) -> Measure:
    """The number of registrations in the period, whether the definition accepts them or not."""
    registered = facts.touches.filter(pl.col("touch_type") == "deal_registration")
    return Measure(facts.during(registered, "touched_day"), count())
