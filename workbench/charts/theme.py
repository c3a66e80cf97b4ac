"""Charts: a metric table in, an Altair chart out; one theme, and SVG without a browser.

Sourced is dark blue and influenced orange wherever they appear; the two stay apart in grey print.
Bars start at zero, values stand at their marks, and every chart carries its alt text as
`description`, made from its own data. Where a chart is live, each mark says its exact value.
"""

from base64 import b64encode
from datetime import date
from html import escape
from typing import Any, Final

import altair as alt
import vl_convert

from workbench.charts.png import packed_png

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
SPEC_TYPE: Final = "application/vnd.vegalite.v5+json"  # the newest that JupyterLab 4 draws
_RENDERER: Final = "workbench"
_ZOOM: Final = 1.3  # letters of the size of the prose beside them
_PIXELS: Final = 2  # of a picture, for each of the chart's
# The menu of a live chart has no way to an editor on the web.
_ACTIONS: Final = {"export": True, "source": False, "compiled": False, "editor": False}

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
    "mark": {"aria": False},  # a chart is read out by its description, not mark by mark
    "text": {"color": INK, "fontSize": 10},
    "facet": {"spacing": 18},
}
AnyChart = alt.LayerChart | alt.FacetChart
# What a mark of a live chart says when pointed at: its exact value with its unit, in a sentence.
EXACT: Final = "exact:N"


def finished(chart: AnyChart, *, title: str, subtitle: str, described: str) -> AnyChart:
    """The chart with its heading, the same in words, and the look that all charts share."""
    finished: AnyChart = chart.properties(
        title=alt.TitleParams(title, subtitle=subtitle),
        description=f"{title}, {subtitle}. {described or 'No rows'}.",
    ).configure(**_STYLE)
    return finished


def chart_svg(chart: AnyChart) -> str:
    """The chart as SVG text whose root carries the chart's description as its label."""
    return spec_svg(chart.to_dict())


def spec_svg(spec: dict[str, Any]) -> str:
    """A Vega-Lite specification as SVG text whose root carries its description as its label."""
    svg: str = vl_convert.vegalite_to_svg(spec)
    described = escape(str(spec.get("description", "")), quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)


def show_charts() -> None:
    """Let a notebook keep each chart in three forms; nothing is fetched to show any of them.

    Its specification, live in JupyterLab and on the pages of a run; a picture with alt text, for
    viewers that run no scripts, such as a code host's; and its words.
    """
    alt.renderers.register(_RENDERER, _bundle)
    alt.renderers.enable(_RENDERER)


def _bundle(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    described = str(spec.get("description", ""))
    # White, because a viewer's page may be dark; of no version, because JupyterLab's runtime is
    # older than ours and draws the same.
    spec = {key: value for key, value in spec.items() if key != "$schema"}
    spec["config"] = {**spec.get("config", {}), "background": "white"}
    png = packed_png(vl_convert.vegalite_to_png(spec, scale=_PIXELS))
    width = int.from_bytes(png[16:20], "big") * _ZOOM / _PIXELS
    return (
        {
            SPEC_TYPE: spec,
            "image/png": b64encode(png).decode(),
            "text/plain": described,
        },
        {
            SPEC_TYPE: {"embed_options": {"actions": _ACTIONS}},
            "image/png": {"alt": described, "width": round(width)},
        },
    )


def as_of_words(day: date) -> str:
    return f"as of {day.day} {day:%B %Y}"
