"""The scorecard's data as script files: a page opened from a disk may load scripts, but not fetch.

Every text is made visible by `printable` before it is written; the page shows it as text alone.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import count, islice
from typing import Any, Final

import polars as pl

from workbench.case_report import CaseView
from workbench.periods import Period
from workbench.readout.formats import printable

CASES_AT_ONCE: Final = 250  # opportunities per file; the page counts in the same steps
TOUCHES_AT_MOST: Final = 2_000_000  # 150 MB of cases; a run with more has its page without them
# Columns of words, each with the column by which its rows are the same: names are not unique.
_WORDS: Final = {
    "name": "name",
    "account": "account_id",
    "classification": "classification",
    "evidence_grade": "evidence_grade",
    "partner": "partner_id",
    "partner_type": "partner_type",
    "tier": "tier",
    "region": "region",
    "owner": "owner",
    "status": "status",
}


def data_script(rows: pl.DataFrame, *, about: dict[str, Any]) -> str:
    """The rows of the scorecard as one script, column by column, and what the page is about.

    A column of words is a list of distinct ones in alphabetical order, their ids where they have
    any, and each row's place in the list (−1: not known). Days are days since 1970, amounts whole
    cents, null where not known.
    """
    days = {name: rows[name].to_physical().to_list() for name in ("created_on", "closed_on")}
    cents = (rows["amount"] * 100).cast(pl.Int64).to_list()
    data = {
        "about": {**about, "cases_at_once": CASES_AT_ONCE},
        "opportunity_id": _printable(rows["opportunity_id"]),
        "words": {text: _words(rows, text, key) for text, key in _WORDS.items()},
        "numbers": {**days, "amount": cents},
    }
    return f"scorecard.data({_json(data)});\n"


def case_scripts(views: Iterable[CaseView]) -> Iterator[str]:
    """The cases as scripts of 250 each, in their order; compressed, for the same words recur.

    What would turn a case is left out: it is worked out for one case at a time.
    """
    left = map(_case, views)
    for number in count():
        some = list(islice(left, CASES_AT_ONCE))
        if not some:
            return
        packed = b64encode(gzip.compress(_json(some).encode(), 6, mtime=0)).decode()
        yield f'scorecard.cases({number}, "{packed}");\n'


def period_about(period: Period, *, as_of: date) -> dict[str, Any]:
    """A period as the page needs it; its last day is no later than the as-of day."""
    return {
        "label": period.label,
        "title": period.title,
        "short": _short(period),
        "start": (period.start - date(1970, 1, 1)).days,
        "end": (min(period.end, as_of) - date(1970, 1, 1)).days,
    }


def _short(period: Period) -> str:
    """`Q4 FY26`, `Oct 2026`: what stands below a bar, on two lines."""
    if period.noun == "month":
        return f"{period.start:%b %Y}"
    return period.title.replace("FY20", "FY")


def _case(view: CaseView) -> dict[str, Any]:
    return {
        "title": view.title,
        "about": view.about,
        "answer": view.answer,
        "events": [[e.on, e.what, e.details, e.evidence, e.link] for e in view.events],
        "elsewhere": view.elsewhere,
        "credit": view.readings[0].credit,
    }


def _words(rows: pl.DataFrame, text: str, key: str) -> dict[str, Sequence[Any]]:
    distinct = (
        rows.select(pl.col(key).alias("key"), pl.col(text).alias("text"))
        .drop_nulls()
        .unique("key")
        .sort(pl.col("text").str.to_lowercase(), "text", "key")
    )
    places = rows[key].cast(pl.Enum(distinct["key"])).to_physical().cast(pl.Int32).fill_null(-1)
    words: dict[str, Sequence[Any]] = {"texts": _printable(distinct["text"])}
    if key != text:
        words["ids"] = _printable(distinct["key"])
    return {**words, "places": places.to_list()}


def _printable(texts: pl.Series) -> list[str]:
    return [text if text.isprintable() else printable(text) for text in texts]


def _json(data: Any) -> str:
    """JSON in ASCII without `<`: nothing in it can end a script, wherever it is put."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
