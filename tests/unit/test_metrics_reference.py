"""Every metric of a random company, against the slow recomputation in tests/reference."""

from datetime import date
from pathlib import Path

import pytest

from tests.reference import metrics as reference
from tests.reference.metric_cases import a_definition, inputs, random_company, run_params
from workbench.metrics import METRICS, metrics

FOUR_FOUR_FIVE = Path(__file__).parents[2] / "params" / "calendars" / "four_four_five.csv"


@pytest.mark.parametrize(
    ("period", "as_of", "timezone", "calendar", "opportunities"),
    [
        ("2026-Q4", date(2026, 10, 31), "America/Los_Angeles", None, 1200),
        ("2026-10", date(2026, 10, 31), "Asia/Kolkata", None, 400),
        ("2026-Q4", date(2026, 9, 15), "UTC", None, 400),
        ("2027-Q3", date(2026, 10, 31), "UTC", FOUR_FOUR_FIVE, 400),
        ("2027-P09", date(2026, 10, 20), "Europe/Berlin", FOUR_FOUR_FIVE, 400),
    ],
)
def test_metrics__agree_with_the_recomputation(period, as_of, timezone, calendar, opportunities):
    tables = random_company(seed=7, as_of=as_of, opportunities=opportunities)
    params = run_params(period=period, as_of=as_of, timezone=timezone, calendar=calendar)
    table = metrics(inputs(**tables), params=params, definition=a_definition())
    found = {
        (
            row["metric"],
            row["period"],
            row["classification"],
            row["dimension"],
            row["member"],
        ): row
        for row in table.to_dicts()
    }
    spans = [
        reference.Span(period.label, period.start, period.end)
        for period in params.fiscal_period.trail(9)
    ]
    expected = reference.figures(tables, spans, as_of=as_of, timezone=timezone, currency="USD")
    early_weighted = {
        key for key in found if key[0] == "weighted_pipeline" and key[1] != spans[-1].label
    }
    assert found.keys() - early_weighted == expected.keys()
    assert {key[0] for key in expected} == set(METRICS)
    for key, (value, n) in expected.items():
        assert found[key]["n"] == n, key
        assert found[key]["value"] == (value if value is None else pytest.approx(value)), key
    of_a_rate = {"win_rate", "renewal_rate", "handoff_acceptance_rate"}
    with_interval = [
        row for row in found.values() if row["ci_low"] is not None and row["metric"] in of_a_rate
    ]
    assert {row["metric"] for row in with_interval} == of_a_rate
    for row in with_interval:
        ends = reference.wilson(int(row["numerator"]), int(row["denominator"]))
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(ends, abs=1e-9)
