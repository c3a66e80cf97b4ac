"""Findings as a person reads them: what to mend first, and who mends it."""

from typing import Final

import polars as pl

from workbench.quality.catalogue import RULES
from workbench.quality.words import sentence
from workbench.vocabulary import SEVERITIES

SHOWN_ROWS: Final = 20
_GRAVEST: Final = pl.col("severity").cast(pl.Enum(SEVERITIES))
NOBODY: Final = "nobody named"


def findings_by_rule(findings: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """The rules that something breaks, gravest first, then by how much breaks them.

    Columns: `severity`, `title`, `stops` (whether a later stage stops on it), `owner` (in words),
    `checked`, `failed`, `score`, `first_seen_on` of the oldest finding, `due_on` of the next one
    due. At most 20 rows; where more rules are broken, the last row adds up the others.
    """
    rules = pl.DataFrame(
        [
            {
                "rule": rule.id,
                "title": rule.title,
                "stops": rule.stops,
                "owner": rule.owner.replace("`", ""),
            }
            for rule in RULES
        ]
    )
    found = findings.group_by("rule").agg(
        pl.col("severity").first(),
        pl.col("first_seen_on", "due_on").min(),
    )
    columns = ["severity", "title", "stops", "owner", "checked", "failed", "score"]
    broken = (
        rules.join(scores, on="rule")
        .join(found, on="rule")
        .sort(_GRAVEST, "failed", "rule", descending=[False, True, False])
        .select(*columns, "first_seen_on", "due_on")
    )
    others = broken[SHOWN_ROWS - 1 :].select(
        pl.lit(None, pl.String).alias("severity"),
        sentence("{} other rules", pl.len()).alias("title"),
        pl.col("stops").any(),
        pl.lit(None, pl.String).alias("owner"),
        pl.col("checked", "failed").sum(),
        pl.lit(None, pl.Float64).alias("score"),
        pl.col("first_seen_on", "due_on").min(),
    )
    return _within_limit(broken, others)


def findings_by_owner(findings: pl.DataFrame) -> pl.DataFrame:
    """Who has what to mend: one row per owner, most errors first, then most warnings.

    Columns: `owner` (`nobody named` where a record names nobody), `errors`, `warnings`, `notes`
    (severity info), `due_on` of the next one due. At most 20 rows; where there are more owners,
    the last row adds up the others.
    """
    owners = (
        findings.group_by(pl.col("owner").fill_null(NOBODY))
        .agg(
            *(
                (pl.col("severity") == severity).sum().cast(pl.Int64).alias(column)
                for severity, column in zip(
                    SEVERITIES, ("errors", "warnings", "notes"), strict=True
                )
            ),
            pl.col("due_on").min(),
        )
        .sort("errors", "warnings", "notes", "owner", descending=[True, True, True, False])
    )
    others = owners[SHOWN_ROWS - 1 :].select(
        sentence("{} others", pl.len()).alias("owner"),
        pl.col("errors", "warnings", "notes").sum(),
        pl.col("due_on").min(),
    )
    return _within_limit(owners, others)


def one_of_each_rule(findings: pl.DataFrame) -> pl.DataFrame:
    """The finding of each broken rule that is due first, gravest rules first, at most 20 rows.

    Columns: `severity`, `record_id`, `message`, `suggestion`.
    """
    first = findings.sort(_GRAVEST, "rule", "due_on", "finding_id").unique(
        "rule", keep="first", maintain_order=True
    )
    return first.select("severity", "record_id", "message", "suggestion").head(SHOWN_ROWS)


def _within_limit(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """All rows where they fit, else the first ones and the one that adds up the others."""
    if rows.height <= SHOWN_ROWS:
        return rows
    return pl.concat([rows[: SHOWN_ROWS - 1], others])
