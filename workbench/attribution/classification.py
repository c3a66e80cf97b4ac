"""One class, one primary partner and one evidence grade for every opportunity."""

from dataclasses import dataclass

import polars as pl

from workbench.attribution.credit import partner_credit, partner_shares
from workbench.attribution.decisions import decided_pairs, touch_audit
from workbench.attribution.facts import Snapshot
from workbench.attribution.money import converted, missing_rates
from workbench.contracts import (
    OpportunityAttribution,
    PartnerCredit,
)
from workbench.definitions import Definition
from workbench.errors import RateError


@dataclass(frozen=True)
class Reading:
    """The classes and the credit by one definition; each frame has the columns of its contract."""

    opportunity_attribution: pl.DataFrame
    partner_credit: pl.DataFrame


@dataclass(frozen=True)
class Attribution(Reading):
    """What one definition says of one snapshot: a reading, and what became of each touch."""

    touch_audit: pl.DataFrame


def attribution(facts: Snapshot, definition: Definition) -> Attribution:
    """Classify every opportunity of the snapshot and split its credit.

    Raises RateError when an amount's currency has no rate on the day on which it is converted.
    """
    pairs = decided_pairs(facts, definition)
    classes, credit = classified(facts, definition, pairs)
    return Attribution(
        touch_audit=touch_audit(facts, definition, pairs).collect(),
        opportunity_attribution=classes,
        partner_credit=credit,
    )


def reading(facts: Snapshot, definition: Definition) -> Reading:
    """What `attribution` says, without the audit and in less time."""
    return Reading(*classified(facts, definition, decided_pairs(facts, definition)))


def classified(
    facts: Snapshot, definition: Definition, pairs: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The class of every opportunity, and its credit: `opportunity_attribution`, `partner_credit`.

    `pairs` is what `decided_pairs` gives. Raises RateError as `attribution` does.
    """
    opportunities = facts.opportunities.with_columns(_amount_reporting(facts, definition))
    if definition.basis == "crm_field":
        classes, shares = _by_crm_field(facts)
    else:
        class_pairs = _class_pairs(facts, pairs, definition)
        classes = _classes(facts, pairs, class_pairs)
        shares = partner_shares(class_pairs, definition)
        shares = shares.with_columns(facts.partner_ids.gather(shares["partner"]))
    amounts = opportunities.select("opportunity", "opportunity_id", "amount_reporting")
    credit = partner_credit(shares.join(amounts, on="opportunity"), definition).with_columns(
        pl.col("role").cast(pl.String).alias("classification")
    )
    attributed = opportunities.join(
        classes, on="opportunity", how="left", maintain_order="left"
    ).with_columns(
        pl.col("classification").fill_null("direct"),
        pl.col("claimed_classification").fill_null("direct"),
        pl.col("partner_count").fill_null(0),
        pl.lit(definition.id).alias("definition_id"),
        pl.lit(definition.version, pl.Int64).alias("definition_version"),
    )
    attributed = attributed.with_columns(_evidence_grade().alias("evidence_grade"))
    return (
        attributed.select(list(OpportunityAttribution.dtypes())),  # in the snapshot's order
        credit.select(list(PartnerCredit.dtypes())).sort(PartnerCredit.row_order()),
    )


def _amount_reporting(facts: Snapshot, definition: Definition) -> pl.Series:
    amount = pl.col(definition.amount)
    unrated = facts.opportunities.filter(amount.is_not_null() & pl.col("rate").is_null())
    if not unrated.is_empty():
        needed = unrated.select("currency", "opportunity_id", day="last_day")
        raise RateError(missing_rates(needed, record="opportunity_id"))
    return (
        facts.opportunities.select(converted(amount, pl.col("rate")))
        .to_series()
        .alias("amount_reporting")
    )


def _class_pairs(facts: Snapshot, pairs: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """The accepted pairs of each opportunity's class, in order, with its `primary_partner`.

    Sourced is the first of the roles: where any accepted pair is sourced, the class is.
    """
    accepted = pairs.filter(pl.col("reason").is_null())
    return (
        accepted.with_columns(facts.touches["touched_at"].gather(accepted["touch"]))
        .sort("opportunity", "role", "touched_at", "touch")
        .filter(pl.col("role") == pl.col("role").first().over("opportunity"))
        .with_columns(_primary_partner(definition).over("opportunity").alias("primary_partner"))
    )


def _primary_partner(definition: Definition) -> pl.Expr:
    partner = pl.col("partner")
    if definition.primary_partner == "last":
        return partner.last()
    if definition.primary_partner == "ranked":
        strength = {kind: place for place, kind in enumerate(definition.rank)}
        rank = pl.col("touch_type").replace_strict(
            strength, default=len(strength), return_dtype=pl.UInt8
        )
        return partner.get(rank.arg_min())
    return partner.first()


def _classes(facts: Snapshot, pairs: pl.DataFrame, class_pairs: pl.DataFrame) -> pl.DataFrame:
    """One row per opportunity that is, or is claimed to be, sourced or influenced."""
    claimed = (
        pairs.filter("is_claimed")
        .group_by("opportunity")
        .agg(pl.col("role").min().cast(pl.String).alias("claimed_classification"))
    )
    decided = class_pairs.group_by("opportunity", maintain_order=True).agg(
        pl.col("role").first().cast(pl.String).alias("classification"),
        pl.col("primary_partner").first(),
        pl.col("touch").first(),
        pl.col("from_created").first().cast(pl.Int64).alias("days_to_created"),
        pl.col("partner").n_unique().cast(pl.Int64).alias("partner_count"),
    )
    classes = claimed.join(decided, on="opportunity", how="left")
    return classes.with_columns(
        facts.partner_ids.gather(classes["primary_partner"]).alias("primary_partner_id"),
        facts.touches["touch_id"].gather(classes["touch"]).alias("deciding_touch_id"),
        facts.touches["evidence_url"].gather(classes["touch"]).alias("evidence_url"),
    )


def _by_crm_field(facts: Snapshot) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Classes and shares where the CRM's own field decides: no touch is consulted."""
    claims = facts.opportunities.select(
        "opportunity",
        pl.col("crm_classification").fill_null("direct").alias("classification"),
        pl.col("crm_partner_id").alias("primary_partner_id"),
    )
    is_credited = (pl.col("classification") != "direct") & (
        pl.col("primary_partner_id").is_not_null()
    )
    classes = claims.with_columns(
        pl.col("classification").alias("claimed_classification"),
        pl.lit(None, pl.String).alias("deciding_touch_id"),
        pl.lit(None, pl.String).alias("evidence_url"),
        pl.lit(None, pl.Int64).alias("days_to_created"),
        is_credited.cast(pl.Int64).alias("partner_count"),
    )
    shares = claims.filter(is_credited).select(
        "opportunity",
        pl.col("primary_partner_id").alias("partner_id"),
        pl.col("classification").alias("role"),
        pl.lit(1, pl.Int64).alias("weight"),
        pl.lit(1, pl.Int64).alias("total_weight"),
        pl.lit(0, pl.Int64).alias("turn"),
    )
    return classes, shares


def _evidence_grade() -> pl.Expr:
    """How far the class can be checked, strongest grade first; null for direct by every reading."""
    is_direct = pl.col("classification") == "direct"
    crm_claims = pl.col("crm_classification").is_in(["sourced", "influenced"])
    return (
        pl.when(~is_direct & pl.col("evidence_url").is_not_null())
        .then(pl.lit("evidenced"))
        .when(pl.col("deciding_touch_id").is_not_null())
        .then(pl.lit("claimed"))
        .when(is_direct & (pl.col("claimed_classification") != "direct"))
        .then(pl.lit("claimed"))
        .when(crm_claims)
        .then(pl.lit("unsupported"))
    )
