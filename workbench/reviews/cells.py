"""The cells that both pages share: opportunities, amounts, links."""

from typing import Any
from urllib.parse import quote

import polars as pl

from workbench.case_report.view import web_address
from workbench.readout.formats import printable, readable_amount
from workbench.reviews.view import Cell
from workbench.worklists.lists import record_address

NOTHING = "–"


def with_names(
    rows: pl.DataFrame, *, opportunities: pl.DataFrame, partners: pl.DataFrame, partner_column: str
) -> list[dict[str, Any]]:
    """The rows, in their order, with `name` of the opportunity and `partner`, that of the partner.

    Each is null where the table has none.
    """
    named = opportunities.select("opportunity_id", "name")
    of_partner = partners.select(pl.col("partner_id").alias(partner_column), partner="name")
    return (
        rows.join(named, on="opportunity_id", how="left", maintain_order="left")
        .join(of_partner, on=partner_column, how="left", maintain_order="left")
        .to_dicts()
    )


def opportunity_cell(row: dict[str, Any], *, record_url: str | None) -> Cell:
    """An opportunity: its name leads to its case, its id to its record where an address is set."""
    key, name = row["opportunity_id"], row["name"]
    record = record_address(record_url, "opportunities", key) or ""
    return Cell(
        printable(name or key),
        f"scorecard.html#case={quote(key, safe='')}",
        printable(key) if name or record else "",
        record,
    )


def text_cell(text: str | None) -> Cell:
    """A text of the data, with what cannot be seen made visible; a dash where there is none."""
    return Cell(printable(text) if text else NOTHING)


def evidence_cell(row: dict[str, Any]) -> Cell:
    """The evidence grade, which leads to the deciding touch's link where that is a web address."""
    return Cell(row["evidence_grade"] or NOTHING, web_address(row["evidence_url"]))


def amount_cell(row: dict[str, Any], *, currency: str) -> Cell:
    """What an opportunity is worth in the reporting currency; `not known` without an amount."""
    return Cell(readable_amount(row["amount_reporting"], currency=currency, has_cents=False))
