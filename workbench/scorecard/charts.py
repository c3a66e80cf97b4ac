"""The scorecard's charts: their form. The page gives them the rows that its filters leave."""

from datetime import date
from typing import Any, Final

import altair as alt

from workbench.charts.theme import COLOURS, INK, LABELS, QUIET, AnyChart, as_of_words, finished

_SHOWN: Final = ("sourced", "influenced", "direct")
_NAMES: Final = [LABELS[name] for name in _SHOWN]


def bookings_chart(*, periods: list[str], noun: str, currency: str, as_of: date) -> dict[str, Any]:
    """Bookings over the periods, one panel per class on one scale, never added: Vega-Lite.

    The data set `bookings` has a row per class and period: `class`, `classification`, `when` (one
    of `periods`), `period`, `amount`, `label` and `said`. No amount, no bar.
    """
    x = alt.X("when:N").sort(periods).title(None).scale(paddingInner=0.25, paddingOuter=0.1)
    x = x.axis(domain=False, labelAngle=0, labelExpr="split(datum.label, ' ')", labelOverlap=False)
    y = alt.Y("amount:Q").axis(None).scale(zero=True)
    tooltip = [
        alt.Tooltip("when:N", title=noun.capitalize()),
        alt.Tooltip("class:N", title="Class"),
        alt.Tooltip("said:N", title="Bookings"),
    ]
    base = alt.Chart().encode(x=x, y=y)
    bars = base.mark_bar(cursor="pointer").encode(color=_colour(), tooltip=tooltip)
    strength = alt.when(alt.datum.is_chosen == True).then(alt.value(1.0))  # noqa: E712
    bars = bars.encode(opacity=strength.otherwise(alt.value(0.6)))
    at_its_end = alt.expr("datum.amount < 0 ? 7 : -6")
    labels = base.mark_text(dy=at_its_end, fontSize=9).encode(text="label:N")
    zero = alt.Chart().mark_rule(color=QUIET, strokeWidth=0.7).encode(y=alt.datum(0.0))
    chart = (
        alt.layer(bars, labels, zero)
        .properties(width=270, height=110, data=alt.NamedData(name="bookings"))
        .facet(column=alt.Column("class:N").sort(_NAMES).title(None))
    )
    return _spec(
        chart,
        title=f"Bookings by {noun} of the close, {currency}",
        subtitle=f"each class by itself, {as_of_words(as_of)}",
    )


def win_rate_chart(*, as_of: date) -> dict[str, Any]:
    """Win rate by class with its 95 % interval, from 0 to 100 %: Vega-Lite.

    The data set `win_rates` has a row per class: `class`, `classification`, `rate`, `low`, `high`,
    `label` and `starts_at`, where the label begins.
    """
    y = alt.Y("class:N").sort(_NAMES).title(None)
    y = y.axis(domain=False, labelColor=INK, labelPadding=6)
    x = alt.X("rate:Q").scale(domain=[0, 1]).title(None)
    x = x.axis(
        labelExpr="format(datum.value * 100, '.0f') + ' %'",
        values=[0, 0.25, 0.5, 0.75, 1],
        grid=True,
        gridColor="#e0e0e0",
    )
    base = alt.Chart().encode(y=y)
    intervals = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.6)
    intervals = intervals.encode(x=alt.X("low:Q"), x2="high:Q", color=_colour())
    points = base.mark_point(filled=True, size=55, opacity=1).encode(x=x, color=_colour())
    labels = base.mark_text(align="left", dy=-9, fontSize=9)
    labels = labels.encode(x=alt.X("starts_at:Q"), text="label:N")
    chart = alt.layer(intervals, points, labels, data=alt.NamedData(name="win_rates"))
    return _spec(
        chart.properties(width=220, height=110),
        title="Win rate",
        subtitle=f"won ÷ (won + lost), with 95 % interval, {as_of_words(as_of)}",
    )


def _spec(chart: AnyChart, *, title: str, subtitle: str) -> dict[str, Any]:
    """The chart as a specification; the page describes it as a whole, and no mark by itself."""
    spec = finished(chart, title=title, subtitle=subtitle, described="").to_dict()
    spec["config"]["aria"] = False
    return spec


def _colour() -> alt.Color:
    colours = [COLOURS[name] for name in _SHOWN]
    return alt.Color("classification:N").scale(domain=list(_SHOWN), range=colours).legend(None)
