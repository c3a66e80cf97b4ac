"""Rules about amounts, probabilities and currencies."""

from datetime import date
from decimal import Decimal

import pytest

from tests.unit.quality_frames import DEFINITION, broken, checked_by, source


def test_opportunity_without_amount__zero_is_an_amount():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "amount": Decimal("0.00")},
            {"opportunity_id": "O2", "amount": None, "recurring_amount": Decimal("5.00")},
            {
                "opportunity_id": "O3",
                "amount": None,
                "status": "won",
                "closed_at": "2026-06-01T12:00",
            },
        ]
    )
    assert broken("opportunity_without_amount", tables) == {
        "O2": "Opportunity Acme renewal (open, stage Proposal, created on 2026-03-10) has no "
        "amount.",
        "O3": "Opportunity Acme renewal (won, stage Proposal, created on 2026-03-10) has no "
        "amount.",
    }


def test_opportunity_without_amount__the_one_that_the_definition_counts():
    recurring = DEFINITION.model_copy(update={"amount": "recurring_amount"})
    tables = source(
        opportunities=[
            {"opportunity_id": "O1"},
            {"opportunity_id": "O2", "amount": None, "recurring_amount": Decimal("5.00")},
        ]
    )
    assert list(broken("opportunity_without_amount", tables, definition=recurring)) == ["O1"]


def test_opportunity_without_rate__closed_day_or_as_of_day():
    euros = {"currency": "EUR"}
    won = {"status": "won", "created_at": "2026-01-05T12:00"}
    tables = source(
        opportunities=[
            euros | won | {"opportunity_id": "O1", "closed_at": "2026-02-01T12:00"},
            euros | won | {"opportunity_id": "O2", "closed_at": "2026-01-31T12:00"},
            euros | {"opportunity_id": "O3"},  # open: converted on 31 October
            {"opportunity_id": "O4", "currency": "GBP"},  # from 1 November on only
            won | {"opportunity_id": "O5", "currency": "GBP", "closed_at": "2026-11-01T12:00"},
            {"opportunity_id": "O6", "currency": "GBP", "amount": None},
            {"opportunity_id": "O7", "currency": "GBP", "created_at": "2026-11-01T12:00"},
            {"opportunity_id": "O8", "currency": "USD"},
        ],
        fx_rates=[
            {"currency": "EUR", "valid_from": date(2026, 2, 1)},
            {"currency": "GBP", "valid_from": date(2026, 11, 1)},
        ],
    )
    messages = broken("opportunity_without_rate", tables)
    assert list(messages) == ["O2", "O4", "O5"]
    assert messages["O2"] == (
        "Opportunity Acme renewal has 100.00 EUR to convert on 2026-01-31, and no rate of EUR is "
        "in force on that day."
    )
    assert "GBP to convert on 2026-10-31" in messages["O5"]
    assert checked_by("opportunity_without_rate", tables) == 5


def test_opportunity_without_rate__no_table_of_rates():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "currency": "USD"},
            {"opportunity_id": "O2", "currency": "EUR"},
        ]
    )
    assert list(broken("opportunity_without_rate", tables)) == ["O2"]


def test_cost_without_rate():
    euros = {"currency": "EUR"}
    tables = source(
        program_costs=[
            euros | {"cost_id": "C1", "incurred_on": date(2026, 1, 1)},
            euros | {"cost_id": "C2", "incurred_on": date(2025, 12, 31)},
            {"cost_id": "C3", "currency": "GBP", "incurred_on": date(2026, 11, 1)},
        ],
        fx_rates=[{}],
    )
    assert broken("cost_without_rate", tables) == {
        "C2": "The cost of 50.00 EUR incurred on 2025-12-31 (events) cannot be converted: no rate "
        "of EUR is in force on that day."
    }
    assert checked_by("cost_without_rate", tables) == 2


def amounts(*rows):
    return source(
        opportunities=[
            {"opportunity_id": f"O{number}"} | row for number, row in enumerate(rows, start=1)
        ]
    )


WON = {"status": "won", "closed_at": "2026-06-01T12:00", "opportunity_type": "new_business"}


def test_opportunity_amount_zero():
    nothing = {"amount": Decimal("0.00")}
    tables = amounts(
        nothing, {"amount": Decimal("0.01")}, WON | nothing, nothing | WON | {"status": "lost"}
    )
    assert broken("opportunity_amount_zero", tables) == {
        "O1": "Opportunity Acme renewal (open, stage Proposal) has an amount of 0 USD.",
        "O3": "Opportunity Acme renewal (won, stage Proposal) has an amount of 0 USD.",
    }
    assert checked_by("opportunity_amount_zero", tables) == 3


def test_opportunity_negative_new_business__a_credit_note_of_an_expansion_is_lawful():
    below = {"amount": Decimal("-5.00")}
    tables = amounts(WON | below, WON | below | {"opportunity_type": "expansion"}, WON, below)
    assert broken("opportunity_negative_new_business", tables) == {
        "O1": "Opportunity Acme renewal is new business won on 2026-06-01 for -5.00 USD."
    }


@pytest.mark.parametrize(
    ("amount", "recurring", "breaks"),
    [
        ("100", "100.01", True),
        ("100", "100", False),
        ("100", "-1", True),
        ("-100", "-101", True),
        ("-100", "-99", False),
        ("-100", "1", True),
        ("0", "0", False),
    ],
)
def test_opportunity_recurring_above_amount(amount, recurring, breaks):
    tables = amounts({"amount": Decimal(amount), "recurring_amount": Decimal(recurring)}, {})
    messages = broken("opportunity_recurring_above_amount", tables)
    assert list(messages) == ["O1"] * breaks
    assert checked_by("opportunity_recurring_above_amount", tables) == 1


def test_opportunity_recurring_above_amount__message():
    tables = amounts({"recurring_amount": Decimal("120.00")})
    assert broken("opportunity_recurring_above_amount", tables) == {
        "O1": "Opportunity Acme renewal has a recurring amount of 120.00 USD in an amount of "
        "100.00 USD."
    }


@pytest.mark.parametrize(
    ("status", "probability", "breaks"),
    [
        ("won", 1.0, False),
        ("won", 0.9, True),
        ("lost", 0.0, False),
        ("lost", 0.1, True),
        ("open", 0.5, False),
        ("open", 1.0, True),
        ("open", 0.0, True),
        ("open", None, False),
    ],
)
def test_opportunity_probability_contradicts_status(status, probability, breaks):
    tables = amounts(WON | {"status": status, "probability": probability})
    assert len(broken("opportunity_probability_contradicts_status", tables)) == breaks


def test_opportunity_probability_contradicts_status__message():
    assert broken(
        "opportunity_probability_contradicts_status", amounts(WON | {"probability": 0.75})
    ) == {"O1": "Opportunity Acme renewal is won in stage Proposal, with a probability of 75.0 %."}
