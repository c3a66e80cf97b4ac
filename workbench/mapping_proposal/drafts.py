"""The tables of a proposal: which file gives which, and what no file gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from workbench.mapping_proposal.fits import share_true
from workbench.mapping_proposal.guesses import Guess, assumed, coverage, guesses, needed
from workbench.mapping_proposal.looks import FileLook
from workbench.mapping_proposal.lookups import LookupDraft
from workbench.mapping_proposal.names import file_likeness, plain
from workbench.quality.identity import NOT_A_PARTNER
from workbench.sources.mapping import TABLES_BY_NAME

# The columns by which a file is known to hold a table.
_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "opportunities": ("opportunity_id", "amount", "stage", "created_at", "closed_at"),
    "accounts": ("account_id", "name", "industry"),
    "partners": ("partner_id", "name", "partner_type"),
    "touches": ("partner_id", "touch_type", "touched_at"),
    "stage_history": ("opportunity_id", "stage", "entered_at"),
    "handoffs": ("partner_id", "direction", "sent_at", "response"),
    "program_costs": ("incurred_on", "category", "amount"),
    "account_paths": ("account_id", "partner_id", "path"),
    "fx_rates": ("currency", "valid_from", "rate"),
    "partner_aliases": ("alias", "partner_id"),
    "account_merges": ("merged_account_id", "surviving_account_id"),
    "opportunity_merges": ("merged_opportunity_id", "surviving_opportunity_id"),
}
# What is written where a file has nothing, and what to think of.
_ASSUMPTIONS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "accounts": {"is_target": ("false", "nothing names target accounts")},
    "partners": {
        "partner_type": ("referral", "nothing says of which kind a partner is"),
        "active": ("true", "nothing says which partners left"),
    },
    "opportunities": {
        "opportunity_type": ("new_business", "nothing tells renewals and expansions apart"),
    },
    "touches": {"touch_type": ("crm_tag", "nothing says what the partner did")},
}
_DELETED: Final = {"isdeleted", "deleted", "isarchived", "archived"}
_YES: Final = {"true", "yes", "1", "ja"}
_FILE_NAME_WEIGHT: Final = 0.4
_A_TABLE: Final = 0.5
_ENOUGH_ALONE: Final = 0.45  # four signs of the five, under a name that says nothing


@dataclass(frozen=True)
class PartDraft:
    """Rows of one file that become rows of a table."""

    file: str
    guesses: tuple[Guess, ...]
    lookups: Mapping[str, LookupDraft] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    exclude: tuple[tuple[Mapping[str, Any], str], ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableDraft:
    """One table; without parts it is empty. `combine` is None where keys stand there once."""

    name: str
    parts: tuple[PartDraft, ...]
    combine: Mapping[str, str] | None = None
    remark: str = ""


@dataclass(frozen=True)
class Files:
    """The files at hand, and which of them gives each table."""

    looks: Sequence[FileLook]
    home: Mapping[str, FileLook]


def homes(looks: Sequence[FileLook]) -> dict[str, FileLook]:
    """Which file gives each table: the best pairs first, each file and table once.

    Without opportunities there is no proposal: where no file is clearly theirs, the likeliest is.
    """
    scored = [
        (score, number, name)
        for number, look in enumerate(looks)
        for name in _SIGNS
        if (score := _table_score(look, name)) >= _ENOUGH_ALONE
    ]
    home: dict[str, int] = {}
    scored.sort(key=lambda s: (-s[0], s[1]))
    for score, number, name in scored:
        if score >= _A_TABLE and name not in home and number not in home.values():
            home[name] = number
    likeliest = [number for _, number, name in scored if name == "opportunities"]
    if likeliest and "opportunities" not in home:
        home = {name: number for name, number in home.items() if number != likeliest[0]}
        home["opportunities"] = likeliest[0]
    return {name: looks[number] for name, number in home.items()}


def _table_score(look: FileLook, name: str) -> float:
    signs = coverage(guesses(name, look.rows), _SIGNS[name])
    return (1 - _FILE_NAME_WEIGHT) * signs + _FILE_NAME_WEIGHT * file_likeness(look.name, name)


def own_table(name: str, files: Files) -> TableDraft:
    """A table that has a file of its own."""
    look = files.home[name]
    found = guesses(name, look.rows)
    lookups: dict[str, LookupDraft] = {}
    for other in ("accounts", "partners"):
        key = f"{other[:-1]}_id"
        if other != name and key in found:
            found[key], lookups = by_key(found[key], other, look.rows, files, lookups)
    part = part_draft(name, look.name, found, lookups=lookups)
    exclude = deleted_rows(look.rows)
    if name == "partners" and "name" in found:
        source = found["name"].source
        if words := placeholders(look.rows[source]):
            exclude = (*exclude, ({source: words}, "not a partner"))
    return TableDraft(name, (replace(part, exclude=exclude),))


def by_key(
    guess: Guess,
    table: str,
    rows: pl.DataFrame,
    files: Files,
    lookups: Mapping[str, LookupDraft],
) -> tuple[Guess, dict[str, LookupDraft]]:
    """A reference to accounts or partners: through a look-up where `rows` name them by name.

    A name that the look-up lacks stays as it is, so that the workbench can ask whose it is.
    """
    home = files.home.get(table)
    theirs = guesses(table, home.rows) if home is not None else {}
    key, name = theirs.get(f"{table[:-1]}_id"), theirs.get("name")
    values = rows[guess.source].drop_nulls()
    if home is None or key is None or name is None or values.is_empty():
        return guess, dict(lookups)
    by_id, by_name = (_held(values, home.rows[g.source]) for g in (key, name))
    if by_name <= by_id:
        return guess, dict(lookups)
    lookup = LookupDraft(home.name, guess.source, name.source)
    spec = {**key.spec, "from": [f"{table[:-1]}.{key.source}", guess.source]}
    named = replace(guess, spec=spec, reason=f"the values are names of {home.name}", doubt="")
    return named, {**lookups, table[:-1]: lookup}


def _held(values: pl.Series, among: pl.Series) -> float:
    return share_true(values.is_in(among.drop_nulls().unique().implode()))


def deleted_rows(rows: pl.DataFrame) -> tuple[tuple[Mapping[str, Any], str], ...]:
    """The condition that a record was deleted, where a column says so."""
    for column in rows.columns:
        if plain(column) in _DELETED:
            distinct = rows[column].drop_nulls().unique().sort()
            yes = [word for word in distinct if word.lower() in _YES]
            return (({column: yes}, "deleted"),) if yes else ()
    return ()


def placeholders(texts: pl.Series) -> list[str]:
    """How people wrote that there is no partner."""
    distinct = texts.drop_nulls().unique().sort()
    return [word for word in distinct if word.strip().lower() in NOT_A_PARTNER]


def part_draft(
    table: str,
    file: str,
    found: Mapping[str, Guess],
    *,
    lookups: Mapping[str, LookupDraft] | None = None,
    where: Mapping[str, Any] | None = None,
) -> PartDraft:
    """A part with the guesses in the contract's order, assumptions for what must be said."""
    complete = {name: assumed(name, *said) for name, said in _ASSUMPTIONS.get(table, {}).items()}
    if "source_system" in TABLES_BY_NAME[table].dtypes():
        stem = (file.rpartition(".")[0] or file).replace("*", "").rstrip("-_ ")
        said = "a name for where the rows come from"
        complete["source_system"] = Guess("source_system", {"value": stem}, 1.0, said)
    complete |= {name: guess for name, guess in found.items() if not name.startswith("also.")}
    columns = [c for c in TABLES_BY_NAME[table].dtypes() if c in complete]
    named = [name for guess in complete.values() for name in guess.sources()] + list(where or {})
    used = {name.partition(".")[0] for name in named if "." in name}
    return PartDraft(
        file=file,
        guesses=tuple(complete[column] for column in columns),
        lookups={name: lookup for name, lookup in (lookups or {}).items() if name in used},
        where=where or {},
        missing=tuple(column for column in needed(table) if column not in complete),
    )
