"""Small nasty worlds and definitions, for properties and for comparison with the oracle.

    @given(world=worlds(), definition=definitions())
    def test_...(world, definition):
        attribution(**world, definition=definition)

Every draw comes from a short list, so that days, instants, partners and windows meet often. Days
hang on the anchors of an opportunity, shifted by the same numbers as the windows' ends.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Row = dict[str, Any]

TIMEZONES = ["UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "America/Santiago"]

# Days on which a clock changes in one of the zones, a leap day, a year's end and a plain day.
CENTRES = [
    date(2025, 3, 9),  # New York springs forward
    date(2025, 11, 2),  # New York falls back
    date(2025, 4, 6),  # Auckland falls back; Santiago too, at midnight
    date(2025, 9, 28),  # Auckland springs forward
    date(2025, 9, 7),  # Santiago springs forward: this day has no midnight
    date(2024, 2, 29),
    date(2025, 12, 31),
    date(2025, 6, 18),
]

SHIFTS = [0, 1, 2, 7, 14, 30, 90, 365]
NEAR = [0, 0, 0, 1, -1, 1, -1, 2, -2]
FAR = [*NEAR, -7, -8, 7, -14, -15, 14, -30, -31, 30, -90, -91, -365, -366]

CLOCK_TIMES = [
    time(0, 0),
    time(0, 0, 0, 1),
    time(0, 30),
    time(1, 30),  # twice on the day a clock falls back
    time(2, 30),  # never on the day it springs forward
    time(12, 0),
    time(23, 30),
    time(23, 59, 59, 999999),
]

# The types that worlds use. Definitions name the others seldom.
COMMON_TYPES = ["introduction", "event_meeting", "deal_registration", "co_sell", "resale"]
OTHER_TYPES = [
    "referral",
    "lead_submission",
    "campaign_response",
    "overlap_detected",
    "intro_requested",
    "deal_room_created",
    "deal_review",
    "technical_validation",
    "reference",
    "champion",
    "marketplace_transaction",
    "service_delivery",
    "crm_tag",
]
TOUCH_TYPES = COMMON_TYPES + OTHER_TYPES
OPPORTUNITY_TYPES = ["new_business", "expansion", "renewal"]
OPPORTUNITY_TYPE_LISTS = [*[OPPORTUNITY_TYPES] * 5, ["new_business", "expansion"], ["renewal"]]
CREDIT_MODELS = [
    "primary",
    "equal",
    "linear",
    "first",
    "last",
    "position",
    "time_decay",
    "weighted",
    "full",
]

# Their order as text is neither that of numbers nor of the alphabet without case.
ACCOUNT_IDS = ["A1", "A2", "a1", "A10"]
PARTNER_IDS = ["P2", "P10", "p2", "P1"]
OPPORTUNITY_IDS = ["O2", "O10", "o2", "O1"]
TOUCH_IDS = ["T2", "T10", "t2", "T1", "T02", "T9", "T-1", "T11"]
CURRENCIES = ["EUR", "USD", "JPY"]

AMOUNTS = [
    Decimal(text)
    for text in [
        "100.00",
        "0.01",
        "0.02",
        "0.05",
        "0.00",
        "-100.00",
        "-0.01",
        "-0.05",
        "-33.35",
        "10000.01",
        "99999.97",
        "12.35",
        "1234567890.11",
    ]
]
RATES = [
    Decimal(text) for text in ["1", "0.5", "1.5", "0.1", "0.25", "1.005", "0.9137", "0.006712"]
]


@st.composite
def worlds(draw: st.DrawFn) -> Row:
    """One world: `tables`, `as_of`, `timezone`, `reporting_currency`, as `attribution` takes them.

    `tables` has accounts, partners, opportunities, touches, account_merges and fx_rates with every
    column of the canonical tables. Every currency has a rate on every day that can matter.
    """
    timezone = draw(st.sampled_from(TIMEZONES))
    zone = ZoneInfo(timezone)
    centre = draw(st.sampled_from(CENTRES))
    as_of = centre + timedelta(days=draw(st.sampled_from([40, 90, 91, 40, 90, 0, 1, 7])))

    opportunity_ids = draw(st.permutations(OPPORTUNITY_IDS))[
        : draw(st.sampled_from([1, 1, 2, 2, 3, 4]))
    ]
    opportunities: list[Row] = []
    for opportunity_id in opportunity_ids:
        opportunities.append(
            draw(_opportunities(opportunity_id, opportunities, centre=centre, zone=zone))
        )

    touch_ids = draw(st.permutations(TOUCH_IDS))[
        : draw(st.sampled_from([0, 1, 2, 4, 5, 6, 7, 8, 8]))
    ]
    touches: list[Row] = []
    for touch_id in touch_ids:
        touches.append(draw(_touches(touch_id, touches, opportunities, as_of=as_of, zone=zone)))

    return {
        "tables": {
            "accounts": [_account(account_id) for account_id in ACCOUNT_IDS],
            "partners": [_partner(partner_id) for partner_id in PARTNER_IDS],
            "opportunities": opportunities,
            "touches": touches,
            "account_merges": draw(_account_merges()),
            "fx_rates": draw(_fx_rates(centre=centre)),
        },
        "as_of": as_of,
        "timezone": timezone,
        "reporting_currency": draw(st.sampled_from(["EUR", "USD"])),
    }


def _instants(day: date, *, zone: ZoneInfo) -> st.SearchStrategy[datetime]:
    """Instants of a local day near its edges and clock change, or its midnight in UTC."""
    local = [
        datetime.combine(day, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC)
        for clock in CLOCK_TIMES
        for fold in (0, 1)
    ]
    return st.sampled_from([*local, datetime.combine(day, time(), tzinfo=UTC)])


@st.composite
def _opportunities(
    draw: st.DrawFn, opportunity_id: str, earlier: list[Row], *, centre: date, zone: ZoneInfo
) -> Row:
    if earlier and draw(st.sampled_from([False, False, True])):
        created_at = draw(st.sampled_from(earlier))["created_at"]
    else:
        created_day = centre + timedelta(
            days=draw(st.sampled_from([*NEAR, *NEAR, -30, -90, -7, 41, 91]))
        )
        created_at = draw(_instants(created_day, zone=zone))
    status = draw(st.sampled_from(["won", "lost", "open"]))
    closed_at = None
    # An open one may carry an expected close. A close on the same day may come before the creation,
    # as may one that was read as a date, at midnight in UTC.
    if status != "open" or draw(st.booleans()):
        days_open = draw(st.sampled_from([0, 0, 1, 2, 7, 30, 90, 120]))
        closed_day = created_at.astimezone(zone).date() + timedelta(days=days_open)
        closed_at = draw(_instants(closed_day, zone=zone))
    return {
        "opportunity_id": opportunity_id,
        "account_id": draw(st.sampled_from(["A1", "A1", "A1", "A2", "a1", "A10"])),
        "name": None,
        "opportunity_type": draw(
            st.sampled_from(["new_business", "new_business", *OPPORTUNITY_TYPES])
        ),
        "stage": draw(st.sampled_from(["discovery", "closed"])),
        "status": status,
        "created_at": created_at,
        "closed_at": closed_at,
        "amount": draw(st.sampled_from([*AMOUNTS, None])),
        "recurring_amount": draw(st.sampled_from([None, *AMOUNTS])),
        "currency": draw(st.sampled_from(CURRENCIES)),
        "probability": None,
        "owner": draw(st.sampled_from([None, "Ada"])),
        "crm_classification": draw(st.sampled_from([None, "sourced", "influenced", "direct"])),
        "crm_partner_id": draw(st.sampled_from([None, "P1", "P2", "P-unknown"])),
        "crm_influence_type": None,
        "source_system": "crm",
    }


@st.composite
def _touches(
    draw: st.DrawFn,
    touch_id: str,
    earlier: list[Row],
    opportunities: list[Row],
    *,
    as_of: date,
    zone: ZoneInfo,
) -> Row:
    opportunity = draw(st.sampled_from(opportunities))
    anchors = [
        instant.astimezone(zone).date()
        for instant in (opportunity["created_at"], opportunity["closed_at"])
        if instant is not None
    ]
    if earlier and draw(st.sampled_from([False, False, False, True])):
        touched_at = draw(st.sampled_from(earlier))["touched_at"]
    else:
        anchor = draw(st.sampled_from([*anchors * 4, as_of]))
        touched_day = anchor + timedelta(days=draw(st.sampled_from(FAR)))
        touched_at = draw(_instants(touched_day, zone=zone))

    logged_at = None
    if draw(st.sampled_from([True, True, False])):
        touched_day = touched_at.astimezone(zone).date()
        logged_anchor = draw(st.sampled_from([touched_day, anchors[-1], as_of]))
        logged_day = logged_anchor + timedelta(days=draw(st.sampled_from([*NEAR, 7, 8, 30, 31])))
        logged_at = draw(_instants(logged_day, zone=zone))

    link = draw(st.sampled_from(["own"] * 7 + ["account"] * 4 + ["orphan", "none"]))
    account_id = draw(
        st.sampled_from([opportunity["account_id"]] * 5 + ["A1", "A2", "A10", "A-unknown"])
    )
    if link == "none" or (link == "own" and draw(st.booleans())):
        account_id = None
    return {
        "touch_id": touch_id,
        "opportunity_id": {"own": opportunity["opportunity_id"], "orphan": "O-orphan"}.get(link),
        "account_id": account_id,
        "partner_id": draw(st.sampled_from([*PARTNER_IDS * 5, "P-unknown"])),
        "partner_contact": draw(st.sampled_from(["Bo", "Bo", "Bo", None])),
        "touch_type": draw(st.sampled_from([*COMMON_TYPES * 3, "crm_tag"])),
        "touched_at": touched_at,
        "logged_at": logged_at,
        "logged_by": None,
        "accepted_by": draw(st.sampled_from(["Cy", "Cy", "Cy", None])),
        "evidence_url": draw(st.sampled_from([f"https://proof/{touch_id}"] * 2 + [None])),
        "campaign_id": None,
        "source_system": "prm",
        "first_seen_at": touched_at,
    }


@st.composite
def _account_merges(draw: st.DrawFn) -> list[Row]:
    """Merges without a circle: an account goes into one that stands later in a random order."""
    order = draw(st.permutations(ACCOUNT_IDS))
    merges = []
    for position, account_id in enumerate(order[:-1]):
        if draw(st.sampled_from([False, True])):
            surviving = draw(st.sampled_from(order[position + 1 :]))
            merges.append(
                {
                    "merged_account_id": account_id,
                    "surviving_account_id": surviving,
                    "merged_at": draw(st.sampled_from([None, datetime(2025, 1, 1, tzinfo=UTC)])),
                }
            )
    return draw(st.permutations(merges))


@st.composite
def _fx_rates(draw: st.DrawFn, *, centre: date) -> list[Row]:
    """Rates of every currency, the first long before any day; some change on the days at stake.

    The reporting currency has rows too, which must not matter: its rate is 1.
    """
    rows = []
    for currency in CURRENCIES:
        changes = draw(st.lists(st.sampled_from([*NEAR, 30]), unique=True, max_size=2))
        days = [date(2000, 1, 1), *(centre + timedelta(days=change) for change in changes)]
        rows += [
            {"currency": currency, "valid_from": day, "rate": draw(st.sampled_from(RATES))}
            for day in days
        ]
    return draw(st.permutations(rows))


def _account(account_id: str) -> Row:
    return {
        "account_id": account_id,
        "name": f"Account {account_id}",
        "parent_account_id": None,
        "domain": None,
        "segment": None,
        "industry": None,
        "region": None,
        "is_target": False,
        "owner": None,
    }


def _partner(partner_id: str) -> Row:
    return {
        "partner_id": partner_id,
        "name": f"Partner {partner_id}",
        "partner_type": "reseller",
        "tier": None,
        "region": None,
        "parent_partner_id": None,
        "manager": None,
        "active": partner_id != "p2",  # inactive, yet known
    }


# Definitions


@st.composite
def definitions(draw: st.DrawFn) -> Row:
    """One valid definition, as YAML gives it: by rules, now and then by the CRM's field."""
    definition: Row = {
        "id": "drawn",
        "version": draw(st.sampled_from([1, 2])),
        "title": "A definition that hypothesis drew",
        "effective_from": date(2025, 2, 1),
        "approvals": [],
        "amount": draw(st.sampled_from(["amount", "amount", "recurring_amount"])),
        "opportunity_types": draw(st.sampled_from(OPPORTUNITY_TYPE_LISTS)),
    }
    if draw(st.sampled_from([False] * 9 + [True])):
        return definition | {"basis": "crm_field", "credit": {"model": "primary"}}

    rules = draw(st.one_of(st.lists(_rules(), min_size=1, max_size=4), _rules_in_turn()))
    primary_partner = draw(st.sampled_from(["first", "last", "ranked"]))
    definition |= {
        "account_touches": draw(st.sampled_from(["all", "first", "first", "all", "none"])),
        "gates": {
            "evidence": draw(st.sampled_from(["optional", "required", "optional"])),
            "partner_contact": draw(st.sampled_from(["optional"] * 4 + ["required"])),
            "seller_acceptance": draw(st.sampled_from(["optional"] * 4 + ["required"])),
            "logged_within_days": draw(st.sampled_from([None] * 12 + [0, 1, 7, 30])),
            "logged_before_close": draw(st.booleans()),
        },
        "rules": rules,
        "primary_partner": primary_partner,
    }
    if primary_partner == "ranked":
        definition["rank"] = draw(_subsets(COMMON_TYPES)) + draw(_subsets(OTHER_TYPES, max_size=1))
    return definition | {"credit": draw(_credits(rules))}


def _subsets(
    values: list[str], *, min_size: int = 1, max_size: int | None = None
) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=min_size, max_size=max_size)


@st.composite
def _rules_in_turn(draw: st.DrawFn) -> list[Row]:
    """Sourced before the opportunity existed, influenced while it was open: both often hold."""
    days = draw(st.sampled_from([0, 1, 2]))
    last_day = _end_text("created", -days)
    types = draw(st.sampled_from(["any", COMMON_TYPES, COMMON_TYPES[:3]]))
    return [
        {"role": "sourced", "touch_types": types, "from": "created - 365d", "to": last_day},
        {"role": "influenced", "touch_types": "any", "from": last_day, "to": "closed"},
    ]


@st.composite
def _rules(draw: st.DrawFn) -> Row:
    types = draw(st.sampled_from(["any", "common", "mixed"]))
    rule: Row = {"role": draw(st.sampled_from(["sourced", "influenced"]))}
    if types == "any":
        rule["touch_types"] = "any"
    elif types == "common":
        rule["touch_types"] = draw(_subsets(COMMON_TYPES, min_size=3))
    else:
        rule["touch_types"] = draw(_subsets(TOUCH_TYPES, max_size=8))
    return rule | draw(_windows())


# Beginnings lean to before, ends to after: two drawn alike would seldom hold a touch.
_BEFORE = [-shift for shift in SHIFTS]
_BEGINNINGS = st.tuples(
    st.sampled_from(["created", "created", "closed"]), st.sampled_from([*_BEFORE * 3, *SHIFTS])
)
_ENDS = st.tuples(
    st.sampled_from(["created", "closed", "closed"]),
    st.sampled_from([0, 0, 0, -1, -1, *SHIFTS, *_BEFORE]),
)


@st.composite
def _windows(draw: st.DrawFn) -> Row:
    """A window that can hold; an end that is not there is no bound."""
    first, last = draw(
        st.tuples(st.none() | _BEGINNINGS, st.none() | _ENDS).filter(lambda w: can_hold(*w))
    )
    window = {}
    if first is not None:
        window["from"] = _end_text(*first)
    if last is not None:
        window["to"] = _end_text(*last)
    return window


def can_hold(first: tuple[str, int] | None, last: tuple[str, int] | None) -> bool:
    """Whether a window from `first` to `last` holds any day, given created ≤ closed.

    Nothing after the close ever counts, so a window cannot begin there.
    """
    if first is None:
        return True
    first_anchor, first_shift = first
    if first_anchor == "closed" and first_shift >= 1:
        return False
    if last is None:
        return True
    last_anchor, last_shift = last
    if first_anchor == last_anchor or (first_anchor, last_anchor) == ("closed", "created"):
        return first_shift <= last_shift
    return True


def _end_text(anchor: str, shift: int) -> str:
    if shift == 0:
        return anchor
    return f"{anchor} {'+' if shift > 0 else '-'} {abs(shift)}d"


@st.composite
def _credits(draw: st.DrawFn, rules: list[Row]) -> Row:
    model = draw(st.sampled_from([*CREDIT_MODELS, "time_decay", "position", "weighted"]))
    if model == "time_decay":
        # One day is short enough for a year's weights to fall below what a float can tell apart.
        return {"model": model, "half_life_days": draw(st.sampled_from([1, 7, 30, 90]))}
    if model == "weighted":
        listed = [TOUCH_TYPES if r["touch_types"] == "any" else r["touch_types"] for r in rules]
        touch_types = sorted({touch_type for types in listed for touch_type in types})
        palette = draw(st.lists(st.sampled_from([1, 2, 3, 0.1, 0.5, 2.5, 7]), min_size=1))
        weights = {
            touch_type: palette[position % len(palette)]
            for position, touch_type in enumerate(touch_types)
        }
        return {"model": model, "weights": weights}
    return {"model": model}
