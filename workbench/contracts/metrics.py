"""The tables that the stage of the metrics writes; contract.md, section 3."""

import pandera.polars as pa
import polars as pl

from workbench.contracts.base import Contract, Date, Instant, Money
from workbench.vocabulary import (
    RESTATEMENT_PARTS,
    ROLES,
)


class Metrics(Contract):
    """One row per metric, period, classification and member of a dimension; see metrics.md.

    `value` is null exactly when `reason` says why.
    """

    metric: str
    category: str = pa.Field(
        isin=("pipeline", "motion", "coverage", "trust", "velocity", "programme")
    )
    definition_id: str
    period: str
    classification: str = pa.Field(isin=("sourced", "influenced", "co_sell", "direct", "all"))
    dimension: str = pa.Field(
        isin=(
            "all",
            "partner",
            "parent_partner",
            "partner_type",
            "tier",
            "region",
            "segment",
            "touch_type",
            "owner",
            "direction",
            "category",
            "opportunity_type",
        )
    )
    member: str
    value: float = pa.Field(nullable=True)
    unit: str = pa.Field(isin=("currency", "ratio", "days", "count"))
    numerator: float = pa.Field(nullable=True)
    denominator: float = pa.Field(nullable=True)
    n: int = pa.Field(nullable=True, ge=0)
    ci_low: float = pa.Field(nullable=True)
    ci_high: float = pa.Field(nullable=True)
    reason: str = pa.Field(nullable=True)
    basis: str = pa.Field(isin=("current", "as_reported"))

    class Config(Contract.Config):
        name = "metrics"
        unique = [
            "metric",
            "definition_id",
            "period",
            "classification",
            "dimension",
            "member",
            "basis",
        ]

    @pa.dataframe_check
    @classmethod
    def a_missing_value_has_a_reason(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("value").is_null() == pl.col("reason").is_not_null())

    @pa.dataframe_check
    @classmethod
    def numbers_are_finite(cls, data: pa.PolarsData) -> pl.LazyFrame:
        numbers = pl.col("value", "numerator", "denominator", "ci_low", "ci_high")
        return data.lazyframe.select(pl.all_horizontal(numbers.is_finite().fill_null(value=True)))

    @pa.dataframe_check
    @classmethod
    def all_is_the_only_member_of_all(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select((pl.col("dimension") != "all") | (pl.col("member") == "all"))

    @pa.dataframe_check
    @classmethod
    def sourced_and_influenced_are_never_added(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            ~((pl.col("classification") == "co_sell") & (pl.col("unit") == "currency"))
        )


class SealedPeriods(Contract):
    """One row per period of the trend that was reported and sealed: by which run, and how.

    `fingerprint` is the SHA-256 of the run's `seal.json`. Where a period was sealed more than once
    it is the run that read its sources last, of those that did so no later than this run.
    """

    period: str = pa.Field(unique=True)
    run_id: str
    as_of: Date
    read_at: Instant
    definition_id: str
    definition_version: int = pa.Field(ge=1)
    reporting_currency: str
    fingerprint: str

    class Config(Contract.Config):
        name = "sealed_periods"


class Restatement(Contract):
    """One row per figure, opportunity and part of the bridge that moved it.

    From the last sealed period as reported to the same period as worked out today: `before` and
    `after` are the opportunity's amount in the figure, in the reporting currency, null where it is
    not in it or has no amount; `change` is after − before. The changes of a figure add up to the
    difference between the two, to the cent.
    """

    period: str
    metric: str = pa.Field(isin=("bookings", "open_pipeline"))
    classification: str = pa.Field(isin=ROLES)
    part: str = pa.Field(isin=RESTATEMENT_PARTS)
    opportunity_id: str
    before: Money = pa.Field(nullable=True)
    after: Money = pa.Field(nullable=True)
    change: Money

    class Config(Contract.Config):
        name = "restatement"
        unique = ["period", "metric", "classification", "part", "opportunity_id"]

    @pa.dataframe_check
    @classmethod
    def change_is_after_minus_before(cls, data: pa.PolarsData) -> pl.LazyFrame:
        moved = pl.col("after").fill_null(0) - pl.col("before").fill_null(0)
        return data.lazyframe.select((pl.col("change") == moved) & (pl.col("change") != 0))
