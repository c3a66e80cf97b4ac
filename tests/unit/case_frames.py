"""A small company's canonical tables for the tests of cases: one account, a few touches."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.unit.attribution_frames import Row, frame, opportunity
from workbench.attribution.case import CaseTables
from workbench.contracts import (
    AccountMerges,
    Accounts,
    FxRates,
    Opportunities,
    Partners,
    StageHistory,
    Touches,
)
from workbench.params import RunParams

PARTNERS = {"P1": "Nordwind", "P2": "Südlicht", "P3": "P3"}


def params(**changes: Any) -> RunParams:
    """A run as of 30 June 2025, in UTC and euros."""
    values: dict[str, Any] = {
        "name": "monthly",
        "period": "2025-06",
        "as_of": date(2025, 6, 30),
        "read_at": datetime(2025, 7, 2, 6, tzinfo=UTC),
        "source": Path("data"),
        "definition": Path("any.yaml"),
        "reporting_currency": "EUR",
        "readout": None,
        "output_root": Path("outputs"),
    }
    return RunParams.model_validate(values | changes)


def case_tables(
    touches: list[Row],
    *,
    opportunities: list[Row] | None = None,
    stages: list[Row] | None = None,
    account_merges: list[Row] | None = None,
    fx_rates: list[Row] | None = None,
) -> CaseTables:
    """The opportunity O1 of the account A1, unless others are given, with these touches."""
    return CaseTables(
        opportunities=frame(Opportunities, *(opportunities or [opportunity()])),
        touches=frame(Touches, *touches),
        partners=frame(
            Partners,
            *(
                {"partner_id": key, "name": name, "partner_type": "reseller", "active": True}
                for key, name in PARTNERS.items()
            ),
        ),
        accounts=frame(Accounts, {"account_id": "A1", "name": "Acme", "is_target": False}),
        stage_history=None if stages is None else frame(StageHistory, *stages),
        account_merges=None if account_merges is None else frame(AccountMerges, *account_merges),
        fx_rates=None if fx_rates is None else frame(FxRates, *fx_rates),
    )
