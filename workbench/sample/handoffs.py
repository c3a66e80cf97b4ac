"""The leads that partners hand to sellers, and sellers to partners."""

import numpy as np
import polars as pl

from workbench.sample import columns, days, names
from workbench.sample.accounts import Accounts, account_ids
from workbench.sample.days import instant
from workbench.sample.draws import Stream, Topic
from workbench.sample.opportunities import (
    HOUR,
    INFLUENCED,
    RENEWAL,
    SOURCED,
    Opportunities,
    opportunity_ids,
)
from workbench.sample.partners import Partners
from workbench.sample.plan import Plan
from workbench.sample.touches import Touches

DIRECTIONS = ("partner_to_seller", "seller_to_partner")
RESPONSES = ("accepted", "rejected", "pending")
DAY = 86_400


def handoffs_table(
    plan: Plan,
    block: int,
    rows: Opportunities,
    *,
    origins: Touches,
    book: Accounts,
    partners: Partners,
    sent_before: int,
) -> pl.DataFrame:
    """One row per handoff of the block, numbered from `sent_before` + 1 by the moment it was sent.

    Partners hand over what they truly source and some that leads nowhere; sellers bring partners
    into opportunities that are open.
    """
    count = len(rows.number)
    stream = Stream(plan.seed, block, Topic.HANDOFFS)
    sourced, influenced = rows.classification == SOURCED, rows.classification == INFLUENCED
    nowhere = ~sourced & ~influenced & (rows.kind != RENEWAL)
    chance = np.select([sourced, influenced, nowhere], [0.86, 0.46, 0.14], 0.06)
    sent = stream.chance(count, chance)
    touched = rows.created_at.copy()
    touched[origins.opportunity] = origins.touched_at
    earlier = rows.created_day - 14 - stream.below(count, 160)
    sent_at = np.select(
        [sourced, nowhere],
        [
            touched + 30 * 60 + stream.below(count, 2 * HOUR),
            instant(earlier, 9 * HOUR + stream.below(count, 8 * HOUR)),
        ],
        rows.created_at + (rows.end_at - rows.created_at) // 1_000 * rows.involved_permille,
    )
    draw = stream.uniforms(count)
    response = np.select(
        [sourced, nowhere], [np.zeros(count), 1 + (draw > 0.7)], (draw > 0.74) + 1 * (draw > 0.9)
    ).astype(np.int64)
    prompt = stream.uniforms(count)
    longest = np.where(sourced, 2 * DAY, 9 * DAY)
    responded_at = sent_at + HOUR + (prompt * prompt * longest).astype(np.int64)
    met_at = responded_at + DAY + stream.below(count, 12 * DAY)
    end = days.end_of_log()
    response = np.where(responded_at < end, response, 2)
    met = (response == 0) & (met_at < end) & stream.chance(count, 0.82)

    at = np.flatnonzero(sent)
    at = at[np.argsort(sent_at[at], kind="stable")]
    number = np.arange(sent_before + 1, sent_before + len(at) + 1)
    return pl.DataFrame(
        {
            "handoff_id": columns.ids("HND-", number, plan.width(plan.opportunities)),
            "partner_id": partners.ids(rows.lead[at]),
            "account_id": account_ids(plan, book.number[rows.account[at]]),
            "opportunity_id": opportunity_ids(plan, rows.number[at], ~nowhere[at]),
            "direction": columns.words(DIRECTIONS, np.where(sourced | nowhere, 0, 1)[at]),
            "sent_at": columns.instants(sent_at[at]),
            "response": columns.words(RESPONSES, response[at]),
            "responded_at": columns.instants(responded_at[at], response[at] != 2),
            "seller": columns.words(names.SELLERS, rows.owner[at]),
            "first_meeting_at": columns.instants(met_at[at], met[at]),
        }
    )
