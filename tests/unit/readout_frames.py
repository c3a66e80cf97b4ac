"""A small company's tables for the readout and the charts: nine quarters, 13 opportunities."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from workbench.contracts import DefinitionSensitivity, Metrics, OpportunityAttribution
from workbench.definitions import Approval, Definition, read_definition
from workbench.params import RunParams
from workbench.readout import ReadoutTexts
from workbench.tables import checked

PROJECT = Path(__file__).resolve().parents[2]
APPROVALS = (
    Approval(role="sales", name="VP Sales", on=date(2025, 1, 20)),
    Approval(role="finance", name="CFO", on=date(2025, 1, 22)),
)
TEXTS = ReadoutTexts(
    decisions=("Move two partner managers to the reseller programme from November.",),
    asks=("Approve the budget for joint events in the first half.",),
    learned=("Introductions that a seller accepted within a week led further than later ones.",),
)

_SOURCED = ("sourced", "sourced", "evidenced")
_INFLUENCED = ("influenced", "influenced", "evidenced")
_MOVED = ("influenced", "sourced", "evidenced")
# opportunity, account, class, claimed class, grade, status, created, closed, amount
_OPPORTUNITIES = [
    ("o01", "a1", *_SOURCED, "won", "2026-05-02", "2026-09-10", "1200000"),
    ("o02", "a2", *_SOURCED, "won", "2026-03-12", "2026-08-01", "340500.55"),
    ("o03", "a2", *_SOURCED, "lost", "2026-04-01", "2026-10-31", "90000"),
    ("o04", "a3", *_SOURCED, "open", "2026-08-15", None, "650000"),
    ("o05", "a4", *_MOVED, "won", "2026-02-11", "2026-09-30", "2750000"),
    ("o06", "a5", *_INFLUENCED, "won", "2026-06-20", "2026-10-05", "910000"),
    ("o07", "a6", *_INFLUENCED, "open", "2026-09-01", None, "480000"),
    ("o08", "a7", *_INFLUENCED, "open", "2026-10-20", None, None),
    ("o09", "a8", "direct", "sourced", "claimed", "won", "2026-07-01", "2026-09-15", "400000"),
    ("o10", "a9", "direct", "influenced", "claimed", "open", "2026-10-01", None, "125000.10"),
    ("o11", "a9", "direct", "direct", "unsupported", "lost", "2026-01-20", "2026-08-20", "77000"),
    ("o12", "a10", "direct", "direct", None, "won", "2025-11-05", "2026-07-31", "5000000"),
    ("o13", "a11", "direct", "direct", None, "won", "2026-01-05", "2026-10-30", "1500000"),
]  # fmt: skip


def definition(name: str = "timing", *, approved: bool = True, **changes: object) -> Definition:
    read = read_definition(PROJECT / "params" / "definitions" / f"{name}.yaml")
    return read.model_copy(update={"approvals": APPROVALS if approved else (), **changes})


def params(**changes: object) -> RunParams:
    values: dict[str, object] = {
        "name": "quarterly",
        "period": "2026-Q4",
        "as_of": date(2026, 10, 31),
        "read_at": datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
        "timezone": "America/New_York",
        "source": PROJECT / "sample",
        "definition": PROJECT / "params" / "definitions" / "timing.yaml",
        "fiscal_year_start": 11,
        "readout": None,
        "output_root": PROJECT / "outputs",
    }
    return RunParams.model_validate({**values, **changes})


def attribution(rows: list[tuple[str | None, ...]] | None = None) -> pl.DataFrame:
    def noon(day: str | None) -> datetime | None:
        return None if day is None else datetime.fromisoformat(f"{day}T16:00:00+00:00")

    records = [
        {
            "opportunity_id": key,
            "account_id": account,
            "classification": role,
            "claimed_classification": claimed,
            "crm_classification": None,
            "evidence_grade": grade,
            "primary_partner_id": None if role == "direct" else "p1",
            "deciding_touch_id": None if role == "direct" else f"t-{key}",
            "evidence_url": "https://notes.example/1" if grade == "evidenced" else None,
            "days_to_created": None if role == "direct" else -12,
            "partner_count": 0 if role == "direct" else 1,
            "status": status,
            "stage": "Negotiation",
            "opportunity_type": "new_business",
            "owner": "seller-1",
            "created_at": noon(created),
            "closed_at": noon(closed),
            "amount_reporting": None if amount is None else Decimal(amount),
            "definition_id": "timing",
            "definition_version": 1,
        }
        for key, account, role, claimed, grade, status, created, closed, amount in (
            _OPPORTUNITIES if rows is None else rows
        )
    ]
    frame = pl.DataFrame(records, schema=OpportunityAttribution.dtypes(), orient="row")
    return checked(frame, OpportunityAttribution)


def sensitivity(*, starts_on: date = date(2026, 8, 1)) -> pl.DataFrame:
    """What the sourced bookings of the quarter become with one choice changed."""
    tried = [
        ("timing", None, None, 2, "1540500.55", "0"),
        (
            "timing_evidence_optional",
            "evidence",
            "no link is asked for",
            4,
            "4690500.55",
            "3150000",
        ),
        ("timing_window_half", "window length", "half as long", 1, "340500.55", "-1200000"),
    ]
    rows = [
        (*key, starts_on, date(2026, 10, 31), count, Decimal(amount), Decimal(difference))
        for *key, count, amount, difference in tried
    ]
    table = pl.DataFrame(rows, schema=DefinitionSensitivity.dtypes(), orient="row")
    return checked(table, DefinitionSensitivity)


def metric(
    name: str,
    period: str,
    value: float | None,
    *,
    classification: str = "all",
    unit: str = "currency",
    category: str = "pipeline",
    **extra: object,
) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(Metrics.dtypes())
    reason = "no opportunity closed in the period" if value is None else None
    return row | {
        "metric": name,
        "category": category,
        "definition_id": "timing",
        "period": period,
        "classification": classification,
        "dimension": "all",
        "member": "all",
        "value": value,
        "unit": unit,
        "reason": reason,
        "basis": "current",
        **extra,
    }


def metrics_table(rows: list[dict[str, object]]) -> pl.DataFrame:
    return checked(pl.DataFrame(rows, schema=Metrics.dtypes(), orient="row"), Metrics)


# The last value of each is what `attribution()` adds up to.
BOOKINGS = {
    "sourced": [4.1e5, 6.2e5, 3.9e5, 8.8e5, 9.1e5, 7.4e5, 1.22e6, 1.31e6, 1540500.55],
    "influenced": [1.9e6, 2.4e6, 2.2e6, 2.9e6, 3.3e6, 2.6e6, 3.1e6, 3.9e6, 3660000.0],
}
OPEN = {"sourced": (2, 650000.0, 1, 570000.0), "influenced": (2, 480000.0, 1, 515000.0)}
CREATED = {"sourced": (1, 650000.0, 720000.0), "influenced": (1, 480000.0, 430000.0)}
_WINS = {
    "sourced": ((28, 62, 0.339, 0.576), (21, 55, 0.264, 0.513)),
    "influenced": ((31, 88, 0.261, 0.455), (29, 80, 0.266, 0.471)),
    "co_sell": ((59, 150, 0.318, 0.473), (50, 135, 0.293, 0.454)),
    "direct": ((44, 171, 0.197, 0.326), (51, 180, 0.223, 0.353)),
}


def metric_rows(
    *, evidence: tuple[int, int] = (282, 300), cost: bool = True
) -> list[dict[str, object]]:
    labels = [p.label for p in params().fiscal_period.trail(9)]
    now, before = labels[-1], labels[-2]
    rows: list[dict[str, object]] = []
    for role, values in BOOKINGS.items():
        for label, value in zip(labels, values, strict=True):
            rows.append(metric("bookings", label, value, classification=role, n=2))
        _, open_now, n_open, open_before = OPEN[role]
        rows.append(metric("open_pipeline", now, open_now, classification=role, n=n_open))
        rows.append(metric("open_pipeline", before, open_before, classification=role, n=2))
        n_new, new, new_before = CREATED[role]
        rows.append(metric("created_pipeline", now, new, classification=role, n=n_new))
        rows.append(metric("created_pipeline", before, new_before, classification=role, n=3))
        for label, share in ((now, 0.412), (before, 0.388)):
            rows.append(
                metric("partner_concentration", label, share, classification=role, unit="ratio")
            )
    for role, both in _WINS.items():
        for label, (won, closed, low, high) in zip((now, before), both, strict=True):
            rows.append(
                metric(
                    "win_rate", label, won / closed, classification=role, unit="ratio",
                    numerator=won, denominator=closed, n=closed, ci_low=low, ci_high=high,
                )
            )  # fmt: skip
    linked, touches = evidence
    for label in (now, before):
        rows.append(
            metric(
                "evidence_rate", label, linked / touches, unit="ratio", category="trust",
                numerator=linked, denominator=touches, n=touches,
            )
        )  # fmt: skip
        rows.append(
            metric(
                "logged_on_time_rate", label, 0.642, unit="ratio", category="trust",
                numerator=186, denominator=290, n=290,
            )
        )  # fmt: skip
        if cost:
            rows.append(metric("program_cost", label, 412300.0, category="programme"))
            rows.append(
                metric(
                    "cost_per_sourced_opportunity",
                    label,
                    9817.35,
                    category="programme",
                    classification="sourced",
                )
            )
            for member, part in (("people", 0.6), ("events", 0.3), ("market_development", 0.1)):
                rows.append(
                    metric(
                        "program_cost", label, 412300.0 * part, category="programme",
                        dimension="category", member=member,
                    )
                )  # fmt: skip
        else:
            reason = "the source has no program_costs"
            rows.append(metric("program_cost", label, None, category="programme", reason=reason))
            rows.append(
                metric(
                    "cost_per_sourced_opportunity", label, None, category="programme",
                    reason=reason,
                )
            )  # fmt: skip
    return rows


def metrics(*, evidence: tuple[int, int] = (282, 300), cost: bool = True) -> pl.DataFrame:
    return metrics_table(metric_rows(evidence=evidence, cost=cost))
