"""Motion, coverage, trust, velocity and programme metrics over small tables with their answers."""

from datetime import date
from decimal import Decimal

import pytest

from tests.reference.metric_cases import (
    CRM_FIELD,
    account,
    audit,
    cost,
    handoff,
    inputs,
    one,
    opportunity,
    partner,
    path,
    rows,
    touch,
    values,
)
from workbench.errors import RateError


def test_touches_logged__a_touch_counts_once():
    given = inputs(
        [opportunity("O1"), opportunity("O2")],
        touches=[touch("T1"), touch("T2"), touch("T3")],
        audit=[
            audit("T1", "O1"),
            audit("T1", "O2"),
            audit("T2", "O1", accepted=False),
            audit("T3", "O1", "2026-07-31"),
        ],
    )
    assert values(given, "touches_logged") == {("all", "all"): 1}
    assert values(given, "touches_logged", "touch_type") == {("all", "referral"): 1}
    assert values(given, "touches_logged", "partner") == {("all", "P1"): 1}


def test_touches_logged__a_definition_that_consults_none_has_no_number():
    row = one(inputs([opportunity("O1")]), "touches_logged", "all", definition=CRM_FIELD)
    assert (row["value"], row["n"]) == (None, None)
    assert row["reason"] == "the definition crm_field consults no touch"


@pytest.mark.parametrize("metric", ["registrations", "evidence_rate", "logged_on_time_rate"])
def test_metrics__a_source_without_touches_says_so(metric):
    row = one(inputs([opportunity("O1")]), metric, "all")
    assert (row["value"], row["reason"]) == (None, "the source has no touches")


def test_registrations__accepted_or_not():
    given = inputs(
        touches=[
            touch("T1", touch_type="deal_registration"),
            touch("T2", touch_type="deal_registration", partner_id="P2"),
            touch("T3"),
        ]
    )
    assert values(given, "registrations") == {("all", "all"): 2}
    assert values(given, "registrations", "partner") == {("all", "P1"): 1, ("all", "P2"): 1}


def test_evidence_rate__links_over_touches_up_to_the_as_of_day():
    given = inputs(
        touches=[
            touch("T1", evidence=True),
            touch("T2", partner_id="P2"),
            touch("T3", "2026-10-02", evidence=True),
        ]
    )
    row = one(given, "evidence_rate", "all", as_of=date(2026, 10, 1))
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (0.5, 1, 2, 2)
    assert one(given, "evidence_rate", "all")["value"] == pytest.approx(2 / 3)
    assert values(given, "evidence_rate", "partner") == {("all", "P1"): 1, ("all", "P2"): 0}
    assert (
        one(given, "evidence_rate", "all", period="2026-Q3")["reason"] == "no touch in the period"
    )


def test_logged_on_time_rate__fourteen_days_are_on_time_and_no_date_is_neither():
    given = inputs(
        touches=[
            touch("T1", "2026-09-01", logged="2026-09-15T23:59", logged_by="Ada"),
            touch("T2", "2026-09-01", logged="2026-09-16T00:01"),
            touch("T3", "2026-09-01"),
        ]
    )
    row = one(given, "logged_on_time_rate", "all")
    assert (row["value"], row["denominator"]) == (0.5, 2)
    assert values(given, "logged_on_time_rate", "owner") == {
        ("all", "Ada"): 1,
        ("all", "(none)"): 0,
    }


def test_handoffs__sent_accepted_and_answered():
    given = inputs(
        handoffs=[
            handoff("H1", "2026-07-30", "accepted", "2026-08-02"),
            handoff("H2", "2026-09-01", "accepted", "2026-09-02"),
            handoff("H3", "2026-09-01", "rejected", "2026-09-02"),
            handoff("H4", "2026-09-01", "pending"),
            handoff("H5", "2026-09-01", "accepted", None, direction="seller_to_partner"),
        ]
    )
    assert values(given, "handoffs_sent") == {("all", "all"): 4}
    assert values(given, "handoffs_accepted") == {("all", "all"): 2}
    assert values(given, "handoffs_accepted", "direction") == {
        ("all", "partner_to_seller"): 1,
        ("all", "seller_to_partner"): 1,
    }
    rate = one(given, "handoff_acceptance_rate", "all")
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (pytest.approx(2 / 3), 2, 3)
    assert rate["ci_low"] < rate["value"] < rate["ci_high"]


def test_handoffs_accepted__an_answer_after_the_as_of_day_is_not_known():
    given = inputs(handoffs=[handoff("H1", "2026-09-01", "accepted", "2026-09-20")])
    early = {"as_of": date(2026, 9, 19)}
    assert values(given, "handoffs_sent", **early) == {("all", "all"): 1}
    assert values(given, "handoffs_accepted", **early) == {("all", "all"): 0}
    assert one(given, "handoff_acceptance_rate", "all", **early)["n"] == 0


def test_days_touch_to_meeting__by_the_period_of_the_meeting():
    given = inputs(
        handoffs=[
            handoff("H1", "2026-07-01", met="2026-08-01"),
            handoff("H2", "2026-09-01", met="2026-09-06"),
            handoff("H3", "2026-09-01", met="2026-09-02", partner_id="P2"),
            handoff("H4", "2026-09-01"),
        ],
        partners=[partner("P1", "referral"), partner("P2", "reseller")],
    )
    assert values(given, "days_touch_to_meeting") == {("all", "all"): 5}
    assert values(given, "days_touch_to_meeting", "partner_type") == {
        ("all", "referral"): 18,
        ("all", "reseller"): 1,
    }


def test_target_coverage__a_recent_path_or_touch():
    given = inputs(
        [opportunity("O1", account="A3"), opportunity("O2", account="A6")],
        touches=[touch("T1")],
        audit=[audit("T1", "O1"), audit("T2", "O2", accepted=False)],
        accounts=[
            account("A1", "EMEA", is_target=True),
            account("A2", "EMEA", is_target=True),
            account("A3", "EMEA", is_target=True),
            account("A4", "AMER", is_target=True),
            account("A5", "AMER"),
            account("A6", "AMER", is_target=True),
        ],
        account_paths=[
            path("A1", "2025-11-01"),  # the first of the 365 days to 2026-10-31
            path("A2", "2025-10-31"),
            path("A4", "2026-09-01", evidence=False),
            path("A5", "2026-09-01"),
        ],
    )
    row = one(given, "target_coverage", "all")
    assert (row["value"], row["numerator"], row["denominator"]) == (0.4, 2, 5)
    assert values(given, "target_coverage", "region") == {
        ("all", "EMEA"): pytest.approx(2 / 3),
        ("all", "AMER"): 0,
    }


def test_days_touch_to_opportunity__sourced_only():
    given = inputs(
        [
            opportunity("O1", "sourced", partner="P1", days_to_created=-10),
            opportunity("O2", "sourced", partner="P1", days_to_created=-20),
            opportunity("O3", "sourced", partner="P1"),
            opportunity("O4", "influenced", partner="P1", days_to_created=5),
        ]
    )
    row = one(given, "days_touch_to_opportunity", "sourced")
    assert (row["value"], row["n"]) == (15, 2)


def test_days_to_close__co_sell_is_taken_over_both_classes():
    given = inputs(
        [
            opportunity("O1", "sourced", partner="P1", created="2026-08-01", closed="2026-08-11"),
            opportunity("O2", "influenced", partner="P1", closed="2026-08-31", kind="expansion"),
            opportunity("O3", "direct", status="lost"),
        ]
    )
    assert values(given, "days_to_close") == {
        ("sourced", "all"): 10,
        ("influenced", "all"): 30,
        ("co_sell", "all"): 20,
        ("direct", "all"): None,
    }
    assert values(given, "days_to_close", "opportunity_type") == {
        ("sourced", "new_business"): 10,
        ("influenced", "expansion"): 30,
        ("co_sell", "new_business"): 10,
        ("co_sell", "expansion"): 30,
    }


def test_program_cost__at_the_rate_of_its_day():
    given = inputs(
        [opportunity("O1", "sourced", partner="P1"), opportunity("O2", "sourced", partner="P1")],
        program_costs=[
            cost("C1", "2026-08-01", "100.00", partner_id="P1"),
            cost("C2", "2026-10-31", "10.01", currency="EUR", category="events"),
            cost("C3", "2026-11-01", "5000"),
        ],
        fx_rates=[
            {"currency": "EUR", "valid_from": date(2026, 1, 1), "rate": Decimal("1.5")},
        ],
    )
    assert values(given, "program_cost") == {("all", "all"): 115.02}  # 15.015, half to even
    assert values(given, "program_cost", "partner") == {
        ("all", "P1"): 100,
        ("all", "(none)"): 15.02,
    }
    assert values(given, "program_cost", "category") == {
        ("all", "people"): 100,
        ("all", "events"): 15.02,
    }
    row = one(given, "cost_per_sourced_opportunity", "sourced")
    assert (row["value"], row["numerator"], row["denominator"]) == (57.51, 115.02, 2)


def test_program_cost__without_a_rate_is_an_error():
    given = inputs(program_costs=[cost("C1", "2026-08-01", "100", currency="EUR")])
    with pytest.raises(RateError, match="EUR on 2026-08-01"):
        rows(given, "program_cost")


def test_cost_per_sourced_opportunity__no_cost_is_not_a_free_programme():
    given = inputs([opportunity("O1", "sourced", partner="P1")], program_costs=[])
    assert one(given, "program_cost", "all")["value"] == 0
    row = one(given, "cost_per_sourced_opportunity", "sourced")
    assert (row["value"], row["numerator"], row["denominator"]) == (None, None, 1)
