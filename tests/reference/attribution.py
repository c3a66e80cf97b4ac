"""The contract's "How one definition decides", a second time: slow, plain, without `workbench`.

Tests compare the package with this module. It goes touch by touch and opportunity by opportunity
over lists of dicts, in the order of the contract's text, and knows no shortcut. A comment that
begins with "Reading:" marks a place where the text allowed more than one.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Attribution:
    """The three tables of one definition, each sorted by its key."""

    touch_audit: list[Row]
    opportunity_attribution: list[Row]
    partner_credit: list[Row]


@dataclass(frozen=True)
class Opportunity:
    """An opportunity as it stands on the as-of day."""

    row: Row
    created_day: date
    closed_day: date  # the as-of day while it is open
    is_closed: bool

    @property
    def id(self) -> str:
        return self.row["opportunity_id"]


@dataclass(frozen=True)
class Pair:
    """A touch with one opportunity it may count for."""

    touch: Row
    touch_day: date
    logged_day: date | None
    opportunity: Opportunity

    @property
    def order(self) -> tuple[datetime, str]:
        return self.touch["touched_at"], self.touch["touch_id"]


def attribution(
    tables: Tables,
    definition: Row,
    *,
    as_of: date,
    timezone: str,
    reporting_currency: str,
) -> Attribution:
    """Decide every touch, every opportunity and every partner's credit under one definition.

    `definition` is the dict that YAML gives. Instants are aware datetimes, money is Decimal,
    a null is None. In `partner_credit`, `share` is an exact Fraction.

    Raises LookupError where an amount has no rate, ValueError where merges run in a circle.
    """
    zone = ZoneInfo(timezone)
    opportunities = known_opportunities(tables["opportunities"], as_of=as_of, zone=zone)
    amounts = {
        o.id: amount_reporting(
            o,
            amount_column=definition["amount"],
            fx_rates=tables.get("fx_rates", []),
            reporting_currency=reporting_currency,
        )
        for o in opportunities
    }
    if definition.get("basis") == "crm_field":
        return _attribution_by_crm_field(tables, definition, opportunities, amounts)

    partner_ids = {partner["partner_id"] for partner in tables["partners"]}
    merges = {
        merge["merged_account_id"]: merge["surviving_account_id"]
        for merge in tables.get("account_merges", [])
    }
    evidence_required = definition["gates"].get("evidence") == "required"

    touch_audit: list[Row] = []
    accepted: dict[str, list[tuple[Pair, str]]] = {o.id: [] for o in opportunities}
    accepted_without_evidence_gate: dict[str, list[tuple[Pair, str]]] = {
        o.id: [] for o in opportunities
    }
    for touch in tables["touches"]:
        pairs = pairs_of(touch, opportunities, definition, merges=merges, zone=zone)
        if not pairs:
            touch_audit.append(_audit_row(touch, touch["opportunity_id"], reason="no_opportunity"))
        for pair in pairs:
            reason = rejection(
                pair,
                definition,
                partner_ids=partner_ids,
                as_of=as_of,
                evidence_required=evidence_required,
            )
            number = None if reason else rule_number(pair, definition)
            role = None if number is None else definition["rules"][number]["role"]
            touch_audit.append(
                _audit_row(touch, pair.opportunity.id, reason=reason, role=role, rule=number)
            )
            if role is not None:
                accepted[pair.opportunity.id].append((pair, role))
            if not rejection(
                pair, definition, partner_ids=partner_ids, as_of=as_of, evidence_required=False
            ):
                claimed_role = definition["rules"][rule_number(pair, definition)]["role"]
                accepted_without_evidence_gate[pair.opportunity.id].append((pair, claimed_role))

    opportunity_attribution: list[Row] = []
    partner_credit: list[Row] = []
    for opportunity in opportunities:
        classification = class_of(accepted[opportunity.id])
        claimed_classification = class_of(accepted_without_evidence_gate[opportunity.id])
        pairs = sorted(
            (pair for pair, role in accepted[opportunity.id] if role == classification),
            key=lambda pair: pair.order,
        )
        deciding = pairs[0] if pairs else None
        primary = primary_partner(pairs, definition) if pairs else None
        opportunity_attribution.append(
            _opportunity_row(
                opportunity,
                definition,
                amount=amounts[opportunity.id],
                classification=classification,
                claimed_classification=claimed_classification,
                evidence_grade=evidence_grade(
                    classification,
                    claimed_classification,
                    deciding=deciding,
                    crm_classification=opportunity.row["crm_classification"],
                ),
                primary_partner_id=primary,
                deciding=deciding,
                partner_count=len({pair.touch["partner_id"] for pair in pairs}),
            )
        )
        if pairs:
            model = definition["credit"]["model"]
            shares = shares_of(pairs, definition, classification=classification, primary=primary)
            partner_credit += _credit_rows(
                opportunity, classification, model, shares, amounts[opportunity.id]
            )
    return _sorted(touch_audit, opportunity_attribution, partner_credit)


def _attribution_by_crm_field(
    tables: Tables,
    definition: Row,
    opportunities: list[Opportunity],
    amounts: dict[str, Decimal | None],
) -> Attribution:
    """Take the CRM's own word, consult no touch."""
    touch_audit = [
        _audit_row(touch, touch["opportunity_id"], reason="not_consulted")
        for touch in tables["touches"]
    ]
    opportunity_attribution: list[Row] = []
    partner_credit: list[Row] = []
    for opportunity in opportunities:
        classification = opportunity.row["crm_classification"] or "direct"
        # Reading: the CRM's partner stands also where the class is direct or the partner unknown.
        primary = opportunity.row["crm_partner_id"]
        is_credited = classification != "direct" and primary is not None
        opportunity_attribution.append(
            _opportunity_row(
                opportunity,
                definition,
                amount=amounts[opportunity.id],
                classification=classification,
                claimed_classification=classification,
                evidence_grade=None if classification == "direct" else "unsupported",
                primary_partner_id=primary,
                deciding=None,
                partner_count=1 if is_credited else 0,
            )
        )
        if is_credited:
            model = definition.get("credit", {}).get("model", "primary")
            partner_credit += _credit_rows(
                opportunity, classification, model, {primary: Fraction(1)}, amounts[opportunity.id]
            )
    return _sorted(touch_audit, opportunity_attribution, partner_credit)


# Days and money


def day_of(instant: datetime, *, zone: ZoneInfo) -> date:
    """The calendar day of an instant in the reporting time zone."""
    return instant.astimezone(zone).date()


def known_opportunities(rows: list[Row], *, as_of: date, zone: ZoneInfo) -> list[Opportunity]:
    """The opportunities that exist on the as-of day, open or closed as they were on it."""
    opportunities = []
    for row in rows:
        created_day = day_of(row["created_at"], zone=zone)
        if created_day > as_of:
            continue
        # Reading: the closed_at of an opportunity with status open (an expected close) is no close.
        is_closed = (
            row["status"] in ("won", "lost") and day_of(row["closed_at"], zone=zone) <= as_of
        )
        closed_day = day_of(row["closed_at"], zone=zone) if is_closed else as_of
        opportunities.append(Opportunity(row, created_day, closed_day, is_closed))
    return opportunities


def amount_reporting(
    opportunity: Opportunity,
    *,
    amount_column: str,
    fx_rates: list[Row],
    reporting_currency: str,
) -> Decimal | None:
    """The amount at the rate in force on the closed day, half to even to cents."""
    amount = opportunity.row[amount_column]
    currency = opportunity.row["currency"]
    # Reading: a null amount needs no rate, so its currency may lack one.
    if amount is None:
        return None
    if currency == reporting_currency:
        rate = Decimal(1)
    else:
        in_force = [
            row
            for row in fx_rates
            if row["currency"] == currency and row["valid_from"] <= opportunity.closed_day
        ]
        if not in_force:
            raise LookupError(f"no rate: {currency}, {opportunity.closed_day}, {opportunity.id}")
        rate = Decimal(str(max(in_force, key=lambda row: row["valid_from"])["rate"]))
    with localcontext(prec=80):
        return (amount * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


# 1. Pairs


def surviving_account(account_id: str | None, merges: dict[str, str]) -> str | None:
    """The account at the end of a chain of merges."""
    # Reading: a merge holds whatever its merged_at is, also when it came after the as-of day.
    seen = set()
    while account_id in merges:
        if account_id in seen:
            raise ValueError(f"account merges run in a circle at {account_id}")
        seen.add(account_id)
        account_id = merges[account_id]
    return account_id


def pairs_of(
    touch: Row,
    opportunities: list[Opportunity],
    definition: Row,
    *,
    merges: dict[str, str],
    zone: ZoneInfo,
) -> list[Pair]:
    """The opportunities a touch may count for."""
    touch_day = day_of(touch["touched_at"], zone=zone)
    logged_day = None if touch["logged_at"] is None else day_of(touch["logged_at"], zone=zone)

    if touch["opportunity_id"] is not None:
        # Reading: an id that no opportunity has pairs with nothing; the account is not tried.
        chosen = [o for o in opportunities if o.id == touch["opportunity_id"]]
    elif touch["account_id"] is None or definition["account_touches"] == "none":
        chosen = []
    else:
        account_id = surviving_account(touch["account_id"], merges)
        of_account = [
            o for o in opportunities if surviving_account(o.row["account_id"], merges) == account_id
        ]
        if definition["account_touches"] == "all":
            chosen = of_account
        else:
            chosen = [o for o in of_account if o.created_day <= touch_day <= o.closed_day]
            # Reading: "created after it" is by day, as "open" is. One created later on the
            # touch's own day is open that day and leaves the next one its place.
            later = [o for o in of_account if o.created_day > touch_day]
            if later:
                chosen.append(min(later, key=lambda o: (o.row["created_at"], o.id)))
    return [Pair(touch, touch_day, logged_day, opportunity) for opportunity in chosen]


# 2. Reasons and 3. Role


def rejection(
    pair: Pair,
    definition: Row,
    *,
    partner_ids: set[str],
    as_of: date,
    evidence_required: bool,
) -> str | None:
    """The first reason that rejects a pair, None where it is accepted."""
    touch, opportunity, gates = pair.touch, pair.opportunity, definition["gates"]
    logged, closed = pair.logged_day, opportunity.closed_day
    within_days = gates.get("logged_within_days")
    in_order = {
        "after_as_of": pair.touch_day > as_of,
        "unknown_partner": touch["partner_id"] not in partner_ids,
        "opportunity_type_excluded": (
            opportunity.row["opportunity_type"] not in definition["opportunity_types"]
        ),
        "touch_type_not_in_rules": not any(
            lists_type(rule, touch["touch_type"]) for rule in definition["rules"]
        ),
        "no_evidence": evidence_required and touch["evidence_url"] is None,
        # Reading: a gate that the definition does not name is open.
        "no_partner_contact": (
            gates.get("partner_contact") == "required" and touch["partner_contact"] is None
        ),
        "not_accepted_by_seller": (
            gates.get("seller_acceptance") == "required" and touch["accepted_by"] is None
        ),
        # Reading: logged before the touch happened is not late.
        "logged_late": (
            within_days is not None
            and (logged is None or (logged - pair.touch_day).days > within_days)
        ),
        # Reading: by day, so that logged later on the closed day passes.
        "logged_after_close": (
            bool(gates.get("logged_before_close")) and logged is not None and logged > closed
        ),
        "after_close": pair.touch_day > closed,
        "outside_window": rule_number(pair, definition) is None,
    }
    return next((reason for reason, holds in in_order.items() if holds), None)


def lists_type(rule: Row, touch_type: str) -> bool:
    """Whether a rule is about a touch type."""
    return rule["touch_types"] == "any" or touch_type in rule["touch_types"]


def rule_number(pair: Pair, definition: Row) -> int | None:
    """The first rule that lists the pair's type and whose window holds its day."""
    for number, rule in enumerate(definition["rules"]):
        if not lists_type(rule, pair.touch["touch_type"]):
            continue
        first_day = bound(rule.get("from"), pair.opportunity)
        last_day = bound(rule.get("to"), pair.opportunity)
        if first_day is not None and pair.touch_day < first_day:
            continue
        if last_day is not None and pair.touch_day > last_day:
            continue
        return number
    return None


def bound(text: str | None, opportunity: Opportunity) -> date | None:
    """The day that `created`, `closed`, `created - 30d` and so on stand for; None is no bound."""
    if text is None:
        return None
    match = re.fullmatch(r"(created|closed)(?:\s*([+-])\s*(\d+)d)?", text.strip())
    if match is None:
        raise ValueError(f"not a window's end: {text!r}")
    anchor, sign, days = match.groups()
    day = opportunity.created_day if anchor == "created" else opportunity.closed_day
    if sign is None:
        return day
    return day + timedelta(days=int(days)) if sign == "+" else day - timedelta(days=int(days))


# 4. Class, 6. Primary partner, evidence grade


def class_of(accepted: list[tuple[Pair, str]]) -> str:
    """Sourced before influenced before direct."""
    roles = {role for _, role in accepted}
    if "sourced" in roles:
        return "sourced"
    if "influenced" in roles:
        return "influenced"
    return "direct"


def primary_partner(pairs: list[Pair], definition: Row) -> str:
    """The primary partner among the pairs of the class's role, given in order."""
    if definition["primary_partner"] == "first":
        return pairs[0].touch["partner_id"]
    if definition["primary_partner"] == "last":
        return pairs[-1].touch["partner_id"]
    rank = definition["rank"]
    strongest = min(
        pairs,
        key=lambda pair: (
            rank.index(pair.touch["touch_type"]) if pair.touch["touch_type"] in rank else len(rank),
            pair.order,
        ),
    )
    return strongest.touch["partner_id"]


def evidence_grade(
    classification: str,
    claimed_classification: str,
    *,
    deciding: Pair | None,
    crm_classification: str | None,
) -> str | None:
    """How well the class is supported; the first grade that fits."""
    if deciding is not None and deciding.touch["evidence_url"] is not None:
        return "evidenced"
    if classification != "direct" or claimed_classification != "direct":
        return "claimed"
    if crm_classification in ("sourced", "influenced"):
        return "unsupported"
    return None


# 7. Credit


def shares_of(
    pairs: list[Pair], definition: Row, *, classification: str, primary: str
) -> dict[str, Fraction]:
    """Each partner's exact share, in the order of the partners' first pairs.

    Partners who get nothing under `primary`, `first` and `last` are left out.
    """
    model = definition["credit"]["model"]
    partners = list(dict.fromkeys(pair.touch["partner_id"] for pair in pairs))
    if model == "primary":
        return {primary: Fraction(1)}
    if model == "equal":
        return {partner: Fraction(1, len(partners)) for partner in partners}
    if model == "full":
        return {partner: Fraction(1) for partner in partners}
    if model == "first":
        return {pairs[0].touch["partner_id"]: Fraction(1)}
    if model == "last":
        return {pairs[-1].touch["partner_id"]: Fraction(1)}

    weights = weights_of(pairs, definition, classification=classification)
    total = sum(weights)
    shares = {partner: Fraction(0) for partner in partners}
    for pair, weight in zip(pairs, weights, strict=True):
        shares[pair.touch["partner_id"]] += weight / total
    return shares


def weights_of(pairs: list[Pair], definition: Row, *, classification: str) -> list[Fraction]:
    """Each touch's weight, for the models that weigh touches."""
    model = definition["credit"]["model"]
    if model == "linear":
        return [Fraction(1) for _ in pairs]
    if model == "position":
        return position_weights(len(pairs))
    if model == "time_decay":
        half_life = Fraction(str(definition["credit"]["half_life_days"]))
        # Reading: whole calendar days.
        days = [(_anchor_day(pair, classification) - pair.touch_day).days for pair in pairs]
        return [decay(max(0, count), half_life) for count in days]
    if model == "weighted":
        by_type = definition["credit"]["weights"]
        return [Fraction(str(by_type[pair.touch["touch_type"]])) for pair in pairs]
    raise ValueError(f"not a credit model: {model!r}")


def position_weights(touches: int) -> list[Fraction]:
    """40 to the first, 40 to the last, 20 to those between them."""
    if touches == 1:
        return [Fraction(1)]
    if touches == 2:
        return [Fraction(1, 2), Fraction(1, 2)]
    middle = Fraction(20, 100) / (touches - 2)
    return [Fraction(40, 100), *[middle] * (touches - 2), Fraction(40, 100)]


def _anchor_day(pair: Pair, classification: str) -> date:
    if classification == "sourced":
        return pair.opportunity.created_day
    return pair.opportunity.closed_day


def decay(days: int, half_life: Fraction) -> Fraction:
    """2^(−days / half_life).

    Whole half-lives are exact. Only the rest is irrational and taken to 60 digits; as the same
    rest always gives the same digits, shares that are rational in truth come out exact, ties too.
    """
    whole, rest = divmod(Fraction(days), half_life)
    if rest == 0:
        return Fraction(1, 2**whole)
    part = rest / half_life
    with localcontext(prec=60):
        root = Decimal(2) ** (-Decimal(part.numerator) / Decimal(part.denominator))
    return Fraction(1, 2**whole) * Fraction(root)


def cents_by_largest_remainder(amount: Decimal, shares: dict[str, Fraction]) -> dict[str, Decimal]:
    """Split an amount to the cent; of equal remainders the earlier partner's is rounded up."""
    cents = int(abs(amount) * 100)
    exact = {partner: share * cents for partner, share in shares.items()}
    given = {partner: int(value) for partner, value in exact.items()}
    remaining = cents - sum(given.values())
    # sorted() is stable, so that ties keep the order of the partners' first pairs.
    by_remainder = sorted(exact, key=lambda partner: given[partner] - exact[partner])
    for partner in by_remainder[:remaining]:
        given[partner] += 1
    sign = -1 if amount < 0 else 1
    return {partner: Decimal(sign * value).scaleb(-2) for partner, value in given.items()}


# Rows


def _audit_row(
    touch: Row,
    opportunity_id: str | None,
    *,
    reason: str | None = None,
    role: str | None = None,
    rule: int | None = None,
) -> Row:
    # Reading: a touch that is paired with nothing keeps the opportunity id that it came with.
    return {
        "touch_id": touch["touch_id"],
        "opportunity_id": opportunity_id,
        "partner_id": touch["partner_id"],
        "touch_type": touch["touch_type"],
        "touched_at": touch["touched_at"],
        "decision": "accepted" if reason is None else "rejected",
        "role": role,
        "reason": reason,
        "rule": rule,
    }


def _opportunity_row(
    opportunity: Opportunity,
    definition: Row,
    *,
    amount: Decimal | None,
    classification: str,
    claimed_classification: str,
    evidence_grade: str | None,
    primary_partner_id: str | None,
    deciding: Pair | None,
    partner_count: int,
) -> Row:
    row = opportunity.row
    return {
        "opportunity_id": opportunity.id,
        "account_id": row["account_id"],
        "classification": classification,
        "claimed_classification": claimed_classification,
        "crm_classification": row["crm_classification"],
        "evidence_grade": evidence_grade,
        "primary_partner_id": primary_partner_id,
        "deciding_touch_id": deciding.touch["touch_id"] if deciding else None,
        "evidence_url": deciding.touch["evidence_url"] if deciding else None,
        "days_to_created": (
            (deciding.touch_day - opportunity.created_day).days if deciding else None
        ),
        "partner_count": partner_count,
        "status": row["status"] if opportunity.is_closed else "open",
        "stage": row["stage"],
        "opportunity_type": row["opportunity_type"],
        "owner": row["owner"],
        "created_at": row["created_at"],
        "closed_at": row["closed_at"] if opportunity.is_closed else None,
        "amount_reporting": amount,
        "definition_id": definition["id"],
        "definition_version": definition["version"],
    }


def _credit_rows(
    opportunity: Opportunity,
    classification: str,
    model: str,
    shares: dict[str, Fraction],
    amount: Decimal | None,
) -> list[Row]:
    if amount is None:
        credited = dict.fromkeys(shares)
    elif model == "full":
        credited = dict.fromkeys(shares, amount)
    else:
        credited = cents_by_largest_remainder(amount, shares)
    return [
        {
            "opportunity_id": opportunity.id,
            "partner_id": partner,
            "classification": classification,
            "model": model,
            "share": share,
            "credited_amount": credited[partner],
        }
        for partner, share in shares.items()
    ]


def _sorted(
    touch_audit: list[Row], opportunity_attribution: list[Row], partner_credit: list[Row]
) -> Attribution:
    return Attribution(
        sorted(touch_audit, key=lambda row: (row["touch_id"], row["opportunity_id"] or "")),
        sorted(opportunity_attribution, key=lambda row: row["opportunity_id"]),
        sorted(partner_credit, key=lambda row: (row["opportunity_id"], row["partner_id"])),
    )
