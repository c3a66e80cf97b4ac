"""A figure of a finished run, traced to its records."""

from dataclasses import dataclass

from workbench.contracts import Metrics
from workbench.errors import ConservationError
from workbench.metrics import MetricInputs, Trace, trace
from workbench.runs import Run, run_in
from workbench.sealing import run_folder


@dataclass(frozen=True)
class FigureOfRun:
    """A traced figure, with the run whose figure it is."""

    trace: Trace
    run: Run


def figure_of_run(
    params_or_run: str,
    metric: str,
    *,
    period: str | None = None,
    classification: str | None = None,
    dimension: str = "all",
    member: str = "all",
) -> FigureOfRun:
    """A figure of a run: named by its id or folder, or the last one of a parameter file.

    Tables and definition are those of that run. Raises RunError when there is no such run,
    InputError when it has no such figure, and ConservationError when its own metrics table says
    another.
    """
    run = run_in(run_folder(params_or_run))
    found = trace(
        MetricInputs.of(run.read_present(*MetricInputs.contracts)),
        metric,
        params=run.params,
        definition=run.definition,
        period=period,
        classification=classification,
        dimension=dimension,
        member=member,
    )
    written = run.read(Metrics).filter(
        metric=metric,
        basis="current",
        period=found.key.period,
        classification=found.key.classification,
        dimension=found.key.dimension,
        member=found.key.member,
    )
    if written["value"].to_list() != [found.figure["value"]]:
        now, then = found.figure["value"], written["value"].to_list()
        raise ConservationError([f"Traced, {metric} is {now}; the run {run.run_id} has {then}."])
    return FigureOfRun(found, run)
