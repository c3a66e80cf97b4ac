from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    attributed,
    credits_of,
    definition,
    facts,
    instant,
    opportunity,
    touch,
)
from workbench.attribution import check_conservation, compared, local_day
from workbench.contracts import (
    DefinitionComparison,
    OpportunityAttribution,
    PartnerCredit,
    TouchAudit,
)
from workbench.errors import ParameterError, RateError
from workbench.periods import MonthCalendar
from workbench.tables import checked

CRM_FIELD = {"id": "crm_field", "basis": "crm_field", "rules": []}


def decisions(result) -> list[tuple[str, str | None, str]]:
    """Touch, opportunity, and the role it was accepted in or the reason it was not."""
    return result.touch_audit.select(
        "touch_id", "opportunity_id", pl.coalesce("role", "reason")
    ).rows()


def classes(result) -> dict[str, str]:
    return dict(result.opportunity_attribution.select("opportunity_id", "classification").rows())


def only_row(result) -> dict:
    return result.opportunity_attribution.row(0, named=True)


# Class, deciding touch and grade


def test_attribution__sourced_before_influenced_before_direct():
    opportunities = [opportunity(f"O{number}") for number in (1, 2, 3)]
    touches = [
        touch("T1", "2025-04-01"),
        touch("T2", "2025-03-09", "P2"),
        touch("T3", "2025-05-20", opportunity_id="O2"),
        touch("T4", "2025-05-21", opportunity_id="O3"),
    ]

    result = attributed(facts(opportunities, touches), rules=BEFORE_OR_AFTER)

    assert classes(result) == {"O1": "sourced", "O2": "influenced", "O3": "direct"}
    assert decisions(result) == [
        ("T1", "O1", "influenced"),
        ("T2", "O1", "sourced"),
        ("T3", "O2", "influenced"),
        ("T4", "O3", "after_close"),
    ]
    row = only_row(result)
    assert row["deciding_touch_id"] == "T2"
    assert row["primary_partner_id"] == "P2"
    assert row["partner_count"] == 1  # P1 influenced what P2 sourced
    assert row["days_to_created"] == -1
    assert row["evidence_grade"] == "evidenced"


def test_attribution__first_rule_that_fits_gives_the_role():
    rules = [
        {"role": "influenced", "touch_types": ["introduction"], "from": "created"},
        {"role": "sourced", "touch_types": "any"},
    ]
    touches = [
        touch("T1", "2025-04-01"),
        touch("T2", "2025-04-01", touch_type="referral"),
        touch("T3", "2025-03-01"),
    ]

    audit = attributed(facts([opportunity()], touches), rules=rules).touch_audit

    assert audit.select("touch_id", "role", "rule").rows() == [
        ("T1", "influenced", 0),
        ("T2", "sourced", 1),
        ("T3", "sourced", 1),
    ]


def test_attribution__ids_are_compared_exactly():
    """`o1`, `O1` and `O10` are three opportunities, `p1` and `P1` two partners."""
    opportunities = [opportunity("O10"), opportunity("o1"), opportunity("O1")]
    touches = [
        touch("t1", "2025-03-01", "p1", opportunity_id="o1"),
        touch("T1", "2025-03-01", "P1", opportunity_id="O1"),
        touch("T2", "2025-03-01", "P2", opportunity_id="O1 "),
        touch("T3", "2025-03-01", "p2", opportunity_id="O10"),
    ]

    result = attributed(facts(opportunities, touches))

    assert decisions(result) == [
        ("T1", "O1", "sourced"),
        ("T2", "O1 ", "no_opportunity"),
        ("T3", "O10", "unknown_partner"),
        ("t1", "o1", "sourced"),
    ]
    assert result.opportunity_attribution["opportunity_id"].to_list() == ["O1", "O10", "o1"]
    assert result.partner_credit.select("opportunity_id", "partner_id").rows() == [
        ("O1", "P1"),
        ("o1", "p1"),
    ]


def test_attribution__same_instant_is_decided_by_the_bytes_of_the_touch_id():
    touches = [touch("t1", "2025-03-01", "P1"), touch("T2", "2025-03-01", "P2")]

    assert only_row(attributed(facts([opportunity()], touches)))["deciding_touch_id"] == "T2"


def test_attribution__windows_hold_both_ends_in_days_of_the_time_zone():
    """19 January 20:00 UTC is 20 January in Auckland: 50 days before the creation there."""
    created = opportunity(created_at=instant("2025-03-10T20:00"))  # 11 March in Auckland
    rules = [
        {"role": "sourced", "touch_types": "any", "from": "created - 50d", "to": "created - 1d"}
    ]
    touches = [
        touch("T1", "2025-01-19", touched_at=instant("2025-01-19T10:59")),  # 19 January, 23:59
        touch("T2", "2025-01-19", touched_at=instant("2025-01-19T11:00")),  # 20 January, 0:00
        touch("T3", "2025-03-10", touched_at=instant("2025-03-10T10:59")),  # 10 March, 23:59
        touch("T4", "2025-03-10", touched_at=instant("2025-03-10T11:00")),  # 11 March, 0:00
    ]

    result = attributed(facts([created], touches, timezone="Pacific/Auckland"), rules=rules)

    assert [decision for _, _, decision in decisions(result)] == [
        "outside_window",
        "sourced",
        "sourced",
        "outside_window",
    ]
    assert only_row(result)["days_to_created"] == -50


def test_attribution__close_after_the_as_of_day_has_not_happened():
    closes_later = opportunity(status="lost", closed_at=instant("2025-07-01T00:00"))
    created_later = opportunity("O2", created_at=instant("2025-07-01T00:00"), closed_at=None)
    touches = [
        touch("T1", "2025-06-30"),
        touch("T2", "2025-07-01"),
        touch("T3", "2025-06-30", opportunity_id="O2"),
    ]

    result = attributed(facts([closes_later, created_later], touches), rules=BEFORE_OR_AFTER)

    row = only_row(result)
    assert (row["status"], row["closed_at"], row["classification"]) == ("open", None, "influenced")
    assert classes(result) == {"O1": "influenced"}
    assert decisions(result) == [
        ("T1", "O1", "influenced"),
        ("T2", "O1", "after_as_of"),
        ("T3", "O2", "no_opportunity"),
    ]


@pytest.mark.parametrize(
    ("link", "gate", "crm", "expected"),
    [
        ("https://proof", "required", None, ("sourced", "sourced", "evidenced")),
        (None, "optional", None, ("sourced", "sourced", "claimed")),
        (None, "required", None, ("direct", "sourced", "claimed")),
        (None, "required", "influenced", ("direct", "sourced", "claimed")),
    ],
)
def test_attribution__evidence_grade_of_a_touch(link, gate, crm, expected):
    snapshot = facts(
        [opportunity(crm_classification=crm)], [touch("T1", "2025-03-01", evidence_url=link)]
    )

    row = only_row(attributed(snapshot, gates={"evidence": gate}))

    found = row["classification"], row["claimed_classification"], row["evidence_grade"]
    assert found == expected


@pytest.mark.parametrize(
    ("crm", "grade"),
    [("sourced", "unsupported"), ("influenced", "unsupported"), ("direct", None), (None, None)],
)
def test_attribution__evidence_grade_without_a_touch(crm, grade):
    row = only_row(attributed(facts([opportunity(crm_classification=crm)], [])))

    assert (row["classification"], row["evidence_grade"]) == ("direct", grade)


def test_attribution__stronger_class_without_evidence_is_claimed_beside_the_evidenced_one():
    touches = [
        touch("T1", "2025-03-01", evidence_url=None),
        touch("T2", "2025-04-01", "P2"),
    ]

    row = only_row(
        attributed(
            facts([opportunity()], touches),
            rules=BEFORE_OR_AFTER,
            gates={"evidence": "required"},
        )
    )

    assert row["classification"] == "influenced"
    assert row["claimed_classification"] == "sourced"
    assert row["evidence_grade"] == "evidenced"


# Reasons


@pytest.mark.parametrize(
    ("gates", "changes", "expected"),
    [
        ({"partner_contact": "required"}, {}, "no_partner_contact"),
        ({"partner_contact": "required"}, {"partner_contact": "Bo"}, "sourced"),
        ({"seller_acceptance": "required"}, {}, "not_accepted_by_seller"),
        ({"seller_acceptance": "required"}, {"accepted_by": "Cy"}, "sourced"),
        ({"logged_within_days": 14}, {}, "logged_late"),
        ({"logged_within_days": 14}, {"logged_at": instant("2025-03-15T23:59")}, "sourced"),
        ({"logged_within_days": 14}, {"logged_at": instant("2025-03-16T00:00")}, "logged_late"),
        ({"logged_within_days": 0}, {"logged_at": instant("2025-02-01T00:00")}, "sourced"),
        ({"logged_before_close": True}, {}, "sourced"),
        ({"logged_before_close": True}, {"logged_at": instant("2025-05-20T23:59")}, "sourced"),
        (
            {"logged_before_close": True},
            {"logged_at": instant("2025-05-21T00:00")},
            "logged_after_close",
        ),
    ],
)
def test_attribution__a_gate_lets_through_or_says_why_not(gates, changes, expected):
    snapshot = facts([opportunity()], [touch("T1", "2025-03-01", **changes)])

    assert decisions(attributed(snapshot, gates=gates)) == [("T1", "O1", expected)]


def test_attribution__the_first_reason_that_holds_is_the_one_named():
    """A touch with everything wrong, mended one thing at a time."""
    wrong = {
        "touched_at": instant("2025-07-01T00:00"),
        "partner_id": "P?",
        "touch_type": "referral",
        "evidence_url": None,
        "logged_at": instant("2025-08-01T00:00"),
    }
    mended = [
        ("after_as_of", {}),
        ("unknown_partner", {"touched_at": instant("2025-05-21T00:00")}),
        ("touch_type_not_in_rules", {"partner_id": "P1"}),
        ("no_evidence", {"touch_type": "introduction"}),
        ("no_partner_contact", {"evidence_url": "https://proof"}),
        ("not_accepted_by_seller", {"partner_contact": "Bo"}),
        ("logged_late", {"accepted_by": "Cy"}),
        ("logged_after_close", {"logged_at": instant("2025-05-21T00:00")}),
        ("after_close", {"logged_at": instant("2025-05-20T00:00")}),
        ("outside_window", {"touched_at": instant("2025-05-20T00:00")}),
        ("sourced", {"touched_at": instant("2025-03-01T00:00")}),
    ]
    gates = {
        "evidence": "required",
        "partner_contact": "required",
        "seller_acceptance": "required",
        "logged_within_days": 100,
        "logged_before_close": True,
    }
    found = []
    for number in range(len(mended)):
        changes = wrong | {k: v for _, change in mended[: number + 1] for k, v in change.items()}
        row = touch("T1", "2025-03-01") | changes
        if mended[number][0] == "logged_late":
            row["logged_at"] = None
        snapshot = facts([opportunity()], [row])
        found += decisions(attributed(snapshot, gates=gates, rules=BEFORE_OR_AFTER[:1]))

    assert found == [("T1", "O1", reason) for reason, _ in mended]


def test_attribution__opportunity_type_that_the_definition_does_not_speak_about():
    snapshot = facts([opportunity(opportunity_type="renewal")], [touch("T1", "2025-03-01")])

    result = attributed(snapshot, opportunity_types=["new_business", "expansion"])

    assert decisions(result) == [("T1", "O1", "opportunity_type_excluded")]
    assert classes(result) == {"O1": "direct"}


# Pairs by account


ON_ACCOUNT = [
    opportunity("O1"),  # 10 March to 20 May
    opportunity("O2", created_at=instant("2025-05-01T12:00"), status="open", closed_at=None),
    opportunity("O3", created_at=instant("2025-06-01T12:00"), status="open", closed_at=None),
    opportunity("O4", created_at=instant("2025-06-01T12:00"), status="open", closed_at=None),
    opportunity("O5", account_id="A2"),
]


def account_touch(touch_id: str, day: str, account_id: str | None = "A1") -> dict:
    return touch(touch_id, day, opportunity_id=None, account_id=account_id)


@pytest.mark.parametrize(
    ("day", "first"),
    [
        ("2025-01-01", ["O1"]),  # none is open yet: the next one created
        ("2025-03-10", ["O1", "O2"]),  # the day O1 was created on, it was open
        ("2025-05-20", ["O1", "O2", "O3"]),  # of those created together, the first id
        ("2025-05-21", ["O2", "O3"]),
        ("2025-06-01", ["O2", "O3", "O4"]),
    ],
)
def test_attribution__account_touch_attaches_to_those_open_and_the_next(day, first):
    snapshot = facts(ON_ACCOUNT, [account_touch("T1", day)])

    def paired(account_touches: str) -> list[str | None]:
        result = attributed(snapshot, account_touches=account_touches)
        return result.touch_audit["opportunity_id"].to_list()

    assert paired("first") == first
    assert paired("all") == ["O1", "O2", "O3", "O4"]
    assert paired("none") == [None]


def test_attribution__touch_that_pairs_with_nothing_has_one_audit_row():
    touches = [
        account_touch("T1", "2025-03-01", "A9"),
        account_touch("T2", "2025-03-01", None),
        touch("T3", "2025-03-01", opportunity_id="O9", account_id="A1"),
    ]

    result = attributed(facts(ON_ACCOUNT, touches), account_touches="all")

    assert decisions(result) == [
        ("T1", None, "no_opportunity"),
        ("T2", None, "no_opportunity"),
        ("T3", "O9", "no_opportunity"),
    ]


def test_attribution__chains_of_merges_lead_to_the_surviving_account():
    """A9 became A8, A8 became A1; the opportunity may stand on any of them."""
    merges = [
        {"merged_account_id": "A9", "surviving_account_id": "A8"},
        {"merged_account_id": "A7", "surviving_account_id": "A8"},
        {"merged_account_id": "A8", "surviving_account_id": "A1"},
    ]
    opportunities = [opportunity("O1", account_id="A7"), opportunity("O2", account_id="A1")]
    touches = [
        account_touch("T1", "2025-04-01", "A9"),
        account_touch("T2", "2025-04-01", "a9"),
    ]

    merged = attributed(facts(opportunities, touches, account_merges=merges), account_touches="all")
    apart = attributed(facts(opportunities, touches, account_merges=[]), account_touches="all")

    assert decisions(merged) == [
        ("T1", "O1", "sourced"),
        ("T1", "O2", "sourced"),
        ("T2", None, "no_opportunity"),
    ]
    assert merged.opportunity_attribution["account_id"].to_list() == ["A7", "A1"]
    assert decisions(apart) == [
        ("T1", None, "no_opportunity"),
        ("T2", None, "no_opportunity"),
    ]


# Amounts


def test_attribution__amount_at_the_rate_of_the_closed_day_or_the_as_of_day():
    rates = [
        {"currency": "USD", "valid_from": date(2025, 1, 1), "rate": Decimal("0.9")},
        {"currency": "USD", "valid_from": date(2025, 5, 21), "rate": Decimal("0.8")},
    ]
    usd = {"currency": "USD"}
    opportunities = [
        opportunity("O1", **usd),
        opportunity("O2", status="open", closed_at=None, **usd),
        opportunity("O3", recurring_amount=Decimal("7.00")),
        opportunity("O4", amount=None, currency="GBP"),
    ]

    result = attributed(facts(opportunities, [], fx_rates=rates))

    assert result.opportunity_attribution["amount_reporting"].to_list() == [
        Decimal("90.00"),
        Decimal("80.00"),
        Decimal("100.00"),
        None,
    ]


def test_attribution__recurring_amount_where_the_definition_says_so():
    snapshot = facts([opportunity(recurring_amount=Decimal("7.00"))], [touch("T1", "2025-03-01")])

    assert credits_of(attributed(snapshot, amount="recurring_amount")) == {"P1": Decimal("7.00")}


def test_attribution__lists_currency_day_and_opportunities_without_a_rate():
    opportunities = [
        opportunity("O2", currency="USD"),
        opportunity("O1", currency="USD"),
        opportunity("O3", currency="GBP", status="open", closed_at=None),
    ]

    with pytest.raises(RateError) as error:
        attributed(facts(opportunities, []))

    assert str(error.value) == (
        "2 problems:\n"
        "  GBP on 2025-06-30: no rate is in force; 1 amount needs it (opportunity_id: O3).\n"
        "    Hint: add a row for GBP with valid_from 2025-06-30 or earlier to fx_rates.\n"
        "  USD on 2025-05-20: no rate is in force; 2 amounts need it (opportunity_id: O1, O2).\n"
        "    Hint: add a row for USD with valid_from 2025-05-20 or earlier to fx_rates."
    )


# The CRM's own word


def test_attribution__crm_field_asks_no_touch():
    opportunities = [
        opportunity("O1", crm_classification="sourced", crm_partner_id="P9"),
        opportunity("O2", crm_classification="influenced", crm_partner_id="P1"),
        opportunity("O3", crm_classification="direct"),
        opportunity("O4"),
    ]
    touches = [
        touch("T1", "2025-03-01", opportunity_id="O4"),
        account_touch("T2", "2025-03-01"),
        touch("T3", "2025-03-01", "P?", opportunity_id="O9"),
    ]
    snapshot = facts(opportunities, touches)

    result = attributed(snapshot, **CRM_FIELD)

    assert classes(result) == {"O1": "sourced", "O2": "influenced", "O3": "direct", "O4": "direct"}
    assert decisions(result) == [
        ("T1", "O4", "not_consulted"),
        ("T2", None, "not_consulted"),
        ("T3", "O9", "not_consulted"),
    ]
    assert result.opportunity_attribution["evidence_grade"].to_list() == [
        "unsupported",
        "unsupported",
        None,
        None,
    ]
    assert result.partner_credit.select("opportunity_id", "partner_id", "share").rows() == [
        ("O1", "P9", 1.0),
        ("O2", "P1", 1.0),
    ]
    assert check_conservation(snapshot, definition(**CRM_FIELD), result)


def test_attribution__crm_field_sourced_by_nobody_has_no_credit():
    snapshot = facts([opportunity(crm_classification="sourced")], [])

    result = attributed(snapshot, **CRM_FIELD)

    row = only_row(result)
    assert (row["classification"], row["primary_partner_id"]) == ("sourced", None)
    assert row["partner_count"] == 0
    assert result.partner_credit.is_empty()
    assert check_conservation(snapshot, definition(**CRM_FIELD), result)


# Several definitions, no rows, one day

QUARTER = MonthCalendar(1).period("2025-Q2")


def test_compared__one_row_per_opportunity_and_definition():
    opportunities = [opportunity("O2"), opportunity("O1", crm_classification="influenced")]
    snapshot = facts(opportunities, [touch("T1", "2025-03-01")])
    definitions = [definition(), definition(**CRM_FIELD)]

    found = compared(snapshot, definitions, period=QUARTER, timezone="UTC")

    columns = ("opportunity_id", "definition_id", "classification", "primary_partner_id")
    assert checked(found.table, DefinitionComparison).select(columns).rows() == [
        ("O1", "any", "sourced", "P1"),
        ("O1", "crm_field", "influenced", None),
        ("O2", "any", "direct", None),
        ("O2", "crm_field", "direct", None),
    ]


def test_compared__two_files_with_one_id_cannot_be_told_apart():
    changed = definition(version=2, rules=BEFORE_OR_AFTER)

    with pytest.raises(ParameterError, match="definition any: 2 compared files have this id"):
        compared(
            facts([opportunity()], []), [definition(), changed], period=QUARTER, timezone="UTC"
        )


def test_compared__empty_frame():
    both = [definition(), definition(**CRM_FIELD)]

    found = compared(facts([], []), both, period=QUARTER, timezone="UTC")

    assert checked(found.table, DefinitionComparison).is_empty()


@pytest.mark.parametrize("changes", [{}, {"account_touches": "all"}, CRM_FIELD])
@pytest.mark.parametrize("merges", [None, []])
def test_attribution__empty_frame(changes, merges):
    neither = attributed(facts([], [], account_merges=merges), **changes)
    no_touches = attributed(facts([opportunity()], [], account_merges=merges), **changes)
    touches = [touch("T1", "2025-03-01"), account_touch("T2", "2025-03-01")]
    no_opportunities = attributed(facts([], touches, account_merges=merges), **changes)

    for result in (neither, no_touches, no_opportunities):
        assert dict(result.touch_audit.schema) == TouchAudit.dtypes()
        assert dict(result.opportunity_attribution.schema) == OpportunityAttribution.dtypes()
        assert dict(result.partner_credit.schema) == PartnerCredit.dtypes()
        assert result.partner_credit.is_empty()
    assert neither.opportunity_attribution.is_empty()
    assert neither.touch_audit.is_empty()
    assert classes(no_touches) == {"O1": "direct"}
    assert no_opportunities.touch_audit["touch_id"].to_list() == ["T1", "T2"]


def test_snapshot__empty_frame():
    snapshot = facts([], [])

    assert snapshot.opportunities.is_empty()
    assert snapshot.touches.is_empty()
    assert snapshot.pairs.is_empty()


def test_local_day__is_the_day_of_the_time_zone():
    late = pl.DataFrame({"at": [instant("2025-03-10T23:30"), None]})

    days = late.select(
        local_day("at", "UTC").alias("utc"), local_day("at", "Europe/Berlin").alias("berlin")
    )

    assert days.rows() == [(date(2025, 3, 10), date(2025, 3, 11)), (None, None)]
