"""The rows of a table between its files and its Parquet file, however many they are.

A table that is larger than one batch is sorted outside memory: each batch is sorted by itself and
put aside, and the sorted batches are read again in buckets, from the lowest keys to the highest.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from workbench.contracts import Contract, Handoffs, StageHistory, Touches
from workbench.identity import is_short_salesforce_id, salesforce_id
from workbench.sources import parts as part_files
from workbench.sources.faults import contract_faults
from workbench.sources.mapping import SET_BY_INGEST
from workbench.sources.parts import FAULTS, PartRows
from workbench.tables import key_ranges

_SAMPLED: Final = 100  # one key of so many is looked at to choose the buckets
_ON_OPPORTUNITIES: Final[set[type[Contract]]] = {Touches, StageHistory, Handoffs}
_ROW_GROUP: Final = 10_000  # the least that a bucket reads of a batch that was put aside


@dataclass(frozen=True)
class TableRows:
    """The rows that all parts offer to a table, in its types, and what is wrong with each alone.

    `offered` counts them by part. `faults` has every fault of a row alone, `unread` those of them
    that are values which could not be read. A row that the mapping excludes has that reason alone
    and is in no bucket. `edges` of the table's first key column part the buckets.
    """

    contract: type[Contract]
    parts: list[PartRows]
    offered: list[int]
    faults: pl.DataFrame
    unread: pl.DataFrame
    notes: list[str]
    batches: list[pl.LazyFrame]
    edges: list[str]

    def buckets(self, *columns: str) -> Iterator[pl.DataFrame]:
        """`index` and columns (without any, all) of each row, in buckets of ascending keys.

        All rows of one key are in one bucket, where they stand in any order; one bucket at least.
        """
        rows = pl.concat(self.batches).select("index", *(columns or self.contract.dtypes()))
        for inside in key_ranges(_first_key(self.contract), self.edges):
            yield rows.filter(inside).collect()

    def as_read(self, index: pl.Series) -> pl.DataFrame:
        """Rows as their files have them: `index`, `source`, `row_number` from 1, `row` in JSON."""
        return pl.concat([rows for part in self.parts for rows in part.as_read(index)])


def read_rows(
    contract: type[Contract],
    parts: list[PartRows],
    *,
    read_at: datetime,
    survivors: pl.DataFrame,
    aside: Path,
) -> TableRows:
    """Read every part of a table, batch by batch; what is put aside goes into the folder `aside`.

    15-character Salesforce ids are completed, and what hangs on a merged opportunity goes to the
    one that `survivors`, as `surviving_opportunities` gives them, names. Raises SourceError when
    a column that is used does not hold single values.
    """
    in_memory = sum(part.height for part in parts) <= part_files.BATCH_ROWS
    batches = [contract.empty().select(pl.lit(0, pl.UInt32).alias("index"), pl.all()).lazy()]
    offered: list[int] = []
    unread, faults = [pl.DataFrame(schema=FAULTS)], [pl.DataFrame(schema=FAULTS)]
    completed: Counter[str] = Counter()
    moved = 0
    notes: list[str] = []
    keys = [pl.Series(dtype=pl.String)]
    for part in parts:
        unknown: Counter[str] = Counter()
        offered.append(0)
        for batch in part.batches():
            offered[-1] += batch.values.height
            unknown += batch.unknown
            values = batch.values.join(batch.excluded, on="index", how="anti")
            own = batch.faults.join(batch.excluded, on="index", how="anti")
            values, short = _completed_ids(_with_read_at(values, contract, read_at))
            completed += short
            if contract in _ON_OPPORTUNITIES:
                values, count = _at_survivors(values, survivors)
                moved += count
            unread.append(own)
            faults += [own, contract_faults(values, contract, unread=own), batch.excluded]
            if in_memory:
                batches.append(values.lazy())
                continue
            ordered = values.sort(_first_key(contract))
            keys.append(ordered[_first_key(contract)].gather_every(_SAMPLED))
            path = aside / f"{contract.table_name()}-{len(batches)}.parquet"
            ordered.write_parquet(path, compression="lz4", row_group_size=_ROW_GROUP)
            batches.append(pl.scan_parquet(path))
        notes += [part.unknown_note(name, count) for name, count in unknown.items() if count]
    if moved:
        named = "1 row" if moved == 1 else f"{moved} rows"
        notes.append(
            f"{contract.table_name()}: {named} of merged opportunities, now of the others."
        )
    return TableRows(
        contract=contract,
        parts=parts,
        offered=offered,
        faults=pl.concat(faults),
        unread=pl.concat(unread),
        notes=_completed_notes(contract, completed) + notes,
        batches=batches,
        edges=_edges(pl.concat(keys)),
    )


def _first_key(contract: type[Contract]) -> str:
    """The first column by which a table is ordered: in every table a text that may not be null."""
    return contract.row_order()[0]


def _with_read_at(
    values: pl.DataFrame, contract: type[Contract], read_at: datetime
) -> pl.DataFrame:
    if dtype := contract.dtypes().get(SET_BY_INGEST):
        values = values.with_columns(pl.lit(read_at, dtype=dtype).alias(SET_BY_INGEST))
    return values.select("index", *contract.dtypes())


def _at_survivors(values: pl.DataFrame, survivors: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows with the opportunity that survived in place of one that was merged into it."""
    survivor = pl.col("surviving_opportunity_id")
    joined = values.join(survivors, on="opportunity_id", how="left", maintain_order="left")
    count = joined["surviving_opportunity_id"].count()
    opportunity = pl.coalesce(survivor, "opportunity_id").alias("opportunity_id")
    return joined.with_columns(opportunity).select(values.columns), count


def _completed_ids(values: pl.DataFrame) -> tuple[pl.DataFrame, Counter[str]]:
    """Short Salesforce ids in their long form, and how many there were by column."""
    text = [column for column, dtype in values.schema.items() if dtype == pl.String]
    ids = [column for column in text if column.endswith("_id") or column == "alias"]
    counts = {c: values.select(is_short_salesforce_id(pl.col(c)).sum()).item() for c in ids}
    short = Counter({column: count for column, count in counts.items() if count})
    return values.with_columns(salesforce_id(pl.col(column)) for column in short), short


def _completed_notes(contract: type[Contract], completed: Counter[str]) -> list[str]:
    ids = {1: "1 15-character id"}
    return [
        f"{contract.table_name()}: {ids.get(count, f'{count} 15-character ids')} in {column} "
        "completed to 18 characters."
        for column in contract.dtypes()
        if (count := completed[column])
    ]


def _edges(sampled: pl.Series) -> list[str]:
    """Keys that part all rows into buckets of about one batch."""
    ordered = sampled.drop_nulls().sort()
    edges = ordered.gather_every(max(1, part_files.BATCH_ROWS // _SAMPLED))[1:]
    return edges.unique().sort().to_list()
