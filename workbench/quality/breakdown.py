"""Scores by rule, source, owner and partner, and what they were in the runs before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import (
    CANONICAL_TABLES,
    Contract,
    QualityBreakdown,
    QualityHistory,
)
from workbench.quality.catalogue import RULES
from workbench.quality.rule import Rule
from workbench.tables import checked
from workbench.vocabulary import QualityDimension

LOWEST_SHOWN: Final = 5
FILE: Final = "file "  # before the name of a source that is no system
_RECORD: Final = ["table", "record_id"]
_NO_RECORDS: Final = pl.LazyFrame(schema=dict.fromkeys([*_RECORD, "member"], pl.String()))


def quality_breakdown(
    findings: pl.DataFrame,
    scores: pl.DataFrame,
    *,
    tables: Mapping[type[Contract], pl.DataFrame],
    ingest_summary: pl.DataFrame,
    rules: Sequence[Rule] = RULES,
) -> DataFrame[QualityBreakdown]:
    """How good the data is, by rule, source, owner and partner: one row per dimension and member.

    A rule has what `quality_scores` says. For the others `checked` counts the records of the tables
    that rules look at, and `failed` those with an error or a warning; a note counts against nobody.

    A source is the record's `source_system`, else `file` and what its table was read from. An owner
    is the person whom a record names, or the role that some rule names: a role's records are those
    of every table that its rules look at, and only what that owner has to mend fails. A partner is
    the one that the record, or the CRM's own field, names. A record that names none has none. A
    finding about something that is no record, such as a file or a spelling, is in its rule alone.
    `rules` are those in force.
    """
    to_mend = findings.lazy().filter(pl.col("severity") != "info")
    failed = to_mend.select(_RECORD).unique()
    failed_by_owner = to_mend.select(*_RECORD, pl.col("owner").alias("member")).unique()
    looked_at = _tables_looked_at(tables, rules)
    sources = [_sources(table, ingest_summary, rows) for table, rows in looked_at]
    partners = [_partners(table, rows) for table, rows in looked_at]
    parts = [
        scores.lazy().select(
            pl.lit("rule").alias("dimension"), pl.col("rule").alias("member"), "checked", "failed"
        ),
        _counted(pl.concat([_NO_RECORDS, *sources]), failed, "source", on=_RECORD),
        _counted(_owners(looked_at, rules), failed_by_owner, "owner", on=[*_RECORD, "member"]),
        _counted(pl.concat([_NO_RECORDS, *partners]), failed, "partner", on=_RECORD),
    ]
    share_kept = 1 - pl.col("failed") / pl.col("checked")
    score = pl.when(pl.col("checked") == 0).then(1.0).otherwise(share_kept).alias("score")
    return checked(pl.concat(parts).with_columns(score).collect(), QualityBreakdown)


def quality_history(
    breakdown: pl.DataFrame, *, run_id: str, read_at: datetime, previous: pl.DataFrame | None
) -> DataFrame[QualityHistory]:
    """What the runs before said, and what this one says: one row per run, dimension and member.

    `previous` is the history of the last finished run of the same name. Runs that took their
    quality tables over from another one have checked nothing, and are not in it.
    """
    instant = pl.lit(read_at).cast(pl.Datetime("us", "UTC")).alias("read_at")
    own = breakdown.select(pl.lit(run_id).alias("run_id"), instant, *breakdown.columns)
    return checked(own if previous is None else pl.concat([previous, own]), QualityHistory)


def lowest_scores(history: pl.DataFrame, *, run_id: str) -> pl.DataFrame:
    """The members with the lowest scores of this run, five of each dimension but the rules.

    Columns: `dimension`, `member`, `checked`, `failed`, `score`, and the member's `previous_score`,
    of the last run before this one in which it had any; null where there is none.
    """
    is_own = pl.col("run_id") == run_id
    before = (
        history.filter(~is_own)
        .sort("read_at", "run_id")
        .group_by("dimension", "member")
        .agg(pl.col("score").last().alias("previous_score"))
    )
    return (
        history.filter(is_own, pl.col("dimension") != "rule")
        .sort("dimension", "score", "failed", "member", descending=[False, False, True, False])
        .group_by("dimension", maintain_order=True)
        .head(LOWEST_SHOWN)
        .join(before, on=["dimension", "member"], how="left", maintain_order="left")
        .drop("run_id", "read_at")
    )


_LookedAt = list[tuple[type[Contract], pl.LazyFrame]]


def _tables_looked_at(
    tables: Mapping[type[Contract], pl.DataFrame], rules: Sequence[Rule]
) -> _LookedAt:
    """The tables that are there, whose records some rule looks at, with `record_id` and `table`."""
    names = {rule.table.table_name() for rule in rules}
    return [
        (
            contract,
            tables[contract]
            .lazy()
            .with_columns(
                pl.lit(contract.table_name()).alias("table"),
                pl.col(contract.row_order()[0]).alias("record_id"),
            ),
        )
        for contract in CANONICAL_TABLES
        if contract in tables and contract.table_name() in names and len(contract.row_order()) == 1
    ]


def _sources(
    table: type[Contract], ingest_summary: pl.DataFrame, rows: pl.LazyFrame
) -> pl.LazyFrame:
    files = ingest_summary.filter(pl.col("table") == table.table_name())["source"]
    own = "source_system" in table.dtypes()
    source = pl.col("source_system") if own else pl.lit(FILE + ", ".join(sorted(files)))
    return rows.select(*_RECORD, source.alias("member"))


def _partners(table: type[Contract], rows: pl.LazyFrame) -> pl.LazyFrame:
    named = [name for name in ("partner_id", "crm_partner_id") if name in table.dtypes()]
    partner = pl.coalesce(named) if named else pl.lit(None, pl.String)
    return rows.select(*_RECORD, partner.alias("member"))


def _owners(looked_at: _LookedAt, rules: Sequence[Rule]) -> pl.LazyFrame:
    """One row per record and person or role who may have something to mend in it."""
    named = [
        rows.select(*_RECORD, owner.alias("member"))
        for table, rows in looked_at
        for owner in _owners_named(table, rules)
    ]
    return pl.concat([_NO_RECORDS, *named]).unique()


def _owners_named(table: type[Contract], rules: Sequence[Rule]) -> list[pl.Expr]:
    """The columns and the roles that the rules about a table name as its owners."""
    own = [rule for rule in rules if rule.table.table_name() == table.table_name()]
    columns = {rule.owner_column for rule in own if rule.owner_column in table.dtypes()}
    roles = {rule.owner for rule in own if rule.owner_column is None}
    return [*map(pl.col, sorted(filter(None, columns))), *map(pl.lit, sorted(roles))]


def _counted(
    records: pl.LazyFrame, failed: pl.LazyFrame, dimension: QualityDimension, *, on: list[str]
) -> pl.LazyFrame:
    """One row per member: how many of its records there are, and how many of them failed."""
    has_failed = failed.with_columns(pl.lit(value=True).alias("has_failed"))
    return (
        records.drop_nulls("member")
        .join(has_failed, on=on, how="left")
        .group_by("member")
        .agg(
            pl.len().cast(pl.Int64).alias("checked"),
            pl.col("has_failed").fill_null(value=False).sum().cast(pl.Int64).alias("failed"),
        )
        .select(pl.lit(dimension).alias("dimension"), "member", "checked", "failed")
    )
