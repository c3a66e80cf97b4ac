"""The partner touches of one block, as a log without faults would hold them.

Each truly sourced opportunity has its origin partner's touch of a sourcing kind 3 to 302 days
before the day it was created, and each influenced one a touch of its partner while it was open.
The rest changes no class: it lies after the origin, while open, after the close, more than 380
days back, or is of a kind that sources nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from workbench.sample import columns, days, names
from workbench.sample.accounts import Accounts, Merges, account_ids
from workbench.sample.days import LAST, instant
from workbench.sample.draws import Marks, Numbers, Stream, Topic, position, quantile
from workbench.sample.opportunities import (
    DIRECT,
    HOUR,
    RENEWAL,
    SOURCED,
    Opportunities,
    opportunity_ids,
)
from workbench.sample.partners import PARTNER_TYPES, Partners
from workbench.sample.plan import Plan
from workbench.vocabulary import TOUCH_TYPES

NOTHING: Final = -1
SOURCES: Final = ("crm", "prm", "event_tool", "marketplace")
BEFORE, BETWEEN, OPEN, AFTER, STALE = range(5)


def _at(kinds: str) -> Numbers:
    """The positions of touch types in the closed list."""
    return np.array([TOUCH_TYPES.index(kind) for kind in kinds.split()])


def _by_partner_type(slots: dict[str, str]) -> Numbers:
    """A row per partner type, in their order: eight touch types, the likely ones more than once."""
    return np.array([_at(slots[partner_type]) for partner_type in PARTNER_TYPES])


_SOURCING_KINDS = _by_partner_type(
    {
        "reseller": "deal_registration deal_registration deal_registration deal_registration "
        "lead_submission lead_submission introduction event_meeting",
        "distributor": "deal_registration deal_registration deal_registration deal_registration "
        "deal_registration lead_submission lead_submission introduction",
        "referral": "referral referral referral referral referral introduction introduction "
        "introduction",
        "affiliate": "lead_submission lead_submission lead_submission lead_submission referral "
        "referral referral event_meeting",
        "technology": "introduction introduction introduction introduction event_meeting "
        "event_meeting referral lead_submission",
        "services": "introduction introduction introduction introduction referral referral "
        "deal_registration event_meeting",
        "marketplace": "lead_submission lead_submission lead_submission lead_submission "
        "introduction introduction event_meeting event_meeting",
    }
)
_OPEN_KINDS = _by_partner_type(
    {
        "reseller": "co_sell co_sell deal_review resale resale reference crm_tag deal_registration",
        "distributor": "resale resale resale deal_review deal_registration crm_tag co_sell crm_tag",
        "referral": "introduction reference reference champion deal_review crm_tag referral "
        "co_sell",
        "affiliate": "reference campaign_response campaign_response crm_tag event_meeting "
        "reference referral champion",
        "technology": "technical_validation technical_validation co_sell co_sell "
        "deal_room_created overlap_detected reference introduction",
        "services": "technical_validation technical_validation co_sell deal_review champion "
        "deal_room_created reference event_meeting",
        "marketplace": "marketplace_transaction marketplace_transaction marketplace_transaction "
        "deal_room_created co_sell crm_tag overlap_detected deal_review",
    }
)
_BEFORE_KINDS = _at(
    "overlap_detected overlap_detected overlap_detected overlap_detected campaign_response "
    "campaign_response intro_requested"
)
_AFTER_KINDS = _at(
    "service_delivery service_delivery service_delivery service_delivery reference reference "
    "crm_tag"
)
_CAMPAIGN_KINDS = _at("event_meeting campaign_response")
# By profile: direct, influenced, sourced, renewal.
_FURTHER_WEIGHTS = np.array([30, 60, 70, 45])
_ZONE_WEIGHTS = (  # before, between, open, after, stale; in hundredths
    (66, 0, 0, 26, 8),
    (18, 0, 66, 13, 3),
    (12, 13, 63, 10, 2),
    (26, 0, 56, 18, 0),
)
_FIRST_LOG = days.day_number(date(2023, 1, 2))


@dataclass(frozen=True)
class Touches:
    """One block's touches; `number` is the id's number, instants in seconds.

    `opportunity` is a position in the block's opportunities (NOTHING: none is named; lower: the
    touch names one that does not exist, number -1 - `opportunity`), `account` the number of an
    account's id, `alias` a position among the partner's listed aliases (their count: one that is
    not listed; NOTHING: the id itself). `evidence` is the number in the link, or NOTHING;
    `contact` the contact's role, or NOTHING.
    """

    number: Numbers
    opportunity: Numbers
    account: Numbers
    partner: Numbers
    alias: Numbers
    kind: Numbers
    touched_at: Numbers
    logged_at: Numbers
    accepted: Marks
    evidence: Numbers
    contact: Numbers
    source: Numbers
    is_origin: Marks

    def taken(self, at: Numbers) -> "Touches":
        """The touches at these positions."""
        return Touches(**{name: values[at] for name, values in vars(self).items()})


def _profiles(rows: Opportunities) -> Numbers:
    """Which of the weights hold for each opportunity."""
    return np.where(rows.kind == RENEWAL, len(_ZONE_WEIGHTS) - 1, rows.classification)


def _zones(stream: Stream, rows: Opportunities, at: Numbers, gap: Numbers) -> Numbers:
    """When each touch happens, next to its opportunity's life."""
    draw = stream.uniforms(len(at))
    zone = np.zeros(len(at), dtype=np.int64)
    profile = _profiles(rows)[at]
    for number, weights in enumerate(_ZONE_WEIGHTS):
        mine = profile == number
        zone[mine] = position(draw[mine], np.cumsum(weights))
    closed_for = (days.end_of_log() - rows.closed_at[at]) // 86_400
    impossible = (
        ((zone == BETWEEN) & (gap[at] < 8))
        | ((zone == AFTER) & (~rows.is_closed[at] | (closed_for < 10)))
        | ((zone == STALE) & (rows.created_day[at] - 590 < _FIRST_LOG))
    )
    return np.where(impossible, BEFORE, zone)


def _while_open(rows: Opportunities, at: Numbers, permille: Numbers, second: Numbers) -> Numbers:
    """A working hour after a share of the opportunity's life, strictly inside it."""
    life = rows.end_at[at] - rows.created_at[at]
    day = days.weekday_before(days.day_of(rows.created_at[at] + life // 1_000 * permille))
    return np.clip(instant(day, second), rows.created_at[at] + 600, rows.end_at[at] - HOUR)


def touches(
    plan: Plan, block: int, rows: Opportunities, book: Accounts, partners: Partners
) -> Touches:
    """Draw the touches of one block: those that make the classes, then the others."""
    first, total = plan.share(plan.touches, block)
    stream = Stream(plan.seed, block, Topic.TOUCHES)
    gap = quantile(stream.uniforms(len(rows.number)), (0, 0.3, 0.6, 0.85, 1), (3, 20, 48, 115, 300))
    own = np.flatnonzero(rows.classification > DIRECT)
    further = stream.choice(total - len(own), _FURTHER_WEIGHTS[_profiles(rows)])
    at = np.concatenate([own, further])
    count = len(at)
    is_own = np.arange(count) < len(own)
    is_origin = is_own & (rows.classification[at] == SOURCED)

    drawn_zone = _zones(stream, rows, at, gap)
    zone = np.where(is_own, np.where(is_origin, BETWEEN, OPEN), drawn_zone)
    by_lead = is_own | stream.chance(count, 0.58)
    anyone = partners.drawn(stream.uniforms(count), book.region[rows.account[at]])
    partner = np.where(by_lead, rows.lead[at], anyone)
    type_of = partners.partner_type[partner]
    slot, coin = stream.below(count, 56), stream.uniforms(count)
    sourcing = _SOURCING_KINDS[type_of, slot % 8]
    before = _BEFORE_KINDS[slot % 7]
    kind = np.select(
        [zone == BETWEEN, zone == OPEN, zone == AFTER, zone == STALE],
        [
            np.where(is_origin | (coin < 0.55), sourcing, before),
            _OPEN_KINDS[type_of, slot % 8],
            _AFTER_KINDS[slot % 7],
            sourcing,
        ],
        before,
    )

    second = 8 * HOUR + stream.below(count, 10 * HOUR)
    draw = stream.uniforms(count)
    created_day = rows.created_day[at]
    days_before = np.select(
        [is_origin, zone == BETWEEN, zone == STALE],
        [
            gap[at],
            1 + (draw * np.maximum(1, gap[at] - 4)).astype(np.int64),
            385 + (draw * 200).astype(np.int64),
        ],
        quantile(draw, (0, 0.5, 1), (1, 40, 200)),
    )
    early = instant(days.weekday_before(created_day - days_before), second)
    start = np.where(by_lead, rows.involved_permille[at], 400)
    start = np.where(rows.classification[at] == SOURCED, np.where(by_lead, 10, 300), start)
    permille = np.where(is_own, start, start + (draw * (985 - start)).astype(np.int64))
    open_at = _while_open(rows, at, permille, second)
    closed_day = np.minimum(days.day_of(rows.end_at[at]), LAST - 1)
    after_day = closed_day + 1 + (draw * np.minimum(150, LAST - closed_day)).astype(np.int64)
    touched_at = np.select(
        [zone == OPEN, zone == AFTER], [open_at, instant(after_day, second)], early
    )
    until = np.select(
        [zone == OPEN, zone == AFTER],
        [rows.end_at[at], np.full(count, days.end_of_log())],
        rows.created_at[at],
    )
    longest = np.clip(until - touched_at - 120, 1, 5 * 86_400)
    delay = stream.uniforms(count)
    logged_at = touched_at + 60 + (delay * delay * longest).astype(np.int64)

    by_time = np.lexsort((np.arange(count), touched_at))
    at_event = np.isin(kind, _CAMPAIGN_KINDS)
    at_market = kind == TOUCH_TYPES.index("marketplace_transaction")
    source = np.where(stream.chance(count, 0.55), 1, 0)
    number = np.arange(first + 1, first + count + 1)
    made = Touches(
        number=number,
        opportunity=at,
        account=book.number[rows.account[at]],
        partner=partner,
        alias=np.full(count, NOTHING),
        kind=kind,
        touched_at=touched_at,
        logged_at=logged_at,
        accepted=stream.chance(count, 0.86),
        evidence=number,
        contact=stream.below(count, len(names.CONTACT_ROLES)),
        source=np.where(at_event, 2, np.where(at_market, 3, source)),
        is_origin=is_origin,
    ).taken(by_time)
    return Touches(**(vars(made) | {"number": number, "evidence": number}))


def under_merged_accounts(plan: Plan, rows: Touches, merged: Merges) -> Touches:
    """Some of what happened before a merge still names the account that was merged."""
    stream = Stream(plan.seed, plan.blocks, Topic.TOUCHES)
    account = rows.account.copy()
    for number, last, merged_at in zip(merged.merged, merged.last, merged.merged_at, strict=True):
        old = (account == last) & (rows.touched_at < merged_at)
        account[old & stream.chance(len(account), 0.3)] = number
    return Touches(**(vars(rows) | {"account": account}))


def touch_ids(plan: Plan, numbers: Numbers) -> pl.Series:
    return columns.ids("TCH-", numbers, plan.width(plan.touches * 2))


def _partner_names(partners: Partners, rows: Touches) -> pl.Series:
    """The partner's id, or the other name under which the touch was logged."""
    listed = [alias for aliases in partners.aliases for alias in aliases]
    counts = np.array([len(aliases) for aliases in partners.aliases])
    unlisted = [f"{stem.upper()} (old)" for stem in partners.stem]
    start = np.cumsum(counts) - counts
    is_listed = rows.alias < counts[rows.partner]
    at = np.where(is_listed, start[rows.partner] + np.maximum(rows.alias, 0), 0)
    other = pl.Series(is_listed)
    named = pl.select(
        pl.when(other)
        .then(columns.words(listed, at))
        .otherwise(columns.words(unlisted, rows.partner))
    ).to_series()
    return columns.only(named, rows.alias != NOTHING).fill_null(partners.ids(rows.partner))


def touches_table(
    plan: Plan, rows: Touches, opportunities: Opportunities, partners: Partners
) -> pl.DataFrame:
    """One row per touch, without `first_seen_at`, which ingest adds."""
    real_at = np.maximum(rows.opportunity, 0)
    real = opportunity_ids(plan, opportunities.number[real_at], rows.opportunity >= 0)
    gone = columns.ids(
        "OPP-X", -1 - rows.opportunity, plan.width(plan.touches), rows.opportunity < NOTHING
    )
    contacts = [
        f"{role}@{names.domain(stem)}" for stem in partners.stem for role in names.CONTACT_ROLES
    ]
    contact = rows.partner * len(names.CONTACT_ROLES) + np.maximum(rows.contact, 0)
    year = days.fiscal_year(days.day_of(rows.touched_at))
    campaign = (
        "CMP-"
        + pl.Series(year).cast(pl.String)
        + "-"
        + pl.Series(rows.evidence % 4 + 1).cast(pl.String)
    )
    link = "https://evidence.example/touches/" + pl.Series(rows.evidence).cast(pl.String)
    owner = opportunities.owner[real_at]
    return pl.DataFrame(
        {
            "touch_id": touch_ids(plan, rows.number),
            "opportunity_id": real.fill_null(gone),
            "account_id": account_ids(plan, rows.account),
            "partner_id": _partner_names(partners, rows),
            "partner_contact": columns.words(contacts, contact, rows.contact != NOTHING),
            "touch_type": columns.words(TOUCH_TYPES, rows.kind),
            "touched_at": columns.instants(rows.touched_at),
            "logged_at": columns.instants(rows.logged_at),
            "logged_by": columns.words(names.MANAGERS, rows.partner % len(names.MANAGERS)),
            "accepted_by": columns.words(names.SELLERS, owner, rows.accepted),
            "evidence_url": columns.only(link, rows.evidence != NOTHING),
            "campaign_id": columns.only(campaign, np.isin(rows.kind, _CAMPAIGN_KINDS)),
            "source_system": columns.words(SOURCES, rows.source),
        }
    )
