"""What a query must be asked as, so that each of its columns has one type that Arrow carries."""
# ruff: noqa: S608  (the SQL is the analyst's own, and the database is opened to be read)

import os
from typing import Any, Final

import polars as pl

# PostgreSQL gives every other type as text: Arrow has no word for it, or, for money, a wrong one.
_POSTGRESQL_TYPES: Final = {
    "bigint",
    "boolean",
    "bytea",
    "character varying",
    "character",
    "date",
    "double precision",
    "integer",
    "numeric",
    "real",
    "smallint",
    "text",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
}
_SQLITE_EXAMPLES: Final = {"integer": "0", "real": "0.5", "text": "'a'", "blob": "x'00'"}

# Without it polars panics at a column of intervals, even at one that no table reads.
os.environ.setdefault("POLARS_IMPORT_INTERVAL_AS_STRUCT", "1")
pl.Config.reload_env_vars()


def streamed(cursor: Any, sql: str) -> pl.LazyFrame:
    """The answer, batch by batch as it comes; what Arrow only names otherwise is text."""
    cursor.execute(sql)
    rows = pl.scan_arrow_c_stream(cursor.fetch_arrow())
    schema = rows.collect_schema()
    named = [name for name, dtype in schema.items() if isinstance(dtype, pl.BaseExtension)]
    maps = [name for name, dtype in schema.items() if isinstance(dtype, pl.Map)]
    return rows.with_columns(
        pl.col(named).ext.storage(),
        pl.col(maps).map.entries(),  # as lists, which can be shown in JSON whatever their keys
    )


def column_names(cursor: Any, table: str) -> list[str]:
    """The columns of a query that stands in brackets; the query is planned, not run."""
    return streamed(cursor, f"select * from {table} limit 0").collect_schema().names()


def typed_rows(cursor: Any, table: str, *, kind: str) -> pl.LazyFrame:
    """The rows of a query that stands in brackets, as they stream in."""
    if kind == "postgresql":
        return _postgresql_rows(cursor, table)
    if kind == "sqlite":
        return _sqlite_rows(cursor, table)
    return streamed(cursor, f"select * from {table}")


def _postgresql_rows(cursor: Any, table: str) -> pl.LazyFrame:
    columns = _quoted(column_names(cursor, table))
    asked = ", ".join(f"pg_typeof(q.{column})::text {column}" for column in columns.values())
    # One row, whatever the query holds, and the query is not run.
    nothing = f"(select 1) one left join (select * from {table} limit 0) q on true"
    types = streamed(cursor, f"select {asked} from {nothing}").collect().row(0, named=True)
    cast = [
        f"q.{column}{_postgresql_cast(types[name])} {column}" for name, column in columns.items()
    ]
    return streamed(cursor, f"select {', '.join(cast)} from {table}")


def _postgresql_cast(its_type: str) -> str:
    if its_type in _POSTGRESQL_TYPES or its_type.endswith("[]"):
        return ""
    return "::numeric" if its_type == "money" else "::text"


def _sqlite_rows(cursor: Any, table: str) -> pl.LazyFrame:
    """SQLite gives each value a type of its own; the driver takes that of a column's first values.

    So the types are counted first, and a row that shows them goes before the others.
    """
    columns = _quoted(column_names(cursor, table))
    asked = ", ".join(f"group_concat(distinct typeof(q.{c})) {c}" for c in columns.values())
    held = streamed(cursor, f"select {asked} from {table}").collect().row(0, named=True)
    types = {column: _sqlite_type(held[name] or "") for name, column in columns.items()}
    first = ", ".join(f"{_SQLITE_EXAMPLES[one]} {column}" for column, one in types.items())
    cast = ", ".join(f"cast(q.{column} as {one})" for column, one in types.items())
    return streamed(cursor, f"select {first} union all select {cast} from {table}").slice(1)


def _sqlite_type(held: str) -> str:
    types = set(held.split(",")) - {"null", ""}
    if len(types) == 1:
        return types.pop()
    return "real" if types == {"integer", "real"} else "text"


def _quoted(names: list[str]) -> dict[str, str]:
    return {name: '"' + name.replace('"', '""') + '"' for name in names}
