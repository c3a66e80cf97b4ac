"""What the text and the page of a comparison both show, with every figure already written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.attribution.comparison import (
    Comparison,
    class_changes,
    class_moves,
    class_totals,
    swing_opportunities,
)
from workbench.attribution.explanations import with_reasons
from workbench.attribution.rulings import rulings_over_all_in_words
from workbench.vocabulary import CLASSIFICATIONS

_AMOUNT_KEYS: Final = {"amount": "the amount", "recurring_amount": "the recurring amount"}


@dataclass(frozen=True)
class Grid:
    """A small table: a title, the names of its columns, and its cells; the first ones are words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    word_columns: int = 1


@dataclass(frozen=True)
class Swing:
    """One opportunity that makes a difference, and what either definition says of it."""

    opportunity_id: str
    change: str
    before: str
    after: str
    says: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Side:
    """One definition held against the first: the moves, and what makes the difference."""

    definition_id: str
    matrices: tuple[Grid, ...]
    difference: str
    swings: tuple[Swing, ...]


@dataclass(frozen=True)
class View:
    """A whole comparison, ready to be set."""

    title: str
    basis: str
    notes: tuple[str, ...]
    definitions: tuple[tuple[str, str, str], ...]
    totals: Grid
    sides: tuple[Side, ...]


def comparison_view(comparison: Comparison, *, currency: str) -> View:
    """The comparison as words and grids; amounts in whole units of the reporting currency."""
    changes = class_changes(comparison)
    period = comparison.period
    totals = class_totals(comparison)
    return View(
        title=f"The same data under {_listed(d.id for d in comparison.definitions)}",
        basis=(
            f"Amounts in {currency}. Bookings are what was won in {period.title}, {period.start} "
            f"to {period.end}; opportunities and amounts are those of all time."
        ),
        notes=tuple(_notes(comparison, totals)),
        definitions=tuple((d.id, d.title, d.in_words()) for d in comparison.definitions),
        totals=Grid(
            title="Totals by class",
            columns=("definition", "class", "opportunities", "amount", "won", "bookings"),
            rows=tuple(
                (
                    row["definition_id"],
                    row["classification"],
                    f"{row['opportunity_count']:,}",
                    _amount(row["amount_reporting"]),
                    f"{row['won_count']:,}",
                    _amount(row["bookings"]),
                )
                for row in totals.to_dicts()
            ),
            word_columns=2,
        ),
        sides=tuple(
            _side(comparison, changes.filter(definition_id=other.id), other.id, totals)
            for other in comparison.others
        ),
    )


def _side(comparison: Comparison, changes: pl.DataFrame, other: str, totals: pl.DataFrame) -> Side:
    first = comparison.definitions[0].id
    cells = {
        (row["classification_before"], row["classification"]): row
        for row in class_moves(changes).to_dicts()
    }

    def matrix(title: str, measure: str) -> Grid:
        rows = []
        for before in CLASSIFICATIONS:
            found = [cells.get((before, after), {}).get(measure, 0) for after in CLASSIFICATIONS]
            rows.append((before, *(_amount(value) for value in found)))
        return Grid(
            title=f"{title} by class: {first} down, {other} across",
            columns=("", *CLASSIFICATIONS),
            rows=tuple(rows),
        )

    booked = changes.filter("is_booked")
    is_booked = not booked.filter(pl.col("sourced_change") != 0).is_empty()
    moved = booked if is_booked else changes
    few = swing_opportunities(moved)
    return Side(
        definition_id=other,
        matrices=(
            matrix("Opportunities", "opportunity_count"),
            matrix("Amount", "amount_before"),
            matrix("Bookings", "bookings_before"),
        ),
        difference=_difference(comparison, totals, moved, few, other, is_booked=is_booked),
        swings=tuple(_swing(row, first) for row in with_reasons(few, comparison).to_dicts()),
    )


def _difference(
    comparison: Comparison,
    totals: pl.DataFrame,
    moved: pl.DataFrame,
    few: pl.DataFrame,
    other: str,
    *,
    is_booked: bool,
) -> str:
    """What the sourced figure is under either definition, and how few make the difference."""
    first = comparison.definitions[0].id
    measure = "bookings" if is_booked else "amount_reporting"
    sourced = dict(
        totals.filter(classification="sourced").select("definition_id", measure).iter_rows()
    )
    of = "Sourced bookings" if is_booked else "No sourced booking moves. Sourced amount of all time"
    difference = sourced[other] - sourced[first]
    said = (
        f"{of}: {first} {_amount(sourced[first])}, {other} {_amount(sourced[other])} "
        f"({_signed(difference)})."
    )
    count = moved.filter(pl.col("sourced_change") != 0).height
    if count == 0:
        return f"{said} No opportunity makes a difference."
    if count == few.height:
        who = "1 opportunity makes" if count == 1 else f"{count} opportunities make"
        return f"{said} {who} the difference."
    verb = "makes" if few.height == 1 else "make"
    return (
        f"{said} {few.height:,} of the {count:,} opportunities that differ {verb} "
        f"{few['gross_share'].sum() * 100:.0f} % of all change, up and down."
    )


def _swing(row: dict[str, Any], first: str) -> Swing:
    return Swing(
        opportunity_id=row["opportunity_id"],
        change=_signed(row["sourced_change"]),
        before=row["classification_before"],
        after=row["classification"],
        says=((first, row["first_says"]), (row["definition_id"], row["other_says"])),
    )


def _notes(comparison: Comparison, totals: pl.DataFrame) -> Iterable[str]:
    """What a reader must know before comparing the sums."""
    first, *others = comparison.definitions
    if said := rulings_over_all_in_words(comparison.rulings):
        yield said
    for other in others:
        if other.amount != first.amount:
            yield (
                f"{first.id} counts {_AMOUNT_KEYS[first.amount]} and {other.id} "
                f"{_AMOUNT_KEYS[other.amount]}; the matrices show what {first.id} counts."
            )
    unknown = totals.group_by("definition_id").agg(pl.col("unknown_amount_count").sum())
    for definition_id, count in unknown.sort("definition_id").iter_rows():
        if count and definition_id == first.id:
            has = "1 opportunity has" if count == 1 else f"{count:,} opportunities have"
            yield f"{has} no known amount: counted, and in no sum."


def _amount(value: Any) -> str:
    return f"{value:,.0f}"


def _signed(value: Any) -> str:
    return f"{value:+,.0f}"


def _listed(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last
