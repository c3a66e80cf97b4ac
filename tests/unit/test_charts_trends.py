from datetime import date
from xml.etree import ElementTree as ET

from tests.unit import readout_frames as frames
from workbench.charts import chart_svg, small_trends
from workbench.charts.theme import AnyChart

AS_OF = date(2026, 10, 31)
SERIES = {("win_rate", "sourced"): "Sourced", ("win_rate", "direct"): "Direct"}


def rate(period: str, value: float | None, **extra: object) -> dict[str, object]:
    return frames.metric("win_rate", period, value, classification="sourced", unit="ratio", **extra)


def trend(rows: list[dict[str, object]]) -> AnyChart:
    return small_trends(frames.metrics_table(rows), series=SERIES, title="Win rate", as_of=AS_OF)


def letters(chart: AnyChart) -> set[str]:
    root = ET.fromstring(chart_svg(chart))
    return {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}


def test_small_trends__labels_the_ends_and_says_all() -> None:
    chart = trend(
        [
            rate("2026-08", 0.25),
            rate("2026-09", None),
            rate("2026-10", 0.5, ci_low=0.3, ci_high=0.7),
        ]
    )
    assert {"Sourced", "Aug 2026", "Oct 2026", "25 %", "50 %"} <= letters(chart)
    assert "September 2026 not known" in str(chart.description)
    assert "with 95 % intervals" in str(chart.description)
    assert "Direct: no periods" in str(chart.description)


def test_small_trends__days_have_their_unit() -> None:
    rows = [
        frames.metric("days_to_close", "2026-10", 86.5, classification="direct", unit="days"),
    ]
    chart = small_trends(
        frames.metrics_table(rows),
        series={("days_to_close", "direct"): "Direct"},
        title="Time to close",
        as_of=AS_OF,
    )
    assert {"Time to close, days", "86.5"} <= letters(chart)
    assert "intervals" not in str(chart.description)


def test_small_trends__row_order_does_not_matter() -> None:
    rows = frames.metrics()
    drawn = [
        chart_svg(small_trends(table, series=SERIES, title="Win rate", as_of=AS_OF))
        for table in (rows, rows.sample(fraction=1, shuffle=True))
    ]
    assert drawn[0] == drawn[1]


def test_small_trends__empty_frame() -> None:
    assert "Win rate" in " ".join(letters(trend([])))
    assert isinstance(trend([]).description, str)
