"""The rows of a database: one SQL query over ADBC, as Arrow from the server into a Parquet file."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.runs import file_sha256
from workbench.sources.extracts import Landed, columns_beyond_the_calendar
from workbench.sources.mapping import Query
from workbench.sources.sql_types import column_names, typed_rows

_SCHEMES: Final = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
}
_IN_A_FILE: Final = {"duckdb", "sqlite"}


@dataclass(frozen=True)
class QueryExtract:
    """What a query of a mapping gives, from the database whose URI an environment variable holds.

    No message has any part of the URI. Nothing is written: database files are opened to be read,
    and no transaction is ever committed.
    """

    name: str
    query: Query

    def header(self) -> list[str]:
        """The column names, no rows read. Raises SourceError when the database refuses."""
        with self._cursor() as (_, cursor):
            return column_names(cursor, self._as_table)

    def land(self, into: Path) -> Landed:
        """The rows in their own types, in the order in which they come, one batch at a time.

        The hash is of the query and of these rows. Raises SourceError when the database refuses,
        or gives an instant or a day that no calendar has.
        """
        path = into / f"{len(list(into.iterdir()))}.parquet"
        with self._cursor() as (kind, cursor):
            typed_rows(cursor, self._as_table, kind=kind).sink_parquet(path)
        if endless := columns_beyond_the_calendar(path):
            raise SourceError(
                self._problem(
                    f"'{column}' holds an instant or day outside the years 1 to 9999.",
                    f"leave such rows out, or make it missing: nullif({column}, 'infinity').",
                )
                for column in endless
            )
        told = f"{self.query.sql}\n{file_sha256(path)}"
        return Landed(path, hashlib.sha256(told.encode()).hexdigest())

    @property
    def _as_table(self) -> str:
        """The query in brackets; they close on a line of their own, as it may end in a comment."""
        return f"({self.query.sql.strip().rstrip(';')}\n) q"

    @contextmanager
    def _cursor(self) -> Iterator[tuple[str, Any]]:
        """The kind of database and a cursor, whose every error is a SourceError in its words."""
        variable = self.query.connection
        uri = os.environ.get(variable, "")
        if not uri:
            hint = "set it to a URI such as postgresql://user:password@host/database."
            raise SourceError([Problem(variable, "this environment variable is not set.", hint)])
        kind = _kind(uri)
        if kind is None:
            hint = f"it begins with {', '.join(f'{scheme}://' for scheme in _SCHEMES)}."
            raise SourceError([Problem(variable, "holds no URI of a database known here.", hint)])
        try:
            driver = import_module(f"adbc_driver_{kind}.dbapi")
        except ImportError:
            hint = f"install partner-revenue-workbench[{kind}]."
            raise SourceError(
                [Problem(variable, f"the driver for {kind} is missing.", hint)]
            ) from None
        try:
            connection = _connect(driver, kind, uri)
        except (driver.Error, OSError) as error:
            hint = f"look at the address, the user and the password in {variable}; signs such as "
            hint += "@ and / in a password are written %40 and %2F."
            hint = f"look at the path in {variable}." if kind in _IN_A_FILE else hint
            raise SourceError([Problem(variable, said_without_uri(error, uri), hint)]) from None
        with connection:
            try:
                with connection.cursor() as cursor:
                    yield kind, cursor
            except (driver.Error, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
                raise SourceError([self._problem(said_without_uri(error, uri))]) from None

    def _problem(self, what: str, hint: str = "") -> Problem:
        return Problem(f"query {self.name} ({self.query.connection})", what, hint)


def _kind(uri: str) -> str | None:
    """The database that the scheme of a URI names."""
    scheme, colon, _ = uri.partition("://")
    return _SCHEMES.get(scheme) if colon else None


def _connect(driver: Any, kind: str, uri: str) -> Any:
    rest = uri.partition("://")[2]
    if kind in _IN_A_FILE:
        # As SQLAlchemy writes them: sqlite:///relative.db, sqlite:////absolute.db
        path = Path(unquote(rest.removeprefix("/"))).absolute()
        if not path.is_file():
            raise FileNotFoundError("there is no such database file")
        if kind == "sqlite":
            return driver.connect(f"{path.as_uri()}?mode=ro")
        manager = import_module("adbc_driver_manager.dbapi")
        return manager.connect(
            driver=import_module("adbc_driver_duckdb").driver_path(),
            entrypoint="duckdb_adbc_init",
            db_kwargs={"path": str(path), "access_mode": "READ_ONLY"},
        )
    if kind == "bigquery":  # who asks is a matter of Google's own environment variables
        project, _, dataset = rest.strip("/").partition("/")
        options = {"project_id": project, "dataset_id": dataset}
        return driver.connect({f"adbc.bigquery.sql.{k}": v for k, v in options.items() if v})
    return driver.connect(uri)


def said_without_uri(error: BaseException, uri: str) -> str:
    """The server's own sentence without any part of the URI: drivers like to repeat it."""
    text = str(error).split("\n", 1)[0]
    text = re.sub(r"^[A-Z_]+: (\[\w+\] )?|.*\b(ERROR|FATAL): ", "", text)
    rest = uri.partition("://")[2]
    password = rest.partition(":")[2].rpartition("@")[0]
    parts = {uri, rest, password, *re.split(r"[:/?#@&=]", rest)}
    parts |= {unquote(part) for part in parts}
    for part in sorted(parts - {""}, key=len, reverse=True):
        # A short one, of a password that is not quoted as it should be, only where it stands alone.
        exactly = re.escape(part) if len(part) > 2 else rf"(?<!\w){re.escape(part)}(?!\w)"
        text = re.sub(exactly, "…", text, flags=re.IGNORECASE)
    return " ".join(text.split()).rstrip(".!") + "."
