"""Metrics beside the attribution that they rest on: `python -m tests.benchmarks.metrics`.

Both jobs run in a process of their own, by turns, so that what else the machine does strikes both.
The processor time is the steadier figure on a busy machine.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from tests.benchmarks.attribution import PROJECT, Measured, measured, sample_company
from tests.benchmarks.jobs import TIMING, used_by
from tests.sample_params import sample_params
from workbench.contracts import Contract, Opportunities, PartnerCredit, TouchAudit, Touches
from workbench.definitions import read_definition
from workbench.metrics import MetricInputs, metrics

# What the metrics take of the wide tables; of the others it is every column.
COLUMNS: Final[dict[type[Contract], tuple[str, ...]]] = {
    Opportunities: ("opportunity_id", "probability"),
    Touches: (
        "touch_id",
        "touch_type",
        "partner_id",
        "touched_at",
        "logged_at",
        "logged_by",
        "evidence_url",
    ),
    TouchAudit: (
        "touch_id",
        "opportunity_id",
        "partner_id",
        "touch_type",
        "touched_at",
        "decision",
    ),
}
# Under the definition's own model; the job of attribution writes the credit of eight.
CREDIT_FILE: Final = "partner_credit_primary.parquet"
FIGURES_FILE: Final = "metrics.parquet"


def metrics_job(source: Path, target: Path) -> None:
    """From the sample company and the tables of its attribution in `target` to all metrics there.

    What notebook 04 computes: the whole catalogue in nine quarters, under the definition `timing`.
    """
    inputs = MetricInputs.of({c: _read(c, source, target) for c in MetricInputs.contracts})
    params = sample_params(source)
    figures = metrics(inputs, params=params, definition=read_definition(TIMING))
    figures.write_parquet(target / FIGURES_FILE)


def _read(contract: type[Contract], source: Path, target: Path) -> pl.DataFrame:
    name = CREDIT_FILE if contract is PartnerCredit else f"{contract.table_name()}.parquet"
    file = target / name if (target / name).exists() else source / name
    return pl.read_parquet(file, columns=COLUMNS.get(contract))


def measured_metrics(source: Path, target: Path) -> Measured:
    """Do the job of metrics once, in a process of its own that tells what it used."""
    command = [sys.executable, "-m", "tests.benchmarks.metrics", "--job", str(source), str(target)]
    done = subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(*json.loads(done.stdout))


def report_lines(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Measure both jobs by turns, the best of each, and say it."""
    source = sample_company(folder, opportunities=options.opportunities, touches=options.touches)
    target = folder / "workbench"
    attributed, figured = [], []
    for _ in range(options.repeat):
        attributed.append(measured("workbench", source, target))
        figured.append(measured_metrics(source, target))
    yield f"{options.opportunities:,} opportunities, {options.touches:,} touches"
    yield f"{'':12}{'seconds':>10}{'cpu seconds':>13}{'peak GB':>9}"
    best = {}
    for name, runs in (("attribution", attributed), ("metrics", figured)):
        seconds, cpu_seconds = (min(run.seconds for run in runs), min(r.cpu_seconds for r in runs))
        best[name] = Measured(seconds, cpu_seconds, max(run.peak for run in runs))
        yield f"{name:12}{seconds:10.2f}{cpu_seconds:13.2f}{best[name].peak:9.2f}"
    ours, other = best["metrics"], best["attribution"]
    ratio, of_cpu = ours.seconds / other.seconds, ours.cpu_seconds / other.cpu_seconds
    yield f"metrics take {ratio:.2f} x attribution ({of_cpu:.2f} x in cpu seconds)"
    figures = pl.read_parquet(target / FIGURES_FILE)
    yield f"{figures.height:,} figures of {figures['metric'].n_unique()} metrics in nine quarters"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.metrics")
    parser.add_argument("--opportunities", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keeps the sample company for the next time")
    parser.add_argument("--job", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        source, target = options.job
        print(json.dumps(used_by(lambda: metrics_job(source, target))))  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as temporary:
        for line in report_lines(options.folder or Path(temporary), options):
            print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
