"""JSON and JSON Lines: records of nested objects as rows of text.

A number keeps the digits with which it is written, so that an amount stays exact. Objects are
flattened to dotted names, `Project.Title`; a list is JSON text unless it is unfolded.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from workbench.errors import Problem, SourceError
from workbench.sources.encodings import encoding_of, must_decode, open_text
from workbench.sources.mapping import FileFormat
from workbench.sources.text_rows import write_rows

JSON: Final = ".json"
JSON_LINES: Final = (".jsonl", ".ndjson")
_SHOWN: Final = 5


class _Number(str):
    """A number as the file writes it."""

    __slots__ = ()


class _RecordError(ValueError):
    """A record that cannot be told."""


def json_header(path: Path, form: FileFormat) -> list[str]:
    """Every column that any record has, in the order in which they first appear.

    Reads the whole file: nothing less tells which keys there are. Raises SourceError when it is
    not JSON, or holds no records where the mapping says.
    """
    columns: dict[str, None] = {}
    broken, shown = 0, ""
    for where, record in _records(path, form):
        try:
            for row in _rows(record, form.explode):
                columns |= dict.fromkeys(row)
        except (_RecordError, RecursionError) as fault:
            broken += 1
            if broken <= _SHOWN:
                shown += f"; {where}: {fault}"
    if broken:
        shown = shown.removeprefix("; ") + ("; …" if broken > _SHOWN else "")
        count = "1 broken record" if broken == 1 else f"{broken} broken records"
        hint = "every record is one object, { } with a value for each key."
        raise SourceError([Problem(str(path), f"{count} ({shown}).", hint)])
    if not columns:
        raise SourceError([Problem(str(path), "holds no records.", "leave it out of the mapping.")])
    if form.explode and not any(f"{name}.".startswith(f"{form.explode}.") for name in columns):
        what = f"'explode': no record has a list '{form.explode}'."
        hint = (
            f"the records have {', '.join(list(columns)[:12])}{', …' if len(columns) > 12 else ''}."
        )
        raise SourceError([Problem(str(path), what, hint)])
    return list(columns)


def json_lists(path: Path) -> list[str]:
    """The lists of objects in a document that is one object, as `records` names them.

    Raises SourceError when it is not JSON.
    """
    encoding = encoding_of(path, None)
    must_decode(path, encoding)
    with open_text(path, encoding) as file:
        lists = _lists(_document(path, file.read()))
    return [name for name, held in lists.items() if held and all(isinstance(r, dict) for r in held)]


def land_json(path: Path, form: FileFormat, landed: Path) -> list[str]:
    """One row per record, or per element of the list that is unfolded; every column text.

    A record whose list is empty or missing keeps one row. JSON Lines are read line by line, a JSON
    document is held in memory. No notes. Raises SourceError as `json_header` does.
    """
    columns = json_header(path, form)
    rows = (
        [row.get(name) for name in columns]
        for _, record in _records(path, form)
        for row in _rows(record, form.explode)
    )
    write_rows(rows, columns=columns, landed=landed)
    return []


def _records(path: Path, form: FileFormat) -> Iterator[tuple[str, Any]]:
    """Each record and where it stands. A line that is no JSON is a `_RecordError` in its place."""
    encoding = encoding_of(path, form.encoding)
    must_decode(path, encoding)
    if path.suffix.lower() in JSON_LINES:
        with open_text(path, encoding) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"line {number}", _parsed_line(line.rstrip())
        return
    with open_text(path, encoding) as file:
        document = _document(path, file.read())
    for number, record in enumerate(_list_at(path, document, form.records), start=1):
        yield f"record {number}", record


def _loaded(text: str) -> Any:
    loaded = json.loads(
        text,
        parse_float=_Number,
        parse_int=_Number,
        parse_constant=_Number,
        object_pairs_hook=_object,
    )
    if "\\u" in text:
        try:
            _json(loaded).encode()
        except UnicodeEncodeError:
            raise _RecordError("half a character is escaped, as '\\ud83d' alone") from None
    return loaded


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The keys and values of an object, none of them twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _RecordError(f"'{name}' stands there twice")
        found[name] = value
    return found


def _parsed_line(line: str) -> Any:
    try:
        return _loaded(line)
    except json.JSONDecodeError as error:
        return _RecordError(f"column {error.colno}: {error.msg}")
    except (_RecordError, RecursionError) as fault:
        return _RecordError(fault)


def _document(path: Path, text: str) -> Any:
    try:
        return _loaded(text)
    except json.JSONDecodeError as error:
        what = f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        hint = "a file of one record a line is named .jsonl." if "Extra data" in error.msg else ""
    except (_RecordError, RecursionError) as fault:
        what, hint = f"cannot be read: {fault}.", ""
    raise SourceError([Problem(str(path), what, hint)])


def _list_at(path: Path, document: Any, records: str | None) -> list[Any]:
    """The list of records; one object in its place is one record."""
    found = document
    for step in records.split(".") if records else ():
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, list):
        return found
    if isinstance(found, dict) and records:
        return [found]
    lists = list(_lists(document))
    hint = f"the file has the lists {', '.join(lists)}." if lists else ""
    if records:
        what = f"'records': there is no list '{records}'."
    else:
        what = "is one object, not a list of records."
        named = (
            f"name the list under 'files' of the mapping, 'records: {lists[0]}'." if lists else ""
        )
        hint = named or "a file of one record a line is named .jsonl."
    raise SourceError([Problem(str(path), what, hint)])


def _lists(document: Any) -> dict[str, list[Any]]:
    """The lists within an object, under dotted names."""
    try:
        cells = _cells(document)
    except (_RecordError, RecursionError):
        return {}
    return {name: value for name, value in cells.items() if name and isinstance(value, list)}


def _rows(record: Any, explode: str | None) -> list[dict[str, str | None]]:
    """The rows of one record: one, or one for each element of the list that is unfolded."""
    if isinstance(record, _RecordError):
        raise record
    if not isinstance(record, dict):
        raise _RecordError("not an object")
    rows = [cells := _cells(record)]
    if explode and isinstance(elements := cells.get(explode), list) and elements:
        del cells[explode]
        rows = [_object([*cells.items(), *_cells(one, explode).items()]) for one in elements]
    return [{name: _text(value) for name, value in row.items()} for row in rows]


def _cells(value: Any, name: str = "") -> dict[str, Any]:
    """What stands in an object, under dotted names; nothing of it is an object any more."""
    if not isinstance(value, dict):
        return {name: value}
    prefix = f"{name}." if name else ""
    return _object(
        cell for key, inner in value.items() for cell in _cells(inner, prefix + key).items()
    )


def _text(value: Any) -> str | None:
    """A single value as the file writes it; a list as JSON, an empty one as missing."""
    if value is None or value == []:
        return None
    return str(value) if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    match value:
        case _Number():
            return str(value)
        case list():
            return f"[{', '.join(_json(inner) for inner in value)}]"
        case dict():
            inner = (f"{_json(name)}: {_json(held)}" for name, held in value.items())
            return f"{{{', '.join(inner)}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)
