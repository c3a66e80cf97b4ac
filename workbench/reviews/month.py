"""The period of a review, as its sections look it up."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.params import RunParams
from workbench.readout.headline import Headline
from workbench.reviews.cells import opportunity_cell, with_names
from workbench.reviews.view import Cell
from workbench.trace_report import figure_address

CLASSES: Final = {
    "sourced": "Sourced",
    "influenced": "Influenced",
    "co_sell": "Either (co-sell)",
    "direct": "Direct",
}


@dataclass(frozen=True)
class Month:
    """What every section of the page looks up."""

    headline: Headline
    events: pl.DataFrame
    opportunities: pl.DataFrame
    partners: pl.DataFrame
    params: RunParams
    pages: Collection[str]

    def records(self, metric: str, classification: str) -> str:
        """The page of the records behind a figure of the period; empty where the site has none."""
        address = figure_address(metric, classification)
        return address if address in self.pages else ""

    @property
    def currency(self) -> str:
        return self.params.reporting_currency

    def named(self, rows: pl.DataFrame) -> list[dict[str, Any]]:
        """The rows, in their order, with the names of opportunity and primary partner."""
        return with_names(
            rows,
            opportunities=self.opportunities,
            partners=self.partners,
            partner_column="primary_partner_id",
        )

    def opportunity(self, row: dict[str, Any]) -> Cell:
        return opportunity_cell(row, record_url=self.params.record_url)
