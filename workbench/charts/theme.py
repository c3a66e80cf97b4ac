"""Charts: a metric table in, an Altair chart out; one theme, and SVG without a browser.

Sourced is dark blue and influenced orange wherever they appear; the two stay apart in grey print.
Bars start at zero, values stand at their marks, and every chart carries its alt text as
`description`, made from its own data.
"""

from datetime import date
from html import escape
from typing import Any, Final

import altair as alt
import vl_convert

COLOURS: Final = {
    "sourced": "#0b4f8a",
    "influenced": "#e69f00",
    "co_sell": "#3f3f3f",
    "direct": "#8a8a8a",
    "all": "#3f3f3f",
}
LABELS: Final = {
    "sourced": "Sourced",
    "influenced": "Influenced",
    "co_sell": "Either (co-sell)",
    "direct": "Direct",
    "all": "All",
}
_FONT: Final = "Libertinus Serif, Georgia, Times New Roman, serif"
INK: Final = "#1a1a1a"
QUIET: Final = "#595959"
_SVG_RENDERER: Final = "workbench_svg"
_ZOOM_ON_SCREEN: Final = 1.3  # letters of the size of the prose beside them

_STYLE: Final[dict[str, Any]] = {
    "font": _FONT,
    "background": "transparent",
    "padding": {"left": 1, "right": 1, "top": 2, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "domainColor": QUIET,
        "grid": False,
        "labelColor": QUIET,
        "labelFontSize": 10,
        "ticks": False,
        "titleColor": QUIET,
        "titleFontSize": 10,
        "titleFontWeight": "normal",
    },
    "title": {
        "anchor": "start",
        "color": INK,
        "fontSize": 12,
        "fontWeight": "bold",
        "frame": "bounds",
        "offset": 8,
        "subtitleColor": QUIET,
        "subtitleFontSize": 10,
    },
    "header": {
        "labelAnchor": "start",
        "labelColor": INK,
        "labelFontSize": 11,
        "labelPadding": 4,
        "title": None,
    },
    "text": {"color": INK, "fontSize": 10},
    "facet": {"spacing": 18},
}
AnyChart = alt.LayerChart | alt.FacetChart


def finished(chart: AnyChart, *, title: str, subtitle: str, described: str) -> AnyChart:
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
    svg = _labelled_svg(spec).replace("<svg ", f'<svg style="zoom: {_ZOOM_ON_SCREEN}" ', 1)
    return {"text/html": svg, "text/plain": str(spec.get("description", ""))}


def _labelled_svg(spec: dict[str, Any]) -> str:
    svg: str = vl_convert.vegalite_to_svg(spec)
    described = escape(str(spec.get("description", "")), quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)


def as_of_words(day: date) -> str:
    return f"as of {day.day} {day:%B %Y}"
