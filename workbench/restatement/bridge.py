"""The bridge between a period as it was reported and the same period as worked out today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import OpportunityAttribution, Restatement
from workbench.definitions import definition_changes
from workbench.errors import ConservationError
from workbench.periods import TREND_PERIODS, Period
from workbench.restatement.steps import Inputs, amounts, classes, steps
from workbench.runs import Run
from workbench.sealing import Seal
from workbench.tables import checked
from workbench.vocabulary import ROLES, RestatementPart

PART_TITLES: Final[Mapping[RestatementPart, str]] = {
    "software": "the workbench itself",
    "definition": "the definition",
    "merges": "merged accounts and opportunities",
    "touches_added": "touches that came later",
    "touches_changed": "touches that were edited",
    "touches_removed": "touches that were removed",
    "amounts": "amounts that were edited",
    "status_or_dates": "status and dates that were edited",
    "other_fields": "other fields that were edited",
    "rates": "exchange rates",
    "opportunities_added": "opportunities that came later",
    "opportunities_removed": "opportunities that were removed",
    "rulings": "rulings",
    "as_of_day": "the as-of day and the calendar",
}
METRICS: Final = ("bookings", "open_pipeline")
_FIGURE: Final = ["metric", "classification"]
_KEY: Final = [*_FIGURE, "opportunity_id"]


@dataclass(frozen=True)
class Bridge:
    """The last period that was reported: figures then and today, and what lies between them.

    `table` is the table `restatement`. `reported` and `today` have each metric and class, in the
    reporting currency. `definition_changes` has a line for each key of the definition that differs.
    """

    period: Period
    reported_as_of: date
    table: DataFrame[Restatement]
    reported: Mapping[tuple[str, str], Decimal]
    today: Mapping[tuple[str, str], Decimal]
    definition_changes: tuple[str, ...]

    def parts(self, metric: str, classification: str) -> pl.DataFrame:
        """One row per part that moved a figure, in their order: `part`, `change`, `opportunities`.

        The changes add up to the figure of today minus the one reported.
        """
        moved = self.table.filter(metric=metric, classification=classification)
        return (
            moved.group_by("part")
            .agg(pl.col("change").sum(), opportunities=pl.len())
            .sort(pl.col("part").cast(pl.Enum(list(PART_TITLES))))
        )


def restatement(run: Run, seals: Mapping[str, Seal]) -> Bridge | None:
    """The bridge of the last period of `seals`, as `sealed_runs` gives them, to what `run` says.

    None where nothing is sealed, or was reported in another currency.
    """
    if not seals:
        return None
    label, seal = list(seals.items())[-1]
    sealed = seal.run
    if sealed.params.reporting_currency != run.params.reporting_currency:
        return None
    period = next(p for p in run.params.fiscal_period.trail(TREND_PERIODS) if p.label == label)
    return bridge_between(
        Inputs.of(sealed, sealed.params.fiscal_period),
        sealed.read(OpportunityAttribution),
        Inputs.of(run, period),
        run.read(OpportunityAttribution),
    )


def bridge_between(
    reported: Inputs, sealed_classes: pl.DataFrame, today: Inputs, todays_classes: pl.DataFrame
) -> Bridge:
    """From the classes that were sealed to those of today, one input replaced after the other.

    The attribution is worked out again at each step, and what an opportunity's amount in a figure
    moves by is the part of that step. Each step begins where the one before it ended, the first at
    the sealed classes and the last at today's: so the parts add up to the whole difference, to the
    cent, whatever the inputs. Raises ConservationError when they do not.
    """
    state = reported
    first = amounts(sealed_classes, reported)
    last = amounts(todays_classes, today)
    before = amounts(classes(reported), reported)
    rows = [_moved("software", first, before)]
    for part, inputs in steps(reported, today):
        if part == "as_of_day":
            after = last
        elif inputs.differs_from(state):
            after = amounts(classes(inputs), inputs)
        else:
            continue
        rows.append(_moved(part, before, after))
        state, before = inputs, after
    label = pl.lit(today.period.label)
    bridge = Bridge(
        period=today.period,
        reported_as_of=reported.as_of,
        table=checked(pl.concat(rows).with_columns(period=label), Restatement),
        reported=_totals(first),
        today=_totals(last),
        definition_changes=tuple(definition_changes(reported.definition, today.definition)),
    )
    _must_add_up(bridge)
    return bridge


def restatement_in_words(bridge: Bridge | None, *, currency: str) -> list[str]:
    """What was reported, what it is today, and what moved it: one sentence per bookings figure."""
    if bridge is None:
        return ["No period of the trend was sealed in this currency: there is nothing to restate."]
    said = []
    if bridge.definition_changes:
        changes = "; ".join(bridge.definition_changes)
        said.append(f"{bridge.period.title} was reported under another definition: {changes}.")
    for role in ROLES:
        key = ("bookings", role)
        was, now = bridge.reported[key], bridge.today[key]
        moved = ", ".join(
            f"{PART_TITLES[part]} {_signed(change)} ({_counted(count)})"
            for part, change, count in bridge.parts(*key).iter_rows()
        )
        said.append(
            f"{role.capitalize()} bookings of {bridge.period.title}, {currency}: {was:,} as "
            f"reported, {now:,} today. " + (f"What moved them: {moved}." if moved else "Unmoved.")
        )
    return said


def _moved(part: RestatementPart, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row for each figure and opportunity whose amount a step moved."""
    both = before.rename({"amount": "before"}).join(
        after.rename({"amount": "after"}), on=_KEY, how="full", coalesce=True
    )
    change = (pl.col("after").fill_null(0) - pl.col("before").fill_null(0)).alias("change")
    return both.with_columns(change.cast(Restatement.dtypes()["change"])).filter(
        pl.col("change") != 0
    ).with_columns(part=pl.lit(part))  # fmt: skip


def _totals(rows: pl.DataFrame) -> dict[tuple[str, str], Decimal]:
    """The amount of each figure; nothing in it is zero."""
    totals = {(metric, role): Decimal("0.00") for metric in METRICS for role in ROLES}
    sums = rows.group_by(_FIGURE).agg(pl.col("amount").sum())
    return totals | {(metric, role): amount for metric, role, amount in sums.iter_rows()}


def _must_add_up(bridge: Bridge) -> None:
    broken = []
    for key, was in bridge.reported.items():
        moved = sum(bridge.parts(*key)["change"], Decimal(0))
        if was + moved != bridge.today[key]:
            name = " ".join(reversed(key))
            broken.append(f"{name}: {was:,} and {moved:,} are not {bridge.today[key]:,}.")
    if broken:
        raise ConservationError(broken)


def _signed(change: Decimal) -> str:
    return f"{change:+,}".replace("-", "−")


def _counted(opportunities: int) -> str:
    return "1 opportunity" if opportunities == 1 else f"{opportunities:,} opportunities"
