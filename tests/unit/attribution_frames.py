"""Small snapshots for the tests of attribution: an opportunity and a touch with usual values."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from workbench.attribution import Attribution, Snapshot, attribution, snapshot
from workbench.contracts import (
    AccountMerges,
    Contract,
    FxRates,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.documents import parse_document
from workbench.tables import checked

Row = dict[str, Any]

ANY_TOUCH_SOURCES = [{"role": "sourced", "touch_types": "any"}]
BEFORE_OR_AFTER = [
    {"role": "sourced", "touch_types": ["introduction"], "to": "created - 1d"},
    {"role": "influenced", "touch_types": "any", "from": "created", "to": "closed"},
]


def frame(contract: type[Contract], *rows: Row) -> pl.DataFrame:
    """Rows as a frame of the contract; a column that a row lacks is null."""
    dtypes = contract.dtypes()
    return pl.DataFrame(
        [{column: row.get(column) for column in dtypes} for row in rows], schema=dtypes
    )


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opportunity(opportunity_id: str = "O1", **changes: Any) -> Row:
    """Created on 10 March 2025, won on 20 May for 100.00 EUR, on account A1."""
    return {
        "opportunity_id": opportunity_id,
        "account_id": "A1",
        "opportunity_type": "new_business",
        "stage": "closed",
        "status": "won",
        "created_at": instant("2025-03-10T12:00"),
        "closed_at": instant("2025-05-20T12:00"),
        "amount": Decimal("100.00"),
        "currency": "EUR",
        "source_system": "crm",
    } | changes


def touch(touch_id: str, day: str, partner_id: str = "P1", **changes: Any) -> Row:
    """An introduction with a link, at noon, to the opportunity O1."""
    at = instant(f"{day}T12:00")
    return {
        "touch_id": touch_id,
        "opportunity_id": "O1",
        "partner_id": partner_id,
        "touch_type": "introduction",
        "touched_at": at,
        "evidence_url": f"https://proof/{touch_id}",
        "source_system": "prm",
        "first_seen_at": at,
    } | changes


def facts(
    opportunities: list[Row],
    touches: list[Row],
    *,
    fx_rates: list[Row] | None = None,
    account_merges: list[Row] | None = None,
    as_of: date = date(2025, 6, 30),
    timezone: str = "UTC",
) -> Snapshot:
    """The snapshot on 30 June 2025 in euros, with the partners P1, P2, P3 and p1."""
    partners = [
        {"partner_id": partner, "name": partner, "partner_type": "reseller", "active": True}
        for partner in ("P1", "P2", "P3", "p1")
    ]
    return snapshot(
        opportunities=frame(Opportunities, *opportunities),
        touches=frame(Touches, *touches),
        partners=frame(Partners, *partners),
        account_merges=None if account_merges is None else frame(AccountMerges, *account_merges),
        fx_rates=None if fx_rates is None else frame(FxRates, *fx_rates),
        as_of=as_of,
        timezone=timezone,
        reporting_currency="EUR",
    )


def definition(**changes: Any) -> Definition:
    """Any touch sources, whatever it carries, unless the changes say otherwise."""
    content = {"id": "any", "version": 1, "title": "Any touch", "rules": ANY_TOUCH_SOURCES}
    return parse_document(content | changes, Definition, "definition.yaml")


def attributed(snapshot_facts: Snapshot, **changes: Any) -> Attribution:
    """What a definition says of a snapshot, known to keep its contracts."""
    result = attribution(snapshot_facts, definition(**changes))
    checked(result.touch_audit, TouchAudit)
    checked(result.opportunity_attribution, OpportunityAttribution)
    checked(result.partner_credit, PartnerCredit)
    return result


def credits_of(result: Attribution) -> dict[str, Decimal | None]:
    """The credit of each partner, where there is one opportunity."""
    return dict(result.partner_credit.select("partner_id", "credited_amount").rows())
