"""A snapshot to try definitions on: of a finished run's tables, or of what the source gives now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution import Snapshot, snapshot
from workbench.contracts import (
    AccountMerges,
    Contract,
    FxRates,
    Opportunities,
    Partners,
    Touches,
)
from workbench.ingest import ingest
from workbench.params import RunParams
from workbench.rulings import Ruling, read_rulings, rulings_in_force
from workbench.runs import MANIFEST, latest_run, stage_parameters
from workbench.tables import read_table, table_file

_NEEDED: Final[tuple[type[Contract], ...]] = (
    Opportunities,
    Touches,
    Partners,
    AccountMerges,
    FxRates,
)


@dataclass(frozen=True)
class Prepared:
    """A snapshot, the rulings in force on the as-of day, and in words whose tables they are."""

    facts: Snapshot
    rulings: tuple[Ruling, ...]
    tables_from: str


def prepared_snapshot(params: RunParams, *, run_id: str | None = None) -> Prepared:
    """The snapshot of the finished run `run_id`, else of the last one of the parameter file.

    A run that read another source is passed over; where no run is left the source is read now.
    Nothing is written. The rulings are those of the file that the parameters name.

    Raises SourceError, ContractError or RateError as the stages do, and ParameterError for what is
    wrong in the file of rulings.
    """
    rulings = read_rulings(params.rulings) if params.rulings is not None else ()
    tables, tables_from = _tables(params, run_id)
    facts = snapshot(
        opportunities=tables[Opportunities],
        touches=tables[Touches],
        partners=tables[Partners],
        account_merges=cast(DataFrame[AccountMerges] | None, tables.get(AccountMerges)),
        fx_rates=tables.get(FxRates),
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
    )
    return Prepared(facts, tuple(rulings_in_force(rulings, as_of=params.as_of)), tables_from)


def _tables(
    params: RunParams, run_id: str | None
) -> tuple[Mapping[type[Contract], pl.DataFrame], str]:
    named = params.output_root / "runs" / run_id if run_id else None
    for run in (named, latest_run(params)):
        if run is not None and _read_the_same_source(run, params):
            present = [c for c in _NEEDED if table_file(run / "tables", c).exists()]
            tables = {contract: read_table(run / "tables", contract) for contract in present}
            return tables, f"the tables of the run {run.name}"
    with TemporaryDirectory() as folder:
        read = ingest(params, into=Path(folder)).tables
        return {c: read[c] for c in _NEEDED if c in read}, "the source, read now"


def _read_the_same_source(run: Path, params: RunParams) -> bool:
    """Whether a run is finished, and read what these parameters would read."""
    if not (run / MANIFEST).is_file():
        return False
    read = json.loads((run / MANIFEST).read_text(encoding="utf-8"))["parameters"]
    given = params.model_dump(mode="json")
    return all(read.get(name) == given[name] for name in stage_parameters("ingest", params))
