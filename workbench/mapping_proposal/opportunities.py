"""The opportunities of a proposal, and the tables that are read from their columns.

Partner fields on an opportunity are touches all the same, and its account is an account: what no
file of its own gives is proposed from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from workbench.mapping_proposal.drafts import (
    Files,
    PartDraft,
    TableDraft,
    by_key,
    deleted_rows,
    part_draft,
    placeholders,
)
from workbench.mapping_proposal.fits import number_example
from workbench.mapping_proposal.guesses import Guess, assumed, guesses
from workbench.mapping_proposal.lookups import LookupDraft, joined, lookups_of
from workbench.mapping_proposal.names import meaning, name_likeness, plain

_IS_WON: Final = {"iswon", "closedwon", "isclosedwon", "won"}
_IS_CLOSED: Final = {"isclosed", "closed"}
_CURRENCY_SIGNS: Final = {"€": "EUR", "£": "GBP", "$": "USD"}
_CLEAR: Final = 0.95
# How lines of one opportunity become one, where they differ.
_COMBINED: Final = {
    "amount": "sum",
    "recurring_amount": "sum",
    "created_at": "earliest",
    "closed_at": "latest",
    "stage": "of_largest_amount",
    "status": "of_largest_amount",
    "probability": "mean_by_amount",
}


@dataclass(frozen=True)
class _Deals:
    """The file of the opportunities with the columns of its look-ups, and what was found there."""

    file: str
    rows: pl.DataFrame
    found: Mapping[str, Guess]
    lookups: Mapping[str, LookupDraft]

    def is_looked_up(self, column: str) -> bool:
        """Whether a column comes from a look-up."""
        return any(column.startswith(f"{name}.") for name in self.lookups)

    def texts(self, guess: Guess) -> pl.Series:
        return self.rows[guess.source].drop_nulls()


def opportunity_tables(files: Files) -> dict[str, TableDraft]:
    """The opportunities, and accounts, partners and touches as far as they can be read there."""
    look = files.home["opportunities"]
    lookups = lookups_of(look, files.looks)
    rows = joined(look, lookups, files.looks)
    deals = _Deals(look.name, rows, guesses("opportunities", rows, lookups=lookups), lookups)
    partner_columns = _partner_columns(deals)
    tables = {
        "accounts": _accounts(deals),
        "opportunities": _opportunities(deals, partner_columns, files),
        "touches": _touches(deals, partner_columns, files),
    }
    if partner_columns:
        tables["partners"] = _partners(deals, partner_columns, files)
    return tables


def _opportunities(deals: _Deals, partner_columns: list[Guess], files: Files) -> TableDraft:
    found = dict(deals.found)
    lookups = dict(deals.lookups)
    account = found.get("account_id")
    if account is not None and not deals.is_looked_up(account.source):
        found["account_id"], lookups = by_key(account, "accounts", deals.rows, files, lookups)
    if partner_columns:
        field = replace(partner_columns[0], column="crm_partner_id")
        if not deals.is_looked_up(field.source):
            field, lookups = by_key(field, "partners", deals.rows, files, lookups)
        if condition := _no_placeholder(deals, partner_columns[0], files):
            field = replace(field, spec={**field.spec, "when": condition})
        found["crm_partner_id"] = field
    if status := _status(deals):
        found["status"] = status
        found |= _closed_only(found, status)
    else:
        found["status"] = assumed(
            "status", "open", "nothing says won or lost, so no close date is read"
        )
        found.pop("closed_at", None)
    found.setdefault("currency", _currency(deals))
    part = part_draft("opportunities", deals.file, found, lookups=lookups)
    part = replace(part, exclude=deleted_rows(deals.rows))
    combine = _combination(deals)
    remark = "ids stand in several lines; is a line a part of an opportunity?" if combine else ""
    return TableDraft("opportunities", (part,), combine, remark)


def _status(deals: _Deals) -> Guess | None:
    """Open, won or lost: of a column of its own, else of two yes or no, else of the stages."""
    own, stage = (deals.found.get(name) for name in ("status", "stage"))
    return _by_words(deals, own) or _by_truths(deals) or _by_words(deals, stage)


def _by_words(deals: _Deals, guess: Guess | None) -> Guess | None:
    if guess is None:
        return None
    distinct = deals.texts(guess).unique().sort()
    meant = {word: meaning(word, "opportunities.status") for word in distinct}
    words = {word: ours for word, ours in meant.items() if ours in {"won", "lost"}}
    if not words:
        return None
    others = [word for word, ours in meant.items() if not ours]
    doubt = f"read as open: {', '.join(others)}" if others else ""
    spec = {"from": guess.source, "words": words, "otherwise": "open"}
    reason = f"the words of '{guess.source}' say won or lost"
    return Guess("status", spec, 0.85, reason, doubt=doubt)


def _by_truths(deals: _Deals) -> Guess | None:
    won, closed = (_truth_column(deals.rows, names) for names in (_IS_WON, _IS_CLOSED))
    if not won or not closed:
        return None
    pairs = deals.rows.select(pl.concat_str(closed, won, separator=":")).to_series().drop_nulls()
    words = {pair: _outcome(*pair.split(":")) for pair in pairs.unique().sort()}
    if not words:
        return None
    reason = f"'{closed}' and '{won}' together say it"
    return Guess("status", {"join": [closed, won], "words": words}, 0.9, reason)


def _truth_column(rows: pl.DataFrame, names: set[str]) -> str:
    """The column of one of these names; empty where there is none."""
    return next((c for c in rows.columns if plain(c.rpartition(".")[2]) in names), "")


def _outcome(closed: str, won: str) -> str:
    yes = {"true", "yes", "1", "ja"}
    if won.lower() in yes:
        return "won"
    return "lost" if closed.lower() in yes else "open"


def _closed_only(found: Mapping[str, Guess], status: Guess) -> dict[str, Guess]:
    """The close date of closed opportunities; that of open ones is a forecast."""
    closed = found.get("closed_at")
    if closed is None:
        return {}
    over = [word for word, ours in status.spec["words"].items() if ours != "open"]
    condition = {status.source: over}
    if "join" in status.spec:
        column = status.spec["join"][0]
        condition = {column: sorted({word.partition(":")[0] for word in over})}
    spec = {**closed.spec, "when": condition}
    return {"closed_at": replace(closed, spec=spec)}


def _currency(deals: _Deals) -> Guess:
    amount = deals.found.get("amount")
    texts = deals.texts(amount) if amount else pl.Series([], dtype=pl.String)
    for sign, currency in _CURRENCY_SIGNS.items():
        if amount and (sign in amount.source or texts.str.contains(sign, literal=True).any()):
            return assumed("currency", currency, f"amounts are written with {sign}")
    tokens = (
        set(amount.source.upper().replace("(", " ").replace(")", " ").split()) if amount else ()
    )
    for currency in ("EUR", "USD", "GBP", "CHF"):
        if currency in tokens:
            return assumed("currency", currency, f"the header of the amount says {currency}")
    if number_example(texts) == "1.250,50":
        return assumed("currency", "EUR", "amounts have a decimal comma")
    return assumed("currency", "USD", "nothing names a currency")


def _combination(deals: _Deals) -> dict[str, str] | None:
    """How lines of one id become one opportunity; None where each id stands there once."""
    key = deals.found.get("opportunity_id")
    if key is None or not deals.texts(key).is_duplicated().any():
        return None
    lines = deals.rows.filter(deals.rows[key.source].is_duplicated())
    differing = {
        name
        for name, guess in deals.found.items()
        if name in _COMBINED
        and lines.select(pl.col(guess.source).n_unique().over(key.source) > 1).to_series().any()
    }
    if not differing:
        return {}
    return {name: rule for name, rule in _COMBINED.items() if name in differing | {"amount"}}


def _accounts(deals: _Deals) -> TableDraft:
    found = {}
    if account := deals.found.get("account_id"):
        found["account_id"] = account
        found["name"] = replace(deals.found.get("also.account_name", account), column="name")
    part = part_draft("accounts", deals.file, found)
    return TableDraft("accounts", (part,), {}, "no file of accounts: they are read from here")


def _partner_columns(deals: _Deals) -> list[Guess]:
    """Every column that names a partner; the best guess is the first."""
    best = [deals.found[n] for n in ("also.partner_id", "also.partner_name") if n in deals.found]
    if best and best[0].column == "also.partner_id":
        best = best[:1]
    taken = {guess.source for guess in deals.found.values()}
    others = [
        Guess("also.partner_name", {"from": column}, round(likeness, 2), why)
        for column in deals.rows.columns
        if column not in taken and not deals.is_looked_up(column)
        for likeness, why in [name_likeness(column, "opportunities", "also.partner_name")]
        if likeness >= _CLEAR
    ]
    return [guess for guess in (*best, *others) if len(deals.texts(guess))]


def _no_placeholder(deals: _Deals, guess: Guess, files: Files) -> dict[str, Any]:
    """The condition that a column names a partner, where some rows say in words that none is."""
    column = guess.source
    home = files.home.get("partners")
    names = guesses("partners", home.rows).get("name") if home is not None else None
    for name, lookup in deals.lookups.items():
        if (
            home is not None
            and names is not None
            and (lookup.file, lookup.own) == (home.name, column)
        ):
            column = f"{name}.{names.source}"
    words = placeholders(deals.rows[column])
    return {column: {"not": words}} if words else {}


def _where(deals: _Deals, guess: Guess, files: Files) -> dict[str, Any]:
    """The rows that name a partner."""
    condition = _no_placeholder(deals, guess, files)
    if guess.source in condition:
        return {guess.source: {"not": [None, *condition[guess.source]["not"]]}}
    return {guess.source: {"not": None}, **condition}


def _partners(deals: _Deals, partner_columns: list[Guess], files: Files) -> TableDraft:
    name = deals.found.get("also.partner_name", partner_columns[0])
    parts = []
    for guess in partner_columns:
        named = name if guess.column == "also.partner_id" else guess
        found = {
            "partner_id": replace(guess, column="partner_id"),
            "name": replace(named, column="name", spec={"from": named.source}),
        }
        where = _where(deals, guess, files)
        parts.append(part_draft("partners", deals.file, found, where=where))
    return TableDraft("partners", tuple(parts), {}, "no file of partners: they are read from here")


def _touches(deals: _Deals, partner_columns: list[Guess], files: Files) -> TableDraft:
    key = deals.found.get("opportunity_id")
    if not partner_columns or key is None:
        return TableDraft("touches", (), remark="no column names a partner")
    parts = tuple(
        _touch_part(deals, guess, key, files, several=len(partner_columns) > 1)
        for guess in partner_columns
    )
    return TableDraft("touches", parts, remark="the partner fields of the opportunities")


def _touch_part(
    deals: _Deals, guess: Guess, key: Guess, files: Files, *, several: bool
) -> PartDraft:
    touch_id = replace(key, column="touch_id", reason="one touch an opportunity")
    if several:
        spec = {"join": [key.source, guess.source]}
        touch_id = replace(touch_id, spec=spec, reason="one touch an opportunity and partner")
    found = {
        "touch_id": touch_id,
        "opportunity_id": replace(key, column="opportunity_id"),
        "partner_id": replace(guess, column="partner_id"),
    }
    created = deals.found.get("created_at")
    if touched := deals.found.get("also.touched_at"):
        found["touched_at"] = replace(touched, column="touched_at")
    elif created is not None:
        doubt = "nobody wrote down when; the day on which the opportunity was created stands for it"
        found["touched_at"] = replace(created, column="touched_at", doubt=doubt)
    for name in ("partner_contact", "evidence_url"):
        if other := deals.found.get(f"also.{name}"):
            found[name] = replace(other, column=name)
    return part_draft(
        "touches", deals.file, found, lookups=deals.lookups, where=_where(deals, guess, files)
    )
