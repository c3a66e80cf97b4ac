"""Rules about who and what a record names, and what stands there twice."""

from decimal import Decimal

from tests.unit.quality_frames import broken, checked_by, source


def test_touch_orphan__neither_there_nor_named():
    tables = source(
        touches=[
            {"touch_id": "T1"},
            {"touch_id": "T2", "opportunity_id": None, "account_id": "A1"},
            {"touch_id": "T3", "opportunity_id": "O9"},
            {"touch_id": "T4", "opportunity_id": None, "account_id": "A9"},
            {"touch_id": "T5", "opportunity_id": "O9", "account_id": "A9"},
            {"touch_id": "T6", "opportunity_id": None},
        ]
    )
    assert broken("touch_orphan", tables) == {
        "T3": "The co-sell by Nordwind on 2026-03-04 names opportunity O9, which is not in the "
        "data.",
        "T4": "The co-sell by Nordwind on 2026-03-04 names account A9, which is not in the data.",
        "T5": "The co-sell by Nordwind on 2026-03-04 names opportunity O9 and account A9, and "
        "neither is in the data.",
        "T6": "The co-sell by Nordwind on 2026-03-04 names neither an opportunity nor an account.",
    }


def test_touch_orphan__an_account_that_was_merged_is_there():
    tables = source(
        touches=[
            {"touch_id": "T1", "opportunity_id": None, "account_id": "A0"},
            {"touch_id": "T2", "opportunity_id": None, "account_id": "A7"},
        ],
        account_merges=[
            {},
            {"merged_account_id": "A7", "surviving_account_id": "A8"},
        ],
    )
    assert list(broken("touch_orphan", tables)) == ["T2"]


def test_touch_unknown_partner():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "partner_id": "p1"}])
    assert broken("touch_unknown_partner", tables) == {
        "T2": "The co-sell on 2026-03-04 is by p1, which is not in the list of partners."
    }


def test_touch_duplicate_doubtful__same_day_and_not_the_same_moment():
    tables = source(
        touches=[
            {"touch_id": "T1", "touched_at": "2026-03-04T18:00"},
            {"touch_id": "T2", "touched_at": "2026-03-04T12:00"},
            {"touch_id": "T3", "touched_at": "2026-03-04T12:00"},
            {"touch_id": "T4", "touched_at": "2026-03-05T04:30"},  # still 4 March in New York
            {"touch_id": "T5", "touched_at": "2026-03-05T05:30"},
            {"touch_id": "T6", "partner_id": "P2"},
            {"touch_id": "T7", "touch_type": "referral"},
            {"touch_id": "T8", "opportunity_id": "O2"},
            {"touch_id": "T9", "opportunity_id": None, "account_id": "O1"},
        ]
    )
    assert broken("touch_duplicate", tables) == {
        "T3": "The co-sell by Nordwind on 2026-03-04 says the same as touch T2: same partner, type "
        "and moment, same opportunity O1."
    }
    messages = broken("touch_duplicate_doubtful", tables)
    assert list(messages) == ["T1", "T4"]
    assert messages["T1"] == (
        "The co-sell by Nordwind on 2026-03-04 is of the day of touch T2: same partner and type, "
        "same opportunity O1."
    )


def test_touch_duplicate__on_an_account_and_on_nothing():
    on_account = {"opportunity_id": None, "account_id": "A1"}
    on_nothing = {"opportunity_id": None}
    tables = source(
        touches=[
            on_account | {"touch_id": "T1"},
            on_account | {"touch_id": "T2"},
            on_nothing | {"touch_id": "T3"},
            on_nothing | {"touch_id": "T4"},
        ]
    )
    messages = broken("touch_duplicate", tables)
    assert list(messages) == ["T2"]
    assert messages["T2"].endswith("same account A1.")
    assert checked_by("touch_duplicate", tables) == 2


def test_opportunity_unknown_account():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1"},
            {"opportunity_id": "O2", "account_id": "A9", "name": None},
            {"opportunity_id": "O3", "account_id": "A0"},
        ],
        account_merges=[{}],
    )
    assert broken("opportunity_unknown_account", tables) == {
        "O2": "Opportunity O2 belongs to account A9, which is not in the data."
    }


def test_opportunity_unknown_partner():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "crm_partner_id": "P1"},
            {"opportunity_id": "O2", "crm_partner_id": "P9"},
            {"opportunity_id": "O3", "crm_partner_id": None},
        ]
    )
    assert broken("opportunity_unknown_partner", tables) == {
        "O2": "Opportunity Acme renewal names partner P9 in the CRM, which is not in the list of "
        "partners."
    }
    assert checked_by("opportunity_unknown_partner", tables) == 2


def test_partner_not_one():
    tables = source(
        partners=[
            {"partner_id": "P1", "name": "Direct Path Consulting"},
            {"partner_id": "P2", "name": "Direct"},
            {"partner_id": "P3", "name": " N/A "},
            {"partner_id": "P4", "name": "-"},
            {"partner_id": "P5", "name": "NONE"},
        ]
    )
    messages = broken("partner_not_one", tables)
    assert list(messages) == ["P2", "P3", "P4", "P5"]
    assert messages["P2"] == (
        "Partner P2 is named “Direct”, which is how people write that there is none."
    )


def test_partner_duplicate__but_for_case_signs_and_legal_form():
    tables = source(
        partners=[
            {"partner_id": "P1", "name": "Nordwind"},
            {"partner_id": "P2", "name": "NORDWIND, Inc."},
            {"partner_id": "P3", "name": "Nordwind Data"},
            {"partner_id": "P4", "name": "-"},
            {"partner_id": "P5", "name": "?"},
        ]
    )
    assert broken("partner_duplicate", tables) == {
        "P2": "Partner P2 “NORDWIND, Inc.” has the name of partner P1."
    }


def test_partner_is_customer():
    tables = source(
        accounts=[
            {"account_id": "A1", "name": "Nordwind GmbH"},
            {"account_id": "A2", "name": "Nordwinder"},
            {"account_id": "A3", "name": "Acme", "domain": "www.sudwind.example"},
        ],
        partners=[
            {"partner_id": "P1", "name": "Nordwind"},
            {"partner_id": "P2", "name": "Südwind"},
            {"partner_id": "P3", "name": "Ostwind"},
        ],
        touches=[{"partner_id": "P2", "partner_contact": "pat@sudwind.example"}],
    )
    assert broken("partner_is_customer", tables) == {
        "P1": "Partner P1 “Nordwind” has the name of account A1.",
        "P2": "Partner P2 “Südwind” has the domain of account A3.",
    }


def test_account_duplicate__by_name_or_domain():
    tables = source(
        accounts=[
            {"account_id": "A1", "name": "Acme", "domain": "acme.example"},
            {"account_id": "A2", "name": "ACME Ltd.", "domain": "acme.example"},
            {"account_id": "A3", "name": "Road Runner", "domain": "https://www.Acme.example/de"},
            {"account_id": "A4", "name": "Acme Works", "domain": "acme-works.example"},
            {"account_id": "A5", "name": "Coyote", "domain": None},
            {"account_id": "A6", "name": "Canyon", "domain": None},
        ]
    )
    assert broken("account_duplicate", tables) == {
        "A2": "Account A2 “ACME Ltd.” has the name of account A1.",
        "A3": "Account A3 “Road Runner” has the domain of account A1.",
    }


def test_account_duplicate__a_family_and_a_merged_account_are_none():
    tables = source(
        accounts=[
            {"account_id": "A1", "domain": "acme.example"},
            {"account_id": "A2", "domain": "acme.example", "parent_account_id": "A1"},
            {"account_id": "A3", "domain": "acme.example", "parent_account_id": "A1"},
            {"account_id": "A4", "domain": "acme.example"},
        ],
        account_merges=[{"merged_account_id": "A4", "surviving_account_id": "A1"}],
    )
    assert broken("account_duplicate", tables) == {}


def test_account_merge_chain():
    tables = source(
        account_merges=[
            {"merged_account_id": "A8", "surviving_account_id": "A9"},
            {"merged_account_id": "A9", "surviving_account_id": "A1"},
        ]
    )
    assert broken("account_merge_chain", tables) == {
        "A8": "Account A8 was merged into A9, which ended up in A1."
    }


def test_account_merge_into_nothing__at_the_end_of_the_chain():
    tables = source(
        account_merges=[
            {"merged_account_id": "A5", "surviving_account_id": "A1"},
            {"merged_account_id": "A8", "surviving_account_id": "A9"},
            {"merged_account_id": "A9", "surviving_account_id": "A7"},
        ]
    )
    assert broken("account_merge_into_nothing", tables) == {
        "A8": "Account A8 was merged and ended up in A7, which is not in the data.",
        "A9": "Account A9 was merged and ended up in A7, which is not in the data.",
    }


def test_opportunity_duplicate__same_account_name_amount_and_day():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1"},
            {"opportunity_id": "O2", "name": "ACME  renewal", "created_at": "2026-03-10T18:00"},
            {"opportunity_id": "O3", "account_id": "A0"},  # merged into A1
            {"opportunity_id": "O4", "created_at": "2026-03-11T12:00"},
            {"opportunity_id": "O5", "amount": Decimal("100.01")},
            {"opportunity_id": "O6", "account_id": "A2"},
            {"opportunity_id": "O7", "name": None},
            {"opportunity_id": "O8", "name": None},
            {"opportunity_id": "O9", "currency": "EUR"},
        ],
        account_merges=[{}],
    )
    messages = broken("opportunity_duplicate", tables)
    assert list(messages) == ["O2", "O3"]
    assert messages["O2"] == (
        "Opportunity O2 “ACME  renewal” says the same as O1: same account A1, 100.00 USD, created "
        "on 2026-03-10."
    )
    assert checked_by("opportunity_duplicate", tables) == 7


def test_picklist_spelled_differently():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "stage": "Closed Won", "crm_influence_type": "co-sell"},
            {"opportunity_id": "O2", "stage": "Closed Won", "crm_influence_type": "Co Sell"},
            {"opportunity_id": "O3", "stage": " closed won", "crm_influence_type": "co-sell"},
            {"opportunity_id": "O4", "stage": "Closed Lost", "crm_influence_type": None},
        ]
    )
    assert broken("picklist_spelled_differently", tables) == {
        "crm_influence_type:Co Sell": "crm_influence_type is “Co Sell” in 1 record, and “co-sell” "
        "in 2 records.",
        "stage: closed won": "stage is “ closed won” in 1 record, and “Closed Won” in 2 records.",
    }
    assert checked_by("picklist_spelled_differently", tables) == 6
