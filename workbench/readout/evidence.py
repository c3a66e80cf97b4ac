"""How much of each number a reader can check: links, floor and ceiling."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from workbench.params import RunParams
from workbench.vocabulary import ROLES, Role

NUMBERS: Final = {
    "bookings": "Bookings",
    "open_pipeline": "Open pipeline",
    "created_pipeline": "Created pipeline",
}


@dataclass(frozen=True)
class EvidenceCount:
    """What stands behind one number of one class, by evidence grade.

    Amounts are in the reporting currency. `floor` counts only the opportunities whose deciding
    touch carries a link, `ceiling` also the `claimed_only` ones, which have or would have the class
    without a link. `unsupported` are those of which only the CRM's own field says the class: they
    are in neither. An amount is null when there are opportunities and none of them has an amount.
    """

    number: str
    role: Role
    opportunities: int
    opportunities_with_link: int
    accounts: int
    accounts_with_link: int
    claimed_only: int
    unsupported: int
    without_amount: int
    reported: Decimal | None
    floor: Decimal | None
    ceiling: Decimal | None
    unsupported_amount: Decimal | None


def evidence_counts(attribution: pl.DataFrame, *, params: RunParams) -> list[EvidenceCount]:
    """One count per number and role, numbers in the page's order, sourced before influenced."""
    members = _members(params)
    return [
        _evidence_count(attribution.filter(members[number]), number=number, role=role)
        for number in NUMBERS
        for role in ROLES
    ]


def _members(params: RunParams) -> dict[str, pl.Expr]:
    """Which opportunities each number is about; the formulas are those of the metric catalogue."""
    period = params.fiscal_period
    end = min(period.end, params.as_of)
    created = pl.col("created_at").dt.convert_time_zone(params.timezone).dt.date()
    closed = pl.col("closed_at").dt.convert_time_zone(params.timezone).dt.date()
    return {
        "bookings": (pl.col("status") == "won") & closed.is_between(period.start, end),
        "open_pipeline": (created <= end) & (closed.is_null() | (closed > end)),
        "created_pipeline": created.is_between(period.start, end),
    }


def _evidence_count(rows: pl.DataFrame, *, number: str, role: Role) -> EvidenceCount:
    own = rows.filter(classification=role)
    linked = own.filter(evidence_grade="evidenced")
    claimed = rows.filter(
        (pl.col("classification") == role) | (pl.col("claimed_classification") == role)
    )
    unsupported = rows.filter(crm_classification=role, evidence_grade="unsupported")
    return EvidenceCount(
        number=number,
        role=role,
        opportunities=own.height,
        opportunities_with_link=linked.height,
        accounts=own["account_id"].n_unique(),
        accounts_with_link=linked["account_id"].n_unique(),
        claimed_only=claimed.height - linked.height,
        unsupported=unsupported.height,
        without_amount=own["amount_reporting"].null_count(),
        reported=_total(own),
        floor=_total(linked),
        ceiling=_total(claimed),
        unsupported_amount=_total(unsupported),
    )


def _total(rows: pl.DataFrame) -> Decimal | None:
    """The sum of the amounts that are known, to the cent."""
    amounts = rows["amount_reporting"]
    if 0 < amounts.len() == amounts.null_count():
        return None
    return Decimal(amounts.sum() or 0).quantize(Decimal("0.01"))
