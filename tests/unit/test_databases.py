"""Queries against real databases: a PostgreSQL, SQLite and DuckDB files."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.databases import PASSWORD, PostgreSQL, running_postgresql
from workbench.contracts import Accounts, Opportunities
from workbench.errors import SourceError
from workbench.ingest import Ingested, ingest, source_problems
from workbench.params import RunParams
from workbench.sources.databases import QueryExtract
from workbench.sources.mapping import Query

COMPANY = [
    "create table accounts (id varchar(20), label text, target boolean)",
    "insert into accounts values ('A1', 'Northwind', true), ('A2', 'Ärmel & Co', false)",
    "create table deals (id integer, account varchar(20), phase text, amount numeric(18, 2), "
    "opened timestamp, closed date)",
    # Whole amounts and missing days come first: SQLite takes a column's type from its values.
    "insert into deals select 1000 + x, 'A1', 'Open', x, '2026-01-05 09:30:00', null from numbers",
    "insert into deals values (1, 'A2', 'Won', 1250.10, '2026-02-03 23:15:00', '2026-03-01')",
    "insert into deals values (2, 'A2', 'Lost', null, '2026-02-04 08:00:00', '2026-03-02')",
]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def databases(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The URI of each kind of database; the same company in all of them."""
    folder = tmp_path_factory.mktemp("databases")
    numbers = "create table numbers as select {x} from {series}"
    postgresql.execute(numbers.format(x="x", series="generate_series(1, 3000) x"), *COMPANY)
    with duckdb.connect(folder / "crm.duckdb") as connection:
        for statement in (numbers.format(x="range x", series="range(1, 3001)"), *COMPANY):
            connection.execute(statement)
    lite = sqlite3.connect(folder / "c r m.db")
    series = "(with recursive s(x) as (values (1) union all select x + 1 from s where x < 3000) "
    for statement in (numbers.format(x="x", series=f"{series}select x from s)"), *COMPANY):
        lite.execute(statement)
    lite.commit()
    lite.close()
    return {
        "postgresql": postgresql.uri(),
        "sqlite": f"sqlite:///{folder}/c%20r%20m.db",
        "duckdb": f"duckdb:///{folder}/crm.duckdb",
    }


Ask = Callable[[str], QueryExtract]


@pytest.fixture(params=["postgresql", "sqlite", "duckdb"])
def ask(
    request: pytest.FixtureRequest, databases: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Ask:
    """A query of SQL to each kind of database in turn."""
    return lambda sql: extract(monkeypatch, databases[request.param], sql)


def extract(monkeypatch: pytest.MonkeyPatch, uri: str, sql: str) -> QueryExtract:
    monkeypatch.setenv("CRM_DATABASE", uri)
    return QueryExtract("deals", Query(connection="CRM_DATABASE", sql=sql))


def landed(query: QueryExtract, into: Path) -> pl.DataFrame:
    into.mkdir(exist_ok=True)
    return pl.read_parquet(query.land(into).path)


def refused(query: QueryExtract, into: Path) -> str:
    """What is said when a query cannot be had, by its header or else by its rows."""
    try:
        query.header()
        query.land(into)
    except SourceError as refusal:
        return str(refusal)
    raise AssertionError("it was not refused")


def test_query__gives_its_columns_and_rows(ask: Ask, tmp_path: Path) -> None:
    sql = "select id, label from accounts order by id desc;  "
    query = ask(sql)

    assert query.header() == ["id", "label"]
    assert landed(query, tmp_path).rows() == [("A2", "Ärmel & Co"), ("A1", "Northwind")]


def test_query__without_rows_has_its_columns(ask: Ask, tmp_path: Path) -> None:
    sql = "with none as (select * from deals where id < 0) select id, amount from none -- nothing"
    query = ask(sql)

    assert query.header() == ["id", "amount"]
    assert landed(query, tmp_path).shape == (0, 2)


def test_query__adds_up_to_the_cent(ask: Ask, tmp_path: Path) -> None:
    rows = landed(ask("select * from deals"), tmp_path)

    amounts = rows["amount"].cast(pl.String).cast(pl.Decimal(18, 2))
    assert rows.height == 3002
    assert amounts.sum() == Decimal("4502750.10")
    assert amounts.null_count() == 1
    closed = rows.filter(pl.col("closed").is_not_null()).sort("id")
    assert closed["closed"].cast(pl.String).to_list() == ["2026-03-01", "2026-03-02"]


def test_query__hash_is_of_the_question_and_the_answer(ask: Ask, tmp_path: Path) -> None:
    def sha256(sql: str) -> str:
        return ask(sql).land(tmp_path).sha256

    first = sha256("select * from deals order by id")

    assert sha256("select * from deals order by id") == first
    assert sha256("select * from deals order by id desc") != first
    assert sha256("select * from deals where id > 0 order by id") != first


def test_postgresql__each_type_in_a_form_that_loses_nothing(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    postgresql.execute("create type phase as enum ('open', 'won')")
    sql = """
        select 12345678901234567890.1234567890 as number, 'NaN'::numeric as no_number,
            12.34::money as money, '2026-03-01 01:30+02'::timestamptz as instant,
            '2026-03-01 01:30'::timestamp as local, '2026-03-01'::date as day,
            'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as id, '{"a": 1}'::jsonb as json,
            'won'::phase as phase, interval '1 day' as span, true as yes, null::text as nothing,
            array[1, 2] as list, 'ab'::bytea as bytes, 1 as "A ""name"" of five words"
    """
    query = extract(monkeypatch, postgresql.uri(), sql)

    rows = landed(query, tmp_path)

    assert rows.columns == query.header()
    assert rows.select(pl.exclude("instant", "local", "day")).row(0, named=True) == {
        "number": "12345678901234567890.1234567890",
        "no_number": "nan",
        "money": "12.34",
        "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "json": '{"a": 1}',
        "phase": "won",
        "span": "1 day",
        "yes": True,
        "nothing": None,
        "list": [1, 2],
        "bytes": b"ab",
        'A "name" of five words': 1,
    }
    assert rows.select(
        pl.col("instant", "local").dt.to_string("iso:strict"), pl.col("day").dt.to_string()
    ).row(0) == ("2026-02-28T23:30:00.000000+00:00", "2026-03-01T01:30:00.000000", "2026-03-01")


def test_postgresql__an_endless_day_is_no_day(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sql = "select 'infinity'::timestamptz as until, now() as since, '-infinity'::date as began"

    said = refused(extract(monkeypatch, postgresql.uri(), sql), tmp_path)

    assert said.startswith("2 problems")
    assert "'until' holds an instant or day outside the years 1 to 9999" in said
    assert "nullif(began, 'infinity')" in said


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("select * from quotes", "quotes"),
        ("selec id from deals", "syntax error"),
        ("select id from deals where id = (select nothing)", "nothing"),
        ("delete from deals", "syntax error"),
        ("select id from deals; delete from deals", "syntax error"),
    ],
)
def test_query__that_the_database_refuses_is_one_error(
    ask: Ask, sql: str, sentence: str, tmp_path: Path
) -> None:
    query = ask(sql)

    said = refused(query, tmp_path)

    assert said.startswith("query deals (CRM_DATABASE): ")
    assert sentence in said
    rows = landed(ask("select id from deals"), tmp_path)
    assert rows.height == 3002


def test_query__that_fails_in_the_middle_is_one_error(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sql = "select 1 / (900000 - x) as share from generate_series(1, 1000000) x"

    said = refused(extract(monkeypatch, postgresql.uri(), sql), tmp_path)

    assert said == "query deals (CRM_DATABASE): division by zero."


UNREACHABLE = {
    "refused": ("postgresql://ann:s3cr3t-Word@127.0.0.1:1/crm", "Connection refused"),
    "no such host": ("postgresql://ann:s3cr3t-Word@nowhere.invalid/crm", "host name"),
    "repeated whole": ("postgresql://ann:s3cr3t-Word@[::1/crm", 'matching "]"'),
    "not quoted": ("postgresql://ann:s3cr3t/Word@localhost/crm", "invalid integer value"),
    "no file": ("sqlite:////s3cr3t/Word.db", "there is no such database file"),
    "no database": ("duckdb:////s3cr3t/Word.duckdb", "there is no such database file"),
    "unknown": ("mysql://ann:s3cr3t@Word/crm", "holds no URI of a database known here"),
    "no URI": ("host=localhost password=s3cr3t-Word", "holds no URI of a database known here"),
}


@pytest.mark.parametrize("case", UNREACHABLE)
def test_connection__that_fails_says_why_and_nothing_of_the_uri(
    case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uri, sentence = UNREACHABLE[case]

    said = refused(extract(monkeypatch, uri, "select 1 as a"), tmp_path)

    assert said.startswith("CRM_DATABASE: ")
    assert sentence in said
    for part in ("s3cr3t", "Word", "ann", "nowhere", "/crm"):
        assert part not in said


def test_connection__with_a_wrong_password_is_refused(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = extract(monkeypatch, postgresql.uri("n0t the one"), "select 1 as a")

    said = refused(query, tmp_path)

    assert said.startswith("CRM_DATABASE: password authentication failed for user")
    assert "n0t" not in said
    assert "analyst" not in said


def test_connection__a_server_that_repeats_the_password_does_not_get_it_through(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sql = f"select '{PASSWORD}'::integer as a"

    said = refused(extract(monkeypatch, postgresql.uri(), sql), tmp_path)

    assert said == 'query deals (CRM_DATABASE): invalid input syntax for type integer: "…".'


def test_connection__without_its_variable_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = extract(monkeypatch, "", "select 1 as a")

    assert "CRM_DATABASE: this environment variable is not set." in refused(query, tmp_path)


@pytest.mark.skipif(find_spec("adbc_driver_snowflake") is not None, reason="the driver is there")
def test_connection__without_its_driver_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    query = extract(monkeypatch, "snowflake://ann:s3cr3t@account/crm", "select 1 as a")

    said = refused(query, tmp_path)

    assert "the driver for snowflake is missing" in said
    assert "install partner-revenue-workbench[snowflake]" in said


def test_connection__a_missing_or_broken_file_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("no database, only words. " * 100)

    said = refused(extract(monkeypatch, f"sqlite:///{broken}", "select 1 from t"), tmp_path)
    refused(extract(monkeypatch, f"sqlite:///{tmp_path}/none.db", "select 1 as a"), tmp_path)
    refused(extract(monkeypatch, f"duckdb:///{tmp_path}/none.db", "select 1 as a"), tmp_path)

    assert "file is not a database" in said
    assert [file.name for file in tmp_path.iterdir()] == ["broken.db"]


MILLION = {
    "postgresql": "generate_series(1, 1000000) s(x)",
    "duckdb": "(select range x from range(1, 1000001))",
    "sqlite": "(with recursive s(x) as (values (1) union all select x + 1 from s "
    "where x < 1000000) select x from s)",
}
MEASURE = """
import sys
from pathlib import Path
import polars as pl
from workbench.sources.databases import QueryExtract
from workbench.sources.mapping import Query

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

QueryExtract("warm", Query(connection="CRM_DATABASE", sql="select 1 as a")).land(Path(sys.argv[2]))
before = peak()
query = Query(connection="CRM_DATABASE", sql=sys.argv[1])
path = QueryExtract("big", query).land(Path(sys.argv[2])).path
held = peak() - before
counts = pl.len(), pl.col("x").cast(int).sum(), pl.col("note").n_unique()
print(held, *pl.scan_parquet(path).select(counts).collect().row(0))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("kind", MILLION)
def test_query__of_a_million_rows_is_never_whole_in_memory(
    kind: str, databases: dict[str, str], tmp_path: Path
) -> None:
    """A million rows of 600 bytes: 600 MB in all."""
    note = "repeat('x', 590) || x" if kind != "sqlite" else "printf('%.590c', 'x') || x"
    sql = f"select x, {note} as note from {MILLION[kind]}"

    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sql, str(tmp_path)],
        env={**os.environ, "CRM_DATABASE": databases[kind]},
        capture_output=True,
        text=True,
        check=True,
    )

    megabytes, rows, total, notes = map(int, done.stdout.split())
    assert (rows, total, notes) == (1_000_000, 500_000_500_000, 1_000_000)
    assert megabytes < 450


MAPPING = """
queries:
  accounts: {connection: CRM_DATABASE, sql: select * from accounts}
  deals: {connection: CRM_DATABASE, sql: select * from deals where id < 1000}
  partners: {connection: CRM_DATABASE, sql: "select 'P1' as id, 'Resale Ltd' as name"}
tables:
  accounts:
    from:
      file: accounts
      columns: {account_id: id, name: label, is_target: target}
  partners:
    from:
      file: partners
      columns: {partner_id: id, name: name, partner_type: {value: reseller}, active: {value: true}}
  opportunities:
    from:
      file: deals
      lookups: {account: {file: accounts, on: {account: id}}}
      columns:
        opportunity_id: id
        account_id: account
        name: account.label
        opportunity_type: {value: new_business}
        stage: phase
        status: {from: phase, words: {Open: open, Won: won, Lost: lost}}
        created_at: opened
        closed_at: closed
        amount: amount
        currency: {value: EUR}
        source_system: {value: crm}
  touches: empty
"""


def mapping_file(text: str, folder: Path) -> Path:
    file = folder / "crm.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def params_of(mapping: Path) -> RunParams:
    return RunParams(
        name="test",
        period="2026-03",
        as_of=date(2026, 3, 31),
        read_at=datetime(2026, 4, 1, 8, tzinfo=UTC),
        timezone="Europe/Berlin",
        source=mapping,
        definition=mapping,
        readout=None,
        output_root=mapping.parent,
    )


def ingested(text: str, folder: Path) -> Ingested:
    into = folder / "tables"
    into.mkdir()
    return ingest(params_of(mapping_file(text, folder)), into=into)


@pytest.mark.parametrize("kind", ["postgresql", "sqlite", "duckdb"])
def test_ingest__makes_the_same_tables_of_any_database(
    kind: str, databases: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_DATABASE", databases[kind])

    found = ingested(MAPPING, tmp_path)

    opportunities = found.tables[Opportunities].select(
        "opportunity_id", "name", "status", "created_at", "closed_at", "amount"
    )
    local, midnight = (
        datetime(2026, 2, 3, 22, 15, tzinfo=UTC),
        datetime(2026, 2, 28, 23, tzinfo=UTC),
    )
    assert opportunities.rows() == [
        ("1", "Ärmel & Co", "won", local, midnight, Decimal("1250.10")),
        ("2", "Ärmel & Co", "lost", datetime(2026, 2, 4, 7, tzinfo=UTC),
         datetime(2026, 3, 1, 23, tzinfo=UTC), None),
    ]  # fmt: skip
    assert found.tables[Accounts]["is_target"].to_list() == [True, False]
    counts = found.summary.select("table", "source", "rows_read", "rows_accepted").rows()
    assert ("opportunities", "deals", 2, 2) in counts


ODD = """
    select '1' as id, 'A2' as account, 'Won' as phase, {amount} as amount,
        {instant} as opened, {instant} as closed, {odd} from (select 1) one
"""


@pytest.mark.parametrize(
    ("kind", "amount_and_reason"),
    [
        ("postgresql", ("'NaN'::numeric", "amount: not a number")),
        ("postgresql", ("12.345", "amount: more than 2 decimals")),
        ("postgresql", ("1e17::numeric", "amount: too large")),
        ("duckdb", ("12.345::decimal(18, 3)", "amount: more than 2 decimals")),
        ("duckdb", ("'nan'::double", "amount: not a number")),
        ("sqlite", ("'n/a'", "amount: not a number")),
    ],
)
def test_ingest__a_row_that_cannot_be_taken_is_rejected_beside_odd_columns(
    kind: str,
    amount_and_reason: tuple[str, str],
    databases: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Columns that no table reads may be of any type; the reject has them as text."""
    amount, reason = amount_and_reason
    monkeypatch.setenv("CRM_DATABASE", databases[kind])
    odd = {
        "postgresql": "array[1, 2] as list, 'ab'::bytea as bytes, interval '1 day' as span, "
        "'10:30'::time as at, row(1, 'a') as record, null::int as never",
        "duckdb": "[1, 2] as list, 'ab'::blob as bytes, interval 1 day as span, "
        "time '10:30' as at, {'a': 1} as record, map([1], ['a']) as map, null as never",
        "sqlite": "x'6162' as bytes, null as never",
    }
    instant = "'2026-02-03'" if kind == "sqlite" else "timestamp '2026-02-03 10:00:00'"
    sql = ODD.format(amount=amount, instant=instant, odd=odd[kind])
    folded = " ".join(sql.split())

    found = ingested(
        MAPPING.replace("sql: select * from deals where id < 1000", f'sql: "{folded}"'), tmp_path
    )

    assert found.rejects.select("table", "source", "row_number", "reasons").rows() == [
        ("opportunities", "deals", 1, [reason])
    ]
    assert json.loads(found.rejects["row"][0])["account"] == "A2"


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        ("postgresql", "array['Won']"),
        ("postgresql", "'Won'::bytea"),
        ("duckdb", "['Won']"),
        ("duckdb", "map([1], ['Won'])"),
        ("sqlite", "x'6162'"),
    ],
)
def test_ingest__a_column_of_no_single_values_is_refused(
    kind: str,
    phase: str,
    databases: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("CRM_DATABASE", databases[kind])
    sql = f"select id, account, {phase} as phase, amount, opened, closed from deals"
    text = MAPPING.replace("sql: select * from deals where id < 1000", f'sql: "{sql}"')

    with pytest.raises(SourceError, match=r"'phase' holds .*, not single values"):
        ingested(text, tmp_path)


def test_mapping__a_query_that_no_table_reads_is_a_problem(
    databases: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_DATABASE", databases["duckdb"])
    more = "queries:\n  other: {connection: CRM_DATABASE, sql: select 1 as a}\n"

    problems = source_problems(
        params_of(mapping_file(MAPPING.replace("queries:\n", more), tmp_path))
    )

    assert [problem.what for problem in problems] == ["no table reads 'queries.other'."]


def test_mapping__all_queries_of_a_connection_that_fails_are_one_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CRM_DATABASE", raising=False)

    problems = source_problems(params_of(mapping_file(MAPPING, tmp_path)))

    assert [problem.where for problem in problems] == ["CRM_DATABASE"]


@pytest.mark.parametrize(
    "query",
    [
        "{connection: 'postgresql://ann:s3cr3t@host/crm', sql: select 1 as a}",
        "'postgresql://ann:s3cr3t@host/crm'",
        "['postgresql://ann:s3cr3t@host/crm']",
        "{connection: ['postgresql://ann:s3cr3t@host/crm'], sql: select 1 as a}",
        "{conection: 'postgresql://ann:s3cr3t@host/crm', sql: select 1 as a}",
    ],
)
def test_mapping__a_uri_in_it_is_an_error_that_does_not_repeat_it(
    query: str, tmp_path: Path
) -> None:
    mapping = mapping_file(f"queries:\n  deals: {query}\ntables:\n  touches: empty\n", tmp_path)

    said = " ".join(map(str, source_problems(params_of(mapping))))

    assert "queries.deals" in said
    assert "connection" in said
    assert "s3cr3t" not in said
