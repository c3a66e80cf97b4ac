"""What moves between two definitions on one snapshot: classes, amounts, partners' credit."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import polars as pl

from workbench.attribution import Snapshot, classified, credited, local_day
from workbench.definitions import Definition
from workbench.periods import Period
from workbench.vocabulary import CLASSIFICATIONS

Scope = Literal["bookings of the period", "bookings of all time", "pipeline", "all opportunities"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

_Classes: Final = pl.Enum(CLASSIFICATIONS)
_AMOUNT: Final = pl.Decimal(38, 2)


@dataclass(frozen=True)
class Reading:
    """What a definition says of a snapshot, without the audit of its touches."""

    opportunity_attribution: pl.DataFrame
    partner_credit: pl.DataFrame


def reading(facts: Snapshot, definition: Definition) -> Reading:
    """The classes and the credit of `workbench.attribution.attribution`, in less time."""
    found = classified(facts, definition)
    return Reading(found.opportunity_attribution, credited(found, definition))


@dataclass(frozen=True)
class Changes:
    """What one definition says beside another; amounts in the reporting currency.

    `totals`: one row per class. `moves`: one row per pair of classes between which opportunities
    moved. `swing`: one row per opportunity whose class moved, the largest amounts first; a missing
    amount comes last. `credit`: one row per partner and class, the largest changes first.
    `unknown_amounts` opportunities of the scope have no amount: they are counted and in no sum,
    and a sum of nothing but unknown amounts is null.
    """

    totals: pl.DataFrame
    moves: pl.DataFrame
    swing: pl.DataFrame
    credit: pl.DataFrame
    unknown_amounts: int


def changes(
    before: Reading, after: Reading, *, scope: Scope, period: Period, timezone: str
) -> Changes:
    """Compare two readings of one snapshot over the opportunities of a scope.

    Bookings are won; pipeline is open on the as-of day; a period is counted by the closed day in
    `timezone`. A class without an opportunity has the amount 0.
    """
    joined = _in_scope(before, scope=scope, period=period, timezone=timezone).join(
        after.opportunity_attribution.select(
            "opportunity_id",
            pl.col("classification").cast(_Classes).alias("now"),
            pl.col("deciding_touch_id").alias("touch_now"),
        ),
        on="opportunity_id",
    )
    moved = joined.filter(pl.col("before") != pl.col("now"))
    return Changes(
        totals=_totals(joined),
        moves=_moves(moved),
        swing=_swing(moved),
        credit=_credit(before, after, joined.select("opportunity_id")),
        unknown_amounts=joined["amount"].null_count(),
    )


def _known_sum(amount: str) -> pl.Expr:
    """The sum of the known amounts; null where none is known."""
    return pl.when(pl.col(amount).count() > 0).then(pl.col(amount).sum()).cast(_AMOUNT)


def _in_scope(before: Reading, *, scope: Scope, period: Period, timezone: str) -> pl.DataFrame:
    is_won = pl.col("status") == "won"
    closed = local_day("closed_at", timezone).is_between(period.start, period.end)
    counted = {
        "bookings of the period": is_won & closed,
        "bookings of all time": is_won,
        "pipeline": pl.col("status") == "open",
        "all opportunities": pl.lit(value=True),
    }[scope]
    return before.opportunity_attribution.filter(counted).select(
        "opportunity_id",
        "account_id",
        pl.col("amount_reporting").cast(_AMOUNT).alias("amount"),
        pl.col("classification").cast(_Classes).alias("before"),
        pl.col("deciding_touch_id").alias("touch_before"),
    )


def _totals(joined: pl.DataFrame) -> pl.DataFrame:
    totals = pl.DataFrame({"classification": CLASSIFICATIONS}, schema={"classification": _Classes})
    for side in ("before", "now"):
        opportunities, amount = f"opportunities_{side}", f"amount_{side}"
        counted = joined.group_by(pl.col(side).alias("classification")).agg(
            pl.len().cast(pl.Int64).alias(opportunities), _known_sum("amount").alias(amount)
        )
        totals = totals.join(
            counted, on="classification", how="left", maintain_order="left"
        ).with_columns(
            pl.col(opportunities).fill_null(0),
            pl.when(pl.col(opportunities).is_null())
            .then(0)
            .otherwise(amount)
            .cast(_AMOUNT)
            .alias(amount),
        )
    change = pl.col("amount_now") - pl.col("amount_before")
    return totals.with_columns(pl.col("classification").cast(pl.String)).with_columns(
        change.alias("amount_change")
    )


def _moves(moved: pl.DataFrame) -> pl.DataFrame:
    return (
        moved.group_by("before", "now")
        .agg(pl.len().cast(pl.Int64).alias("opportunities"), _known_sum("amount").alias("amount"))
        .sort("before", "now")
        .with_columns(pl.col("before", "now").cast(pl.String))
    )


def _swing(moved: pl.DataFrame) -> pl.DataFrame:
    return (
        moved.sort(
            pl.col("amount").abs(), "opportunity_id", descending=[True, False], nulls_last=True
        )
        .select(
            "opportunity_id",
            "account_id",
            "before",
            "now",
            "amount",
            "touch_before",
            "touch_now",
        )
        .with_columns(pl.col("before", "now").cast(pl.String))
    )


def _credit(before: Reading, after: Reading, counted: pl.DataFrame) -> pl.DataFrame:
    """Credited amounts; in the model `full` the partners of one opportunity have each the whole."""
    keys = ["partner_id", "classification"]

    def credited(result: Reading, name: str) -> pl.DataFrame:
        return (
            result.partner_credit.join(counted, on="opportunity_id", how="semi")
            .group_by(keys)
            .agg(_known_sum("credited_amount").alias(name), pl.lit(value=True).alias(f"has_{name}"))
        )

    both = credited(before, "credit_before").join(
        credited(after, "credit_now"), on=keys, how="full", coalesce=True
    )
    change = pl.col("credit_now") - pl.col("credit_before")
    return (
        both.with_columns(
            pl.when(pl.col(f"has_{name}").is_null())
            .then(0)
            .otherwise(name)
            .cast(_AMOUNT)
            .alias(name)
            for name in ("credit_before", "credit_now")
        )
        .with_columns(change.alias("credit_change"))
        .sort(
            pl.col("credit_change").abs(),
            *keys,
            descending=[True, False, False],
            nulls_last=True,
        )
        .select(*keys, "credit_before", "credit_now", "credit_change")
    )
