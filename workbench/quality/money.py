"""Rules about amounts and their currencies."""

from typing import Final

import polars as pl

from workbench.contracts import Opportunities, ProgramCosts
from workbench.quality import words
from workbench.quality.rule import Rule

_needs_rate = pl.col("rate_day").is_not_null()
_lacks_rate = pl.col("has_rate").not_()

MONEY_RULES: Final = (
    Rule(
        id="opportunity_without_amount",
        table=Opportunities,
        severity="warning",
        title="Opportunity without an amount",
        meaning="The amount that the definition counts is not known.",
        why="The opportunity is counted and named, and adds nothing to pipeline or bookings.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=7,
        suggestion="Enter the amount; where it is truly nothing, enter 0.",
        fails=pl.col("counted_amount").is_null(),
        message=words.sentence(
            "{} ({}, stage {}, created on {}) has no amount.",
            words.opportunity(),
            "status",
            "stage",
            "created_day",
        ),
    ),
    Rule(
        id="opportunity_without_rate",
        table=Opportunities,
        severity="error",
        title="Opportunity in a currency without a rate",
        meaning="No rate of the opportunity's currency is in force on the day it is converted: "
        "its closed day, or the as-of day while it is open.",
        why="Its amount cannot be told in the reporting currency, so every total would be wrong.",
        owner="finance",
        days_to_mend=1,
        suggestion="Add a rate that is valid from that day or earlier to fx_rates.",
        stops=True,
        applies=_needs_rate,
        fails=_lacks_rate,
        message=words.sentence(
            "{} has {} {} to convert on {}, and no rate of {} is in force on that day.",
            words.opportunity(),
            "counted_amount",
            "currency",
            "rate_day",
            "currency",
        ),
    ),
    Rule(
        id="cost_without_rate",
        table=ProgramCosts,
        severity="error",
        title="Cost in a currency without a rate",
        meaning="No rate of the cost's currency is in force on the day it was incurred.",
        why="It cannot be told in the reporting currency, so the programme's cost would be wrong.",
        owner="finance",
        days_to_mend=1,
        suggestion="Add a rate that is valid from that day or earlier to fx_rates.",
        stops=True,
        applies=_needs_rate,
        fails=_lacks_rate,
        message=words.sentence(
            "The cost of {} {} incurred on {} ({}) cannot be converted: no rate of {} is in force "
            "on that day.",
            "amount",
            "currency",
            "incurred_on",
            words.touch_type("category"),
            "currency",
        ),
    ),
)
