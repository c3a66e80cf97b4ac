"""The tables as rules see them: each record with what other tables say about it.

Days are calendar days of the reporting time zone; `read_day` is the day of `read_at`. Rows come in
no particular order.
"""

from collections.abc import Mapping
from typing import cast

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution import local_day
from workbench.attribution.money import rate_in_force
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    FxRates,
    Handoffs,
    IngestSummary,
    Opportunities,
    Partners,
    ProgramCosts,
    StageHistory,
    Touches,
)
from workbench.definitions import Definition
from workbench.identity import partners_that_are_accounts, surviving_accounts
from workbench.params import RunParams
from workbench.quality import words
from workbench.quality.grains import Histories, Imports, People, Spellings
from workbench.quality.likeness import (
    repeated_touches,
    same_accounts,
    same_opportunities,
    same_partners,
    spellings,
)
from workbench.quality.rhythm import (
    earlier_reads,
    log_days_before_close,
    log_days_to_quarter_end,
)

Tables = Mapping[type[Contract], pl.DataFrame]
Facts = dict[type[Contract], pl.LazyFrame]


def quality_facts(
    tables: Tables,
    *,
    params: RunParams,
    definition: Definition,
    previous_summary: pl.DataFrame | None = None,
) -> Facts:
    """Every table that rules check, with the columns that they need beside its own.

    A table that the source does not have is absent; the four required ones are always there.
    `previous_summary` is the `ingest_summary` of the last finished run of the same name.
    """
    read_day = pl.lit(params.read_at.astimezone(params.zone).date()).alias("read_day")
    touches = (
        tables[Touches]
        .lazy()
        .with_columns(
            local_day("touched_at", params.timezone).alias("touch_day"),
            local_day("logged_at", params.timezone).alias("logged_day"),
            read_day,
        )
    )
    opportunities = (
        tables[Opportunities]
        .lazy()
        .with_columns(
            local_day("created_at", params.timezone).alias("created_day"),
            local_day("closed_at", params.timezone).alias("closed_day"),
            read_day,
        )
    )
    facts: Facts = {
        Touches: _touch_facts(
            touches, opportunities=opportunities, tables=tables, timezone=params.timezone
        ),
        Opportunities: _opportunity_facts(
            opportunities, touches=touches, tables=tables, params=params, definition=definition
        ),
        Partners: _partner_facts(touches, tables=tables, params=params),
        Accounts: _account_facts(tables),
        People: _people_facts(touches, params=params),
        Spellings: spellings(opportunities),
    }
    if AccountMerges in tables:
        facts[AccountMerges] = _merge_facts(tables)
    if StageHistory in tables:
        facts[Histories] = _history_facts(opportunities, tables=tables, timezone=params.timezone)
    if Handoffs in tables:
        facts[Handoffs] = _handoff_facts(tables, timezone=params.timezone)
    if ProgramCosts in tables:
        facts[ProgramCosts] = _cost_facts(tables, params=params)
    if IngestSummary in tables:
        facts[Imports] = _import_facts(tables[IngestSummary], previous_summary)
    return facts


def _touch_facts(
    touches: pl.LazyFrame, *, opportunities: pl.LazyFrame, tables: Tables, timezone: str
) -> pl.LazyFrame:
    """One row per touch.

    Added: `has_opportunity`, `has_account` (whether the one it names is there); `partner_name`,
    null where the partner is not there; `opportunity_closed_day`, of a won or lost opportunity;
    `swapped_day`, the touch day with day and month exchanged, where that is another day; `same_day`
    and `repeats`, the earliest touch that says the same of that day, and of that moment, where that
    is another touch; `first_seen_day`, and
    `read_before_day` of the last run before that is known not to have had it.
    """
    day, month = pl.col("touch_day").dt.day(), pl.col("touch_day").dt.month()
    is_another = (day <= 12) & (day != month)
    closed_day = pl.when(pl.col("status") != "open").then("closed_day")
    return (
        touches.with_columns(
            pl.date(pl.col("touch_day").dt.year(), pl.when(is_another).then(day), month).alias(
                "swapped_day"
            )
        )
        .join(
            opportunities.select(
                "opportunity_id",
                closed_day.alias("opportunity_closed_day"),
                pl.lit(value=True).alias("has_opportunity"),
            ),
            on="opportunity_id",
            how="left",
        )
        .join(_known_accounts(tables), on="account_id", how="left")
        .join(_partner_names(tables), on="partner_id", how="left")
        .join(repeated_touches(touches), on="touch_id", how="left")
        .join(earlier_reads(touches, timezone), on="first_seen_at", how="left")
        .with_columns(pl.col("has_opportunity", "has_account").fill_null(value=False))
    )


def _opportunity_facts(
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
        .pipe(_with_rates, tables=tables, params=params)
        .join(_known_accounts(tables), on="account_id", how="left")
        .join(_partner_names(tables), left_on="crm_partner_id", right_on="partner_id", how="left")
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
        .join(
            same_opportunities(_surviving(opportunities, tables)), on="opportunity_id", how="left"
        )
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
        .join(_partner_names(tables), on="partner_id", how="left")
        .group_by("opportunity_id")
        .agg(
            pl.len().alias("touch_count"),
            *(pl.col(column).is_not_null().any().alias(name) for name, column in filled.items()),
        )
    )


def _partner_facts(touches: pl.LazyFrame, *, tables: Tables, params: RunParams) -> pl.LazyFrame:
    """One row per partner.

    Added: `same_partner`, an earlier one with its name; `same_account`, the first account with its
    name or domain, and in `same` which; `log_days_to_quarter_end` of its touches.
    """
    customers = partners_that_are_accounts(tables).unique("partner_id", keep="first")
    logged = log_days_to_quarter_end(touches, "partner_id", params=params)
    return (
        tables[Partners]
        .lazy()
        .join(same_partners(tables[Partners].lazy()), on="partner_id", how="left")
        .join(customers.lazy().rename({"account_id": "same_account"}), on="partner_id", how="left")
        .join(logged, on="partner_id", how="left")
    )


def _people_facts(touches: pl.LazyFrame, *, params: RunParams) -> pl.LazyFrame:
    """One row per person who logged touches and said when: `log_days_to_quarter_end` of each.

    Added: `touches_of_all`, how many touches say who logged them, and when.
    """
    logged = log_days_to_quarter_end(touches, "logged_by", params=params)
    return logged.with_columns(
        pl.col("log_days_to_quarter_end").list.len().sum().alias("touches_of_all")
    )


def _account_facts(tables: Tables) -> pl.LazyFrame:
    """One row per account. Added: `same_account`, an earlier one, and in `same` by what.

    An account that was merged away repeats nothing.
    """
    alive = tables[Accounts].lazy().join(_survivors(tables), on="account_id", how="anti")
    return tables[Accounts].lazy().join(same_accounts(alive), on="account_id", how="left")


def _merge_facts(tables: Tables) -> pl.LazyFrame:
    """One row per merge. Added: `end_account_id`, after all steps; `has_survivor`, if it is there.

    Ingest rejects merges that go in a circle, so every chain has an end.
    """
    end = _survivors(tables).select(
        pl.col("account_id").alias("merged_account_id"),
        pl.col("surviving_account_id").alias("end_account_id"),
    )
    known = (
        tables[Accounts]
        .lazy()
        .select(
            pl.col("account_id").alias("end_account_id"), pl.lit(value=True).alias("has_survivor")
        )
    )
    return (
        tables[AccountMerges]
        .lazy()
        .join(end, on="merged_account_id", how="left")
        .join(known, on="end_account_id", how="left")
        .with_columns(pl.col("has_survivor").fill_null(value=False))
    )


def _history_facts(opportunities: pl.LazyFrame, *, tables: Tables, timezone: str) -> pl.LazyFrame:
    """One row per opportunity with a stage history.

    Added: `first_entered_day` and `last_entered_day`; `last_stages`, those of its latest instant.
    """
    is_last = pl.col("entered_at") == pl.col("entered_at").max()
    history = (
        tables[StageHistory]
        .lazy()
        .with_columns(local_day("entered_at", timezone).alias("entered_day"))
        .group_by("opportunity_id")
        .agg(
            pl.col("entered_day").min().alias("first_entered_day"),
            pl.col("entered_day").max().alias("last_entered_day"),
            pl.col("stage").filter(is_last).unique().sort().alias("last_stages"),
        )
    )
    return opportunities.join(history, on="opportunity_id")


def _handoff_facts(tables: Tables, *, timezone: str) -> pl.LazyFrame:
    """One row per handoff. Added: `sent_day`, `responded_day`, `partner_name`."""
    return (
        tables[Handoffs]
        .lazy()
        .with_columns(
            local_day("sent_at", timezone).alias("sent_day"),
            local_day("responded_at", timezone).alias("responded_day"),
        )
        .join(_partner_names(tables), on="partner_id", how="left")
    )


def _import_facts(summary: pl.DataFrame, previous: pl.DataFrame | None) -> pl.LazyFrame:
    """One row per table and source of this run or of the last one, as in `touches:log.csv`.

    `rows_read` is 0 where the last run had a source that is gone, `rows_before` null where this
    one has a source that is new. The only source of a table is compared with the only one that it
    had, whatever its name: exports often bear a date.
    """
    counted = [
        rows.lazy().select(
            "table",
            pl.when(pl.len().over("table") > 1).then("source").alias("one_of_many"),
            "source",
            pl.col("rows_read").alias(name),
        )
        for rows, name in (
            (summary, "rows_read"),
            (IngestSummary.empty() if previous is None else previous, "rows_before"),
        )
    ]
    now, before = counted
    return (
        now.join(
            before.rename({"source": "source_before"}),
            on=["table", "one_of_many"],
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
        .select(
            "table",
            pl.coalesce("source", "source_before").alias("source"),
            pl.col("rows_read").fill_null(0),
            "rows_before",
        )
        .with_columns(words.sentence("{}:{}", "table", "source").alias("import_id"))
    )


def _cost_facts(tables: Tables, *, params: RunParams) -> pl.LazyFrame:
    """One row per cost. Added: `rate_day` and `has_rate`, as for opportunities."""
    incurred_by_then = pl.col("incurred_on") <= params.as_of
    return (
        tables[ProgramCosts]
        .lazy()
        .with_columns(pl.when(incurred_by_then).then("incurred_on").alias("rate_day"))
        .pipe(_with_rates, tables=tables, params=params)
    )


def _with_rates(rows: pl.LazyFrame, *, tables: Tables, params: RunParams) -> pl.LazyFrame:
    """The rows with `has_rate`; `rate_day` is null where the currency is the reporting one."""
    foreign = pl.when(pl.col("currency") != params.reporting_currency).then("rate_day")
    needed = (
        rows.with_columns(foreign.alias("rate_day"))
        .select("currency", pl.col("rate_day").alias("day"))
        .drop_nulls()
        .unique()
        .collect()
    )
    rates = rate_in_force(
        needed,
        fx_rates=tables.get(FxRates),
        reporting_currency=params.reporting_currency,
    )
    return rows.with_columns(foreign.alias("rate_day")).join(
        needed.lazy().select(
            "currency", pl.col("day").alias("rate_day"), rates.is_not_null().alias("has_rate")
        ),
        on=["currency", "rate_day"],
        how="left",
    )


def _partner_names(tables: Tables) -> pl.LazyFrame:
    return tables[Partners].lazy().select("partner_id", pl.col("name").alias("partner_name"))


def _survivors(tables: Tables) -> pl.LazyFrame:
    """One row per account that was merged away: `account_id`, `surviving_account_id`."""
    merges = tables.get(AccountMerges, AccountMerges.empty())
    return surviving_accounts(cast(DataFrame[AccountMerges], merges)).lazy()


def _known_accounts(tables: Tables) -> pl.LazyFrame:
    """One row per account that is there, under its own id or under one that was merged into it."""
    known = tables[Accounts].lazy().select("account_id")
    merged = _survivors(tables).join(
        known, left_on="surviving_account_id", right_on="account_id", how="semi"
    )
    return (
        pl.concat([known, merged.select("account_id")])
        .unique()
        .with_columns(pl.lit(value=True).alias("has_account"))
    )


def _surviving(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    return rows.join(_survivors(tables), on="account_id", how="left").with_columns(
        pl.coalesce("surviving_account_id", "account_id").alias("account_id")
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
        .pipe(_surviving, tables)
        .group_by("account_id")
        .agg(pl.col("touch_day").min())
        .join(
            opportunities.select("opportunity_id", "account_id").pipe(_surviving, tables),
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
        .join(_partner_names(tables), on="partner_id", how="left")
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
