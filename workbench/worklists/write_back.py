"""What the CRM's partner fields should say, where they say something else."""

from typing import Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution import local_day
from workbench.contracts import CrmWriteBack
from workbench.definitions import Definition
from workbench.tables import checked

# The words of the CRM's picklist for what a partner did. The type `crm_tag` says nothing of it.
_INFLUENCE: Final = {
    "introduction": "intro",
    "intro_requested": "intro",
    "referral": "intro",
    "lead_submission": "intro",
    "event_meeting": "intro",
    "campaign_response": "intro",
    "reference": "reference",
    "champion": "reference",
    "overlap_detected": "co-sell",
    "deal_registration": "co-sell",
    "deal_room_created": "co-sell",
    "co_sell": "co-sell",
    "deal_review": "co-sell",
    "technical_validation": "co-sell",
    "marketplace_transaction": "co-sell",
    "resale": "co-sell",
    "service_delivery": "co-sell",
}
# What a spreadsheet program would run, at the start of a cell or of what it may take for one.
RUNNABLE: Final = r"""(?:^|[\t\r\n,;|"'])\s*[=+\-@]|^[\t\r\n]"""


def crm_write_back(
    attribution: pl.DataFrame,
    *,
    opportunities: pl.DataFrame,
    partners: pl.DataFrame,
    touch_audit: pl.DataFrame,
    rulings_applied: pl.DataFrame,
    definition: Definition,
    timezone: str,
) -> DataFrame[CrmWriteBack]:
    """One row per opportunity whose partner fields in the CRM differ from its attribution.

    Compared are the sourced flag, the primary partner, and the influence type without regard to
    case, blanks and hyphens. Where the deciding touch has no word in the picklist, or people ruled,
    the CRM's own type stays. The co-sell room has the day, in `timezone`, of the opportunity's
    first touch of the type `deal_room_created`, whatever the definition makes of it.

    A row is to be written where it fills in or raises what the CRM says, and an accepted touch
    shows it, or where people ruled. What would take something from a partner goes to review: a
    class that the CRM claims and no touch shows (unsupported) or only one without a link, and
    another partner's name. So does a text that could run in a spreadsheet program.

    Without rows where the definition is the CRM's own field: there is nothing to tell the CRM.
    """
    if definition.basis == "crm_field":
        return checked(CrmWriteBack.empty(), CrmWriteBack)
    names = partners.lazy().select("partner_id", pl.col("name").alias("partner_name"))
    crm_names = names.rename({"partner_id": "crm_partner_id", "partner_name": "crm_partner_name"})
    crm = opportunities.lazy().select("opportunity_id", "crm_partner_id", "crm_influence_type")
    rulings = rulings_applied.lazy().select("opportunity_id", "by", "on")
    rows = (
        attribution.lazy()
        .rename({"primary_partner_id": "partner_id"})
        .join(crm, on="opportunity_id", how="left")
        .join(names, on="partner_id", how="left")
        .join(crm_names, on="crm_partner_id", how="left")
        .join(rulings, on="opportunity_id", how="left")
        .join(_deciding_touches(touch_audit, timezone), on=_TOUCH, how="left")
        .join(_co_sell_rooms(touch_audit, timezone), on="opportunity_id", how="left")
        .with_columns(
            (pl.col("classification") == "sourced").alias("partner_sourced"),
            pl.coalesce("crm_partner_name", "crm_partner_id").alias("crm_partner_name"),
            _influence_type().alias("partner_influence_type"),
        )
        .filter(_differs())
        .with_columns(_review_reason().alias("review_reason"))
        .with_columns(
            pl.when(pl.col("review_reason").is_null())
            .then(pl.lit("write"))
            .otherwise(pl.lit("review"))
            .alias("action"),
            pl.coalesce("review_reason", _evidence_in_words()).alias("reason"),
        )
    )
    return checked(rows.select(list(CrmWriteBack.dtypes())).collect(), CrmWriteBack)


_TOUCH: Final = ["opportunity_id", "deciding_touch_id"]


def _deciding_touches(touch_audit: pl.DataFrame, timezone: str) -> pl.LazyFrame:
    return touch_audit.lazy().select(
        "opportunity_id",
        pl.col("touch_id").alias("deciding_touch_id"),
        "touch_type",
        local_day("touched_at", timezone).alias("touch_day"),
    )


def _co_sell_rooms(touch_audit: pl.DataFrame, timezone: str) -> pl.LazyFrame:
    """One row per opportunity with a co-sell room: the day on which the first one was made."""
    after_as_of = (pl.col("reason") == "after_as_of").fill_null(value=False)
    return (
        touch_audit.lazy()
        .filter(pl.col("touch_type") == "deal_room_created", ~after_as_of)
        .drop_nulls("opportunity_id")
        .group_by("opportunity_id")
        .agg(local_day("touched_at", timezone).min().alias("co_sell_room_created_on"))
    )


def _influence_type() -> pl.Expr:
    known = pl.col("touch_type").replace_strict(_INFLUENCE, default=None, return_dtype=pl.String)
    return (
        pl.when(pl.col("classification") == "sourced")
        .then(pl.lit("sourced"))
        .when(pl.col("classification") == "influenced")
        .then(pl.coalesce(known, "crm_influence_type"))
    )


def _differs() -> pl.Expr:
    """Whether the CRM says something else; a flag that was never set says no."""
    was_sourced = (pl.col("crm_classification") == "sourced").fill_null(value=False)
    same_type = _one_spelling("partner_influence_type").eq_missing(
        _one_spelling("crm_influence_type")
    )
    return (
        (pl.col("partner_sourced") != was_sourced)
        | pl.col("partner_id").ne_missing(pl.col("crm_partner_id"))
        | ~same_type
    )


def _one_spelling(column: str) -> pl.Expr:
    bare = pl.col(column).str.to_lowercase().str.replace_all(r"[\s_-]+", "")
    return pl.when(bare != "").then(bare)


def _review_reason() -> pl.Expr:
    """Why a person must look first; null where the row can be written."""
    is_lower = (pl.col("classification") == "direct") | (
        (pl.col("classification") == "influenced") & (pl.col("crm_classification") == "sourced")
    )
    has_claim = pl.col("claimed_classification") != pl.col("classification")
    runnable = pl.any_horizontal(
        pl.col(name).str.contains(RUNNABLE).fill_null(value=False)
        for name in ("opportunity_id", "partner_id", "partner_name", "partner_influence_type")
    )
    link_first = pl.concat_str(
        pl.lit("A touch would make it "),
        "claimed_classification",
        pl.lit(", but has no link to evidence: find the link first."),
    )
    return (
        pl.when(runnable)
        .then(pl.lit("A text in it could run in a spreadsheet program: enter it by hand."))
        .when(pl.col("by").is_not_null())
        .then(None)
        .when(is_lower & has_claim)
        .then(link_first)
        .when(is_lower)
        .then(pl.lit("The CRM says more than any touch shows: ask the owner."))
        .when(pl.col("crm_partner_id") != pl.col("partner_id"))
        .then(pl.lit("The CRM names another partner: ask the owner which one it was."))
    )


def _evidence_in_words() -> pl.Expr:
    """`The technical validation of 2026-03-04.`, or who ruled."""
    ruled = pl.concat_str(pl.lit("Ruled by "), "by", pl.lit(" on "), "on", pl.lit("."))
    touch = pl.concat_str(
        pl.lit("The "),
        pl.col("touch_type").str.replace("co_sell", "co-sell").str.replace_all("_", " "),
        pl.lit(" of "),
        "touch_day",
        pl.lit("."),
    )
    return pl.coalesce(ruled, touch)
