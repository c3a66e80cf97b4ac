"""Trust: whether the log can be believed, and whether sellers take what partners bring."""

from workbench.metrics.facts import Facts
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import rate


@metric(
    category="trust",
    unit="ratio",
    question="Do sellers and partners take what the other side brings?",
    formula="accepted ÷ (accepted + rejected), responded in P; Wilson 95 %",
    dimensions=("direction", "partner"),
    needs=("handoffs",),
)
def handoff_acceptance_rate(facts: Facts) -> Measure:
    """The share of the handoffs answered in the period that were accepted, with its 95 % interval.

    A handoff that waits for its answer, or whose answer has no day, is in neither part. The
    interval is Wilson's; see `wilson_interval` for formula and source.
    """
    answered = facts.during(facts.handoffs.filter("is_answered"), "responded_day")
    nothing = "no handoff was answered in the period"
    return Measure(answered, rate("is_accepted", nothing=nothing, interval=True))


@metric(
    category="trust",
    unit="ratio",
    question="How much of the log can someone check?",
    formula="touches in P with a link to evidence ÷ touches in P",
    dimensions=("partner", "touch_type"),
    needs=("touches",),
)
def evidence_rate(facts: Facts) -> Measure:
    """The share of the period's touches that carry a link to evidence, accepted or not."""
    nothing = "no touch in the period"
    return Measure(
        facts.during(facts.touches, "touched_day"), rate("has_evidence", nothing=nothing)
    )


@metric(
    category="trust",
    unit="ratio",
    question="Was it written down when it happened?",
    formula="logged ≤ 14 days after the touch ÷ touches in P with a log date",
    dimensions=("partner", "owner"),
    needs=("touches",),
)
def logged_on_time_rate(facts: Facts) -> Measure:
    """The share of the period's touches with a log date that were logged within 14 days.

    Owner is who logged the touch.
    """
    dated = facts.during(facts.touches.drop_nulls("is_on_time"), "touched_day")
    return Measure(dated, rate("is_on_time", nothing="no touch in the period has a log date"))
