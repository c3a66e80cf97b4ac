"""Small trends side by side: rates with their intervals, and medians in days."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import altair as alt
import polars as pl

from workbench.charts.theme import COLOURS, EXACT, AnyChart, as_of_words, finished
from workbench.periods import period_title

_GAP: Final = 44  # room for the last label of a panel beside the first of the next
_SHORT_MONTH: Final = "replace(datum.label, /^([A-Z][a-z]{2})[a-z]+/, '$1')"  # `Sep 2026`
_INTERVALS: Final = "with 95 % intervals, "


def small_trends(
    metrics: pl.DataFrame,
    *,
    series: Mapping[tuple[str, str], str],
    title: str,
    as_of: date,
    width: int = 150,
    height: int = 80,
) -> AnyChart:
    """A line over the periods for each of some figures, side by side on one scale from zero.

    `metrics` is the metrics table under one definition; `series` names metric and classification
    of each line, all ratios or all days, and what it is called. A period whose value is not known
    is a gap.
    """
    rows = _rows(metrics, series)
    is_rate = rows["unit"].to_list()[:1] == ["ratio"]
    periods = rows["when"].unique(maintain_order=True).to_list()
    x = alt.X("when:N").sort(periods).title(None).scale(padding=0.6)
    x = x.axis(labelAngle=0, labelExpr=_SHORT_MONTH, values=[*periods[:1], *periods[-1:]])
    y = alt.Y("value:Q").axis(None).scale(zero=True)
    colour = (
        alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    base = alt.Chart().encode(x=x, tooltip=EXACT)
    line = alt.Chart().mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour)
    points = base.transform_filter("isValid(datum.value)").mark_point(
        filled=True, size=22, opacity=1
    )
    labels = base.transform_filter("isValid(datum.value) && datum.is_shown").mark_text(dy=-8)
    layers = [
        line,
        points.encode(y=y, color=colour),
        labels.encode(y=alt.Y("above:Q").axis(None), text="label:N"),
    ]
    has_intervals = rows["ci_low"].is_not_null().any()
    if has_intervals:
        interval = base.mark_rule(strokeWidth=2.5, opacity=0.3)
        layers.insert(
            0, interval.encode(y=alt.Y("ci_low:Q").axis(None), y2="ci_high:Q", color=colour)
        )
    chart = (
        alt.layer(*layers, data=rows)
        .properties(width=width, height=height)
        .facet(column=alt.Column("name:N").sort(list(series.values())).title(None), spacing=_GAP)
    )
    unit = "" if is_rate else ", days"
    return finished(
        chart,
        title=f"{title}{unit}",
        subtitle=f"{_INTERVALS if has_intervals else ''}{as_of_words(as_of)}",
        described=_in_words(rows, list(series.values())),
    )


def _rows(metrics: pl.DataFrame, series: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    """One row per figure and period, in their order, with the texts that the chart shows."""
    wanted = pl.DataFrame(
        [(*key, name) for key, name in series.items()],
        schema={"metric": pl.String, "classification": pl.String, "name": pl.String},
        orient="row",
    ).with_row_index("place")
    rows = (
        metrics.filter(dimension="all", basis="current")
        .join(wanted, on=["metric", "classification"])
        .sort("place", "period")
    )
    ends = (pl.col("period") == pl.col("period").min()) | (
        pl.col("period") == pl.col("period").max()
    )
    return rows.with_columns(
        pl.col("period").map_elements(period_title, return_dtype=pl.String).alias("when"),
        ends.alias("is_shown"),
        pl.max_horizontal("value", "ci_high").alias("above"),
        pl.Series("label", [_label(row) for row in rows.to_dicts()], dtype=pl.String),
        pl.Series("exact", [_said(row) for row in rows.to_dicts()], dtype=pl.String),
    )


def _label(row: dict[str, float | str | None]) -> str:
    value = row["value"]
    if value is None:
        return "not known"
    return f"{float(value) * 100:.0f} %" if row["unit"] == "ratio" else f"{float(value):g}"


def _said(row: dict[str, Any]) -> str:
    if row["value"] is None:
        said = f"not known ({row['reason']})"
    elif row["unit"] != "ratio":
        said = f"{row['value']:,.1f} {row['unit']}"
    else:
        said = f"{row['value'] * 100:.1f} %"
        if row["ci_low"] is not None:
            said += f", 95 % interval {row['ci_low'] * 100:.1f} to {row['ci_high'] * 100:.1f} %"
    return f"{row['name']}, {period_title(row['period'])}: {said}"


def _in_words(rows: pl.DataFrame, names: list[str]) -> str:
    parts = []
    for name in names:
        own = rows.filter(name=name).select("when", "label")
        values = ", ".join(f"{when} {label}" for when, label in own.iter_rows())
        parts.append(f"{name}: {values or 'no periods'}")
    return "; ".join(parts)
