"""What the scorecard shows of each opportunity."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import (
    Accounts,
    Contract,
    Opportunities,
    OpportunityAttribution,
    Partners,
)


@dataclass(frozen=True)
class RowTables:
    """The tables behind the rows of the scorecard."""

    attribution: pl.DataFrame
    opportunities: pl.DataFrame
    accounts: pl.DataFrame
    partners: pl.DataFrame

    contracts: ClassVar[tuple[type[Contract], ...]] = (
        OpportunityAttribution,
        Opportunities,
        Accounts,
        Partners,
    )

    @classmethod
    def of(cls, tables: Mapping[type[Contract], pl.DataFrame]) -> "RowTables":
        """The tables among those of a run. Raises KeyError where one is missing."""
        return cls(*(tables[contract] for contract in cls.contracts))


def scorecard_rows(tables: RowTables, *, timezone: str) -> pl.DataFrame:
    """One row per opportunity of the run, sorted by `opportunity_id`.

    Class, status and `amount` (in the reporting currency) are those of the run; the partner is the
    primary one, type and tier are its own, and the region is the account's, as in the metrics.
    `created_on` and `closed_on` are days of `timezone`. What is not known is null.
    """
    is_partnered = pl.col("classification") != "direct"
    partners = tables.partners.lazy().select(
        "partner_id", pl.col("name").alias("partner"), "partner_type", "tier"
    )
    accounts = tables.accounts.lazy().select(
        "account_id", pl.col("name").alias("account"), "region"
    )
    return (
        tables.attribution.lazy()
        .join(
            tables.opportunities.lazy().select("opportunity_id", "name"),
            on="opportunity_id",
            how="left",
        )
        .with_columns(partner_id=pl.when(is_partnered).then("primary_partner_id"))
        .join(accounts, on="account_id", how="left")
        .join(partners, on="partner_id", how="left")
        .select(
            "opportunity_id",
            "name",
            "account_id",
            pl.coalesce("account", "account_id").alias("account"),
            "classification",
            "evidence_grade",
            "partner_id",
            pl.coalesce("partner", "partner_id").alias("partner"),
            "partner_type",
            "tier",
            "region",
            "owner",
            "status",
            local_day("created_at", timezone).alias("created_on"),
            local_day("closed_at", timezone).alias("closed_on"),
            pl.col("amount_reporting").alias("amount"),
        )
        .sort("opportunity_id")
        .collect()
    )
