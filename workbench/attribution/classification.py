"""One class, one primary partner and one evidence grade for every opportunity."""

from dataclasses import dataclass

import polars as pl

from workbench.attribution.credit import partner_credit, partner_shares
from workbench.attribution.decisions import Roles, claimed_pairs, touch_audit
from workbench.attribution.facts import Snapshot, number_of
from workbench.attribution.money import converted, missing_rates
from workbench.contracts import (
    OpportunityAttribution,
)
from workbench.definitions import Credit, Definition
from workbench.errors import RateError
from workbench.vocabulary import ROLES


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
    found = classified(facts, definition)
    return Attribution(
        touch_audit=pl.concat(touch_audit(facts, definition), rechunk=True),
        opportunity_attribution=found.opportunity_attribution,
        partner_credit=credited(found, definition),
    )


def reading(facts: Snapshot, definition: Definition) -> Reading:
    """What `attribution` says, without the audit and in less time."""
    found = classified(facts, definition)
    return Reading(found.opportunity_attribution, credited(found, definition))


@dataclass(frozen=True)
class Classified:
    """The class of every opportunity under a definition, and what its credit is split over.

    `opportunity_attribution` has the columns of its contract, `pairs` the accepted pairs of each
    opportunity's class in the order (`opportunity`, `touched_at`, `touch`), with its
    `primary_partner`; partners and opportunities are row numbers in the order of their ids.
    """

    opportunity_attribution: pl.DataFrame
    pairs: pl.DataFrame
    partner_ids: pl.Series


def classified(facts: Snapshot, definition: Definition) -> Classified:
    """Classify every opportunity of the snapshot. Raises RateError as `attribution` does."""
    if definition.basis == "crm_field":
        return _by_crm_field(facts, definition)
    claimed = claimed_pairs(facts, definition)
    pairs = _class_pairs(facts, claimed.filter("is_accepted"), definition)
    attributed = facts.opportunities.with_columns(
        *_classes(facts, pairs),
        _strongest_roles(claimed, facts.opportunities.height).alias("claimed_classification"),
    )
    return Classified(_in_words(facts, attributed, definition), pairs, facts.partner_ids)


def credited(found: Classified, definition: Definition) -> pl.DataFrame:
    """The credit of classified opportunities, `partner_credit`, by the model of the definition."""
    one_partner_has_all = definition.model_copy(update={"credit": Credit(model="primary")})
    by_crm_field = definition.basis == "crm_field"
    shares = partner_shares(found.pairs, one_partner_has_all if by_crm_field else definition)
    amounts = found.opportunity_attribution["amount_reporting"].gather(shares["opportunity"])
    credit = partner_credit(shares.with_columns(amounts), definition)  # in the order of their ids
    ids = found.opportunity_attribution["opportunity_id"].gather(credit["opportunity"])
    return credit.select(
        ids,
        found.partner_ids.gather(credit["partner"]).alias("partner_id"),
        pl.col("role").cast(pl.String).alias("classification"),
        "model",
        "share",
        "credited_amount",
    )


def _in_words(facts: Snapshot, attributed: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """`opportunity_attribution` of opportunities with their classes, in the snapshot's order."""
    return (
        attributed.with_columns(
            pl.col("classification", "claimed_classification").cast(pl.String).fill_null("direct"),
            pl.col("partner_count").fill_null(0),
            _amount_reporting(facts, definition),
            pl.lit(definition.id).alias("definition_id"),
            pl.lit(definition.version, pl.Int64).alias("definition_version"),
        )
        .with_columns(_evidence_grade().alias("evidence_grade"))
        .select(list(OpportunityAttribution.dtypes()))
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


def _strongest_roles(pairs: pl.DataFrame, opportunity_count: int) -> pl.Series:
    """The strongest role among the pairs of each opportunity, null where it has none."""
    roles = pl.repeat(None, opportunity_count, dtype=pl.UInt8, eager=True)
    for strength in reversed(range(len(ROLES))):  # the strongest comes first in ROLES, last here
        of_role = pairs["opportunity"].filter(pairs["role"] == ROLES[strength])
        roles = roles.scatter(of_role, strength)
    return roles.cat.to(Roles)


def _class_pairs(facts: Snapshot, accepted: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """The accepted pairs of each opportunity's class, in order, with its `primary_partner`.

    Sourced is the first of the roles: where any accepted pair is sourced, the class is.
    """
    classes = _strongest_roles(accepted, facts.opportunities.height)
    pairs = accepted.filter(accepted["role"] == classes.gather(accepted["opportunity"]))
    return (
        pairs.with_columns(facts.touches["touched_at"].gather(pairs["touch"]))
        .sort("opportunity", "touched_at", "touch")
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


def _classes(facts: Snapshot, pairs: pl.DataFrame) -> pl.DataFrame:
    """What the pairs of its class say of each opportunity: a row for every one, in their order."""
    decided = pairs.group_by("opportunity", maintain_order=True).agg(
        pl.col("role").first().alias("classification"),
        pl.col("primary_partner").first(),
        pl.col("touch").first(),
        pl.col("from_created").first().cast(pl.Int64).alias("days_to_created"),
        pl.col("partner").n_unique().cast(pl.Int64).alias("partner_count"),
    )
    primary = facts.partner_ids.gather(decided["primary_partner"]).alias("primary_partner_id")
    known = decided.drop("opportunity", "primary_partner", "touch").with_columns(primary)
    places = pl.repeat(None, facts.opportunities.height, dtype=pl.UInt32, eager=True).scatter(
        decided["opportunity"], pl.int_range(decided.height, dtype=pl.UInt32, eager=True)
    )
    return known.hstack(_ids_and_links(facts, decided["touch"]))[places]


def _ids_and_links(facts: Snapshot, touches: pl.Series) -> pl.DataFrame:
    """The id and the link of each of these touches, as `deciding_touch_id` and `evidence_url`."""
    is_wanted = pl.repeat(False, facts.touches.height, eager=True).scatter(touches, True)  # noqa: FBT003
    found = (
        facts.touch_rows.select(pl.col("touch_id").alias("deciding_touch_id"), "evidence_url")
        .with_row_index("touch")
        .filter(
            pl.col("touch").map_batches(
                is_wanted.gather, return_dtype=pl.Boolean, is_elementwise=True
            )
        )
        .collect(engine="streaming")
    )
    return found.drop("touch")[found["touch"].search_sorted(touches)]


def _by_crm_field(facts: Snapshot, definition: Definition) -> Classified:
    """Classes and pairs where the CRM's own field decides: no touch is consulted."""
    word, named = pl.col("crm_classification"), pl.col("crm_partner_id")
    is_credited = (word != "direct") & named.is_not_null()
    attributed = facts.opportunities.with_columns(
        word.alias("classification"),
        word.alias("claimed_classification"),
        named.alias("primary_partner_id"),
        pl.lit(None, pl.String).alias("deciding_touch_id"),
        pl.lit(None, pl.String).alias("evidence_url"),
        pl.lit(None, pl.Int64).alias("days_to_created"),
        is_credited.cast(pl.Int64).alias("partner_count"),
    )
    credited_to = attributed.filter(is_credited)
    partner_ids = credited_to["crm_partner_id"].unique().sort().alias("partner_id")
    pairs = credited_to.select(
        "opportunity",
        number_of("crm_partner_id", partner_ids).alias("partner"),
        number_of("crm_partner_id", partner_ids).alias("primary_partner"),
        word.cast(Roles).alias("role"),
    )
    return Classified(_in_words(facts, attributed, definition), pairs, partner_ids)


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
