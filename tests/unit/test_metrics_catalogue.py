"""The tidy table as a whole, the registry, and the page that documents it."""

import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.reference.metric_cases import (
    a_definition,
    inputs,
    opportunity,
    random_company,
    run_params,
)
from workbench.contracts import Metrics
from workbench.metrics import METRICS, metrics, pipeline
from workbench.tables import checked

AS_OF = date(2026, 10, 31)
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def company_metrics():
    company = inputs(**random_company(3, as_of=AS_OF))
    return metrics(company, params=run_params(), definition=a_definition())


def test_metrics__shuffled_rows_change_nothing(company_metrics):
    tables = random_company(3, as_of=AS_OF)
    for rows in tables.values():
        random.Random(11).shuffle(rows)
    shuffled = metrics(inputs(**tables), params=run_params(), definition=a_definition())
    assert_frame_equal(shuffled, company_metrics, check_exact=True)


def test_metrics__every_period_and_classification_has_a_row_of_all(company_metrics):
    expected = {
        (metric.name, period.label, classification)
        for metric in METRICS.values()
        for period in run_params().fiscal_period.trail(9)
        for classification in metric.classifications
    }
    rows = company_metrics.filter(pl.col("dimension") == "all")
    assert set(rows.select("metric", "period", "classification").iter_rows()) == expected
    assert len(rows) == len(expected)


def test_metrics__only_the_dimensions_of_the_registry(company_metrics):
    found = company_metrics.group_by("metric").agg(pl.col("dimension").unique())
    assert {name: set(dimensions) for name, dimensions in found.iter_rows()} == {
        metric.name: {"all", *metric.dimensions} for metric in METRICS.values()
    }


def test_metrics__keeps_its_contract_and_its_order(company_metrics):
    assert_frame_equal(checked(company_metrics, Metrics), company_metrics)


def test_metrics__members_add_up_to_all(company_metrics):
    sums = company_metrics.filter(
        pl.col("metric").is_in(["open_pipeline", "created_pipeline", "bookings"])
        & (pl.col("classification") != "direct")
    )
    totals = sums.filter(pl.col("dimension") == "all").select(
        "metric", "period", "classification", total="value"
    )
    parts = (
        sums.filter(pl.col("dimension") != "all")
        .group_by("metric", "period", "classification", "dimension")
        .agg(pl.col("value").sum())
    )
    joined = parts.join(totals, on=["metric", "period", "classification"])
    assert joined["dimension"].n_unique() == 7
    assert joined.filter((pl.col("value") - pl.col("total")).abs() > 0.001).is_empty()


def test_metrics__empty_frame():
    table = metrics(inputs(), params=run_params(), definition=a_definition())
    assert set(table["metric"]) == set(METRICS)
    assert set(table["dimension"]) == {"all"}
    amounts = table.filter(pl.col("metric") == "bookings")
    assert amounts["value"].to_list() == [0] * 27


@pytest.mark.parametrize(
    ("table", "lost"),
    [
        ("program_costs", {"program_cost", "cost_per_sourced_opportunity"}),
        (
            "handoffs",
            {
                "handoffs_sent",
                "handoffs_accepted",
                "handoff_acceptance_rate",
                "days_touch_to_meeting",
            },
        ),
        ("account_paths", {"target_coverage"}),
    ],
)
def test_metrics__a_missing_table_takes_its_metrics_out_by_name(table, lost):
    tables = random_company(3, as_of=AS_OF)
    del tables[table]
    found = metrics(inputs(**tables), params=run_params(), definition=a_definition())
    reason = f"the source has no {table}"
    assert set(found.filter(pl.col("reason") == reason)["metric"]) == lost
    rows = found.filter(pl.col("metric").is_in(lost))
    assert rows["value"].null_count() == len(rows) == 9 * len(lost)
    assert rows["n"].null_count() == len(rows)


def test_metrics__months_as_well_as_quarters():
    params = run_params(period="2026-10")
    table = metrics(inputs(), params=params, definition=a_definition())
    assert table["period"].min() == "2026-02"
    assert table["period"].n_unique() == 9


def test_registry__every_metric_is_described():
    for metric in METRICS.values():
        assert metric.question.endswith("?"), metric.name
        assert metric.meaning.endswith("."), metric.name
        assert metric.formula, metric.name


def test_registry__no_amount_is_taken_over_sourced_and_influenced_together():
    for metric in METRICS.values():
        if metric.unit == "currency":
            assert "co_sell" not in metric.classifications, metric.name


def documented(category: str) -> str:
    """The table of one category, as docs/metrics.md must show it."""
    lines = [
        "| metric | unit | the question it answers | formula | classes | by |",
        "|---|---|---|---|---|---|",
    ]
    for metric in METRICS.values():
        if metric.category == category:
            classes = ", ".join(metric.classifications)
            by = ", ".join(metric.dimensions) or "–"
            lines.append(
                f"| `{metric.name}` | {metric.unit} | {metric.question} | {metric.formula} "
                f"| {classes} | {by} |"
            )
    return "\n".join(lines)


@pytest.mark.parametrize("category", sorted({metric.category for metric in METRICS.values()}))
def test_docs__show_the_registry(category):
    assert f"## {category.capitalize()}\n\n{documented(category)}\n\n" in DOCS.read_text("utf-8")


def test_docs__the_example_of_a_new_metric_works():
    example = DOCS.read_text("utf-8").split("```python\n")[1].split("```")[0]
    names = dict(vars(pipeline))
    exec(example, names)
    table = metrics(
        inputs([opportunity("O1"), opportunity("O2", created="2026-07-31")]),
        params=run_params(),
        definition=a_definition(),
        catalogue={"created_count": names["created_count"]},
    )
    shown = table.filter(pl.col("value") > 0).select("period", "dimension", "value")
    assert shown.rows() == [
        ("2026-Q3", "all", 1),
        ("2026-Q3", "region", 1),
        ("2026-Q4", "all", 1),
        ("2026-Q4", "region", 1),
    ]
