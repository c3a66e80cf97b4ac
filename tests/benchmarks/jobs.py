"""The contenders: each reads the sample company and writes the three tables of one definition.

`python -m tests.benchmarks.jobs CONTENDER INPUT OUTPUT` does the job once, in a process of its own,
and prints what it used: seconds on the wall, seconds of the processors, peak memory in GB.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from string import Template
from typing import Final

import polars as pl

HERE: Final = Path(__file__).parent
TIMING: Final = HERE.parent.parent / "params" / "definitions" / "timing.yaml"
OUTPUT_TABLES: Final = ("touch_audit", "opportunity_attribution", "partner_credit")
OPPORTUNITY_COLUMNS: Final = (
    "opportunity_id",
    "account_id",
    "opportunity_type",
    "stage",
    "status",
    "owner",
    "created_at",
    "closed_at",
    "amount",
    "recurring_amount",
    "currency",
    "crm_classification",
    "crm_partner_id",
)
TOUCH_COLUMNS: Final = (
    "touch_id",
    "opportunity_id",
    "account_id",
    "partner_id",
    "touch_type",
    "touched_at",
    "logged_at",
    "partner_contact",
    "accepted_by",
    "evidence_url",
)


def floor(source: Path, target: Path) -> None:
    """Read every column that the job needs; write as many rows and columns, nothing in between."""
    touches = _scan(source, "touches").select(TOUCH_COLUMNS).collect(engine="streaming")
    opportunities = (
        _scan(source, "opportunities").select(OPPORTUNITY_COLUMNS).collect(engine="streaming")
    )
    no_word = pl.lit(None, pl.String)
    touches.lazy().select(
        *("touch_id", "opportunity_id", "partner_id", "touch_type", "touched_at"),
        pl.lit("rejected").alias("decision"),
        no_word.alias("role"),
        pl.lit("outside_window").alias("reason"),
        pl.lit(None, pl.Int64).alias("rule"),
    ).sink_parquet(target / "touch_audit.parquet")
    # Of the deciding touch: as many ids and links, in as many opportunities, as the job finds.
    deciding = touches.head(opportunities.height // 2)
    opportunities.lazy().select(
        *("opportunity_id", "account_id", "crm_classification", "status", "stage"),
        *("opportunity_type", "owner", "created_at", "closed_at", "amount"),
        pl.lit("direct").alias("classification"),
        pl.lit("direct").alias("claimed_classification"),
        no_word.alias("evidence_grade"),
        pl.lit("timing").alias("definition_id"),
        pl.lit(1).alias("definition_version"),
    ).sink_parquet(target / "opportunity_attribution.parquet")
    deciding.lazy().select(
        "opportunity_id",
        "partner_id",
        "touch_id",
        "evidence_url",
        pl.lit("sourced").alias("classification"),
        pl.lit("primary").alias("model"),
        pl.lit(1.0).alias("share"),
    ).sink_parquet(target / "partner_credit.parquet")


def workbench(source: Path, target: Path) -> None:
    """Ours: a snapshot, one definition over it, the audit sunk as it is made."""
    from workbench.attribution import classified, decided_pairs, touch_audit  # noqa: PLC0415
    from workbench.definitions import read_definition  # noqa: PLC0415

    definition = read_definition(TIMING)
    facts = facts_of(source)
    pairs = decided_pairs(facts, definition)
    touch_audit(facts, definition, pairs).sink_parquet(target / "touch_audit.parquet")
    attributed, credit = classified(facts, definition, pairs)
    attributed.write_parquet(target / "opportunity_attribution.parquet")
    credit.write_parquet(target / "partner_credit.parquet")


def duckdb(source: Path, target: Path) -> None:
    """The same tables from SQL written by hand for this one definition."""
    import duckdb as engine  # noqa: PLC0415

    script = Template((HERE / "timing.sql").read_text(encoding="utf-8"))
    with engine.connect() as connection:
        connection.execute(script.substitute(input=source.as_posix(), output=target.as_posix()))


def facts_of(source: Path):
    """The snapshot of a sample company as of 31 October 2026, in US dollars."""
    from workbench.attribution import snapshot  # noqa: PLC0415

    return snapshot(
        opportunities=_scan(source, "opportunities"),
        touches=_scan(source, "touches"),
        partners=_scan(source, "partners").collect(),
        account_merges=_scan(source, "account_merges").collect(),
        fx_rates=_scan(source, "fx_rates").collect(),
        as_of=date(2026, 10, 31),
        timezone="America/New_York",
        reporting_currency="USD",
    )


def _scan(source: Path, table: str) -> pl.LazyFrame:
    return pl.scan_parquet(source / f"{table}.parquet")


CONTENDERS: Final[dict[str, Callable[[Path, Path], None]]] = {
    "floor": floor,
    "workbench": workbench,
    "duckdb": duckdb,
}


def used_by(contender: str, source: Path, target: Path) -> tuple[float, float, float]:
    """Do a job: its seconds, those of the processors, and the peak of this process's memory, GB."""
    import resource  # noqa: PLC0415 - Windows has none

    began, used = time.perf_counter(), time.process_time()
    CONTENDERS[contender](source, target)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, cpu_seconds, peak * (1 if sys.platform == "darwin" else 1024) / 1e9


if __name__ == "__main__":
    name, source_folder, target_folder = sys.argv[1:]
    print(json.dumps(used_by(name, Path(source_folder), Path(target_folder))))  # noqa: T201
