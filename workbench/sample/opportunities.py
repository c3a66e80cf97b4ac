"""The opportunities of one block: what truly happened, and what the CRM says of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from workbench.sample import columns, days, names
from workbench.sample.accounts import CURRENCIES, Accounts, account_ids
from workbench.sample.days import FIRST, LAST, instant
from workbench.sample.draws import Marks, Numbers, Stream, Topic, Uniforms, position, quantile
from workbench.sample.partners import Partners
from workbench.sample.plan import Plan

TYPES: Final = ("new_business", "expansion", "renewal")
NEW_BUSINESS, EXPANSION, RENEWAL = range(3)
STATUSES: Final = ("open", "won", "lost")
OPEN, WON, LOST = range(3)
CLASSES: Final = ("direct", "influenced", "sourced")
DIRECT, INFLUENCED, SOURCED = range(3)
STAGES: Final = ("Discovery", "Validation", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
STAGE_CHANCES: Final = (10, 25, 50, 75, 100, 0)  # percent

HOUR = 3_600
QUARTERS = (0, 0.25, 0.5, 0.75, 1)
CYCLE_DAYS = ((12, 30, 52, 84, 170), (18, 46, 82, 132, 270), (28, 74, 128, 205, 400))
AMOUNT_POINTS = (0, 0.2, 0.5, 0.8, 0.95, 1)
AMOUNTS = (  # whole units of the account's currency, by segment
    (5_000, 9_000, 16_000, 32_000, 52_000, 75_000),
    (12_000, 28_000, 52_000, 96_000, 150_000, 230_000),
    (40_000, 80_000, 150_000, 290_000, 520_000, 900_000),
)


@dataclass(frozen=True)
class Opportunities:
    """One block's opportunities, by creation; `number` is the id's number.

    `account` is a position in the block's accounts, `lead` the partner involved (or the one that
    might have been, where `classification` is direct). Instants in seconds, amounts in cents.
    `involved_permille` is the share of its life after which the partner came in.
    """

    number: Numbers
    account: Numbers
    kind: Numbers
    status: Numbers
    stage: Numbers
    last_stage: Numbers
    created_day: Numbers
    created_at: Numbers
    closed_at: Numbers
    end_at: Numbers
    amount: Numbers
    recurring_percent: Numbers
    has_amount: Marks
    classification: Numbers
    lead: Numbers
    involved_permille: Numbers
    owner: Numbers

    @property
    def is_closed(self) -> Marks:
        closed: Marks = self.status != OPEN
        return closed


def opportunity_ids(plan: Plan, numbers: Numbers, known: Marks | None = None) -> pl.Series:
    return columns.ids("OPP-", numbers, plan.width(plan.opportunities), known)


def _kinds(stream: Stream, account: Numbers, is_customer: Marks) -> Numbers:
    """The first one of a prospect is new business; after it come the others."""
    count = len(account)
    by_account = np.argsort(account, kind="stable")
    first = np.zeros(count, dtype=np.bool_)
    first[by_account] = np.diff(account[by_account], prepend=-1) != 0
    draw = stream.uniforms(count)
    later = position(draw, np.cumsum([44, 43, 13]))
    customers = position(draw, np.cumsum([28, 50, 22]))
    return np.where(first, np.where(is_customer[account], customers, NEW_BUSINESS), later)


def _classes(
    stream: Stream, kind: Numbers, helps: Marks, fit: Uniforms, progress: Uniforms
) -> Numbers:
    """Who came in. Helpers come to any opportunity, the others to those that look like winning."""
    tagging_along = np.interp(fit, [0, 0.4, 0.7, 1], [0.04, 0.12, 0.42, 0.72])
    growth = 0.8 + 0.5 * progress
    sourced = np.where(helps, 0.21, 0.11) * np.where(kind == EXPANSION, 0.65, 1) * growth
    influenced = np.where(helps, 0.17, tagging_along) * growth
    draw = stream.uniforms(len(kind))
    drawn = np.where(draw < sourced, SOURCED, np.where(draw < sourced + influenced, INFLUENCED, 0))
    return np.where(kind == RENEWAL, DIRECT, drawn)


def _closed_days(stream: Stream, created_day: Numbers, cycle: Numbers, won: Marks) -> Numbers:
    """Weekdays; many wins are pushed or pulled into the last days of a fiscal quarter."""
    count = len(cycle)
    due = created_day + cycle
    within = np.minimum(due, LAST + 90)
    forward = (days.quarter_end(within - 24) < within) & stream.chance(count, 0.45)
    end = days.quarter_end(np.where(forward, within - 24, within))
    pulled = won & (forward | (end - due <= 38) & stream.chance(count, 0.5))
    late = end - quantile(stream.uniforms(count), (0, 0.5, 1), (0, 3, 12))
    closed = days.weekday_before(np.where(pulled, late, due))
    return np.maximum(closed, created_day + 7)


def _amounts(stream: Stream, segment: Numbers, kind: Numbers, won: Marks) -> Numbers:
    """Skewed, mostly round, now and then with odd cents, and a few credit notes below zero."""
    count = len(segment)
    draw = stream.uniforms(count)
    units = np.choose(segment, [quantile(draw, AMOUNT_POINTS, values) for values in AMOUNTS])
    units = units * np.array([100, 55, 85])[kind] // 100
    step = np.where(units < 40_000, 250, np.where(units < 200_000, 1_000, 5_000))
    round_cents = np.maximum(5_000, units // step * step) * 100
    odd = stream.chance(count, 0.14)
    cents = np.where(odd, round_cents + stream.below(count, 90_000), round_cents)
    note = won & (kind == EXPANSION) & stream.chance(count, 0.035)
    return np.where(note, -(40_000 + stream.below(count, 900_000)), cents)


def opportunities(plan: Plan, block: int, book: Accounts, partners: Partners) -> Opportunities:
    """Draw the opportunities of one block and their true classes."""
    first, count = plan.share(plan.opportunities, block)
    _, touches = plan.share(plan.touches, block)
    stream = Stream(plan.seed, block, Topic.OPPORTUNITIES)
    created_day = np.sort(FIRST + stream.choice(count, days.creation_weights()))
    created_at = instant(created_day, 8 * HOUR + stream.below(count, 10 * HOUR))
    busy = np.interp(stream.uniforms(count), [0, 0.26, 0.7, 1], [0, 0.08, 0.5, 1])
    account = book.by_busyness[(busy * len(book.number)).astype(np.int64)]
    by_time = np.argsort(created_at, kind="stable")
    created_day, created_at, account = created_day[by_time], created_at[by_time], account[by_time]
    segment = book.segment[account]
    kind = _kinds(stream, account, book.is_customer)

    known = book.preferred[account, stream.choice(count, (50, 30, 20))]
    anyone = partners.drawn(stream.uniforms(count), book.region[account])
    lead = np.where(stream.chance(count, 0.7), known, anyone)
    helps = partners.lift[lead] > 0
    fit = stream.uniforms(count)
    progress = (created_day - FIRST) / (LAST - FIRST)
    classification = _classes(stream, kind, helps, fit, progress)
    # Every sourced or influenced one needs a touch of its own.
    classification[np.cumsum(classification > DIRECT) > touches] = DIRECT
    early = helps & (classification > DIRECT)

    chance = np.interp(fit, [0, 0.2, 0.5, 0.8, 1], [0.05, 0.11, 0.235, 0.41, 0.62])
    chance = np.where(kind == RENEWAL, 0.76, chance + np.where(early, partners.lift[lead], 0) / 100)
    won = stream.uniforms(count) < chance
    draw = stream.uniforms(count)
    cycle = np.choose(segment, [quantile(draw, QUARTERS, values) for values in CYCLE_DAYS])
    cycle = cycle * np.where(early, 76, 100) // 100
    closed_day = _closed_days(stream, created_day, cycle, won)
    is_open = closed_day > LAST
    status = np.where(is_open, OPEN, np.where(won, WON, LOST))
    closed_at = instant(np.minimum(closed_day, LAST), 9 * HOUR + stream.below(count, 8 * HOUR))
    end_at = np.where(is_open, days.end_of_log(), closed_at)

    reached = (LAST - created_day) * 4 // np.maximum(1, closed_day - created_day)
    died_in = stream.choice(count, (30, 30, 26, 14))
    last_stage = np.where(is_open, np.minimum(3, reached), np.where(won, 3, died_in))
    in_time = quantile(stream.uniforms(count), (0, 1), (20, 240))
    amount = _amounts(stream, segment, kind, won)
    return Opportunities(
        number=np.arange(first + 1, first + count + 1),
        account=account,
        kind=kind,
        status=status,
        stage=np.where(is_open, last_stage, np.where(won, 4, 5)),
        last_stage=last_stage,
        created_day=created_day,
        created_at=created_at,
        closed_at=closed_at,
        end_at=end_at,
        amount=amount,
        recurring_percent=stream.below(count, 36) + 60,
        has_amount=(status == WON) | ~stream.chance(count, 0.012),
        classification=classification,
        lead=lead,
        involved_permille=np.where(helps, in_time, 500 + stream.below(count, 420)),
        owner=np.where(
            stream.chance(count, 0.8),
            book.owner[account],
            stream.below(count, len(names.SELLERS)),
        ),
    )


def opportunities_table(
    plan: Plan, block: int, rows: Opportunities, book: Accounts, partners: Partners
) -> pl.DataFrame:
    """One row per opportunity of the block, as a CRM without faults would hold it."""
    count = len(rows.number)
    stream = Stream(plan.seed, block + plan.blocks, Topic.OPPORTUNITIES)
    name = book.names().gather(pl.Series(rows.account)) + " – "
    product = columns.words(names.PRODUCTS, stream.choice(count, (30, 22, 18, 12, 10, 8)))
    year = pl.Series(days.fiscal_year(rows.created_day)).cast(pl.String)
    suffix = (
        pl.select(
            pl.when(pl.Series(rows.amount < 0))
            .then(pl.lit("credit note"))
            .when(pl.Series(rows.kind == RENEWAL))
            .then(pl.lit("renewal FY") + year)
            .when(pl.Series(rows.kind == EXPANSION))
            .then(product + pl.lit(" expansion"))
            .otherwise(product)
        )
    ).to_series()
    involved = rows.classification > DIRECT
    says_direct = stream.chance(count, 0.55)
    kinds = ("co-sell", "reference", "intro", "sourced")
    kind = np.where(rows.classification == SOURCED, 2, 0) + stream.below(count, 2)
    recurring = rows.amount * rows.recurring_percent // 100
    return pl.DataFrame(
        {
            "opportunity_id": opportunity_ids(plan, rows.number),
            "account_id": account_ids(plan, book.number[rows.account]),
            "name": name + suffix,
            "opportunity_type": columns.words(TYPES, rows.kind),
            "stage": columns.words(STAGES, rows.stage),
            "status": columns.words(STATUSES, rows.status),
            "created_at": columns.instants(rows.created_at),
            "closed_at": columns.instants(rows.closed_at, rows.is_closed),
            "amount": columns.money(rows.amount, rows.has_amount),
            "recurring_amount": columns.money(
                recurring, rows.has_amount & ~stream.chance(count, 0.04)
            ),
            "currency": columns.words(CURRENCIES, book.currency[rows.account]),
            "probability": pl.Series(np.array(STAGE_CHANCES)[rows.stage] / 100),
            "owner": columns.words(names.SELLERS, rows.owner),
            "crm_classification": columns.words(
                CLASSES, rows.classification, involved | says_direct
            ),
            "crm_partner_id": partners.ids(rows.lead, involved),
            "crm_influence_type": columns.words(kinds, kind, involved),
            "source_system": pl.Series(["crm"]).new_from_index(0, count),
        }
    )


def truth(plan: Plan, rows: Opportunities, partners: Partners) -> pl.DataFrame:
    """One row per opportunity: what is really true of it."""
    return pl.DataFrame(
        {
            "opportunity_id": opportunity_ids(plan, rows.number),
            "classification": columns.words(CLASSES, rows.classification),
            "origin_partner_id": partners.ids(rows.lead, rows.classification == SOURCED),
        }
    )


def stage_history_table(plan: Plan, block: int, rows: Opportunities) -> pl.DataFrame:
    """One row per opportunity and entry into a stage, from its creation to its close."""
    count = len(rows.number)
    stream = Stream(plan.seed, block, Topic.STAGES)
    life = rows.end_at - rows.created_at
    numbers, stages, instants, known = [], [], [], []
    has_early_amount = stream.chance(count, 0.6)
    for stage in range(4):
        share = np.minimum(
            995, (stage * 1_000 + (stage > 0) * stream.below(count, 420)) // (rows.last_stage + 1)
        )
        at = np.flatnonzero(rows.last_stage >= stage)
        numbers.append(rows.number[at])
        stages.append(np.full(len(at), stage))
        instants.append((rows.created_at + life // 1_000 * share)[at])
        known.append((rows.has_amount & (has_early_amount | (stage > 0)))[at])
    at = np.flatnonzero(rows.is_closed)
    numbers.append(rows.number[at])
    stages.append(rows.stage[at])
    instants.append(rows.closed_at[at])
    known.append(rows.has_amount[at])
    number, entered = np.concatenate(numbers), np.concatenate(instants)
    order = np.lexsort((np.concatenate(stages), entered, number))
    number = number[order]
    return pl.DataFrame(
        {
            "opportunity_id": opportunity_ids(plan, number),
            "stage": columns.words(STAGES, np.concatenate(stages)[order]),
            "entered_at": columns.instants(entered[order]),
            "amount": columns.money(
                rows.amount[number - rows.number[0]], np.concatenate(known)[order]
            ),
        }
    )
