"""The words that messages share."""

import polars as pl


def sentence(template: str, *parts: pl.Expr | str) -> pl.Expr:
    """The template with a part, or the column of that name, in place of each `{}`.

    Null where a part is null. `pl.format` says the same, but panics on some frames of several
    chunks (pola-rs/polars#25525).
    """
    first, *rest = template.split("{}")
    pieces = [pl.lit(first)]
    for part, text in zip(parts, rest, strict=True):
        pieces += [pl.col(part) if isinstance(part, str) else part, pl.lit(text)]
    return pl.concat_str(pieces)


def touch() -> pl.Expr:
    """`The deal registration by Nordwind on 2026-03-04`."""
    return sentence(
        "The {} by {} on {}",
        touch_type("touch_type"),
        pl.coalesce("partner_name", "partner_id"),
        "touch_day",
    )


def touch_type(column: str) -> pl.Expr:
    """`deal registration` for deal_registration."""
    return pl.col(column).str.replace_all("_", " ", literal=True)


def opportunity() -> pl.Expr:
    """`Opportunity Acme renewal`, by its id where it has no name."""
    return sentence("Opportunity {}", pl.coalesce("name", "opportunity_id"))


def day_count(days: pl.Expr) -> pl.Expr:
    """`1 day`, `12 days`."""
    return pl.when(days == 1).then(pl.lit("1 day")).otherwise(sentence("{} days", days))


def days_between(first: str, last: str) -> pl.Expr:
    """Whole calendar days from one day column to another."""
    return (pl.col(last) - pl.col(first)).dt.total_days()
