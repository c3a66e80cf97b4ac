"""The contenders: each reads the sample company and writes the tables of one definition.

`python -m tests.benchmarks.jobs CONTENDER INPUT OUTPUT` does the job once, in a process of its own,
and prints what it used: seconds on the wall, seconds of the processors, peak memory in GB.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from string import Template
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

from workbench.definitions import Credit, read_definition
from workbench.vocabulary import TOUCH_TYPES

HERE: Final = Path(__file__).parent
TIMING: Final = HERE.parent.parent / "params" / "definitions" / "timing.yaml"
CREDITS: Final = (
    Credit(model="primary"),
    Credit(model="equal"),
    Credit(model="linear"),
    Credit(model="first"),
    Credit(model="last"),
    Credit(model="position"),
    Credit(model="time_decay", half_life_days=30),
    Credit(
        model="weighted",
        weights=dict.fromkeys(TOUCH_TYPES, 1)
        | {"introduction": 3, "referral": 3, "deal_registration": 3, "co_sell": 2, "champion": 2},
    ),
)
OUTPUT_TABLES: Final = (
    "touch_audit",
    "opportunity_attribution",
    *(f"partner_credit_{credit.model}" for credit in CREDITS),
)
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


Job = Callable[[], None]


def floor(source: Path, target: Path) -> Job:
    """Read every column that the job needs and write its very output, nothing in between.

    The output is that of the contender `workbench` beside it, read before the clock starts.
    """
    outputs = {
        table: pl.read_parquet(target.parent / "workbench" / f"{table}.parquet")
        for table in OUTPUT_TABLES
    }

    def job() -> None:
        for table, columns in (("touches", TOUCH_COLUMNS), ("opportunities", OPPORTUNITY_COLUMNS)):
            _scan(source, table).select(columns).collect(engine="streaming")
        for table, frame in outputs.items():
            frame.lazy().sink_parquet(target / f"{table}.parquet")

    return job


def workbench(source: Path, target: Path) -> Job:
    """Ours: a snapshot, one definition over it, the audit sunk as it is made."""
    from workbench.attribution import classified, credited, touch_audit  # noqa: PLC0415
    from workbench.contracts import TouchAudit  # noqa: PLC0415

    def job() -> None:
        definition = read_definition(TIMING)
        facts = facts_of(source)
        audit = register_io_source(
            lambda *_: touch_audit(facts, definition), schema=pl.Schema(TouchAudit.dtypes())
        )
        audit.sink_parquet(target / "touch_audit.parquet")
        found = classified(facts, definition)

        def write_classes() -> None:
            classes = found.opportunity_attribution.lazy()
            classes.sink_parquet(target / "opportunity_attribution.parquet")

        def write_credit(credit: Credit) -> None:
            shared = credited(found, definition.model_copy(update={"credit": credit}))
            shared.lazy().sink_parquet(target / f"partner_credit_{credit.model}.parquet")

        # One table alone does not fill the cores; they do not depend on each other.
        tasks = [write_classes, *(partial(write_credit, credit) for credit in CREDITS)]
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(task) for task in tasks]:
                done.result()

    return job


def duckdb(source: Path, target: Path) -> Job:
    """The same tables from SQL written by hand for this one definition."""
    import duckdb as engine  # noqa: PLC0415

    classes, credit = (
        Template((HERE / script).read_text(encoding="utf-8"))
        for script in ("timing.sql", "credit.sql")
    )

    def job() -> None:
        folders = {"input": source.as_posix(), "output": target.as_posix()}
        with engine.connect() as connection:
            connection.execute(classes.substitute(folders))
            for model in CREDITS:
                connection.execute(credit.substitute(folders, **_weights_in_sql(model)))

    return job


def _weights_in_sql(credit: Credit) -> dict[str, str]:
    """The column of a model's weights, and the whole numbers that cents are split by."""
    column = f'"{credit.model}"'
    is_float = credit.model == "time_decay"
    parts = "round(share * pow(2, 53))::HUGEINT" if is_float else f"{column}::HUGEINT"
    return {"name": credit.model, "model": column, "parts": parts}


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


CONTENDERS: Final[dict[str, Callable[[Path, Path], Job]]] = {
    "workbench": workbench,
    "floor": floor,
    "duckdb": duckdb,
}


def used_by(job: Job) -> tuple[float, float, float]:
    """Do a job: its seconds, those of the processors, and the peak of this process's memory, GB."""
    import resource  # noqa: PLC0415 - Windows has none

    began, used = time.perf_counter(), time.process_time()
    job()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, cpu_seconds, peak * (1 if sys.platform == "darwin" else 1024) / 1e9


if __name__ == "__main__":
    name, source_folder, target_folder = sys.argv[1:]
    contender = CONTENDERS[name](Path(source_folder), Path(target_folder))
    print(json.dumps(used_by(contender)))  # noqa: T201
