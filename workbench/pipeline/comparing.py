"""Several definitions over the tables of the last run, or over what the source gives now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.attribution.comparison import Comparison, compared
from workbench.definitions import Definition, read_definition
from workbench.errors import InputError, ParameterError, Problem
from workbench.params import RunParams, read_params
from workbench.prepared import prepared_snapshot


@dataclass(frozen=True)
class DefinitionsCompared:
    """A comparison, and whose tables it was made from."""

    comparison: Comparison
    params: RunParams
    tables_from: str


def compare_definitions(
    params_file: str,
    names: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
) -> DefinitionsCompared:
    """Hold definitions, by id or path, against the first of them on one snapshot.

    One name is held against the parameter file's own definition; none leaves it to the file what
    is compared. The tables are those of the last finished run of the parameter file where it read
    the same source, else what the source gives now; nothing is written. The rulings in force of the
    parameter file stand over every definition.

    Raises InputError with every problem of what it is given.
    """
    wanted = {"readout": "none", **(overrides or {})}
    if len(names) > 1:
        wanted |= {"definition": names[0]}
    if names:
        wanted |= {"compare_with": ",".join(names[1:] or names)}
    params = read_params(params_file, wanted)
    definitions = _definitions((params.definition, *params.compare_with))
    if len(definitions) < 2:
        hint = "name two definitions, or set 'compare_with' in the parameter file."
        raise ParameterError([Problem(params_file, "there is one definition to compare.", hint)])
    prepared = prepared_snapshot(params)
    comparison = compared(
        prepared.facts,
        definitions,
        period=params.fiscal_period,
        timezone=params.timezone,
        rulings=prepared.rulings,
    )
    return DefinitionsCompared(comparison, params, prepared.tables_from)


def _definitions(paths: Sequence[Path]) -> list[Definition]:
    problems: list[Problem] = []
    definitions = []
    for path in paths:
        try:
            definitions.append(read_definition(path))
        except ParameterError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return definitions
