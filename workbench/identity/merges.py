"""Accounts and opportunities merged into others, chains followed to their end."""

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import AccountMerges, OpportunityMerges


def surviving_accounts(account_merges: DataFrame[AccountMerges]) -> pl.DataFrame:
    """Where each merged account ended up, chains followed to their end.

    One row per merged account: `account_id`, `surviving_account_id`, sorted by `account_id`.
    Merges that go in a circle, which ingest rejects, have no end and no row.
    """
    return _survivors(account_merges, "account_id")


def surviving_opportunities(opportunity_merges: DataFrame[OpportunityMerges]) -> pl.DataFrame:
    """Where each merged opportunity ended up, chains followed to their end.

    One row per merged opportunity: `opportunity_id`, `surviving_opportunity_id`, sorted by
    `opportunity_id`. Merges that go in a circle, which ingest rejects, have no end and no row.
    """
    return _survivors(opportunity_merges, "opportunity_id")


def merges_in_a_circle(merges: pl.DataFrame, record: str = "account_id") -> pl.Series:
    """The merged records that, followed from merge to merge, come back to themselves.

    `record` is the id of what was merged: `account_id` or `opportunity_id`.
    """
    end = _followed(merges, record)
    survivor = f"surviving_{record}"
    circling = end.join(end, left_on=survivor, right_on=record, how="semi")
    return circling[survivor].unique().sort()


def _survivors(merges: pl.DataFrame, record: str) -> pl.DataFrame:
    end = _followed(merges, record)
    return end.join(end, left_on=f"surviving_{record}", right_on=record, how="anti").sort(record)


def _followed(merges: pl.DataFrame, record: str) -> pl.DataFrame:
    """Each merged record with the one reached by more steps than there are merges."""
    survivor = f"surviving_{record}"
    step = merges.select(pl.col(f"merged_{record}").alias(record), survivor)
    for _ in range(step.height.bit_length()):
        further = step.select(pl.col(record).alias(survivor), pl.col(survivor).alias("further"))
        step = step.join(further, on=survivor, how="left").select(
            record, pl.coalesce("further", survivor).alias(survivor)
        )
    return step
