"""Attributed snapshots for the tests of metrics: small ones by hand, and a random company."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from workbench.contracts import (
    AccountPaths,
    Accounts,
    Contract,
    FxRates,
    Handoffs,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    ProgramCosts,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.metrics import METRICS, MetricInputs, metrics
from workbench.params import RunParams
from workbench.vocabulary import DIRECTIONS, OPPORTUNITY_TYPES, PARTNER_TYPES, RESPONSES

Row = dict[str, Any]
Tables = dict[str, list[Row]]

CONTRACTS: dict[str, type[Contract]] = {
    "attribution": OpportunityAttribution,
    "credit": PartnerCredit,
    "audit": TouchAudit,
    "touches": Touches,
    "opportunities": Opportunities,
    "partners": Partners,
    "accounts": Accounts,
    "program_costs": ProgramCosts,
    "fx_rates": FxRates,
    "handoffs": Handoffs,
    "account_paths": AccountPaths,
}
OPTIONAL = ("program_costs", "fx_rates", "handoffs", "account_paths")


def at(text: str) -> datetime:
    """An instant of UTC: `2026-10-05` is noon of that day."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=UTC)


def run_params(**changes: Any) -> RunParams:
    content = {
        "name": "test",
        "period": "2026-Q4",  # August to October 2026
        "as_of": date(2026, 10, 31),
        "read_at": at("2026-11-01"),
        "source": Path("source"),
        "definition": Path("definition.yaml"),
        "fiscal_year_start": 11,
        "readout": None,
        "output_root": Path("outputs"),
    }
    return RunParams.model_validate(content | changes)


def a_definition(**changes: Any) -> Definition:
    content = {
        "id": "timing",
        "version": 1,
        "title": "Before or after",
        "rules": [{"role": "sourced", "touch_types": "any", "from": "created - 365d"}],
    }
    return Definition.model_validate(content | changes)


CRM_FIELD = Definition(id="crm_field", version=1, title="The CRM's own word", basis="crm_field")


def opportunity(
    opportunity_id: str,
    classification: str = "direct",
    amount: str | None = "100",
    *,
    partner: str | None = None,
    status: str = "won",
    created: str = "2026-08-01",
    closed: str | None = "2026-09-01",
    account: str = "A1",
    kind: str = "new_business",
    owner: str | None = None,
    days_to_created: int | None = None,
    probability: float | None = None,
) -> Row:
    """One opportunity: what attribution and the CRM say of it; see `inputs`."""
    return {
        "opportunity_id": opportunity_id,
        "account_id": account,
        "classification": classification,
        "claimed_classification": classification,
        "crm_classification": None,
        "evidence_grade": None,
        "primary_partner_id": partner,
        "deciding_touch_id": None,
        "evidence_url": None,
        "days_to_created": days_to_created,
        "partner_count": 0 if partner is None else 1,
        "status": status,
        "stage": status,
        "opportunity_type": kind,
        "owner": owner,
        "created_at": at(created),
        "closed_at": at(closed) if closed and status != "open" else None,
        "amount_reporting": None if amount is None else Decimal(amount),
        "definition_id": "timing",
        "definition_version": 1,
        "probability": probability,
    }


def partner(
    partner_id: str,
    partner_type: str = "referral",
    tier: str | None = None,
    *,
    parent: str | None = None,
) -> Row:
    return {
        "partner_id": partner_id,
        "name": f"Partner {partner_id}",
        "partner_type": partner_type,
        "tier": tier,
        "region": None,
        "parent_partner_id": parent,
        "manager": None,
        "active": True,
    }


def account(
    account_id: str,
    region: str | None = None,
    segment: str | None = None,
    *,
    is_target: bool = False,
) -> Row:
    return {
        "account_id": account_id,
        "name": f"Account {account_id}",
        "parent_account_id": None,
        "domain": None,
        "segment": segment,
        "industry": None,
        "region": region,
        "is_target": is_target,
        "owner": None,
    }


def credit(opportunity_id: str, partner_id: str, amount: str | None, **changes: Any) -> Row:
    return {
        "opportunity_id": opportunity_id,
        "partner_id": partner_id,
        "classification": "sourced",
        "model": "equal",
        "share": 0.5,
        "credited_amount": None if amount is None else Decimal(amount),
    } | changes


def touch(
    touch_id: str,
    touched: str = "2026-09-01",
    *,
    partner_id: str = "P1",
    touch_type: str = "referral",
    logged: str | None = None,
    logged_by: str | None = None,
    evidence: bool = False,
) -> Row:
    return {
        "touch_id": touch_id,
        "opportunity_id": None,
        "account_id": None,
        "partner_id": partner_id,
        "partner_contact": None,
        "touch_type": touch_type,
        "touched_at": at(touched),
        "logged_at": None if logged is None else at(logged),
        "logged_by": logged_by,
        "accepted_by": None,
        "evidence_url": f"https://example.com/{touch_id}" if evidence else None,
        "campaign_id": None,
        "source_system": "prm",
        "first_seen_at": at(touched),
    }


def audit(
    touch_id: str,
    opportunity_id: str | None,
    touched: str = "2026-09-01",
    *,
    partner_id: str = "P1",
    touch_type: str = "referral",
    accepted: bool = True,
) -> Row:
    return {
        "touch_id": touch_id,
        "opportunity_id": opportunity_id,
        "partner_id": partner_id,
        "touch_type": touch_type,
        "touched_at": at(touched),
        "decision": "accepted" if accepted else "rejected",
        "role": "sourced" if accepted else None,
        "reason": None if accepted else "outside_window",
        "rule": 0 if accepted else None,
    }


def handoff(
    handoff_id: str,
    sent: str = "2026-09-01",
    response: str = "pending",
    responded: str | None = None,
    *,
    met: str | None = None,
    partner_id: str = "P1",
    direction: str = "partner_to_seller",
) -> Row:
    return {
        "handoff_id": handoff_id,
        "partner_id": partner_id,
        "account_id": "A1",
        "opportunity_id": None,
        "direction": direction,
        "sent_at": at(sent),
        "response": response,
        "responded_at": None if responded is None else at(responded),
        "seller": None,
        "first_meeting_at": None if met is None else at(met),
    }


def cost(cost_id: str, day: str, amount: str, **changes: Any) -> Row:
    return {
        "cost_id": cost_id,
        "incurred_on": date.fromisoformat(day),
        "partner_id": None,
        "category": "people",
        "amount": Decimal(amount),
        "currency": "USD",
    } | changes


def path(account_id: str, observed: str, *, evidence: bool = True) -> Row:
    return {
        "account_id": account_id,
        "partner_id": "P1",
        "path": "relationship",
        "observed_at": at(observed),
        "evidence_url": "https://example.com/path" if evidence else None,
    }


def inputs(opportunities: list[Row] | None = None, **tables: list[Row] | None) -> MetricInputs:
    """The inputs that these rows make; an optional table that is not given is None.

    Without `credit` an opportunity's primary partner has all of its credit.
    """
    opportunities = opportunities or []
    if "credit" not in tables:
        tables["credit"] = [
            credit(
                row["opportunity_id"],
                row["primary_partner_id"],
                row["amount_reporting"],
                classification=row["classification"],
                model="primary",
                share=1.0,
            )
            for row in opportunities
            if row["classification"] != "direct" and row["primary_partner_id"] is not None
        ]
    crm = [
        {
            "name": None,
            "currency": "USD",
            "amount": row["amount_reporting"],
            "source_system": "crm",
            **row,
        }
        for row in opportunities
    ]
    given = {"attribution": opportunities, "opportunities": crm, **tables}
    frames: dict[type[Contract], pl.DataFrame] = {}
    for name, contract in CONTRACTS.items():
        rows = given.get(name)
        if rows is None and name in OPTIONAL:
            continue
        columns = contract.dtypes()
        frames[contract] = pl.DataFrame(
            [{column: row.get(column) for column in columns} for row in rows or []],
            schema=columns,
        )
    return MetricInputs.of(frames)


def rows(
    given: MetricInputs,
    metric: str,
    *,
    period: str = "2026-Q4",
    definition: Definition | None = None,
    **params: Any,
) -> list[Row]:
    """The rows of one metric and period."""
    table = metrics(
        given,
        params=run_params(**params),
        definition=definition or a_definition(),
        catalogue={metric: METRICS[metric]},
    )
    return table.filter(pl.col("period") == period).to_dicts()


def values(
    given: MetricInputs, metric: str, dimension: str = "all", **options: Any
) -> dict[tuple[str, str], float | None]:
    """The values of a dimension, by classification and member."""
    return {
        (row["classification"], row["member"]): row["value"]
        for row in rows(given, metric, **options)
        if row["dimension"] == dimension
    }


def one(given: MetricInputs, metric: str, classification: str, **options: Any) -> Row:
    """The row of a classification where the dimension is all."""
    found = rows(given, metric, **options)
    keys = {"classification": classification, "dimension": "all"}
    return next(row for row in found if keys.items() <= row.items())


def random_company(seed: int, *, as_of: date, opportunities: int = 400) -> Tables:
    """The rows of a company of which every metric has something to say; nulls among them.

    Opportunities are as of the as-of day, all else runs on after it.
    """
    rng = np.random.default_rng(seed)

    def one_of(choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    def chance(share: float) -> bool:
        return bool(rng.random() < share)

    def instant() -> datetime:
        minutes = int(rng.integers(3 * 365 * 24 * 60))
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    def later(start: datetime, days: int) -> datetime:
        return start + timedelta(minutes=int(rng.integers(days * 24 * 60)))

    partners = [
        partner(
            f"P{number}",
            one_of(PARTNER_TYPES),
            one_of(["gold", "silver", None]),
            parent={3: "P1", 4: "P3", 5: "P6", 6: "P5", 7: "elsewhere"}.get(number),
        )
        for number in range(12)
    ]
    accounts = [
        account(
            f"A{number}",
            one_of(["EMEA", "AMER", None]),
            one_of(["small", "large"]),
            is_target=chance(0.5),
        )
        for number in range(60)
    ]
    tables: Tables = {"partners": partners, "accounts": accounts, "opportunities": []}
    tables |= {name: [] for name in ("credit", "touches", "audit")}
    last = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)  # as_of in no zone has ended
    for number in range(opportunities):
        created = instant()
        if created >= last:
            continue
        closed = later(created, 300)
        is_closed = chance(0.7) and closed < last
        classification = one_of(["sourced", "influenced", "direct"])
        credited = sorted({one_of(partners)["partner_id"] for _ in range(2)})
        row = opportunity(
            f"O{number:04}",
            classification,
            None if chance(0.1) else f"{rng.integers(-50_000, 5_000_000) / 100:.2f}",
            partner=None if classification == "direct" or chance(0.1) else credited[0],
            account=one_of(accounts)["account_id"],
            kind=one_of(OPPORTUNITY_TYPES),
            owner=one_of(["Ada", "Ben", None]),
            days_to_created=None if chance(0.2) else int(rng.integers(-300, 5)),
            probability=None if chance(0.2) else float(rng.integers(0, 101)) / 100,
        )
        row |= {
            "status": one_of(["won", "won", "lost"]) if is_closed else "open",
            "created_at": created,
            "closed_at": closed if is_closed else None,
        }
        tables["opportunities"].append(row)
        if row["primary_partner_id"] is not None:
            amount = row["amount_reporting"]
            parts: list[Decimal | None] = [amount]
            if len(credited) == 2:
                first = None if amount is None else (amount / 3).quantize(Decimal("0.01"))
                parts = [first, None if amount is None or first is None else amount - first]
            tables["credit"] += [
                credit(row["opportunity_id"], partner_id, None, classification=classification)
                | {"credited_amount": part, "share": 1 / len(credited)}
                for partner_id, part in zip(credited, parts, strict=True)
            ]
    _add_log(tables, one_of, chance, instant, later)
    return tables


def _add_log(tables: Tables, one_of: Any, chance: Any, instant: Any, later: Any) -> None:
    for number in range(600):
        row = touch(
            f"T{number:04}",
            partner_id=one_of(tables["partners"])["partner_id"],
            touch_type=one_of(["referral", "deal_registration", "co_sell"]),
            logged_by=one_of(["Cleo", "Dov", None]),
            evidence=chance(0.6),
        )
        row["touched_at"] = instant()
        row["logged_at"] = None if chance(0.2) else later(row["touched_at"], 40)
        tables["touches"].append(row)
        for _ in range(2 if chance(0.3) else 1):
            pair = audit(
                row["touch_id"],
                one_of(tables["opportunities"])["opportunity_id"],
                partner_id=row["partner_id"],
                touch_type=row["touch_type"],
                accepted=chance(0.5),
            )
            tables["audit"].append(pair | {"touched_at": row["touched_at"]})
    tables |= {"handoffs": [], "program_costs": [], "account_paths": []}
    for number in range(200):
        row = handoff(
            f"H{number:03}",
            response=one_of(RESPONSES),
            partner_id=one_of(tables["partners"])["partner_id"],
            direction=one_of(DIRECTIONS),
        )
        row["sent_at"] = instant()
        is_dated = row["response"] != "pending" and chance(0.9)
        row["responded_at"] = later(row["sent_at"], 30) if is_dated else None
        row["first_meeting_at"] = later(row["sent_at"], 60) if chance(0.4) else None
        tables["handoffs"].append(row)
        tables["program_costs"].append(
            cost(
                f"C{number:03}",
                instant().date().isoformat(),
                f"{number * 37 % 5000}.50",
                currency=one_of(["USD", "EUR"]),
                category=one_of(["people", "events"]),
                partner_id=one_of(["P1", "P2", None]),
            )
        )
        tables["account_paths"].append(
            path(one_of(tables["accounts"])["account_id"], "2026-01-01", evidence=chance(0.7))
            | {"observed_at": instant()}
        )
    tables["fx_rates"] = [
        {"currency": "EUR", "valid_from": date(2023, 1, 1), "rate": Decimal("1.1")},
        {"currency": "EUR", "valid_from": date(2025, 7, 1), "rate": Decimal("1.173")},
    ]
