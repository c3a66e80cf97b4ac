"""Every problem of parameters, definitions, texts and headers, found before anything runs."""

from collections.abc import Mapping
from pathlib import Path

from workbench.definitions import read_definition
from workbench.errors import InputError, ParameterError, Problem
from workbench.ingest import source_problems
from workbench.params import RunParams, read_params
from workbench.readout import read_readout_texts


def check_inputs(params_file: str, overrides: Mapping[str, str] | None = None) -> RunParams:
    """The parameters of a run, once everything that it is given can be used.

    Raises InputError with all problems at once: of the parameter file, of the definitions and the
    readout's texts that it names, and of the source's mapping and headers. No row is read.
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
    if params.readout is not None:
        try:
            read_readout_texts(params.readout)
        except InputError as error:
            problems += error.problems
    problems += source_problems(params)
    if problems:
        raise InputError(problems)
    return params
