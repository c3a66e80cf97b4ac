"""Where effort pays: who is there in time, who wins then, and how sure one can be of it."""

from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.attribution.money import reporting_amount
from workbench.contracts import PartnerEffort, ProgramCosts
from workbench.metrics import MetricInputs
from workbench.params import RunParams
from workbench.programme.rates import shrunken_rates
from workbench.programme.year import in_year, sourced_wins

SURE: Final = 0.9
_COUNTS: Final = ("opportunity_count", "early_count", "won_count")


def partner_effort(inputs: MetricInputs, *, params: RunParams) -> pl.DataFrame:
    """One row per active partner: what it brought and cost in a year, and its part in what closed.

    A partner is *early* in an opportunity when its first accepted touch lies in the first half of
    the time from creation to close, or before it: later, the outcome begins to show. Its win rate
    is that of the opportunities in which it was early. Both are of all opportunities that closed
    by the as-of day, with the intervals of `shrunken_rates`; null where no touch counts at all.
    `involvement` is told only where it is surer than nine in ten that the partner is early, or that
    it is late, more often than not.

    Raises RateError where a cost of the twelve months has no rate on its day.
    """
    found = (
        inputs.partners.filter("active")
        .select("partner_id")
        .join(_closed(inputs, params), on="partner_id", how="left")
        .with_columns(pl.col(_COUNTS).fill_null(0))
        .join(
            sourced_wins(inputs, as_of=params.as_of, timezone=params.timezone),
            on="partner_id",
            how="left",
        )
        .join(_costs(inputs, params), on="partner_id", how="left")
        .sort("partner_id")
    )
    early = shrunken_rates(found["early_count"], found["opportunity_count"])
    win = shrunken_rates(found["won_count"], found["early_count"])
    return (
        pl.concat(
            [
                found,
                early.select(
                    early_rate="rate",
                    early_low_rate="low",
                    early_high_rate="high",
                    early_chance="chance",
                ),
                win.select(win_rate="rate", win_low_rate="low", win_high_rate="high"),
            ],
            how="horizontal",
        )
        .with_columns(
            pl.when(pl.col("early_chance") > SURE)
            .then(pl.lit("early"))
            .when(pl.col("early_chance") < 1 - SURE)
            .then(pl.lit("late"))
            .otherwise(pl.lit("not_told"))
            .alias("involvement")
        )
        .select(list(PartnerEffort.dtypes()))
    )


def effort_in_words(effort: pl.DataFrame) -> str:
    """Of how many partners the data can tell whether they come in time: one sentence."""
    counts = dict(effort.group_by("involvement").len().iter_rows())
    return (
        f"Of {effort.height:,} active partners, {counts.get('early', 0):,} are there in the first "
        f"half of an opportunity more often than not and {counts.get('late', 0):,} are not, each "
        f"with {SURE:.0%} certainty; of {counts.get('not_told', 0):,} the data cannot tell."
    )


def _closed(inputs: MetricInputs, params: RunParams) -> pl.DataFrame:
    """One row per partner that touched a closed opportunity: how many, early in, and then won."""
    closed = inputs.attribution.filter(
        pl.col("status").is_in(["won", "lost"])
        & (local_day("closed_at", params.timezone) <= params.as_of)
    ).select("opportunity_id", "created_at", "closed_at", (pl.col("status") == "won").alias("won"))
    first = (
        inputs.audit.filter(pl.col("decision") == "accepted")
        .group_by("opportunity_id", "partner_id")
        .agg(pl.col("touched_at").min())
    )
    into, life = (pl.col(at) - pl.col("created_at") for at in ("touched_at", "closed_at"))
    is_early = into * 2 <= life
    return (
        first.join(closed, on="opportunity_id")
        .group_by("partner_id")
        .agg(
            pl.len().cast(pl.Int64).alias("opportunity_count"),
            is_early.sum().cast(pl.Int64).alias("early_count"),
            (is_early & pl.col("won")).sum().cast(pl.Int64).alias("won_count"),
        )
    )


def _costs(inputs: MetricInputs, params: RunParams) -> pl.DataFrame:
    """One row per partner to which a cost of the twelve months was booked."""
    table = ProgramCosts.empty() if inputs.program_costs is None else inputs.program_costs
    costs = table.filter(in_year(pl.col("incurred_on"), params.as_of)).with_columns(
        day="incurred_on"
    )
    cost = reporting_amount(
        costs,
        record="cost_id",
        fx_rates=inputs.fx_rates,
        reporting_currency=params.reporting_currency,
    )
    return (
        costs.select("partner_id", cost.alias("program_cost"))
        .drop_nulls("partner_id")
        .group_by("partner_id")
        .agg(pl.col("program_cost").sum().cast(pl.Decimal(18, 2)))
    )
