"""What ingest remembers of each record from run to run: since when it is there, and as it is.

Rows of two runs are compared themselves, column by column, and not by a hash: nothing is mistaken
for the same, and what differs can be named. Tables are compared in ranges of keys, so that neither
is ever whole in memory.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from workbench.contracts import (
    CANONICAL_TABLES,
    Contract,
    IngestSummary,
    RowChanges,
    RowMemory,
)
from workbench.sources.mapping import SET_BY_INGEST, table_key
from workbench.tables import key_ranges, read_table, scan_table, table_file, write_batches

_RANGE_ROWS: Final = 250_000
_WORDS: Final = ("added", "changed", "removed")
_KEYED: Final = tuple(
    sorted(
        (contract for contract in CANONICAL_TABLES if len(table_key(contract)) == 1),
        key=lambda contract: contract.table_name(),
    )
)


def write_row_memory(folder: Path, *, previous: Path | None, read_at: datetime) -> None:
    """Write `row_changes` and `row_memory` beside the canonical tables in `folder`.

    `previous` is the folder of the tables of the last finished run of the same name; without it
    there are no changes, for there is nothing to compare with. A table that one of the two lacks,
    and a column that one of them lacks or has in another type, is not compared.
    """
    write_batches(folder, _changes(folder, previous), RowChanges)
    write_batches(folder, _memory(folder, previous, read_at), RowMemory)


def rows_against_last_run(folder: Path, previous: Path | None) -> pl.DataFrame:
    """How many rows were read, now and in the last finished run of the same name, by table.

    One row per table that either of them read: `table`, `rows_read`, `rows_read_before`, `more`
    (negative when there are fewer now), and how many records were `added`, `changed` and `removed`,
    which is null where nothing could be compared.
    """
    now = _rows_read(folder, "rows_read")
    before = _rows_read(previous, "rows_read_before")
    compared = [contract.table_name() for contract in _in_both(folder, previous)]
    changes = (
        scan_table(folder, RowChanges)
        .group_by("table")
        .agg((pl.col("change") == word).sum().cast(pl.Int64).alias(word) for word in _WORDS)
        .collect()
    )
    count = pl.col(_WORDS)
    return (
        now.join(before, on="table", how="full", coalesce=True)
        .join(changes, on="table", how="left")
        .with_columns(pl.when(pl.col("table").is_in(compared)).then(count.fill_null(0)))
        .select(
            "table",
            "rows_read",
            "rows_read_before",
            (pl.col("rows_read") - pl.col("rows_read_before")).alias("more"),
            *_WORDS,
        )
        .sort("table")
    )


def _rows_read(folder: Path | None, name: str) -> pl.DataFrame:
    summary = IngestSummary.empty() if folder is None else read_table(folder, IngestSummary)
    return summary.group_by("table").agg(pl.col("rows_read").sum().alias(name))


def _changes(folder: Path, previous: Path | None) -> Iterator[pl.DataFrame]:
    """Records that came, went or differ, in ranges of ascending keys."""
    if previous is None:
        return
    for contract in _in_both(folder, previous):
        (key,) = table_key(contract)
        now, before = scan_table(folder, contract), pl.scan_parquet(table_file(previous, contract))
        held = before.collect_schema()
        compared = [
            column
            for column, dtype in contract.dtypes().items()
            if column not in {key, SET_BY_INGEST} and held.get(column) == dtype
        ]
        for inside in _ranges(key, now, before):
            pair = _differing(
                now.filter(inside).collect(), before.filter(inside).collect(), key, compared
            )
            yield pair.select(pl.lit(contract.table_name()).alias("table"), pl.all())


def _differing(
    now: pl.DataFrame, before: pl.DataFrame, key: str, compared: list[str]
) -> pl.DataFrame:
    """`record_id`, `change` and `columns` of each record of either that is not the same in both."""
    names = [
        pl.when(pl.col(column).ne_missing(pl.col(f"{column}_before"))).then(pl.lit(column))
        for column in compared
    ]
    changed = (
        now.join(before.select(key, *compared), on=key, suffix="_before")
        .select(key, columns=pl.concat_list(names).list.drop_nulls())
        .filter(pl.col("columns").list.len() > 0)
    )
    nothing = pl.lit(None, RowChanges.dtypes()["columns"]).alias("columns")
    found = {
        "added": now.join(before, on=key, how="anti").select(key, nothing),
        "changed": changed,
        "removed": before.join(now, on=key, how="anti").select(key, nothing),
    }
    return pl.concat(
        rows.select(pl.col(key).alias("record_id"), pl.lit(word).alias("change"), "columns")
        for word, rows in found.items()
    )


def _memory(folder: Path, previous: Path | None, read_at: datetime) -> Iterator[pl.DataFrame]:
    """Every record that is there now, in ranges of ascending keys."""
    known = previous is not None and table_file(previous, RowMemory).exists()
    memory = scan_table(previous, RowMemory) if previous and known else RowMemory.empty().lazy()
    differing = scan_table(folder, RowChanges).filter(pl.col("change") == "changed")
    at = pl.lit(read_at, RowMemory.dtypes()["changed_at"])
    for contract in _present(folder):
        (key,) = table_key(contract)
        own_first = pl.col(SET_BY_INGEST) if SET_BY_INGEST in contract.dtypes() else at
        now = scan_table(folder, contract).select(record_id=key, own=own_first)
        own_table = pl.col("table") == contract.table_name()
        before = memory.filter(own_table).drop("table")
        changed = differing.filter(own_table).select("record_id", "change")
        for inside in _ranges("record_id", now, before):
            yield (
                now.filter(inside)
                .join(before.filter(inside), on="record_id", how="left")
                .join(changed.filter(inside), on="record_id", how="left")
                .select(
                    pl.lit(contract.table_name()).alias("table"),
                    "record_id",
                    pl.coalesce("first_seen_at", "own").alias("first_seen_at"),
                    pl.when(pl.col("change").is_null())
                    .then(pl.col("changed_at").fill_null(at))
                    .otherwise(at)
                    .alias("changed_at"),
                )
                .collect()
            )


def _present(folder: Path) -> list[type[Contract]]:
    return [contract for contract in _KEYED if table_file(folder, contract).exists()]


def _in_both(folder: Path, previous: Path | None) -> list[type[Contract]]:
    if previous is None:
        return []
    earlier = _present(previous)
    return [contract for contract in _present(folder) if contract in earlier]


def _ranges(key: str, *tables: pl.LazyFrame) -> list[pl.Expr]:
    """Conditions by which no table, each sorted by its key, has more than some rows at a time."""
    edges = [rows.select(key).gather_every(_RANGE_ROWS).collect()[key] for rows in tables]
    return key_ranges(key, pl.concat(edges).unique().sort().to_list())
