"""What moved in a period: the pipeline's way from its first day to its last, and who moved it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.params import RunParams
from workbench.vocabulary import Role

EVENTS: Final = ("won", "created", "lost")
_AMOUNT_COLUMNS: Final = frozenset({"amount", "recurring_amount", "currency"})


@dataclass(frozen=True)
class Total:
    """A group of opportunities: how many, and the sum of the amounts that are known.

    `amount` is in the reporting currency, and None where there are opportunities and none of them
    has one.
    """

    count: int
    amount: Decimal | None
    without_amount: int


@dataclass(frozen=True)
class Walk:
    """The open pipeline of one role through a period.

    open_before + created − won − lost + contradicted = open_after, opportunity by opportunity.
    `contradicted` is what dates that contradict each other add or take: such an opportunity was
    closed before it was created.
    """

    role: Role
    open_before: Total
    created: Total
    won: Total
    lost: Total
    contradicted: Total
    open_after: Total


@dataclass(frozen=True)
class Earlier:
    """The last finished run of the same name: what it said of each opportunity, and by what."""

    attribution: pl.DataFrame
    as_of: date
    reporting_currency: str


def with_events(attribution: pl.DataFrame, *, params: RunParams) -> pl.DataFrame:
    """The attribution with what happened to each opportunity in the period, one column each.

    `is_created`, `is_won` and `is_lost` are of the days of the period up to the as-of day,
    `is_open_before` and `is_open_after` of the day before the first and of the last of them. The
    formulas are those of the metric catalogue.
    """
    first, last = params.fiscal_period.start, min(params.fiscal_period.end, params.as_of)
    created, closed = (local_day(f"{event}_at", params.timezone) for event in ("created", "closed"))
    is_closed = closed.is_between(first, last).fill_null(value=False)
    return attribution.with_columns(
        created.is_between(first, last).alias("is_created"),
        ((pl.col("status") == "won") & is_closed).alias("is_won"),
        ((pl.col("status") == "lost") & is_closed).alias("is_lost"),
        ((created < first) & (closed.is_null() | (closed >= first))).alias("is_open_before"),
        ((created <= last) & (closed.is_null() | (closed > last))).alias("is_open_after"),
    )


def pipeline_walk(events: pl.DataFrame, *, role: Role) -> Walk:
    """How the open pipeline of one role came from its first figure to its last.

    `events` is what `with_events` gives. Amounts and classes are those of today at both ends.
    """
    own = events.filter(classification=role)
    signs = [pl.col(f"is_{name}").cast(pl.Int8) for name in ("open_before", "created")]
    signs += [-pl.col(f"is_{name}").cast(pl.Int8) for name in ("won", "lost")]
    odd = own.with_columns(sign=pl.col("is_open_after").cast(pl.Int8) - sum(signs, pl.lit(0)))
    odd = odd.filter(pl.col("sign") != 0).with_columns(pl.col("amount_reporting") * pl.col("sign"))
    return Walk(
        role=role,
        open_before=_total(own.filter("is_open_before")),
        created=_total(own.filter("is_created")),
        won=_total(own.filter("is_won")),
        lost=_total(own.filter("is_lost")),
        contradicted=_total(odd),
        open_after=_total(own.filter("is_open_after")),
    )


def largest(events: pl.DataFrame, *, event: str, role: Role, rows: int) -> pl.DataFrame:
    """The opportunities of one role to which an event happened, largest first, at most `rows`."""
    own = events.filter(pl.col("classification") == role, f"is_{event}")
    return _largest_first(own).head(rows)


def class_changes(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The opportunities whose class differs from that of an earlier run, largest first.

    The columns of `now` and `classification_before`.
    """
    was = before.select("opportunity_id", classification_before="classification")
    moved = now.join(was, on="opportunity_id")
    return _largest_first(moved.filter(pl.col("classification") != pl.col("classification_before")))


def amount_changes(
    now: pl.DataFrame, before: pl.DataFrame, *, row_changes: pl.DataFrame
) -> pl.DataFrame:
    """The opportunities whose amount or currency was edited since an earlier run.

    The columns of `now` and `amount_before`, the largest change first. What exchange rates alone
    moved is not among them.
    """
    edited = row_changes.filter(
        pl.col("table") == "opportunities",
        pl.col("columns").list.set_intersection(list(_AMOUNT_COLUMNS)).list.len() > 0,
    ).select(opportunity_id="record_id")
    was = before.select("opportunity_id", amount_before="amount_reporting")
    moved = now.join(edited, on="opportunity_id").join(was, on="opportunity_id")
    moved = moved.filter(pl.col("amount_reporting").ne_missing(pl.col("amount_before")))
    size = pl.col("amount_reporting").fill_null(0) - pl.col("amount_before").fill_null(0)
    return moved.sort(size.abs(), "opportunity_id", descending=[True, False])


def gone(before: pl.DataFrame, *, row_changes: pl.DataFrame) -> pl.DataFrame:
    """What an earlier run said of the opportunities that the source no longer has, largest first.

    Rejected ones and those merged into others are among them.
    """
    removed = row_changes.filter(table="opportunities", change="removed")
    return _largest_first(
        before.join(removed.select(opportunity_id="record_id"), on="opportunity_id", how="semi")
    )


def _largest_first(rows: pl.DataFrame) -> pl.DataFrame:
    size = pl.col("amount_reporting").abs()
    return rows.sort(size, "opportunity_id", descending=[True, False], nulls_last=True)


def _total(rows: pl.DataFrame) -> Total:
    amounts = rows["amount_reporting"]
    missing = amounts.null_count()
    amount = Decimal(amounts.sum() or 0).quantize(Decimal("0.01"))
    return Total(rows.height, None if 0 < rows.height == missing else amount, missing)
