from datetime import date
from xml.etree import ElementTree as ET

import polars as pl

from tests.unit import readout_frames as frames
from workbench.charts import chart_svg, trend_multiples
from workbench.charts.theme import AnyChart

AS_OF = date(2026, 10, 31)
SVG = "{http://www.w3.org/2000/svg}"


def multiples(metrics: pl.DataFrame, period: str = "2026-Q4") -> AnyChart:
    return trend_multiples(
        metrics,
        shown=["bookings", "open_pipeline"],
        period=frames.params(period=period).fiscal_period,
        unit="USD",
        as_of=AS_OF,
    )


def letters(chart: AnyChart) -> list[str]:
    root = ET.fromstring(chart_svg(chart))
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def test_trend_multiples__a_column_for_each_metric_and_a_bar_for_each_of_eight_quarters() -> None:
    drawn = letters(multiples(frames.metrics()))
    assert {"Eight quarters to Q4 FY2026", "as of 31 October 2026"} <= set(drawn)
    assert {"Bookings, USD m", "Open pipeline, USD k", "Sourced", "Influenced"} <= set(drawn)
    shown = {
        "sourced": ["0.62", "0.39", "0.88", "0.91", "0.74", "1.22", "1.31", "1.54"],
        "influenced": ["2.40", "2.20", "2.90", "3.30", "2.60", "3.10", "3.90", "3.66"],
    }
    assert {label for labels in shown.values() for label in labels} <= set(drawn)
    assert {"0.41", "1.90"}.isdisjoint(drawn)  # the ninth


def test_trend_multiples__eight_months_and_what_is_missing_or_below_zero() -> None:
    rows = [
        frames.metric("bookings", "2026-08", None, classification="sourced"),
        frames.metric("bookings", "2026-09", -2.5e12, classification="sourced"),
        frames.metric("bookings", "2026-10", 9.87e12, classification="sourced"),
    ]
    chart = multiples(frames.metrics_table(rows), "2026-10")
    drawn = letters(chart)
    assert {"Eight months to October 2026", "Bookings, USD tn"} <= set(drawn)
    assert {"not known", "−2.50", "9.87"} <= set(drawn)
    assert [text[:3] for text in drawn if text[:3] in {"Mar", "Oct"}] == ["Mar", "Oct"]
    assert "Aug 2026 not known, Sep 2026 −2.50, Oct 2026 9.87" in chart.description


def test_trend_multiples__row_order_does_not_matter() -> None:
    metrics = frames.metrics()
    shuffled = metrics.sample(fraction=1, shuffle=True, seed=3)
    assert chart_svg(multiples(metrics)) == chart_svg(multiples(shuffled))


def test_trend_multiples__empty_frame() -> None:
    chart = multiples(frames.metrics_table([]))
    assert "Bookings, USD: Sourced: no periods; Influenced: no periods" in chart.description
    assert "Eight quarters to Q4 FY2026" in letters(chart)
