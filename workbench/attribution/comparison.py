"""One snapshot under several definitions: totals, moves, and what makes the difference."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from workbench.attribution.classification import Attribution, attribution
from workbench.attribution.facts import Snapshot, local_day
from workbench.attribution.rulings import ruled
from workbench.contracts import DefinitionComparison
from workbench.definitions import Definition
from workbench.errors import ParameterError, Problem
from workbench.periods import Period
from workbench.rulings import Ruling
from workbench.vocabulary import CLASSIFICATIONS

Classes: Final = pl.Enum(CLASSIFICATIONS)
MOST_OF_IT: Final = 0.8  # the swing opportunities make at least this share of the difference
_ZERO: Final = pl.lit(0).cast(pl.Decimal(18, 2))


@dataclass(frozen=True)
class Comparison:
    """What several definitions say of one snapshot; the others are held against the first.

    `opportunities`: one row per opportunity and definition, in the columns of
    `definition_comparison` and `is_booked`: won, and closed in `period`. `rulings` stand over all
    of them, and are in force.
    """

    definitions: tuple[Definition, ...]
    results: tuple[Attribution, ...]
    opportunities: pl.DataFrame
    period: Period
    timezone: str
    rulings: tuple[Ruling, ...]

    @property
    def table(self) -> pl.DataFrame:
        """The rows of `definition_comparison`."""
        return self.opportunities.select(list(DefinitionComparison.dtypes()))

    @property
    def others(self) -> tuple[Definition, ...]:
        """The definitions that are held against the first."""
        return self.definitions[1:]


def compared(
    facts: Snapshot,
    definitions: Sequence[Definition],
    *,
    period: Period,
    timezone: str,
    rulings: Sequence[Ruling] = (),
) -> Comparison:
    """Every definition over the same snapshot, one pass each; days are those of `timezone`.

    `rulings`, those in force on the as-of day, stand over the rules of every definition.

    Raises ParameterError when two definitions have the same id, for their rows could not be told
    apart, and for every opportunity and partner of a ruling that is not there.
    """
    counts = Counter(definition.id for definition in definitions)
    hint = "give a changed copy of a definition an id of its own."
    problems = [
        Problem(f"definition {definition_id}", f"{count} compared files have this id.", hint)
        for definition_id, count in counts.items()
        if count > 1
    ]
    if problems:
        raise ParameterError(problems)
    results = tuple(
        ruled(
            attribution(facts, definition),
            rulings,
            definition=definition,
            partner_ids=facts.partner_ids,
        )[0]
        for definition in definitions
    )
    is_booked = is_booked_in(period, timezone)
    rows = pl.concat(
        result.opportunity_attribution.select(*DefinitionComparison.dtypes(), is_booked)
        for result in results
    )
    return Comparison(
        definitions=tuple(definitions),
        results=results,
        opportunities=rows.sort(DefinitionComparison.row_order()),
        period=period,
        timezone=timezone,
        rulings=tuple(rulings),
    )


def is_booked_in(period: Period, timezone: str) -> pl.Expr:
    """Whether an opportunity of `opportunity_attribution` was won, and closed in the period."""
    closed_in_period = local_day("closed_at", timezone).is_between(period.start, period.end)
    return ((pl.col("status") == "won") & closed_in_period.fill_null(value=False)).alias(
        "is_booked"
    )


def class_totals(comparison: Comparison) -> pl.DataFrame:
    """One row per definition and class, in the order given: opportunities, amount and bookings.

    `opportunity_count` and `amount_reporting` are of all time, `won_count` and `bookings` of the
    period. A missing amount is in no sum; `unknown_amount_count` says how many there are.
    """
    every_cell = pl.DataFrame(
        [(d.id, name) for d in comparison.definitions for name in CLASSIFICATIONS],
        schema={"definition_id": pl.String, "classification": pl.String},
        orient="row",
    )
    amount = pl.col("amount_reporting")
    summed = comparison.opportunities.group_by("definition_id", "classification").agg(
        pl.len().cast(pl.Int64).alias("opportunity_count"),
        amount.sum(),
        amount.null_count().cast(pl.Int64).alias("unknown_amount_count"),
        pl.col("is_booked").sum().cast(pl.Int64).alias("won_count"),
        amount.filter(pl.col("is_booked")).sum().alias("bookings"),
    )
    keys = ["definition_id", "classification"]
    return every_cell.join(summed, on=keys, how="left", maintain_order="left").with_columns(
        pl.col("opportunity_count", "unknown_amount_count", "won_count").fill_null(0),
        pl.col("amount_reporting", "bookings").fill_null(_ZERO),
    )


def class_changes(comparison: Comparison) -> pl.DataFrame:
    """One row per opportunity and other definition: what the first says of it, and the other.

    `amount_before` is what the first definition counts, `amount_reporting` what the other does;
    `sourced_change` is what the other adds to the sourced amount, null where it is not known.
    """
    definition_id = pl.col("definition_id")
    first = comparison.opportunities.filter(definition_id == comparison.definitions[0].id).select(
        "opportunity_id",
        pl.col("classification").alias("classification_before"),
        pl.col("amount_reporting").alias("amount_before"),
    )
    others = comparison.opportunities.filter(
        definition_id.is_in([definition.id for definition in comparison.others])
    )
    after = pl.when(pl.col("classification") == "sourced").then("amount_reporting")
    before = pl.when(pl.col("classification_before") == "sourced").then("amount_before")
    changes = others.join(first, on="opportunity_id").with_columns(
        (after.otherwise(_ZERO) - before.otherwise(_ZERO)).alias("sourced_change")
    )
    return changes.select(
        "definition_id",
        "opportunity_id",
        "classification_before",
        "classification",
        "amount_before",
        "amount_reporting",
        "sourced_change",
        "is_booked",
    ).sort("definition_id", "opportunity_id")


def class_moves(changes: pl.DataFrame) -> pl.DataFrame:
    """The matrix of moves: one row per other definition, class before and class after.

    Opportunities that stay are in it too, so that the cells of one class before add up to the
    first definition's total of that class. `amount_before` and `bookings_before` are what the
    first definition counts.
    """
    amount = pl.col("amount_before")
    return (
        changes.group_by("definition_id", "classification_before", "classification")
        .agg(
            pl.len().cast(pl.Int64).alias("opportunity_count"),
            amount.sum(),
            pl.col("is_booked").sum().cast(pl.Int64).alias("won_count"),
            amount.filter(pl.col("is_booked")).sum().alias("bookings_before"),
        )
        .sort(
            "definition_id",
            pl.col("classification_before").cast(Classes),
            pl.col("classification").cast(Classes),
        )
    )


def swing_opportunities(changes: pl.DataFrame, *, at_most: int = 10) -> pl.DataFrame:
    """The few opportunities that make most of the difference in sourced amount, largest first.

    For each other definition as few rows as make 80 % of the gross difference, the sum of all
    changes up and down; `gross_share` is an opportunity's share of it. Give the changes that are
    booked for the difference in bookings.
    """
    size = pl.col("sourced_change").abs()
    gross = size.sum().over("definition_id")
    ranked = (
        changes.filter(size > 0)
        .sort(size, "opportunity_id", descending=[True, False])
        .with_columns(
            (size.cast(pl.Float64) / gross.cast(pl.Float64)).alias("gross_share"),
            pl.int_range(pl.len()).over("definition_id").alias("place"),
        )
        .with_columns(
            (pl.col("gross_share").cum_sum().over("definition_id") - pl.col("gross_share")).alias(
                "made_before"
            )
        )
    )
    few = (pl.col("made_before") < MOST_OF_IT) & (pl.col("place") < at_most)
    return ranked.filter(few).sort("definition_id", "place").select(*changes.columns, "gross_share")
