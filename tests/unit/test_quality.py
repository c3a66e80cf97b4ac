import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from workbench.contracts import (
    AccountMerges,
    Accounts,
    FxRates,
    Opportunities,
    Partners,
    ProgramCosts,
    QualityFindings,
    QualityScores,
    Touches,
)
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.quality import (
    RULES,
    findings_by_owner,
    findings_by_rule,
    quality_findings,
    quality_scores,
)
from workbench.quality.words import sentence

DEFINITION = Definition(id="crm_field", version=1, title="The CRM's word", basis="crm_field")
PARAMS = RunParams(
    name="monthly",
    period="2026-10",
    as_of=date(2026, 10, 31),
    read_at=datetime(2026, 11, 3, 2, tzinfo=UTC),  # still 2 November in New York
    timezone="America/New_York",
    source=Path("source"),
    definition=Path("definition.yaml"),
    readout=None,
    output_root=Path("outputs"),
)
DEFAULTS = {
    Accounts: {"account_id": "A1", "name": "Acme", "is_target": False},
    Partners: {
        "partner_id": "P1",
        "name": "Nordwind",
        "partner_type": "reseller",
        "active": True,
    },
    Opportunities: {
        "opportunity_id": "O1",
        "account_id": "A1",
        "name": "Acme renewal",
        "opportunity_type": "renewal",
        "stage": "Proposal",
        "status": "open",
        "created_at": "2026-03-10T12:00",
        "amount": Decimal("100.00"),
        "currency": "USD",
        "owner": "Sam Seller",
        "source_system": "crm",
    },
    Touches: {
        "touch_id": "T1",
        "opportunity_id": "O1",
        "partner_id": "P1",
        "partner_contact": "Pat Partner",
        "touch_type": "co_sell",
        "touched_at": "2026-03-04T12:00",
        "logged_at": "2026-03-04T13:00",
        "logged_by": "Mia Manager",
        "evidence_url": "https://crm.example/1",
        "source_system": "crm",
        "first_seen_at": "2026-03-05T00:00",
    },
    ProgramCosts: {
        "cost_id": "C1",
        "incurred_on": date(2026, 5, 1),
        "category": "events",
        "amount": Decimal("50.00"),
        "currency": "USD",
    },
    FxRates: {"currency": "EUR", "valid_from": date(2026, 1, 1), "rate": Decimal("1.1")},
    AccountMerges: {"merged_account_id": "A0", "surviving_account_id": "A1"},
}


def instant(text):
    """An instant written in UTC, `2026-03-04T12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def table(contract, *rows):
    complete = [DEFAULTS[contract] | row for row in rows]
    read = [
        {
            column: instant(value) if column.endswith("_at") and value else value
            for column, value in row.items()
        }
        for row in complete
    ]
    return pl.DataFrame(read, schema=contract.dtypes())


def source(**tables):
    """The tables that are given, and one account, partner and opportunity where none is."""
    contracts = {contract.table_name(): contract for contract in DEFAULTS}
    given = {contracts[name]: table(contracts[name], *rows) for name, rows in tables.items()}
    plain = {contract: table(contract, {}) for contract in (Accounts, Partners, Opportunities)}
    return {Touches: Touches.empty()} | plain | given


def findings(tables, *, params=PARAMS, definition=DEFINITION, previous=None):
    return quality_findings(tables, params=params, definition=definition, previous=previous)


def scores(tables):
    return quality_scores(findings(tables), tables=tables, params=PARAMS, definition=DEFINITION)


def broken(rule, tables, **options):
    """The messages of a rule by record."""
    rows = findings(tables, **options).filter(pl.col("rule") == rule)
    return dict(zip(rows["record_id"], rows["message"], strict=True))


def checked_by(rule, tables):
    return scores(tables).filter(pl.col("rule") == rule)["checked"].item()


# Who and what a record names


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
        "T3": "The co sell by Nordwind on 2026-03-04 names opportunity O9, which is not in the "
        "data.",
        "T4": "The co sell by Nordwind on 2026-03-04 names account A9, which is not in the data.",
        "T5": "The co sell by Nordwind on 2026-03-04 names opportunity O9 and account A9, and "
        "neither is in the data.",
        "T6": "The co sell by Nordwind on 2026-03-04 names neither an opportunity nor an account.",
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
        "T2": "The co sell on 2026-03-04 is by p1, which is not in the list of partners."
    }


def test_touch_duplicate__all_but_the_earliest():
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
    messages = broken("touch_duplicate", tables)
    assert list(messages) == ["T1", "T3", "T4"]
    assert messages["T1"] == (
        "The co sell by Nordwind on 2026-03-04 says the same as touch T2: same partner, type and "
        "day, same opportunity O1."
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


# When things happened and when they were written down


def test_touch_logged_late__more_than_14_days():
    tables = source(
        touches=[
            # 14 days in New York, where the second one lies on the evening of the 18th
            {"touch_id": "T1", "logged_at": "2026-03-19T03:00"},
            {"touch_id": "T2", "logged_at": "2026-03-19T05:00"},
            {"touch_id": "T3", "logged_at": None},
        ]
    )
    assert broken("touch_logged_late", tables) == {
        "T2": "The co sell by Nordwind on 2026-03-04 was logged on 2026-03-19, 15 days later."
    }
    assert checked_by("touch_logged_late", tables) == 2


def test_touch_logged_after_close__the_day_of_the_close_is_not_after():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "status": "won", "closed_at": "2026-06-01T12:00"},
            {"opportunity_id": "O2", "status": "open", "closed_at": "2026-06-01T12:00"},
        ],
        touches=[
            {"touch_id": "T1", "logged_at": "2026-06-01T23:00"},
            {"touch_id": "T2", "logged_at": "2026-06-02T12:00"},
            {"touch_id": "T3", "logged_at": "2026-06-02T12:00", "opportunity_id": "O2"},
            {"touch_id": "T4", "logged_at": None},
            # what took place after the close can only be logged after it
            {
                "touch_id": "T5",
                "touched_at": "2026-06-02T12:00",
                "logged_at": "2026-06-02T12:00",
            },
        ],
    )
    assert broken("touch_logged_after_close", tables) == {
        "T2": "The co sell by Nordwind on 2026-03-04 was logged on 2026-06-02, 1 day after "
        "opportunity O1 closed on 2026-06-01."
    }
    assert checked_by("touch_logged_after_close", tables) == 2


def test_touch_without_log_date():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "logged_at": None}])
    assert broken("touch_without_log_date", tables) == {
        "T2": "The co sell by Nordwind on 2026-03-04 does not say when it was logged."
    }


def test_touch_in_future__the_day_of_reading_is_not_the_future():
    tables = source(
        touches=[
            {"touch_id": "T1", "touched_at": "2026-11-03T04:59"},
            {"touch_id": "T2", "touched_at": "2026-11-03T05:00"},
        ]
    )
    assert broken("touch_in_future", tables) == {
        "T2": "The co sell by Nordwind on 2026-11-03 is dated 1 day after the sources were read "
        "on 2026-11-02."
    }


def test_touch_day_month_swapped():
    tables = source(
        touches=[
            # meant was 11 March, logged the day after
            {
                "touch_id": "T1",
                "touched_at": "2026-11-03T12:00",
                "logged_at": "2026-03-12T12:00",
            },
            # exchanged it would still lie after the log day
            {
                "touch_id": "T2",
                "touched_at": "2026-11-03T12:00",
                "logged_at": "2026-03-10T12:00",
            },
            # there is no month 13
            {
                "touch_id": "T3",
                "touched_at": "2026-03-13T12:00",
                "logged_at": "2026-03-12T12:00",
            },
            # the date needs no exchange
            {
                "touch_id": "T4",
                "touched_at": "2026-03-11T12:00",
                "logged_at": "2026-03-11T12:00",
            },
        ]
    )
    assert broken("touch_day_month_swapped", tables) == {
        "T1": "The co sell by Nordwind on 2026-11-03 was logged before that, on 2026-03-12; with "
        "day and month exchanged it took place on 2026-03-11."
    }
    assert checked_by("touch_day_month_swapped", tables) == 3


def test_opportunity_closed_before_created__the_same_day_is_not_before():
    tables = source(
        opportunities=[
            # a close date is midnight, earlier than the instant of creation
            {"opportunity_id": "O1", "status": "won", "closed_at": "2026-03-10T04:00"},
            {"opportunity_id": "O2", "status": "lost", "closed_at": "2026-03-08T12:00"},
            {"opportunity_id": "O3", "status": "open", "closed_at": "2026-03-08T12:00"},
        ]
    )
    assert broken("opportunity_closed_before_created", tables) == {
        "O2": "Opportunity Acme renewal was lost on 2026-03-08, 2 days before it was created on "
        "2026-03-10."
    }


def test_opportunity_open_past_close():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "closed_at": "2026-11-02T12:00"},
            {"opportunity_id": "O2", "closed_at": "2026-11-01T12:00"},
            {"opportunity_id": "O3", "closed_at": None},
            {"opportunity_id": "O4", "closed_at": "2026-11-01T12:00", "status": "won"},
        ]
    )
    assert broken("opportunity_open_past_close", tables) == {
        "O2": "Opportunity Acme renewal is open in stage Proposal, and was to close on 2026-11-01, "
        "1 day before the sources were read."
    }
    assert checked_by("opportunity_open_past_close", tables) == 2


# What a touch must carry


def test_touch_without_evidence():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "evidence_url": None}])
    assert broken("touch_without_evidence", tables) == {
        "T2": "The co sell by Nordwind on 2026-03-04 carries no link to its evidence."
    }


def test_touch_evidence_not_a_link():
    links = {
        "T1": "https://crm.example/1",
        "T2": "HTTP://crm.example",
        "T3": "see mail",
        "T4": "javascript:alert(1)",
        "T5": "file:///C:/mail.msg",
        "T6": "https://",
        "T7": "https://crm.example/a b",
        "T8": "www.crm.example/" + "x" * 60,
        "T9": None,
    }
    tables = source(
        touches=[{"touch_id": touch, "evidence_url": url} for touch, url in links.items()]
    )
    messages = broken("touch_evidence_not_a_link", tables)
    assert list(messages) == ["T3", "T4", "T5", "T6", "T7", "T8"]
    assert messages["T4"] == (
        "The co sell by Nordwind on 2026-03-04 gives “javascript:alert(1)” as evidence, which is "
        "not a link that anyone can open."
    )
    assert "“www.crm.example/" + "x" * 44 + "…”" in messages["T8"]
    assert checked_by("touch_evidence_not_a_link", tables) == 8


def test_touch_without_person():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "partner_contact": None}])
    assert broken("touch_without_person", tables) == {
        "T2": "The co sell by Nordwind on 2026-03-04 does not name the partner's person."
    }


# Amounts and currencies


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


# The CRM's own field against the dates


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


# Findings


def test_quality_findings__one_finding_in_full():
    found = findings(source(touches=[{"touch_id": "T7", "evidence_url": None}]))
    assert found.to_dicts() == [
        {
            "finding_id": "touch_without_evidence:T7",
            "rule": "touch_without_evidence",
            "severity": "warning",
            "table": "touches",
            "record_id": "T7",
            "owner": "Mia Manager",
            "message": "The co sell by Nordwind on 2026-03-04 carries no link to its evidence.",
            "suggestion": "Add the link to the mail, meeting, registration or deal room.",
            "first_seen_on": date(2026, 11, 2),
            "due_on": date(2026, 11, 16),
        }
    ]


def test_quality_findings__first_seen_day_is_carried_forward():
    tables = source(
        touches=[
            {"touch_id": "T1", "evidence_url": None},
            {"touch_id": "T2", "evidence_url": None},
            {"touch_id": "T3", "partner_contact": None},
        ]
    )
    before = findings(tables, params=PARAMS.model_copy(update={"read_at": instant("2026-10-05")}))
    known = before.filter(pl.col("record_id").is_in(["T1", "T3"]))
    found = findings(tables, previous=known).filter(pl.col("rule") != "touch_duplicate")
    assert found.select("finding_id", "first_seen_on", "due_on").rows() == [
        ("touch_without_evidence:T1", date(2026, 10, 4), date(2026, 10, 18)),
        ("touch_without_evidence:T2", date(2026, 11, 2), date(2026, 11, 16)),
        ("touch_without_person:T3", date(2026, 10, 4), None),
    ]


def test_quality_findings__a_finding_that_was_mended_is_gone():
    before = findings(source(touches=[{"evidence_url": None}]))
    assert findings(source(touches=[{}]), previous=before).is_empty()


def test_quality_findings__a_record_that_names_nobody_has_no_owner():
    found = findings(source(opportunities=[{"amount": None, "owner": None}]))
    assert found["owner"].to_list() == [None]


def test_quality_findings__row_order_does_not_matter():
    tables = source(
        opportunities=[
            {"opportunity_id": f"O{number}", "crm_classification": crm, "currency": currency}
            for number, (crm, currency) in enumerate(
                [("direct", "USD"), ("sourced", "EUR"), ("direct", "GBP"), (None, "EUR")]
            )
        ],
        touches=[
            {
                "touch_id": f"T{number:02}",
                "opportunity_id": f"O{number % 6}",
                "partner_id": f"P{number % 4 // 3 + 1}",
                "evidence_url": None if number % 5 else "see mail",
            }
            for number in range(40)
        ],
        fx_rates=[{"currency": "GBP"}],
    )
    shuffled = {
        contract: frame.sample(fraction=1, shuffle=True, seed=3)
        for contract, frame in tables.items()
    }
    assert findings(tables).height > 50
    assert findings(shuffled).equals(findings(tables))
    assert scores(shuffled).equals(scores(tables))


def test_quality_findings__empty_frame():
    tables = {
        contract: contract.empty() for contract in (Accounts, Partners, Opportunities, Touches)
    }
    assert findings(tables).equals(QualityFindings.empty())


def test_sentence__a_frame_of_several_chunks():
    parts = [pl.DataFrame({"word": [f"{part}{row}" for row in range(500)]}) for part in "abc"]
    frame = pl.concat(parts, rechunk=False)
    said = (
        frame.lazy()
        .filter(pl.col("word").str.starts_with("c"))
        .select(sentence("The {} and {}.", "word", pl.lit(1)))
        .collect()
    )
    assert said.to_series().to_list() == [f"The c{row} and 1." for row in range(500)]


def test_sentence__as_many_parts_as_places():
    with pytest.raises(ValueError, match="zip"):
        sentence("{} and {}", "one")


# Scores


def test_quality_scores__checked_failed_and_the_share_that_kept_the_rule():
    tables = source(
        touches=[
            {"touch_id": "T1", "touch_type": "referral"},
            {"touch_id": "T2", "evidence_url": None},
            {"touch_id": "T3", "evidence_url": None, "touch_type": "champion"},
            {"touch_id": "T4", "touch_type": "reference"},
        ]
    )
    rows = {row["rule"]: row for row in scores(tables).to_dicts()}
    assert rows["touch_without_evidence"] == {
        "rule": "touch_without_evidence",
        "checked": 4,
        "failed": 2,
        "score": 0.5,
    }
    assert rows["opportunity_without_amount"]["checked"] == 1
    assert rows["opportunity_without_amount"]["score"] == 1


def test_quality_scores__a_rule_about_a_table_that_is_not_there_is_absent():
    without = set(scores(source())["rule"])
    assert without == {rule.id for rule in RULES} - {"cost_without_rate"}
    assert set(scores(source(program_costs=[{}]))["rule"]) == {rule.id for rule in RULES}


def test_quality_scores__empty_frame():
    tables = {
        contract: contract.empty() for contract in (Accounts, Partners, Opportunities, Touches)
    }
    empty = scores(tables)
    assert empty.schema == QualityScores.empty().schema
    assert empty.select("checked", "failed", "score").unique().rows() == [(0, 0, 1.0)]


# What a person reads


def test_findings_by_rule__gravest_first_then_most():
    tables = source(
        opportunities=[{"currency": "EUR", "owner": None}],
        touches=[
            {"touch_id": "T1", "partner_contact": None},
            {"touch_id": "T2", "evidence_url": None, "touch_type": "referral"},
            {"touch_id": "T3", "evidence_url": None, "touch_type": "champion"},
            {"touch_id": "T4", "logged_at": None, "touch_type": "reference"},
        ],
    )
    shown = findings_by_rule(findings(tables), scores(tables))
    assert shown.select("severity", "title", "stops", "checked", "failed", "score").rows() == [
        ("error", "Opportunity in a currency without a rate", True, 1, 1, 0.0),
        ("warning", "Touch without evidence", False, 4, 2, 0.5),
        ("warning", "Touch without a log date", False, 4, 1, 0.75),
        ("info", "Touch without a person", False, 4, 1, 0.75),
    ]
    assert shown.select("first_seen_on", "due_on").row(0) == (date(2026, 11, 2), date(2026, 11, 3))


def test_findings_by_rule__more_than_20_rules_end_in_a_row_of_the_others():
    all_scores = pl.DataFrame(
        [{"rule": rule.id, "checked": 10, "failed": 2, "score": 0.8} for rule in RULES]
    )
    shown = findings_by_rule(QualityFindings.empty(), all_scores)
    assert shown.height == 20
    assert shown["title"][-1] == f"{len(RULES) - 19} other rules"
    assert shown["failed"].sum() == 2 * len(RULES)


def test_findings_by_rule__empty_frame():
    assert findings_by_rule(QualityFindings.empty(), QualityScores.empty()).is_empty()


def test_findings_by_owner__most_errors_first():
    tables = source(
        opportunities=[{"amount": None}],
        touches=[
            {"touch_id": "T1", "opportunity_id": "O9", "partner_contact": None},
            {"touch_id": "T2", "logged_by": None, "evidence_url": None, "touch_type": "referral"},
        ],
    )
    assert findings_by_owner(findings(tables)).rows() == [
        ("Mia Manager", 1, 0, 1, date(2026, 11, 9)),
        ("Sam Seller", 0, 1, 0, date(2026, 11, 9)),
        ("nobody named", 0, 1, 0, date(2026, 11, 16)),
    ]


def test_findings_by_owner__more_than_20_owners_end_in_a_row_of_the_others():
    tables = source(
        opportunities=[
            {"opportunity_id": f"O{number}", "amount": None, "owner": f"Seller {number:02}"}
            for number in range(25)
        ]
    )
    shown = findings_by_owner(findings(tables))
    assert shown["owner"].to_list()[-2:] == ["Seller 18", "6 others"]
    assert shown["warnings"].sum() == 25


def test_findings_by_owner__empty_frame():
    assert findings_by_owner(QualityFindings.empty()).is_empty()


# The catalogue


def test_rules__ids_are_unique_and_texts_are_sentences():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert (rule.days_to_mend is None) == (rule.severity == "info"), rule.id
        assert all(text.endswith(".") for text in (rule.meaning, rule.why, rule.suggestion))
        assert not rule.title.endswith(".")
        if rule.owner_column is not None:
            assert rule.owner == f"the person in `{rule.owner_column}`"


def test_rules__only_errors_stop():
    assert [rule.id for rule in RULES if rule.stops] == [
        "opportunity_without_rate",
        "cost_without_rate",
    ]
    assert all(rule.severity == "error" for rule in RULES if rule.stops)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rules__each_has_a_test_of_its_own(rule):
    names = [name for name in globals() if re.fullmatch(rf"test_{rule.id}(__.*)?", name)]
    assert names


def test_rules__the_page_says_what_the_catalogue_says():
    page = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{rule.id}` | {rule.severity}{', stops' if rule.stops else ''} | {rule.meaning} "
        f"| {rule.why} | {rule.owner} | {rule.days_to_mend or '–'} |"
        for rule in RULES
    ]
