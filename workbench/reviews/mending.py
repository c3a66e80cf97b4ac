"""What there is to mend, by whom, until when."""

from urllib.parse import quote

import polars as pl

from workbench.params import RunParams
from workbench.readout import formats
from workbench.reviews.cells import NOTHING
from workbench.reviews.view import Cell, Grid, Section, shown
from workbench.vocabulary import SEVERITIES
from workbench.worklists.file_names import file_names
from workbench.worklists.lists import ALL, NOBODY


def to_mend(findings: pl.DataFrame, *, params: RunParams) -> Section:
    """Findings by owner, with their deadlines, seen from the day on which the sources were read."""
    title = "What there is to mend, by owner"
    if findings.is_empty():
        return Section(title, ("The data checks of this run found nothing.",))
    read_on = params.read_at.astimezone(params.zone).date()
    counts = [(pl.col("severity") == severity).sum().alias(severity) for severity in SEVERITIES]
    is_overdue = (pl.col("due_on") < read_on).fill_null(value=False)
    owners = (
        findings.group_by("owner")
        .agg(*counts, is_overdue.sum().alias("overdue"), pl.col("due_on").min())
        .sort(*SEVERITIES, "owner", descending=[True, True, True, False])
    )
    files = file_names(findings["owner"].drop_nulls().unique().sort(), taken=(ALL, NOBODY))
    rows = [
        (
            Cell(
                formats.printable(row["owner"] or "nobody named"),
                f"../worklists/{quote(files.get(row['owner'], NOBODY))}.xlsx",
            ),
            *(Cell(formats.count(row[name])) for name in (*SEVERITIES, "overdue")),
            Cell(NOTHING if row["due_on"] is None else formats.day(row["due_on"])),
        )
        for row in owners.to_dicts()
    ]
    first, more = shown(rows, where=f"worklists/{ALL}.xlsx")
    columns = ("Owner", "Errors", "Warnings", "Notes", "Overdue", "Next due")
    due = findings.drop_nulls("due_on")
    overdue = due.filter(is_overdue).height
    past = formats.count(overdue) if overdue else "none"
    said = (
        f"{formats.counted(due.height, 'finding has', 'findings have')} a deadline, {past} of them "
        f"before {formats.day(read_on)}, when the sources were read. Notes are never due. Each "
        "name leads to the owner’s list."
    )
    return Section(title, (said,), (Grid("By owner", columns, first, figures_from=1, more=more),))
