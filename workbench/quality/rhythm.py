"""When touches were logged: before a close, before a quarter's end, after a run had read them."""

from datetime import date

import polars as pl

from workbench.attribution import local_day
from workbench.params import RunParams
from workbench.periods import TableCalendar
from workbench.quality import words


def earlier_reads(touches: pl.LazyFrame, timezone: str) -> pl.LazyFrame:
    """One row per run that first saw a touch: `first_seen_at`, its day, and `read_before_day`.

    `read_before_day` is the day of the run before it that brought a touch which is still there:
    the last one known not to have had it. The first of all has none.
    """
    return (
        touches.select("first_seen_at")
        .unique()
        .sort("first_seen_at")
        .with_columns(local_day("first_seen_at", timezone).alias("first_seen_day"))
        .with_columns(pl.col("first_seen_day").shift(1).alias("read_before_day"))
    )


def log_days_before_close(touches: pl.LazyFrame, closed: pl.LazyFrame) -> pl.LazyFrame:
    """One row per won or lost opportunity with touches logged by its close.

    `log_days_before_close` lists how many days before the close each of them was logged.
    """
    return (
        touches.select("opportunity_id", "logged_day")
        .join(closed.select("opportunity_id", "closed_day"), on="opportunity_id")
        .filter(pl.col("logged_day") <= pl.col("closed_day"))
        .group_by("opportunity_id")
        .agg(words.days_between("logged_day", "closed_day").alias("log_days_before_close"))
    )


def log_days_to_quarter_end(touches: pl.LazyFrame, by: str, *, params: RunParams) -> pl.LazyFrame:
    """One row per value of `by` whose touches say when they were logged.

    `log_days_to_quarter_end` lists how many days were then left of the fiscal quarter, 0 on its
    last day. A touch that was logged outside the calendar is in no quarter.
    """
    logged = touches.select(by, "logged_day").drop_nulls()
    quarters = (
        logged.select("logged_day")
        .unique()
        .sort("logged_day")
        .join_asof(
            _quarter_ends(params).lazy(),
            left_on="logged_day",
            right_on="quarter_end",
            strategy="forward",
            coalesce=False,
        )
        .filter(pl.col("logged_day") >= pl.col("quarter_start"))
    )
    return (
        logged.join(quarters, on="logged_day")
        .group_by(by)
        .agg(words.days_between("logged_day", "quarter_end").alias("log_days_to_quarter_end"))
    )


def _quarter_ends(params: RunParams) -> pl.DataFrame:
    """One row per fiscal quarter, in order: `quarter_start`, `quarter_end`."""
    calendar = params.fiscal_period.calendar
    if isinstance(calendar, TableCalendar):
        spans = [(start, end) for label, start, end in calendar.spans if "-Q" in label]
        schema = {"quarter_start": pl.Date, "quarter_end": pl.Date}
        return pl.DataFrame(spans, schema=schema, orient="row").sort("quarter_end")
    first_month = params.fiscal_year_start % 3  # of the months 1 to 12, modulo 3
    start = pl.date_range(date(1970, 1, 1), date(2200, 1, 1), "1mo").alias("quarter_start")
    return (
        pl.select(start)
        .filter(pl.col("quarter_start").dt.month() % 3 == first_month)
        .with_columns(
            pl.col("quarter_start").dt.offset_by("3mo").dt.offset_by("-1d").alias("quarter_end")
        )
    )
