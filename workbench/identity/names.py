"""Names of organisations, written in one way, and what they give away."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from workbench.contracts import Accounts, Contract, Partners, Touches

# Endings that say how a company is constituted, not who it is; `and` links them (GmbH & Co. KG).
_LEGAL_FORMS: Final = (
    "ab", "ag", "aps", "as", "bv", "co", "company", "corp", "corporation", "ek", "ev", "gmbh",
    "inc", "incorporated", "kg", "kgaa", "kk", "limited", "llc", "llp", "lp", "ltd", "ltda", "mbh",
    "nv", "ohg", "oy", "oyj", "plc", "pte", "pty", "pvt", "sa", "sarl", "sas", "sasu", "se", "spa",
    "sl", "srl", "ug",
)  # fmt: skip
_ENDING: Final = rf"(?: (?:{'|'.join(_LEGAL_FORMS)}))+$"


def normalised_name(name: pl.Expr) -> pl.Expr:
    """A name as it compares: small letters, no accents, signs, `and`, or legal form at its end.

    "Brindle & Söhne GmbH & Co. KG" and "BRINDLE und Sohne" are both "brindle sohne". A name that
    is nothing but a legal form keeps it; one without letters or digits is missing.
    """
    words = (
        name.str.to_lowercase()
        .str.replace_all("ß", "ss", literal=True)
        .str.normalize("NFKD")
        .str.replace_all(r"[\p{M}.'’]", "")
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.replace_all(r"\b(?:and|und|et)\b", " ")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    bare = words.str.replace(_ENDING, "")
    return pl.when(words != "").then(bare)


def partners_that_are_accounts(tables: Mapping[type[Contract], pl.DataFrame]) -> pl.DataFrame:
    """The partners that are customers too, or may be.

    One row per partner and account: `partner_id`, `account_id`, `same` (`name`, `domain`, or
    `name, domain`), sorted. The name is compared as `normalised_name` gives it. A partner's domains
    are those of its people in the touches; one that people of several partners share says nothing.
    """
    partners, accounts = tables[Partners].lazy(), tables[Accounts].lazy()
    by_name = partners.select("partner_id", key=normalised_name(pl.col("name"))).join(
        accounts.select("account_id", key=normalised_name(pl.col("name"))), on="key"
    )
    by_domain = _partner_domains(tables[Touches].lazy(), partners).join(
        accounts.select("account_id", key=_domain(pl.col("domain"))), on="key"
    )
    found = pl.concat(
        [
            by_name.select("partner_id", "account_id", same=pl.lit("name")),
            by_domain.select("partner_id", "account_id", same=pl.lit("domain")),
        ]
    )
    return (
        found.group_by("partner_id", "account_id")
        .agg(pl.col("same").unique().sort(descending=True).str.join(", "))
        .sort("partner_id", "account_id")
        .collect()
    )


def _partner_domains(touches: pl.LazyFrame, partners: pl.LazyFrame) -> pl.LazyFrame:
    """One row per domain that the people of exactly one partner write from."""
    return (
        touches.select("partner_id", key=_domain(pl.col("partner_contact").str.extract("@(.+)$")))
        .drop_nulls()
        .unique()
        .join(partners.select("partner_id"), on="partner_id", how="semi")
        .group_by("key")
        .agg(pl.col("partner_id").unique())
        .filter(pl.col("partner_id").list.len() == 1)
        .select("key", pl.col("partner_id").list.first())
    )


def _domain(text: pl.Expr) -> pl.Expr:
    """The host of an address, without `www.`; missing when there is none."""
    host = text.str.to_lowercase().str.extract(
        r"^\s*(?:https?://)?(?:www\.)?([^/\s:?#]+\.[^/\s:?#]+)"
    )
    return host.str.strip_chars_end(".")
