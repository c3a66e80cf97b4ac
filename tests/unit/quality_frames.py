"""Small sources for the rules of data quality, and what the rules say of them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from workbench.contracts import (
    AccountMerges,
    Accounts,
    FxRates,
    Handoffs,
    IngestSummary,
    Opportunities,
    Partners,
    ProgramCosts,
    StageHistory,
    Touches,
)
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.quality import quality_findings, quality_scores

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
        "crm_classification": "influenced",
        "crm_partner_id": "P1",
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
        "accepted_by": "Sam Seller",
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
    StageHistory: {
        "opportunity_id": "O1",
        "stage": "Proposal",
        "entered_at": "2026-03-10T12:00",
    },
    Handoffs: {
        "handoff_id": "H1",
        "partner_id": "P1",
        "account_id": "A1",
        "direction": "partner_to_seller",
        "sent_at": "2026-03-04T12:00",
        "response": "accepted",
        "responded_at": "2026-03-05T12:00",
        "seller": "Sam Seller",
    },
    IngestSummary: {
        "table": "touches",
        "source": "touches.csv",
        "rows_read": 100,
        "rows_accepted": 100,
        "rows_rejected": 0,
        "sha256": "0",
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


def findings(tables, *, params=PARAMS, definition=DEFINITION, previous=None, **options):
    return quality_findings(
        tables, params=params, definition=definition, previous=previous, **options
    )


def scores(tables, **options):
    return quality_scores(
        findings(tables, **options),
        tables=tables,
        params=PARAMS,
        definition=DEFINITION,
        **options,
    )


def broken(rule, tables, **options):
    """The messages of a rule by record."""
    rows = findings(tables, **options).filter(pl.col("rule") == rule)
    return dict(zip(rows["record_id"], rows["message"], strict=True))


def checked_by(rule, tables, **options):
    return scores(tables, **options).filter(pl.col("rule") == rule)["checked"].item()
