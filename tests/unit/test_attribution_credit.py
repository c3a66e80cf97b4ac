from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    attributed,
    credits_of,
    definition,
    facts,
    opportunity,
    touch,
)
from workbench.attribution import check_conservation
from workbench.attribution.credit import (
    credited_amounts,
    partner_credit,
    partner_shares,
    whole_weights,
)
from workbench.attribution.facts import TouchTypes

# P1 acts first and last, P2 twice in between, P3 once.
FIVE_TOUCHES = [
    touch("T1", "2025-02-01", "P1"),
    touch("T2", "2025-02-02", "P2", touch_type="referral"),
    touch("T3", "2025-02-03", "P3"),
    touch("T4", "2025-02-04", "P2"),
    touch("T5", "2025-02-05", "P1"),
]
TWO_TYPES = [{"role": "sourced", "touch_types": ["introduction", "referral"]}]


def split(amount: str, touches: list, model: str, **credit) -> dict[str, Decimal | None]:
    """The credit of each partner, once conservation has been checked."""
    snapshot = facts([opportunity(amount=Decimal(amount))], touches)
    changes = {"credit": {"model": model, **credit}}
    result = attributed(snapshot, **changes)
    check_conservation(snapshot, definition(**changes), result)
    return credits_of(result)


def money(**credits: str) -> dict[str, Decimal]:
    return {partner: Decimal(credit) for partner, credit in credits.items()}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("primary", money(P1="100.00")),
        ("first", money(P1="100.00")),
        ("last", money(P1="100.00")),
        ("equal", money(P1="33.34", P2="33.33", P3="33.33")),
        ("linear", money(P1="40.00", P2="40.00", P3="20.00")),
        # 40 to T1, 40 to T5, and a third of 20 to each of T2, T3, T4
        ("position", money(P1="80.00", P2="13.33", P3="6.67")),
        ("full", money(P1="100.00", P2="100.00", P3="100.00")),
    ],
)
def test_partner_credit__each_model_on_five_touches(model, expected):
    assert split("100.00", FIVE_TOUCHES, model) == expected


def test_partner_credit__weighted_by_touch_type():
    snapshot = facts([opportunity()], FIVE_TOUCHES)
    weights = {"introduction": 1, "referral": 0.5}

    result = attributed(snapshot, rules=TWO_TYPES, credit={"model": "weighted", "weights": weights})

    # 2, 1.5 and 1 of 4.5
    assert credits_of(result) == money(P1="44.45", P2="33.33", P3="22.22")


def test_partner_credit__weights_far_apart_stay_exact():
    snapshot = facts([opportunity()], FIVE_TOUCHES[:2])
    weights = {"introduction": 0.000001, "referral": 1_000_000}

    result = attributed(snapshot, rules=TWO_TYPES, credit={"model": "weighted", "weights": weights})

    assert credits_of(result) == money(P1="0.00", P2="100.00")


def test_partner_credit__primary_last_and_ranked():
    touches = [
        touch("T1", "2025-02-01", "P1"),
        touch("T3", "2025-02-03", "P2", touch_type="referral"),
        touch("T2", "2025-02-02", "P3", touch_type="referral"),
    ]
    snapshot = facts([opportunity()], touches)
    ranked = {"primary_partner": "ranked", "rank": ["referral", "introduction"]}

    assert credits_of(attributed(snapshot, primary_partner="last")) == money(P2="100.00")
    assert credits_of(attributed(snapshot, **ranked)) == money(P3="100.00")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.01", money(P1="0.01", P2="0.00", P3="0.00")),
        ("0.02", money(P1="0.01", P2="0.01", P3="0.00")),
        ("0.05", money(P1="0.02", P2="0.02", P3="0.01")),
        ("0.00", money(P1="0.00", P2="0.00", P3="0.00")),
        ("-0.01", money(P1="-0.01", P2="0.00", P3="0.00")),
    ],
)
def test_partner_credit__odd_cents_go_to_the_partners_that_came_first(amount, expected):
    assert split(amount, FIVE_TOUCHES, "equal") == expected


def test_partner_credit__credit_note_of_five_cents_between_two():
    assert split("-0.05", FIVE_TOUCHES[:2], "equal") == money(P1="-0.03", P2="-0.02")


def test_partner_credit__same_instant_is_settled_by_the_bytes_of_the_touch_id():
    """Capitals come before small letters, and 10 before 2."""
    touches = [
        touch("t1", "2025-02-01", "P1"),
        touch("T2", "2025-02-01", "P2"),
        touch("T10", "2025-02-01", "P3"),
    ]

    assert split("0.01", touches, "equal") == money(P3="0.01", P2="0.00", P1="0.00")
    assert split("0.01", touches, "first") == money(P3="0.01")
    assert split("0.01", touches, "last") == money(P1="0.01")


def test_partner_credit__position_of_one_and_two_touches():
    two = [touch("T1", "2025-02-01", "P1"), touch("T2", "2025-02-02", "P2")]

    assert split("100.00", two[:1], "position") == money(P1="100.00")
    assert split("100.00", two, "position") == money(P1="50.00", P2="50.00")


def test_partner_credit__time_decay_counts_days_to_the_creation_of_a_sourced_one():
    """Created on 10 March: 7 days before weigh half, 14 days a quarter."""
    touches = [
        touch("T1", "2025-02-24", "P1"),
        touch("T2", "2025-03-03", "P2"),
        touch("T3", "2025-03-10", "P3"),
    ]

    found = split("70.00", touches, "time_decay", half_life_days=7)

    assert found == money(P1="10.00", P2="20.00", P3="40.00")


def test_partner_credit__time_decay_after_the_creation_counts_as_no_days():
    """A sourced rule may reach beyond the creation: a touch there is not worth more than 1."""
    late = {"role": "sourced", "touch_types": "any", "to": "created + 30d"}
    touches = [
        touch("T1", "2025-03-03", "P1"),
        touch("T2", "2025-03-10", "P2"),
        touch("T3", "2025-04-09", "P3"),
    ]
    credit = {"model": "time_decay", "half_life_days": 7}

    result = attributed(facts([opportunity()], touches), rules=[late], credit=credit)

    assert credits_of(result) == money(P1="20.00", P2="40.00", P3="40.00")


def test_partner_credit__time_decay_counts_days_to_the_close_of_an_influenced_one():
    """Closed on 20 May: 13 May weighs half."""
    touches = [touch("T1", "2025-05-13", "P1"), touch("T2", "2025-05-20", "P2")]
    credit = {"model": "time_decay", "half_life_days": 7}

    result = attributed(
        facts([opportunity(amount=Decimal("30.00"))], touches), rules=BEFORE_OR_AFTER, credit=credit
    )

    assert credits_of(result) == money(P1="10.00", P2="20.00")


def test_partner_credit__time_decay_of_touches_thousands_of_days_old():
    """2 to the power of -5,000 is 0 to a float; what counts is the days between the touches."""
    touches = [
        touch("T1", "2005-01-01", "P1"),
        touch("T2", "2011-06-29", "P2"),
        touch("T3", "2011-06-30", "P3"),
    ]

    found = split("30.00", touches, "time_decay", half_life_days=1)

    assert found == money(P1="0.00", P2="10.00", P3="20.00")
    assert split("30.00", touches[:1], "time_decay", half_life_days=1) == money(P1="30.00")


def test_partner_credit__time_decay_with_equal_remainders():
    """Weights 1, 16 and 16 of 33 leave a third of a cent each: the earliest partner gets it."""
    touches = [
        touch("T1", "2025-03-05", "P1"),
        touch("T2", "2025-03-09", "P2"),
        touch("T3", "2025-03-09", "P3"),
    ]

    found = split("149999.96", touches, "time_decay", half_life_days=1)

    assert found == money(P1="4545.46", P2="72727.25", P3="72727.25")


@pytest.mark.parametrize("half_life_days", [0.01, 1, 7, 30, 36500])
@pytest.mark.parametrize(
    "amount", ["99999999999999.99", "100000000000000.01", "-99999999999999.97"]
)
def test_partner_credit__time_decay_keeps_every_cent_of_a_huge_amount(amount, half_life_days):
    found = split(amount, FIVE_TOUCHES, "time_decay", half_life_days=half_life_days)

    assert sum(found.values()) == Decimal(amount)


def test_partner_credit__null_amount_gives_shares_and_null_credit():
    touches = [touch("T1", "2025-02-01", "P1"), touch("T2", "2025-02-02", "P2")]

    result = attributed(facts([opportunity(amount=None)], touches), credit={"model": "equal"})

    assert result.partner_credit.select("partner_id", "share", "credited_amount").rows() == [
        ("P1", 0.5, None),
        ("P2", 0.5, None),
    ]


def test_partner_credit__only_pairs_of_the_class_share():
    """P1 sourced it; what P2 did while it was open earns nothing."""
    touches = [touch("T1", "2025-02-01", "P1"), touch("T2", "2025-04-01", "P2")]

    result = attributed(
        facts([opportunity()], touches), rules=BEFORE_OR_AFTER, credit={"model": "linear"}
    )

    assert credits_of(result) == money(P1="100.00")


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"introduction": 1, "referral": 2}, {"introduction": 1, "referral": 2}),
        ({"introduction": 0.1, "referral": 0.25}, {"introduction": 2, "referral": 5}),
        ({"introduction": 1e-6, "referral": 1.0}, {"introduction": 1, "referral": 10**6}),
        ({}, {}),
    ],
)
def test_whole_weights__same_proportion_in_whole_numbers(weights, expected):
    found = whole_weights(weights)

    assert {kind: Fraction(w, found["introduction"]) for kind, w in found.items()} == {
        kind: Fraction(w, expected["introduction"]) for kind, w in expected.items()
    }


def test_credited_amounts__largest_remainder_wins_before_the_earlier_turn():
    """10 cents by 1 : 2 : 4 are 1.43, 2.86 and 5.71: the two cents left go to the last two."""
    shares = pl.DataFrame(
        {
            "opportunity": [0, 0, 0],
            "weight": [1, 2, 4],
            "total_weight": [7, 7, 7],
            "turn": [0, 1, 2],
            "amount_reporting": [Decimal("0.10")] * 3,
        },
        schema_overrides={"amount_reporting": pl.Decimal(18, 2)},
    )

    found = credited_amounts(shares).sort("turn")["credited_amount"].to_list()

    assert found == [Decimal("0.01"), Decimal("0.03"), Decimal("0.06")]


@pytest.mark.parametrize(
    "credit",
    [
        *({"model": m} for m in ("primary", "equal", "linear", "first", "last")),
        {"model": "position"},
        {"model": "full"},
        {"model": "time_decay", "half_life_days": 30},
        {"model": "weighted", "weights": {"introduction": 1, "referral": 2}},
    ],
    ids=lambda credit: credit["model"],
)
def test_partner_credit__empty_frame(credit):
    pairs = pl.DataFrame(
        schema={
            "opportunity": pl.UInt32,
            "partner": pl.UInt32,
            "role": pl.String,
            "primary_partner": pl.UInt32,
            "touch_type": TouchTypes,
            "from_created": pl.Int32,
            "from_closed": pl.Int32,
        }
    )
    rules = definition(rules=TWO_TYPES, credit=credit)

    shares = partner_shares(pairs, rules).with_columns(
        pl.lit(None, pl.Decimal(18, 2)).alias("amount_reporting")
    )

    assert credited_amounts(shares).is_empty()
    assert partner_credit(shares, rules).is_empty()
