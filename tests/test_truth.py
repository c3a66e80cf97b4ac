"""The sample company's planted truth: what a clean log recovers, and what a soiled one loses."""

import re
from pathlib import Path

import polars as pl
import pytest

from tests.sample_params import TIMING, sample_params
from workbench.attribution import attribution
from workbench.definitions import read_definition
from workbench.prepared import prepared_snapshot
from workbench.sample import write_sample

PROJECT = Path(__file__).parent.parent


def attributed(folder: Path, *, soiled: bool, opportunities: int = 1500) -> pl.DataFrame:
    """Each opportunity of a new sample company as `timing` sees it, with the planted truth."""
    write_sample(
        folder, opportunities=opportunities, touches=opportunities * 14 // 3, soiled=soiled
    )
    params = sample_params(folder)
    facts = prepared_snapshot(params).facts
    found = attribution(facts, read_definition(TIMING)).opportunity_attribution
    truth = pl.read_parquet(folder / "truth.parquet").rename({"classification": "truth"})
    return found.join(truth, on="opportunity_id", how="full", coalesce=True)


@pytest.mark.parametrize("opportunities", [300, 1500])
def test_timing__recovers_every_planted_origin_from_a_clean_log(
    tmp_path: Path, opportunities: int
) -> None:
    found = attributed(tmp_path, soiled=False, opportunities=opportunities)

    sourced = found.filter(truth="sourced")
    assert found.height == opportunities
    assert sourced.height > opportunities / 20
    assert found["classification"].equals(found["truth"], check_names=False)
    assert sourced["primary_partner_id"].equals(sourced["origin_partner_id"], check_names=False)


def test_readme__says_by_how_much_a_soiled_log_understates_it(tmp_path: Path) -> None:
    won = attributed(tmp_path, soiled=True).filter(status="won")
    truly = won.filter(truth="sourced")["amount_reporting"].sum()
    found = won.filter(classification="sourced")["amount_reporting"].sum()

    said = re.search(
        r"USD ([\d,]+) of bookings\s+that a partner truly\s+originated.*?USD ([\d,]+).*?(\d+) %",
        (PROJECT / "README.md").read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )

    assert said is not None
    assert said.groups() == (f"{truly:,.0f}", f"{found:,.0f}", f"{100 * (1 - found / truly):.0f}")
