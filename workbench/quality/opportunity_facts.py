"""Opportunities as rules see them: with their rates, and with the touches on and before them."""

import polars as pl

from workbench.contracts import Touches
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.quality import words
from workbench.quality.likeness import same_opportunities
from workbench.quality.lookups import Tables, known_accounts, partner_names, surviving, with_rates
from workbench.quality.rhythm import log_days_before_close


def opportunity_facts(
    opportunities: pl.LazyFrame,
    *,
    touches: pl.LazyFrame,
    tables: Tables,
    params: RunParams,
    definition: Definition,
) -> pl.LazyFrame:
    """One row per opportunity.

    Added: `has_account`; `partner_name` of `crm_partner_id`; `counted_amount`, the amount that the
    definition counts; `rate_day`, the day on which it must be converted, null where it need not be,
    and `has_rate` on that day; `first_touch_day`, of the earliest touch on it or, without an
    opportunity, on its account; `forerunner_day`, `forerunner_type` and `forerunner_name`, where
    the CRM says direct, of the earliest touch on itself that came before it was created and could
    source it; `source_has_touches`; `end_day`, its close, or the day of reading while it is open;
    of its touches by then, `touch_count`, and whether any has a known partner, a person, a seller
    and evidence; `log_days_before_close`; `same_opportunity`, an earlier one that says the same.
    """
    is_closed = pl.col("status") != "open"
    opportunities = opportunities.with_columns(
        pl.when(is_closed).then("closed_day").otherwise("read_day").alias("end_day")
    )
    closed_by_then = is_closed & (pl.col("closed_day") <= params.as_of)
    rate_day = pl.when(closed_by_then).then("closed_day").otherwise(pl.lit(params.as_of))
    amount = pl.col(definition.amount)
    is_converted = amount.is_not_null() & (pl.col("created_day") <= params.as_of)
    return (
        opportunities.with_columns(
            amount.alias("counted_amount"),
            pl.when(is_converted).then(rate_day).alias("rate_day"),
            pl.lit(not tables[Touches].is_empty()).alias("source_has_touches"),
        )
        .pipe(with_rates, tables=tables, params=params)
        .join(known_accounts(tables), on="account_id", how="left")
        .join(partner_names(tables), left_on="crm_partner_id", right_on="partner_id", how="left")
        .join(_first_touch_days(opportunities, touches, tables), on="opportunity_id", how="left")
        .join(
            _forerunners(opportunities, touches, tables, definition=definition),
            on="opportunity_id",
            how="left",
        )
        .join(_touches_by_the_end(opportunities, touches, tables), on="opportunity_id", how="left")
        .join(
            log_days_before_close(touches, opportunities.filter(is_closed)),
            on="opportunity_id",
            how="left",
        )
        .join(same_opportunities(surviving(opportunities, tables)), on="opportunity_id", how="left")
        .with_columns(
            pl.col("has_account").fill_null(value=False), pl.col("touch_count").fill_null(0)
        )
    )


def _touches_by_the_end(
    opportunities: pl.LazyFrame, touches: pl.LazyFrame, tables: Tables
) -> pl.LazyFrame:
    """One row per opportunity with a touch on it by its `end_day`: their count, what any has."""
    filled = {
        "touch_has_partner": "partner_name",
        "touch_has_person": "partner_contact",
        "touch_has_seller": "accepted_by",
        "touch_has_evidence": "evidence_url",
    }
    return (
        touches.join(opportunities.select("opportunity_id", "end_day"), on="opportunity_id")
        .filter(pl.col("touch_day") <= pl.col("end_day"))
        .join(partner_names(tables), on="partner_id", how="left")
        .group_by("opportunity_id")
        .agg(
            pl.len().alias("touch_count"),
            *(pl.col(column).is_not_null().any().alias(name) for name, column in filled.items()),
        )
    )


def _first_touch_days(
    opportunities: pl.LazyFrame, touches: pl.LazyFrame, tables: Tables
) -> pl.LazyFrame:
    """One row per opportunity with a touch: `first_touch_day`, on itself or on its account."""
    on_itself = touches.select("opportunity_id", "touch_day").drop_nulls("opportunity_id")
    on_account = (
        touches.filter(pl.col("opportunity_id").is_null())
        .select("account_id", "touch_day")
        .drop_nulls("account_id")
        .pipe(surviving, tables)
        .group_by("account_id")
        .agg(pl.col("touch_day").min())
        .join(
            opportunities.select("opportunity_id", "account_id").pipe(surviving, tables),
            on="account_id",
        )
        .select("opportunity_id", "touch_day")
    )
    return (
        pl.concat([on_itself, on_account])
        .group_by("opportunity_id")
        .agg(pl.col("touch_day").min().alias("first_touch_day"))
    )


def _forerunners(
    opportunities: pl.LazyFrame, touches: pl.LazyFrame, tables: Tables, *, definition: Definition
) -> pl.LazyFrame:
    """One row per opportunity that the CRM calls direct and that a touch on itself began."""
    direct = opportunities.filter(pl.col("crm_classification") == "direct")
    return (
        touches.join(direct.select("opportunity_id", "created_day"), on="opportunity_id")
        .filter(pl.col("touch_day") < pl.col("created_day"), _could_source(definition))
        .sort("touched_at", "touch_id")
        .unique("opportunity_id", keep="first", maintain_order=True)
        .join(partner_names(tables), on="partner_id", how="left")
        .select(
            "opportunity_id",
            pl.col("touch_day").alias("forerunner_day"),
            pl.col("touch_type").alias("forerunner_type"),
            pl.coalesce("partner_name", "partner_id").alias("forerunner_name"),
        )
    )


def _could_source(definition: Definition) -> pl.Expr:
    """Whether a touch has a type and a day that a sourced rule takes; the gates stand open.

    Any touch does where the definition has no rules. Bounds at the close are not looked at: the
    touch came before the opportunity was created.
    """
    if definition.basis == "crm_field":
        return pl.lit(value=True)
    days_after_created = words.days_between("created_day", "touch_day")
    fits = [pl.lit(value=False)]
    for rule in definition.rules:
        if rule.role == "sourced":
            in_window = pl.col("touch_type").is_in(rule.touch_types)
            if rule.start and rule.start.anchor == "created":
                in_window &= days_after_created >= rule.start.days
            if rule.end and rule.end.anchor == "created":
                in_window &= days_after_created <= rule.end.days
            fits.append(in_window)
    return pl.any_horizontal(fits)
