"""A partner's other names, as they were valid on a day, or as they are now."""

from collections.abc import Mapping
from datetime import date

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import Contract, PartnerAliases, PartnerCredit, Partners, Touches


def resolve_aliases(
    touches: pl.DataFrame,
    *,
    aliases: DataFrame[PartnerAliases],
    partners: DataFrame[Partners],
    timezone: str,
    as_is_on: date | None = None,
) -> pl.DataFrame:
    """The touches, with a partner's other name replaced by the partner's id.

    One row per touch, in the order given. A `partner_id` that is no partner but equals an alias
    valid on the touched day, both ends included, in calendar days of `timezone`, becomes that
    partner's id; with `as_is_on` the alias valid on that day decides, whenever the touch was.
    Comparison is exact; an alias of two partners on that day stays as it is.
    """
    touched = pl.col("touched_at").dt.convert_time_zone(timezone).dt.date()
    day = touched if as_is_on is None else pl.lit(as_is_on)
    return _resolved(touches, "partner_id", day=day, aliases=aliases, partners=partners)


def resolve_field_aliases(
    opportunities: pl.DataFrame,
    *,
    aliases: DataFrame[PartnerAliases],
    partners: DataFrame[Partners],
    on: date,
) -> pl.DataFrame:
    """The opportunities, with another name in `crm_partner_id` replaced by the partner's id.

    One row per opportunity, in the order given. The CRM's field has no day of its own: the alias
    that is valid on `on`, the day on which the CRM was read, decides.
    """
    return _resolved(
        opportunities, "crm_partner_id", day=pl.lit(on), aliases=aliases, partners=partners
    )


def _resolved(
    rows: pl.DataFrame,
    column: str,
    *,
    day: pl.Expr,
    aliases: pl.DataFrame,
    partners: pl.DataFrame,
) -> pl.DataFrame:
    named = rows.with_row_index("at").filter(pl.col(column).is_not_null())
    resolved = (
        named.join(partners, left_on=column, right_on="partner_id", how="anti")
        .select("at", alias=column, day=day)
        .join(
            aliases.select("alias", "valid_from", "valid_to", resolved_id="partner_id"), on="alias"
        )
        .filter(
            (pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("day")))
            & (pl.col("valid_to").is_null() | (pl.col("day") <= pl.col("valid_to")))
        )
        .group_by("at")
        .agg(pl.col("resolved_id").unique())
        .filter(pl.col("resolved_id").list.len() == 1)
        .select("at", pl.col("resolved_id").list.first())
    )
    if resolved.is_empty():
        return rows
    return rows.with_columns(rows[column].scatter(resolved["at"], resolved["resolved_id"]))


def identity_difference(
    as_was: Mapping[type[Contract], pl.DataFrame], as_is: Mapping[type[Contract], pl.DataFrame]
) -> pl.DataFrame:
    """What changes for each partner between a run as was and a run as is on the same data.

    Both give their `touches` and `partner_credit`. One row per partner whose numbers differ:
    `partner_id`, `touches_as_was`, `touches_as_is`, `credited_as_was`, `credited_as_is`, amounts in
    the reporting currency; the largest change first. An opportunity without an amount adds nothing
    to them; a partner that one of the two does not name has 0 touches and 0.00 there.
    """
    was, now = _by_partner(as_was, "as_was"), _by_partner(as_is, "as_is")
    counts = ["touches_as_was", "touches_as_is"]
    amounts = ["credited_as_was", "credited_as_is"]
    change = pl.col("credited_as_is") - pl.col("credited_as_was")
    return (
        was.join(now, on="partner_id", how="full", coalesce=True)
        .with_columns(pl.col(*counts, *amounts).fill_null(0))
        .filter((pl.col(counts[0]) != pl.col(counts[1])) | (change != 0))
        .sort(change.abs(), "partner_id", descending=[True, False])
        .select("partner_id", *counts, *amounts)
    )


def _by_partner(tables: Mapping[type[Contract], pl.DataFrame], name: str) -> pl.DataFrame:
    counted = tables[Touches].group_by("partner_id").agg(pl.len().cast(pl.Int64).alias("touches"))
    credited = tables[PartnerCredit].group_by("partner_id").agg(pl.col("credited_amount").sum())
    return counted.join(credited, on="partner_id", how="full", coalesce=True).select(
        "partner_id",
        pl.col("touches").alias(f"touches_{name}"),
        pl.col("credited_amount").alias(f"credited_{name}"),
    )
