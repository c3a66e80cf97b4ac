"""One workbook for each person who has something to mend, and one with everything."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

import polars as pl

from workbench.contracts import CANONICAL_TABLES
from workbench.quality import RULES
from workbench.vocabulary import SEVERITIES
from workbench.worklists.file_names import file_names
from workbench.worklists.workbook import Sheet, about_sheet, workbook

ALL: Final = "all"
NOBODY: Final = "nobody_named"
_LINK: Final = "Record link"
_CANONICAL: Final = frozenset(contract.table_name() for contract in CANONICAL_TABLES)


def work_lists(
    findings: pl.DataFrame, *, record_url: str | None, created: datetime, about: Mapping[str, str]
) -> dict[str, bytes]:
    """Excel workbooks by file name: one for each owner of a finding, and `all.xlsx`.

    A list is grouped by rule, the gravest rules first and within a rule what is due first; notes,
    which are never due, come last. Findings that name nobody are in `nobody_named.xlsx`. `all.xlsx`
    begins with an overview: one row per owner, the file, and how much there is to mend by when.

    `about` is said on the last sheet of each. `record_url` is the address of a record with
    `{record_id}` in it, and `{table}` where it is wanted.
    """
    listed = _listed(findings, record_url)
    link = _LINK if record_url else None

    def book(*sheets: Sheet, rows: int) -> bytes:
        last = about_sheet(about, rows=rows, table="quality_findings")
        return workbook([*sheets, last], created=created)

    own = {
        str(file): book(Sheet("To mend", rows.drop("Owner", "File"), link), rows=rows.height)
        for (file,), rows in listed.group_by("File", maintain_order=True)
    }
    overview = Sheet("Overview", _overview(listed))
    everything = Sheet("All findings", listed.drop("File"), link)
    return {f"{ALL}.xlsx": book(overview, everything, rows=listed.height)} | own


def _listed(findings: pl.DataFrame, record_url: str | None) -> pl.DataFrame:
    """The findings in the order and under the headings of a work list."""
    titles = {rule.id: rule.title for rule in RULES}
    grave = pl.col("severity").cast(pl.Enum(SEVERITIES))
    ordered = findings.sort(grave, "rule", "due_on", "finding_id", nulls_last=True)
    links = [
        record_address(record_url, table, record_id)
        for table, record_id in ordered.select("table", "record_id").iter_rows()
    ]
    names = file_names(findings["owner"].drop_nulls().unique().sort(), taken=(ALL, NOBODY))
    listed = ordered.select(
        pl.col("rule").replace(titles).alias("Rule"),
        pl.col("severity").alias("Severity"),
        pl.col("due_on").alias("Due"),
        pl.col("message").alias("What is wrong"),
        pl.col("suggestion").alias("What would mend it"),
        pl.col("table").alias("Table"),
        pl.col("record_id").alias("Record"),
        pl.Series(_LINK, links, dtype=pl.String),
        pl.col("first_seen_on").alias("First seen"),
        pl.col("owner").fill_null("nobody named").alias("Owner"),
        pl.concat_str(pl.col("owner").replace(names).fill_null(NOBODY), pl.lit(".xlsx")).alias(
            "File"
        ),
    )
    return listed if record_url else listed.drop(_LINK)


def record_address(record_url: str | None, table: str, record_id: str) -> str | None:
    """Where a record is; None for a finding about something that is no record, such as a file."""
    if record_url is None or table not in _CANONICAL:
        return None
    return record_url.replace("{table}", table).replace("{record_id}", quote(record_id, safe=""))


def _overview(listed: pl.DataFrame) -> pl.DataFrame:
    counts = [
        (pl.col("Severity") == severity).sum().cast(pl.Int64).alias(heading)
        for severity, heading in zip(SEVERITIES, ("Errors", "Warnings", "Notes"), strict=True)
    ]
    return (
        listed.group_by("Owner", "File")
        .agg(*counts, pl.col("Due").min().alias("Next due"))
        .sort("Errors", "Warnings", "Notes", "Owner", descending=[True, True, True, False])
        .select("Owner", "Errors", "Warnings", "Notes", "Next due", "File")
    )
