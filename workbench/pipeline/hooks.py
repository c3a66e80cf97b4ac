"""The commands that a parameter file names for what follows a run: publish it, or call somebody."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from workbench.errors import HookError, ParameterError
from workbench.params import RunParams, project_folder, read_params
from workbench.runs import Run

CAUSE: Final = "WORKBENCH_CAUSE"


def run_on_success(run: Run) -> None:
    """Run the command `on_success` with the folder of a finished run behind it.

    Raises HookError when it cannot be started or ends with another exit code than 0; the run stays.
    """
    said = _failure_of(run.params.on_success, run.params, (str(run.folder),), {})
    if said:
        raise HookError(f"Run {run.run_id} is done, but its on_success failed: {said}")


def run_on_failure(params: RunParams, error: Exception, kept: Path | None) -> None:
    """Run the command `on_failure`, the cause in `WORKBENCH_CAUSE`.

    Behind it stands the folder in which the failed run is kept; nothing where none is. What is
    wrong with the command itself is noted on the error.
    """
    folder = () if kept is None else (str(kept),)
    if said := _failure_of(params.on_failure, params, folder, {CAUSE: in_one_line(error)}):
        error.add_note(f"on_failure failed too: {said}")


def run_on_failed_check(
    params_file: str, overrides: Mapping[str, str] | None, error: Exception
) -> None:
    """The same for a run that cannot begin, where its parameters can be read at all."""
    with suppress(ParameterError):
        run_on_failure(read_params(params_file, overrides), error, None)


def in_one_line(error: Exception) -> str:
    """What a pager can show: the first sentence; of several problems, how many and the first."""
    said = str(error)
    return first_line_complete(said).splitlines()[0] if said else type(error).__name__


def first_line_complete(said: str) -> str:
    """A message whose first line names a problem too where it would only count them."""
    return said.replace("problems:\n  ", "problems: ", 1)


def _failure_of(
    words: Sequence[str], params: RunParams, folder: tuple[str, ...], told: Mapping[str, str]
) -> str:
    """What is wrong with a command that was run, as one sentence; empty when nothing is."""
    if not words:
        return ""
    environment = {name: said for name, said in os.environ.items() if name != CAUSE}
    try:
        done = subprocess.run(  # noqa: S603  (words of the user's own parameter file, and no shell)
            [*words, *folder],
            cwd=project_folder(params.output_root),
            env={**environment, **told},
            check=False,
        )
    except OSError as error:
        return f"'{words[0]}' cannot be started: {error.strerror}."
    return "" if done.returncode == 0 else f"'{words[0]}' ended with exit code {done.returncode}."
