"""A trace as text for the terminal, and as a CSV file."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from workbench.metrics import Trace

ROWS_SHOWN: Final = 20
_WIDEST: Final = 40
_COLUMNS: Final = ("kind", "record_id", "name", "partner", "evidence_url")


def trace_text(found: Trace, *, currency: str, run_id: str) -> str:
    """The figure, at most 20 of the records behind it, most first, and how they give it."""
    records, unit = found.records, found.metric.unit
    named = f"{found.metric.name}, {found.key}"
    value = _figure(found.figure["value"], unit, currency)
    shown = records.head(ROWS_SHOWN)
    lines = [f"{named}: {value} (run {run_id})", found.metric.formula, ""]
    lines += _grid(shown)
    rest = records.slice(ROWS_SHOWN)
    if rest.height:
        lines.append(f"  … and {rest.height:,} more: {_sum(rest, found)}")
    lines += ["", f"{_counted(records.height)}: {_sum(records, found)} = {value}."]
    return "\n".join(lines)


def write_trace(found: Trace, path: Path) -> None:
    """All records of a trace as CSV, in their order; OSError where the file cannot be written."""
    path.write_text(found.records.write_csv(), encoding="utf-8")


def _sum(records: pl.DataFrame, found: Trace) -> str:
    """What records give together, in the words of the figure."""
    if found.is_median:
        known = records["adds"].drop_nulls()
        if records.height < found.records.height:
            return "values from " + " to ".join(_number(v) for v in (known.max(), known.min()))
        return "their median"
    above = _number(records["adds"].sum())
    if records["below"].null_count() == records.height and found.figure["denominator"] is None:
        return above
    return f"{above} ÷ {_number(records['below'].sum())}"


def _grid(records: pl.DataFrame) -> list[str]:
    """Aligned columns; those that no record fills are left out."""
    names = [*_COLUMNS, "adds", "below"]
    filled = [n for n in names if records[n].null_count() < records.height]
    cells = [
        [_number(value) if name in ("adds", "below") else _short(value) for value in records[name]]
        for name in filled
    ]
    titles = [name.removesuffix("_id").removesuffix("_url") for name in filled]
    columns = [[title, *column] for title, column in zip(titles, cells, strict=True)]
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [name in ("adds", "below") for name in filled]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in zip(*columns, strict=True)
    ]


def _short(value: str | None) -> str:
    text = "–" if value is None else value
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal) or value != int(value):
        return f"{value:,.2f}".replace("-", "−")
    return f"{value:,.0f}".replace("-", "−")


def _figure(value: float | None, unit: str, currency: str) -> str:
    number = 0.0 if value is None else value
    if unit == "ratio":
        return f"{number:.1%}".replace("%", " %")
    return f"{number:,.2f} {currency}" if unit == "currency" else f"{_number(number)} {unit}"


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"
