"""Salesforce record ids in one form."""

from typing import Final

import polars as pl

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
