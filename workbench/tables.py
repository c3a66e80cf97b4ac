"""Tables in and out: the one gate where a frame meets its contract.

Ingest filters (see `breaches`); every later stage validates and stops (see `checked`).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import polars as pl
from pandera.errors import SchemaErrors
from pandera.typing.polars import DataFrame
from polars.io.plugins import register_io_source

from workbench.contracts import Contract
from workbench.errors import ContractError

AnyContract = TypeVar("AnyContract", bound=Contract)

WHOLE_TABLE: Final = "the table"
# A set size makes the bytes of a file depend on its rows alone, not on how they came together.
_ROW_GROUP: Final = 100_000


def breaches(frame: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Where `frame` breaks `contract`: one row per breach.

    Columns: `index` (row from 0; null when the whole table is at fault), `column`, `check`.
    """
    try:
        contract.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases: pl.DataFrame = error.failure_cases
        return cases.select(
            pl.col("index").cast(pl.Int64),
            pl.when(pl.col("schema_context") == "Column")
            .then(pl.col("column"))
            .otherwise(pl.lit(WHOLE_TABLE))
            .alias("column"),
            pl.col("check").cast(pl.String),
        )
    return pl.DataFrame(schema={"index": pl.Int64, "column": pl.String, "check": pl.String})


def checked(frame: pl.DataFrame, contract: type[AnyContract]) -> DataFrame[AnyContract]:
    """The frame in the contract's column and row order, once it is known to keep it.

    Raises ContractError, with every breach counted, when it does not.
    """
    table = contract.table_name()
    missing = [column for column in contract.dtypes() if column not in frame.columns]
    if missing:
        raise ContractError(table, [f"column {column} is missing" for column in missing])
    ordered = frame.select(list(contract.dtypes())).sort(contract.row_order())
    broken = breaches(ordered, contract)
    if not broken.is_empty():
        counted = broken.group_by("column", "check").len()
        raise ContractError(
            table,
            [
                f"{row['column']}: {row['check']} ({row['len']} row{'s' * (row['len'] > 1)})"
                for row in counted.to_dicts()
            ],
        )
    return cast(DataFrame[AnyContract], ordered)


def table_file(folder: Path, contract: type[Contract]) -> Path:
    """Where a table lies in a folder of tables."""
    return folder / f"{contract.table_name()}.parquet"


def write_table(folder: Path, frame: pl.DataFrame, contract: type[Contract]) -> None:
    """Check a frame and write it; the file appears whole or not at all."""
    write_batches(folder, [frame], contract)


def write_batches(folder: Path, batches: Iterable[pl.DataFrame], contract: type[Contract]) -> int:
    """Check and write a table that need not fit into memory; its bytes depend on its rows alone.

    Every row of a batch comes after all rows of the batches before it, by the order of the table.
    The file appears whole or not at all. Gives the number of rows. Raises ContractError when a
    batch breaks the contract.
    """
    written = 0

    def source(*_: Any) -> Iterator[pl.DataFrame]:  # what polars asks of a source is never needed
        nonlocal written
        for batch in _ascending(batches, contract):
            written += batch.height
            yield batch

    path = table_file(folder, contract)
    part = path.with_suffix(".part")
    rows = register_io_source(source, schema=pl.Schema(contract.dtypes()))
    try:
        rows.sink_parquet(part, row_group_size=_ROW_GROUP, maintain_order=True)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written


def _ascending(batches: Iterable[pl.DataFrame], contract: type[Contract]) -> Iterator[pl.DataFrame]:
    """Each batch checked, and that no row belongs before one of an earlier batch, or equals it."""
    last: list[tuple[bool, Any]] = []
    for batch in batches:
        ordered = checked(batch, contract)
        if ordered.is_empty():
            continue
        order = ordered.select(contract.row_order())
        if _sortable(order.row(0)) <= last:
            raise ContractError(contract.table_name(), ["its batches are not in the order of keys"])
        last = _sortable(order.row(-1))
        yield ordered


def _sortable(row: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """Compares as polars sorts: a missing value comes first."""
    return [(value is not None, value) for value in row]


def key_ranges(column: str, edges: list[str]) -> list[pl.Expr]:
    """Conditions on a column, from the lowest values up: every row meets exactly one of them.

    `edges` are ascending values, each the first of a range. No value at all comes first.
    """
    value = pl.col(column)
    if not edges:
        return [pl.lit(value=True)]
    between = [(value >= low) & (value < high) for low, high in pairwise(edges)]
    return [value.is_null() | (value < edges[0]), *between, value >= edges[-1]]


def scan_table(folder: Path, contract: type[Contract]) -> pl.LazyFrame:
    """A table that was written before, not yet read; only its columns and types are checked.

    Raises ContractError when its file is not what it should be.
    """
    with _named_faults(folder, contract) as path:
        rows = pl.scan_parquet(path)
        held = dict(rows.collect_schema())
    expected = contract.dtypes().items()
    if wrong := [f"column {c} is not {dtype}" for c, dtype in expected if held.get(c) != dtype]:
        raise ContractError(contract.table_name(), wrong)
    return rows


def read_table(folder: Path, contract: type[AnyContract]) -> DataFrame[AnyContract]:
    """Read a table and check it. Raises ContractError when its file is not what it should be."""
    with _named_faults(folder, contract) as path:
        frame = pl.read_parquet(path)
    return checked(frame, contract)


class Tables(Mapping[type[Contract], pl.DataFrame]):
    """Tables in a folder: each is read, and checked, when it is asked for, and not kept."""

    def __init__(self, folder: Path, contracts: Iterable[type[Contract]]) -> None:
        self.folder = folder
        self._contracts = tuple(contracts)

    def __getitem__(self, contract: type[AnyContract]) -> DataFrame[AnyContract]:
        if contract not in self._contracts:
            raise KeyError(contract)
        return read_table(self.folder, contract)

    def __iter__(self) -> Iterator[type[Contract]]:
        return iter(self._contracts)

    def __len__(self) -> int:
        return len(self._contracts)


@contextmanager
def _named_faults(folder: Path, contract: type[Contract]) -> Iterator[Path]:
    """The file of a table; what is wrong with it is said as a fault of the table."""
    path = table_file(folder, contract)
    try:
        yield path
    except FileNotFoundError:
        raise ContractError(contract.table_name(), [f"there is no file {path}"]) from None
    except pl.exceptions.PolarsError as error:
        fault = f"{path} cannot be read as Parquet ({error})"
        raise ContractError(contract.table_name(), [fault]) from None
