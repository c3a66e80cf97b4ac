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
        id="opportunity_amount_zero",
        table=Opportunities,
        severity="info",
        title="Amount of zero",
        meaning="The opportunity is open or won, and the amount that the definition counts is 0.",
        why="Zero is often what a form fills in: the opportunity then counts, and adds nothing.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=None,
        suggestion="Enter the amount, or empty the field while it is not known.",
        applies=(pl.col("status") != "lost") & pl.col("counted_amount").is_not_null(),
        fails=pl.col("counted_amount") == 0,
        message=words.sentence(
            "{} ({}, stage {}) has an amount of 0 {}.",
            words.opportunity(),
            "status",
            "stage",
            "currency",
        ),
    ),
    Rule(
        id="opportunity_negative_new_business",
        table=Opportunities,
        severity="warning",
        title="New business won below zero",
        meaning="The opportunity is new business, was won, and its amount is negative.",
        why="A credit note takes back an earlier sale; new business has none, so bookings are low.",
        owner="finance",
        days_to_mend=7,
        suggestion="Correct the amount, or the type where it is a credit note.",
        applies=(pl.col("opportunity_type") == "new_business") & (pl.col("status") == "won"),
        fails=pl.col("counted_amount") < 0,
        message=words.sentence(
            "{} is new business won on {} for {} {}.",
            words.opportunity(),
            "closed_day",
            "counted_amount",
            "currency",
        ),
    ),
    Rule(
        id="opportunity_recurring_above_amount",
        table=Opportunities,
        severity="warning",
        title="Recurring amount above the whole",
        meaning="The recurring amount is further from zero than the amount, or has another sign.",
        why="The amount holds the recurring one, so one of the two is wrong or they are swapped.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Check which is the yearly part and which the whole, and the currency of both.",
        applies=pl.col("amount").is_not_null() & pl.col("recurring_amount").is_not_null(),
        fails=pl.when(pl.col("amount") < 0)
        .then(~pl.col("recurring_amount").is_between("amount", 0))
        .otherwise(~pl.col("recurring_amount").is_between(0, "amount")),
        message=words.sentence(
            "{} has a recurring amount of {} {} in an amount of {} {}.",
            words.opportunity(),
            "recurring_amount",
            "currency",
            "amount",
            "currency",
        ),
    ),
    Rule(
        id="opportunity_probability_contradicts_status",
        table=Opportunities,
        severity="warning",
        title="Probability against status",
        meaning="The opportunity is won with a probability below 100 %, lost with one above 0 %, "
        "or open with one of 0 or 100 %.",
        why="Weighted pipeline counts what is decided, or leaves out what is not.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Correct the stage or the status; the probability mostly follows from it.",
        applies=pl.col("probability").is_not_null(),
        fails=pl.when(status="won")
        .then(pl.col("probability") < 1)
        .when(status="lost")
        .then(pl.col("probability") > 0)
        .otherwise(pl.col("probability").is_in([0.0, 1.0])),
        message=words.sentence(
            "{} is {} in stage {}, with a probability of {} %.",
            words.opportunity(),
            "status",
            "stage",
            (pl.col("probability") * 100).round(1),
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
            pl.col("category").str.replace_all("_", " ", literal=True),
            "currency",
        ),
    ),
)
