"""What every chart keeps, whoever writes it: units, days, zero baselines, intervals, words."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
import vl_convert

from tests.unit import readout_frames as frames
from tests.unit.attribution_frames import BEFORE_OR_AFTER, definition, facts, opportunity, touch
from workbench import charts
from workbench.attribution.sensitivity import swept
from workbench.charts.theme import COLOURS, AnyChart
from workbench.contracts import Restatement
from workbench.periods import MonthCalendar
from workbench.restatement import Bridge

AS_OF = date(2026, 10, 31)
DAY = "as of 31 October 2026"
SVG = "{http://www.w3.org/2000/svg}"
NOT_CHARTS = {"SPEC_TYPE", "chart_svg", "show_charts", "spec_svg"}
OF_JUPYTERLAB = "5.8"  # the oldest Vega-Lite at hand; JupyterLab 4.6 draws with 5.6


def rate(name: str, classification: str, value: float, low: float, high: float) -> dict[str, Any]:
    return frames.metric(
        name,
        "2026-Q4",
        value,
        classification=classification,
        unit="ratio",
        n=80,
        ci_low=low,
        ci_high=high,
    )


def trend() -> AnyChart:
    return charts.trend_by_classification(
        frames.metrics(), metric="bookings", unit="USD", as_of=AS_OF
    )


def multiples() -> AnyChart:
    return charts.trend_multiples(
        frames.metrics(),
        shown=["bookings", "open_pipeline"],
        period=frames.params().fiscal_period,
        unit="USD",
        as_of=AS_OF,
    )


def small() -> AnyChart:
    series = {("win_rate", "sourced"): "Sourced", ("win_rate", "direct"): "Direct"}
    return charts.small_trends(frames.metrics(), series=series, title="Win rate", as_of=AS_OF)


def fair() -> AnyChart:
    rows = [
        rate("win_rate_difference", "co_sell", 0.12, -0.05, 0.3),
        rate("won_amount_ratio_adjusted", "sourced", 1.02, 0.7, 1.5),
    ]
    return charts.fair_comparison(frames.metrics_table(rows), period="2026-Q4", as_of=AS_OF)


def findings() -> AnyChart:
    rows = {"rule": ["touch_orphan", "touch_orphan"], "severity": ["error", "error"]}
    return charts.findings_by_rule(pl.DataFrame(rows), as_of=AS_OF)


def effort() -> AnyChart | None:
    row = {"partner_id": "P1", "opportunity_count": 9, "early_count": 5, "won_count": 3}
    row |= {"early_rate": 0.5, "early_low_rate": 0.2, "early_high_rate": 0.8}
    row |= {"win_rate": 0.6, "win_low_rate": 0.3, "win_high_rate": 0.7}
    return charts.effort_intervals(pl.DataFrame([row]), names={"P1": "One"}, as_of=AS_OF)


def history() -> AnyChart | None:
    days = [datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)]
    rows = [
        {"run_id": f"r{n}", "read_at": day, "dimension": "rule", "member": rule, "score": score}
        for rule, scores in {"touch_orphan": (0.6, 0.9), "touch_duplicate": (0.7, 0.8)}.items()
        for n, (day, score) in enumerate(zip(days, scores, strict=True))
    ]
    return charts.quality_trend(pl.DataFrame(rows), run_id="r1")


def waterfall() -> AnyChart:
    row = dict.fromkeys(Restatement.dtypes()) | {
        "metric": "bookings",
        "classification": "sourced",
        "part": "amounts",
        "change": Decimal("-25.50"),
    }
    known = {"sourced": Decimal("100.00"), "influenced": Decimal("40.00")}
    bridge = Bridge(
        period=MonthCalendar(1).period("2026-Q3"),
        reported_as_of=AS_OF,
        table=pl.DataFrame([row], schema=Restatement.dtypes()),
        reported={("bookings", role): amount for role, amount in known.items()},
        today={
            ("bookings", "sourced"): Decimal("74.50"),
            ("bookings", "influenced"): Decimal("40.00"),
        },
        definition_changes=(),
    )
    return charts.restatement_waterfall(bridge, currency="USD")


def tornado() -> AnyChart:
    found = swept(
        facts([opportunity()], [touch("T1", "2025-03-01", evidence_url=None)]),
        definition(rules=BEFORE_OR_AFTER),
        period=MonthCalendar(1).period("2025-Q2"),
        timezone="UTC",
    )
    return charts.sensitivity_tornado(found, currency="USD", as_of=AS_OF)


# Each chart, drawn once, and the unit that it must say.
EXAMPLES: dict[str, tuple[Callable[[], AnyChart | None], str]] = {
    "effort_intervals": (effort, "%"),
    "evidence_grades": (
        lambda: charts.evidence_grades(frames.attribution(), as_of=AS_OF),
        "count",
    ),
    "fair_comparison": (fair, "points"),
    "findings_by_rule": (findings, "count"),
    "quality_trend": (history, "%"),
    "restatement_waterfall": (waterfall, "USD"),
    "sensitivity_tornado": (tornado, "USD"),
    "small_trends": (small, "%"),
    "trend_by_classification": (trend, "USD"),
    "trend_multiples": (multiples, "USD"),
    "win_rate_intervals": (
        lambda: charts.win_rate_intervals(frames.metrics(), period="2026-Q4", as_of=AS_OF),
        "%",
    ),
}


@dataclass(frozen=True)
class Drawn:
    spec: dict[str, Any]
    unit: str

    def layers(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """The mark, its settings and its channels of each layer, whatever it is nested in."""
        for part in _parts(self.spec):
            if "mark" in part:
                mark = part["mark"]
                settings = mark if isinstance(mark, dict) else {"type": mark}
                yield settings["type"], settings, part.get("encoding", {})

    def rows(self) -> list[dict[str, Any]]:
        return [row for rows in self.spec["datasets"].values() for row in rows]


def _parts(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield spec
    for inner in [*spec.get("layer", []), *([spec["spec"]] if "spec" in spec else [])]:
        yield from _parts(inner)


@pytest.fixture(params=sorted(EXAMPLES))
def drawn(request: pytest.FixtureRequest) -> Drawn:
    make, unit = EXAMPLES[request.param]
    chart = make()
    assert chart is not None
    return Drawn(chart.to_dict(), unit)


def letters(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_charts__each_has_an_example_here() -> None:
    assert set(charts.__all__) - NOT_CHARTS == set(EXAMPLES)


def test_charts__say_their_day_and_unit(drawn: Drawn) -> None:
    title = drawn.spec["title"]
    assert DAY in title["subtitle"]
    assert drawn.unit in " ".join(letters(charts.spec_svg(drawn.spec)))


def test_charts__have_words_for_those_who_cannot_see_them(drawn: Drawn) -> None:
    described = drawn.spec["description"]
    assert described.startswith(drawn.spec["title"]["text"])
    assert DAY in described
    assert re.search(r"\d", described.split(DAY)[1]), "the words hold none of the chart's figures"
    assert f'role="img" aria-label="{described[:20]}' in charts.spec_svg(drawn.spec)


def test_charts__bars_start_at_zero(drawn: Drawn) -> None:
    for mark, _, channels in drawn.layers():
        if mark != "bar":
            continue
        lengths = [c for c in ("x", "y") if channels[c].get("type") == "quantitative"]
        assert lengths, channels
        for name in lengths:
            scale = channels[name]["scale"]
            low, high = scale.get("domain", (0, 0))
            assert scale.get("zero") is True or low <= 0 <= high


def test_charts__intervals_are_drawn_where_they_are_known(drawn: Drawn) -> None:
    ends = {"low", "ci_low"}
    known = any(row.get(end) is not None for row in drawn.rows() for end in ends)
    spans = [
        channels
        for mark, _, channels in drawn.layers()
        if mark == "rule" and {"x2", "y2"}.intersection(channels)
    ]
    assert bool(spans) == known


def test_charts__a_mark_says_its_exact_value(drawn: Drawn) -> None:
    for mark, _, channels in drawn.layers():
        if mark in {"bar", "point"}:
            assert channels["tooltip"]["field"] == "exact"
    said = [row["exact"] for row in drawn.rows()]
    assert all(re.search(r": .*\d|: not |: no ", one) for one in said), said


def test_charts__two_colours_and_greys_and_no_legend(drawn: Drawn) -> None:
    for _, settings, channels in drawn.layers():
        used = [settings["color"]] if "color" in settings else []
        if "color" in channels:
            assert channels["color"]["legend"] is None
            scale = channels["color"]["scale"]
            used += scale["range"]
            named = dict(zip(scale["domain"], scale["range"], strict=True))
            assert all(named.get(name, COLOURS[name]) == COLOURS[name] for name in COLOURS)
        for colour in used:
            is_grey = colour[1:3] == colour[3:5] == colour[5:7]
            assert is_grey or colour in COLOURS.values()


def test_charts__the_runtime_of_jupyterlab_draws_the_same_words(drawn: Drawn) -> None:
    spec = {key: value for key, value in drawn.spec.items() if key != "$schema"}
    older = vl_convert.vegalite_to_svg(spec, vl_version=OF_JUPYTERLAB)
    assert letters(older) == letters(charts.spec_svg(spec))


def test_colours__sourced_and_influenced_stay_apart_in_grey_print() -> None:
    dark, light = sorted(luminance(COLOURS[name]) for name in ("sourced", "influenced"))
    assert (light + 0.05) / (dark + 0.05) > 3
