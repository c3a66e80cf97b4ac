"""The tables as rules see them: each record with what other tables say about it.

Days are calendar days of the reporting time zone; `read_day` is the day of `read_at`. Rows come in
no particular order.
"""

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    Handoffs,
    IngestSummary,
    Opportunities,
    Partners,
    ProgramCosts,
    StageHistory,
    Touches,
)
from workbench.definitions import Definition
from workbench.identity import partners_that_are_accounts
from workbench.params import RunParams
from workbench.quality import words
from workbench.quality.grains import Histories, Imports, People, Spellings
from workbench.quality.likeness import repeated_touches, same_accounts, same_partners, spellings
from workbench.quality.lookups import Tables, known_accounts, partner_names, survivors, with_rates
from workbench.quality.opportunity_facts import opportunity_facts
from workbench.quality.rhythm import earlier_reads, log_days_to_quarter_end

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
        Opportunities: opportunity_facts(
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
        .join(known_accounts(tables), on="account_id", how="left")
        .join(partner_names(tables), on="partner_id", how="left")
        .join(repeated_touches(touches), on="touch_id", how="left")
        .join(earlier_reads(touches, timezone), on="first_seen_at", how="left")
        .with_columns(pl.col("has_opportunity", "has_account").fill_null(value=False))
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
    alive = tables[Accounts].lazy().join(survivors(tables), on="account_id", how="anti")
    return tables[Accounts].lazy().join(same_accounts(alive), on="account_id", how="left")


def _merge_facts(tables: Tables) -> pl.LazyFrame:
    """One row per merge. Added: `end_account_id`, after all steps; `has_survivor`, if it is there.

    Ingest rejects merges that go in a circle, so every chain has an end.
    """
    end = survivors(tables).select(
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
        .join(partner_names(tables), on="partner_id", how="left")
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
        .pipe(with_rates, tables=tables, params=params)
    )
