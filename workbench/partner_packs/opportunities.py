"""The opportunities that a partner may see: those it has credit for, or touched itself."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import (
    Accounts,
    Contract,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    TouchAudit,
    Touches,
)
from workbench.params import RunParams

_KEY: Final = ["partner_id", "opportunity_id"]
# What a deciding touch tells: shown to the partner whose touch it is, to no other.
_OF_THE_DECIDING_TOUCH: Final = ("evidence_grade", "evidence_url", "days_to_created")


def partner_opportunities(
    tables: Mapping[type[Contract], pl.DataFrame], *, params: RunParams
) -> pl.DataFrame:
    """One row per partner and opportunity that it has credit or an accepted touch for, or names.

    `classification` is the class for which the partner has credit, null where it has none;
    `credited_amount` is that credit, in the reporting currency. Grade, link and days are those of
    the touch that decides the class, null where it is not this partner's. `touch_count` counts the
    partner's touches on it up to the as-of day, `accepted_count` those that the definition accepts.
    """
    attribution = tables[OpportunityAttribution].lazy()
    credit = tables[PartnerCredit].lazy().select(*_KEY, "classification", "credited_amount")
    touches = _own_touches(tables, params)
    deciders = (
        tables[Touches]
        .lazy()
        .select(pl.col("touch_id").alias("deciding_touch_id"), decider="partner_id")
    )
    is_own = (pl.col("decider") == pl.col("partner_id")).fill_null(value=False)
    return (
        pl.concat([credit.select(_KEY), touches.select(_KEY)])
        .unique()
        .join(attribution.drop("classification"), on="opportunity_id")
        .join(tables[Opportunities].lazy().select("opportunity_id", "name"), on="opportunity_id")
        .join(
            tables[Accounts].lazy().select("account_id", account="name"),
            on="account_id",
            how="left",
        )
        .join(credit, on=_KEY, how="left")
        .join(touches, on=_KEY, how="left")
        .join(deciders, on="deciding_touch_id", how="left")
        .select(
            *_KEY,
            "name",
            "account",
            "classification",
            "status",
            "stage",
            local_day("created_at", params.timezone).alias("created_on"),
            local_day("closed_at", params.timezone).alias("closed_on"),
            "credited_amount",
            *(pl.when(is_own).then(name).alias(name) for name in _OF_THE_DECIDING_TOUCH),
            pl.col("touch_count", "accepted_count").fill_null(0),
        )
        .sort(_KEY)
        .collect()
    )


def _own_touches(tables: Mapping[type[Contract], pl.DataFrame], params: RunParams) -> pl.LazyFrame:
    """One row per partner and opportunity that a touch of it names or is accepted for."""
    is_known = local_day("touched_at", params.timezone) <= params.as_of
    naming = tables[Touches].lazy().filter(is_known, pl.col("opportunity_id").is_not_null())
    accepted = tables[TouchAudit].lazy().filter(decision="accepted")
    pair = [*_KEY, "touch_id"]
    return (
        pl.concat(
            [
                accepted.select(*pair, is_accepted=pl.lit(1)),
                naming.select(*pair, is_accepted=pl.lit(0)),
            ]
        )
        .group_by(pair)
        .agg(pl.col("is_accepted").max())
        .group_by(_KEY)
        .agg(
            pl.len().cast(pl.Int64).alias("touch_count"),
            pl.col("is_accepted").sum().cast(pl.Int64).alias("accepted_count"),
        )
    )
