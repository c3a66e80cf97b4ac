"""Every figure of a period as a page of the site, and one page for the records behind each."""

from collections.abc import Collection
from typing import Any, Final
from urllib.parse import quote

import polars as pl

from workbench.case_report.view import web_address
from workbench.definitions import Definition
from workbench.metrics import METRICS, Metric, Trace
from workbench.params import RunParams
from workbench.readout.formats import day, printable
from workbench.site import page
from workbench.trace_report.text import counted_rows, figure_in_words, number, sum_in_words

ROWS_SHOWN: Final = 200
CATEGORIES: Final = {
    "pipeline": "Pipeline and bookings",
    "motion": "Motion",
    "coverage": "Coverage",
    "trust": "Trust",
    "velocity": "Velocity",
    "programme": "Programme",
}
_DIFFERENCES_OF_RATES: Final = {"win_rate_difference", "win_rate_difference_adjusted"}
_COLUMNS: Final = ("kind", "record_id", "name", "partner", "adds", "below", "evidence_url")
_TITLES: Final = {"record_id": "record", "evidence_url": "evidence"}


def figure_address(metric: str, classification: str) -> str:
    """Where the records behind a figure over all members are, from the folder of the site."""
    return f"figures/{metric}-{classification}.html"


def figure_page(found: Trace, *, params: RunParams, run_id: str) -> str:
    """The figure, what it means, at most 200 records behind it, most first, and how they give it.

    An opportunity leads to its case in the scorecard; only web addresses are links.
    """
    records, metric, currency = found.records, found.metric, params.reporting_currency
    shown = records.head(ROWS_SHOWN)
    columns = [name for name in _COLUMNS if shown[name].null_count() < shown.height]
    kinds = records["kind"].unique().to_list()
    titles = dict(_TITLES)
    if len(kinds) == 1:
        columns.remove("kind")
        titles["record_id"] = kinds[0]
    rest = records.slice(ROWS_SHOWN)
    return page(
        "workbench.trace_report",
        title=f"{_words(metric.name)}, {found.key.classification.replace('_', '-')}",
        value=figure_in_words(found.figure["value"], metric.unit, currency),
        metric=metric,
        key=found.key,
        basis=_basis(params),
        titles=[(titles.get(name, name), name in ("adds", "below")) for name in columns],
        rows=[_cells(row, columns) for row in shown.to_dicts()],
        rest=f"and {rest.height:,} more: {sum_in_words(rest, found)}" if rest.height else "",
        total=f"{counted_rows(records.height)}: {sum_in_words(records, found)}",
        run_id=run_id,
    )


def figures_page(
    figures: pl.DataFrame,
    *,
    traced: Collection[tuple[str, str]],
    params: RunParams,
    definition: Definition,
    run_id: str,
) -> str:
    """Every figure of the period over all members, by category, in the order of the catalogue.

    `figures` are rows of the metrics table; those whose metric and classification are in `traced`
    lead to the page of their records. A figure that is not known has its reason.
    """
    by_metric = {str(name): rows.to_dicts() for (name,), rows in figures.group_by("metric")}
    lines: dict[str, list[tuple[Metric, list[dict[str, Any]]]]] = {}
    for metric in METRICS.values():
        rows = by_metric.get(metric.name, [])
        rows.sort(key=lambda row: metric.classifications.index(row["classification"]))
        values = [_line(row, metric, traced, params) for row in rows]
        lines.setdefault(metric.category, []).append((metric, values))
    return page(
        "workbench.trace_report",
        "figures.html.j2",
        period=params.fiscal_period.title,
        basis=_basis(params),
        definition=definition,
        categories=[(CATEGORIES[name], metrics) for name, metrics in lines.items()],
        words=_words,
        run_id=run_id,
    )


def _line(
    row: dict[str, Any], metric: Metric, traced: Collection[tuple[str, str]], params: RunParams
) -> dict[str, Any]:
    known = row["value"] is not None
    currency = params.reporting_currency
    low, high = (
        "" if row[end] is None else _in_words(row[end], metric, currency)
        for end in ("ci_low", "ci_high")
    )
    return {
        "classification": row["classification"].replace("_", "-").capitalize(),
        "value": _in_words(row["value"], metric, currency) if known else "not known",
        "between": f"{low} to {high}" if low and high else "",
        "n": "" if row["n"] is None else f"{row['n']:,}",
        "reason": row["reason"] or "",
        "address": figure_address(metric.name, row["classification"])
        if (metric.name, row["classification"]) in traced
        else None,
    }


def _in_words(value: float, metric: Metric, currency: str) -> str:
    """A value with its unit; two rates differ by percentage points, not by percent."""
    if metric.name in _DIFFERENCES_OF_RATES:
        return f"{value * 100:.1f} points".replace("-", "−")
    return figure_in_words(value, metric.unit, currency)


def _cells(row: dict[str, Any], columns: list[str]) -> list[dict[str, Any]]:
    return [_cell(name, row) for name in columns]


def _cell(column: str, row: dict[str, Any]) -> dict[str, Any]:
    """What a cell shows, where it leads, and whether it is a number."""
    value = row[column]
    if column in ("adds", "below"):
        return {"text": number(value), "link": None, "is_figure": True}
    link = None
    if column == "record_id" and row["kind"] == "opportunity":
        link = f"../scorecard.html#case={quote(value, safe='')}"
    if column == "evidence_url":
        link = web_address(value) or None
    return {"text": "–" if value is None else printable(value), "link": link, "is_figure": False}


def _basis(params: RunParams) -> str:
    currency = params.reporting_currency
    return f"{params.fiscal_period.title}, as of {day(params.as_of)}. Amounts in {currency}."


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
