"""The rules against what was planted: each finds all that the file can tell, and nothing else."""

from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.quality import HUNTS, NOT_HUNTED, Hunt, found_in_clean_log, hunted, printed
from workbench.quality import RULES
from workbench.sample import write_sample

PAGE = Path(__file__).parent.parent / "docs" / "quality.md"
GUESSES = {"touch_day_month_doubtful"}  # says "perhaps", and is of severity info


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    return hunted(tmp_path_factory.mktemp("quality"))


@pytest.mark.parametrize("hunt", HUNTS, ids=lambda hunt: f"{hunt.soiling}-{hunt.rule}")
def test_rule__finds_all_that_was_planted_and_can_be_told(rows: pl.DataFrame, hunt: Hunt) -> None:
    row = rows.row(HUNTS.index(hunt), named=True)

    assert row["decidable"] > 0
    assert row["found_decidable"] == row["decidable"]
    if row["rule"] not in GUESSES:
        assert row["explained"] == row["findings"]


def test_rule__a_guess_is_nearly_always_right_and_never_due(rows: pl.DataFrame) -> None:
    for row in rows.filter(pl.col("rule").is_in(GUESSES)).to_dicts():
        assert row["explained"] > 0.9 * row["findings"]
    assert all(rule.severity == "info" for rule in RULES if rule.id in GUESSES)


def test_rules__hunt_every_fault_that_is_planted(tmp_path: Path) -> None:
    write_sample(tmp_path)
    planted = pl.read_parquet(tmp_path / "truth_soiling.parquet")["soiling"].unique()

    assert set(planted) == {hunt.soiling for hunt in HUNTS} | set(NOT_HUNTED)


def test_rules__leave_a_clean_log_alone(tmp_path: Path) -> None:
    found = found_in_clean_log(tmp_path)

    about_the_company = {  # empty fields that the sample's CRM has from the start
        "opportunity_touched_without_class",
        "opportunity_without_amount",
    }
    assert set(found) == about_the_company


def test_docs__print_what_was_measured(rows: pl.DataFrame) -> None:
    assert printed(rows) in PAGE.read_text(encoding="utf-8")
