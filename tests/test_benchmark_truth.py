"""The benchmark against the truth: its scores, and the table that the docs print."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.truth import DEFINITIONS, measured, printed, truth_scores
from workbench.definitions import read_definition

PAGE = Path(__file__).parent.parent / "docs" / "comparison.md"


def classes(*names: str) -> pl.DataFrame:
    """Opportunities O0, O1, … of these classes, each with bookings of its number plus one."""
    ids = [f"O{number}" for number in range(len(names))]
    bookings = [Decimal(number + 1) for number in range(len(names))]
    return pl.DataFrame(
        {"opportunity_id": ids, "classification": names, "bookings": bookings},
        schema={
            "opportunity_id": pl.String,
            "classification": pl.String,
            "bookings": pl.Decimal(18, 2),
        },
    )


def test_truth_scores__what_was_found_and_what_is_true() -> None:
    truth = classes("sourced", "sourced", "influenced", "sourced")
    found = classes("sourced", "direct", "sourced", "influenced")

    assert truth_scores(found, truth) == {
        "recall": 1 / 3,
        "precision": 1 / 2,
        "bookings_recall": 1 / 7,
        "bookings_precision": 1 / 4,
    }


def test_truth_scores__nothing_to_divide_by_is_not_known() -> None:
    scores = truth_scores(classes("direct"), classes("sourced"))

    assert (scores["recall"], scores["precision"]) == (0.0, None)


def test_truth_scores__empty_frame() -> None:
    assert set(truth_scores(classes(), classes()).values()) == {None}


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    definitions = [
        read_definition(DEFINITIONS / f"{name}.yaml") for name in ("timing", "crm_field")
    ]
    return measured(tmp_path_factory.mktemp("truth"), definitions)


def test_measured__timing_finds_all_in_a_clean_log_and_ever_less_in_a_worse_one(
    scores: pl.DataFrame,
) -> None:
    timing = scores.filter(definition_id="timing")

    assert timing.filter(soiled_percent=0).select("recall", "precision").row(0) == (1.0, 1.0)
    assert timing["recall"].is_sorted(descending=True)
    assert timing["precision"].is_sorted(descending=True)


def test_docs__print_what_was_measured(scores: pl.DataFrame) -> None:
    page = PAGE.read_text(encoding="utf-8")

    for measure in ("recall", "precision"):
        *_, timing, crm_field = printed(scores, {measure: "opportunities"}).splitlines()
        assert timing in page
        assert crm_field in page
