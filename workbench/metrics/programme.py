"""Programme: what partnering costs."""

import polars as pl

from workbench.metrics.facts import Facts
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import ratio, total


@metric(
    category="programme",
    unit="currency",
    question="What does the programme cost?",
    formula="Σ cost incurred in P",
    dimensions=("category", "partner"),
    needs=("program_costs",),
)
def program_cost(facts: Facts) -> Measure:
    """The costs booked to the partner programme in the period, at the rate of their day.

    By partner, `(none)` is what was not spent on one partner.
    """
    costs = facts.during(facts.program_costs, "day")
    return Measure(costs, total("cost", unknown="none of these costs has an amount"))


@metric(
    category="programme",
    unit="currency",
    question="What does it cost to have partners find an opportunity?",
    formula="program_cost ÷ sourced opportunities created in P",
    classifications=("sourced",),
    needs=("program_costs",),
)
def cost_per_sourced_opportunity(facts: Facts) -> Measure:
    """The programme's cost in the period over the sourced opportunities created in it.

    Null in a period to which no cost was booked: nothing was divided, it was not free.
    """
    sourced = facts.created(facts.opportunities.filter(pl.col("classification") == "sourced"))
    costs = facts.during(facts.program_costs, "day").select("period", "cost_id", "cost")
    return Measure(
        pl.concat([sourced.select("period", "opportunity_id"), costs], how="diagonal"),
        ratio(
            pl.col("cost"),
            pl.col("opportunity_id").is_not_null().cast(pl.Int64),
            nothing="no sourced opportunity was created in the period, or no cost was booked to it",
        ),
    )
