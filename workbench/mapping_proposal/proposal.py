"""Unknown files in, a mapping file with reasons out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from workbench.errors import ParameterError, Problem, SourceError
from workbench.mapping_proposal.drafts import Files, PartDraft, TableDraft, homes, own_table
from workbench.mapping_proposal.fits import number_example
from workbench.mapping_proposal.guesses import kind
from workbench.mapping_proposal.looks import FileLook, looks_at, together
from workbench.mapping_proposal.opportunities import opportunity_tables
from workbench.mapping_proposal.text import mapping_text, scalar
from workbench.sources.mapping import TABLES_BY_NAME
from workbench.sources.values import Reading, parsed

_HEAD: Final = (
    "Proposed from the names of columns and the values of up to 2,000 rows of each file. Beside",
    "each line stands how sure that is (1 is certain) and why. Look at every line with a ?: it is",
    "a doubt, an assumption, or something that only you can say. docs/sources.md has the language.",
)


@dataclass(frozen=True)
class Proposal:
    """A mapping file as text, how many lines ask to be looked at, and what else to write."""

    text: str
    tables: int
    columns: int
    questions: int
    parameters: str


def mapping_proposal(paths: Sequence[Path], *, mapping_file: Path) -> Proposal:
    """Propose a mapping of files that lie in one folder.

    The text says the same for the same files, whatever their order on the command line.

    Raises SourceError when a file cannot be read, when two lie in different folders, or when
    nothing looks like opportunities.
    """
    folders = sorted({path.parent for path in paths})
    if len(folders) > 1:
        what = f"the files lie in {len(folders)} folders."
        raise SourceError([Problem(str(folders[0]), what, "put the files of one source together.")])
    looks = _looks(sorted(paths))
    files = Files(looks, homes(looks))
    if "opportunities" not in files.home:
        names = ", ".join(look.name for look in looks)
        hint = "name the file with one row per opportunity, its id, stage, amount and dates."
        raise SourceError([Problem(names, "no file looks like opportunities.", hint)])
    drafts = _drafts(files)
    parameters = _parameters(drafts, files, mapping_file=mapping_file, folder=folders[0])
    text = mapping_text(
        drafts,
        formats=_formats(drafts, looks),
        unused=_unused(drafts, looks),
        head=(*_HEAD, "", "A parameter file to run it with:", *_indented(parameters)),
    )
    body = text.split("\ntables:\n", 1)[1]
    return Proposal(
        text=text,
        tables=len(drafts),
        columns=sum(len(part.guesses) for draft in drafts for part in draft.parts),
        questions=sum("# ?" in line for line in body.splitlines()),
        parameters=parameters,
    )


def write_proposal(proposal: Proposal, path: Path) -> None:
    """Write a proposal. Raises ParameterError when there is a file already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(proposal.text)
    except FileExistsError:
        hint = "a mapping that people worked on is not overwritten: name another file."
        raise ParameterError([Problem(str(path), "there is such a file already.", hint)]) from None


def _looks(paths: Sequence[Path]) -> list[FileLook]:
    looks, problems = [], []
    for path in paths:
        try:
            looks += looks_at(path)
        except SourceError as error:
            problems += error.problems
    if problems:
        raise SourceError(problems)
    return together(looks)


def _drafts(files: Files) -> list[TableDraft]:
    """The tables in the contract's order; those with a file of their own are read from there."""
    own = {name: own_table(name, files) for name in files.home if name != "opportunities"}
    drafts = opportunity_tables(files) | own
    return [drafts[name] for name in TABLES_BY_NAME if name in drafts]


def _parts(drafts: Sequence[TableDraft]) -> list[tuple[str, PartDraft]]:
    return [(draft.name, part) for draft in drafts for part in draft.parts]


def _formats(drafts: Sequence[TableDraft], looks: Sequence[FileLook]) -> dict[str, dict[str, Any]]:
    """How the files that are read are written, where that is not plain CSV."""
    read = _sources(drafts)
    formats = {}
    for look in looks:
        form: dict[str, Any] = dict(look.form)
        numbers = [
            look.rows[guess.source].drop_nulls()
            for table, part in _parts(drafts)
            for guess in part.guesses
            if part.file == look.name and guess.source in look.rows.columns
            if kind(table, guess.column) in {"money", "number"}
        ]
        if examples := sorted({found for texts in numbers if (found := number_example(texts))}):
            form |= {"decimal": ","} if examples == ["1.250,50"] else {"numbers": examples[-1]}
        if form and look.name in read:
            formats[look.name] = form
    return formats


def _sources(drafts: Sequence[TableDraft]) -> dict[str, set[str]]:
    """The columns that are read of each file."""
    read: dict[str, set[str]] = {}
    for _, part in _parts(drafts):
        named = {name for guess in part.guesses for name in guess.sources()} | set(part.where)
        named |= {name for where, _ in part.exclude for name in where}
        for name, lookup in part.lookups.items():
            theirs = {n.removeprefix(f"{name}.") for n in named if n.startswith(f"{name}.")}
            read.setdefault(lookup.file, set()).update(theirs | {lookup.theirs})
            named = {n for n in named if not n.startswith(f"{name}.")} | {lookup.own}
        read.setdefault(part.file, set()).update(named)
    return read


def _unused(drafts: Sequence[TableDraft], looks: Sequence[FileLook]) -> dict[str, list[str]]:
    read = _sources(drafts)
    unused = {
        look.name: [name for name in look.rows.columns if name not in read.get(look.name, ())]
        for look in looks
    }
    return {file: names for file, names in unused.items() if names}


def _parameters(
    drafts: Sequence[TableDraft], files: Files, *, mapping_file: Path, folder: Path
) -> str:
    """A parameter file for the last month in which an opportunity was created."""
    opportunities = next(draft for draft in drafts if draft.name == "opportunities").parts[0]
    by_column = {guess.column: guess for guess in opportunities.guesses}
    currency = by_column["currency"]
    created = by_column.get("created_at")
    rows = files.home["opportunities"].rows
    month = date.min
    if created is not None and created.source in rows.columns:
        month = _last_day(rows[created.source], created.spec)
    touches = next((draft for draft in drafts if draft.name == "touches"), None)
    tagged = touches is None or all(
        guess.spec.get("value") == "crm_tag"
        for part in touches.parts
        for guess in part.guesses
        if guess.column == "touch_type"
    )
    reporting = currency.spec.get("value") or _most_frequent(rows, currency.source)
    return "\n".join(
        [
            f"period: {month:%Y-%m}" if month > date.min else "period:                  # 2026-10",
            f"source: {scalar(mapping_file.as_posix())}",
            f"source_folder: {scalar(folder.as_posix())}",
            "timezone: UTC            # whose days count: America/New_York, Europe/Berlin",
            f"reporting_currency: {reporting}",
            f"definition: {'crm_field' if tagged else 'timing'}",
            "readout: none",
        ]
    )


def _last_day(texts: pl.Series, spec: Mapping[str, Any]) -> date:
    formats = spec.get("formats", ())
    reading = Reading("UTC", formats=(formats,) if isinstance(formats, str) else tuple(formats))
    last = parsed(texts, dtype=pl.Datetime("us", "UTC"), reading=reading).values.dt.date().max()
    return last if isinstance(last, date) else date.min


def _most_frequent(rows: pl.DataFrame, column: str) -> str:
    if column not in rows.columns:
        return "USD"
    counted = (
        rows[column].drop_nulls().value_counts().sort("count", column, descending=[True, False])
    )
    return str(counted[column][0]) if counted.height else "USD"


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
