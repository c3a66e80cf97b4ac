"""The tables of a run from its canonical ones, for the tests of partner packs."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from tests.unit.attribution_frames import Row, frame
from workbench.attribution import attribution, snapshot
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    FxRates,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    PayoutLedger,
    TierRecommendations,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.metrics import MetricInputs, metrics
from workbench.params import RunParams
from workbench.programme import Programme, payouts, tier_recommendations

Tables = dict[type[Contract], pl.DataFrame]
FAR = Path("/nowhere")


def params(**changes: object) -> RunParams:
    """The second quarter of 2025, known to its last day, in euros."""
    values: Row = {
        "name": "quarterly",
        "period": "2025-Q2",
        "as_of": date(2025, 6, 30),
        "read_at": datetime(2025, 7, 2, 8, 0, tzinfo=UTC),
        "source": FAR,
        "definition": FAR,
        "readout": None,
        "reporting_currency": "EUR",
        "output_root": FAR,
    }
    return RunParams.model_validate(values | changes)


def partner(partner_id: str, name: str, **changes: object) -> Row:
    return {
        "partner_id": partner_id,
        "name": name,
        "partner_type": "reseller",
        "active": True,
    } | changes


def small_company(partners: list[Row], opportunities: list[Row], touches: list[Row]) -> Tables:
    """Canonical tables on the account A1, Acme."""
    account = {"account_id": "A1", "name": "Acme", "is_target": False}
    return {
        Accounts: frame(Accounts, account),
        Partners: frame(Partners, *partners),
        Opportunities: frame(Opportunities, *opportunities),
        Touches: frame(Touches, *touches),
    }


def run_tables(
    canonical: Mapping[type[Contract], pl.DataFrame],
    *,
    params: RunParams,
    definition: Definition,
    programme: Programme | None = None,
) -> Tables:
    """The same with what the stages of attribution, metrics and readout make of them."""
    facts = snapshot(
        opportunities=canonical[Opportunities],
        touches=canonical[Touches],
        partners=canonical[Partners],
        account_merges=canonical.get(AccountMerges),
        fx_rates=canonical.get(FxRates),
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
    )
    found = attribution(facts, definition)
    tables: Tables = {
        **canonical,
        OpportunityAttribution: found.opportunity_attribution,
        PartnerCredit: found.partner_credit,
        TouchAudit: found.touch_audit,
    }
    inputs = MetricInputs.of(tables)
    tiers = tier_recommendations(programme, inputs, definition=definition, params=params)
    ledger = payouts(programme, inputs, before=None, definition=definition, params=params).ledger
    return {
        **tables,
        Metrics: metrics(inputs, params=params, definition=definition),
        TierRecommendations: tiers,
        PayoutLedger: ledger,
    }
