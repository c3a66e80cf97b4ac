"""The chart of partnered beside direct opportunities: differences with their intervals."""

from datetime import date
from math import log
from typing import Any, Final

import altair as alt
import polars as pl

from workbench.charts.theme import COLOURS, EXACT, INK, QUIET, AnyChart, as_of_words, finished
from workbench.periods import period_title

# What is drawn, from the top; figures of one scale share a unit.
_ROWS: Final = (
    ("win_rate_difference", "co_sell", "Win rate, as measured", "points"),
    ("win_rate_difference_adjusted", "co_sell", "Win rate, like with like", "points"),
    ("days_to_close_difference_adjusted", "co_sell", "Days to close, like with like", "days"),
    ("won_amount_ratio_adjusted", "sourced", "Amount won, sourced, like with like", "times"),
    ("won_amount_ratio_adjusted", "influenced", "Amount won, influenced, like with like", "times"),
)
_WIDTH: Final = 460
_STEP: Final = 34
_MARKS: Final = (("low", "ci_low"), ("at", "value"), ("high", "ci_high"))


def fair_comparison(metrics: pl.DataFrame, *, period: str, as_of: date) -> AnyChart:
    """Opportunities with a partner beside direct ones: each difference with its 95 % interval.

    The line in the middle is no difference. Each unit has its own scale; the figures stand above
    their marks. A difference that is not said has its reason in its place.
    """
    rows = _drawn(metrics, period)
    rows = rows.with_columns(pl.concat_str("title", pl.lit(": "), "said").alias("exact"))
    base = alt.Chart(rows).encode(
        y=alt.Y("title:N")
        .sort(rows["title"].to_list())
        .title(None)
        .axis(domain=False, labelColor=INK, labelLimit=240, labelPadding=6),
        tooltip=EXACT,
    )

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q").scale(domain=[-1, 1]).axis(None)

    colour = (
        alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    none = alt.Chart(rows).mark_rule(color=QUIET, strokeWidth=0.7).encode(x=x("middle"))
    intervals = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.6).encode(
        x=x("low"), x2="high:Q", color=colour
    )
    points = base.mark_point(filled=True, size=55, opacity=1).encode(x=x("at"), color=colour)
    labels = base.mark_text(align="left", dy=-10, fontSize=9).encode(x=x("left"), text="label:N")
    return finished(
        alt.layer(none, intervals, points, labels).properties(width=_WIDTH, height=alt.Step(_STEP)),
        title=f"With a partner beside direct, {period_title(period)}",
        subtitle=f"95 % intervals; left of the line less, right more; {as_of_words(as_of)}",
        described="; ".join(rows["exact"]),
    )


def _drawn(metrics: pl.DataFrame, period: str) -> pl.DataFrame:
    """One row per difference: where its marks stand between −1 and 1, its label, and its words."""
    current = metrics.filter(period=period, dimension="all", basis="current")
    figures = {(row["metric"], row["classification"]): row for row in current.to_dicts()}
    rows = [
        {
            "title": title,
            "unit": unit,
            "classification": classification,
            "said": figure["reason"] or _said(figure, unit),
            "label": _label(figure, unit),
            "left": -1.0,
            "middle": 0.0,
            **{mark: _place(figure[name], unit) for mark, name in _MARKS},
        }
        for metric, classification, title, unit in _ROWS
        if (figure := figures.get((metric, classification))) is not None
    ]
    words = dict.fromkeys(("title", "unit", "classification", "said", "label"), pl.String)
    places = dict.fromkeys(("left", "middle", "low", "at", "high"), pl.Float64)
    widest = pl.max_horizontal(pl.col("low").abs(), pl.col("high").abs()).max().over("unit")
    scaled = pl.when(widest > 0).then(pl.col("low", "at", "high") / widest)
    return pl.DataFrame(rows, schema={**words, **places}).with_columns(scaled)


def _place(value: float | None, unit: str) -> float | None:
    """Where a figure stands from the line of no difference; half as far out as twice."""
    return log(value) if value is not None and unit == "times" else value


def _label(row: dict[str, Any], unit: str) -> str:
    """The figure, or its reason up to the rule that all reasons share."""
    if row["reason"] is None:
        return _said(row, unit)
    return f"not said: {row['reason'].partition(';')[0]}"


def _said(row: dict[str, Any], unit: str) -> str:
    value, low, high = (_figure(row[name], unit) for name in ("value", "ci_low", "ci_high"))
    return f"{value} {unit} ({low} to {high}), {row['n']:,} opportunities"


def _figure(value: float, unit: str) -> str:
    if unit == "times":
        return f"{value:.2f}"
    return f"{value * 100 if unit == 'points' else value:+.1f}".replace("-", "−")
