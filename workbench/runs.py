"""The run folder: what a run wrote, from what, and the step that makes it the latest."""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import (
    CANONICAL_TABLES,
    REQUIRED_TABLES,
    TABLES,
    Contract,
    CrmWriteBack,
    DefinitionComparison,
    DefinitionSensitivity,
    IngestSummary,
    Maturity,
    Metrics,
    OpportunityAttribution,
    PartnerCredit,
    PartnerEffort,
    PayoutLedger,
    QualityBreakdown,
    QualityFindings,
    QualityHistory,
    QualityScores,
    Rejects,
    Restatement,
    RowChanges,
    RowMemory,
    RulingsApplied,
    SealedPeriods,
    TierRecommendations,
    TimezoneFlips,
    TouchAudit,
)
from workbench.definitions import TEXT_KEYS, Definition, read_definition
from workbench.documents import load_yaml
from workbench.errors import Problem, RunError
from workbench.params import RunParams, read_params
from workbench.periods import TREND_PERIODS
from workbench.rulings import Ruling, read_rulings
from workbench.tables import AnyContract, read_table, table_file, write_table
from workbench.vocabulary import STAGES, Stage

STAGE_TABLES: Final[dict[Stage, tuple[type[Contract], ...]]] = {
    "ingest": (*CANONICAL_TABLES, Rejects, IngestSummary, RowMemory, RowChanges),
    "data_quality": (QualityFindings, QualityScores, QualityBreakdown, QualityHistory),
    "attribution": (
        TouchAudit,
        OpportunityAttribution,
        PartnerCredit,
        DefinitionComparison,
        DefinitionSensitivity,
        RulingsApplied,
        TimezoneFlips,
    ),
    "metrics": (Metrics, SealedPeriods, Restatement),
    "readout": (Maturity, CrmWriteBack, TierRecommendations, PayoutLedger, PartnerEffort),
}
# Runs that were made before rows or sealed periods were remembered have no memory of them.
MAY_BE_ABSENT: Final = {
    *CANONICAL_TABLES, RowMemory, RowChanges, DefinitionSensitivity, SealedPeriods, Restatement
} - set(REQUIRED_TABLES)  # fmt: skip
FOLDERS: Final = ("notebooks", "html", "tables", "readout", "worklists")
MANIFEST: Final = "manifest.json"
# What the tables of a stage depend on: with another value they cannot be taken over.
_STAGE_PARAMETERS: Final[dict[Stage, tuple[str, ...]]] = {
    "ingest": ("source", "source_folder", "timezone", "partner_aliases", "partner_identity"),
    "data_quality": (),
    "attribution": ("as_of", "timezone", "reporting_currency"),
    "metrics": ("period", "fiscal_year_start", "as_of", "timezone", "reporting_currency"),
    "readout": (),
}


def stage_parameters(stage: Stage, params: RunParams) -> tuple[str, ...]:
    """The parameters that the tables of a stage depend on; definitions and files stand apart."""
    names = _STAGE_PARAMETERS[stage]
    if stage == "ingest" and params.partner_identity == "as_is":
        return (*names, "as_of")  # the day whose aliases hold
    return names


@dataclass(frozen=True)
class Run:
    """One run: its parameters, definition, those it is compared with, rulings, and its folder."""

    params: RunParams
    definition: Definition
    compared_definitions: tuple[Definition, ...]
    run_id: str
    folder: Path
    rulings: tuple[Ruling, ...] = ()
    made_parents: tuple[Path, ...] = ()

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    @property
    def params_file(self) -> Path:
        """The resolved parameters, under the name of the file that they come from."""
        return self.folder / f"{self.params.name}.yaml"

    def read(self, contract: type[AnyContract]) -> DataFrame[AnyContract]:
        """A table that this run has, checked."""
        return read_table(self.tables, contract)

    def read_optional(self, contract: type[AnyContract]) -> DataFrame[AnyContract] | None:
        """A table that the source need not have; None when it has not."""
        return self.read(contract) if table_file(self.tables, contract).exists() else None

    def read_present(self, *contracts: type[Contract]) -> dict[type[Contract], pl.DataFrame]:
        """Those of the tables that this run has, checked."""
        return {
            contract: self.read(contract)
            for contract in contracts
            if table_file(self.tables, contract).exists()
        }

    def write(self, frame: pl.DataFrame, contract: type[Contract]) -> None:
        """Check a table and keep it with the run."""
        write_table(self.tables, frame, contract)

    def write_file(self, name: str, content: bytes) -> Path:
        """Keep a file with the run; `name` is its path inside the run's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def previous_tables(self) -> Path | None:
        """The folder of the tables of the last finished run of the same name; None without one."""
        before = latest_run(self.params)
        return None if before is None else before / "tables"

    def previous_table(self, contract: type[AnyContract]) -> DataFrame[AnyContract] | None:
        """The table as the last finished run of the same name left it; None when there is none."""
        before = latest_run(self.params)
        if before is None or not table_file(before / "tables", contract).exists():
            return None
        return read_table(before / "tables", contract)


def new_run_id(params: RunParams) -> str:
    """A name for a run that begins now: its parameter file, its period and the time in UTC.

    Runs that begin in the same second are counted: the second one ends in `-2`.
    """
    name = f"{params.name}-{params.period}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (name, *(f"{name}-{number}" for number in range(2, 100)))
    taken = params.output_root / "runs"
    return next((free for free in names if not (taken / free).exists()), name)


def create_run(params: RunParams, run_id: str) -> Run:
    """Make the folder of a new run and keep its resolved parameters and definitions in it.

    Raises RunError when the name is taken, for a run folder is never written twice, or is no name.
    """
    folder = _run_folder(params, run_id)
    made = tuple(parent for parent in folder.parents if not parent.exists())
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        hint = "name another with --run-id, or leave it out."
        raise RunError([Problem(run_id, f"{folder} exists already.", hint)]) from None
    except OSError as error:
        _remove_empty(made)
        what = f"{folder} cannot be made: {error.strerror}."
        raise RunError([Problem(run_id, what)]) from None
    run = replace(
        _with_folders(_with_own_definitions(params, folder), run_id, folder), made_parents=made
    )
    run.params_file.write_text(run.params.to_yaml(), encoding="utf-8")
    return run


def open_run(params_file: str, run_id: str, stage: Stage) -> Run:
    """The run in which a notebook works, with every table that its stage needs.

    A table of an earlier stage that this run has not written is taken over from the last finished
    run of the same name, so that a notebook can be run alone.

    Raises RunError when the run is finished, when a table is nowhere to be had, or when the last
    finished run made it with other parameters.
    """
    params = read_params(params_file)
    folder = _run_folder(params, run_id)
    if (folder / MANIFEST).exists():
        hint = "a finished run never changes: give the notebook another run_id."
        raise RunError([Problem(run_id, "this run is finished.", hint)])
    run = _with_folders(params, run_id, folder)
    for earlier in STAGES[: STAGES.index(stage)]:
        take_over(run, earlier)
    return run


def _run_folder(params: RunParams, run_id: str) -> Path:
    if not run_id or run_id.startswith(".") or Path(run_id).name != run_id or "\\" in run_id:
        hint = "write one word such as 2026-10-a, without slashes."
        raise RunError([Problem(f"'{run_id}'", "is no name for a run.", hint)])
    return params.output_root / "runs" / run_id


def _with_folders(params: RunParams, run_id: str, folder: Path) -> Run:
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    compared = tuple(read_definition(path) for path in params.compare_with)
    rulings = read_rulings(params.rulings) if params.rulings is not None else ()
    return Run(params, read_definition(params.definition), compared, run_id, folder, rulings)


def _with_own_definitions(params: RunParams, folder: Path) -> RunParams:
    """The same parameters on copies of the files that they name: an edit changes no stage."""

    def kept(path: Path) -> Path:
        copy = folder / "definitions" / f"{read_definition(path).id}.yaml"
        return Path(shutil.copyfile(path, copy))

    (folder / "definitions").mkdir()
    compared = tuple(kept(path) for path in params.compare_with)
    own: dict[str, Any] = {"definition": kept(params.definition), "compare_with": compared}
    if params.rulings is not None:
        own["rulings"] = Path(shutil.copyfile(params.rulings, folder / "rulings.yaml"))
    if params.quality is not None:
        own["quality"] = Path(shutil.copyfile(params.quality, folder / "quality.yaml"))
    if params.programme is not None:
        own["programme"] = Path(shutil.copyfile(params.programme, folder / "programme.yaml"))
    if params.calendar is not None:
        own["calendar"] = Path(shutil.copyfile(params.calendar, folder / "calendar.csv"))
    return params.model_copy(update=own)


def take_over(run: Run, stage: Stage) -> None:
    """Copy the tables of a stage that this run lacks from the last finished run of the same name.

    Raises RunError when there is no such run, when it made them with other parameters or another
    definition, or when this run has some of them: tables of two runs are never mixed.
    """
    needed = [c for c in STAGE_TABLES[stage] if c not in MAY_BE_ABSENT]
    lacking = [c.table_name() for c in needed if not table_file(run.tables, c).exists()]
    if not lacking:
        return
    hint = f"run the notebook of the stage {stage} first with the same run_id."
    if any(table_file(run.tables, contract).exists() for contract in STAGE_TABLES[stage]):
        what = f"it has the stage {stage} in part; not there: {', '.join(sorted(lacking))}."
        raise RunError([Problem(run.run_id, what, hint)])
    before = latest_run(run.params)
    if before is None:
        raise RunError([Problem(run.run_id, f"it has no tables of the stage {stage}.", hint)])
    if changed := _changed(run, stage, before):
        what = f"{before.name} made its tables of the stage {stage} with another {changed}."
        raise RunError([Problem(run.run_id, what, f"start at the stage {stage} or before.")])
    for contract in STAGE_TABLES[stage]:
        if (source := table_file(before / "tables", contract)).exists():
            shutil.copyfile(source, table_file(run.tables, contract))


def _changed(run: Run, stage: Stage, before: Path) -> str:
    """What a stage's tables depend on that this run and the one before do not share."""
    manifest = json.loads((before / MANIFEST).read_text(encoding="utf-8"))
    given = run.params.model_dump(mode="json")
    read = manifest["parameters"]
    names = [n for n in stage_parameters(stage, run.params) if read.get(n) != given[n]]
    if stage == "data_quality":
        names += ["quality"] * (manifest.get("quality") != _quality(run))
    if stage in {"attribution", "metrics"}:
        now = _definitions(run)
        was = {name: manifest.get(name, []) for name in now}
        names += [name for name in now if _deciding(was[name]) != _deciding(now[name])]
    if stage == "metrics" and not {"period", "fiscal_year_start"} & {*names}:
        names += ["calendar"] * (manifest.get("periods") != _periods(run))
    return ", ".join(names)


def _deciding(kept: Any) -> Any:
    """Definitions as a manifest keeps them, without the texts for their readers."""
    if isinstance(kept, dict):
        return {key: value for key, value in kept.items() if key not in TEXT_KEYS}
    return [_deciding(one) for one in kept]


def latest_run(params: RunParams) -> Path | None:
    """The folder of the last finished run of this name; None when there is none."""
    pointer = params.output_root / "latest" / params.name
    if pointer.is_file():
        pointer = params.output_root / "runs" / pointer.read_text(encoding="utf-8").strip()
    return pointer.resolve() if pointer.is_dir() else None


def finished_run(params: RunParams) -> Run:
    """The last finished run of this name, with the parameters and rules by which it was made.

    They come from its manifest: files that were edited or moved since then do not matter.
    Raises RunError when there is no such run.
    """
    folder = latest_run(params)
    if folder is None:
        what = f"there is no finished run of it below {params.output_root}."
        raise RunError([Problem(params.name, what, "make one with 'workbench run'.")])
    return run_in(folder)


def run_in(folder: Path) -> Run:
    """The finished run that lies in a folder, wherever it was moved, as its manifest tells it."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    compared = (Definition.model_validate(content) for content in manifest["compare_with"])
    params = RunParams.model_validate(manifest["parameters"])
    if params.calendar is not None:
        params = params.model_copy(update={"calendar": folder / "calendar.csv"})
    return Run(
        params,
        Definition.model_validate(manifest["definition"]),
        tuple(compared),
        manifest["run_id"],
        folder,
        tuple(Ruling.model_validate(content) for content in manifest["rulings"]),
    )


def finish_run(run: Run, seconds: Mapping[str, float]) -> None:
    """Write the manifest, which ends the run, then let `latest/<name>` point at it in one step."""
    manifest = json.dumps(_manifest(run, seconds), indent=2, ensure_ascii=False, default=str)
    part = run.folder / f"{MANIFEST}.part"
    part.write_text(manifest + "\n", encoding="utf-8")
    part.replace(run.folder / MANIFEST)
    latest = run.params.output_root / "latest"
    latest.mkdir(exist_ok=True)
    pointer = latest / f".{run.params.name}-{os.getpid()}"
    pointer.unlink(missing_ok=True)  # of a process that was killed here
    try:
        pointer.symlink_to(Path("..") / "runs" / run.run_id, target_is_directory=True)
    except OSError:  # Windows lets only some accounts make links: a file that names the run
        pointer.write_text(run.run_id, encoding="utf-8")
    pointer.replace(latest / run.params.name)


def set_aside(run: Run, *, keep: bool) -> Path | None:
    """Take a run that failed out of `runs/`: into `failed/`, or away when it made nothing.

    It takes the place of a run of the same name that failed before.
    """
    if not keep:
        shutil.rmtree(run.folder)
        _remove_empty(run.made_parents)
        return None
    kept = run.params.output_root / "failed" / run.run_id
    kept.parent.mkdir(exist_ok=True)
    if kept.exists():
        shutil.rmtree(kept)
    run.folder.replace(kept)
    return kept


def _remove_empty(folders: tuple[Path, ...]) -> None:
    """Remove folders, the innermost first, up to one that another run has come into."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _definitions(run: Run) -> dict[str, Any]:
    """The definitions and rulings of a run, whole, under the names of their parameters."""
    compared = [d.model_dump(mode="json", by_alias=True) for d in run.compared_definitions]
    return {
        "definition": run.definition.model_dump(mode="json", by_alias=True),
        "compare_with": compared,
        "rulings": [ruling.model_dump(mode="json") for ruling in run.rulings],
    }


def _programme(run: Run) -> dict[str, Any] | None:
    """The partner programme, as the file has it."""
    return None if run.params.programme is None else load_yaml(run.params.programme)


def _quality(run: Run) -> dict[str, Any]:
    """What is said of single quality rules, as the file has it."""
    return {} if run.params.quality is None else load_yaml(run.params.quality)


def _periods(run: Run) -> dict[str, list[str]]:
    """First and last day of each period that the metrics are about."""
    trail = run.params.fiscal_period.trail(TREND_PERIODS)
    return {period.label: [f"{period.start}", f"{period.end}"] for period in trail}


def _manifest(run: Run, seconds: Mapping[str, float]) -> dict[str, Any]:
    inputs = run.read(IngestSummary).select("table", "source", "sha256")
    files = sorted(path for path in run.folder.rglob("*") if path.is_file())
    return {
        "run_id": run.run_id,
        "name": run.params.name,
        "finished_at": datetime.now(UTC),
        "parameters": run.params.model_dump(mode="json"),
        **_definitions(run),
        "quality": _quality(run),
        "programme": _programme(run),
        "periods": _periods(run),
        "inputs": inputs.to_dicts(),
        "rows": {
            name: pl.scan_parquet(path).select(pl.len()).collect().item()
            for name, contract in TABLES.items()
            if (path := table_file(run.tables, contract)).exists()
        },
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": dict(sorted({d.name.lower(): d.version for d in distributions()}.items())),
        "files": {path.relative_to(run.folder).as_posix(): file_sha256(path) for path in files},
    }


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
