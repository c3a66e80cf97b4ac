"""Rules about what the CRM's own field says of an opportunity, against the dates of its touches."""

from typing import Final

import polars as pl

from workbench.contracts import Opportunities
from workbench.quality import words
from workbench.quality.rule import Rule

_first_touch_day = pl.col("first_touch_day")
_says_partner = pl.col("crm_classification").is_in(["sourced", "influenced"]).fill_null(value=False)

CLASSIFICATION_RULES: Final = (
    Rule(
        id="crm_sourced_without_touch",
        table=Opportunities,
        severity="warning",
        title="Sourced in the CRM, and no touch says so",
        meaning="The CRM says sourced, but no touch of any kind, on the opportunity or on its "
        "account alone, is dated on or before the day it was created.",
        why="The partner is credited with a beginning that nobody has recorded.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Log the touch that began the sale, with its evidence, or correct the field.",
        applies=pl.col("source_has_touches")
        & (pl.col("crm_classification") == "sourced").fill_null(value=False),
        fails=_first_touch_day.is_null() | (_first_touch_day > pl.col("created_day")),
        message=words.sentence(
            "{} is sourced by {} in the CRM, but no touch is dated on or before {}, when it was "
            "created; {}.",
            words.opportunity(),
            pl.coalesce("partner_name", "crm_partner_id", pl.lit("a partner without a name")),
            "created_day",
            pl.when(_first_touch_day.is_null())
            .then(pl.lit("there is none at all"))
            .otherwise(words.sentence("the earliest is dated {}", "first_touch_day")),
        ),
    ),
    Rule(
        id="crm_direct_despite_touch",
        table=Opportunities,
        severity="warning",
        title="Direct in the CRM, although a touch came first",
        meaning="The CRM says direct, but a touch on the opportunity is dated before the day it "
        "was created, and is of a type and in a window that the definition takes as sourced.",
        why="A partner's part in the beginning is missing from the CRM's own reports.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Check the touch, then correct the CRM's field, or the touch.",
        applies=pl.col("source_has_touches")
        & (pl.col("crm_classification") == "direct").fill_null(value=False),
        fails=pl.col("forerunner_day").is_not_null(),
        message=words.sentence(
            "{} is direct in the CRM, but a touch on it, the {} by {} on {}, came {} before it "
            "was created on {}.",
            words.opportunity(),
            words.touch_type("forerunner_type"),
            "forerunner_name",
            "forerunner_day",
            words.day_count(words.days_between("forerunner_day", "created_day")),
            "created_day",
        ),
    ),
    Rule(
        id="crm_influenced_without_touch",
        table=Opportunities,
        severity="warning",
        title="Influenced in the CRM, and no touch says so",
        meaning="The CRM says influenced, but no touch of any kind, on the opportunity or on its "
        "account alone, is dated by its close, or by the day of reading while it is open.",
        why="Influence is claimed on an opportunity that no partner is known to have touched.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Log what the partner did, with its evidence, or correct the field.",
        applies=pl.col("source_has_touches")
        & (pl.col("crm_classification") == "influenced").fill_null(value=False),
        fails=_first_touch_day.is_null() | (_first_touch_day > pl.col("end_day")),
        message=words.sentence(
            "{} is influenced by {} in the CRM, but no touch is dated on or before {}.",
            words.opportunity(),
            pl.coalesce("partner_name", "crm_partner_id", pl.lit("a partner without a name")),
            "end_day",
        ),
    ),
    Rule(
        id="crm_class_without_partner",
        table=Opportunities,
        severity="warning",
        title="Sourced or influenced in the CRM, by nobody",
        meaning="The CRM says sourced or influenced, and its partner field is empty.",
        why="The number counts for the programme and for no partner, and nobody can be asked.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Name the partner, or correct the field.",
        applies=_says_partner,
        fails=pl.col("crm_partner_id").is_null(),
        message=words.sentence(
            "{} is {} in the CRM, and no partner is named.",
            words.opportunity(),
            "crm_classification",
        ),
    ),
    Rule(
        id="crm_partner_without_class",
        table=Opportunities,
        severity="warning",
        title="A partner in the CRM, and a class without one",
        meaning="The CRM names a partner, and its class is direct or empty.",
        why="Reports by partner and reports by class then give two different totals.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Say what the partner did, or take the partner out.",
        applies=pl.col("crm_partner_id").is_not_null(),
        fails=~_says_partner,
        message=words.sentence(
            "{} names partner {} in the CRM, and {}.",
            words.opportunity(),
            pl.coalesce("partner_name", "crm_partner_id"),
            pl.when(pl.col("crm_classification").is_null())
            .then(pl.lit("has no class"))
            .otherwise(pl.lit("is direct")),
        ),
    ),
    Rule(
        id="crm_influence_type_contradicts_class",
        table=Opportunities,
        severity="warning",
        title="Influence type against class",
        meaning="The CRM's influence type says sourced and its class does not, or there is an "
        "influence type although the class is direct.",
        why="Two fields of one record say two things: whoever reports takes the better one.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Correct the field that is wrong, and let the CRM ask for both at once.",
        applies=pl.col("crm_influence_type").is_not_null()
        & pl.col("crm_classification").is_not_null(),
        fails=(pl.col("crm_classification") == "direct")
        | (
            pl.col("crm_influence_type").str.contains("(?i)sourced")
            & (pl.col("crm_classification") != "sourced")
        ),
        message=words.sentence(
            "{} is {} in the CRM, with the influence type “{}”.",
            words.opportunity(),
            "crm_classification",
            "crm_influence_type",
        ),
    ),
)
