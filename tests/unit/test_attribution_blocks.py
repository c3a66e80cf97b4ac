"""Touches are audited in blocks, and read again from where they lie."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.unit.attribution_frames import definition, facts, frame, opportunity, touch
from workbench.attribution import Snapshot, attribution, decisions, snapshot, touch_audit
from workbench.contracts import Opportunities, Partners, TouchAudit, Touches
from workbench.tables import checked

OPPORTUNITIES = [opportunity("O1"), opportunity("O2"), opportunity("O3", account_id="A2")]
TOUCHES = [
    touch("T1", "2025-03-01", opportunity_id=None, account_id="nowhere"),
    touch("T2", "2025-03-01"),
    touch("T3", "2025-04-01", opportunity_id=None, account_id="A1"),  # a pair with O1 and O2
    touch("T4", "2025-03-02", opportunity_id="O3"),
    touch("T5", "2025-03-02", opportunity_id="lost"),
    touch("T6", "2025-07-02", opportunity_id="O2"),
    touch("T7", "2025-03-03", opportunity_id=None),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_touch_audit__does_not_depend_on_the_size_of_blocks(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    known, rules = facts(OPPORTUNITIES, TOUCHES), definition(account_touches="all")
    whole = attribution(known, rules).touch_audit
    monkeypatch.setattr(decisions, "_BLOCK", size)

    blocks = list(touch_audit(known, rules))

    assert len(blocks) == -(-len(TOUCHES) // size)
    assert checked(pl.concat(blocks), TouchAudit).equals(whole)
    assert whole.select("touch_id", "opportunity_id", "reason").rows() == [
        ("T1", None, "no_opportunity"),
        ("T2", "O1", None),
        ("T3", "O1", None),
        ("T3", "O2", None),
        ("T4", "O3", None),
        ("T5", "lost", "no_opportunity"),
        ("T6", "O2", "after_as_of"),
        ("T7", None, "no_opportunity"),
    ]


def test_touch_audit__empty_frame() -> None:
    (block,) = touch_audit(facts([], []), definition())

    assert checked(block, TouchAudit).is_empty()


@pytest.mark.parametrize("rows", [TOUCHES, TOUCHES[::-1]], ids=["sorted", "unsorted"])
def test_attribution__of_a_scanned_file_as_of_a_table(tmp_path: Path, rows: list[dict]) -> None:
    frame(Touches, *rows).write_parquet(tmp_path / "touches.parquet")
    rules = definition(account_touches="first")
    expected = attribution(facts(OPPORTUNITIES, TOUCHES), rules)

    result = attribution(_scanned(tmp_path / "touches.parquet"), rules)

    assert result.touch_audit.equals(expected.touch_audit)
    assert result.opportunity_attribution.equals(expected.opportunity_attribution)
    assert result.partner_credit.equals(expected.partner_credit)


def test_attribution__one_touch_decides_two_opportunities() -> None:
    known = facts(OPPORTUNITIES, [TOUCHES[2]])

    found = attribution(known, definition(account_touches="all")).opportunity_attribution

    assert found.select("opportunity_id", "deciding_touch_id", "evidence_url").rows() == [
        ("O1", "T3", "https://proof/T3"),
        ("O2", "T3", "https://proof/T3"),
        ("O3", None, None),
    ]


def _scanned(touches: Path) -> Snapshot:
    """The snapshot of `attribution_frames.facts`, its touches in a file."""
    partner = {"name": "P", "partner_type": "reseller", "active": True}
    return snapshot(
        opportunities=frame(Opportunities, *OPPORTUNITIES),
        touches=pl.scan_parquet(touches),
        partners=frame(Partners, {"partner_id": "P1", **partner}),
        account_merges=None,
        fx_rates=None,
        as_of=date(2025, 6, 30),
        timezone="UTC",
        reporting_currency="EUR",
    )
