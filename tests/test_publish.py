"""What is published is what the run has: in a real PostgreSQL and DuckDB, Parquet, Excel, CSV."""

import csv
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import adbc_driver_duckdb
import polars as pl
import pytest
from adbc_driver_manager import dbapi as manager
from adbc_driver_postgresql import dbapi

from tests.databases import PASSWORD, PostgreSQL, running_postgresql
from tests.unit.attribution_frames import frame
from workbench.cli import commands
from workbench.contracts import (
    TABLES,
    Contract,
    IngestSummary,
    Metrics,
    Opportunities,
    PartnerAliases,
    Partners,
    PayoutLedger,
    Rejects,
)
from workbench.documents import dump_yaml
from workbench.errors import InputError, PublishError, RunError
from workbench.params import read_params
from workbench.publishing import publish
from workbench.publishing.excel import MOST_ROWS
from workbench.runs import create_run, finish_run
from workbench.tables import table_file

HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "#set page()",
    "]]>",
    "x" * 300,
    "a\u202eb",
    "+1",
    "@sum",
    "-2+3",
    "https://evil.example",
    'O\'Brien "Q"; drop table partners; --',
    "one\ntwo",
    "a;=1+1",
]
APPROVAL = {"role": "finance", "name": "CFO", "on": date(2025, 10, 1)}
PROGRAMME: dict[str, Any] = {
    "version": 1,
    "title": "A programme",
    "definition": "timing",
    "approvals": [APPROVAL],
    "near_percent": 10,
    "tiers": [{"tier": "registered"}],
    "terms": [
        {
            "effective_from": date(2025, 11, 1),
            "evidence": "optional",
            "rates": [{"classification": "sourced", "rate": 0.1}],
            "cap_per_opportunity": 1000,
            "cap_per_partner_year": 1500,
            "clawback_days": 180,
        }
    ],
}
SUMMARY = {
    "table": "partners",
    "source": "partners.csv",
    "rows_read": 13,
    "rows_accepted": 13,
    "rows_rejected": 0,
    "sha256": "0" * 64,
}
ENTRY = {
    "kind": "accrual",
    "booked_on": date(2026, 10, 31),
    "opportunity_id": "O1",
    "partner_id": "P01",
    "partner_type": "referral",
    "classification": "sourced",
    "closed_on": date(2026, 10, 5),
    "base_amount": Decimal("5000.05"),
    "rate": Decimal("0.1"),
    "is_capped": False,
    "amount": Decimal("500.01"),
    "reason": "won, sourced: 10 % of the credited amount",
    "definition_id": "timing",
    "definition_version": 1,
    "programme_version": 1,
    "is_draft": False,
}


def partners(names: list[str]) -> pl.DataFrame:
    rows = ({"partner_id": f"P{n:02d}", "name": name} for n, name in enumerate(names))
    return frame(Partners, *({**row, "partner_type": "referral", "active": True} for row in rows))


def opportunity(number: int, amount: str | None) -> dict[str, Any]:
    return {
        "opportunity_id": f"O{number}",
        "account_id": "A1",
        "name": HOSTILE[number % len(HOSTILE)],
        "opportunity_type": "new_business",
        "stage": "Won",
        "status": "won",
        "created_at": datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC),
        "closed_at": datetime(2026, 10, 5, tzinfo=UTC),
        "amount": None if amount is None else Decimal(amount),
        "currency": "EUR",
        "probability": 0.1,
        "source_system": "crm",
    }


def metric(value: float | None, unit: str, **changes: Any) -> dict[str, Any]:
    return {
        "metric": f"of_{unit}",
        "category": "pipeline",
        "definition_id": "timing",
        "period": "2026-10",
        "classification": "sourced",
        "dimension": "all",
        "member": "all",
        "value": value,
        "unit": unit,
        "basis": "current",
        **changes,
    }


def rows_of_a_run() -> dict[type[Contract], pl.DataFrame]:
    return {
        Partners: partners(HOSTILE),
        Opportunities: frame(
            Opportunities,
            *map(opportunity, range(4), ["1234567890123.45", "-0.01", None, "0.10"]),
        ),
        Metrics: frame(
            Metrics,
            metric(0.313, "ratio", numerator=5.0, denominator=16.0, n=16, ci_low=0.1, ci_high=0.6),
            metric(599889.6, "currency", member="all"),
            metric(12.5, "days"),
            metric(None, "count", reason="the source has no handoffs"),
        ),
        Rejects: frame(
            Rejects,
            {
                "table": "partners",
                "source": "partners.csv",
                "row_number": 3,
                "reasons": ["no name", "=1+1"],
                "row": '{"name": "\u202e"}',
            },
        ),
        PayoutLedger: frame(
            PayoutLedger,
            {**ENTRY, "entry_id": 1, "period": "2026-09"},
            {**ENTRY, "entry_id": 2, "period": "2026-10", "reason": "=1+1"},
            {
                **ENTRY,
                "entry_id": 3,
                "period": "2026-10",
                "kind": "reversal",
                "reverses_entry_id": 1,
                "amount": Decimal("-500.01"),
                "base_amount": Decimal("-5000.05"),
            },
        ),
        IngestSummary: frame(IngestSummary, SUMMARY),
    }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "params" / "definitions").mkdir(parents=True)
    write(tmp_path / "params" / "definitions" / "timing.yaml", definition())
    write(tmp_path / "params" / "programme.yaml", PROGRAMME)
    content = {
        "period": "2026-10",
        "read_at": datetime(2026, 11, 3, 2, tzinfo=UTC),
        "source": "data",
        "definition": "timing",
        "readout": "none",
        "programme": "params/programme.yaml",
        "reporting_currency": "EUR",
    }
    write(tmp_path / "params" / "monthly.yaml", content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def definition(**changes: Any) -> dict[str, Any]:
    return {
        "id": "timing",
        "version": 1,
        "title": "Any touch",
        "approvals": [APPROVAL],
        "rules": [{"role": "sourced", "touch_types": "any", "to": "created - 1d"}],
        **changes,
    }


def write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(dump_yaml(content), encoding="utf-8")


def finished(
    run_id: str,
    *,
    period: str = "2026-10",
    without: tuple[type[Contract], ...] = (),
    rows: dict[type[Contract], pl.DataFrame] | None = None,
) -> Path:
    """A finished run of every table, most of them without rows."""
    run = create_run(read_params("params/monthly.yaml", {"period": period}), run_id)
    rows = rows_of_a_run() | (rows or {})
    for contract in set(TABLES.values()) - set(without):
        if contract in rows:
            run.write(rows[contract], contract)
        else:
            contract.empty().write_parquet(table_file(run.tables, contract))
    finish_run(run, {})
    return run.folder


def expected(folder: Path, contract: type[Contract]) -> pl.DataFrame:
    return pl.read_parquet(folder / "tables" / f"{contract.table_name()}.parquet")


# Databases


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


Ask = Callable[[str], pl.DataFrame]


@pytest.fixture(params=["postgresql", "duckdb"])
def warehouse(
    request: pytest.FixtureRequest, project: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Ask]:
    """The target, and a way to ask it; every test begins without the schema."""
    if request.param == "duckdb":
        return "warehouse.duckdb", asking_duckdb
    server: PostgreSQL = request.getfixturevalue("postgresql")
    server.execute("drop schema if exists partner_revenue cascade")
    monkeypatch.setenv("WAREHOUSE", server.admin)

    def ask(sql: str) -> pl.DataFrame:
        return asked(dbapi.connect(server.admin, autocommit=True), sql)

    return "WAREHOUSE", ask


def asking_duckdb(sql: str) -> pl.DataFrame:
    return asked(
        manager.connect(
            driver=adbc_driver_duckdb.driver_path(),
            entrypoint="duckdb_adbc_init",
            db_kwargs={"path": "warehouse.duckdb"},
            autocommit=True,
        ),
        sql,
    )


def asked(connection: Any, sql: str) -> pl.DataFrame:
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        frame = pl.DataFrame(cursor.fetch_arrow())
    opaque = [name for name, t in frame.schema.items() if isinstance(t, pl.BaseExtension)]
    return frame.with_columns(pl.col(opaque).ext.storage())


def read_back(ask: Ask, contract: type[Contract]) -> pl.DataFrame:
    """A published table in the types of its contract, without the columns that name the run."""
    table = contract.table_name()
    order = ", ".join(f'"{column}"' for column in contract.row_order())
    rows = ask(f"select * from partner_revenue.{table} order by {order}")
    assert rows.columns[:3] == ["published_name", "published_period", "published_run_id"]
    with warnings.catch_warnings():
        return rows.select(pl.col(c).cast(t) for c, t in contract.dtypes().items()).sort(
            contract.row_order()
        )


def test_publish__a_database_has_what_the_run_has(warehouse: tuple[str, Ask]) -> None:
    target, ask = warehouse
    folder = finished("a")

    done = publish(folder, target)

    assert set(done.rows) == {*TABLES, "published_runs"}
    for contract in TABLES.values():
        assert read_back(ask, contract).equals(expected(folder, contract)), contract
    run = ask("select * from partner_revenue.published_runs").row(0, named=True)
    assert (run["published_name"], run["published_period"]) == ("monthly", "2026-10")
    assert (run["reporting_currency"], run["as_of"]) == ("EUR", date(2026, 10, 31))
    assert run["is_draft"] is False
    total = ask("select cast(sum(amount) as text) from partner_revenue.opportunities")
    assert total.item() == "1234567890123.54"


def test_publish__types_are_those_of_the_tables(warehouse: tuple[str, Ask]) -> None:
    target, ask = warehouse
    publish(finished("a"), target)

    columns = ask(
        "select table_name || '.' || column_name as named, data_type, numeric_scale "
        "from information_schema.columns where table_schema = 'partner_revenue'"
    ).rows_by_key("named", named=True, unique=True)

    def kind(column: str) -> str:
        return str(columns[column]["data_type"]).lower()

    assert kind("opportunities.amount").startswith(("numeric", "decimal"))
    assert columns["opportunities.amount"]["numeric_scale"] == 2
    assert kind("opportunities.created_at") == "timestamp with time zone"
    assert kind("payout_ledger.booked_on") == "date"
    assert kind("rejects.reasons") in {"array", "varchar[]"}
    assert kind("partners.active") == "boolean"


def test_publish__again_replaces_its_period_and_no_other(warehouse: tuple[str, Ask]) -> None:
    target, ask = warehouse
    publish(finished("september", period="2026-09"), target)
    publish(finished("october"), target)

    publish(finished("october-again", rows={Partners: partners(["Only one"])}), target)

    rows = ask(
        "select published_period, published_run_id, count(*) as n from partner_revenue.partners "
        "group by 1, 2 order by 1"
    )
    assert rows.rows() == [("2026-09", "september", len(HOSTILE)), ("2026-10", "october-again", 1)]
    assert ask("select count(*) from partner_revenue.published_runs").item() == 2


def test_publish__a_table_that_the_run_has_not_loses_its_rows(warehouse: tuple[str, Ask]) -> None:
    target, ask = warehouse
    aliases = frame(PartnerAliases, {"alias": "Acme", "partner_id": "P01"})
    publish(finished("a", rows={PartnerAliases: aliases}), target)
    assert read_back(ask, PartnerAliases).height == 1

    publish(finished("b", without=(PartnerAliases,)), target)

    assert read_back(ask, PartnerAliases).is_empty()


def test_publish__other_columns_than_expected_are_all_named(warehouse: tuple[str, Ask]) -> None:
    target, ask = warehouse
    folder = finished("a")
    publish(folder, target)
    for change in (
        "alter table partner_revenue.metrics drop column basis",
        "alter table partner_revenue.partners add column colour text",
        "alter table partner_revenue.maturity alter column stage type text",
    ):
        ask(change)

    with pytest.raises(PublishError) as raised:
        publish(folder, target)

    whats = [problem.what for problem in raised.value.problems]
    assert len(whats) == 3
    assert any("basis (text) is missing" in what for what in whats)
    assert any("colour is none of the table's" in what for what in whats)
    assert any("stage is text, not bigint" in what for what in whats)


def test_publish__a_failure_leaves_the_database_as_it_was(warehouse: tuple[str, Ask]) -> None:
    """A rule of somebody's for a late table: the earlier ones are not changed either."""
    target, ask = warehouse
    entry = {**ENTRY, "period": "2026-10"}
    good = frame(PayoutLedger, {**entry, "entry_id": 1})
    bad = frame(PayoutLedger, *({**entry, "entry_id": n} for n in (1, 2)))
    first = finished("a", rows={PayoutLedger: good})
    publish(first, target)
    ask("create unique index one on partner_revenue.payout_ledger (reason)")
    second = finished("b", rows={Partners: partners(["Other"]), PayoutLedger: bad})

    with pytest.raises(PublishError, match="nothing was changed"):
        publish(second, target)

    for contract in (Partners, PayoutLedger, Opportunities):
        assert read_back(ask, contract).equals(expected(first, contract))
    assert ask("select published_run_id from partner_revenue.published_runs").item() == "a"


def test_publish__killed_half_way_changes_nothing(
    postgresql: PostgreSQL, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgresql.execute("drop schema if exists partner_revenue cascade")
    monkeypatch.setenv("WAREHOUSE", postgresql.admin)
    publish(finished("a"), "WAREHOUSE")
    second = finished("b", rows={Partners: partners(["Other"])})
    deleted = "select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
    deleted += "where c.relname = 'partners' and l.mode = 'RowExclusiveLock' and l.granted"

    with dbapi.connect(postgresql.admin) as other, other.cursor() as blocking:
        # It has to wait here, when the rows of the tables before are deleted already.
        blocking.execute("lock table partner_revenue.partner_effort in exclusive mode")
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "workbench"), "publish", str(second), "WAREHOUSE"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while not asked(dbapi.connect(postgresql.admin, autocommit=True), deleted).item():
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    names = asked(
        dbapi.connect(postgresql.admin, autocommit=True),
        "select name from partner_revenue.partners order by partner_id",
    )

    assert names["name"].to_list() == HOSTILE


def test_publish__no_message_tells_the_password(
    postgresql: PostgreSQL, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished("a")
    postgresql.execute("drop schema if exists partner_revenue cascade")
    said = []
    for uri in (postgresql.uri("wrong/" + PASSWORD), postgresql.uri(), "mysql://ann:secret@host/x"):
        monkeypatch.setenv("WAREHOUSE", uri)
        with pytest.raises(PublishError) as raised:
            publish(folder, "WAREHOUSE")
        said.append(str(raised.value))

    assert "password authentication failed" in said[0]
    assert "permission denied" in said[1]
    assert "holds no URI of a PostgreSQL" in said[2]
    assert not [text for text in said if PASSWORD in text or "wrong" in text or "secret" in text]


def test_publish__into_a_schema_that_somebody_else_made(
    postgresql: PostgreSQL, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not make schemas can publish into one that is theirs."""
    postgresql.execute(
        "drop schema if exists partner_revenue cascade",
        "create schema partner_revenue authorization analyst",
    )
    monkeypatch.setenv("WAREHOUSE", postgresql.uri())

    publish(finished("a"), "WAREHOUSE")
    publish(finished("b"), "WAREHOUSE")

    rows = asked(
        dbapi.connect(postgresql.admin, autocommit=True),
        "select published_run_id from partner_revenue.published_runs",
    )
    assert rows.item() == "b"


# Files


def test_publish__a_folder_has_what_the_run_has(project: Path) -> None:
    september, october = finished("september", period="2026-09"), finished("october")
    publish(september, "bi/")
    publish(finished("october-first", rows={Partners: partners(["Other"])}), "bi/")

    publish(october, "bi/")

    for contract in TABLES.values():
        rows = pl.scan_parquet(f"bi/{contract.table_name()}/**/*.parquet", hive_partitioning=True)
        held = rows.filter(published_name="monthly", published_period="2026-10").collect()
        assert held.select(list(contract.dtypes())).equals(expected(october, contract))
        assert set(held["published_run_id"]) <= {"october"}
        assert held.schema["published_period"] == pl.String or held.is_empty()
    assert not list(Path("bi").rglob("*.part"))
    whole = pl.scan_parquet("bi/partners/**/*.parquet", hive_partitioning=True).collect()
    assert whole.height == 2 * len(HOSTILE)


def test_publish__a_folder_loses_a_table_that_the_run_has_not(project: Path) -> None:
    publish(finished("a"), "bi/")

    publish(finished("b", without=(PartnerAliases,)), "bi/")

    assert not list(Path("bi/partner_aliases").rglob("*.parquet"))
    assert list(Path("bi/partners").rglob("*.parquet"))


def test_publish__excel_shows_what_the_run_has_and_runs_nothing(project: Path) -> None:
    folder = finished("a")

    publish(folder, "book.xlsx")

    names = pl.read_excel("book.xlsx", sheet_name="partners")
    assert names["name"].to_list() == HOSTILE
    ledger = pl.read_excel("book.xlsx", sheet_name="payout_ledger")
    assert ledger["amount"].round(2).to_list() == [500.01, 500.01, -500.01]
    assert ledger["booked_on"].to_list() == [date(2026, 10, 31)] * 3
    assert ledger["reason"].to_list()[1] == "=1+1"
    rejects = pl.read_excel("book.xlsx", sheet_name="rejects")
    assert rejects["reasons"].item() == "no name, =1+1"
    about = dict(pl.read_excel("book.xlsx", sheet_name="about", has_header=False).rows())
    assert about["amounts"].startswith("EUR")
    assert about["metrics"].endswith("4 rows.")
    unpacked = unzipped(Path("book.xlsx"))
    sheets = [text for name, text in unpacked.items() if name.startswith("xl/worksheets/sheet")]
    assert not [text for text in sheets if "<f>" in text]
    assert not [
        text for text in unpacked.values() if "https://evil.example" in text and "Target" in text
    ]
    assert "0.0%" in unpacked["xl/styles.xml"]
    assert all("<autoFilter" in text and 'state="frozen"' in text for text in sheets[1:])


def unzipped(path: Path) -> dict[str, str]:
    with ZipFile(path) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def test_publish__what_a_sheet_cannot_hold_is_named(project: Path) -> None:
    names = [f"{n}" for n in range(MOST_ROWS + 1)]
    many = pl.DataFrame(
        {"partner_id": names, "name": "x", "partner_type": "referral", "active": True}
    )
    many = many.select(
        (pl.col(c) if c in many.columns else pl.lit(None)).cast(t).alias(c)
        for c, t in Partners.dtypes().items()
    )
    large = frame(PayoutLedger, {**ENTRY, "entry_id": 1, "period": "2026-10", "amount": 10**13})
    folder = finished("a", rows={Partners: many, PayoutLedger: large})
    Path("book.xlsx").write_bytes(b"before")

    with pytest.raises(PublishError) as raised:
        publish(folder, "book.xlsx")

    whats = [(p.where, p.what) for p in raised.value.problems]
    assert whats == [
        ("partners", "1,048,576 rows; a sheet of Excel takes 1,048,575."),
        ("payout_ledger", "amount has 10,000,000,000,000.00; Excel would round it."),
    ]
    assert Path("book.xlsx").read_bytes() == b"before"


def test_publish__payouts_are_the_period_s_payable_entries(project: Path) -> None:
    named = partners(["x", "=cmd|' /C calc'!A0"])

    done = publish(finished("a", rows={Partners: named}), "payouts-october.csv")

    with Path("payouts-october.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert done.rows == {"payout_ledger": 2}
    assert [row["entry_id"] for row in rows] == ["2", "3"]
    assert [row["rate"] for row in rows] == ["0.1", "0.1"]
    assert [row["amount"] for row in rows] == ["500.01", "-500.01"]
    assert {row["currency"] for row in rows} == {"EUR"}
    assert rows[0]["partner_name"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["reason"] == "'=1+1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("programme", "the programme is a DRAFT"),
        ("definition", "the definition timing is a DRAFT"),
        ("none", "names no programme"),
    ],
)
def test_publish__nothing_is_payable_under_a_draft(project: Path, change: str, said: str) -> None:
    if change == "programme":
        write(project / "params" / "programme.yaml", {**PROGRAMME, "approvals": []})
    if change == "definition":
        write(project / "params" / "definitions" / "timing.yaml", definition(approvals=[]))
    if change == "none":
        text = (project / "params" / "monthly.yaml").read_text().replace("programme:", "# ")
        (project / "params" / "monthly.yaml").write_text(text)
    folder = finished("a")

    with pytest.raises(PublishError, match=said):
        publish(folder, "payouts.csv")

    assert not Path("payouts.csv").exists()


# What is no target, and no run


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("postgresql://ann:secret@host/db", "a URI is not typed here"),
        ("NOT_SET_ANYWHERE", "this environment variable is not set"),
        ("tables.csv", "is no place to publish to"),
        ("readout.pdf", "is no place to publish to"),
        ("nowhere/book.xlsx", "there is no folder"),
    ],
)
def test_publish__what_is_no_target_is_said(project: Path, target: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        publish(finished("a"), target)

    assert "secret" not in str(raised.value)
    assert {path.name for path in project.iterdir()} == {"data", "params", "outputs"}


def test_publish__a_file_that_is_no_database_is_said(project: Path) -> None:
    Path("book.duckdb").write_text("no database")

    with pytest.raises(PublishError, match=r"book\.duckdb"):
        publish(finished("a"), "book.duckdb")

    assert Path("book.duckdb").read_text() == "no database"


def test_publish__a_table_that_was_changed_is_refused(project: Path) -> None:
    folder = finished("a")
    pl.DataFrame({"x": [1]}).write_parquet(folder / "tables" / "metrics.parquet")
    (folder / "tables" / "partners.parquet").unlink()

    with pytest.raises(RunError, match="2 problems"):
        publish(folder, "bi/")

    assert not Path("bi").exists()


def test_publish__the_command_says_where(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    finished("a")

    commands.main(["publish", "params/monthly.yaml", "bi/"], standalone_mode=False)

    said = capfd.readouterr().out
    assert said.startswith(f"Published a: {len(TABLES) + 1} tables, ")
    assert "to: bi/<table>/published_name=monthly/published_period=2026-10" in said
