"""Touches that did not count: those that their partner can mend, and why the others did not."""

from collections.abc import Mapping
from typing import Final, cast

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution import local_day, snapshot, touch_audit
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    FxRates,
    Opportunities,
    Partners,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.periods import TREND_PERIODS
from workbench.vocabulary import REJECTION_REASONS, ROLES

# What can be supplied after the event: the gate, the column, why a touch without it is rejected.
_SUPPLIED: Final = {
    "evidence": ("evidence_url", "no_evidence", "a link to its evidence"),
    "partner_contact": ("partner_contact", "no_partner_contact", "the partner’s person"),
    "seller_acceptance": ("accepted_by", "not_accepted_by_seller", "a seller who accepts it"),
}
_NOT_YET: Final = "after_as_of"


def mendable_touches(
    tables: Mapping[type[Contract], pl.DataFrame], *, params: RunParams, definition: Definition
) -> pl.DataFrame:
    """One row per touch of the nine periods that would count, were its record complete.

    `missing` says in words what the record lacks of what the definition asks for, and `role` as
    what the touch would count then, the stronger of two. The engine decides: every such touch is
    judged once more with those gates open, so that one which misses its window too is not here.
    `opportunity_id` and `account` are what the touch names, null where it names none.
    """
    gates = definition.gates
    shut = {name: parts for name, parts in _SUPPLIED.items() if getattr(gates, name) == "required"}
    opened = gates.model_copy(update=dict.fromkeys(shut, "optional"))
    reasons = [reason for _, reason, _ in shut.values()]
    rejected = tables[TouchAudit].filter(pl.col("reason").is_in(reasons))
    touches = tables[Touches].join(rejected, on="touch_id", how="semi")
    facts = snapshot(
        opportunities=tables[Opportunities],
        touches=touches,
        partners=tables[Partners],
        account_merges=cast(DataFrame[AccountMerges] | None, tables.get(AccountMerges)),
        fx_rates=tables.get(FxRates),
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
    )
    judged = pl.concat(touch_audit(facts, definition.model_copy(update={"gates": opened})))
    missing = [
        pl.when(pl.col(column).is_null()).then(pl.lit(words)) for column, _, words in shut.values()
    ]
    touched_on = local_day("touched_at", params.timezone)
    first_day = params.fiscal_period.trail(TREND_PERIODS)[0].start
    named = touches.select(
        "touch_id",
        "account_id",
        named_opportunity="opportunity_id",
        missing=pl.concat_list(missing).list.drop_nulls() if missing else pl.lit([""]),
    )
    return (
        judged.filter(pl.col("decision") == "accepted", touched_on >= first_day)
        .join(named, on="touch_id")
        .join(tables[Accounts].select("account_id", account="name"), on="account_id", how="left")
        .select(
            "partner_id",
            "touch_id",
            pl.col("named_opportunity").alias("opportunity_id"),
            "account",
            "touch_type",
            touched_on.alias("touched_on"),
            "role",
            "missing",
        )
        .sort(pl.col("role").cast(pl.Enum(ROLES)))
        .unique("touch_id", keep="first", maintain_order=True)
        .sort("partner_id", "touched_on", "touch_id", descending=[False, True, False])
    )


def rejected_touches(
    tables: Mapping[type[Contract], pl.DataFrame], mendable: pl.DataFrame, *, params: RunParams
) -> pl.DataFrame:
    """One row per partner and reason: how many touches of the period count for no opportunity.

    Those that can be mended are left out. A touch that is paired with several opportunities stands
    under the reason that the definition tries last, which it came nearest to passing.
    """
    period = params.fiscal_period
    touched_on = local_day("touched_at", params.timezone)
    reason = pl.col("reason").cast(pl.Enum(REJECTION_REASONS))
    return (
        tables[TouchAudit]
        .filter(touched_on.is_between(period.start, period.end))
        .group_by("partner_id", "touch_id")
        .agg((pl.col("decision") == "accepted").any().alias("counts"), reason.max())
        .filter(~pl.col("counts"), pl.col("reason") != _NOT_YET)
        .join(mendable, on="touch_id", how="anti")
        .group_by("partner_id", "reason")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .sort("partner_id", "count", "reason", descending=[False, True, False])
        .with_columns(pl.col("reason").cast(pl.String))
    )
