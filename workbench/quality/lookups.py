"""What the tables say of the ids, days and currencies that stand in others."""

from collections.abc import Mapping
from typing import cast

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution.money import rate_in_force
from workbench.contracts import AccountMerges, Accounts, Contract, FxRates, Partners
from workbench.identity import surviving_accounts
from workbench.params import RunParams

Tables = Mapping[type[Contract], pl.DataFrame]


def with_rates(rows: pl.LazyFrame, *, tables: Tables, params: RunParams) -> pl.LazyFrame:
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


def partner_names(tables: Tables) -> pl.LazyFrame:
    """One row per partner: `partner_id`, `partner_name`."""
    return tables[Partners].lazy().select("partner_id", pl.col("name").alias("partner_name"))


def survivors(tables: Tables) -> pl.LazyFrame:
    """One row per account that was merged away: `account_id`, `surviving_account_id`."""
    merges = tables.get(AccountMerges, AccountMerges.empty())
    return surviving_accounts(cast(DataFrame[AccountMerges], merges)).lazy()


def known_accounts(tables: Tables) -> pl.LazyFrame:
    """One row per account that is there, under its own id or under one that was merged into it."""
    known = tables[Accounts].lazy().select("account_id")
    merged = survivors(tables).join(
        known, left_on="surviving_account_id", right_on="account_id", how="semi"
    )
    return (
        pl.concat([known, merged.select("account_id")])
        .unique()
        .with_columns(pl.lit(value=True).alias("has_account"))
    )


def surviving(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """The rows with `account_id` after merges; `surviving_account_id` is null where none was."""
    return rows.join(survivors(tables), on="account_id", how="left").with_columns(
        pl.coalesce("surviving_account_id", "account_id").alias("account_id")
    )
