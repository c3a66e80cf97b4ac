from datetime import date
from xml.etree import ElementTree as ET

from tests.unit.attribution_frames import BEFORE_OR_AFTER, definition, facts, opportunity, touch
from workbench.attribution.sensitivity import Sensitivity, swept
from workbench.charts import chart_svg, sensitivity_tornado
from workbench.periods import MonthCalendar

SVG = "{http://www.w3.org/2000/svg}"


def sensitivity(*touches: dict[str, object]) -> Sensitivity:
    return swept(
        facts([opportunity()], list(touches)),
        definition(rules=BEFORE_OR_AFTER),
        period=MonthCalendar(1).period("2025-Q2"),
        timezone="UTC",
    )


def letters(found: Sensitivity) -> list[str]:
    """The texts of the chart as drawn; reading them proves that the SVG is XML."""
    chart = sensitivity_tornado(found, currency="EUR", as_of=date(2025, 6, 30))
    root = ET.fromstring(chart_svg(chart))
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def test_sensitivity_tornado__says_what_the_figure_becomes() -> None:
    drawn = letters(sensitivity(touch("T1", "2025-03-01", evidence_url=None)))

    assert "Sourced bookings of Q2 FY2025 with one choice changed, EUR" in drawn
    assert "from 100 under any, as of 30 June 2025" in drawn
    assert drawn.count("0 (−100)") == 3  # a link is asked for, or a log date
    assert drawn.count("no change") == 5


def test_sensitivity_tornado__empty_frame() -> None:
    nothing = swept(
        facts([], []),
        definition(basis="crm_field", rules=[]),
        period=MonthCalendar(1).period("2025-Q2"),
        timezone="UTC",
    )

    assert any("Sourced bookings" in text for text in letters(nothing))
