"""The reference implementation against answers worked out by hand, and against its own promises."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from tests.reference.attribution import Attribution, Row, attribution
from tests.reference.cases import definitions, worlds

AS_OF = date(2025, 6, 30)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opportunity(opportunity_id: str = "O1", **changes) -> Row:
    return {
        "opportunity_id": opportunity_id,
        "account_id": "A1",
        "opportunity_type": "new_business",
        "stage": "closed",
        "status": "won",
        "created_at": utc("2025-03-10T12:00"),
        "closed_at": utc("2025-05-20T12:00"),
        "amount": Decimal("100.00"),
        "recurring_amount": None,
        "currency": "EUR",
        "owner": None,
        "crm_classification": None,
        "crm_partner_id": None,
    } | changes


def touch(touch_id: str, touched_at: str, partner_id: str = "P1", **changes) -> Row:
    return {
        "touch_id": touch_id,
        "opportunity_id": "O1",
        "account_id": None,
        "partner_id": partner_id,
        "partner_contact": None,
        "touch_type": "introduction",
        "touched_at": utc(touched_at),
        "logged_at": None,
        "accepted_by": None,
        "evidence_url": "https://proof",
    } | changes


def timing(**changes) -> Row:
    """The definition of the contract, with its gates open."""
    return {
        "id": "timing",
        "version": 1,
        "amount": "amount",
        "opportunity_types": ["new_business", "expansion"],
        "account_touches": "first",
        "gates": {
            "evidence": "optional",
            "partner_contact": "optional",
            "seller_acceptance": "optional",
            "logged_within_days": None,
            "logged_before_close": False,
        },
        "rules": [
            {
                "role": "sourced",
                "touch_types": ["introduction", "referral"],
                "from": "created - 365d",
                "to": "created - 1d",
            },
            {"role": "influenced", "touch_types": "any", "from": "created", "to": "closed"},
        ],
        "primary_partner": "first",
        "credit": {"model": "primary"},
    } | changes


def gates(**changes) -> Row:
    return timing()["gates"] | changes


def decide(
    opportunities: list[Row],
    touches: list[Row],
    definition: Row,
    *,
    timezone: str = "UTC",
    account_merges: tuple[Row, ...] = (),
    fx_rates: tuple[Row, ...] = (),
) -> Attribution:
    tables = {
        "opportunities": opportunities,
        "touches": touches,
        "partners": [{"partner_id": partner} for partner in ("P1", "P2", "P3")],
        "account_merges": list(account_merges),
        "fx_rates": list(fx_rates),
    }
    return attribution(tables, definition, as_of=AS_OF, timezone=timezone, reporting_currency="EUR")


def credit_of(result: Attribution) -> dict[str, tuple[Fraction, Decimal | None]]:
    return {
        row["partner_id"]: (row["share"], row["credited_amount"]) for row in result.partner_credit
    }


def reasons_of(result: Attribution) -> dict[str, str | None]:
    return {row["touch_id"]: row["reason"] for row in result.touch_audit}


# Credit


def three_partners() -> list[Row]:
    """P3 came first, then P1, then P2."""
    return [
        touch("T1", "2025-02-02T00:00", "P1"),
        touch("T2", "2025-02-03T00:00", "P2"),
        touch("T3", "2025-02-01T00:00", "P3"),
    ]


@pytest.mark.parametrize(
    ("amount", "p1", "p2", "p3"),
    [
        ("100.00", "33.33", "33.33", "33.34"),
        ("0.02", "0.01", "0.00", "0.01"),
        ("-100.00", "-33.33", "-33.33", "-33.34"),
        ("0.00", "0.00", "0.00", "0.00"),
    ],
)
def test_credit__odd_cents_go_to_the_partners_who_came_first(amount, p1, p2, p3):
    opportunities = [opportunity(amount=Decimal(amount))]

    result = decide(opportunities, three_partners(), timing(credit={"model": "equal"}))

    third = Fraction(1, 3)
    assert credit_of(result) == {
        "P1": (third, Decimal(p1)),
        "P2": (third, Decimal(p2)),
        "P3": (third, Decimal(p3)),
    }


def test_credit__null_amount_has_shares_and_null_credit():
    result = decide(
        [opportunity(amount=None)], three_partners(), timing(credit={"model": "linear"})
    )

    assert set(credit_of(result).values()) == {(Fraction(1, 3), None)}


def test_credit__full_gives_everyone_everything():
    result = decide([opportunity()], three_partners(), timing(credit={"model": "full"}))

    assert set(credit_of(result).values()) == {(Fraction(1), Decimal("100.00"))}


def test_credit__position_of_four_touches_by_two_partners():
    touches = [
        touch("T1", "2025-02-01T00:00", "P1"),  # 40
        touch("T2", "2025-02-02T00:00", "P1"),  # 10
        touch("T3", "2025-02-03T00:00", "P2"),  # 10
        touch("T4", "2025-02-04T00:00", "P1"),  # 40
    ]

    result = decide([opportunity()], touches, timing(credit={"model": "position"}))

    assert credit_of(result) == {
        "P1": (Fraction(9, 10), Decimal("90.00")),
        "P2": (Fraction(1, 10), Decimal("10.00")),
    }


def test_credit__time_decay_halves_every_half_life_before_creation():
    touches = [
        touch("T1", "2025-02-28T23:00", "P1"),  # 10 days before 10 March: 1/2
        touch("T2", "2025-02-18T01:00", "P2"),  # 20 days: 1/4
    ]

    result = decide(
        [opportunity()], touches, timing(credit={"model": "time_decay", "half_life_days": 10})
    )

    assert credit_of(result) == {
        "P1": (Fraction(2, 3), Decimal("66.67")),
        "P2": (Fraction(1, 3), Decimal("33.33")),
    }


def test_credit__time_decay_between_whole_half_lives():
    touches = [
        touch("T1", "2025-02-28T23:00", "P1"),  # 2^(-10/20) = 0.70710678
        touch("T2", "2025-02-18T01:00", "P2"),  # 2^(-20/20) = 0.5
    ]

    result = decide(
        [opportunity()], touches, timing(credit={"model": "time_decay", "half_life_days": 20})
    )

    assert credit_of(result)["P1"][0] == pytest.approx(0.70710678 / 1.20710678)
    assert credit_of(result)["P1"][1] == Decimal("58.58")


def test_credit__weighted_by_touch_type():
    touches = [
        touch("T1", "2025-02-01T00:00", "P1"),
        touch("T2", "2025-02-02T00:00", "P2", touch_type="referral"),
        touch("T3", "2025-04-01T00:00", "P3", touch_type="resale"),  # influenced: not the class
    ]
    weights = {"introduction": 0.1, "referral": 0.3, "resale": 5}

    result = decide(
        [opportunity()], touches, timing(credit={"model": "weighted", "weights": weights})
    )

    assert credit_of(result) == {
        "P1": (Fraction(1, 4), Decimal("25.00")),
        "P2": (Fraction(3, 4), Decimal("75.00")),
    }


@pytest.mark.parametrize(
    ("primary_partner", "expected"), [("first", "P3"), ("last", "P2"), ("ranked", "P1")]
)
def test_primary_partner(primary_partner, expected):
    touches = three_partners()
    touches[0]["touch_type"] = "referral"
    definition = timing(primary_partner=primary_partner, rank=["referral"])

    result = decide([opportunity()], touches, definition)

    assert result.opportunity_attribution[0]["primary_partner_id"] == expected
    assert result.opportunity_attribution[0]["partner_count"] == 3
    assert credit_of(result) == {expected: (Fraction(1), Decimal("100.00"))}


def test_amount_reporting__half_to_even_at_the_rate_of_the_closed_day():
    rates = [
        {"currency": "USD", "valid_from": date(2025, 5, 21), "rate": Decimal(9)},
        {"currency": "USD", "valid_from": date(2025, 5, 20), "rate": Decimal("0.5")},
        {"currency": "USD", "valid_from": date(2025, 1, 1), "rate": Decimal(7)},
        {"currency": "EUR", "valid_from": date(2025, 1, 1), "rate": Decimal(3)},
    ]
    opportunities = [
        opportunity("O1", currency="USD", amount=Decimal("0.05")),  # 0.025
        opportunity("O2", currency="USD", amount=Decimal("0.07")),  # 0.035
        opportunity("O3", currency="USD", amount=Decimal("-0.05")),
        opportunity("O4", currency="USD", amount=Decimal("1.00"), status="open", closed_at=None),
        opportunity("O5", amount=Decimal("1.00")),
    ]

    result = decide(opportunities, [], timing(), fx_rates=tuple(rates))

    assert [str(row["amount_reporting"]) for row in result.opportunity_attribution] == [
        "0.02",
        "0.04",
        "-0.02",
        "9.00",
        "1.00",
    ]
    with pytest.raises(LookupError, match="USD, 2025-05-20, O1"):
        decide(opportunities, [], timing())


# Days


@pytest.mark.parametrize(
    ("timezone", "touched_at", "role", "days_to_created"),
    [
        # Created on 10 March at noon UTC. The day decides, not which came first.
        ("UTC", "2025-03-10T00:00", "influenced", 0),
        ("UTC", "2025-03-09T23:59:59.999999", "sourced", -1),
        ("UTC", "2025-03-10T23:00", "influenced", 0),
        # New York has sprung forward on 9 March: midnight is 04:00 UTC, not 05:00.
        ("America/New_York", "2025-03-10T03:59", "sourced", -1),
        ("America/New_York", "2025-03-10T04:00", "influenced", 0),
        # In Auckland (UTC+13) the opportunity was created on the 11th, at 01:00.
        ("Pacific/Auckland", "2025-03-10T10:59", "sourced", -1),
        ("Pacific/Auckland", "2025-03-10T11:00", "influenced", 0),
    ],
)
def test_role__edge_of_the_created_day(timezone, touched_at, role, days_to_created):
    result = decide([opportunity()], [touch("T1", touched_at)], timing(), timezone=timezone)

    (audit,) = result.touch_audit
    (row,) = result.opportunity_attribution
    assert (audit["role"], audit["rule"]) == (role, 0 if role == "sourced" else 1)
    assert (row["classification"], row["days_to_created"]) == (role, days_to_created)


@pytest.mark.parametrize(
    ("touched_at", "reason"),
    [
        ("2024-03-09T23:59", "outside_window"),
        ("2024-03-10T00:00", None),
        ("2025-05-20T23:59", None),
        ("2025-05-21T00:00", "after_close"),
        ("2025-06-30T23:59", "after_close"),
        ("2025-07-01T00:00", "after_as_of"),
    ],
)
def test_reason__edges_of_all_windows(touched_at, reason):
    result = decide([opportunity()], [touch("T1", touched_at)], timing())

    assert reasons_of(result) == {"T1": reason}


def test_window__end_without_a_bound_still_stops_at_the_close():
    definition = timing(rules=[{"role": "influenced", "touch_types": "any"}])
    touches = [touch("T1", "2001-01-01T00:00"), touch("T2", "2025-05-21T00:00")]

    assert reasons_of(decide([opportunity()], touches, definition)) == {
        "T1": None,
        "T2": "after_close",
    }


def test_deciding_touch__same_instant_goes_by_touch_id():
    touches = [touch("T2", "2025-02-01T00:00", "P2"), touch("T10", "2025-02-01T00:00", "P1")]

    (row,) = decide([opportunity()], touches, timing()).opportunity_attribution

    assert (row["deciding_touch_id"], row["primary_partner_id"]) == ("T10", "P1")


def test_opportunity__as_it_stood_on_the_as_of_day():
    opportunities = [
        opportunity("O1", closed_at=utc("2025-07-01T00:00")),
        opportunity("O2", created_at=utc("2025-07-01T00:00"), closed_at=utc("2025-07-02T00:00")),
        opportunity("O3", closed_at=utc("2025-06-30T23:00")),
    ]
    touches = [
        touch("T1", "2025-06-30T00:00"),
        touch("T2", "2025-06-01T00:00", opportunity_id="O2"),
    ]

    result = decide(opportunities, touches, timing())

    assert [
        (row["opportunity_id"], row["status"], row["closed_at"], row["classification"])
        for row in result.opportunity_attribution
    ] == [
        ("O1", "open", None, "influenced"),
        ("O3", "won", utc("2025-06-30T23:00"), "direct"),
    ]
    assert reasons_of(result) == {"T1": None, "T2": "no_opportunity"}


# Pairs


def test_pairs__chain_of_merges():
    merges = (
        {"merged_account_id": "A1", "surviving_account_id": "A2", "merged_at": None},
        {"merged_account_id": "A2", "surviving_account_id": "A3", "merged_at": None},
    )
    touches = [
        touch("T1", "2025-02-01T00:00", opportunity_id=None, account_id="A1"),
        touch("T2", "2025-02-02T00:00", opportunity_id=None, account_id="A3"),
        touch("T3", "2025-02-03T00:00", opportunity_id=None, account_id="A4"),
    ]

    result = decide([opportunity(account_id="A2")], touches, timing(), account_merges=merges)

    assert reasons_of(result) == {"T1": None, "T2": None, "T3": "no_opportunity"}
    assert result.opportunity_attribution[0]["account_id"] == "A2"


@pytest.mark.parametrize(
    ("account_touches", "expected"),
    [("all", ["O1", "O2", "O3", "O4", "O5"]), ("first", ["O1", "O2", "O4"]), ("none", [None])],
)
def test_pairs__touch_of_an_account(account_touches, expected):
    """On 20 May, O1 closes, O2 begins later in the day, O3 has closed, O4 and O5 are to come."""
    opportunities = [
        opportunity("O1"),
        opportunity("O2", created_at=utc("2025-05-20T20:00"), closed_at=utc("2025-05-29T00:00")),
        opportunity("O3", closed_at=utc("2025-05-19T23:00")),
        opportunity("O5", created_at=utc("2025-05-21T00:00"), closed_at=utc("2025-05-29T00:00")),
        opportunity("O4", created_at=utc("2025-05-21T00:00"), closed_at=utc("2025-05-29T00:00")),
    ]
    touches = [touch("T1", "2025-05-20T10:00", opportunity_id=None, account_id="A1")]

    result = decide(opportunities, touches, timing(account_touches=account_touches))

    assert [row["opportunity_id"] for row in result.touch_audit] == expected


def test_pairs__orphan_id_does_not_fall_back_to_the_account():
    touches = [touch("T1", "2025-02-01T00:00", opportunity_id="O9", account_id="A1")]

    (audit,) = decide([opportunity()], touches, timing()).touch_audit

    assert (audit["opportunity_id"], audit["reason"]) == ("O9", "no_opportunity")


# Reasons


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"partner_id": "P9", "touch_type": "crm_tag", "evidence_url": None}, "unknown_partner"),
        ({"touch_type": "crm_tag", "evidence_url": None}, "touch_type_not_in_rules"),
        ({"evidence_url": None, "partner_contact": None}, "no_evidence"),
        ({"partner_contact": None, "accepted_by": None}, "no_partner_contact"),
        ({"accepted_by": None, "logged_at": None}, "not_accepted_by_seller"),
        ({"logged_at": None}, "logged_late"),
        ({"logged_at": utc("2025-02-08T23:59")}, None),
        ({"logged_at": utc("2025-02-09T00:00")}, "logged_late"),
        ({"logged_at": utc("2025-01-01T00:00")}, None),
        (
            {"touched_at": utc("2025-05-20T00:00"), "logged_at": utc("2025-05-20T23:00")},
            "outside_window",
        ),
        (
            {"touched_at": utc("2025-05-20T00:00"), "logged_at": utc("2025-05-21T00:00")},
            "logged_after_close",
        ),
        (
            {"touched_at": utc("2025-05-21T00:00"), "logged_at": utc("2025-05-20T00:00")},
            "after_close",
        ),
    ],
)
def test_reason__first_that_holds(changes, reason):
    definition = timing(
        gates={
            "evidence": "required",
            "partner_contact": "required",
            "seller_acceptance": "required",
            "logged_within_days": 7,
            "logged_before_close": True,
        },
        rules=timing()["rules"][:1],
    )
    base = {
        "partner_contact": "Bo",
        "accepted_by": "Cy",
        "logged_at": utc("2025-02-03T00:00"),
    }

    touches = [touch("T1", "2025-02-01T00:00") | base | changes]

    result = decide([opportunity()], touches, definition)

    assert reasons_of(result) == {"T1": reason}


def test_reason__opportunity_type_excluded():
    result = decide(
        [opportunity(opportunity_type="renewal")], [touch("T1", "2025-02-01T00:00")], timing()
    )

    assert reasons_of(result) == {"T1": "opportunity_type_excluded"}
    assert result.opportunity_attribution[0]["classification"] == "direct"


# Evidence grade


@pytest.mark.parametrize(
    ("gate", "links", "classification", "claimed", "grade"),
    [
        ("required", ("https://1", None), "sourced", "sourced", "evidenced"),
        ("required", (None, "https://2"), "influenced", "sourced", "evidenced"),
        ("required", (None, None), "direct", "sourced", "claimed"),
        ("optional", (None, "https://2"), "sourced", "sourced", "claimed"),
        ("optional", ("https://1", None), "sourced", "sourced", "evidenced"),
    ],
)
def test_evidence_grade(gate, links, classification, claimed, grade):
    touches = [
        touch("T1", "2025-02-01T00:00", evidence_url=links[0]),
        touch("T2", "2025-04-01T00:00", evidence_url=links[1]),
    ]

    result = decide(
        [opportunity(crm_classification="sourced")],
        touches,
        timing(gates=gates(evidence=gate)),
    )

    (row,) = result.opportunity_attribution
    assert (row["classification"], row["claimed_classification"], row["evidence_grade"]) == (
        classification,
        claimed,
        grade,
    )


@pytest.mark.parametrize(
    ("crm_classification", "grade"),
    [("sourced", "unsupported"), ("influenced", "unsupported"), ("direct", None), (None, None)],
)
def test_evidence_grade__without_touches(crm_classification, grade):
    result = decide([opportunity(crm_classification=crm_classification)], [], timing())

    assert result.opportunity_attribution[0]["evidence_grade"] == grade


# The CRM's field


def test_crm_field__takes_the_crm_at_its_word():
    definition = {
        "id": "crm_field",
        "version": 3,
        "amount": "amount",
        "opportunity_types": ["new_business"],
        "basis": "crm_field",
        "credit": {"model": "primary"},
    }
    opportunities = [
        opportunity("O1", crm_classification="sourced", crm_partner_id="P9"),
        opportunity("O2", crm_classification="influenced"),
        opportunity("O3", crm_partner_id="P1"),
    ]

    result = decide(opportunities, [touch("T1", "2025-02-01T00:00")], definition)

    assert [
        (
            row["classification"],
            row["claimed_classification"],
            row["evidence_grade"],
            row["primary_partner_id"],
            row["partner_count"],
        )
        for row in result.opportunity_attribution
    ] == [
        ("sourced", "sourced", "unsupported", "P9", 1),
        ("influenced", "influenced", "unsupported", None, 0),
        ("direct", "direct", None, "P1", 0),
    ]
    assert credit_of(result) == {"P9": (Fraction(1), Decimal("100.00"))}
    assert reasons_of(result) == {"T1": "not_consulted"}


def test_attribution__empty_tables():
    assert decide([], [], timing()) == Attribution([], [], [])


# What must hold for every world


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds(), definition=definitions())
def test_attribution__keeps_what_the_contract_promises(world, definition):
    result = attribution(**world, definition=definition)

    tables = world["tables"]
    assert {row["touch_id"] for row in result.touch_audit} == {
        row["touch_id"] for row in tables["touches"]
    }
    pairs = Counter((row["touch_id"], row["opportunity_id"]) for row in result.touch_audit)
    assert all(count == 1 for count in pairs.values())
    for row in result.touch_audit:
        assert (row["decision"] == "accepted") == (row["reason"] is None)
        assert (row["role"] is None) == (row["rule"] is None) == (row["reason"] is not None)

    amounts = {
        row["opportunity_id"]: row["amount_reporting"] for row in result.opportunity_attribution
    }
    assert len(amounts) == len(result.opportunity_attribution)
    credited = {row["opportunity_id"] for row in result.partner_credit}
    if "rules" in definition:
        assert credited == {
            row["opportunity_id"]
            for row in result.opportunity_attribution
            if row["classification"] != "direct"
        }
        if definition["credit"]["model"] != "full":
            for opportunity_id in credited:
                rows = [r for r in result.partner_credit if r["opportunity_id"] == opportunity_id]
                assert sum(row["share"] for row in rows) == 1
                if amounts[opportunity_id] is None:
                    assert all(row["credited_amount"] is None for row in rows)
                else:
                    assert sum(r["credited_amount"] for r in rows) == amounts[opportunity_id]
