"""Ingest at size beside a plain copy: `python -m tests.benchmarks.ingest --folder DIR`.

From Parquet and from CSV, each job in a process of its own. The copy scans the same files with
polars and sinks them into Parquet: no types, no checks, no order, nothing compared.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from tests.benchmarks.attribution import PROJECT, Measured, sample_company
from workbench.contracts import CANONICAL_TABLES

READ_AT: Final = datetime(2026, 11, 3, 2, tzinfo=UTC)
FORMATS: Final = ("parquet", "csv")


def ingested(source: Path, target: Path) -> None:
    """Ours: every row judged, every table in order, and each record remembered."""
    from workbench.ingest import ingest  # noqa: PLC0415
    from workbench.params import RunParams  # noqa: PLC0415
    from workbench.row_memory import write_row_memory  # noqa: PLC0415

    params = RunParams(
        name="benchmark",
        period="2026-10",
        as_of=date(2026, 10, 31),
        read_at=READ_AT,
        source=source,
        definition=source,
        readout=None,
        output_root=target,
    )
    ingest(params, into=target)
    write_row_memory(target, previous=None, read_at=READ_AT)


def copied(source: Path, target: Path) -> None:
    """The floor: the same files, scanned and written."""
    for path in sorted(source.iterdir()):
        csv = path.suffix == ".csv"
        rows = pl.scan_csv(path, infer_schema=False) if csv else pl.scan_parquet(path)
        rows.sink_parquet(target / f"{path.stem}.parquet")


JOBS: Final[dict[str, Callable[[Path, Path], None]]] = {"workbench": ingested, "copy": copied}


def used_by(job: str, source: Path, target: Path) -> tuple[float, float, float]:
    """Do a job: its seconds, those of the processors, and the peak of this process's memory, GB."""
    import resource  # noqa: PLC0415 - Windows has none

    began, used = time.perf_counter(), time.process_time()
    JOBS[job](source, target)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, cpu_seconds, peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def measured(job: str, source: Path, target: Path) -> Measured:
    """Do the job once, in a process of its own that tells what it used."""
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.benchmarks.ingest", "--job", job, source, target]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(*json.loads(done.stdout))


def sources(company: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The tables of the sample company in each format; what is there already is taken."""
    for form in FORMATS:
        source = folder / f"{company.name}-{form}"
        if not source.exists():
            source.mkdir()
            for contract in CANONICAL_TABLES:
                table = contract.table_name()
                if not (company / f"{table}.parquet").exists():
                    continue  # the sample company has no such records
                rows = pl.scan_parquet(company / f"{table}.parquet")
                if form == "csv":
                    rows.sink_csv(source / f"{table}.csv")
                else:
                    rows.sink_parquet(source / f"{table}.parquet")
        yield form, source


def report_lines(folder: Path, *, opportunities: int, touches: int) -> Iterator[str]:
    """Measure, and say each thing as it is known."""
    company = sample_company(folder, opportunities=opportunities, touches=touches)
    yield f"{opportunities:,} opportunities, {touches:,} touches"
    yield f"{'':20}{'seconds':>10}{'cpu seconds':>13}{'peak GB':>9}"
    for form, source in sources(company, folder):
        used = {job: measured(job, source, folder / f"{job}-{form}") for job in JOBS}
        for job, run in used.items():
            name = f"{job}, {form}"
            yield f"{name:20}{run.seconds:10.2f}{run.cpu_seconds:13.2f}{run.peak:9.2f}"
        ratio = used["workbench"].seconds / used["copy"].seconds
        of_cpu = used["workbench"].cpu_seconds / used["copy"].cpu_seconds
        yield f"workbench is {ratio:.2f} x copy from {form} ({of_cpu:.2f} x in cpu seconds)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest")
    parser.add_argument("--opportunities", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="keeps what was made for the next time")
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        job, source, target = options.job
        print(json.dumps(used_by(job, Path(source), Path(target))))  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as temporary:
        for line in report_lines(
            options.folder or Path(temporary),
            opportunities=options.opportunities,
            touches=options.touches,
        ):
            print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
