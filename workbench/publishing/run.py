"""What is handed on of a finished run: its tables, each row marked with the run that it is of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from workbench.contracts import TABLES, Contract
from workbench.errors import Problem, RunError
from workbench.runs import MANIFEST, Run, file_sha256, run_in
from workbench.tables import scan_table, table_file

# What is published again replaces the rows of the same name and period. Tables have a period or a
# run of their own, so these names are ours alone.
NAME: Final = "published_name"
PERIOD: Final = "published_period"
RUN_ID: Final = "published_run_id"
RUNS_TABLE: Final = "published_runs"


@dataclass(frozen=True)
class PublishedTable:
    """One table as it is handed on: every column of the run's, behind those that name the run.

    `about` says its grain; `required` are the columns that are never null.
    """

    name: str
    about: str
    rows: pl.LazyFrame
    types: Mapping[str, pl.DataType]
    required: frozenset[str]


@dataclass(frozen=True)
class Published:
    """What was handed on: where it lies, and the rows of each table."""

    place: str
    rows: Mapping[str, int]


@dataclass(frozen=True)
class RunToPublish:
    """A finished run whose tables are still those that it wrote."""

    run: Run

    @property
    def name(self) -> str:
        """The name of the parameter file."""
        return self.run.params.name

    @property
    def period(self) -> str:
        return self.run.params.period

    @property
    def contracts(self) -> tuple[type[Contract], ...]:
        """The tables that this run has."""
        return tuple(c for c in TABLES.values() if table_file(self.run.tables, c).exists())

    @property
    def tables(self) -> tuple[PublishedTable, ...]:
        """What the run is, in one row, then its tables; a large one is read when it is written."""
        return (self._runs(), *map(self._table, self.contracts))

    def _table(self, contract: type[Contract]) -> PublishedTable:
        rows = scan_table(self.run.tables, contract)
        required = contract.required_columns()
        return self._marked(contract.table_name(), grain(contract), rows, required)

    def _runs(self) -> PublishedTable:
        """Units and rules of the figures: an amount means nothing without its currency."""
        params, definition = self.run.params, self.run.definition
        row = pl.LazyFrame(
            {
                "as_of": [params.as_of],
                "read_at": [params.read_at],
                "timezone": [params.timezone],
                "reporting_currency": [params.reporting_currency],
                "definition_id": [definition.id],
                "definition_version": [definition.version],
                "definition_title": [definition.title],
                "is_draft": [not definition.is_approved],
            }
        )
        about = "One row per published name and period: the run, its as-of day, units and rules."
        return self._marked(RUNS_TABLE, about, row, row.collect_schema().names())

    def _marked(
        self, name: str, about: str, rows: pl.LazyFrame, required: list[str]
    ) -> PublishedTable:
        marks = {NAME: self.name, PERIOD: self.period, RUN_ID: self.run.run_id}
        marked = rows.select(
            *(pl.lit(said).alias(column) for column, said in marks.items()), pl.all()
        )
        types = dict(marked.collect_schema())
        return PublishedTable(name, about, marked, types, frozenset({*marks, *required}))


def run_to_publish(folder: Path) -> RunToPublish:
    """The finished run in a folder. Raises RunError when a table is not what the run wrote."""
    run = run_in(folder)
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    hint = "make the run anew; a finished run never changes."
    problems = []
    for name in sorted(name for name in files if name.startswith("tables/")):
        if not (folder / name).is_file():
            problems.append(Problem(name, f"it is missing from the run {run.run_id}.", hint))
        elif file_sha256(folder / name) != files[name]:
            problems.append(Problem(name, f"it changed since the run {run.run_id} ended.", hint))
    if problems:
        raise RunError(problems)
    return RunToPublish(run)


def grain(contract: type[Contract]) -> str:
    """What one row of a table is, as the first line of its contract says."""
    return (contract.__doc__ or "").split("\n", 1)[0]
