"""Names of a mapping that stand for several files, or for several sheets of a workbook."""

from collections.abc import Mapping as AnyMapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from workbench.errors import Problem, SourceError
from workbench.sources.excel import EXCEL, missing_sheets
from workbench.sources.files import is_pattern
from workbench.sources.folders import Folder
from workbench.sources.mapping import FileFormat, Mapping

_SHOWN: Final = 5
Pieces = AnyMapping[str, tuple[str, ...]]


def in_pieces(mapping: Mapping, folder: Folder) -> tuple[Mapping, Pieces]:
    """A mapping in which each piece is a part of its own, and the pieces of each such name.

    A name that fits nothing stays as it is: reading it then says what is wrong.
    """
    names = {part.file for table in mapping.tables.values() for part in table.parts}
    found = {name: _pieces(name, mapping.file_format(name), folder) for name in sorted(names)}
    several = {name: pieces for name, pieces in found.items() if pieces}
    if not several:
        return mapping, {}
    tables = {}
    for name, table in mapping.tables.items():
        parts = tuple(
            part.model_copy(update={"file": piece})
            for part in table.parts
            for piece in several.get(part.file, (part.file,))
        )
        tables[name] = table.model_copy(update={"parts": parts})
    own = {name: form for name, form in mapping.files.items() if name not in several}
    forms = {piece: form for pieces in several.values() for piece, form in pieces.items()}
    pieced = mapping.model_copy(update={"tables": tables, "files": own | forms})
    return pieced, {name: tuple(pieces) for name, pieces in several.items()}


def _pieces(name: str, form: FileFormat, folder: Folder) -> dict[str, FileFormat]:
    """The pieces for which a name stands, by their own names; none where it is one file."""
    path = form.path or name
    if not is_pattern(path):
        return _in_sheets(name, path, form, folder) if form.sheets else {}
    pieces: dict[str, FileFormat] = {}
    for file in folder.matching(path):
        own = f"{name} ({file})" if form.path else file
        pieces |= _in_sheets(own, file, form, folder)
    return pieces


def _in_sheets(own: str, file: str, form: FileFormat, folder: Folder) -> dict[str, FileFormat]:
    """The pieces of one file: its sheets where the mapping names several, else itself."""
    form = form.model_copy(update={"path": file})
    if not form.sheets or PurePosixPath(file).suffix.lower() not in EXCEL:
        return {own: form}
    try:
        there = folder.sheets(file)
    except SourceError:
        return {own: form}
    if missing_sheets(form, there):
        return {own: form}
    wanted = [name for name in there if any(fnmatchcase(name, like) for like in form.sheets)]
    return {
        f"{own} [{sheet}]": form.model_copy(update={"sheet": sheet, "sheets": ()})
        for sheet in wanted
    }


def piece_problems(
    pieces: Pieces, headers: AnyMapping[str, list[str]], origin: str
) -> dict[str, Problem]:
    """The names whose pieces have not all the same columns, in whatever order."""
    problems = {}
    for name, files in pieces.items():
        read = {file: set(headers[file]) for file in files if file in headers}
        first, own = next(iter(read.items()), ("", set()))
        if unlike := {file: columns for file, columns in read.items() if columns != own}:
            count = f"{len(unlike)} of {len(files)} pieces"
            what = f"'{name}': {count} have other columns than '{first}'"
            shown = list(unlike.items())[:_SHOWN]
            said = "; ".join(_differences(file, own, columns) for file, columns in shown)
            more = "; …" if len(unlike) > _SHOWN else ""
            hint = "pieces of one table have the same columns; a part of its own can read another."
            problems[name] = Problem(origin, f"{what} ({said}{more}).", hint)
    return problems


def _differences(file: str, own: set[str], columns: set[str]) -> str:
    listed = {
        "lacks": ", ".join(f"'{name}'" for name in sorted(own - columns)),
        "also has": ", ".join(f"'{name}'" for name in sorted(columns - own)),
    }
    return f"'{file}' " + " and ".join(f"{verb} {names}" for verb, names in listed.items() if names)
