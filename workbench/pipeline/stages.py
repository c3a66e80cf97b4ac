"""The stages of a run: each notebook through papermill, in one process, under one progress bar."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient.exceptions import DeadKernelError
from papermill import PapermillExecutionError, execute_notebook
from papermill.engines import NBClientEngine, papermill_engines
from tqdm import tqdm

from workbench import errors
from workbench.errors import StageError, WorkbenchError
from workbench.params import RunParams, project_folder
from workbench.pipeline.figures import write_figures
from workbench.pipeline.hooks import first_line_complete, run_on_failure
from workbench.pipeline.lists import write_lists
from workbench.pipeline.packs import write_packs
from workbench.pipeline.pages import write_pages
from workbench.pipeline.reviews import write_reviews
from workbench.pipeline.scorecard import write_scorecard
from workbench.runs import STAGE_TABLES, Run, create_run, finish_run, set_aside, take_over
from workbench.tables import table_file
from workbench.vocabulary import STAGES, Stage

ENGINE: Final = "workbench"


@dataclass(frozen=True)
class FinishedRun:
    """Where a finished run lies, and how long each stage and each kind of page took, in seconds."""

    run: Run
    seconds: Mapping[str, float]

    @property
    def page(self) -> Path:
        return self.run.folder / "readout" / "readout.pdf"

    @property
    def index(self) -> Path:
        return self.run.folder / "html" / "index.html"


class SharedProgressEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own engine, but for its progress bar: the cells of all notebooks move one bar."""

    bar: "tqdm[Any] | None" = None

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        nb_man.pbar = _CellCounter(cls.bar)
        super().execute_managed_notebook(nb_man, kernel_name, **options)


class _CellCounter:
    """What papermill takes for its bar: it moves the shared one and never closes it."""

    def __init__(self, bar: "tqdm[Any] | None") -> None:
        self.bar = bar
        self.n = 0

    def update(self, cells: int) -> None:
        if self.bar is not None:
            self.bar.update(cells)

    def refresh(self) -> None:
        """Papermill would fill its bar up here; the shared one is not full yet."""

    def close(self) -> None:
        """Papermill would end its bar here; the shared one goes on."""


papermill_engines.register(ENGINE, SharedProgressEngine)


def stage_notebook(stage: Stage, folder: Path) -> Path:
    """The notebook of a stage."""
    return folder / f"{STAGES.index(stage) + 1:02d}_{stage}.ipynb"


def run_pipeline(params: RunParams, *, run_id: str, start: Stage = "ingest") -> FinishedRun:
    """Run the stages from `start` on; the tables of those before come from the last finished run.

    Raises StageError, with the exit code of its cause, when a notebook stops; the run is then taken
    out of `runs/` and what `latest/` points at is left as it was.
    """
    run = create_run(params, run_id)
    seconds: dict[str, float] = {}
    try:
        for earlier in STAGES[: STAGES.index(start)]:
            take_over(run, earlier)
        stages = STAGES[STAGES.index(start) :]
        source = project_folder(params.output_root) / "notebooks"
        with _progress(stages, source) as bar:
            for stage in stages:
                bar.set_description(stage.replace("_", " "))
                with _timed(seconds, stage):
                    _execute(run, stage, stage_notebook(stage, source))
        # The index comes last: it leads to what there is.
        steps: dict[str, Callable[[], None]] = {
            "lists": partial(write_lists, run),
            "figures": partial(write_figures, run),
            "packs": partial(write_packs, run),
            "reviews": partial(write_reviews, run, stages),
            "scorecard": partial(write_scorecard, run),
            "pages": partial(write_pages, run, stages, seconds),
        }
        for step, write in steps.items():
            with _timed(seconds, step):
                write()
        finish_run(run, seconds)
    except BaseException as error:
        kept = _put_away(run, error)
        if isinstance(error, Exception):  # a person who interrupts it knows
            run_on_failure(params, error, kept)
        raise
    return FinishedRun(run, seconds)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - began


@contextmanager
def _progress(stages: tuple[Stage, ...], source: Path) -> Iterator["tqdm[Any]"]:
    notebooks = [nbformat.read(stage_notebook(stage, source), as_version=4) for stage in stages]
    cells = sum(len(notebook.cells) + 1 for notebook in notebooks)  # papermill adds one
    # None: without a terminal it is silent, so that a scheduler's mail has the error alone.
    with tqdm(total=cells, unit="cell", file=sys.stderr, dynamic_ncols=True, disable=None) as bar:
        SharedProgressEngine.bar = bar
        try:
            yield bar
        finally:
            SharedProgressEngine.bar = None


def _execute(run: Run, stage: Stage, notebook: Path) -> None:
    executed = run.folder / "notebooks" / notebook.name
    try:
        execute_notebook(
            notebook,
            executed,
            parameters={
                "params_file": run.params_file.as_posix(),
                "run_id": run.run_id,
            },
            engine_name=ENGINE,
            cwd=notebook.parent.parent,
            progress_bar=False,
            shutdown_kernel="immediate",
            extra_arguments=["--log-level=ERROR"],  # the kernel warns of TCP on this machine
        )
    except PapermillExecutionError as error:
        known = getattr(errors, error.ename, None)
        is_ours = isinstance(known, type) and issubclass(known, WorkbenchError)
        said = error.evalue.strip()
        raise StageError(
            stage=stage,
            cell=_failed_cell(executed),
            cause=first_line_complete(said)
            if is_ours
            else f"{error.ename}: {said.splitlines()[0] if said else ''}",
            notebook=executed,
            exit_code=known.exit_code if is_ours and known else 1,
        ) from error
    except DeadKernelError as error:
        raise StageError(
            stage=stage,
            cell=_failed_cell(executed),
            cause="the kernel died; the machine may be out of memory.",
            notebook=executed,
            exit_code=1,
        ) from error


def _failed_cell(executed: Path) -> str:
    """The name of the cell in which an executed notebook stopped."""
    for cell in nbformat.read(executed, as_version=4).cells:
        state = cell.metadata.get("papermill", {})
        if state.get("exception") or state.get("status") in {"failed", "running"}:
            return str(cell.id)
    return "?"


def _put_away(run: Run, error: BaseException) -> Path | None:
    """Keep a failed run where it can be looked at, unless it never got past its input."""
    accepted = any(table_file(run.tables, c).exists() for c in STAGE_TABLES["ingest"])
    is_input = isinstance(error, WorkbenchError) and error.exit_code == 2
    has_begun = isinstance(error, StageError) and accepted
    kept = set_aside(run, keep=has_begun or not is_input)
    if isinstance(error, StageError):
        error.moved(run.folder, kept)
    return kept
