"""Rules about who and what a record names: accounts, opportunities, partners, itself twice."""

from typing import Final

import polars as pl

from workbench.contracts import Opportunities, Partners, Touches
from workbench.quality import words
from workbench.quality.rule import Rule

NOT_A_PARTNER: Final = (
    "",
    "-",
    "--",
    "?",
    ".",
    "direct",
    "house",
    "internal",
    "n.a.",
    "n/a",
    "na",
    "no partner",
    "none",
    "not applicable",
    "null",
    "other",
    "tbd",
    "test",
    "unknown",
)

_names_opportunity = pl.col("opportunity_id").is_not_null()
_names_account = pl.col("account_id").is_not_null()
_lost_opportunity = _names_opportunity & ~pl.col("has_opportunity")
_lost_account = _names_account & ~pl.col("has_account")

IDENTITY_RULES: Final = (
    Rule(
        id="touch_orphan",
        table=Touches,
        severity="error",
        title="Touch that hangs on nothing",
        meaning="The touch names an opportunity or account that is not in the data, or neither.",
        why="It can count for no opportunity, so the partner's part in one stays unseen.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=7,
        suggestion="Link the touch to the right opportunity or account in the CRM.",
        fails=_lost_opportunity | _lost_account | (~_names_opportunity & ~_names_account),
        message=words.sentence(
            "{} names {}.",
            words.touch(),
            pl.when(_lost_opportunity & _lost_account)
            .then(
                words.sentence(
                    "opportunity {} and account {}, and neither is in the data",
                    "opportunity_id",
                    "account_id",
                )
            )
            .when(_lost_opportunity)
            .then(words.sentence("opportunity {}, which is not in the data", "opportunity_id"))
            .when(_lost_account)
            .then(words.sentence("account {}, which is not in the data", "account_id"))
            .otherwise(pl.lit("neither an opportunity nor an account")),
        ),
    ),
    Rule(
        id="touch_unknown_partner",
        table=Touches,
        severity="error",
        title="Touch by an unknown partner",
        meaning="The touch names a partner that is not in the list of partners.",
        why="No definition accepts a touch of an unknown partner.",
        owner="partner operations",
        days_to_mend=7,
        suggestion="Add the partner, or add this name to partner_aliases as one of a known one.",
        fails=pl.col("partner_name").is_null(),
        message=words.sentence(
            "The {} on {} is by {}, which is not in the list of partners.",
            words.touch_type("touch_type"),
            "touch_day",
            "partner_id",
        ),
    ),
    Rule(
        id="touch_duplicate",
        table=Touches,
        severity="warning",
        title="Touch logged twice",
        meaning="An earlier touch has the same partner, opportunity (or account), type and day.",
        why="Activity counts are too high, and credit by touch favours whoever logs twice.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Delete one of the two, or correct the one that was meant otherwise.",
        applies=_names_opportunity | _names_account,
        fails=pl.col("repeats").is_not_null(),
        message=words.sentence(
            "{} says the same as touch {}: same partner, type and day, same {} {}.",
            words.touch(),
            "repeats",
            pl.when(_names_opportunity).then(pl.lit("opportunity")).otherwise(pl.lit("account")),
            pl.coalesce("opportunity_id", "account_id"),
        ),
    ),
    Rule(
        id="opportunity_unknown_account",
        table=Opportunities,
        severity="error",
        title="Opportunity of an unknown account",
        meaning="The opportunity names an account that is not in the data.",
        why="It has no region and no segment, and cannot be checked by name.",
        owner="RevOps",
        days_to_mend=7,
        suggestion="Include the account in the export, or link the opportunity to the right one.",
        fails=~pl.col("has_account"),
        message=words.sentence(
            "{} belongs to account {}, which is not in the data.",
            words.opportunity(),
            "account_id",
        ),
    ),
    Rule(
        id="opportunity_unknown_partner",
        table=Opportunities,
        severity="warning",
        title="Opportunity with an unknown partner",
        meaning="The CRM's partner field names a partner that is not in the list of partners.",
        why="What the CRM claims for this partner cannot be set beside what the touches show.",
        owner="partner operations",
        days_to_mend=14,
        suggestion="Add the partner, or choose a known one in the CRM's partner field.",
        applies=pl.col("crm_partner_id").is_not_null(),
        fails=pl.col("partner_name").is_null(),
        message=words.sentence(
            "{} names partner {} in the CRM, which is not in the list of partners.",
            words.opportunity(),
            "crm_partner_id",
        ),
    ),
    Rule(
        id="partner_not_one",
        table=Partners,
        severity="warning",
        title="Partner that is probably not one",
        meaning="The partner's name is a placeholder, such as Direct, N/A or -.",
        why="Sales without a partner would be shown as a partner's.",
        owner="partner operations",
        days_to_mend=14,
        suggestion="Leave the row out of the partners (`exclude` in the mapping) and clear the "
        "field on the records that use it.",
        fails=pl.col("name").str.strip_chars().str.to_lowercase().is_in(NOT_A_PARTNER),
        message=words.sentence(
            "Partner {} is named “{}”, which is how people write that there is none.",
            "partner_id",
            "name",
        ),
    ),
)
