"""Where the lab starts: a snapshot prepared once, and what its own definition says of it."""

from dataclasses import dataclass
from pathlib import Path

from workbench.attribution import (
    Reading,
    Snapshot,
    ruled_reading,
    rulings_over_all_in_words,
)
from workbench.definitions import Definition, read_definition
from workbench.lab.changes import Changes, Scope, changes
from workbench.params import RunParams, find_params_file, read_params
from workbench.prepared import prepared_snapshot
from workbench.rulings import Ruling


@dataclass(frozen=True)
class Bench:
    """One snapshot, the rulings in force, the definition at the start, and what it then says.

    `tables_from` says in words whose tables these are.
    """

    params: RunParams
    facts: Snapshot
    rulings: tuple[Ruling, ...]
    definition: Definition
    result: Reading
    shelf: Path
    tables_from: str

    def changes(self, definition: Definition, *, scope: Scope) -> Changes:
        """What moves when another definition takes the place of the one at the start."""
        return changes(
            self.result,
            ruled_reading(self.facts, definition, self.rulings),
            scope=scope,
            period=self.params.fiscal_period,
            timezone=self.params.timezone,
        )

    def in_words(self) -> list[str]:
        """What the lab begins with: the definition, and where its tables come from."""
        definition = self.definition
        rows = f"{self.facts.opportunities.height:,} opportunities and "
        rows += f"{self.facts.touches.height:,} touches"
        return [
            f"Definition {definition.id}, version {definition.version}: {definition.title}.",
            definition.in_words(),
            f"As of {self.params.as_of}: {rows}, from {self.tables_from}.",
            *([said] if (said := rulings_over_all_in_words(self.rulings)) else []),
        ]


def open_bench(params_file: str, run_id: str) -> Bench:
    """Prepare the lab for a parameter file.

    The tables are those of the finished run `run_id`, else of the last finished run of the
    parameter file, else what its source gives now: a run that read another source is passed over.
    Nothing is written.

    Raises ParameterError, SourceError, ContractError or RateError as the stages do. The rulings are
    those of the parameter file.
    """
    params = read_params(params_file)
    definition = read_definition(params.definition)
    prepared = prepared_snapshot(params, run_id=run_id)
    return Bench(
        params=params,
        facts=prepared.facts,
        rulings=prepared.rulings,
        definition=definition,
        result=ruled_reading(prepared.facts, definition, prepared.rulings),
        shelf=find_params_file(params_file).parent / "definitions",
        tables_from=prepared.tables_from,
    )
