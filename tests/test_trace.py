"""A figure traced to its records: every figure that can be, and what is said of the others."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from markupsafe import escape

from tests.project import Project
from tests.reference.metric_cases import (
    a_definition,
    inputs,
    opportunity,
    partner,
    random_company,
    run_params,
    touch,
)
from workbench.errors import InputError
from workbench.metrics import METRICS, Measure, count, metric, metrics, trace, traces
from workbench.trace_report import figure_address, figure_page, figures_page, trace_text

AS_OF = date(2026, 10, 31)
PARAMS = run_params()
DEFINITION = a_definition()
OVER_GROUPS = {
    "win_rate_difference",
    "win_rate_difference_adjusted",
    "won_amount_ratio_adjusted",
    "days_to_close_difference_adjusted",
    "days_to_decision",
    "partner_concentration_index",
}


@pytest.fixture(scope="module")
def company():
    given = inputs(**random_company(3, as_of=AS_OF, opportunities=1000))
    return given, metrics(given, params=PARAMS, definition=DEFINITION)


@pytest.mark.parametrize("name", METRICS)
def test_trace__gives_every_figure_that_is_made_of_records(company, name):
    given, table = company
    one_of_each = (
        table.filter(pl.col("value").is_not_null(), metric=name, period="2026-Q4")
        .group_by("classification", "dimension")
        .first()
    )
    for row in one_of_each.to_dicts():
        words = {key: row[key] for key in ("classification", "dimension", "member")}
        if name in OVER_GROUPS:
            with pytest.raises(InputError, match="worked out over groups"):
                trace(given, name, params=PARAMS, definition=DEFINITION, **words)
            continue
        found = trace(given, name, params=PARAMS, definition=DEFINITION, **words)
        assert found.figure["value"] == row["value"]
        assert found.records["record_id"].null_count() == 0
        assert trace_text(found, currency="USD", run_id="r")


def test_trace__amounts_add_up_to_the_cent(company):
    given, table = company
    for classification in ("sourced", "influenced", "direct"):
        found = trace(
            given, "bookings", params=PARAMS, definition=DEFINITION, classification=classification
        )
        row = {"period": "2026-Q4", "classification": classification, "dimension": "all"}
        value = table.filter(metric="bookings", **row)["value"].item()
        assert found.records["adds"].sum() == Decimal(str(value)).quantize(Decimal("0.01"))
        assert found.records["record_id"].n_unique() == found.records.height


def of(*rows, **tables):
    return inputs(list(rows), partners=[partner("P1"), partner("P2")], **tables)


def test_trace__rows_with_most_first_and_their_evidence():
    given = of(
        opportunity("O1", "sourced", "10", partner="P1"),
        opportunity("O2", "sourced", "30", partner="P2")
        | {"evidence_url": "https://example.com/2", "evidence_grade": "evidenced"},
        opportunity("O3", "sourced", None, partner="P1"),
        opportunity("O4", "sourced", "20", partner="P1", closed="2026-07-01"),
        opportunity("O5", "direct", "40"),
    )
    found = trace(given, "bookings", params=PARAMS, definition=DEFINITION, classification="sourced")
    shown = found.records.select("record_id", "partner", "adds", "evidence_url").rows()
    assert shown == [
        ("O2", "Partner P2", Decimal(30), "https://example.com/2"),
        ("O1", "Partner P1", Decimal(10), None),
        ("O3", "Partner P1", None, None),
    ]


def test_trace__a_rate_has_its_two_numbers():
    given = of(
        opportunity("O1", "direct", status="won"),
        opportunity("O2", "direct", status="lost"),
        opportunity("O3", "direct", status="lost"),
    )
    found = trace(given, "win_rate", params=PARAMS, definition=DEFINITION, classification="direct")
    assert found.records.select("record_id", "adds", "below").rows() == [
        ("O1", 1, 1),
        ("O2", 0, 1),
        ("O3", 0, 1),
    ]
    text = trace_text(found, currency="USD", run_id="r")
    assert text.endswith("3 rows: 1 ÷ 3 = 33.3 %.")


def test_trace_text__twenty_rows_and_the_rest_counted():
    given = of(touches=[touch(f"T{number:02}", evidence=number < 25) for number in range(30)])
    found = trace(given, "evidence_rate", params=PARAMS, definition=DEFINITION)
    lines = trace_text(found, currency="USD", run_id="r").splitlines()
    assert sum("touch " in line for line in lines) == 20
    assert lines[-3:] == ["  … and 10 more: 5 ÷ 10", "", "30 rows: 25 ÷ 30 = 83.3 %."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"metric_name": "bookngs"}, "'bookngs': is no metric.\nHint: did you mean bookings?"),
        ({"metric_name": "bookings"}, "say which.\nHint: there are sourced, influenced, direct."),
        ({"dimension": "colour", "member": "red"}, "there is none 'colour'"),
        ({"dimension": "region"}, "say which region"),
        ({"member": "EMEA"}, "say of what 'EMEA' is a member"),
        ({"period": "2020-Q1"}, "there is none '2020-Q1'"),
        ({"dimension": "region", "member": "EMAE"}, "there is no figure for"),
        ({"metric_name": "won_count", "classification": "co_sell"}, "there is none 'co_sell'"),
        ({"metric_name": "average_won_amount", "period": "2024-Q4"}, "is not known: no opportun"),
    ],
)
def test_trace__mistakes_are_said_with_what_there_is(words, said):
    asked = {"classification": "direct", "metric_name": "bookings", **words}
    if words == {"metric_name": "bookings"}:
        del asked["classification"]
    given = of(opportunity("O1", "direct", account="A1"))
    with pytest.raises(InputError) as error:
        trace(given, asked.pop("metric_name"), params=PARAMS, definition=DEFINITION, **asked)
    assert said in str(error.value)


def test_trace__several_mistakes_at_once():
    with pytest.raises(InputError) as error:
        trace(
            of(),
            "bookings",
            params=PARAMS,
            definition=DEFINITION,
            classification="all",
            dimension="colour",
            period="1999-Q1",
        )
    assert len(error.value.problems) == 4


def test_trace_command__of_a_finished_run(tmp_path: Path):
    project = Project.in_folder(tmp_path)
    project.workbench("demo")
    run = project.latest("demo")

    said = project.workbench(
        "trace", "params/demo.yaml", "bookings", "--classification", "sourced", "--csv", "rows.csv"
    )

    written = pl.read_csv(tmp_path / "rows.csv")
    value = project.table(run, "metrics").filter(
        metric="bookings", classification="sourced", dimension="all", period="2026-Q4"
    )["value"]
    assert written["adds"].sum() == pytest.approx(value.item(), abs=0.005)
    assert f"(run {run.name})" in said
    assert said == project.workbench(
        "trace", str(run), "bookings", "--classification", "sourced", "--csv", "rows.csv"
    )
    assert "is no metric" in project.workbench("trace", str(run), "bookngs", expect=2)
    assert "no such parameter file" in project.workbench("trace", "no.yaml", "bookings", expect=2)


def test_traces__give_what_trace_gives(company):
    given, table = company
    figures = table.filter(period="2026-Q4", dimension="all")
    found = {
        (one.metric.name, one.key.classification): one
        for one in traces(given, figures, params=PARAMS, definition=DEFINITION)
    }
    known = figures.filter(pl.col("value").is_not_null(), ~pl.col("metric").is_in(OVER_GROUPS))
    assert set(found) == set(known.select("metric", "classification").iter_rows())
    for (name, classification), one in found.items():
        alone = trace(
            given, name, params=PARAMS, definition=DEFINITION, classification=classification
        )
        assert one.figure == alone.figure
        assert one.records.equals(alone.records)


def test_trace__a_metric_of_ones_own():
    @metric(category="pipeline", unit="count", question="How many?", formula="rows")
    def all_touches(known):
        """Touches in the period."""
        return Measure(known.during(known.touches, "touched_day"), count())

    given = of(touches=[touch("T1"), touch("T2")])
    own = METRICS | {all_touches.name: all_touches}
    found = trace(given, "all_touches", params=PARAMS, definition=DEFINITION, catalogue=own)
    assert (found.figure["value"], found.records["record_id"].to_list()) == (2.0, ["T1", "T2"])


def test_figure_page__record_case_evidence_and_sum_are_there():
    given = of(
        opportunity("O 1#", "sourced", "10.25", partner="P1")
        | {"evidence_url": "https://example.com/1", "evidence_grade": "evidenced"},
        opportunity("<b>2", "sourced", "30", partner="P2")
        | {"evidence_url": "javascript:alert(1)"},
    )
    found = trace(given, "bookings", params=PARAMS, definition=DEFINITION, classification="sourced")
    html = figure_page(found, params=PARAMS, run_id="r")
    assert '<a href="../scorecard.html#case=O%201%23"' in html
    assert '<a href="https://example.com/1" rel="noopener noreferrer">' in html
    assert "<b>2" not in html
    assert "&lt;b&gt;2" in html
    assert 'href="javascript' not in html
    assert "2 rows: 40.25 = 40.25 USD." in html


def test_figures_page__two_rates_differ_by_points(company):
    _, table = company
    figure = table.filter(period="2026-Q4", dimension="all", metric="win_rate_difference")
    known = figure.with_columns(value=0.002, ci_low=-0.231, ci_high=0.231, reason=None)
    html = figures_page(known, traced=(), params=PARAMS, definition=DEFINITION, run_id="r")
    assert "0.2 points" in html
    assert "−23.1 points to 23.1 points" in html


def test_figures_page__a_link_where_there_are_records_a_reason_where_nothing_is_known(company):
    _, table = company
    figures = table.filter(period="2026-Q4", dimension="all")
    page = {"params": PARAMS, "definition": DEFINITION, "run_id": "r"}
    html = figures_page(figures, traced={("bookings", "sourced")}, **page)
    assert html.count('<a href="figures/') == 1
    assert figure_address("bookings", "sourced") in html
    for reason in figures["reason"].drop_nulls():
        assert escape(reason) in html
