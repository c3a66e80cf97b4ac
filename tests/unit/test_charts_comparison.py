from datetime import date

from tests.reference.metric_cases import a_definition, inputs, opportunity, run_params
from workbench.charts import chart_svg, fair_comparison
from workbench.metrics import MetricInputs, metrics


def drawn(given: MetricInputs) -> str:
    table = metrics(given, params=run_params(), definition=a_definition())
    return chart_svg(fair_comparison(table, period="2026-Q4", as_of=date(2026, 10, 31)))


def closed(classification: str, *, number: int, won: int) -> list[dict]:
    partner = None if classification == "direct" else "P1"
    return [
        opportunity(
            f"{classification}{index}",
            classification,
            partner=partner,
            status="won" if index < won else "lost",
        )
        for index in range(number)
    ]


def test_fair_comparison__differences_with_their_intervals() -> None:
    rows = closed("sourced", number=40, won=20) + closed("direct", number=40, won=10)
    svg = drawn(inputs(rows))
    assert "Win rate, as measured: +25.0 points (+3.8 to +43.3), 80 opportunities" in svg
    assert ">+25.0 points (" in svg


def test_fair_comparison__a_refusal_in_words() -> None:
    rows = closed("sourced", number=7, won=3) + closed("direct", number=40, won=10)
    svg = drawn(inputs(rows))
    assert "not said: 7 with a partner and 40 direct closed in the period" in svg
    assert "below 20 on a side no difference is said" in svg


def test_fair_comparison__empty_frame() -> None:
    assert "not said: 0 with a partner and 0 direct" in drawn(inputs())
