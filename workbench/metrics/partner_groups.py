"""Partner groups: partners rolled up to the parent at the top."""

from typing import Final

import polars as pl

CIRCLE: Final = "(parents in a circle)"


def top_parents(partners: pl.DataFrame) -> pl.DataFrame:
    """The parent of parents of each partner; one without a parent is its own.

    One row per partner: `partner`, `parent_partner`. A parent that is no partner of the table is
    a top. Partners whose parents lead round in a circle have no top, and the member `CIRCLE`.
    """
    parents = dict(partners.select("partner_id", "parent_partner_id").iter_rows())

    def top(partner_id: str) -> str:
        passed = {partner_id}
        while (parent := parents.get(partner_id)) is not None:
            if parent in passed:
                return CIRCLE
            passed.add(parent)
            partner_id = parent
        return partner_id

    tops = {partner_id: top(partner_id) for partner_id in parents}
    return pl.DataFrame(
        {"partner": list(tops), "parent_partner": list(tops.values())},
        schema={"partner": pl.String, "parent_partner": pl.String},
    )
