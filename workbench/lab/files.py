"""The definition that came out of the lab, as a file of its own."""

from pathlib import Path
from typing import Any, Final

from workbench.definitions import Bound, Definition, Rule
from workbench.documents import dump_yaml, parse_document
from workbench.errors import ParameterError, Problem

# What is said of the definition that the lab began with, and not of the new one.
_NOT_INHERITED: Final = {"effective_from", "purpose", "blind_to"}


def new_definition(definition: Definition, *, definition_id: str, title: str) -> Definition:
    """A definition with its knobs turned, under an id and a title of its own.

    It is version 1 and approved by nobody; its `origin` names the definition it was made from.
    Raises ParameterError when the id is none, or the title says nothing.
    """
    where = "the new definition"
    problems: list[Problem] = []
    if not title.strip():
        hint = "say in one line what makes an opportunity sourced."
        problems.append(Problem(where, "'title' is missing.", hint))
    content = definition.model_dump(mode="json", by_alias=True, exclude=_NOT_INHERITED)
    origin = f"Made in the definition lab, from {definition.id} version {definition.version}."
    own = {"id": definition_id, "version": 1, "title": title.strip(), "approvals": []}
    try:
        new = parse_document({**content, **own, "origin": origin}, Definition, where)
    except ParameterError as error:
        raise ParameterError([*problems, *error.problems]) from None
    if problems:
        raise ParameterError(problems)
    return new


def write_definition(definition: Definition, folder: Path) -> Path:
    """Write a definition to `<folder>/<id>.yaml`, which must not be there yet.

    Raises ParameterError when a file of that name exists: it is never written over.
    """
    path = folder / f"{definition.id}.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(dump_yaml(_content(definition)))
    except FileExistsError:
        hint = "choose another id; a definition in use is changed in its file, with a new version."
        raise ParameterError([Problem(str(path), "exists already.", hint)]) from None
    return path


def _content(definition: Definition) -> dict[str, Any]:
    """The keys as a person would write them; those that say nothing are left out."""
    content = definition.model_dump(mode="json", by_alias=True, exclude_none=True)
    content["rules"] = [_rule(rule) for rule in definition.rules]
    return {key: value for key, value in content.items() if value or key == "approvals"}


def _rule(rule: Rule) -> dict[str, Any]:
    windows: dict[str, Bound | None] = {"from": rule.start, "to": rule.end}
    return {
        "role": rule.role,
        "touch_types": "any" if rule.any_type else list(rule.touch_types),
        **{end: str(bound) for end, bound in windows.items() if bound is not None},
    }
