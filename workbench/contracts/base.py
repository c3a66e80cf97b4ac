"""What every contract shares: exact columns, exact types, and a key that orders its rows."""

from functools import cache
from typing import Annotated

import pandera.polars as pa
import polars as pl

Instant = Annotated[pl.Datetime, "us", "UTC"]
Date = pl.Date
Money = Annotated[pl.Decimal, 18, 2]
Rate = Annotated[pl.Decimal, 38, 18]
Words = Annotated[pl.List, pl.String()]


class Contract(pa.DataFrameModel):
    """One table: its columns, types, accepted words and identities. The grain is the first line."""

    class Config:
        strict = True
        ordered = True
        name: str | None = None

    @classmethod
    def table_name(cls) -> str:
        """The table's name, which is its file's name too."""
        return str(cls.to_schema().name)

    @classmethod
    def row_order(cls) -> list[str]:
        """The columns that order the rows wherever the table is written: its key, else all."""
        schema = cls.to_schema()
        own_key = [name for name, column in schema.columns.items() if column.unique]
        return own_key or list(schema.unique or schema.columns)

    @classmethod
    def dtypes(cls) -> dict[str, pl.DataType]:
        """The polars type of each column, in order."""
        return dict(_schema(cls))

    @classmethod
    def required_columns(cls) -> list[str]:
        """The columns that may not be null."""
        return [name for name, column in cls.to_schema().columns.items() if not column.nullable]


@cache
def _schema(contract: type[Contract]) -> pl.Schema:
    return contract.empty().schema
