"""Pipeline metrics over small tables with their answers; the period is August to October 2026."""

from datetime import date
from decimal import Decimal

import pytest

from tests.reference.metric_cases import (
    CRM_FIELD,
    a_definition,
    account,
    credit,
    inputs,
    one,
    opportunity,
    partner,
    rows,
    values,
)

Q3, Q4 = "2026-Q3", "2026-Q4"


def test_open_pipeline__closed_on_the_last_day_is_no_longer_open():
    given = inputs(
        [
            opportunity("O1", amount="1", closed="2026-07-31"),
            opportunity("O2", amount="10", created="2026-07-31", closed="2026-08-01"),
            opportunity("O3", amount="100", created="2026-07-31", status="open"),
            opportunity("O4", amount="1000", created="2026-08-01", status="open"),
        ]
    )
    assert one(given, "open_pipeline", "direct", period=Q3)["value"] == 110
    assert one(given, "open_pipeline", "direct", period=Q4)["value"] == 1100


def test_open_pipeline__the_current_period_ends_on_the_as_of_day():
    given = inputs([opportunity("O1", created="2026-09-10", status="open")])
    assert one(given, "open_pipeline", "direct", as_of=date(2026, 9, 10))["value"] == 100
    assert one(given, "open_pipeline", "direct", as_of=date(2026, 9, 9))["value"] == 0


def test_created_pipeline__days_are_those_of_the_time_zone():
    given = inputs([opportunity("O1", created="2026-08-01T03:00", status="open")])
    assert one(given, "created_pipeline", "direct", period=Q4)["value"] == 100
    west = {"timezone": "America/New_York"}
    assert one(given, "created_pipeline", "direct", period=Q4, **west)["value"] == 0
    assert one(given, "created_pipeline", "direct", period=Q3, **west)["value"] == 100


def test_bookings__classes_stand_apart_and_partners_share_to_the_cent():
    given = inputs(
        [
            opportunity("O1", "sourced", "100.01", partner="P1"),
            opportunity("O2", "influenced", "7", partner="P2"),
            opportunity("O3", "direct", "1000"),
            opportunity("O4", "sourced", "5000", partner="P1", status="lost"),
        ],
        credit=[
            credit("O1", "P1", "50.01"),
            credit("O1", "P2", "50.00"),
            credit("O2", "P2", "7", classification="influenced"),
            credit("O4", "P1", "5000"),
        ],
        partners=[partner("P1", "referral", "gold"), partner("P2", "reseller")],
        accounts=[account("A1", "EMEA")],
    )
    assert values(given, "bookings") == {
        ("sourced", "all"): 100.01,
        ("influenced", "all"): 7,
        ("direct", "all"): 1000,
    }
    assert values(given, "bookings", "partner") == {
        ("sourced", "P1"): 50.01,
        ("sourced", "P2"): 50,
        ("influenced", "P2"): 7,
    }
    assert values(given, "bookings", "partner_type") == {
        ("sourced", "referral"): 50.01,
        ("sourced", "reseller"): 50,
        ("influenced", "reseller"): 7,
    }
    assert values(given, "bookings", "tier") == {
        ("sourced", "gold"): 50.01,
        ("sourced", "(none)"): 50,
        ("influenced", "(none)"): 7,
    }
    assert values(given, "bookings", "region") == {
        ("sourced", "EMEA"): 100.01,
        ("influenced", "EMEA"): 7,
        ("direct", "EMEA"): 1000,
    }


def test_bookings__an_opportunity_that_partners_of_one_type_share_counts_once():
    given = inputs(
        [
            opportunity("O1", "sourced", "100", partner="P1"),
            opportunity("O2", "sourced", "7", partner="P1"),
        ],
        credit=[credit("O1", "P1", "50"), credit("O1", "P2", "50"), credit("O2", "P1", "7")],
        partners=[partner("P1", "referral", "gold"), partner("P2", "referral", "silver")],
    )
    assert {
        (row["dimension"], row["member"]): (row["value"], row["n"])
        for row in rows(given, "bookings")
        if row["dimension"] in ("partner", "partner_type", "tier")
    } == {
        ("partner", "P1"): (57, 2),
        ("partner", "P2"): (50, 1),
        ("partner_type", "referral"): (107, 2),
        ("tier", "gold"): (57, 2),
        ("tier", "silver"): (50, 1),
    }


def test_bookings__credit_that_does_not_add_up_is_not_summed_over_partners():
    full = a_definition(credit={"model": "full"})
    given = inputs(
        [opportunity("O1", "sourced", "100", partner="P1")],
        credit=[credit("O1", "P1", "100", model="full"), credit("O1", "P2", "100", model="full")],
        partners=[partner("P1"), partner("P2")],
    )
    table = rows(given, "bookings", definition=full)
    shown = {(row["dimension"], row["member"]): row["value"] for row in table if row["value"]}
    assert shown == {
        ("all", "all"): 100,
        ("partner", "P1"): 100,
        ("partner", "P2"): 100,
        ("region", "(none)"): 100,
        ("segment", "(none)"): 100,
    }
    # A count takes each opportunity once, at its primary partner, under any model.
    assert values(given, "win_rate", "partner_type", definition=full) == {
        ("sourced", "referral"): 1,
        ("co_sell", "referral"): 1,
    }


def test_bookings__an_opportunity_without_a_partner_stays_in_the_breakdown():
    given = inputs([opportunity("O1", "sourced", "100", partner=None)])
    assert values(given, "bookings", "partner", definition=CRM_FIELD) == {
        ("sourced", "(none)"): 100
    }


def test_bookings__a_missing_amount_is_left_out_and_not_counted():
    given = inputs([opportunity("O1", amount="100"), opportunity("O2", amount=None)])
    row = one(given, "bookings", "direct")
    assert (row["value"], row["n"], row["reason"]) == (100, 1, None)


def test_bookings__only_missing_amounts_are_not_zero():
    row = one(inputs([opportunity("O1", amount=None)]), "bookings", "direct")
    assert (row["value"], row["n"]) == (None, 0)
    assert row["reason"] == "none of these opportunities has an amount"


def test_bookings__nothing_won_is_zero():
    row = one(inputs(), "bookings", "sourced")
    assert (row["value"], row["n"], row["reason"]) == (0, 0, None)


def test_bookings__floating_point_adds_no_error():
    given = inputs([opportunity(f"O{number}", amount="0.10") for number in range(3)])
    assert one(given, "bookings", "direct")["value"] == 0.3


def test_weighted_pipeline__amount_times_probability_to_the_cent():
    given = inputs(
        [
            opportunity("O1", "sourced", "33.33", partner="P1", status="open", probability=0.07),
            opportunity("O2", "sourced", "100", partner="P1", status="open", probability=1.0),
            opportunity("O3", "sourced", "100", partner="P1", status="open"),
            opportunity("O4", "sourced", "100", partner="P1", probability=1.0),
        ]
    )
    row = one(given, "weighted_pipeline", "sourced")
    assert (row["value"], row["n"]) == (102.33, 2)
    assert values(given, "weighted_pipeline", "partner") == {("sourced", "P1"): 102.33}


def test_weighted_pipeline__earlier_periods_are_not_known():
    given = inputs([opportunity("O1", created="2026-05-01", status="open", probability=0.5)])
    table = rows(given, "weighted_pipeline", period=Q3)
    assert [(row["value"], row["n"], row["dimension"]) for row in table] == [
        (None, None, "all")
    ] * 3
    assert {row["reason"] for row in table} == {"probability is known only as of the as-of day"}


def test_won_count__by_class_and_primary_partner():
    given = inputs(
        [
            opportunity("O1", "sourced", partner="P1"),
            opportunity("O2", "influenced", partner="P1", status="lost"),
            opportunity("O3", "direct"),
            opportunity("O4", "direct", closed="2026-07-31"),
        ]
    )
    assert values(given, "won_count") == {
        ("sourced", "all"): 1,
        ("influenced", "all"): 0,
        ("direct", "all"): 1,
    }
    assert values(given, "won_count", "partner") == {("sourced", "P1"): 1}
    assert values(given, "lost_count", "partner") == {("influenced", "P1"): 1}


def test_win_rate__of_each_class_and_of_those_together():
    given = inputs(
        [
            opportunity("O1", "sourced", partner="P1"),
            opportunity("O2", "influenced", partner="P2"),
            opportunity("O3", "influenced", partner="P2", status="lost"),
            opportunity("O4", "direct", status="lost"),
            opportunity("O5", "direct", status="open"),
        ],
        partners=[partner("P1", "referral"), partner("P2", "reseller")],
    )
    assert values(given, "win_rate") == {
        ("sourced", "all"): 1,
        ("influenced", "all"): 0.5,
        ("co_sell", "all"): pytest.approx(2 / 3),
        ("direct", "all"): 0,
        ("all", "all"): 0.5,
    }
    assert values(given, "win_rate", "partner_type") == {
        ("sourced", "referral"): 1,
        ("influenced", "reseller"): 0.5,
        ("co_sell", "referral"): 1,
        ("co_sell", "reseller"): 0.5,
    }
    row = one(given, "win_rate", "co_sell")
    assert (row["numerator"], row["denominator"], row["n"]) == (2, 3, 3)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.2077, 0.9385), abs=5e-5)


def test_win_rate__nothing_closed_is_null():
    row = one(inputs([opportunity("O1", status="open")]), "win_rate", "direct")
    assert row["value"] is None
    assert (row["numerator"], row["denominator"], row["n"]) == (0, 0, 0)
    assert (row["ci_low"], row["ci_high"]) == (None, None)
    assert row["reason"] == "no opportunity closed in the period"


def test_average_won_amount__whole_amounts_at_the_primary_partner():
    given = inputs(
        [
            opportunity("O1", "sourced", "100", partner="P1"),
            opportunity("O2", "sourced", "200", partner="P1"),
            opportunity("O3", "sourced", "600", partner="P1"),
            opportunity("O4", "sourced", None, partner="P1"),
        ],
        credit=[credit("O1", "P1", "50"), credit("O1", "P2", "50")],
        partners=[partner("P1"), partner("P2", "reseller")],
    )
    assert one(given, "average_won_amount", "sourced")["value"] == 300
    assert one(given, "median_won_amount", "sourced")["value"] == 200
    assert one(given, "median_won_amount", "sourced")["n"] == 3
    assert values(given, "average_won_amount", "partner_type") == {("sourced", "referral"): 300}
    assert one(given, "average_won_amount", "direct")["reason"] == (
        "no opportunity with an amount was won in the period"
    )


def test_partner_concentration__the_largest_partners_share():
    given = inputs(
        [
            opportunity("O1", "sourced", "60", partner="P1"),
            opportunity("O2", "sourced", "20", partner="P2"),
            opportunity("O3", "sourced", "20", partner="P2"),
            opportunity("O4", "influenced", "-5", partner="P1"),
        ]
    )
    row = one(given, "partner_concentration", "sourced")
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (0.6, 60, 100, 3)
    refunded = one(given, "partner_concentration", "influenced")
    assert (refunded["value"], refunded["n"]) == (None, 1)
    assert refunded["reason"] == "no bookings above zero that a partner has credit for"


def test_bookings__parts_add_up_to_the_total():
    amounts = ["0.01", "12.34", "-3.00", "99.99"]
    given = inputs(
        [
            opportunity(f"O{number}", kind, amount, partner=None if kind == "direct" else "P1")
            for number, (kind, amount) in enumerate(
                zip(["sourced", "influenced", "direct", "direct"], amounts, strict=True)
            )
        ]
    )
    total = sum(Decimal(str(value)) for value in values(given, "bookings").values())
    assert total == sum(map(Decimal, amounts))
