"""The figures of each partner, out of the metrics table: the same numbers that the run has."""

from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import Handoffs, Metrics
from workbench.metrics.intervals import wilson_interval
from workbench.params import RunParams
from workbench.periods import TREND_PERIODS
from workbench.vocabulary import ROLES

BY_CLASS: Final = {
    "bookings": "currency",
    "created_pipeline": "currency",
    "open_pipeline": "currency",
    "won_count": "count",
    "lost_count": "count",
}
OF_THE_LOG: Final = {
    "touches_logged": "count",
    "registrations": "count",
    "evidence_rate": "ratio",
    "logged_on_time_rate": "ratio",
    "handoffs_sent": "count",
    "handoffs_accepted": "count",
    "handoff_acceptance_rate": "ratio",
}
# Why a partner without a row has no rate, where others have one.
_NOTHING: Final = {
    "evidence_rate": "no touch in the period",
    "logged_on_time_rate": "no touch in the period has a log date",
    "handoff_acceptance_rate": "no handoff was answered in the period",
}
_NOT_BEGUN: Final = "it begins after the as-of day"
_KEY: Final = ["metric", "classification", "period"]
COLUMNS: Final = (
    "partner_id",
    *_KEY,
    "value",
    "unit",
    "numerator",
    "denominator",
    "n",
    "ci_low",
    "ci_high",
    "reason",
)


def partner_figures(
    metrics: pl.DataFrame,
    handoffs: pl.DataFrame | None,
    *,
    partner_ids: pl.Series,
    params: RunParams,
) -> pl.DataFrame:
    """One row per partner, metric, classification and period of the trend, complete.

    `bookings` to `lost_count` are by class, the others under `all`. A sum or a count over nothing
    is 0, a rate of nothing null with its `reason`, and so is everything of a period that has not
    begun. Two figures are not in the metrics table: `win_rate` is won_count ÷ (won_count +
    lost_count) with its Wilson 95 % interval, so that it is the primary partner's; and
    `handoffs_waiting` counts those sent and not answered by the end of the period.
    """
    current = metrics.filter(basis="current")
    own = current.filter(dimension="partner").rename({"member": "partner_id"})
    of_all = current.filter(dimension="all").select(*_KEY, all_reason="reason")
    figures = (
        _grid(partner_ids, params)
        .join(own.drop("unit", "reason").with_columns(has_row=True), ["partner_id", *_KEY], "left")
        .join(own.select("partner_id", *_KEY, "reason"), on=["partner_id", *_KEY], how="left")
        .join(of_all, on=_KEY, how="left")
        .with_columns(pl.col("has_row").fill_null(value=False))
        .with_columns(_of_nothing("value", pl.Float64), _of_nothing("n", pl.Int64))
        .with_columns(_reason())
        .select(COLUMNS)
    )
    return pl.concat([figures, _win_rates(figures), _waiting(handoffs, partner_ids, params)]).sort(
        "partner_id", "metric", "classification", "period"
    )


def _grid(partner_ids: pl.Series, params: RunParams) -> pl.DataFrame:
    """The key of every row, and whether its period has begun by the as-of day."""
    keys = [
        (metric, classification, unit)
        for metrics, classes in ((BY_CLASS, ROLES), (OF_THE_LOG, ("all",)))
        for metric, unit in metrics.items()
        for classification in classes
    ]
    grid = pl.DataFrame(keys, schema=["metric", "classification", "unit"], orient="row")
    return (
        partner_ids.to_frame("partner_id")
        .join(grid, how="cross")
        .join(_periods(params).select("period", "has_begun"), how="cross")
    )


def _periods(params: RunParams) -> pl.DataFrame:
    """One row per period of the trend: its last day that is known, and whether it has begun."""
    trail = params.fiscal_period.trail(TREND_PERIODS)
    return pl.DataFrame(
        {
            "period": [period.label for period in trail],
            "last_day": [min(period.end, params.as_of) for period in trail],
            "has_begun": [period.start <= params.as_of for period in trail],
        }
    )


def _of_nothing(column: str, dtype: type[pl.DataType]) -> pl.Expr:
    """The figure, or 0 for a sum or a count without a row that could have had one.

    A count over everything is never null, unless the source lacks what is counted.
    """
    is_counted = (pl.col("unit") == "count") & pl.col("all_reason").is_null()
    is_zero = pl.col("has_begun") & ((pl.col("unit") == "currency") | is_counted)
    zero = pl.when(is_zero).then(pl.lit(0, dtype))
    return pl.when("has_row").then(column).otherwise(zero).alias(column)


def _reason() -> pl.Expr:
    nothing = pl.col("metric").replace_strict(_NOTHING, default=None, return_dtype=pl.String)
    return (
        pl.when(pl.col("has_row") | pl.col("value").is_not_null())
        .then("reason")
        .when(~pl.col("has_begun"))
        .then(pl.lit(_NOT_BEGUN))
        .when(pl.col("unit") == "currency")
        .then(None)
        .otherwise(pl.coalesce("all_reason", nothing))
        .alias("reason")
    )


def _win_rates(figures: pl.DataFrame) -> pl.DataFrame:
    key = ["partner_id", "classification", "period"]
    won, lost = (
        figures.filter(metric=metric).select(*key, pl.col("value").alias(metric), "reason")
        for metric in ("won_count", "lost_count")
    )
    closed = pl.col("numerator") + pl.col("lost_count")
    low, high = wilson_interval(pl.col("numerator"), pl.col("denominator"))
    has_any = pl.col("denominator") > 0
    return (
        won.rename({"won_count": "numerator"})
        .join(lost.drop("reason"), on=key)
        .with_columns(
            metric=pl.lit("win_rate"),
            unit=pl.lit("ratio"),
            denominator=closed,
            n=closed.cast(pl.Int64),
        )
        .with_columns(
            pl.when(has_any).then(pl.col("numerator") / pl.col("denominator")).alias("value"),
            low.alias("ci_low"),
            high.alias("ci_high"),
            pl.when(pl.col("denominator") == 0)
            .then(pl.lit("no opportunity closed in the period"))
            .otherwise("reason")
            .alias("reason"),
        )
        .select(COLUMNS)
    )


def _waiting(
    handoffs: pl.DataFrame | None, partner_ids: pl.Series, params: RunParams
) -> pl.DataFrame:
    known = Handoffs.empty() if handoffs is None else handoffs
    sent_day, responded_day = (
        local_day(instant, params.timezone) for instant in ("sent_at", "responded_at")
    )
    is_open = (pl.col("response") == "pending") | (responded_day > pl.col("last_day")).fill_null(
        value=False
    )
    periods = _periods(params)
    counts = (
        known.join(periods, how="cross")
        .filter((sent_day <= pl.col("last_day")) & is_open)
        .group_by("partner_id", "period")
        .agg(pl.len().cast(pl.Int64).alias("n"))
    )
    has_count = pl.col("has_begun") & (handoffs is not None)
    lacking = pl.lit("the source has no handoffs" if handoffs is None else None, pl.String)
    reason = pl.when("has_begun").then(lacking).otherwise(pl.lit(_NOT_BEGUN))
    nothing = [
        pl.lit(None, Metrics.dtypes()[name]).alias(name)
        for name in ("numerator", "denominator", "ci_low", "ci_high")
    ]
    return (
        partner_ids.to_frame("partner_id")
        .join(periods, how="cross")
        .join(counts, on=["partner_id", "period"], how="left")
        .with_columns(
            *nothing,
            pl.when(has_count).then(pl.col("n").fill_null(0)).alias("n"),
            metric=pl.lit("handoffs_waiting"),
            classification=pl.lit("all"),
            unit=pl.lit("count"),
            reason=reason,
        )
        .with_columns(pl.col("n").cast(pl.Float64).alias("value"))
        .select(COLUMNS)
    )
