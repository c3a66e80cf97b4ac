"""Rules about the CRM's own fields, against the dates and each other."""

from tests.unit.quality_frames import broken, checked_by, source
from workbench.definitions import Definition


def test_crm_sourced_without_touch__on_or_before_the_created_day():
    sourced = {"crm_classification": "sourced", "crm_partner_id": "P1"}
    tables = source(
        accounts=[{"account_id": account} for account in ("A1", "A2", "A3")],
        opportunities=[
            sourced | {"opportunity_id": "O1"},
            sourced | {"opportunity_id": "O2"},
            sourced | {"opportunity_id": "O3", "account_id": "A2", "crm_partner_id": None},
            sourced | {"opportunity_id": "O4", "account_id": "A3"},
            {"opportunity_id": "O5"},
        ],
        touches=[
            {"touch_id": "T1", "opportunity_id": "O1", "touched_at": "2026-03-10T23:00"},
            {"touch_id": "T2", "opportunity_id": "O2", "touched_at": "2026-03-11T12:00"},
            # on account A0, which was merged into A3
            {"touch_id": "T3", "opportunity_id": None, "account_id": "A0"},
        ],
        account_merges=[{"surviving_account_id": "A3"}],
    )
    assert broken("crm_sourced_without_touch", tables) == {
        "O2": "Opportunity Acme renewal is sourced by Nordwind in the CRM, but no touch is dated "
        "on or before 2026-03-10, when it was created; the earliest is dated 2026-03-11.",
        "O3": "Opportunity Acme renewal is sourced by a partner without a name in the CRM, but no "
        "touch is dated on or before 2026-03-10, when it was created; there is none at all.",
    }
    assert checked_by("crm_sourced_without_touch", tables) == 4


def test_crm_sourced_without_touch__a_source_without_touches_contradicts_nothing():
    tables = source(opportunities=[{"crm_classification": "sourced"}])
    assert broken("crm_sourced_without_touch", tables) == {}
    assert checked_by("crm_sourced_without_touch", tables) == 0


def test_crm_direct_despite_touch__before_the_created_day():
    direct = {"crm_classification": "direct"}
    tables = source(
        opportunities=[
            direct | {"opportunity_id": "O1"},
            direct | {"opportunity_id": "O2"},
            direct | {"opportunity_id": "O3"},
            {"opportunity_id": "O4", "crm_classification": "influenced"},
        ],
        touches=[
            {"touch_id": "T1", "opportunity_id": "O1", "touched_at": "2026-03-10T12:00"},
            {"touch_id": "T2", "opportunity_id": "O2", "touched_at": "2026-03-09T13:00"},
            {
                "touch_id": "T3",
                "opportunity_id": "O2",
                "touched_at": "2026-03-09T12:00",
                "touch_type": "deal_registration",
                "partner_id": "P9",
            },
            {"touch_id": "T4", "opportunity_id": None, "account_id": "A1"},
            {"touch_id": "T5", "opportunity_id": "O4"},
        ],
    )
    assert broken("crm_direct_despite_touch", tables) == {
        "O2": "Opportunity Acme renewal is direct in the CRM, but a touch on it, the deal "
        "registration by P9 on 2026-03-09, came 1 day before it was created on 2026-03-10."
    }


def test_crm_direct_despite_touch__only_what_the_definition_takes_as_sourced():
    definition = Definition(
        id="timing",
        version=1,
        title="Before or after",
        rules=[
            {
                "role": "sourced",
                "touch_types": ["referral"],
                "from": "created - 9d",
                "to": "created - 2d",
            },
            {"role": "influenced", "touch_types": "any"},
        ],
    )
    rows = [
        ("O1", "referral", "2026-03-01T12:00"),
        ("O2", "referral", "2026-02-28T12:00"),
        ("O3", "referral", "2026-03-08T12:00"),
        ("O4", "referral", "2026-03-09T12:00"),
        ("O5", "co_sell", "2026-03-05T12:00"),
    ]
    tables = source(
        opportunities=[
            {"opportunity_id": opportunity, "crm_classification": "direct"}
            for opportunity, _, _ in rows
        ],
        touches=[
            {
                "touch_id": f"T{number}",
                "opportunity_id": opportunity,
                "touch_type": touch_type,
                "touched_at": touched_at,
            }
            for number, (opportunity, touch_type, touched_at) in enumerate(rows)
        ],
    )
    messages = broken("crm_direct_despite_touch", tables, definition=definition)
    assert list(messages) == ["O1", "O3"]


def test_crm_influenced_without_touch__by_the_close_or_the_day_of_reading():
    influenced = {"crm_classification": "influenced", "crm_partner_id": "P1"}
    won = influenced | {"status": "won", "closed_at": "2026-06-01T12:00"}
    tables = source(
        accounts=[{"account_id": account} for account in ("A1", "A2")],
        opportunities=[
            won | {"opportunity_id": "O1"},
            won | {"opportunity_id": "O2"},
            influenced | {"opportunity_id": "O3"},
            influenced | {"opportunity_id": "O4"},
            influenced | {"opportunity_id": "O5", "account_id": "A2"},
        ],
        touches=[
            {"touch_id": "T1", "opportunity_id": "O1", "touched_at": "2026-06-01T20:00"},
            {"touch_id": "T2", "opportunity_id": "O2", "touched_at": "2026-06-02T12:00"},
            {"touch_id": "T3", "opportunity_id": "O3", "touched_at": "2026-11-04T12:00"},
            {"touch_id": "T5", "opportunity_id": None, "account_id": "A2"},
        ],
    )
    messages = broken("crm_influenced_without_touch", tables)
    assert list(messages) == ["O2", "O3", "O4"]
    assert messages["O2"] == (
        "Opportunity Acme renewal is influenced by Nordwind in the CRM, but no touch is dated on "
        "or before 2026-06-01."
    )
    assert messages["O4"].endswith("on or before 2026-11-02.")


def crm(*rows):
    columns = ("crm_classification", "crm_partner_id", "crm_influence_type")
    return source(
        opportunities=[
            {"opportunity_id": f"O{number}"} | dict(zip(columns, row, strict=False))
            for number, row in enumerate(rows, start=1)
        ]
    )


def test_crm_class_without_partner():
    tables = crm(("sourced", None), ("sourced", "P1"), ("direct", None), (None, None))
    assert broken("crm_class_without_partner", tables) == {
        "O1": "Opportunity Acme renewal is sourced in the CRM, and no partner is named."
    }
    assert checked_by("crm_class_without_partner", tables) == 2


def test_crm_partner_without_class():
    tables = crm(("direct", "P1"), (None, "P9"), ("influenced", "P1"), (None, None))
    assert broken("crm_partner_without_class", tables) == {
        "O1": "Opportunity Acme renewal names partner Nordwind in the CRM, and is direct.",
        "O2": "Opportunity Acme renewal names partner P9 in the CRM, and has no class.",
    }
    assert checked_by("crm_partner_without_class", tables) == 3


def test_crm_influence_type_contradicts_class():
    tables = crm(
        ("influenced", "P1", "Partner Sourced"),
        ("direct", "P1", "co-sell"),
        ("influenced", "P1", "co-sell"),
        ("sourced", "P1", "intro"),
        ("sourced", "P1", "Sourced"),
        (None, "P1", "sourced"),
    )
    assert broken("crm_influence_type_contradicts_class", tables) == {
        "O1": "Opportunity Acme renewal is influenced in the CRM, with the influence type "
        "“Partner Sourced”.",
        "O2": "Opportunity Acme renewal is direct in the CRM, with the influence type “co-sell”.",
    }
    assert checked_by("crm_influence_type_contradicts_class", tables) == 5
