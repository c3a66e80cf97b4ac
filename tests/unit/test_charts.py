import json
from base64 import b64decode
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import altair as alt
import polars as pl
import pytest
import typst
import vl_convert

from tests.unit import readout_frames as frames
from workbench.charts import (
    SPEC_TYPE,
    chart_svg,
    evidence_grades,
    findings_by_rule,
    show_charts,
    trend_by_classification,
    win_rate_intervals,
)
from workbench.charts.png import packed_png
from workbench.charts.theme import AnyChart
from workbench.contracts import QualityFindings

AS_OF = date(2026, 10, 31)
SVG = "{http://www.w3.org/2000/svg}"


def letters(chart: AnyChart) -> list[str]:
    """The texts of a chart as drawn; reading them proves that the SVG is XML."""
    root = ET.fromstring(chart_svg(chart))
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def trend(metrics: pl.DataFrame) -> AnyChart:
    return trend_by_classification(metrics, metric="bookings", unit="USD", as_of=AS_OF)


def test_trend_by_classification__labels_every_bar_in_one_unit() -> None:
    drawn = letters(trend(frames.metrics()))
    assert {"Sourced", "Influenced", "Bookings, USD m", "as of 31 October 2026"} <= set(drawn)
    assert {"0.41", "1.54", "1.90", "3.66"} <= set(drawn)
    assert "Total" not in " ".join(drawn)


def test_trend_by_classification__row_order_does_not_matter() -> None:
    metrics = frames.metrics()
    assert chart_svg(trend(metrics)) == chart_svg(trend(metrics.sample(fraction=1, shuffle=True)))


def test_trend_by_classification__missing_is_said_and_tiny_is_not_zero() -> None:
    rows = [
        frames.metric("bookings", "2026-08", 3.25, classification="sourced"),
        frames.metric("bookings", "2026-09", None, classification="sourced"),
        frames.metric("bookings", "2026-10", 123456789.01, classification="sourced"),
    ]
    drawn = letters(trend(frames.metrics_table(rows)))
    assert {"Bookings, USD m", "<1", "not known", "123"} <= set(drawn)
    assert {"Aug", "Sep", "Oct"} <= {text[:3] for text in drawn}


def test_trend_by_classification__credit_notes_stand_below_zero() -> None:
    rows = [
        frames.metric("bookings", "2026-09", 400.0, classification="influenced"),
        frames.metric("bookings", "2026-10", -250.5, classification="influenced"),
    ]
    drawn = letters(trend(frames.metrics_table(rows)))
    assert {"Bookings, USD", "400", "−250"} <= set(drawn)


def test_trend_by_classification__empty_frame() -> None:
    assert "Bookings, USD" in letters(trend(frames.metrics_table([])))


def test_win_rate_intervals__each_rate_with_its_counts() -> None:
    chart = win_rate_intervals(frames.metrics(), period="2026-Q4", as_of=AS_OF)
    drawn = letters(chart)
    assert {"45.2 % (28 of 62)", "35.2 % (31 of 88)", "25.7 % (44 of 171)"} <= set(drawn)
    assert {"0 %", "100 %"} <= set(drawn)


def test_win_rate_intervals__a_missing_rate_has_its_reason_in_the_alt_text() -> None:
    row = frames.metric("win_rate", "2026-Q4", None, classification="sourced", unit="ratio")
    chart = win_rate_intervals(frames.metrics_table([row]), period="2026-Q4", as_of=AS_OF)
    assert "not known" in letters(chart)
    assert "not known (no opportunity closed in the period)" in chart_svg(chart)


def test_findings_by_rule__most_first() -> None:
    findings = pl.DataFrame(
        {
            "rule": ["orphan_touch", "logged_late", "logged_late"],
            "severity": ["error", "warning", "warning"],
        }
    )
    chart = findings_by_rule(findings, as_of=AS_OF)
    assert "logged_late (warning): 2; orphan_touch (error): 1." in chart_svg(chart)
    assert {"logged_late (warning)", "orphan_touch (error)"} <= set(letters(chart))


def test_findings_by_rule__empty_frame() -> None:
    empty = pl.DataFrame(schema=QualityFindings.dtypes())
    assert "No rows" in chart_svg(findings_by_rule(empty, as_of=AS_OF))


def test_evidence_grades__counts_by_classification() -> None:
    chart = evidence_grades(frames.attribution(), as_of=AS_OF)
    assert "Direct, claimed: 2; Direct, unsupported: 1; Influenced, evidenced: 4" in chart_svg(
        chart
    )


def test_evidence_grades__empty_frame() -> None:
    assert "No rows" in chart_svg(evidence_grades(frames.attribution([]), as_of=AS_OF))


def test_chart_svg__the_alt_text_is_escaped() -> None:
    findings = pl.DataFrame({"rule": ['<script>"&'], "severity": ["error"]})
    svg = chart_svg(findings_by_rule(findings, as_of=AS_OF))
    assert "<script>" not in svg
    assert ET.fromstring(svg).attrib["aria-label"].endswith('<script>"& (error): 1.')


@pytest.fixture
def _renderer_restored() -> object:
    before = alt.renderers.active
    yield
    alt.renderers.enable(before)


@pytest.mark.usefixtures("_renderer_restored")
def test_show_charts__three_forms_and_nothing_fetched() -> None:
    show_charts()
    bundle = trend(frames.metrics())._repr_mimebundle_(None, None)
    assert isinstance(bundle, tuple)
    data, about = bundle
    assert set(data) == {SPEC_TYPE, "image/png", "text/plain"}
    assert data["text/plain"].startswith("Bookings, USD m")
    assert data["text/plain"] == data[SPEC_TYPE]["description"] == about["image/png"]["alt"]
    assert "http" not in json.dumps(data[SPEC_TYPE])
    assert data[SPEC_TYPE]["config"]["background"] == "white"
    assert about[SPEC_TYPE]["embed_options"]["actions"]["editor"] is False


@pytest.mark.usefixtures("_renderer_restored")
def test_show_charts__the_picture_is_small() -> None:
    show_charts()
    bundle = trend(frames.metrics())._repr_mimebundle_(None, None)
    assert isinstance(bundle, tuple)
    picture = b64decode(bundle[0]["image/png"])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 40_000
    assert 600 < bundle[1]["image/png"]["width"] < 1000


def test_packed_png__the_same_picture_in_fewer_bytes(tmp_path: Path) -> None:
    loose = vl_convert.svg_to_png(chart_svg(trend(frames.metrics())))
    packed = packed_png(loose)
    assert len(packed) < len(loose) / 2
    drawn = []
    for name, png in (("loose.png", loose), ("packed.png", packed)):
        (tmp_path / name).write_bytes(png)
        page = f'#set page(width: auto, height: auto)\n#image("{name}")'
        (tmp_path / "page.typ").write_text(page, encoding="utf-8")
        drawn.append(typst.compile(tmp_path / "page.typ", format="png"))
    assert drawn[0] == drawn[1]
