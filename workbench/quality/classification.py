"""Rules about what the CRM's own field says of an opportunity, against the dates of its touches."""

from typing import Final

import polars as pl

from workbench.contracts import Opportunities
from workbench.quality import words
from workbench.quality.rule import Rule

_first_touch_day = pl.col("first_touch_day")

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
)
