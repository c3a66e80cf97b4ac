"""Rules about who and what a record names: accounts, opportunities, partners, itself twice."""

from typing import Final

import polars as pl

from workbench.contracts import AccountMerges, Accounts, Opportunities, Partners, Touches
from workbench.quality import words
from workbench.quality.grains import Spellings
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
_target_kind = pl.when(_names_opportunity).then(pl.lit("opportunity")).otherwise(pl.lit("account"))
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
        meaning="Another touch has the same partner, opportunity (or account), type and moment.",
        why="Activity counts are too high, and credit by touch favours whoever logs twice.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Delete one of the two, or correct the one that was meant otherwise.",
        applies=_names_opportunity | _names_account,
        fails=pl.col("repeats").is_not_null(),
        message=words.sentence(
            "{} says the same as touch {}: same partner, type and moment, same {} {}.",
            words.touch(),
            "repeats",
            _target_kind,
            pl.coalesce("opportunity_id", "account_id"),
        ),
    ),
    Rule(
        id="touch_duplicate_doubtful",
        table=Touches,
        severity="info",
        title="Touch perhaps logged twice",
        meaning="An earlier touch has the same partner, opportunity (or account), type and day, "
        "and another time of day.",
        why="Two systems may have logged one touch, or the partner acted twice on that day.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Compare the evidence of the two, and delete one where it is the same.",
        applies=_names_opportunity | _names_account,
        fails=pl.col("same_day").is_not_null() & pl.col("repeats").is_null(),
        message=words.sentence(
            "{} is of the day of touch {}: same partner and type, same {} {}.",
            words.touch(),
            "same_day",
            _target_kind,
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
    Rule(
        id="partner_duplicate",
        table=Partners,
        severity="warning",
        title="Partner that stands there twice",
        meaning="An earlier partner, by id, has the same name but for case, signs and legal form.",
        why="Its touches and credit are split in two, and both halves look small.",
        owner="partner operations",
        days_to_mend=14,
        suggestion="Merge the two, or list this one's names in partner_aliases.",
        fails=pl.col("same_partner").is_not_null(),
        message=words.sentence(
            "Partner {} “{}” has the name of partner {}.", "partner_id", "name", "same_partner"
        ),
    ),
    Rule(
        id="partner_is_customer",
        table=Partners,
        severity="info",
        title="Partner that is an account too",
        meaning="An account has the partner's name but for case, signs and legal form, or the "
        "domain from which the partner's people write.",
        why="What it buys for itself is no partner revenue; only its touches on others are.",
        owner="partner operations",
        days_to_mend=None,
        suggestion="Look at its touches on its own account before they are counted.",
        fails=pl.col("same_account").is_not_null(),
        message=words.sentence(
            "Partner {} “{}” has the {} of account {}.",
            "partner_id",
            "name",
            pl.col("same").str.replace(", ", " and the ", literal=True),
            "same_account",
        ),
    ),
    Rule(
        id="account_duplicate",
        table=Accounts,
        severity="warning",
        title="Account that stands there twice",
        meaning="An earlier account, by id, has the same name but for case, signs and legal form, "
        "or the same domain. Parent and children are one family, and may share both.",
        why="Its opportunities and touches do not meet: a touch on one sources nothing on the "
        "other.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=14,
        suggestion="Merge the two in the CRM, and export the merge as account_merges.",
        fails=pl.col("same_account").is_not_null(),
        message=words.sentence(
            "Account {} “{}” has the {} of account {}.",
            "account_id",
            "name",
            "same",
            "same_account",
        ),
    ),
    Rule(
        id="account_merge_chain",
        table=AccountMerges,
        severity="info",
        title="Account merged into one that was merged itself",
        meaning="The account into which this one was merged was merged into a third.",
        why="The chain is followed here; a report that follows one step only loses the account.",
        owner="RevOps",
        days_to_mend=None,
        suggestion="Nothing, unless other reports rely on the first step.",
        fails=pl.col("end_account_id") != pl.col("surviving_account_id"),
        message=words.sentence(
            "Account {} was merged into {}, which ended up in {}.",
            "merged_account_id",
            "surviving_account_id",
            "end_account_id",
        ),
    ),
    Rule(
        id="account_merge_into_nothing",
        table=AccountMerges,
        severity="error",
        title="Account merged into one that is not there",
        meaning="Followed to its end, the merge leads to an account that is not in the data.",
        why="What names either account hangs on nothing.",
        owner="RevOps",
        days_to_mend=7,
        suggestion="Include the surviving account in the export, or correct the merge.",
        fails=~pl.col("has_survivor"),
        message=words.sentence(
            "Account {} was merged and ended up in {}, which is not in the data.",
            "merged_account_id",
            "end_account_id",
        ),
    ),
    Rule(
        id="opportunity_duplicate",
        table=Opportunities,
        severity="warning",
        title="Opportunity that stands there twice",
        meaning="An earlier opportunity, by id, has the same account, name, amount, currency and "
        "created day.",
        why="Pipeline and bookings count it twice, and the win rate too.",
        owner="the person in `owner`",
        owner_column="owner",
        days_to_mend=7,
        suggestion="Merge the two in the CRM; where both are meant, tell them apart by name.",
        applies=pl.col("name").is_not_null() & pl.col("amount").is_not_null(),
        fails=pl.col("same_opportunity").is_not_null(),
        message=words.sentence(
            "Opportunity {} “{}” says the same as {}: same account {}, {} {}, created on {}.",
            "opportunity_id",
            "name",
            "same_opportunity",
            "account_id",
            "amount",
            "currency",
            "created_day",
        ),
    ),
    Rule(
        id="picklist_spelled_differently",
        table=Spellings,
        severity="info",
        title="One word in several spellings",
        meaning="A value of stage, owner or crm_influence_type differs from a more frequent one "
        "only in case, blanks, hyphens or underscores.",
        why="The field is free text, so filters and reports miss some of the records.",
        owner="RevOps",
        days_to_mend=None,
        suggestion="Make the field a list, and correct the records that differ.",
        fails=pl.col("value") != pl.col("usual"),
        message=words.sentence(
            "{} is “{}” in {}, and “{}” in {}.",
            "column",
            "value",
            words.counted("records", "record"),
            "usual",
            words.counted("usual_records", "record"),
        ),
    ),
)
