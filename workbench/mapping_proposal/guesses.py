"""Which column of a file is which of ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from workbench.contracts import Contract
from workbench.mapping_proposal.fits import ENOUGH, Fit, fit, share_of
from workbench.mapping_proposal.names import has_words, name_likeness, wanted
from workbench.sources.mapping import SET_BY_INGEST, TABLES_BY_NAME, table_key

SURE: Final = 0.75
_TRUTHS: Final = {"true": True, "false": False}
_POSSIBLE: Final = 0.5
_BY_VALUES: Final = 0.6
_CONTRADICTION: Final = 0.5
_TYPED: Final = {"instant", "money", "number", "truth", "currency", "url", "domain", "words"}
# Record ids of Salesforce begin with what they are ids of.
_PREFIXES: Final = {"account_id": "001", "opportunity_id": "006", "campaign_id": "701"}
_ALSO_KINDS: Final = {"touched_at": "instant", "evidence_url": "url", "partner_id": "id"}


@dataclass(frozen=True)
class Guess:
    """What one column of ours is made of: keys of a mapping's column, how sure, and why.

    A `confidence` of None is an assumption: nothing in the file says so.
    """

    column: str
    spec: Mapping[str, Any]
    confidence: float | None
    reason: str
    open_words: tuple[str, ...] = field(default=())
    doubt: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether the analyst need not look at it."""
        return self.confidence is not None and self.confidence >= SURE and not self.doubt

    @property
    def source(self) -> str:
        """The column of the file, of several the first; empty for a constant."""
        origin = self.spec.get("from", "")
        return str(origin[0] if isinstance(origin, list) else origin)

    def sources(self) -> set[str]:
        """Every column of the file that is spoken of."""
        origin = self.spec.get("from", [])
        named = {*([origin] if isinstance(origin, str) else origin), *self.spec.get("join", ())}
        return named | set(self.spec.get("when", ()))


def assumed(column: str, value: str, reason: str) -> Guess:
    """A constant where the file has nothing; `true` and `false` are words here."""
    return Guess(column, {"value": _TRUTHS.get(value, value)}, None, f"assumed; {reason}")


def kind(table: str, column: str) -> str:
    """What a column of ours holds, as `fits.fit` knows it."""
    own = column.removeprefix("also.")
    if own != column:
        return _ALSO_KINDS.get(own, "text")
    contract: type[Contract] = TABLES_BY_NAME[table]
    if has_words(f"{table}.{own}"):
        return "words"
    by_name = {"currency": "currency", "domain": "domain", "evidence_url": "url"}
    if own in by_name:
        return by_name[own]
    dtype = contract.dtypes()[own]
    by_type = {pl.Datetime: "instant", pl.Date: "instant", pl.Decimal: "money",
               pl.Float64: "number", pl.Boolean: "truth"}  # fmt: skip
    if dtype.base_type() in by_type:
        return by_type[dtype.base_type()]
    if table_key(contract) == [own]:
        return "key"
    return "id" if own.endswith("_id") or own == "alias" else "text"


def guesses(table: str, rows: pl.DataFrame, *, lookups: Collection[str] = ()) -> dict[str, Guess]:
    """The best guess for each column of a table, each column of the file used once.

    Keys are columns of the table, and `also.<name>` for what else was looked for. Names speak
    first and values confirm or contradict them; of equal guesses the first of the file wins. A
    name of an account or partner stands for its id where the file has none.
    Columns of `lookups` are named `<lookup>.<column>`.
    """
    found = [
        guess
        for column in wanted(table)
        for source in rows.columns
        if (guess := _guess(table, column, rows[source], _lookup(source, lookups))) is not None
    ]
    order = {source: number for number, source in enumerate(rows.columns)}
    rank = {column: number for number, column in enumerate(wanted(table))}
    found.sort(key=lambda g: (-(g.confidence or 0), rank[g.column], order[g.source]))
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in found:
        if guess.column not in chosen and guess.source not in taken:
            chosen[guess.column] = guess
            taken.add(guess.source)
    for whose in ("account", "partner"):
        column, name = f"{whose}_id", chosen.get(f"also.{whose}_name")
        if column in rank and column not in chosen and name is not None:
            doubt = f"the file has no id of the {whose}, so its name stands for it"
            chosen[column] = replace(name, column=column, doubt=doubt)
    return chosen


def _lookup(source: str, lookups: Collection[str]) -> str:
    """The look-up that a column comes from; empty for one of the file itself."""
    return next((name for name in lookups if source.startswith(f"{name}.")), "")


def _guess(table: str, column: str, texts: pl.Series, lookup: str) -> Guess | None:
    source = texts.name
    likeness, why = _likeness(table, column, source, lookup)
    what = kind(table, column)
    own = column.removeprefix("also.")
    is_empty = texts.null_count() == len(texts)
    if is_empty and own != column:
        return None
    if not likeness:
        speaks = own == column and not lookup
        return _by_values(table, own, what, texts) if speaks else None
    fits = fit(what, texts, words=f"{table}.{own}")
    contradicted = fits.share is not None and fits.share < _CONTRADICTION
    if contradicted and (what in _TYPED - {"words"} or likeness < 1):
        return None
    score = likeness if fits.share is None else 0.7 * likeness + 0.3 * fits.share
    if is_empty:
        score *= 0.9
    return None if score < _POSSIBLE else _said(column, source, score, why, fits)


def _likeness(table: str, column: str, source: str, lookup: str) -> tuple[float, str]:
    """The likeness of names; a column of a look-up is heard with and without the look-up's name."""
    if not lookup:
        return name_likeness(source, table, column)
    theirs = source.removeprefix(f"{lookup}.")
    with_name = name_likeness(f"{lookup} {theirs}", table, column)
    alone, why = name_likeness(theirs, table, column)
    # `name` in a look-up of accounts is the account's, not the opportunity's.
    generic = theirs.lower() in {"name", "id", "type", "label", "value"}
    return max(with_name, (0.0 if generic else 0.95 * alone, why))


def _by_values(table: str, own: str, what: str, texts: pl.Series) -> Guess | None:
    """What values give away although the header does not."""
    source, there = texts.name, texts.drop_nulls()
    if there.is_empty():
        return None
    prefix = _PREFIXES.get(own)
    if prefix and share_of(there, rf"^{prefix}[A-Za-z0-9]{{12}}(?:[A-Za-z0-9]{{3}})?$") >= ENOUGH:
        said = f"the values are Salesforce ids that begin with {prefix}"
        return Guess(own, {"from": source}, _BY_VALUES, said)
    if what not in {"currency", "words", "url"} or own == "crm_classification":
        return None
    fits = fit(what, texts, words=f"{table}.{own}")
    if (fits.share or 0) < ENOUGH or (what == "words" and there.n_unique() < 2):
        return None
    return _said(own, source, _BY_VALUES, "the header says nothing", fits)


def _said(column: str, source: str, score: float, why: str, fits: Fit) -> Guess:
    reason = "; ".join(part for part in (why, fits.said) if part)
    spec = {"from": source, **fits.spec}
    return Guess(column, spec, round(score, 2), reason, fits.open_words, fits.doubt)


def coverage(found: Mapping[str, Guess], columns: Sequence[str]) -> float:
    """The mean confidence in some columns; one that was not found has none."""
    return sum(found[c].confidence or 0 for c in columns if c in found) / len(columns)


def needed(table: str) -> list[str]:
    """The columns that a mapping of the table must say something about."""
    return [c for c in TABLES_BY_NAME[table].required_columns() if c != SET_BY_INGEST]
