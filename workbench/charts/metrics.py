"""Charts of the metrics table: trends and win rates."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import altair as alt
import polars as pl

from workbench.charts.theme import (
    COLOURS,
    EXACT,
    INK,
    LABELS,
    QUIET,
    AnyChart,
    as_of_words,
    finished,
)
from workbench.periods import Period, period_title

PERIODS_SHOWN: Final = 8
_ROOM: Final = 1.3  # for the labels beyond the longest bar
_BOTH: Final = ["Sourced", "Influenced"]
_STARTS_OF_YEAR: Final = frozenset({"Q1", "P01", "Jan"})


def trend_by_classification(
    metrics: pl.DataFrame,
    *,
    metric: str,
    unit: str,
    as_of: date,
    width: int = 300,
    height: int = 120,
) -> AnyChart:
    """One metric over its periods, sourced beside influenced on one scale, never added.

    `metrics` is the metrics table under one definition; `unit` is the reporting currency for an
    amount, else what the value counts. A value that is not known is said, not drawn as zero.
    """
    rows, scale = _trend_rows(metrics, metric=metric, unit=unit)
    order = rows["when"].unique(maintain_order=True).to_list()
    chart = (
        _trend_bars(rows, order)
        .properties(width=width, height=height)
        .facet(column=alt.Column("class:N").sort(_BOTH).title(None))
    )
    return finished(
        chart,
        title=_trend_title(metric, scale),
        subtitle=as_of_words(as_of),
        described=_trend_in_words(rows),
    )


def trend_multiples(
    metrics: pl.DataFrame,
    *,
    shown: Sequence[str],
    period: Period,
    unit: str,
    as_of: date,
    width: int = 194,
    height: int = 38,
) -> AnyChart:
    """Small multiples: a column for each metric shown, sourced above influenced, never added.

    Eight periods up to `period`. The two panels of a column have one scale, from zero; each column
    has its own. `metrics` and `unit` are those of `trend_by_classification`.
    """
    labels = [one.label for one in period.trail(PERIODS_SHOWN)]
    own = metrics.filter(pl.col("period").is_in(labels))
    columns, tables, said = [], [], []
    for metric in shown:
        rows, scale = _trend_rows(own, metric=metric, unit=unit)
        columns.append(_trend_title(metric, scale))
        longest = max((abs(value) for value in rows["shown"].drop_nulls()), default=0.0) or 1.0
        tables.append(rows.with_columns(pl.col("shown") / longest, column=pl.lit(columns[-1])))
        said.append(f"{columns[-1]}: {_trend_in_words(rows)}")
    lowest = min((value for table in tables for value in table["shown"].drop_nulls()), default=0)
    bars = _trend_bars(
        pl.concat(tables),
        [_period_label(label) for label in labels],
        domain=(min(lowest * _ROOM, 0), _ROOM),
    )
    chart = bars.properties(width=width, height=height).facet(
        row=alt.Row("class:N")
        .sort(_BOTH)
        .title(None)
        .header(labelAngle=0, labelAlign="left", labelPadding=2),
        column=alt.Column("column:N")
        .sort(columns)
        .title(None)
        .header(labelFontWeight="bold", labelPadding=2),
        spacing={"row": 4, "column": 16},
    )
    return finished(
        chart,
        title=f"Eight {period.noun}s to {period.title}",
        subtitle=as_of_words(as_of),
        described=". ".join(said),
    )


def _trend_rows(metrics: pl.DataFrame, *, metric: str, unit: str) -> tuple[pl.DataFrame, str]:
    """One row per period and class, with its bar in the unit that is named beside it."""
    rows = _headline_rows(metrics, metric=metric, classifications=("sourced", "influenced"))
    highest = max((abs(value) for value in rows["value"].drop_nulls()), default=0.0)
    divisor, scale = _scale(highest, unit)
    decimals = 2 if highest / divisor < 10 else 1 if highest / divisor < 100 else 0
    if rows["unit"].to_list()[:1] == ["count"]:
        decimals = 0
    return rows.with_columns(
        (pl.col("value") / divisor).alias("shown"),
        pl.col("period").map_elements(_period_label, return_dtype=pl.String).alias("when"),
        (pl.col("period") == pl.col("period").max()).alias("is_latest"),
        pl.col("classification").replace_strict(LABELS).alias("class"),
        pl.Series(
            "label",
            [_bar_label(value, divisor=divisor, decimals=decimals) for value in rows["value"]],
            dtype=pl.String,
        ),
        pl.Series("exact", [_trend_said(row, unit) for row in rows.to_dicts()], dtype=pl.String),
    ), scale


def _trend_said(row: dict[str, Any], unit: str) -> str:
    value = row["value"]
    decimals = 0 if row["unit"] == "count" else 2
    said = f"not known ({row['reason']})" if value is None else f"{value:,.{decimals}f} {unit}"
    whose = f"{LABELS[row['classification']]}, {period_title(row['period'])}"
    return f"{whose}: {said if value is None else said.replace('-', '−')}"


def _trend_title(metric: str, scale: str) -> str:
    return f"{metric.replace('_', ' ').capitalize()}, {scale}"


def _trend_bars(
    rows: pl.DataFrame, order: list[str], *, domain: tuple[float, float] | None = None
) -> AnyChart:
    """A bar for each period of one class, its value at its end; the latest in full colour."""
    x = alt.X("when:N").sort(order).title(None)
    x = x.scale(domain=order, paddingInner=0.25, paddingOuter=0.1)
    x = x.axis(
        domain=False,
        labelAngle=0,
        labelExpr=_label_on_two_lines(order),
        labelLimit=60,
        labelOverlap=False,
    )
    y = alt.Y("shown:Q").axis(None)
    y = y.scale(zero=True) if domain is None else y.scale(domain=domain, nice=False)
    base = alt.Chart().encode(x=x, y=y, tooltip=EXACT)
    known = base.transform_filter("isValid(datum.shown)")
    strength = (
        alt.when(alt.datum.is_latest == True).then(alt.value(1.0)).otherwise(alt.value(0.6))  # noqa: E712
    )
    bars = known.mark_bar().encode(
        color=alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None),
        opacity=strength,
    )
    above = known.transform_filter("datum.shown >= 0").mark_text(dy=-6).encode(text="label:N")
    below = known.transform_filter("datum.shown < 0").mark_text(dy=7).encode(text="label:N")
    unknown = (
        alt.Chart()
        .transform_filter("!isValid(datum.shown)")
        .mark_text(angle=270, align="left", color=QUIET, fontSize=9)
        .encode(x=x, y=alt.datum(0.0, type="quantitative"), text="label:N")
    )
    zero = alt.Chart().mark_rule(color=QUIET, strokeWidth=0.7).encode(y=alt.datum(0.0))
    return alt.layer(bars, above, below, unknown, zero, data=rows)


def win_rate_intervals(
    metrics: pl.DataFrame, *, period: str, as_of: date, width: int = 300, height: int = 120
) -> AnyChart:
    """Win rate of one period by classification, each with its 95 % interval, from 0 to 100 %."""
    rows = _headline_rows(
        metrics.filter(pl.col("period") == period),
        metric="win_rate",
        classifications=("sourced", "influenced", "co_sell", "direct"),
    )
    rows = rows.with_columns(
        pl.col("classification").replace_strict(LABELS).alias("class"),
        pl.Series("label", [_rate_label(row) for row in rows.to_dicts()], dtype=pl.String),
        pl.col("reason").fill_null(""),
        pl.Series("exact", [_rate_said(row) for row in rows.to_dicts()], dtype=pl.String),
        pl.min_horizontal("ci_low", "value", 0.45).alias("starts_at"),
    )
    rows = rows.with_columns(
        pl.when(pl.col("value").is_null()).then(0.0).otherwise("starts_at").alias("starts_at")
    )
    y = alt.Y("class:N").sort([LABELS[name] for name in rows["classification"]]).title(None)
    y = y.axis(domain=False, labelColor=INK, labelLimit=140, labelPadding=6)
    colour = (
        alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    x = alt.X("value:Q").scale(domain=[0, 1]).title(None)
    x = x.axis(
        labelExpr="format(datum.value * 100, '.0f') + ' %'",
        values=[0, 0.25, 0.5, 0.75, 1],
        grid=True,
        gridColor="#e0e0e0",
    )
    base = alt.Chart(rows).encode(y=y, tooltip=EXACT)
    intervals = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.6).encode(
        x=alt.X("ci_low:Q"), x2="ci_high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=55, opacity=1).encode(x=x, color=colour)
    labels = base.mark_text(align="left", dy=-9, fontSize=9).encode(
        x=alt.X("starts_at:Q"), text="label:N"
    )
    described = "; ".join(
        f"{name}: {label}{f' ({reason})' if reason else ''}"
        for name, label, reason in rows.select("class", "label", "reason").iter_rows()
    )
    return finished(
        alt.layer(intervals, points, labels).properties(width=width, height=height),
        title=f"Win rate, {period_title(period)}",
        subtitle=f"with 95 % interval, {as_of_words(as_of)}",
        described=described,
    )


def _period_label(label: str) -> str:
    """Short part and year, with a space between: `Q4 FY26`, `P07 FY26`, `Oct 2026`."""
    year, part = label.split("-")
    return f"{date(int(year), int(part), 1):%b %Y}" if part.isdecimal() else f"{part} FY{year[2:]}"


def _label_on_two_lines(labels: list[str]) -> str:
    """The part of the year, and below it the year: where one starts, and at the first label.

    Not at the first where the second starts a year: the two years would run into each other.
    """
    starts = [label for label in labels if label.split(" ")[0] in _STARTS_OF_YEAR]
    with_year = starts if labels[1:2] == starts[:1] and starts else [*labels[:1], *starts]
    parts = "split(datum.label, ' ')"
    return f"[{parts}[0], indexof({json.dumps(with_year)}, datum.label) >= 0 ? {parts}[1] : '']"


def _headline_rows(
    metrics: pl.DataFrame, *, metric: str, classifications: Iterable[str]
) -> pl.DataFrame:
    """The rows of one metric that are about everything, one per period and classification."""
    order = list(classifications)
    return metrics.filter(
        (pl.col("metric") == metric)
        & (pl.col("dimension") == "all")
        & (pl.col("basis") == "current")
        & pl.col("classification").is_in(order)
    ).sort("period", pl.col("classification").cast(pl.Enum([*order])))


def _scale(highest: float, unit: str) -> tuple[float, str]:
    """What to divide by so that labels stay short, and the unit that then holds."""
    for divisor, name in ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if highest >= 10 * divisor or highest >= divisor >= 1e6:
            return divisor, f"{unit} {name}"
    return 1.0, unit


def _bar_label(value: float | None, *, divisor: float, decimals: int) -> str:
    """A bar's value in the chart's unit; one too small for the unit is not written as zero."""
    if value is None:
        return "not known"
    if value == 0:
        return "0"
    least = 10**-decimals
    if 0 < abs(value / divisor) < least / 2:
        return f"<{least:g}" if value > 0 else f">−{least:g}"
    return f"{value / divisor:,.{decimals}f}".replace("-", "−")


def _rate_label(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "not known"
    return f"{row['value'] * 100:.1f} % ({row['numerator']:,.0f} of {row['denominator']:,.0f})"


def _rate_said(row: dict[str, Any]) -> str:
    name = LABELS[row["classification"]]
    if row["value"] is None:
        return f"{name}: not known ({row['reason']})"
    interval = f"{row['ci_low'] * 100:.1f} to {row['ci_high'] * 100:.1f} %"
    return f"{name}: {_rate_label(row)}, 95 % interval {interval}"


def _trend_in_words(rows: pl.DataFrame) -> str:
    parts = []
    for name in _BOTH:
        own = rows.filter(pl.col("class") == name).select("when", "label")
        values = ", ".join(f"{when} {label}" for when, label in own.iter_rows())
        parts.append(f"{name}: {values or 'no periods'}")
    return "; ".join(parts)
