"""Proof that no amount is counted twice: what partners touched, and how far they overlap."""

from typing import Final

import polars as pl

from workbench.attribution.classification import Attribution
from workbench.attribution.comparison import is_booked_in
from workbench.periods import Period
from workbench.vocabulary import ROLES

PARTNERS_SHOWN: Final = 8


def partner_claims(result: Attribution, *, period: Period, timezone: str) -> pl.DataFrame:
    """What each partner could claim of the bookings of the period: one row per partner and booking.

    A partner could claim an opportunity whole where a touch of its own is accepted in the role of
    the opportunity's class, or where it is the primary partner. `amount_reporting` is the whole
    amount of the opportunity, null where it is not known.
    """
    booked = result.opportunity_attribution.filter(
        is_booked_in(period, timezone), pl.col("classification").is_in(ROLES)
    ).select("opportunity_id", "classification", "primary_partner_id", "amount_reporting")
    touched = (
        result.touch_audit.filter(pl.col("decision") == "accepted")
        .select("opportunity_id", "partner_id", pl.col("role").alias("classification"))
        .join(booked, on=["opportunity_id", "classification"])
    )
    primary = booked.with_columns(pl.col("primary_partner_id").alias("partner_id")).filter(
        pl.col("partner_id").is_not_null()
    )
    columns = ["classification", "partner_id", "opportunity_id", "amount_reporting"]
    return pl.concat([touched.select(columns), primary.select(columns)]).unique().sort(columns[:3])


def double_count(claims: pl.DataFrame) -> pl.DataFrame:
    """Unique bookings beside the sum over partners: one row per role.

    `bookings` counts each opportunity once, `claimed_bookings` once for each partner that could
    claim it; `counted_again` is the difference. An unknown amount is in neither sum.
    """
    once = claims.unique(["classification", "opportunity_id"])
    amount = pl.col("amount_reporting").sum()
    unique = once.group_by("classification").agg(
        pl.len().cast(pl.Int64).alias("won_count"), amount.alias("bookings")
    )
    summed = claims.group_by("classification").agg(
        pl.len().cast(pl.Int64).alias("claim_count"),
        pl.col("partner_id").n_unique().cast(pl.Int64).alias("partner_count"),
        amount.alias("claimed_bookings"),
    )
    return (
        unique.join(summed, on="classification")
        .with_columns((pl.col("claimed_bookings") - pl.col("bookings")).alias("counted_again"))
        .sort(pl.col("classification").cast(pl.Enum(ROLES)))
    )


def double_count_in_words(claims: pl.DataFrame, *, period: Period, currency: str) -> list[str]:
    """The proof as sentences, one per role that has bookings in the period."""
    return [
        f"{row['classification'].capitalize()} bookings of {period.title}: {currency} "
        f"{row['bookings']:,} in {row['won_count']:,} opportunities, each counted once. If each of "
        f"{row['partner_count']:,} partners counted every one of them that it touched, the sum "
        f"would be {currency} {row['claimed_bookings']:,}: {currency} {row['counted_again']:,} "
        "would be counted again."
        for row in double_count(claims).to_dicts()
    ] or [f"No partner has a claim on the bookings of {period.title}."]


def partner_overlap(claims: pl.DataFrame, *, partners: int = PARTNERS_SHOWN) -> pl.DataFrame:
    """How many bookings two partners could both claim: a matrix of the partners with most claims.

    One row and one column per partner, in the order of their amounts; the diagonal is a partner's
    own number. The roles are never mixed: give the claims of one role.
    """
    amounts = claims.group_by("partner_id").agg(
        pl.col("amount_reporting").sum(), pl.len().alias("claim_count")
    )
    order = ["amount_reporting", "claim_count", "partner_id"]
    top = amounts.sort(order, descending=[True, True, False]).head(partners)["partner_id"]
    own = claims.filter(pl.col("partner_id").is_in(top.implode())).select(
        "partner_id", "opportunity_id"
    )
    shared = own.join(own, on="opportunity_id", suffix="_other").group_by(
        "partner_id", "partner_id_other"
    )
    counts = {(one, other): count for one, other, count in shared.len().iter_rows()}
    return pl.DataFrame(
        {"partner_id": top}
        | {
            other: pl.Series([counts.get((one, other), 0) for one in top], dtype=pl.Int64)
            for other in top
        }
    )
