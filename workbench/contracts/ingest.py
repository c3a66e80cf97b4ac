"""The tables that the stage of ingest writes beside the canonical ones; contract.md, section 3."""

import pandera.polars as pa
import polars as pl

from workbench.contracts.base import Contract, Instant, Words


class Rejects(Contract):
    """One row per row of a source that no table could take, with everything that is wrong with it.

    `row_number` counts the rows of the source from 1; `row` is the row as read, in JSON.
    """

    table: str
    source: str
    row_number: int = pa.Field(ge=1)
    reasons: Words
    row: str

    class Config(Contract.Config):
        name = "rejects"
        unique = ["table", "source", "row_number"]


class IngestSummary(Contract):
    """One row per table and source file."""

    table: str
    source: str
    rows_read: int = pa.Field(ge=0)
    rows_accepted: int = pa.Field(ge=0)
    rows_rejected: int = pa.Field(ge=0)
    sha256: str

    class Config(Contract.Config):
        name = "ingest_summary"
        unique = ["table", "source"]

    @pa.dataframe_check
    @classmethod
    def rows_read_are_accepted_or_rejected(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            pl.col("rows_read") == pl.col("rows_accepted") + pl.col("rows_rejected")
        )


class RowMemory(Contract):
    """One row per record of the tables with a key of one column: since when it is as it is.

    `first_seen_at` is the `read_at` of the run that first read the record, carried forward as long
    as each run of that name has it; `changed_at` that of the run that first read it as it is now.
    """

    table: str
    record_id: str
    first_seen_at: Instant
    changed_at: Instant

    class Config(Contract.Config):
        name = "row_memory"
        unique = ["table", "record_id"]


class RowChanges(Contract):
    """One row per record that came, went or changed since the last finished run of the same name.

    `columns` names what differs in a changed one. Without an earlier run there is no row, and none
    for a table that one of the two runs lacks.
    """

    table: str
    record_id: str
    change: str = pa.Field(isin=("added", "changed", "removed"))
    columns: Words = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "row_changes"
        unique = ["table", "record_id"]

    @pa.dataframe_check
    @classmethod
    def a_change_names_its_columns(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            (pl.col("change") == "changed")
            == (pl.col("columns").list.len() > 0).fill_null(value=False)
        )
