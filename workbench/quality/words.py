"""The words that messages share."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from workbench.definitions.words import kind_in_words
from workbench.vocabulary import TOUCH_TYPES

_SPOKEN: Final = {kind: kind_in_words(kind) for kind in TOUCH_TYPES}


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
    """`deal registration` for deal_registration, `co-sell` for co_sell."""
    return pl.col(column).replace(_SPOKEN)


def one_spelling(text: str) -> pl.Expr:
    """A word of a list for comparison: lower case; blanks, `-` and `_` are one blank."""
    return pl.col(text).str.to_lowercase().str.replace_all(r"[\s_-]+", " ").str.strip_chars()


def listed(parts: Mapping[str, pl.Expr]) -> pl.Expr:
    """The names of those parts that hold, with commas between; empty where none does."""
    named = [pl.when(holds).then(pl.lit(name)) for name, holds in parts.items()]
    return pl.concat_list(named).list.drop_nulls().list.join(", ")


def opportunity() -> pl.Expr:
    """`Opportunity Acme renewal`, by its id where it has no name."""
    return sentence("Opportunity {}", pl.coalesce("name", "opportunity_id"))


def day_count(days: pl.Expr) -> pl.Expr:
    """`1 day`, `12 days`."""
    return counted(days, "day")


def counted(count: pl.Expr | str, noun: str) -> pl.Expr:
    """`1 touch`, `12 touches`: a number or the column of that name, with what it counts."""
    number = pl.col(count) if isinstance(count, str) else count
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    one = pl.lit(f"1 {noun}")
    return pl.when(number == 1).then(one).otherwise(sentence(f"{{}} {plural}", number))


def days_between(first: str, last: str) -> pl.Expr:
    """Whole calendar days from one day column to another."""
    return (pl.col(last) - pl.col(first)).dt.total_days()
