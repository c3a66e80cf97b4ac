"""Every problem of parameters, definitions, texts and headers, found before anything runs."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.definitions import Definition, definition_changes, read_definition
from workbench.documents import changes, parse_document
from workbench.errors import InputError, ParameterError, Problem
from workbench.ingest import source_problems
from workbench.params import RunParams, read_params
from workbench.programme import Programme, read_programme
from workbench.quality import read_overrides
from workbench.readout import read_readout_texts
from workbench.rulings import read_rulings
from workbench.runs import MANIFEST, latest_run


def check_inputs(params_file: str, overrides: Mapping[str, str] | None = None) -> RunParams:
    """The parameters of a run, once everything that it is given can be used.

    Raises InputError with all problems at once: of the parameter file, of the definitions, the
    readout's texts, the rulings, the programme and the quality rules that it names, and of the
    source's mapping and headers. A definition or a programme that decides otherwise than under the
    same version in the last finished run of this name is one of them. No row is read.
    """
    params = read_params(params_file, overrides)
    problems: list[Problem] = []
    files: dict[str, Path] = {}
    for path in (params.definition, *params.compare_with):
        try:
            definition = read_definition(path)
        except ParameterError as error:
            problems += error.problems
            continue
        if definition.id in files:
            what = f"'id': {files[definition.id]} has the id '{definition.id}' too."
            problems.append(Problem(str(path), what, "a copied definition needs its own id."))
        files[definition.id] = path
        problems += _changed_content(definition, path, params)
    readers: tuple[tuple[Path | None, Callable[[Path], object]], ...] = (
        (params.readout, read_readout_texts),
        (params.rulings, read_rulings),
        (params.programme, lambda path: _unchanged_programme(path, params)),
        (params.quality, read_overrides),
    )
    for file, read in readers:
        if file is not None:
            try:
                read(file)
            except InputError as error:
                problems += error.problems
    problems += source_problems(params)
    if problems:
        raise InputError(problems)
    return params


def _changed_content(definition: Definition, path: Path, params: RunParams) -> list[Problem]:
    """A definition whose content changed since the last finished run, though its version did not.

    Texts for its readers, and approvals, are no content: see `workbench.definitions.TEXT_KEYS`.
    """
    manifest = _last_manifest(params)
    if manifest is None:
        return []
    for kept in (manifest["definition"], *manifest["compare_with"]):
        if (kept["id"], kept["version"]) == (definition.id, definition.version):
            was = parse_document(kept, Definition, str(path))
            found = definition_changes(was, definition)
            return _unless_same(found, path, definition.version, run_id=manifest["run_id"])
    return []


def _unchanged_programme(path: Path, params: RunParams) -> Programme:
    """The programme of a file. Raises InputError where the same version said something else."""
    programme = read_programme(path)
    manifest = _last_manifest(params) or {}
    kept = manifest.get("programme")
    if kept is not None and kept["version"] == programme.version:
        was = parse_document(kept, Programme, str(path))
        found = changes(was.content(), programme.content())
        if problems := _unless_same(found, path, programme.version, run_id=manifest["run_id"]):
            raise InputError(problems)
    return programme


def _unless_same(found: list[str], path: Path, version: int, *, run_id: str) -> list[Problem]:
    if not found:
        return []
    lines = "".join(f"\n      {change}" for change in found)
    what = f"version {version} said something else in the run {run_id}:{lines}"
    hint = f"raise the version to {version + 1}, or take the change back."
    return [Problem(str(path), what, hint)]


def _last_manifest(params: RunParams) -> dict[str, Any] | None:
    """The manifest of the last finished run of this name."""
    before = latest_run(params)
    if before is None:
        return None
    manifest: dict[str, Any] = json.loads((before / MANIFEST).read_text(encoding="utf-8"))
    return manifest
