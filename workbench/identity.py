"""Who is who: record ids in one form, partners under other names, accounts merged into others."""

from typing import Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import AccountMerges, PartnerAliases, Partners

_CHECKSUM_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CHECKSUM: Final = {
    "".join(str(number >> bit & 1) for bit in range(5)): letter
    for number, letter in enumerate(_CHECKSUM_LETTERS)
}
_SHORT_ID: Final = r"^(?:001|003|005|006|00Q|701)[A-Za-z0-9]{12}$"


def is_short_salesforce_id(column: pl.Expr) -> pl.Expr:
    """Whether an id is a Salesforce record id in its 15-character form, by length and key prefix.

    The prefixes are those of account, contact, user, opportunity, lead and campaign.
    """
    return (column.str.len_bytes() == 15) & column.str.contains(_SHORT_ID)


def salesforce_id(column: pl.Expr) -> pl.Expr:
    """The id in its 18-character form; an id that is no short Salesforce id stays as it is.

    The last three characters are the checksum that Salesforce documents: each stands for five
    characters of the id, and tells, lowest bit first, which of them are capitals.
    """
    capitals = column.str.replace_all(r"[^A-Z]", "0").str.replace_all(r"[A-Z]", "1")
    checksum = [
        capitals.str.slice(start, 5).replace_strict(_CHECKSUM, default=None, return_dtype=pl.String)
        for start in (0, 5, 10)
    ]
    return (
        pl.when(is_short_salesforce_id(column))
        .then(pl.concat_str(column, *checksum))
        .otherwise(column)
    )


def resolve_aliases(
    touches: pl.DataFrame,
    *,
    aliases: DataFrame[PartnerAliases],
    partners: DataFrame[Partners],
    timezone: str,
) -> pl.DataFrame:
    """The touches, with a partner's other name replaced by the partner's id.

    One row per touch, in the order given. A `partner_id` that is no partner but equals an alias
    valid on the touched day, both ends included, in calendar days of `timezone`, becomes that
    partner's id. Comparison is exact; an alias of two partners on that day stays as it is.
    """
    unknown = touches.with_row_index("at").join(partners, on="partner_id", how="anti")
    day = pl.col("touched_at").dt.convert_time_zone(timezone).dt.date()
    resolved = (
        unknown.select("at", alias="partner_id", day=day)
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
        return touches
    partner_id = touches["partner_id"].scatter(resolved["at"], resolved["resolved_id"])
    return touches.with_columns(partner_id)


def merges_in_a_circle(account_merges: pl.DataFrame) -> pl.Series:
    """The merged accounts that, followed from merge to merge, come back to themselves."""
    end = _followed(account_merges)
    circling = end.join(end, left_on="surviving_account_id", right_on="account_id", how="semi")
    return circling["surviving_account_id"].unique().sort()


def surviving_accounts(account_merges: DataFrame[AccountMerges]) -> pl.DataFrame:
    """Where each merged account ended up, chains followed to their end.

    One row per merged account: `account_id`, `surviving_account_id`, sorted by `account_id`.
    Merges that go in a circle, which ingest rejects, have no end and no row.
    """
    end = _followed(account_merges)
    return end.join(end, left_on="surviving_account_id", right_on="account_id", how="anti").sort(
        "account_id"
    )


def _followed(account_merges: pl.DataFrame) -> pl.DataFrame:
    """Each merged account with the account reached by more steps than there are merges."""
    step = account_merges.select("surviving_account_id", account_id="merged_account_id").select(
        "account_id", "surviving_account_id"
    )
    for _ in range(step.height.bit_length()):
        step = step.join(
            step.select(surviving_account_id="account_id", further="surviving_account_id"),
            on="surviving_account_id",
            how="left",
        ).select(
            "account_id",
            pl.coalesce("further", "surviving_account_id").alias("surviving_account_id"),
        )
    return step
