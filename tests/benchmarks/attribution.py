"""Attribution at size, side by side in one run: `python -m tests.benchmarks.attribution`.

Every contender does the same job in a process of its own, by turns, so that what else the machine
does strikes all alike. The processor time is the steadier figure on a busy machine.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import polars.selectors as cs

from tests.benchmarks.jobs import CONTENDERS, OUTPUT_TABLES, TIMING, facts_of
from tests.benchmarks.paths import path_lines
from workbench.attribution import attribution
from workbench.definitions import Bound, read_definition
from workbench.sample import write_sample

PROJECT: Final = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Measured:
    """One job: seconds on the wall and of the processors, and the peak of its memory in GB."""

    seconds: float
    cpu_seconds: float
    peak: float


def sample_company(folder: Path, *, opportunities: int, touches: int) -> Path:
    """The sample company at this size; one that is there already is taken."""
    company = folder / f"sample-{opportunities}-{touches}"
    if not company.exists():
        write_sample(company, opportunities=opportunities, touches=touches)
    return company


def measured(contender: str, source: Path, target: Path) -> Measured:
    """Do the job once, in a process of its own that tells what it used."""
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.benchmarks.jobs", contender, str(source), str(target)]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(*json.loads(done.stdout))


def differing_tables(one: Path, other: Path) -> list[str]:
    """The tables that are not the same in both folders, to the last row, cent and type."""
    return [
        table
        for table in OUTPUT_TABLES
        if not _is_same(
            pl.read_parquet(one / f"{table}.parquet"), pl.read_parquet(other / f"{table}.parquet")
        )
    ]


def _is_same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables are equal; a share, for which sums of floats stand, to 12 decimals."""
    if one.schema != other.schema or not one.select(~cs.float()).equals(other.select(~cs.float())):
        return False
    apart = [(one[name] - other[name]).abs().max() for name in one.select(cs.float()).columns]
    return all(distance is None or distance <= 1e-12 for distance in apart)


def job_lines(source: Path, folder: Path, *, repeat: int) -> list[str]:
    """The job by every contender, by turns: the best of each, and ours against the others."""
    runs: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}
    for _ in range(repeat):
        for name, done in runs.items():
            done.append(measured(name, source, folder / name))
    best = {
        name: Measured(
            seconds=min(run.seconds for run in done),
            cpu_seconds=min(run.cpu_seconds for run in done),
            peak=max(run.peak for run in done),
        )
        for name, done in runs.items()
    }
    lines = [f"{'':12}{'seconds':>10}{'cpu seconds':>13}{'peak GB':>9}"]
    lines += [
        f"{name:12}{run.seconds:10.2f}{run.cpu_seconds:13.2f}{run.peak:9.2f}"
        for name, run in best.items()
    ]
    ours = best["workbench"]
    for name, other in best.items():
        if name != "workbench":
            ratio, of_cpu = ours.seconds / other.seconds, ours.cpu_seconds / other.cpu_seconds
            lines.append(f"workbench is {ratio:.2f} x {name} ({of_cpu:.2f} x in cpu seconds)")
    differing = differing_tables(folder / "workbench", folder / "duckdb")
    equal = "differ in " + ", ".join(differing) if differing else "wrote equal tables"
    return [*lines, f"workbench and duckdb {equal}"]


def another_definition_line(source: Path) -> str:
    """How long a changed definition takes on facts that are prepared: the best of three."""
    facts, definition = facts_of(source), read_definition(TIMING)
    first = definition.rules[0].model_copy(update={"start": Bound.parse("created - 180d")})
    changed = definition.model_copy(update={"rules": (first, *definition.rules[1:])})
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        attribution(facts, changed)
        seconds.append(time.perf_counter() - began)
    return f"another definition on the prepared snapshot: {min(seconds):.3f} seconds"


def report_lines(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Measure, and say each thing as it is known."""
    opportunities, touches = options.opportunities, options.touches
    source = sample_company(folder, opportunities=opportunities, touches=touches)
    yield f"{opportunities:,} opportunities, {touches:,} touches"
    yield from job_lines(source, folder, repeat=options.repeat)
    yield another_definition_line(source)
    if options.paths:
        yield from path_lines(options.paths)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.attribution")
    parser.add_argument("--opportunities", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--paths", type=int, default=1_000_000, help="0 leaves the packages out")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keeps the sample company for the next time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for line in report_lines(folder, options):
            print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
