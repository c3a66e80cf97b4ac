"""What columns and words are called elsewhere."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from unicodedata import combining, normalize

from rapidfuzz import fuzz

from workbench.documents import load_yaml

_FOLDER: Final = Path(__file__).parent
_TAIL: Final = re.compile(r"_{1,2}c$")
_CURRENCIES: Final = {"usd", "eur", "gbp", "chf", "jpy", "cad", "aud", "inr"}
_HEADS: Final = {"property", "hs"}
# What an export writes before the name of a column: "Deal - Title".
_RECORDS: Final[Mapping[str, frozenset[str]]] = {
    "opportunities": frozenset({"deal", "opportunity", "opp", "opportunite", "verkaufschance"}),
    "accounts": frozenset({"account", "company", "organization", "customer", "kunden", "firmen"}),
    "partners": frozenset({"partner"}),
}
# What alone does not say of what it is one.
_GENERIC: Final = {"name", "label", "title", "value"}
_NEAR: Final = 86
_SHORT: Final = 5
_TELLING: Final = 3  # letters; `no` and `y` say nothing within a longer word


def plain(text: str) -> str:
    """A name as it compares: small letters and digits alone, no accents, no custom-field signs.

    "CloseDate", "Close Date", "close_date" and "property_closedate" are all "closedate".
    """
    return "".join(tokens(text))


def tokens(text: str) -> list[str]:
    """The words of a name, in small letters, without what programs add to it."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _TAIL.sub("", text.strip()))
    folded = normalize("NFKD", parted.lower().replace("ß", "ss"))
    bare = "".join(sign for sign in folded if not combining(sign))
    found = re.findall(r"[a-z0-9]+", bare)
    while len(found) > 1 and found[-1] in _CURRENCIES:
        found.pop()
    return found[1:] if len(found) > 1 and found[0] in _HEADS else found


@cache
def _names() -> dict[str, Any]:
    return load_yaml(_FOLDER / "names.yaml")


@cache
def _words() -> dict[str, dict[str, str]]:
    return {
        listed: {plain(other): ours for ours, others in words.items() for other in (ours, *others)}
        for listed, words in load_yaml(_FOLDER / "words.yaml").items()
    }


def meaning(word: str, listed: str) -> str:
    """Which word of a closed list, `<table>.<column>`, one means; empty where it is not known.

    "Closed Won" is known, and so is "Closed Won - Partner", as long as its parts mean one thing.
    """
    known = _words()[listed]
    if (whole := plain(word)) in known:
        return known[whole]
    meant = {known[run] for run in _runs(tokens(word)) if run in known and len(run) >= _TELLING}
    return meant.pop() if len(meant) == 1 else ""


def has_words(listed: str) -> bool:
    """Whether a column holds words of a closed list."""
    return listed in _words()


def wanted(table: str) -> dict[str, tuple[str, ...]]:
    """The columns of a table, and what else is worth finding beside them, with other names."""
    entry = _names()[table]
    columns = {name: tuple(others) for name, others in entry["columns"].items()}
    also = {f"also.{name}": tuple(others) for name, others in entry.get("also", {}).items()}
    return {**columns, **also}


def name_likeness(header: str, table: str, column: str) -> tuple[float, str]:
    """How like the name of a file's column is to one of ours, 0 to 1, and why."""
    own = column.removeprefix("also.")
    words = tokens(header)
    candidates = [("".join(words), 1.0)]
    if len(words) > 1 and words[0] in _RECORDS.get(table, ()):
        candidates.append(("".join(words[1:]), 0.97))
    if nested := _nested(header):
        candidates.append((nested, 0.95))
    synonyms = {plain(name): name for name in (own, *wanted(table)[column])}
    for key, weight in candidates:
        if key == plain(own):
            return weight, "the header is the column's own name"
        if key in synonyms:
            return weight, "the header is a synonym"
    key = candidates[0][0]
    near = [(fuzz.ratio(key, other), name) for other, name in synonyms.items()]
    score, name = max(near)
    if score >= _NEAR and len(key) >= _SHORT:
        return 0.9 * score / 100, f"the header is like '{name}'"
    return 0.0, ""


def _nested(header: str) -> str:
    """What a value within an object of a JSON record is: `value.amount` an amount, `owner.name`
    an owner; empty where the header has no dot."""
    *outer, last = header.split(".")
    return "" if not outer else plain(outer[-1] if plain(last) in _GENERIC else last)


def file_likeness(file: str, table: str) -> float:
    """How well the name of a file speaks for a table: the share of it that is a table's name."""
    words = tokens(Path(file).stem)
    names = {plain(name) for name in _names()[table]["files"]}
    return max(map(len, names & _runs(words)), default=0) / max(len("".join(words)), 1)


def _runs(words: list[str]) -> set[str]:
    """Words that stand one after the other, in every length, written as one."""
    starts = range(len(words))
    return {
        "".join(words[start:end]) for start in starts for end in range(start + 1, len(words) + 1)
    }
