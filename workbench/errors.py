"""Every error that the workbench raises on purpose.

An `InputError` is a mistake in what the user gave: it counts, names and hints, all problems at
once, and the command ends with exit code 2. Every other `WorkbenchError` is a run that failed:
exit code 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, where it stands, and what would mend it."""

    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        return f"{text}\n    Hint: {self.hint}" if self.hint else text


class WorkbenchError(Exception):
    """The run failed. One sentence says how."""

    exit_code = 1


class InputError(WorkbenchError):
    """The input or the parameters are wrong: all problems at once, sorted, each with a hint."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        if len(self.problems) == 1:
            message = str(self.problems[0]).replace("\n    Hint:", "\nHint:")
        else:
            lines = "\n".join(f"  {problem}" for problem in self.problems)
            message = f"{len(self.problems)} problems:\n{lines}"
        super().__init__(message)


class ParameterError(InputError):
    """A parameter file, definition, mapping or readout text does not say what it must."""


class SourceError(InputError):
    """A source file is missing, cannot be read, or lacks what a table needs."""


class RateError(InputError):
    """A currency has no rate on a day on which an amount must be converted."""


class RunError(InputError):
    """A run that was named is not there, is finished, or lacks the tables that a stage needs."""


class ReadoutError(InputError):
    """The texts of the readout do not fit on its page."""


class PublishError(InputError):
    """A place that a run is published to is none, or cannot take its tables."""


class ContractError(WorkbenchError):
    """A table that a stage made or was given breaks its contract."""

    def __init__(self, table: str, breaches: Iterable[str]) -> None:
        listed = sorted(set(breaches))
        shown = "; ".join(listed[:10]) + ("; …" if len(listed) > 10 else "")
        ways = "1 way" if len(listed) == 1 else f"{len(listed)} ways"
        super().__init__(f"Table {table} breaks its contract in {ways}: {shown}.")


class ConservationError(WorkbenchError):
    """Rows or amounts that must add up do not: the numbers of this run cannot be trusted."""

    def __init__(self, breaches: Iterable[str]) -> None:
        super().__init__("What must add up does not: " + " ".join(breaches))


class SealError(WorkbenchError):
    """A sealed run is not what was sealed, or its figures cannot be worked out again."""

    def __init__(self, where: str, differences: Iterable[str]) -> None:
        listed = tuple(differences)
        ways = "1 difference" if len(listed) == 1 else f"{len(listed)} differences"
        lines = "".join(f"\n  {difference}" for difference in listed)
        super().__init__(f"{where}: {ways} from what was sealed:{lines}")


class HookError(WorkbenchError):
    """A run is done, but the command that should follow it failed."""


class StageError(WorkbenchError):
    """A stage's notebook stopped on an error; the exit code is that of its cause."""

    def __init__(
        self, *, stage: str, cell: str, cause: str, notebook: Path, exit_code: int
    ) -> None:
        self.exit_code = exit_code
        self.notebook: Path | None = notebook
        super().__init__(f"Stage {stage} stopped in cell {cell}: {cause}")

    def moved(self, before: Path, after: Path | None) -> None:
        """Follow the run's folder to where it was put; None when it was not worth keeping."""
        if self.notebook is not None:
            self.notebook = after / self.notebook.relative_to(before) if after else None

    def __str__(self) -> str:
        kept = f"\nThe executed notebook: {self.notebook}" if self.notebook else ""
        return super().__str__() + kept
