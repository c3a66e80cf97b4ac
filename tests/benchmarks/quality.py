"""Which planted faults the rules find: `uv run python -m tests.benchmarks.quality`.

The same company is made twice, with a clean log and with a soiled one. The soiled one is ingested,
every rule is put to it, and the findings are held against the record of what was soiled.
"""

import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from tests.sample_params import sample_params
from workbench.attribution import local_day
from workbench.contracts import CANONICAL_TABLES
from workbench.definitions import read_definition
from workbench.ingest import ingest
from workbench.quality import quality_findings
from workbench.sample import write_sample

DEFINITION: Final = Path(__file__).parents[2] / "params" / "definitions" / "timing.yaml"
TIMEZONE: Final = "America/New_York"


@dataclass(frozen=True)
class Hunt:
    """A planted fault, the rule that is meant to find it, and when the file can tell it at all.

    `decidable` speaks about the columns of `planted_faults`. `also` are other faults, of the record
    or of what it hangs on, that make the rule's finding true.
    """

    soiling: str
    rule: str
    decidable: pl.Expr = pl.lit(value=True)  # noqa: RUF009
    also: tuple[str, ...] = ()


_has = pl.col("soilings").list.contains
_dated_right = ~_has("day_month_swapped")
_linked = ~_has("account_only") & ~_has("orphaned")
# What takes the touch away that would bear the CRM's class out.
_TOUCH_GONE: Final = (
    "touch never_logged",
    "touch account_only",
    "touch orphaned",
    "touch day_month_swapped",
)
HUNTS: Final = (
    Hunt("orphaned", "touch_orphan"),
    Hunt("unknown_partner", "touch_unknown_partner"),
    Hunt("duplicated", "touch_duplicate"),
    Hunt("account_only", "touch_without_opportunity"),
    Hunt("no_evidence", "touch_without_evidence"),
    Hunt("no_partner_contact", "touch_without_person"),
    Hunt(
        "logged_late",
        "touch_logged_late",
        decidable=_dated_right,
        also=("logged_after_close", "day_month_swapped"),
    ),
    Hunt(
        "logged_after_close",
        "touch_logged_after_close",
        decidable=_dated_right & _linked & ~_has("opportunity closed_before_created"),
        also=("logged_late", "day_month_swapped", "opportunity closed_before_created"),
    ),
    Hunt(
        "day_month_swapped",
        "touch_day_month_swapped",
        decidable=pl.col("touch_day") > pl.col("logged_day"),
    ),
    Hunt(
        "day_month_swapped",
        "touch_day_month_doubtful",
        decidable=((pl.col("logged_day") - pl.col("touch_day")).dt.total_days() > 14)
        & ((pl.col("logged_day") - pl.col("true_day")).dt.total_days() <= 7),
    ),
    Hunt("closed_before_created", "opportunity_closed_before_created"),
    Hunt("amount_missing", "opportunity_without_amount", also=("no amount from the start",)),
    Hunt(
        "crm_missing",
        "opportunity_touched_without_class",
        decidable=pl.col("touches_by_end") > 0,
        also=("no class from the start",),
    ),
    Hunt(
        "crm_overclaimed",
        "crm_sourced_without_touch",
        decidable=(pl.col("crm_classification") == "sourced")
        & (pl.col("first_touch_day") > pl.col("created_day")).fill_null(value=True),
        also=_TOUCH_GONE,
    ),
    Hunt(
        "crm_overclaimed",
        "crm_influenced_without_touch",
        decidable=(pl.col("crm_classification") == "influenced")
        & (pl.col("first_touch_day") > pl.col("end_day")).fill_null(value=True),
        also=_TOUCH_GONE,
    ),
)
# What no rule is meant to find, and why.
NOT_HUNTED: Final = {
    "never_logged": "what was never written down breaks no rule",
    "alias": "ingest replaces a listed name by the partner's id",
}


def hunted(folder: Path, *, opportunities: int = 1500) -> pl.DataFrame:
    """How much each rule finds of what was planted for it, and how much of what it finds is true.

    One row per hunt: `soiling`, `rule`, `planted` and `decidable` records, `found` of each of them
    (`found`, `found_decidable`), all `findings` of the rule and the `explained` ones: those whose
    record carries the fault, or one of those that make the finding true as well.
    """
    clean, soiled = folder / "clean", folder / "soiled"
    touches = opportunities * 14 // 3
    write_sample(clean, opportunities=opportunities, touches=touches, soiled=False)
    write_sample(soiled, opportunities=opportunities, touches=touches)
    findings = _findings(soiled, folder / "tables")
    records = pl.concat([_touches(clean, soiled), _opportunities(clean, soiled)], how="diagonal")
    return pl.DataFrame([_counts(hunt, findings, records) for hunt in HUNTS])


def _counts(hunt: Hunt, findings: pl.DataFrame, records: pl.DataFrame) -> dict[str, object]:
    found = findings.filter(pl.col("rule") == hunt.rule)
    planted = records.filter(_has(hunt.soiling))
    decidable = planted.filter(hunt.decidable)
    either = pl.any_horizontal(_has(soiling) for soiling in (hunt.soiling, *hunt.also))

    def hits(some: pl.DataFrame) -> int:
        return found.join(some, on=["table", "record_id"], how="semi").height

    return {
        "soiling": hunt.soiling,
        "rule": hunt.rule,
        "planted": planted.height,
        "found": hits(planted),
        "decidable": decidable.height,
        "found_decidable": hits(decidable),
        "findings": found.height,
        "explained": hits(records.filter(either)),
    }


def _findings(source: Path, into: Path) -> pl.DataFrame:
    params = sample_params(source, definition=DEFINITION)
    into.mkdir()
    tables = ingest(params, into=into).tables
    return quality_findings(
        {contract: tables[contract] for contract in CANONICAL_TABLES if contract in tables},
        params=params,
        definition=read_definition(DEFINITION),
        previous=None,
    )


def _touches(clean: Path, soiled: Path) -> pl.DataFrame:
    """One row per touch of either log: its faults, its days in the file and its true day."""
    file = pl.read_parquet(soiled / "touches.parquet").select(
        "touch_id",
        "opportunity_id",
        local_day("touched_at", TIMEZONE).alias("touch_day"),
        local_day("logged_at", TIMEZONE).alias("logged_day"),
    )
    true = _true_touches(clean, soiled)
    faults = _faults(soiled, "touches").with_columns(pl.lit("touches").alias("table"))
    inherited = _faults(soiled, "opportunities").select(
        pl.col("record_id").alias("opportunity_id"),
        pl.col("soilings").list.eval(pl.lit("opportunity ") + pl.element()).alias("inherited"),
    )
    return (
        file.join(true.select("touch_id", "true_day"), on="touch_id", how="left")
        .rename({"touch_id": "record_id"})
        .join(faults, on="record_id", how="full", coalesce=True)
        .join(inherited, on="opportunity_id", how="left")
        .with_columns(
            pl.lit("touches").alias("table"),
            pl.concat_list(
                pl.col("soilings").fill_null([]), pl.col("inherited").fill_null([])
            ).alias("soilings"),
        )
        .drop("inherited", "opportunity_id")
    )


def _true_touches(clean: Path, soiled: Path) -> pl.DataFrame:
    """One row per touch of either log: the opportunity and the day that it truly has.

    A row that was written twice has those of the row that it repeats: the link is the same.
    """
    true = pl.read_parquet(clean / "touches.parquet").select(
        "touch_id", "opportunity_id", local_day("touched_at", TIMEZONE).alias("true_day")
    )
    again = pl.read_parquet(soiled / "touches.parquet").join(true, on="touch_id", how="anti")
    first = pl.read_parquet(soiled / "touches.parquet").join(again, on="touch_id", how="anti")
    same = [name for name in first.columns if name not in ("touch_id", "source_system")]
    repeats = again.join(
        first.select(*same, first_id="touch_id"), on=same, how="left", nulls_equal=True
    ).unique("touch_id", keep="first")
    return pl.concat(
        [
            true,
            repeats.select("touch_id", touch="first_id")
            .join(true, left_on="touch", right_on="touch_id")
            .select(true.columns),
        ]
    )


def _opportunities(clean: Path, soiled: Path) -> pl.DataFrame:
    """One row per opportunity: its faults, those of its touches, and what the file has of it."""
    file = pl.read_parquet(soiled / "opportunities.parquet").with_columns(
        local_day("created_at", TIMEZONE).alias("created_day"),
        local_day("closed_at", TIMEZONE).alias("closed_day"),
    )
    was = pl.read_parquet(clean / "opportunities.parquet").select(
        "opportunity_id",
        pl.concat_list(
            pl.when(pl.col("amount").is_null()).then(pl.lit("no amount from the start")),
            pl.when(pl.col("crm_classification").is_null()).then(pl.lit("no class from the start")),
        )
        .list.drop_nulls()
        .alias("from_the_start"),
    )
    of_touches = (
        _faults(soiled, "touches")
        .join(
            _true_touches(clean, soiled).select("opportunity_id", record_id="touch_id"),
            on="record_id",
        )
        .explode("soilings")
        .group_by("opportunity_id")
        .agg((pl.lit("touch ") + pl.col("soilings")).unique().alias("of_touches"))
    )
    touches = pl.read_parquet(soiled / "touches.parquet").with_columns(
        local_day("touched_at", TIMEZONE).alias("touch_day")
    )
    on_it = (
        touches.join(file.select("opportunity_id", "closed_day"), on="opportunity_id")
        .group_by("opportunity_id")
        .agg(
            (pl.col("touch_day") <= pl.col("closed_day"))
            .fill_null(value=True)
            .sum()
            .alias("touches_by_end"),
            pl.col("touch_day").min().alias("on_it"),
        )
    )
    alone = (
        touches.filter(pl.col("opportunity_id").is_null())
        .group_by("account_id")
        .agg(pl.col("touch_day").min().alias("on_account"))
    )
    faults = _faults(soiled, "opportunities").rename({"record_id": "opportunity_id"})
    return (
        file.join(faults, on="opportunity_id", how="left")
        .join(was, on="opportunity_id")
        .join(of_touches, on="opportunity_id", how="left")
        .join(on_it, on="opportunity_id", how="left")
        .join(alone, on="account_id", how="left")
        .select(
            pl.lit("opportunities").alias("table"),
            pl.col("opportunity_id").alias("record_id"),
            "crm_classification",
            "created_day",
            pl.when(status="open").then(date(2026, 11, 3)).otherwise("closed_day").alias("end_day"),
            "touches_by_end",
            pl.min_horizontal("on_it", "on_account").alias("first_touch_day"),
            pl.concat_list(
                pl.col(name).fill_null([]) for name in ("soilings", "from_the_start", "of_touches")
            ).alias("soilings"),
        )
    )


def _faults(soiled: Path, table: str) -> pl.DataFrame:
    """One row per soiled record of a table: `record_id`, and in `soilings` all its faults."""
    record = pl.read_parquet(soiled / "truth_soiling.parquet").filter(pl.col("table") == table)
    return record.group_by("record_id").agg(pl.col("soiling").alias("soilings"))


def printed(rows: pl.DataFrame) -> str:
    """The counts as a table in Markdown, with recall and precision."""
    heads = ("soiling", "rule", "planted", "found", "recall", "decidable", "recall of those")
    heads = (*heads, "findings", "precision")
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for row in rows.to_dicts():
        cells = [
            f"`{row['soiling']}`",
            f"`{row['rule']}`",
            f"{row['planted']:,}",
            f"{row['found']:,}",
            _rate(row["found"], row["planted"]),
            f"{row['decidable']:,}",
            _rate(row["found_decidable"], row["decidable"]),
            f"{row['findings']:,}",
            _rate(row["explained"], row["findings"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "–"


def found_in_clean_log(folder: Path, *, opportunities: int = 1500) -> dict[str, int]:
    """How many findings that are due some day each rule has where nothing was soiled."""
    write_sample(
        folder / "clean", opportunities=opportunities, touches=opportunities * 14 // 3, soiled=False
    )
    findings = _findings(folder / "clean", folder / "tables")
    counts = findings.drop_nulls("due_on").group_by("rule").len().sort("rule")
    return dict(counts.iter_rows())


def main() -> None:
    """Put the rules to the soiled sample company, and print what they find of it."""
    with tempfile.TemporaryDirectory() as soiled, tempfile.TemporaryDirectory() as clean:
        rows = hunted(Path(soiled))
        false = found_in_clean_log(Path(clean))
    sys.stdout.write(printed(rows) + "\n\n")
    for rule, count in false.items():
        sys.stdout.write(f"In a clean log: {count} findings of `{rule}`.\n")
    for soiling, reason in NOT_HUNTED.items():
        sys.stdout.write(f"Not hunted: `{soiling}`, because {reason}.\n")


if __name__ == "__main__":
    main()
