"""The opportunities behind the figures: what moved them, and what another run said of them."""

from typing import Any, Final

import polars as pl

from workbench.definitions import Definition
from workbench.readout import formats
from workbench.reviews.cells import amount_cell, evidence_cell, text_cell
from workbench.reviews.month import CLASSES, Month
from workbench.reviews.movement import EVENTS, Earlier, amount_changes, class_changes, gone, largest
from workbench.reviews.view import Cell, Grid, Section, shown
from workbench.vocabulary import ROLES

MOVERS_SHOWN: Final = 5  # of each role and event


def movers(month: Month) -> Section:
    """The largest opportunities of each role that were won, created or lost in the period."""
    noun = month.params.fiscal_period.noun
    columns = ("Opportunity", "Event", "Partner", "Owner", "Evidence", "Amount")
    grids = []
    for role in ROLES:
        rows = [
            (month.opportunity(row), Cell(event), *_who_and_what(month, row))
            for event in EVENTS
            for row in month.named(largest(month.events, event=event, role=role, rows=MOVERS_SHOWN))
        ]
        if rows:
            grids.append(Grid(CLASSES[role], columns, tuple(rows), figures_from=5))
    said = (
        f"Of each class the {MOVERS_SHOWN} largest that were won, created or lost in the {noun}. "
        "One that was created and closed in it stands here twice."
    )
    nothing = f"No partner’s opportunity was won, created or lost in the {noun}."
    return Section("Which opportunities moved it", (said if grids else nothing,), tuple(grids))


def _who_and_what(month: Month, row: dict[str, Any]) -> tuple[Cell, ...]:
    """The partner and the owner of an opportunity, its evidence and its amount."""
    return (
        text_cell(row["partner"] or row["primary_partner_id"]),
        text_cell(row["owner"]),
        evidence_cell(row),
        amount_cell(row, currency=month.currency),
    )


def since_last_run(
    month: Month,
    earlier: Earlier | None,
    row_changes: pl.DataFrame | None,
    *,
    definition: Definition,
) -> Section:
    """What another run of the same name said of the same opportunities."""
    title = "Changed since the last run"
    if earlier is None:
        said = "There is no earlier run of this name: nothing can be compared with it."
        return Section(title, (said,))
    moved = class_changes(month.events, earlier.attribution)
    count = formats.counted(moved.height, "opportunity has", "opportunities have")
    last_run = f"The last run was as of {formats.day(earlier.as_of)}."
    says = [f"{last_run} {count} another class now."]
    made_by = earlier.attribution.select("definition_id", "definition_version").unique().rows()
    others = [key for key in sorted(made_by) if key != (definition.id, definition.version)]
    says += [f"That run went by {name}, version {version}." for name, version in others]
    grids = [_class_grid(month, moved)] if moved.height else []
    if row_changes is not None:
        lost = gone(earlier.attribution, row_changes=row_changes)
        count = formats.counted(lost.height, "opportunity is", "opportunities are")
        says.append(f"{count} not in the data any more.")
        grids += [_gone_grid(lost, currency=earlier.reporting_currency)] if lost.height else []
    if row_changes is None:
        says.append("Rows were taken over from it: no amount was read anew.")
    elif earlier.reporting_currency != month.currency:
        says.append(f"Its amounts are in {earlier.reporting_currency}: they are not compared.")
    else:
        edited = amount_changes(month.events, earlier.attribution, row_changes=row_changes)
        count = formats.counted(edited.height, "opportunity", "opportunities")
        says.append(f"The amount of {count} was edited. Exchange rates alone are no edit.")
        grids += [_amount_grid(month, edited)] if edited.height else []
    return Section(title, tuple(formats.printable(text) for text in says), tuple(grids))


def _class_grid(month: Month, moved: pl.DataFrame) -> Grid:
    rows = [
        (
            month.opportunity(row),
            Cell(f"{row['classification_before']} → {row['classification']}"),
            *_who_and_what(month, row),
        )
        for row in month.named(moved)
    ]
    first, more = shown(rows, where="tables/opportunity_attribution.parquet")
    columns = ("Opportunity", "Class", "Partner", "Owner", "Evidence", "Amount")
    return Grid("Another class", columns, first, figures_from=5, more=more)


def _gone_grid(lost: pl.DataFrame, *, currency: str) -> Grid:
    rows = [
        (
            Cell(formats.printable(row["opportunity_id"])),
            Cell(row["classification"]),
            Cell(row["status"]),
            text_cell(row["owner"]),
            Cell(formats.exact_amount(row["amount_reporting"])),
        )
        for row in lost.to_dicts()
    ]
    first, more = shown(rows, where="tables/row_changes.parquet")
    columns = ("Opportunity", "Class", "Status", "Owner", f"Before, {currency}")
    return Grid("Not in the data any more", columns, first, figures_from=4, more=more)


def _amount_grid(month: Month, edited: pl.DataFrame) -> Grid:
    rows = [
        (
            month.opportunity(row),
            Cell(row["classification"]),
            text_cell(row["owner"]),
            Cell(formats.exact_amount(row["amount_before"])),
            Cell(formats.exact_amount(row["amount_reporting"])),
        )
        for row in month.named(edited)
    ]
    first, more = shown(rows, where="tables/row_changes.parquet")
    columns = (
        "Opportunity",
        "Class",
        "Owner",
        f"Before, {month.currency}",
        f"Now, {month.currency}",
    )
    return Grid("Another amount", columns, first, figures_from=3, more=more)
