"""The metric catalogue a second time: slow, plain, without `workbench`.

Tests compare the package with this module. It takes one metric, period, classification and member
at a time over lists of dicts, by the formulas of the catalogue, and knows no shortcut. A comment
that begins with "Reading:" marks a place where the text allowed more than one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from math import exp, log, sqrt
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Figure = tuple[float | None, int]  # value and n
Key = tuple[str, str, str, str, str]  # metric, period, classification, dimension, member

CLASSES = {
    "sourced": ("sourced",),
    "influenced": ("influenced",),
    "direct": ("direct",),
    "co_sell": ("sourced", "influenced"),
    "all": ("sourced", "influenced", "direct"),
}
APART: tuple[str, ...] = ("sourced", "influenced", "direct")
DAYS: tuple[str, ...] = ("sourced", "influenced", "co_sell", "direct")
NONE = "(none)"
WEIGHTED = "weighted_pipeline"
CIRCLE = "(parents in a circle)"
OF_PARTNERS = ("partner", "parent_partner", "partner_type", "tier")
Z = 1.959963984540054


@dataclass(frozen=True)
class Span:
    """A period: its label, and its first and last day."""

    label: str
    start: date
    end: date


class Company:
    """The tables of one snapshot, as they stand on the as-of day."""

    def __init__(self, tables: Tables, *, as_of: date, timezone: str, currency: str) -> None:
        self.tables = tables
        self.as_of = as_of
        self.zone = ZoneInfo(timezone)
        self.currency = currency
        self.partners = {row["partner_id"]: row for row in tables["partners"]}
        self.accounts = {row["account_id"]: row for row in tables["accounts"]}
        self.by_id = {row["opportunity_id"]: row for row in tables["opportunities"]}

    def day(self, instant: datetime | None) -> date | None:
        return None if instant is None else instant.astimezone(self.zone).date()

    def within(self, day: date | None, span: Span) -> bool:
        return day is not None and span.start <= day <= min(span.end, self.as_of)

    def is_open(self, opportunity: Row, day: date) -> bool:
        created, closed = self.day(opportunity["created_at"]), self.day(opportunity["closed_at"])
        assert created is not None
        return created <= day and (closed is None or closed > day)

    def created_in(self, opportunity: Row, span: Span) -> bool:
        return self.within(self.day(opportunity["created_at"]), span)

    def closed_in(self, opportunity: Row, span: Span) -> bool:
        return self.within(self.day(opportunity["closed_at"]), span)

    def won_in(self, opportunity: Row, span: Span) -> bool:
        return opportunity["status"] == "won" and self.closed_in(opportunity, span)

    def member(self, opportunity: Row, dimension: str) -> str:
        """The member of an opportunity; a partner's type or tier is its primary partner's."""
        if dimension in ("region", "segment"):
            value = self.accounts[opportunity["account_id"]][dimension]
        elif dimension == "partner":
            value = opportunity["primary_partner_id"]
        elif dimension == "parent_partner":
            value = self.top(opportunity["primary_partner_id"])
        elif dimension in ("partner_type", "tier"):
            value = self.partners.get(opportunity["primary_partner_id"], {}).get(dimension)
        else:
            value = "all" if dimension == "all" else opportunity[dimension]
        return NONE if value is None else value

    def top(self, partner_id: str | None) -> str | None:
        """The parent of parents, as far up as there is one."""
        way = [partner_id]
        while parent := self.partners.get(way[-1], {}).get("parent_partner_id"):
            if parent in way:
                return CIRCLE
            way.append(parent)
        return way[-1]

    def credits(self, opportunity: Row) -> list[tuple[str | None, Decimal | None]]:
        """Who is credited with what; without any credit, nobody with all of it."""
        found: list[tuple[str | None, Decimal | None]] = [
            (row["partner_id"], row["credited_amount"])
            for row in self.tables["credit"]
            if row["opportunity_id"] == opportunity["opportunity_id"]
        ]
        return found or [(None, opportunity["amount_reporting"])]


def figures(
    tables: Tables, spans: list[Span], *, as_of: date, timezone: str, currency: str
) -> dict[Key, Figure]:
    """Every figure: one for each group that has rows, and for each class of `all` in any case."""
    company = Company(tables, as_of=as_of, timezone=timezone, currency=currency)
    found: dict[Key, Figure] = {}
    for span in spans:
        for part in (
            _amounts,
            _counts,
            _sizes,
            _concentration,
            _renewals,
            _comparison,
            _decisions,
            _log,
            _handoffs,
            _coverage,
            _costs,
        ):
            for (metric, *rest), figure in part(company, span, is_last=span == spans[-1]):
                found[(metric, span.label, *rest)] = figure
    return found


Figures = Iterator[tuple[tuple[str, str, str, str], Figure]]


def _of(company: Company, classes: tuple[str, ...]) -> list[Row]:
    return [row for row in company.tables["opportunities"] if row["classification"] in classes]


def _sum(amounts: list[Decimal | None]) -> Figure:
    known = [amount for amount in amounts if amount is not None]
    if amounts and not known:
        return None, 0
    total = sum(known, Decimal(0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return float(total), len(known)


def _share(flags: list[bool]) -> Figure:
    return (sum(flags) / len(flags) if flags else None), len(flags)


def _middle(values: list[Any]) -> Figure:
    known = [float(value) for value in values if value is not None]
    return (median(known) if known else None), len(known)


def _mean(values: list[Decimal | None]) -> Figure:
    known = [value for value in values if value is not None]
    return (float(sum(known)) / len(known) if known else None), len(known)


def _grouped(rows: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for member, value in rows:
        groups.setdefault(member, []).append(value)
    return groups


def _amounts(company: Company, span: Span, *, is_last: bool) -> Figures:
    end = min(span.end, company.as_of)
    metrics: dict[str, tuple[Callable[[Row], bool], tuple[str, ...]]] = {
        "open_pipeline": (
            lambda row: company.is_open(row, end),
            (*OF_PARTNERS, "region", "segment", "owner"),
        ),
        "created_pipeline": (
            lambda row: company.created_in(row, span),
            (*OF_PARTNERS, "region"),
        ),
        "bookings": (
            lambda row: company.won_in(row, span),
            (*OF_PARTNERS, "region", "segment"),
        ),
    }
    if is_last:
        metrics[WEIGHTED] = (
            lambda row: company.is_open(row, company.as_of),
            ("partner",),
        )
    for metric, (belongs, dimensions) in metrics.items():
        for classification in APART:
            rows = [row for row in _of(company, (classification,)) if belongs(row)]
            for dimension in ("all", *dimensions):
                is_of_partner = dimension in OF_PARTNERS
                if is_of_partner and classification == "direct":
                    continue
                parts = [
                    (member, _times(amount, row["probability"] if metric == WEIGHTED else 1))
                    for row in rows
                    for member, amount in _parts(company, row, dimension, split=is_of_partner)
                ]
                groups = _grouped(parts)
                if dimension == "all":
                    groups.setdefault("all", [])
                for member, amounts in groups.items():
                    yield (metric, classification, dimension, member), _sum(amounts)


def _parts(
    company: Company, row: Row, dimension: str, *, split: bool
) -> list[tuple[str, Decimal | None]]:
    """What of an opportunity's amount belongs to which member: each once, so that `n` counts it."""
    if not split:
        return [(company.member(row, dimension), row["amount_reporting"])]
    credited = _grouped(
        [
            (company.member({**row, "primary_partner_id": partner_id}, dimension), amount)
            for partner_id, amount in company.credits(row)
        ]
    )
    return [
        (member, None if amounts[0] is None else sum(amounts, Decimal(0)))
        for member, amounts in credited.items()
    ]


def _times(amount: Decimal | None, weight: float | None) -> Decimal | None:
    if amount is None or weight is None:
        return None
    return amount * Decimal(str(weight))


def _by_opportunity(
    company: Company,
    metric: str,
    rows: list[Row],
    *,
    value: Callable[[Row], Any],
    summary: Callable[[list[Any]], Figure],
    classes: tuple[str, ...],
    dimensions: tuple[str, ...],
) -> Figures:
    for classification in classes:
        chosen = [row for row in rows if row["classification"] in CLASSES[classification]]
        for dimension in ("all", *dimensions):
            # Reading: direct has no partner, so no partner type has direct or all.
            is_of_partner = dimension in OF_PARTNERS
            if is_of_partner and classification in ("direct", "all"):
                continue
            groups = _grouped([(company.member(row, dimension), value(row)) for row in chosen])
            if dimension == "all":
                groups.setdefault("all", [])
            for member, values in groups.items():
                yield (metric, classification, dimension, member), summary(values)


def _counts(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    closed = [row for row in _of(company, APART) if company.closed_in(row, span)]
    for metric, status in (("won_count", "won"), ("lost_count", "lost")):
        rows = [row for row in closed if row["status"] == status]
        yield from _by_opportunity(
            company,
            metric,
            rows,
            value=lambda row: row,
            summary=_number,
            classes=APART,
            dimensions=("partner", "parent_partner"),
        )
    yield from _by_opportunity(
        company,
        "win_rate",
        closed,
        value=lambda row: row["status"] == "won",
        summary=_share,
        classes=tuple(CLASSES),
        dimensions=("partner_type", "region", "segment"),
    )


def _sizes(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    won = [row for row in _of(company, APART) if company.won_in(row, span)]
    created = [row for row in _of(company, ("sourced",)) if company.created_in(row, span)]

    def amount(row: Row) -> Any:
        return row["amount_reporting"]

    def age(row: Row) -> int:
        return (company.day(row["closed_at"]) - company.day(row["created_at"])).days

    def lead(row: Row) -> int | None:
        return None if row["days_to_created"] is None else -row["days_to_created"]

    # Reading: the size of a sale is the whole amount, and its partner the primary one.
    by_type = ("partner_type",)
    for metric, rows, value, summary, classes, dimensions in (
        ("average_won_amount", won, amount, _mean, APART, by_type),
        ("median_won_amount", won, amount, _middle, APART, by_type),
        ("days_to_close", won, age, _middle, DAYS, ("opportunity_type",)),
        ("days_touch_to_opportunity", created, lead, _middle, ("sourced",), by_type),
    ):
        yield from _by_opportunity(
            company,
            metric,
            rows,
            value=value,
            summary=summary,
            classes=classes,
            dimensions=dimensions,
        )


def _concentration(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    for classification in ("sourced", "influenced"):
        won = [row for row in _of(company, (classification,)) if company.won_in(row, span)]
        bookings, n = _sum([row["amount_reporting"] for row in won])
        pairs = [pair for row in won for pair in company.credits(row) if pair[0] is not None]
        largest = max(
            (_sum(amounts)[0] or 0.0 for amounts in _grouped(pairs).values()),
            default=None,
        )
        has_value = bookings is not None and bookings > 0 and largest is not None
        value = largest / bookings if has_value else None
        yield ("partner_concentration", classification, "all", "all"), (value, n)

        by_group: dict[str | None, Decimal] = {}
        for partner_id, amount in pairs:
            top = company.top(partner_id)
            by_group[top] = by_group.get(top, Decimal(0)) + (amount or Decimal(0))
        groups = sorted((float(a) for a in by_group.values() if a > 0), reverse=True)
        whole = sum(groups)
        share = sum(groups[:5]) / whole if groups else None
        index = sum((group / whole) ** 2 for group in groups) if groups else None
        yield ("top_partners_share", classification, "all", "all"), (share, len(groups))
        yield ("partner_concentration_index", classification, "all", "all"), (index, len(groups))


def _renewals(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    found: dict[str, list[bool]] = {name: [] for name in DAYS}
    for row in company.tables["opportunities"]:
        if row["opportunity_type"] != "renewal" or not company.closed_in(row, span):
            continue
        sales = [
            (company.day(sale["closed_at"]), sale["opportunity_id"], sale["classification"])
            for sale in company.tables["opportunities"]
            if sale["account_id"] == row["account_id"]
            and sale["status"] == "won"
            and sale["opportunity_type"] == "new_business"
        ]
        if not sales or min(sales)[0] > company.day(row["closed_at"]):
            continue
        for name in DAYS:
            if min(sales)[2] in CLASSES[name]:
                found[name].append(row["status"] == "won")
    for name, won in found.items():
        yield ("renewal_rate", name, "all", "all"), _share(won)


def _comparison(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    closed = [row for row in _of(company, APART) if company.closed_in(row, span)]
    end = min(span.end, company.as_of)
    year = Span("year", end - timedelta(days=364), end)
    won = [row for row in _of(company, APART) if company.won_in(row, year)]

    def is_won(row: Row) -> float:
        return float(row["status"] == "won")

    def days(row: Row) -> float:
        return float((company.day(row["closed_at"]) - company.day(row["created_at"])).days)

    ones, others = _sides(closed, "co_sell")
    value = fmean(map(is_won, ones)) - fmean(map(is_won, others)) if ones and others else None
    # Reading: below 20 on a side there is no value, but `n` still counts both.
    is_said = min(len(ones), len(others)) >= 20
    key = ("win_rate_difference", "co_sell", "all", "all")
    yield key, (value if is_said else None, len(ones) + len(others))
    for metric, classification, rows, value_of, banded in (
        ("win_rate_difference_adjusted", "co_sell", closed, is_won, True),
        ("days_to_close_difference_adjusted", "co_sell", won, days, True),
    ):
        yield (
            (metric, classification, "all", "all"),
            _alike(company, rows, classification, value_of, banded=banded),
        )
    sized = [r for r in won if r["amount_reporting"] is not None and r["amount_reporting"] > 0]
    for classification in ("sourced", "influenced"):
        logs, n = _alike(
            company,
            sized,
            classification,
            lambda row: log(float(row["amount_reporting"])),
            banded=False,
        )
        key = ("won_amount_ratio_adjusted", classification, "all", "all")
        yield key, (None if logs is None else exp(logs), n)


def _sides(rows: list[Row], classification: str) -> tuple[list[Row], list[Row]]:
    ones = [row for row in rows if row["classification"] in CLASSES[classification]]
    return ones, [row for row in rows if row["classification"] == "direct"]


def _alike(
    company: Company,
    rows: list[Row],
    classification: str,
    value_of: Callable[[Row], float],
    *,
    banded: bool,
) -> Figure:
    """The weighted mean of the strata's differences; a stratum weighs n₁n₀ ÷ (n₁ + n₀)."""
    amounts = [row["amount_reporting"] for row in rows if row["amount_reporting"] is not None]

    def stratum(row: Row) -> tuple[Any, ...]:
        amount, third = row["amount_reporting"], None
        if banded and amount is not None:
            third = 3 * sum(other < amount for other in amounts) // len(amounts)
        return company.member(row, "segment"), row["opportunity_type"], third

    strata: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        strata.setdefault(stratum(row), []).append(row)
    above = below = 0.0
    n1 = n0 = 0
    for members in strata.values():
        ones, others = _sides(members, classification)
        if ones and others:
            weight = len(ones) * len(others) / (len(ones) + len(others))
            above += weight * (fmean(map(value_of, ones)) - fmean(map(value_of, others)))
            below += weight
            n1, n0 = n1 + len(ones), n0 + len(others)
    return (above / below if min(n1, n0) >= 20 else None), n1 + n0


def _decisions(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    end = min(span.end, company.as_of)
    year = Span("year", end - timedelta(days=364), end)
    for classification in DAYS:
        times: list[tuple[int, bool]] = []
        for row in _of(company, CLASSES[classification]):
            if company.created_in(row, year):
                closed = company.day(row["closed_at"])
                is_over = closed is not None and closed <= end
                until = closed if is_over else end
                times.append(((until - company.day(row["created_at"])).days, is_over))
        going, middle = 1.0, None
        for day in sorted({time for time, _ in times}):
            at_risk = sum(time >= day for time, _ in times)
            going *= 1 - sum(is_over and time == day for time, is_over in times) / at_risk
            if going <= 0.5 + 1e-9 and middle is None:
                middle = float(day)
        is_said = sum(is_over for _, is_over in times) >= 20
        key = ("days_to_decision", classification, "all", "all")
        yield key, (middle if is_said else None, len(times))


def _by_row(
    metric: str,
    rows: list[Row],
    value: Callable[[Row], Any],
    summary: Callable[[list[Any]], Figure],
    dimensions: dict[str, Callable[[Row], str | None]],
) -> Figures:
    yield (metric, "all", "all", "all"), summary([value(row) for row in rows])
    for dimension, member in dimensions.items():
        for name, values in _grouped([(member(row) or NONE, value(row)) for row in rows]).items():
            yield (metric, "all", dimension, name), summary(values)


def _number(rows: list[Any]) -> Figure:
    return float(len(rows)), len(rows)


def _log(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last

    def partner(row: Row) -> str:
        return row["partner_id"]

    def kind(row: Row) -> str:
        return row["touch_type"]

    def on_time(row: Row) -> bool:
        return (company.day(row["logged_at"]) - company.day(row["touched_at"])).days <= 14

    touches = [
        row
        for row in company.tables["touches"]
        if company.within(company.day(row["touched_at"]), span)
    ]
    accepted = {row["touch_id"] for row in company.tables["audit"] if row["decision"] == "accepted"}
    yield from _by_row(
        "touches_logged",
        [row for row in touches if row["touch_id"] in accepted],
        lambda row: row,
        _number,
        {"touch_type": kind, "partner": partner},
    )
    yield from _by_row(
        "registrations",
        [row for row in touches if row["touch_type"] == "deal_registration"],
        lambda row: row,
        _number,
        {"partner": partner},
    )
    yield from _by_row(
        "evidence_rate",
        touches,
        lambda row: row["evidence_url"] is not None,
        _share,
        {"partner": partner, "touch_type": kind},
    )
    yield from _by_row(
        "logged_on_time_rate",
        [row for row in touches if row["logged_at"] is not None],
        on_time,
        _share,
        {"partner": partner, "owner": lambda row: row["logged_by"]},
    )


def _handoffs(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    handoffs = company.tables["handoffs"]
    dimensions: dict[str, Callable[[Row], str | None]] = {
        "direction": lambda row: row["direction"],
        "partner": lambda row: row["partner_id"],
    }

    def accepted(row: Row) -> bool:
        responded = company.day(row["responded_at"])
        return row["response"] == "accepted" and (responded is None or responded <= company.as_of)

    def days_to_meeting(row: Row) -> int:
        return (company.day(row["first_meeting_at"]) - company.day(row["sent_at"])).days

    sent = [row for row in handoffs if company.within(company.day(row["sent_at"]), span)]
    answered = [
        row
        for row in handoffs
        if row["response"] != "pending" and company.within(company.day(row["responded_at"]), span)
    ]
    met = [row for row in handoffs if company.within(company.day(row["first_meeting_at"]), span)]
    yield from _by_row("handoffs_sent", sent, lambda row: row, _number, dimensions)
    taken = [row for row in sent if accepted(row)]
    yield from _by_row("handoffs_accepted", taken, lambda row: row, _number, dimensions)
    yield from _by_row("handoff_acceptance_rate", answered, accepted, _share, dimensions)
    yield from _by_row(
        "days_touch_to_meeting",
        met,
        days_to_meeting,
        _middle,
        {"partner_type": lambda row: company.partners[row["partner_id"]]["partner_type"]},
    )


def _coverage(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    end = min(span.end, company.as_of)
    # Reading: the 365 days hold for the path as for the touch, and the last of them is the end.
    start = end - timedelta(days=364)

    def is_recent(instant: datetime) -> bool:
        day = company.day(instant)
        return day is not None and start <= day <= end

    covered = {
        row["account_id"]
        for row in company.tables["account_paths"]
        if row["evidence_url"] is not None and is_recent(row["observed_at"])
    } | {
        company.by_id[row["opportunity_id"]]["account_id"]
        for row in company.tables["audit"]
        if row["decision"] == "accepted" and is_recent(row["touched_at"])
    }
    yield from _by_row(
        "target_coverage",
        [row for row in company.tables["accounts"] if row["is_target"]],
        lambda row: row["account_id"] in covered,
        _share,
        {"region": lambda row: row["region"], "segment": lambda row: row["segment"]},
    )


def _costs(company: Company, span: Span, *, is_last: bool) -> Figures:
    del is_last
    costs = [
        row for row in company.tables["program_costs"] if company.within(row["incurred_on"], span)
    ]

    def converted(row: Row) -> Decimal:
        if row["currency"] == company.currency:
            return row["amount"]
        in_force = [
            rate
            for rate in company.tables["fx_rates"]
            if rate["currency"] == row["currency"] and rate["valid_from"] <= row["incurred_on"]
        ]
        rate = max(in_force, key=lambda rate: rate["valid_from"])["rate"]
        return (row["amount"] * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)

    dimensions: dict[str, Callable[[Row], str | None]] = {
        "category": lambda row: row["category"],
        "partner": lambda row: row["partner_id"],
    }
    yield from _by_row("program_cost", costs, converted, _sum, dimensions)
    sourced = [row for row in _of(company, ("sourced",)) if company.created_in(row, span)]
    spent, n = _sum([converted(row) for row in costs])
    # Reading: where no cost is booked, the cost per opportunity is unknown, not zero.
    value = spent / len(sourced) if sourced and n and spent is not None else None
    key = ("cost_per_sourced_opportunity", "sourced", "all", "all")
    yield key, (value, len(sourced))


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The ends of the 95 % score interval: where |p̂ − p| = 1.96 √(p(1 − p)/n), solved for p."""
    z = Z
    p = successes / trials
    # (p̂ − p)² = z² p(1 − p)/n, a quadratic a p² + b p + c = 0.
    a, b, c = 1 + z * z / trials, -(2 * p + z * z / trials), p * p
    root = sqrt(max(b * b - 4 * a * c, 0.0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)
