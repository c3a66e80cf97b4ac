"""YAML files that people write, read into frozen models that forbid unknown keys."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from workbench.errors import ParameterError, Problem


class Document(BaseModel):
    """The shape of a file, or of a part of one: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


AnyDocument = TypeVar("AnyDocument", bound=BaseModel)


def suggestion(word: str, known: Iterable[str]) -> str:
    """What would be accepted instead of `word`: the nearest known word, or all of them."""
    choices = sorted(known)
    if not choices:
        return ""
    near = get_close_matches(word.lower(), choices, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known are {', '.join(choices)}."


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping at the top of a YAML 1.2 file.

    Raises ParameterError when the file is missing, is not YAML, or holds something else.
    """
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError([Problem(str(path), "there is no such file.")]) from None
    except UnicodeDecodeError:
        raise ParameterError([Problem(str(path), "is not text in UTF-8.")]) from None
    except (OSError, YAMLError, ValueError) as error:  # ValueError: 2026-02-30, and the like
        raise ParameterError([Problem(str(path), _yaml_fault(error))]) from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise ParameterError(
            [Problem(str(path), "holds no list of keys.", "write one 'key: value' per line.")]
        )
    return content


def dump_yaml(content: dict[str, Any]) -> str:
    """YAML text that `load_yaml` reads back, keys in the order given."""
    yaml = YAML()
    yaml.default_flow_style = False
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()


def _yaml_fault(error: OSError | YAMLError | ValueError) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        said = (error.problem or "cannot be read").split("\n")[0]
        return f"line {mark.line + 1}, column {mark.column + 1}: {said}."
    return f"cannot be read: {error}."


def parse_document(content: dict[str, Any], model: type[AnyDocument], where: str) -> AnyDocument:
    """The model that `content` gives.

    Raises ParameterError with every problem at once, each with its key and what is accepted.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [_problem(dict(fault), model, where) for fault in error.errors()]
    raise ParameterError(problems)


def read_document(path: Path, model: type[AnyDocument]) -> AnyDocument:
    """Read a YAML file into its model; see `load_yaml` and `parse_document` for the errors."""
    return parse_document(load_yaml(path), model, str(path))


_WRONG_SHAPES: Final = {
    "model_type": ("holds no keys", "write 'key: value' below it."),
    "dict_type": ("holds no keys", "write 'key: value' below it."),
    "tuple_type": ("is not a list", "write [one, another]."),
}


def _problem(fault: dict[str, Any], model: type[BaseModel], where: str) -> Problem:
    location = fault["loc"]
    key = ".".join(str(part) for part in location if part != "[key]")
    kind = fault["type"]
    if kind == "extra_forbidden":
        hint = suggestion(str(location[-1]), _accepted_keys(model, location))
        if fault["input"] is None and len(location) > 1:
            hint = f'between {{ }}, a text with a comma in it stands in quotes, "…"; else {hint}'
        return Problem(where, f"'{key}' is not a key.", hint)
    if kind == "missing":
        return Problem(where, f"'{key}' is missing.")
    given = "" if isinstance(fault["input"], dict | list) else f" (given: {fault['input']!r})"
    if kind == "literal_error":
        expected = [word.strip("'") for word in fault["ctx"]["expected"].split(", ")]
        expected = [word.strip("' ") for part in expected for word in part.split("' or '")]
        return Problem(
            where,
            f"'{key}' is none of the accepted words{given}.",
            suggestion(str(fault["input"]), expected),
        )
    if kind == "value_error":
        what, _, hint = str(fault["ctx"]["error"]).partition("\n")
        return Problem(where, f"'{key}': {what}" if key else what, hint)
    if kind in _WRONG_SHAPES:
        what, hint = _WRONG_SHAPES[kind]
        return Problem(where, f"'{key}' {what}{given}.", hint)
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return Problem(where, f"'{key}': {message}{given}.")


def _accepted_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys of the part of `model` in which the fault lies."""
    part: type[BaseModel] | None = model
    for step in location[:-1]:
        if part is None or isinstance(step, int):
            continue
        field = next((f for name, f in part.model_fields.items() if step in (name, f.alias)), None)
        # A step that is no field is a key that people chose, in a dictionary of such parts.
        part = _document_within(field.annotation) if field else part
    return [f.alias or name for name, f in part.model_fields.items()] if part else []


def _document_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _document_within(inner):
            return found
    return None


def flat(content: Mapping[str, Any]) -> dict[str, str]:
    """Every value of a document as text, by its key; nested keys and numbers have dots between."""
    return dict(_flat(content))


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """One line for each key of two flat documents whose value differs: `key: old -> new`."""
    return [
        f"{key}: {before.get(key, 'not there')} -> {now.get(key, 'not there')}"
        for key in sorted({**before, **now})
        if before.get(key) != now.get(key)
    ]


def _flat(content: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, list) and any(isinstance(part, dict) for part in value):
            parts = {str(number): part for number, part in enumerate(value)}
            yield from _flat(parts, f"{path}{key}.")
        elif isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)
