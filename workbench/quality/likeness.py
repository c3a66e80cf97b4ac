"""Records that say the same as an earlier one, or the same in other letters."""

from typing import Final

import polars as pl

from workbench.identity.names import normalised_name
from workbench.quality import words

PICKLISTS: Final = ("stage", "owner", "crm_influence_type")


def repeated_touches(touches: pl.LazyFrame) -> pl.LazyFrame:
    """One row per touch with others of its partner, opportunity, type and day before it.

    The account stands for the opportunity where there is none. The earliest is the first by
    (`touched_at`, `touch_id`): `same_day` is the earliest of the day, and `repeats` the earliest of
    the same moment, where that is another touch.
    """
    target = pl.coalesce("opportunity_id", "account_id")
    same = ["partner_id", "names_account", "target", "touch_type", "touch_day"]
    first = pl.col("touch_id").first()
    of_the_moment = first.over(*same, "touched_at")
    candidates = touches.select(
        "touch_id",
        "touched_at",
        "partner_id",
        "touch_type",
        "touch_day",
        target.alias("target"),
        pl.col("opportunity_id").is_null().alias("names_account"),
    ).drop_nulls("target")
    # Equal hashes are rare and cheap to find; only those rows are compared in full.
    return (
        candidates.filter(pl.struct(same).hash().is_duplicated())
        .sort("touched_at", "touch_id")
        .with_columns(
            first.over(same).alias("same_day"),
            pl.when(of_the_moment != pl.col("touch_id")).then(of_the_moment).alias("repeats"),
        )
        .filter(pl.col("touch_id") != pl.col("same_day"))
        .select("touch_id", "same_day", "repeats")
    )


def same_opportunities(opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """One row per opportunity that repeats an earlier one, by id: `same_opportunity`.

    `opportunities` have `created_day`, and accounts after merges.
    """
    key = ["account_id", "spelled", "amount", "currency", "created_day"]
    candidates = opportunities.select(
        "opportunity_id", *key[:1], *key[2:], words.one_spelling("name").alias("spelled")
    ).drop_nulls(["spelled", "amount"])
    return _with_first(candidates, key, "opportunity_id", "same_opportunity")


def same_partners(partners: pl.LazyFrame) -> pl.LazyFrame:
    """One row per partner with the name of an earlier one, by id: `same_partner`."""
    named = partners.select("partner_id", normalised_name(pl.col("name")).alias("key"))
    return _with_first(named.drop_nulls("key"), ["key"], "partner_id", "same_partner")


def same_accounts(accounts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account with the name or domain of an earlier one: `same_account`, `same`.

    `same` says which; the name where it is both. An account and its parent, or two children of one
    parent, are a family and may share them.
    """
    domain = pl.col("domain").str.to_lowercase().str.replace(r"^(?:https?://)?(?:www\.)?", "")
    keyed = accounts.select(
        "account_id",
        pl.coalesce("parent_account_id", "account_id").alias("family"),
        normalised_name(pl.col("name")).alias("name"),
        domain.str.extract(r"^([^/\s]+)").alias("domain"),
    )
    both = [
        _with_first(
            keyed.select("account_id", "family", pl.col(same).alias("key")).drop_nulls("key"),
            ["key"],
            "account_id",
            "same_account",
            apart="family",
        ).with_columns(pl.lit(same).alias("same"))
        for same in ("name", "domain")
    ]
    return pl.concat(both).unique("account_id", keep="first", maintain_order=True)


def _with_first(
    rows: pl.LazyFrame,
    key: list[str],
    record_id: str,
    name: str,
    *,
    apart: str | None = None,
) -> pl.LazyFrame:
    """The rows whose key an earlier row has, with that row's id; `apart` must differ."""
    first = [pl.col(record_id).first().over(key).alias(name)]
    if apart is not None:
        first.append(pl.col(apart).first().over(key).alias("first_apart"))
    others = (
        rows.filter(pl.struct(key).is_duplicated())
        .sort(record_id)
        .with_columns(first)
        .filter(pl.col(record_id) != pl.col(name))
    )
    if apart is not None:
        others = others.filter(pl.col(apart) != pl.col("first_apart"))
    return others.select(record_id, name)


def spellings(opportunities: pl.LazyFrame) -> pl.LazyFrame:
    """One row per column that should be a list and value in it.

    `spelling` is the key, `column` and `value` its parts, `records` how many have it; `usual` is
    the most frequent value that differs at most in case, blanks, hyphens and underscores, and
    `usual_records` how many have that.
    """
    values = pl.concat(
        [
            opportunities.select(pl.lit(column).alias("column"), pl.col(column).alias("value"))
            for column in PICKLISTS
        ]
    ).drop_nulls()
    word = ["column", "word"]
    return (
        values.group_by("column", "value")
        .agg(pl.len().alias("records"))
        .with_columns(words.one_spelling("value").alias("word"))
        .sort("records", "value", descending=[True, False])
        .with_columns(
            words.sentence("{}:{}", "column", "value").alias("spelling"),
            pl.col("value").first().over(word).alias("usual"),
            pl.col("records").first().over(word).alias("usual_records"),
        )
    )
