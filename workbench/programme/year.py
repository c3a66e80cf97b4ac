"""What partners brought in the twelve months to the as-of day."""

from datetime import date, timedelta

import polars as pl

from workbench.attribution import local_day
from workbench.metrics import MetricInputs


def in_year(day: pl.Expr, as_of: date) -> pl.Expr:
    """Whether a day lies in the twelve months that end with the as-of day."""
    start = pl.lit(as_of + timedelta(days=1)).dt.offset_by("-1y")
    return (day >= start) & (day <= as_of)


def sourced_wins(inputs: MetricInputs, *, as_of: date, timezone: str) -> pl.DataFrame:
    """One row per partner with a sourced win in the twelve months to the as-of day.

    `sourced_bookings` is what it is credited with, in the reporting currency, null where no amount
    is known; `sourced_wins` counts its opportunities, `unknown_amount_count` those without amount.
    """
    won = inputs.attribution.filter(
        (pl.col("status") == "won") & in_year(local_day("closed_at", timezone), as_of)
    )
    sourced = inputs.credit.filter(pl.col("classification") == "sourced")
    return (
        sourced.join(won.select("opportunity_id"), on="opportunity_id", how="semi")
        .group_by("partner_id")
        .agg(
            pl.when(pl.col("credited_amount").count() > 0)
            .then(pl.col("credited_amount").sum())
            .cast(pl.Decimal(18, 2))
            .alias("sourced_bookings"),
            pl.len().cast(pl.Int64).alias("sourced_wins"),
            pl.col("credited_amount").null_count().cast(pl.Int64).alias("unknown_amount_count"),
        )
    )
