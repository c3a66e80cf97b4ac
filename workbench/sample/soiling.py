"""What goes wrong in a real log, planted and remembered.

The shares are of the records that the fault can befall. A touch that was never logged is gone
from the file; as many others stand in it twice, so that the file has as many rows as asked for. The
row that stands there again has the faults of the first.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from workbench.sample import columns, days
from workbench.sample.days import TABLE_END, TABLE_START
from workbench.sample.draws import Marks, Stream, Topic
from workbench.sample.opportunities import (
    CLASSES,
    DIRECT,
    SOURCED,
    WON,
    Opportunities,
    opportunity_ids,
)
from workbench.sample.partners import Partners
from workbench.sample.plan import NEVER_LOGGED_PERCENT, Plan
from workbench.sample.touches import NOTHING, Touches, touch_ids

ORIGIN_WEIGHT: Final = 5.0  # how much likelier than others an origin was never logged
DAY: Final = 86_400
NO_FAULTS: Final = pl.DataFrame(
    schema={"table": pl.String, "record_id": pl.String, "soiling": pl.String}
)


@dataclass(frozen=True)
class Soiled:
    """The touches as they stand in the file; `twice` are the later rows, `record` the faults."""

    touches: Touches
    twice: Touches
    record: pl.DataFrame
    twice_record: pl.DataFrame


def _record(table: str, ids: pl.Series, faults: dict[str, Marks]) -> pl.DataFrame:
    """One row per soiled record and fault, by record."""
    named = [
        pl.DataFrame({"record_id": ids.filter(pl.Series(marks))}).with_columns(
            pl.lit(table).alias("table"), pl.lit(fault).alias("soiling")
        )
        for fault, marks in faults.items()
    ]
    return (
        pl.concat(named)
        .select("table", "record_id", "soiling")
        .sort("table", "record_id", "soiling")
    )


def soiled_touches(
    plan: Plan,
    block: int,
    rows: Touches,
    *,
    opportunities: Opportunities,
    partners: Partners,
    twice: int,
) -> Soiled:
    """Soil the touches of one block; the rows written twice are numbered from `twice` + 1."""
    count = len(rows.number)
    stream = Stream(plan.seed, block, Topic.SOILED_TOUCHES)
    lost = count * NEVER_LOGGED_PERCENT // 100
    luck = stream.uniforms(count) / np.where(rows.is_origin, ORIGIN_WEIGHT, 1.0)
    never_logged = np.zeros(count, dtype=np.bool_)
    never_logged[np.argsort(luck, kind="stable")[:lost]] = True
    logged = ~never_logged

    draw = stream.uniforms(count)
    account_only = logged & (draw < 0.05)
    orphaned = logged & (draw > 0.982)

    draw = stream.uniforms(count)
    is_closed = opportunities.is_closed[rows.opportunity]
    closed_at = opportunities.closed_at[rows.opportunity]
    much_later = rows.touched_at + (20 + stream.below(count, 101)) * DAY + 5 * 3_600
    late = logged & (draw < 0.09) & (much_later < days.end_of_log())
    after = closed_at + (1 + stream.below(count, 45)) * DAY
    after_close = logged & (draw > np.where(rows.is_origin, 0.88, 0.93)) & is_closed
    after_close &= (after < days.end_of_log()) & (rows.touched_at <= closed_at) & ~late
    logged_at = np.where(late, much_later, np.where(after_close, after, rows.logged_at))

    no_evidence = logged & stream.chance(count, np.where(rows.is_origin, 0.28, 0.12))
    no_contact = logged & stream.chance(count, 0.08)

    listed = np.array([len(aliases) for aliases in partners.aliases])[rows.partner]
    draw = stream.uniforms(count)
    chosen = stream.below(count, listed)
    alias = logged & (draw < 0.07)
    unlisted = logged & (draw > 0.988)

    day = days.day_of(rows.touched_at)
    exchanged = days.swapped(np.clip(day, TABLE_START, TABLE_END))
    swapped = logged & (exchanged > 0) & stream.chance(count, 0.06)
    touched_at = rows.touched_at + np.where(swapped, exchanged - day, 0) * DAY

    dirty = replace(
        rows,
        opportunity=np.select(
            [account_only, orphaned], [NOTHING, -1 - rows.number], rows.opportunity
        ),
        touched_at=touched_at,
        logged_at=logged_at,
        alias=np.where(alias, chosen, np.where(unlisted, listed, rows.alias)),
        evidence=np.where(no_evidence, NOTHING, rows.evidence),
        contact=np.where(no_contact, NOTHING, rows.contact),
    )
    kept = np.flatnonzero(logged)
    again = np.sort(kept[stream.order(len(kept))[:lost]])
    repeated = replace(dirty.taken(again), number=np.arange(twice + 1, twice + len(again) + 1))
    faults = {
        "never_logged": never_logged,
        "account_only": account_only,
        "orphaned": orphaned,
        "logged_late": late,
        "logged_after_close": after_close,
        "no_evidence": no_evidence,
        "no_partner_contact": no_contact,
        "alias": alias,
        "unknown_partner": unlisted,
        "day_month_swapped": swapped,
    }
    repeated_ids = touch_ids(plan, repeated.number)
    return Soiled(
        touches=dirty.taken(kept),
        twice=repeated,
        record=_record("touches", touch_ids(plan, rows.number), faults),
        twice_record=_record(
            "touches",
            repeated_ids,
            {fault: marks[again] for fault, marks in faults.items()}
            | {"duplicated": np.ones(len(again), dtype=np.bool_)},
        ),
    )


def soiled_opportunities(
    plan: Plan,
    block: int,
    table: pl.DataFrame,
    rows: Opportunities,
    partners: Partners,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The opportunities as the CRM holds them, and one row per fault."""
    count = len(rows.number)
    stream = Stream(plan.seed, block, Topic.SOILED_OPPORTUNITIES)
    missing_chance = np.array([0.0, 0.34, 0.38])[rows.classification]
    crm_missing = stream.chance(count, missing_chance)
    over_chance = np.where(rows.status == WON, 0.14, 0.02) * (rows.classification != SOURCED)
    overclaimed = ~crm_missing & stream.chance(count, over_chance)
    closed_early = rows.is_closed & stream.chance(count, 0.005)
    before = rows.created_at - (1 + stream.below(count, 12)) * DAY
    no_amount = stream.chance(count, np.array([0.03, 0.004, 0.002])[rows.status])
    no_amount &= rows.has_amount
    # Sellers who credit a partner with a sale of their own name one that knows the account.
    claim = np.where(rows.classification == DIRECT, stream.below(count, 2) + 1, 2)

    missing = pl.Series(crm_missing)
    over = pl.Series(overclaimed)
    early = pl.Series(closed_early)
    without = pl.Series(no_amount)
    changed = table.with_columns(
        pl.when(missing)
        .then(None)
        .when(over)
        .then(columns.words(CLASSES, claim))
        .otherwise("crm_classification")
        .alias("crm_classification"),
        pl.when(missing)
        .then(None)
        .when(over)
        .then(partners.ids(rows.lead))
        .otherwise("crm_partner_id")
        .alias("crm_partner_id"),
        pl.when(missing)
        .then(None)
        .when(over)
        .then(columns.words(("co-sell", "sourced"), claim - 1))
        .otherwise("crm_influence_type")
        .alias("crm_influence_type"),
        pl.when(early).then(columns.instants(before)).otherwise("closed_at").alias("closed_at"),
        pl.when(without).then(None).otherwise("amount").alias("amount"),
        pl.when(without).then(None).otherwise("recurring_amount").alias("recurring_amount"),
    )
    faults = {
        "crm_missing": crm_missing,
        "crm_overclaimed": overclaimed,
        "closed_before_created": closed_early,
        "amount_missing": no_amount,
    }
    return changed, _record("opportunities", opportunity_ids(plan, rows.number), faults)
