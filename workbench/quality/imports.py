"""Rules about how many rows were read: what an export left out is in no record."""

from typing import Final

import polars as pl

from workbench.quality import words
from workbench.quality.grains import Imports
from workbench.quality.rule import Rule, Threshold

# Where exports end: reports, previews and list views, and the last row of a worksheet without its
# header, in the old and the new format of Excel.
EXPORT_LIMITS: Final = (2_000, 5_000, 10_000, 50_000, 100_000, 65_535, 1_048_575)

_share_lost = 1 - pl.col("rows_read") / pl.col("rows_before")


def _rows_fell(share: float = 0.2) -> Rule:
    return Rule(
        id="rows_fell",
        table=Imports,
        severity="warning",
        title="Far fewer rows than last time",
        meaning=f"The file gave over {share:.0%} fewer rows than in the last finished run of the "
        "same name, or is gone.",
        why="Records that an export silently leaves out break no other rule.",
        owner="RevOps",
        days_to_mend=1,
        suggestion="Export it again without filters, and compare the count with the CRM's own.",
        applies=pl.col("rows_before") > 0,
        fails=_share_lost > share,
        message=words.sentence(
            "{} gave {} for {}; in the last run there were {}.",
            "source",
            words.counted("rows_read", "row"),
            "table",
            "rows_before",
        ),
        thresholds=(Threshold("share", share, "of the rows of the last run"),),
        made_by=_rows_fell,
    )


IMPORT_RULES: Final = (
    _rows_fell(),
    Rule(
        id="rows_round",
        table=Imports,
        severity="warning",
        title="As many rows as an export may have",
        meaning="The file gave exactly as many rows as a usual limit of exports: "
        f"{', '.join(f'{limit:,}' for limit in sorted(EXPORT_LIMITS))}.",
        why="An export that reaches its limit ends there without a word.",
        owner="RevOps",
        days_to_mend=3,
        suggestion="Export it in several parts, or through the API, and compare the counts.",
        applies=pl.col("rows_read") > 0,
        fails=pl.col("rows_read").is_in(EXPORT_LIMITS),
        message=words.sentence(
            "{} gave exactly {} rows for {}, a usual limit of exports.",
            "source",
            "rows_read",
            "table",
        ),
    ),
)
