"""How well values fit what a column of ours holds, and how the mapping must say it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from workbench.mapping_proposal.names import meaning, plain
from workbench.sources.values import NumberFormat, Reading, parsed

_DAYS: Final = (
    "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y",
    "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_TIMES: Final = ("", " %H:%M", " %H:%M:%S", ", %H:%M", " %I:%M %p", ", %I:%M %p")
_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S",
    *(f"{day}{time}" for day in _DAYS for time in _TIMES),
)
_SWAPPED: Final = {"%m/%d/%Y": "%d/%m/%Y", "%d/%m/%Y": "%m/%d/%Y",
                   "%m-%d-%Y": "%d-%m-%Y", "%d-%m-%Y": "%m-%d-%Y"}  # fmt: skip
_PLAIN_NUMBER: Final = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"
_COMMA_NUMBER: Final = r"^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$"
_CURRENCY_SIGN: Final = r"(\p{Sc})"
_EXAMPLES: Final = ("1.250,50", "1,250.50", "1 250,50", "1'250.50")
_TRUE: Final = ("true", "yes", "1", "y", "ja", "j", "oui", "x", "aktiv", "active", "wahr")
_FALSE: Final = ("false", "no", "0", "n", "nein", "non", "inaktiv", "inactive", "falsch")
_MANY_WORDS: Final = 60
ENOUGH: Final = 0.9
_HALF: Final = 0.5  # neither for nor against


@dataclass(frozen=True)
class Fit:
    """The share of values that fit, 0 to 1, or None where any would; why; and what to write.

    `spec` are keys of a mapping's column. `open_words` are words that nobody can translate but the
    analyst; `doubt` says what is to be looked at.
    """

    share: float | None
    said: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    open_words: tuple[str, ...] = ()
    doubt: str = ""


def fit(kind: str, texts: pl.Series, *, words: str) -> Fit:
    """How a column's texts fit a kind; `words` names the closed list, `<table>.<column>`."""
    there = texts.drop_nulls()
    if there.is_empty():
        return Fit(None, "the column is empty")
    if kind in _PATTERNS:
        return _matching(there, *_PATTERNS[kind])
    if kind == "words":
        return _listed(there, words)
    return _FITS[kind](there)


def share_of(there: pl.Series, pattern: str) -> float:
    """The share of texts that match, 0 where there are none."""
    return share_true(there.str.strip_chars().str.contains(pattern))


def share_true(mask: pl.Series) -> float:
    """The share of rows that are true, 0 where there are none."""
    return int(mask.sum()) / max(len(mask), 1)


def percent(share: float) -> str:
    """A share in words; not 100 % unless all are meant."""
    return "100 %" if share == 1 else f"{min(round(share * 100), 99)} %"


def _matching(there: pl.Series, pattern: str, what: str) -> Fit:
    share = share_of(there, pattern)
    return Fit(share, f"{percent(share)} of the values are {what}")


def _dates(there: pl.Series) -> Fit:
    instant = pl.Datetime("us", "UTC")
    read = parsed(there, dtype=instant, reading=Reading(timezone="UTC")).values
    iso = share_true(read.is_not_null())
    if iso >= ENOUGH:
        return Fit(iso, f"{percent(iso)} of the values are dates")
    if (digits := share_of(there, r"^1\d{12}$")) >= ENOUGH:
        said = f"{percent(digits)} of the values are milliseconds since 1970"
        return Fit(digits, said, {"formats": "epoch_ms"})
    # A format reads most of what is there; others of the same order may read the rest.
    found = {form: _reads(there, form) for form in _FORMATS}
    best = max(_FORMATS, key=lambda form: found[form].sum())
    chosen, covered = [best], found[best]
    for form in _FORMATS:
        if form[:8] == best[:8] and (found[form] & ~covered).any():
            chosen.append(form)
            covered = covered | found[form]
    share = share_true(covered)
    formats = chosen[0] if len(chosen) == 1 else chosen
    said = f"{percent(share)} of the values are dates {', '.join(chosen)}"
    other = _SWAPPED.get(best[:8], "")
    swapped = best.replace(best[:8], other) if other else ""
    ambiguous = bool(swapped) and found[swapped].sum() == found[best].sum()
    doubt = f"they are dates {swapped} just as well" if ambiguous else ""
    return Fit(share, said, {"formats": formats}, doubt=doubt)


def _reads(there: pl.Series, form: str) -> pl.Series:
    read = there.str.strip_chars().str.to_datetime(form, strict=False, time_unit="us")
    return read.is_not_null() & (read.dt.year() >= 1000).fill_null(value=False)


def _amounts(there: pl.Series) -> Fit:
    fits = _numbers(there)
    if (fits.share or 0) < ENOUGH and (example := number_example(there)):
        share = _written_like(there, example)
        return Fit(share, f"{percent(share)} of the values are numbers like {example}")
    return fits


def number_example(there: pl.Series) -> str:
    """1250.50 as the values are written, where that is not plain; empty where no way fits."""
    if there.is_empty() or share_of(there, _PLAIN_NUMBER) >= ENOUGH:
        return ""
    sign = there.str.extract(_CURRENCY_SIGN).drop_nulls().mode().sort()
    behind = share_of(there, r"\d[^\d]*\p{Sc}") > 0
    examples = [
        example if sign.is_empty() else f"{example} {sign[0]}" if behind else f"{sign[0]}{example}"
        for example in _EXAMPLES
    ]
    best = max(examples, key=lambda example: _written_like(there, example))
    return best if _written_like(there, best) >= ENOUGH else ""


def _written_like(there: pl.Series, example: str) -> float:
    bare = there.str.replace(r"^\((.*)\)$", "$1")  # a number in brackets is negative
    return share_of(bare, NumberFormat.like(example).pattern)


def _probabilities(there: pl.Series) -> Fit:
    fits = _numbers(there)
    largest = there.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).max()
    if isinstance(largest, float) and largest > 1:
        return Fit(fits.share, f"{fits.said}, in percent", {"divide_by": 100})
    return fits


def _numbers(there: pl.Series) -> Fit:
    point, comma = share_of(there, _PLAIN_NUMBER), share_of(there, _COMMA_NUMBER)
    share = max(point, comma)
    said = f"{percent(share)} of the values are numbers"
    return Fit(share, f"{said} with a decimal comma" if comma > point else said)


def _truths(there: pl.Series) -> Fit:
    known = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    distinct = there.unique().sort().to_list()
    if len(distinct) > 2 or any(plain(word) not in known for word in distinct):
        return Fit(0.0)
    said = "100 % of the values are yes or no"
    if {word.lower() for word in distinct} <= {"true", "false", "yes", "no", "1", "0"}:
        return Fit(1.0, said)
    return Fit(1.0, said, {"words": {word: known[plain(word)] for word in distinct}})


def _listed(there: pl.Series, words: str) -> Fit:
    counts = there.value_counts(sort=True, name="count")
    distinct = sorted(counts[there.name].to_list())
    if len(distinct) > _MANY_WORDS:
        return Fit(0.0)
    found = {word: ours for word in distinct if (ours := meaning(word, words))}
    unknown = tuple(word for word in distinct if word not in found)
    share = share_true(there.is_in(list(found)))
    said = f"{percent(share)} of the values are words that we know"
    if all(word == ours for word, ours in found.items()) and not unknown:
        return Fit(share, said)
    doubt = f"{len(unknown)} of {len(distinct)} words are not known" if unknown else ""
    return Fit(share, said, {"words": found}, unknown, doubt)


def _ids(there: pl.Series) -> Fit:
    whole = share_of(there, r"^\d+\.0+$") >= ENOUGH
    return Fit(None, spec={"integer": True} if whole else {})


def _keys(there: pl.Series) -> Fit:
    share = there.n_unique() / len(there)
    said = "each value stands there once" if share == 1 else f"{percent(share)} of them differ"
    return Fit(max(share, _HALF), said, _ids(there).spec)


def _anything(there: pl.Series) -> Fit:  # noqa: ARG001
    return Fit(None)


_PATTERNS: Final = {
    "currency": (r"^[A-Z]{3}$", "currency codes"),
    "url": (r"^https?://", "links"),
    "domain": (r"^(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/|$)", "web addresses"),
}
_FITS: Final[Mapping[str, Callable[[pl.Series], Fit]]] = {
    "instant": _dates,
    "money": _amounts,
    "number": _probabilities,
    "truth": _truths,
    "key": _keys,
    "id": _ids,
    "text": _anything,
}
