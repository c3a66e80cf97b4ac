"""Tables in and out: the one gate where a frame meets its contract.

Ingest filters (see `breaches`); every later stage validates and stops (see `checked`).
"""

from pathlib import Path
from typing import Final, TypeVar, cast

import polars as pl
from pandera.errors import SchemaErrors
from pandera.typing.polars import DataFrame

from workbench.contracts import Contract
from workbench.errors import ContractError

AnyContract = TypeVar("AnyContract", bound=Contract)

WHOLE_TABLE: Final = "the table"


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
    path = table_file(folder, contract)
    part = path.with_suffix(".part")
    checked(frame, contract).write_parquet(part)
    part.replace(path)


def read_table(folder: Path, contract: type[AnyContract]) -> DataFrame[AnyContract]:
    """Read a table and check it. Raises ContractError when its file is not what it should be."""
    path = table_file(folder, contract)
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError:
        raise ContractError(contract.table_name(), [f"there is no file {path}"]) from None
    except pl.exceptions.PolarsError as error:
        fault = f"{path} cannot be read as Parquet ({error})"
        raise ContractError(contract.table_name(), [fault]) from None
    return checked(frame, contract)
