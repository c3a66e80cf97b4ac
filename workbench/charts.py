"""Charts: a metric table in, an Altair chart out; one theme, and SVG without a browser.

Sourced is dark blue and influenced orange wherever they appear; the two stay apart in grey print.
Bars start at zero, values stand at their marks, and every chart carries its alt text as
`description`, made from its own data.
"""

from collections.abc import Iterable
from datetime import date
from html import escape
from typing import Any, Final

import altair as alt
import polars as pl
import vl_convert

COLOURS: Final = {
    "sourced": "#0b4f8a",
    "influenced": "#e69f00",
    "co_sell": "#3f3f3f",
    "direct": "#8a8a8a",
    "all": "#3f3f3f",
}
SEVERITY_COLOURS: Final = {"error": "#3f3f3f", "warning": "#8a8a8a", "info": "#c4c4c4"}
LABELS: Final = {
    "sourced": "Sourced",
    "influenced": "Influenced",
    "co_sell": "Either (co-sell)",
    "direct": "Direct",
    "all": "All",
}
_FONT: Final = "Libertinus Serif, Georgia, Times New Roman, serif"
_INK: Final = "#1a1a1a"
_QUIET: Final = "#595959"
_SVG_RENDERER: Final = "workbench_svg"


_STYLE: Final[dict[str, Any]] = {
    "font": _FONT,
    "background": "transparent",
    "padding": {"left": 1, "right": 1, "top": 2, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "domainColor": _QUIET,
        "grid": False,
        "labelColor": _QUIET,
        "labelFontSize": 10,
        "ticks": False,
        "titleColor": _QUIET,
        "titleFontSize": 10,
        "titleFontWeight": "normal",
    },
    "title": {
        "anchor": "start",
        "color": _INK,
        "fontSize": 12,
        "fontWeight": "bold",
        "frame": "bounds",
        "offset": 8,
        "subtitleColor": _QUIET,
        "subtitleFontSize": 10,
    },
    "header": {
        "labelAnchor": "start",
        "labelColor": _INK,
        "labelFontSize": 11,
        "labelPadding": 4,
        "title": None,
    },
    "text": {"color": _INK, "fontSize": 10},
    "facet": {"spacing": 18},
}

# The part of the year, and below it the year: at the first label and where a year starts.
_LABEL_ON_TWO_LINES: Final = (
    "[split(datum.label, ' ')[0],"
    " datum.index == 0 || indexof(['Q1', 'Jan'], split(datum.label, ' ')[0]) >= 0"
    " ? split(datum.label, ' ')[1] : '']"
)

AnyChart = alt.LayerChart | alt.FacetChart


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
    rows = _headline_rows(metrics, metric=metric, classifications=("sourced", "influenced"))
    highest = max((abs(value) for value in rows["value"].drop_nulls()), default=0.0)
    divisor, scale = _scale(highest, unit)
    decimals = 2 if highest / divisor < 10 else 1 if highest / divisor < 100 else 0
    if rows["unit"].to_list()[:1] == ["count"]:
        decimals = 0
    rows = rows.with_columns(
        (pl.col("value") / divisor).alias("shown"),
        pl.col("period").map_elements(_period_label, return_dtype=pl.String).alias("when"),
        (pl.col("period") == pl.col("period").max()).alias("is_latest"),
        pl.col("classification").replace_strict(LABELS).alias("class"),
        pl.Series(
            "label",
            [_bar_label(value, divisor=divisor, decimals=decimals) for value in rows["value"]],
            dtype=pl.String,
        ),
    )
    order = rows["when"].unique(maintain_order=True).to_list()
    x = alt.X("when:N").sort(order).title(None).scale(paddingInner=0.25, paddingOuter=0.1)
    x = x.axis(
        labelAngle=0,
        labelExpr=_LABEL_ON_TWO_LINES,
        labelLimit=60,
        labelOverlap=False,
    )
    y = alt.Y("shown:Q").axis(None).scale(zero=True)
    base = alt.Chart().encode(x=x, y=y)
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
        .mark_text(angle=270, align="left", color=_QUIET, fontSize=9)
        .encode(x=x, y=alt.datum(0.0, type="quantitative"), text="label:N")
    )
    zero = alt.Chart().mark_rule(color=_QUIET, strokeWidth=0.7).encode(y=alt.datum(0.0))
    name = metric.replace("_", " ")
    chart = (
        alt.layer(bars, above, below, unknown, zero, data=rows)
        .properties(width=width, height=height)
        .facet(column=alt.Column("class:N").sort(["Sourced", "Influenced"]).title(None))
    )
    title = f"{name[0].upper()}{name[1:]}, {scale}"
    return _finished(chart, title=title, subtitle=_as_of(as_of), described=_trend_in_words(rows))


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
        pl.min_horizontal("ci_low", "value", 0.45).alias("starts_at"),
    )
    rows = rows.with_columns(
        pl.when(pl.col("value").is_null()).then(0.0).otherwise("starts_at").alias("starts_at")
    )
    y = alt.Y("class:N").sort([LABELS[name] for name in rows["classification"]]).title(None)
    y = y.axis(domain=False, labelColor=_INK, labelLimit=140, labelPadding=6)
    colour = (
        alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    x = alt.X("value:Q").scale(domain=[0, 1]).title(None)
    x = x.axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridColor="#e0e0e0")
    base = alt.Chart(rows).encode(y=y)
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
    return _finished(
        alt.layer(intervals, points, labels).properties(width=width, height=height),
        title=f"Win rate, {period_title(period)}",
        subtitle=f"with 95 % interval, {_as_of(as_of)}",
        described=described,
    )


def findings_by_rule(
    findings: pl.DataFrame, *, as_of: date, width: int = 300, step: int = 18
) -> AnyChart:
    """How many findings each quality rule has, most first, errors darkest."""
    counted = findings.group_by("rule", "severity").len("count")
    counted = counted.sort("count", "rule", "severity", descending=[True, False, False])
    counted = counted.with_columns(
        pl.format("{} ({})", "rule", "severity").alias("name"), pl.col("count").cast(pl.Int64)
    )
    base = alt.Chart(counted).encode(
        x=alt.X("count:Q").axis(None).scale(zero=True),
        y=alt.Y("name:N").sort(counted["name"].to_list()).title(None).axis(labelLimit=260),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("severity:N")
        .scale(domain=list(SEVERITY_COLOURS), range=list(SEVERITY_COLOURS.values()))
        .legend(None)
    )
    described = "; ".join(
        f"{name}: {count}" for name, count in counted.select("name", "count").iter_rows()
    )
    counts = base.mark_text(align="left", dx=4, fontSize=9).encode(text="count:Q")
    return _finished(
        alt.layer(bars, counts).properties(width=width, height=alt.Step(step)),
        title="Findings by rule, count",
        subtitle=_as_of(as_of),
        described=described,
    )


def evidence_grades(
    attribution: pl.DataFrame, *, as_of: date, width: int = 300, step: int = 18
) -> AnyChart:
    """How many opportunities of each classification have each evidence grade."""
    counted = (
        attribution.filter(pl.col("evidence_grade").is_not_null())
        .group_by("classification", "evidence_grade")
        .len("count")
        .sort("classification", "evidence_grade")
        .with_columns(
            pl.col("count").cast(pl.Int64),
            pl.col("classification").replace_strict(LABELS, default=None).alias("class"),
        )
    )
    base = alt.Chart().encode(
        x=alt.X("count:Q").axis(None).scale(zero=True),
        y=alt.Y("evidence_grade:N").sort(["evidenced", "claimed", "unsupported"]).title(None),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("classification:N")
        .scale(domain=list(COLOURS), range=list(COLOURS.values()))
        .legend(None)
    )
    described = "; ".join(
        f"{name}, {grade}: {count}"
        for name, grade, count in counted.select("class", "evidence_grade", "count").iter_rows()
    )
    counts = base.mark_text(align="left", dx=4, fontSize=9).encode(text="count:Q")
    rows = alt.Row("class:N").sort(["Sourced", "Influenced", "Direct"]).title(None)
    chart = (
        alt.layer(bars, counts, data=counted)
        .properties(width=width, height=alt.Step(step))
        .facet(row=rows.header(labelAngle=0, labelOrient="top"))
    )
    return _finished(
        chart,
        title="Opportunities by evidence grade, count",
        subtitle=_as_of(as_of),
        described=described,
    )


def _finished(chart: AnyChart, *, title: str, subtitle: str, described: str) -> AnyChart:
    """The chart with its heading, the same in words, and the look that all charts share."""
    finished: AnyChart = chart.properties(
        title=alt.TitleParams(title, subtitle=subtitle),
        description=f"{title}, {subtitle}. {described or 'No rows'}.",
    ).configure(**_STYLE)
    return finished


def chart_svg(chart: AnyChart) -> str:
    """The chart as SVG text whose root carries the chart's description as its label."""
    return _labelled_svg(chart.to_dict())


def show_charts_as_svg() -> None:
    """Let Altair charts show in a notebook as inline SVG with alt text; nothing is fetched."""
    alt.renderers.register(_SVG_RENDERER, _svg_bundle)
    alt.renderers.enable(_SVG_RENDERER)


def _svg_bundle(spec: dict[str, Any], **_: Any) -> dict[str, str]:
    return {"text/html": _labelled_svg(spec), "text/plain": str(spec.get("description", ""))}


def _labelled_svg(spec: dict[str, Any]) -> str:
    svg: str = vl_convert.vegalite_to_svg(spec)
    described = escape(str(spec.get("description", "")), quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)


def period_title(label: str) -> str:
    """A period's label as a person would write it: `Q4 FY2026`, `October 2026`."""
    year, part = label.split("-")
    return f"{part} FY{year}" if "Q" in part else f"{date(int(year), int(part), 1):%B %Y}"


def _period_label(label: str) -> str:
    """Short part and year, with a space between: `Q4 FY26`, `Oct 2026`."""
    year, part = label.split("-")
    return f"{part} FY{year[2:]}" if "Q" in part else f"{date(int(year), int(part), 1):%b %Y}"


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
    for divisor, name in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if highest >= 10 * divisor or highest >= divisor >= 1e6:
            return divisor, f"{unit} {name}"
    return 1.0, unit


def _bar_label(value: float | None, *, divisor: float, decimals: int) -> str:
    """A bar's value in the chart's unit; one too small for the unit is not written as zero."""
    if value is None:
        return "not known"
    least = 10**-decimals
    if 0 < abs(value / divisor) < least / 2:
        return f"<{least:g}" if value > 0 else f">−{least:g}"
    return f"{value / divisor:,.{decimals}f}".replace("-", "−")


def _rate_label(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "not known"
    return f"{row['value']:.1%} ({row['numerator']:,.0f} of {row['denominator']:,.0f})"


def _as_of(day: date) -> str:
    return f"as of {day.day} {day:%B %Y}"


def _trend_in_words(rows: pl.DataFrame) -> str:
    parts = []
    for name in ("Sourced", "Influenced"):
        own = rows.filter(pl.col("class") == name).select("when", "label")
        values = ", ".join(f"{when} {label}" for when, label in own.iter_rows())
        parts.append(f"{name}: {values or 'no periods'}")
    return "; ".join(parts)
