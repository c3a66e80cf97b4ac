"""Into a schema of their own in PostgreSQL or DuckDB, over ADBC, in one transaction."""
# ruff: noqa: S608  (every name in the SQL is one of our own; values are bound)

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import polars as pl

from workbench.contracts import TABLES
from workbench.errors import Problem, PublishError
from workbench.publishing.run import (
    NAME,
    PERIOD,
    RUNS_TABLE,
    Published,
    PublishedTable,
    RunToPublish,
)
from workbench.sources.databases import said_without_uri

# Never beside the tables of a CRM, which may have the same names.
SCHEMA: Final = "partner_revenue"
_BATCH: Final = 100_000
_TYPES: Final[dict[Any, str]] = {
    pl.String: "text",
    pl.Int64: "bigint",
    pl.Int32: "bigint",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "timestamp with time zone",
}
_SCHEMA_IS_THERE: Final = f"""
select count(*) > 0 from information_schema.schemata where schema_name = '{SCHEMA}'
"""
# Both give the columns that the schema has now: table, column, type.
_COLUMNS_IN_POSTGRESQL: Final = f"""
select c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as "type"
from pg_attribute a join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = '{SCHEMA}' and a.attnum > 0 and not a.attisdropped
and c.relkind in ('r', 'p', 'v', 'm', 'f')
"""
_COLUMNS_IN_DUCKDB: Final = f"""
select table_name as "table", column_name as "column",
  replace(replace(replace(lower(data_type), 'varchar', 'text'), 'decimal', 'numeric'),
    'double', 'double precision') as "type"
from duckdb_columns() where database_name = current_database() and schema_name = '{SCHEMA}'
"""


def publish_to_postgresql(run: RunToPublish, variable: str) -> Published:
    """Into the PostgreSQL whose URI an environment variable holds; no message has a part of it."""
    uri = os.environ.get(variable, "")
    if not uri:
        hint = "set it to a URI such as postgresql://user:password@host/database."
        raise PublishError([Problem(variable, "this environment variable is not set.", hint)])
    if not uri.startswith(("postgresql://", "postgres://")):
        hint = "it begins with postgresql://; a DuckDB is named by its file."
        raise PublishError([Problem(variable, "holds no URI of a PostgreSQL.", hint)])
    driver = _imported("adbc_driver_postgresql.dbapi", where=variable, extra="postgresql")
    with _transaction(driver, {"uri": uri}, where=variable) as cursor:
        # Two runs that are published at once follow each other.
        cursor.execute(f"select pg_advisory_xact_lock(hashtext('{SCHEMA}'))")
        rows = _replace(cursor, run, _COLUMNS_IN_POSTGRESQL, where=variable)
    return Published(f"the database in {variable}, schema {SCHEMA}", rows)


def publish_to_duckdb(run: RunToPublish, path: Path) -> Published:
    """Into a DuckDB file, which is made where there is none."""
    driver = _imported("adbc_driver_manager.dbapi", where=str(path), extra="duckdb")
    library = _imported("adbc_driver_duckdb", where=str(path), extra="duckdb").driver_path()
    options = {"entrypoint": "duckdb_adbc_init", "db_kwargs": {"path": str(path)}}
    with _transaction(driver, {"driver": library, **options}, where=str(path)) as cursor:
        rows = _replace(cursor, run, _COLUMNS_IN_DUCKDB, where=str(path))
    return Published(f"{path}, schema {SCHEMA}", rows)


def _imported(module: str, *, where: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        hint = f"install partner-revenue-workbench[{extra}]."
        raise PublishError([Problem(where, f"the driver for {extra} is missing.", hint)]) from None


@contextmanager
def _transaction(driver: Any, connect: Mapping[str, Any], *, where: str) -> Iterator[Any]:
    """A cursor; what it did holds once the block ends, and nothing of it where the block fails."""
    try:
        with driver.connect(**connect) as connection, connection.cursor() as cursor:
            yield cursor
            connection.commit()
    except (driver.Error, OSError) as error:
        said = said_without_uri(error, connect.get("uri", ""))
        raise PublishError([Problem(where, said, "nothing was changed there.")]) from None


def _replace(cursor: Any, run: RunToPublish, columns: str, *, where: str) -> dict[str, int]:
    """Write the tables in place of the rows of the same name and period; the rows of each."""
    there = _columns_there(cursor, columns)
    if drift := [problem for table in run.tables for problem in _drift(table, there, where)]:
        raise PublishError(drift)
    if not _answer(cursor, _SCHEMA_IS_THERE).item():
        cursor.execute(f"create schema {SCHEMA}")
    for name in (RUNS_TABLE, *TABLES):  # also those that this run has not
        if name in there:
            replaced = f"delete from {SCHEMA}.{name} where {NAME} = $1 and {PERIOD} = $2"
            cursor.execute(replaced, (run.name, run.period))
    return {
        table.name: _write(cursor, table, is_new=table.name not in there) for table in run.tables
    }


def _write(cursor: Any, table: PublishedTable, *, is_new: bool) -> int:
    if is_new:
        columns = ", ".join(
            f'"{column}" {kind}{" not null" if column in table.required else ""}'
            for column, kind in _types(table).items()
        )
        cursor.execute(f"create table {SCHEMA}.{table.name} ({columns})")
        about = table.about.replace("'", "''")
        cursor.execute(f"comment on table {SCHEMA}.{table.name} is '{about}'")
    written = 0
    for batch in table.rows.collect_batches(chunk_size=_BATCH, maintain_order=True):
        cursor.adbc_ingest(table.name, batch, mode="append", db_schema_name=SCHEMA)
        written += batch.height
    return written


def _columns_there(cursor: Any, columns: str) -> dict[str, dict[str, str]]:
    """The type of each column of each table of the schema."""
    there: dict[str, dict[str, str]] = {}
    for table, column, kind in _answer(cursor, columns).iter_rows():
        there.setdefault(table, {})[column] = kind
    return there


def _drift(
    table: PublishedTable, there: Mapping[str, Mapping[str, str]], where: str
) -> Iterator[Problem]:
    """Where a table that is there has other columns than this version of the workbench writes."""
    expected, found = _types(table), there.get(table.name)
    if found is None:
        return
    place = f"{SCHEMA}.{table.name} ({where})"
    hint = "alter it, or drop it and publish again every period that it shall have."
    for column in sorted({*expected, *found}):
        if column not in found:
            yield Problem(place, f"the column {column} ({expected[column]}) is missing.", hint)
        elif column not in expected:
            yield Problem(place, f"the column {column} is none of the table's.", hint)
        elif found[column] != expected[column]:
            what = f"the column {column} is {found[column]}, not {expected[column]}."
            yield Problem(place, what, hint)


def _types(table: PublishedTable) -> dict[str, str]:
    return {column: _type(dtype) for column, dtype in table.types.items()}


def _type(dtype: pl.DataType) -> str:
    """As PostgreSQL names it, and DuckDB understands it."""
    if isinstance(dtype, pl.Decimal):
        return f"numeric({dtype.precision},{dtype.scale})"
    if isinstance(dtype, pl.List):
        return f"{_type(cast(pl.DataType, dtype.inner))}[]"
    return _TYPES[dtype.base_type()]


def _answer(cursor: Any, sql: str) -> pl.DataFrame:
    cursor.execute(sql)
    return pl.DataFrame(cursor.fetch_arrow())
