from decimal import Decimal
from typing import Any

import polars as pl

from tests.unit.attribution_frames import BEFORE_OR_AFTER, attributed, facts, opportunity, touch
from workbench.attribution.overlap import (
    double_count,
    double_count_in_words,
    partner_claims,
    partner_overlap,
)
from workbench.periods import MonthCalendar

QUARTER = MonthCalendar(1).period("2025-Q2")


def claims(*touches: dict[str, Any], **changes: Any) -> pl.DataFrame:
    """O1 and O2 are won in the quarter, O3 is open."""
    won = [
        opportunity("O1", crm_classification="influenced", crm_partner_id="P3"),
        opportunity("O2", amount=Decimal("0.50")),
    ]
    snapshot = facts([*won, opportunity("O3", status="open", closed_at=None)], list(touches))
    result = attributed(snapshot, **{"rules": BEFORE_OR_AFTER} | changes)
    return partner_claims(result, period=QUARTER, timezone="UTC")


def two_partners() -> pl.DataFrame:
    """P1 moved both, P2 moved O1 twice, P3 moved what is still open."""
    return claims(
        touch("T1", "2025-04-01", "P1"),
        touch("T2", "2025-04-02", "P2"),
        touch("T3", "2025-04-03", "P2"),
        touch("T4", "2025-04-01", "P1", opportunity_id="O2"),
        touch("T5", "2025-04-01", "P3", opportunity_id="O3"),
    )


def test_partner_claims__one_for_each_partner_and_booking() -> None:
    assert two_partners().rows() == [
        ("influenced", "P1", "O1", Decimal("100.00")),
        ("influenced", "P1", "O2", Decimal("0.50")),
        ("influenced", "P2", "O1", Decimal("100.00")),
    ]


def test_partner_claims__only_touches_of_the_role_that_the_opportunity_has() -> None:
    found = claims(touch("T1", "2025-03-01", "P1"), touch("T2", "2025-04-01", "P2"))

    assert found.select("classification", "partner_id").rows() == [("sourced", "P1")]


def test_partner_claims__the_crms_own_partner_where_no_touch_is_consulted() -> None:
    found = claims(touch("T1", "2025-03-01", "P1"), basis="crm_field", rules=[])

    assert found.rows() == [("influenced", "P3", "O1", Decimal("100.00"))]


def test_partner_claims__empty_frame() -> None:
    nothing = claims()

    assert nothing.is_empty()
    assert double_count(nothing).is_empty()
    assert partner_overlap(nothing).is_empty()
    assert double_count_in_words(nothing, period=QUARTER, currency="EUR") == [
        "No partner has a claim on the bookings of Q2 FY2025."
    ]


def test_double_count__unique_bookings_beside_the_sum_over_partners() -> None:
    assert double_count(two_partners()).to_dicts() == [
        {
            "classification": "influenced",
            "won_count": 2,
            "bookings": Decimal("100.50"),
            "claim_count": 3,
            "partner_count": 2,
            "claimed_bookings": Decimal("200.50"),
            "counted_again": Decimal("100.00"),
        }
    ]


def test_double_count_in_words__names_both_sums() -> None:
    assert double_count_in_words(two_partners(), period=QUARTER, currency="EUR") == [
        "Influenced bookings of Q2 FY2025: EUR 100.50 in 2 opportunities, each counted once. If "
        "each of 2 partners counted every one of them that it touched, the sum would be EUR "
        "200.50: EUR 100.00 would be counted again."
    ]


def test_partner_overlap__is_symmetric_with_each_partners_own_number_on_the_diagonal() -> None:
    assert partner_overlap(two_partners()).to_dicts() == [
        {"partner_id": "P1", "P1": 2, "P2": 1},
        {"partner_id": "P2", "P1": 1, "P2": 1},
    ]


def test_partner_overlap__shows_the_partners_with_the_largest_amounts() -> None:
    assert partner_overlap(two_partners(), partners=1).to_dicts() == [{"partner_id": "P1", "P1": 2}]
