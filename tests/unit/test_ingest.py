"""Stage 1 over whole sources: what is accepted, what is rejected and why, what is refused."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.contracts import (
    AccountMerges,
    Accounts,
    FxRates,
    Opportunities,
    PartnerAliases,
    Partners,
    StageHistory,
    Touches,
)
from workbench.errors import ContractError, ParameterError, SourceError
from workbench.ingest import Ingested, ingest, source_problems
from workbench.params import RunParams
from workbench.runs import file_sha256
from workbench.sources import parts
from workbench.tables import table_file

OPPORTUNITIES = """\
opportunity_id,account_id,opportunity_type,stage,status,created_at,closed_at,amount,currency,probability,source_system
O1,A1,new_business,Won,won,2026-01-01,2026-03-01T10:00:00Z,1000.50,USD,1,crm
O2,A1,expansion,Talk,open,2026-02-01 09:00,,,USD,0.25,crm
"""
TOUCHES = """\
touch_id,opportunity_id,partner_id,touch_type,touched_at,source_system
T1,O1,P1,referral,2025-12-01,crm
T2,O2,P1,co_sell,2026-02-02,crm
"""
PARTNERS = "partner_id,name,partner_type,active\nP1,Acme,reseller,yes\n"
ACCOUNTS = "account_id,name,is_target\nA1,Alpha,no\n"
FILES = {
    "opportunities.csv": OPPORTUNITIES,
    "touches.csv": TOUCHES,
    "partners.csv": PARTNERS,
    "accounts.csv": ACCOUNTS,
}


ONE_BATCH = parts.BATCH_ROWS


@pytest.fixture(autouse=True, scope="module", params=[ONE_BATCH, 2], ids=["whole", "batches"])
def batch_rows(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every answer of this file holds for tables in one batch and for tables in many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "BATCH_ROWS", request.param)
        yield


def params_of(source: Path, **changes: object) -> RunParams:
    given = {
        "name": "test",
        "period": "2026-03",
        "as_of": date(2026, 3, 31),
        "read_at": datetime(2026, 4, 1, 8, tzinfo=UTC),
        "source": source,
        "definition": source,
        "readout": None,
        "output_root": source,
    }
    return RunParams.model_validate(given | changes)


def folder_of(folder: Path, **files: str | None) -> Path:
    """A source folder; `opportunities="…"` replaces a file, None leaves it out."""
    changed = {f"{name}.csv": text for name, text in files.items()}
    folder.mkdir(exist_ok=True)
    for name, text in (FILES | changed).items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def ingested(folder: Path, **files: str | None) -> Ingested:
    return ingest(params_of(folder_of(folder, **files)), into=tables_in(folder))


def tables_in(folder: Path) -> Path:
    """Where the tables of a source folder go."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    return folder / "tables"


def reasons_of(found: Ingested, table: str) -> dict[int, list[str]]:
    rejects = found.rejects.filter(pl.col("table") == table)
    return dict(rejects.select("row_number", "reasons").iter_rows())


def mapped(folder: Path, tables: str, **files: str) -> Ingested:
    """A source with the canonical files and a mapping that takes all but `tables` as they are."""
    params = params_of(mapping_file(folder, tables, **files))
    return ingest(params, into=tables_in(folder))


def mapping_file(folder: Path, tables: str, **files: str) -> Path:
    folder_of(folder, **files)
    own = [line.split(":")[0].strip() for line in tables.splitlines() if line[2:3].isalpha()]
    lines = ["tables:", tables.rstrip()]
    for name, text in FILES.items():
        if (table := name.removesuffix(".csv")) not in own:
            columns = ", ".join(f"{c}: {c}" for c in text.splitlines()[0].split(","))
            lines.append(f"  {table}: {{from: {{file: {name}, columns: {{{columns}}}}}}}")
    path = folder / "mapping.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


# A folder in canonical form


def test_ingest__a_folder_in_canonical_form(tmp_path):
    found = ingested(tmp_path)
    first = found.tables[Opportunities].row(0, named=True)
    assert first["created_at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert first["amount"] == Decimal("1000.50")
    assert first["owner"] is None
    assert set(found.tables) == {Opportunities, Touches, Partners, Accounts}
    assert found.rejects.is_empty()
    assert found.notes == ()
    for contract, table in found.tables.items():
        assert dict(table.schema) == contract.dtypes()


def test_ingest__summary_counts_and_hashes(tmp_path):
    found = ingested(tmp_path, touches=TOUCHES + "T3,,,,x,crm\n")
    touches = found.summary.filter(pl.col("table") == "touches").to_dicts()
    sha256 = file_sha256(tmp_path / "touches.csv")
    assert touches == [
        {
            "table": "touches",
            "source": "touches.csv",
            "rows_read": 3,
            "rows_accepted": 2,
            "rows_rejected": 1,
            "sha256": sha256,
        }
    ]


def test_ingest__local_times_are_of_the_run(tmp_path):
    params = params_of(folder_of(tmp_path), timezone="Europe/Berlin")
    found = ingest(params, into=tables_in(tmp_path)).tables[Opportunities]
    assert found["created_at"].to_list() == [
        datetime(2025, 12, 31, 23, tzinfo=UTC),
        datetime(2026, 2, 1, 8, tzinfo=UTC),
    ]


def test_ingest__every_reason_of_a_row_at_once(tmp_path):
    bad = ",A1,gift,Won,won,yesterday,,abc,usd,1.5,\n"
    found = ingested(tmp_path, opportunities=OPPORTUNITIES + bad)
    assert reasons_of(found, "opportunities") == {
        3: [
            "amount: not a number",
            "created_at: not a date or time",
            "currency: not of the accepted form",
            "opportunity_id: missing",
            "opportunity_type: not an accepted word",
            "probability: must be at most 1",
            "source_system: missing",
        ]
    }
    row = json.loads(found.rejects["row"].item())
    assert (row["created_at"], row["opportunity_id"]) == ("yesterday", None)


def test_ingest__an_identity_of_the_table(tmp_path):
    late = "O3,A1,renewal,Lost,lost,2026-01-01,,5,USD,0,crm\n"
    unread = "O4,A1,renewal,Lost,lost,2026-01-01,soon,5,USD,0,crm\n"
    found = ingested(tmp_path, opportunities=OPPORTUNITIES + late + unread)
    assert reasons_of(found, "opportunities") == {
        3: ["a_closed_opportunity_has_a_close_date"],
        4: ["closed_at: not a date or time"],
    }


def test_ingest__repeated_rows_and_keys_that_differ(tmp_path):
    again = TOUCHES.splitlines()[1]
    more = f"{again}\n{again}\nT2,O1,P1,co_sell,2026-02-02,crm\n"
    found = ingested(tmp_path, touches=TOUCHES + more)
    differ = "touch_id: stands in 2 rows that differ"
    assert found.tables[Touches]["touch_id"].to_list() == ["T1"]
    assert reasons_of(found, "touches") == {
        2: [differ],
        3: ["duplicate row"],
        4: ["duplicate row"],
        5: [differ],
    }


def test_ingest__a_table_without_a_key_repeats_whole_rows_only(tmp_path):
    rows = "O1,Talk,2026-01-01\nO1,Talk,2026-01-02\nO1,Talk,2026-01-01\nO1,Talk,x\nO1,Talk,y\n"
    found = ingested(tmp_path, stage_history="opportunity_id,stage,entered_at\n" + rows)
    assert found.tables[StageHistory].height == 2
    assert reasons_of(found, "stage_history") == {
        3: ["duplicate row"],
        4: ["entered_at: not a date or time"],
        5: ["entered_at: not a date or time"],
    }


def test_ingest__a_key_of_two_columns(tmp_path):
    rates = "currency,valid_from,rate\nEUR,2026-01-01,1.1\nEUR,2026-02-01,1.2\nEUR,2026-02-01,1.3\n"
    found = ingested(tmp_path, fx_rates=rates + "GBP,2026-01-01,0\n")
    assert found.tables[FxRates]["rate"].to_list() == [Decimal("1.1")]
    differ = "currency, valid_from: stands in 2 rows that differ"
    assert reasons_of(found, "fx_rates") == {2: [differ], 3: [differ], 4: ["rate: must be above 0"]}


def test_ingest__merges_in_a_circle(tmp_path):
    merges = "merged_account_id,surviving_account_id\nA,B\nB,C\nC,B\nD,D\n"
    found = ingested(tmp_path, account_merges=merges)
    assert found.tables[AccountMerges]["merged_account_id"].to_list() == ["A"]
    assert reasons_of(found, "account_merges") == {
        2: ["merge goes in a circle"],
        3: ["merge goes in a circle"],
        4: ["no_account_survives_itself"],
    }


def test_ingest__short_ids_are_completed_before_keys_are_compared(tmp_path):
    short, full = "001D000000IRFma", "001D000000IRFmaIAH"
    accounts = f"account_id,name,is_target\n{short},Alpha,no\n{full},Alpha,no\nA2,Beta,no\n"
    found = ingested(tmp_path, accounts=accounts)
    assert found.tables[Accounts]["account_id"].to_list() == ["A2"]
    assert reasons_of(found, "accounts")[1] == ["account_id: stands in 2 rows that differ"]
    assert found.notes == ("accounts: 1 15-character id in account_id completed to 18 characters.",)


def test_ingest__aliases_become_partners(tmp_path):
    aliases = "alias,partner_id,valid_from,valid_to\nACME Inc,P1,2026-01-01,\n"
    touches = (
        TOUCHES + "T3,O2,ACME Inc,co_sell,2026-02-02,crm\nT4,O2,ACME Inc,co_sell,2025-02-02,crm\n"
    )
    found = ingested(tmp_path, touches=touches, partner_aliases=aliases)
    assert found.tables[Touches]["partner_id"].to_list() == ["P1", "P1", "P1", "ACME Inc"]
    assert PartnerAliases in found.tables
    assert found.notes == ("touches: 1 row named a partner by an alias, now by its id.",)


def test_ingest__first_seen_is_carried_forward_and_never_read(tmp_path):
    head, *rows = TOUCHES.splitlines()
    soiled = "\n".join([f"{head},first_seen_at", *(f"{row},2001-01-01" for row in rows)])
    first = ingested(tmp_path, touches=soiled + "\n")
    read_at = datetime(2026, 4, 1, 8, tzinfo=UTC)
    assert first.tables[Touches]["first_seen_at"].to_list() == [read_at, read_at]
    later = datetime(2026, 5, 1, tzinfo=UTC)
    more = params_of(
        folder_of(tmp_path, touches=TOUCHES + "T3,O2,P1,co_sell,2026-02-02,crm\n"), read_at=later
    )
    second = ingest(more, into=tables_in(tmp_path / "later"), previous=first.tables.folder)
    assert second.tables[Touches]["first_seen_at"].to_list() == [read_at, read_at, later]


def test_ingest__a_previous_table_that_is_broken_is_named(tmp_path):
    first = ingested(tmp_path)
    broken = table_file(first.tables.folder, Touches)
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(ContractError, match=r"touches.* cannot be read as Parquet"):
        ingest(params_of(tmp_path), into=tables_in(tmp_path / "later"), previous=broken.parent)


def test_ingest__unknown_columns_are_named(tmp_path):
    found = ingested(
        tmp_path, accounts="account_id,name,is_target,colour,size\nA1,Alpha,no,red,9\n"
    )
    assert found.notes == ("accounts.csv: 2 columns that no table uses: colour, size.",)


def test_ingest__empty_frame(tmp_path):
    heads = {name.removesuffix(".csv"): text.splitlines()[0] + "\n" for name, text in FILES.items()}
    found = ingested(tmp_path, **heads)
    assert [table.height for table in found.tables.values()] == [0, 0, 0, 0]
    assert found.summary["rows_read"].to_list() == [0, 0, 0, 0]
    assert found.rejects.is_empty()


def test_ingest__parquet_and_csv_say_the_same(tmp_path):
    (tmp_path / "csv").mkdir()
    (tmp_path / "parquet").mkdir()
    from_csv = ingested(tmp_path / "csv")
    for contract, table in from_csv.tables.items():
        table.write_parquet(tmp_path / "parquet" / f"{contract.table_name()}.parquet")
    from_parquet = ingest(params_of(tmp_path / "parquet"), into=tables_in(tmp_path / "parquet"))
    for contract, table in from_csv.tables.items():
        assert_frame_equal(from_parquet.tables[contract], table)
        files = [table_file(found.tables.folder, contract) for found in (from_csv, from_parquet)]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("rows", [1, 3, 7, 1000])
def test_ingest__the_bytes_do_not_depend_on_batches(tmp_path, monkeypatch, rows):
    """Twenty touches in no order, some twice, some wrong, some of a table with no key."""
    numbers = [(7 * number) % 20 for number in range(20)] + [3, 11]
    touches = "".join(f"T{n:02},O1,P1,referral,2025-12-01,crm\n" for n in numbers)
    history = "".join(f"O{n % 3},S{n % 4},2026-01-0{n % 5 + 1}\n" for n in numbers) + "O1,,x\n"
    soiled = {
        "touches": TOUCHES + touches + "T07,,P2,co_sell,x,crm\n,,P2,co_sell,x,crm\n",
        "stage_history": "opportunity_id,stage,entered_at\n" + history,
    }
    monkeypatch.setattr(parts, "BATCH_ROWS", ONE_BATCH)
    whole = ingested(tmp_path / "whole", **soiled)
    monkeypatch.setattr(parts, "BATCH_ROWS", rows)
    batched = ingested(tmp_path / "batched", **soiled)

    assert reasons_of(whole, "touches") == {
        4: ["touch_id: stands in 2 rows that differ"],
        23: ["duplicate row"],
        24: ["duplicate row"],
        25: ["touch_id: stands in 2 rows that differ", "touched_at: not a date or time"],
        26: ["touch_id: missing", "touched_at: not a date or time"],
    }
    assert whole.tables[Touches].height == 21
    assert_frame_equal(batched.rejects, whole.rejects)
    assert_frame_equal(batched.summary, whole.summary)
    for contract in whole.tables:
        files = [table_file(found.tables.folder, contract) for found in (whole, batched)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_ingest__parquet_columns_of_other_types(tmp_path):
    folder_of(tmp_path, accounts=None)
    pl.DataFrame({"account_id": [7, None], "name": ["a", "b"], "is_target": [1, 2]}).write_parquet(
        tmp_path / "accounts.parquet"
    )
    found = ingest(params_of(tmp_path), into=tables_in(tmp_path))
    assert found.tables[Accounts].select("account_id", "is_target").rows() == [("7", True)]
    assert reasons_of(found, "accounts") == {
        2: ["account_id: missing", "is_target: neither yes nor no"]
    }


def test_ingest__a_rejected_row_shows_columns_of_any_type(tmp_path):
    folder_of(tmp_path, accounts=None)
    other = {"bytes": [b"\xff"], "list": [[1, 2]], "at": [date(2026, 1, 2)], "x": [float("nan")]}
    pl.DataFrame({"account_id": ["a"], "name": [None], "is_target": [True], **other}).write_parquet(
        tmp_path / "accounts.parquet"
    )
    found = ingest(params_of(tmp_path), into=tables_in(tmp_path))
    assert json.loads(found.rejects["row"].item()) == {
        "account_id": "a",
        "name": None,
        "is_target": True,
        "bytes": "ff",
        "list": [1, 2],
        "at": "2026-01-02",
        "x": "NaN",
    }


def test_ingest__parquet_lists_are_refused(tmp_path):
    folder_of(tmp_path, accounts=None)
    pl.DataFrame({"account_id": [["7"]], "name": ["a"], "is_target": [True]}).write_parquet(
        tmp_path / "accounts.parquet"
    )
    with pytest.raises(SourceError, match=r"'account_id' holds List\(String\), not single values"):
        ingest(params_of(tmp_path), into=tables_in(tmp_path))


def test_ingest__parquet_durations_are_refused(tmp_path):
    folder_of(tmp_path, accounts=None)
    pl.DataFrame({"account_id": [timedelta(1)], "name": ["a"], "is_target": [True]}).write_parquet(
        tmp_path / "accounts.parquet"
    )
    with pytest.raises(SourceError, match=r"'account_id' holds Duration.*, not single values"):
        ingest(params_of(tmp_path), into=tables_in(tmp_path))


@settings(max_examples=6, deadline=None)
@given(st.randoms(use_true_random=False))
def test_ingest__row_order_changes_no_table(tmp_path_factory, random):
    soiled = {
        "opportunities": OPPORTUNITIES
        + "O1,A1,renewal,Won,won,2026-01-01,2026-02-01,5,USD,1,crm\n",
        "touches": TOUCHES + TOUCHES.splitlines()[1] + "\nT3,,P1,co_sell,x,crm\n",
        "stage_history": "opportunity_id,stage,entered_at\nO1,B,2026-01-02\nO1,A,2026-01-02\n",
        "account_merges": "merged_account_id,surviving_account_id\nA,B\nB,C\nC,B\nD,A\n",
    }
    shuffled = {}
    for name, text in soiled.items():
        head, *rows = text.splitlines()
        random.shuffle(rows)
        shuffled[name] = "\n".join([head, *rows]) + "\n"
    given_order = ingested(tmp_path_factory.mktemp("given"), **soiled)
    other_order = ingested(tmp_path_factory.mktemp("other"), **shuffled)
    for contract, table in given_order.tables.items():
        assert_frame_equal(other_order.tables[contract], table)


# A mapping


def test_ingest__words_otherwise_and_unknown_words(tmp_path):
    tables = """\
  partners:
    from:
      file: p.csv
      columns:
        partner_id: {from: Id, integer: true}
        name: Name
        partner_type: {from: Kind, words: {VAR: reseller, SI: services}}
        tier: {from: Level, words: {"1": gold, "-": null}, otherwise: silver}
        active: {value: true}
"""
    (tmp_path / "p.csv").write_text(
        "Id,Name,Kind,Level\n1.0,a,VAR,1\n2.0,b,SI,-\n3,c,SI,\n4,d,XX,9\nx,e,SI,9\n"
    )
    found = mapped(tmp_path, tables)
    assert found.tables[Partners].select("partner_id", "partner_type", "tier").rows() == [
        ("1", "reseller", "gold"),
        ("2", "services", None),
        ("3", "services", None),
    ]
    assert reasons_of(found, "partners") == {
        4: ["partner_type: not one of the words of the mapping"],
        5: ["partner_id: not a whole number"],
    }


def test_ingest__lookups(tmp_path):
    tables = """\
  partners:
    from:
      file: p.csv
      lookups:
        kind: {file: kinds.csv, on: {Kind: Code}}
      where: {kind.Used: {not: "no"}}
      columns:
        partner_id: Id
        name: Id
        partner_type: kind.Type
        tier: kind.Tier
        active: {value: true}
"""
    (tmp_path / "p.csv").write_text("Id,Kind\na,1\nb,2\nc,3\nd,9\ne,4\n")
    kinds = [
        "1,reseller,gold,yes",
        "2,services,,no",
        "3,services,,no",
        "3,referral,,no",
        "4,referral,,",
    ]
    (tmp_path / "kinds.csv").write_text("\n".join(["Code,Type,Tier,Used", *kinds]))
    found = mapped(tmp_path, tables)
    assert found.tables[Partners].select("partner_id", "partner_type", "tier").rows() == [
        ("a", "reseller", "gold"),
        ("e", "referral", None),
    ]
    assert reasons_of(found, "partners") == {
        3: ["Kind: stands in several rows of kinds.csv"],
        4: ["partner_type: missing"],
    }
    assert found.summary.filter(pl.col("table") == "partners")["rows_read"].item() == 4
    assert found.notes == (
        "p.csv: 1 row has a 'Kind' that kinds.csv lacks; what would come from there is missing.",
    )


def test_ingest__touches_and_accounts_from_opportunity_columns(tmp_path):
    tables = """\
  accounts:
    combine: {}
    from: {file: deals.csv, columns: {account_id: Acc, name: Company, is_target: {value: false}}}
  touches:
    from:
      - file: deals.csv
        where: {Referrer: {not: null}}
        columns: &touch
          touch_id: Deal
          opportunity_id: Deal
          partner_id: Referrer
          touch_type: {value: referral}
          touched_at: {from: On, formats: "%d.%m.%Y"}
          source_system: {value: crm}
      - file: deals.csv
        where: {Seller: [P1]}
        columns:
          <<: *touch
          touch_id: Second
          partner_id: Seller
          touch_type: {value: co_sell}
"""
    deals = """\
Deal,Second,Acc,Company,Referrer,Seller,On
D1,S1,A1,Alpha,P1,,01.02.2026
D2,S2,A1,Alpha,,P1,2.2.26
D3,S3,A2,Beta,,P2,x
D4,S4,A3,Gamma,P1,,x
D5,S5,A3,Delta,,,x
"""
    (tmp_path / "deals.csv").write_text(deals)
    found = mapped(tmp_path, tables)
    assert found.tables[Touches].select("touch_id", "partner_id", "touch_type").rows() == [
        ("D1", "P1", "referral")
    ]
    assert found.tables[Accounts].select("account_id", "name").rows() == [
        ("A1", "Alpha"),
        ("A2", "Beta"),
    ]
    counts = found.summary.select("source", "rows_read", "rows_accepted", "rows_rejected").rows()
    assert counts[0] == ("deals.csv", 5, 3, 2)
    assert counts[-2:] == [("deals.csv (part 1)", 2, 1, 1), ("deals.csv (part 2)", 1, 0, 1)]
    assert reasons_of(found, "accounts") == {
        4: ["name: differs between lines of one account_id"],
        5: ["name: differs between lines of one account_id"],
    }
    assert found.notes == ("accounts: 3 lines were combined into 2 rows.",)


def test_ingest__lines_of_one_opportunity(tmp_path):
    columns = ", ".join(f"{c}: {c}" for c in OPPORTUNITIES.splitlines()[0].split(","))
    tables = f"""\
  opportunities:
    combine:
      amount: sum
      probability: mean_by_amount
      stage: of_largest_amount
      created_at: earliest
    from: {{file: lines.csv, columns: {{{columns}}}}}
"""
    lines = [
        "O1,A1,renewal,Late,open,2026-01-02,,300,USD,0.5,crm,x",
        "O1,A1,renewal,Early,open,2026-01-01,,100,USD,0.1,crm,y",
        "O1,A1,renewal,Early,open,2026-01-01,,100,USD,0.1,crm,y",
        "O2,A1,renewal,Late,open,2026-01-02,,abc,USD,0.5,crm,x",
        "O2,A1,renewal,Early,open,2026-01-01,,100,USD,0.1,crm,y",
        "O3,A1,renewal,Late,open,2026-01-02,,,USD,0.5,crm,x",
        "O3,A1,renewal,Late,open,2026-01-02,,100,USD,0.5,crm,y",
        "O4,A1,renewal,Late,open,2026-01-02,,100,USD,0.5,crm,x",
        "O4,A1,renewal,Late,open,2026-01-02,,100,EUR,0.5,crm,y",
    ]
    head = OPPORTUNITIES.splitlines()[0] + ",Product"
    (tmp_path / "lines.csv").write_text("\n".join([head, *lines]))
    found = mapped(tmp_path, tables)
    kept = ["opportunity_id", "amount", "probability", "stage", "created_at"]
    assert found.tables[Opportunities].select(kept).rows() == [
        ("O1", Decimal(400), 0.4, "Late", datetime(2026, 1, 1, tzinfo=UTC)),
        ("O3", None, 0.5, "Late", datetime(2026, 1, 2, tzinfo=UTC)),
    ]
    differs = ["currency: differs between lines of one opportunity_id"]
    assert reasons_of(found, "opportunities") == {
        3: ["duplicate row"],
        4: ["amount: not a number"],
        5: ["another line of this opportunity_id is rejected"],
        8: differs,
        9: differs,
    }


def test_ingest__how_a_file_is_written(tmp_path):
    tables = """\
  fx_rates:
    from:
      file: r.txt
      columns: {currency: W, valid_from: {from: Ab, formats: "%d.%m.%Y"}, rate: Kurs}
files:
  r.txt: {delimiter: ";", decimal: ","}
"""
    (tmp_path / "r.txt").write_text("W;Ab;Kurs\nEUR;01.02.2026;1,25\n")
    path = mapping_file(tmp_path, tables)
    text = path.read_text().splitlines()
    extra = text.index("files:")
    path.write_text("\n".join([*text[:extra], *text[extra + 2 :], *text[extra : extra + 2]]))
    found = ingest(params_of(path), into=tables_in(tmp_path))
    assert found.tables[FxRates].rows() == [("EUR", date(2026, 2, 1), Decimal("1.25"))]


def test_ingest__touches_may_be_empty(tmp_path):
    found = mapped(tmp_path, "  touches: empty\n")
    assert_frame_equal(found.tables[Touches], Touches.empty())
    assert "touches" not in set(found.summary["table"])


# What is refused


@pytest.mark.parametrize(
    ("files", "sentences"),
    [
        ({"partners": None, "touches": None}, ["2 tables are missing: 'touches', 'partners'"]),
        (
            {"partners": "partner_id,Name,active\n"},
            ["2 columns missing in partners (partners.csv): 'name', 'partner_type'", "'Name'"],
        ),
        (
            {"accounts": " account_id,name,is_target\n"},
            ["'account_id'", "the file has ' account_id' (a name that begins or ends with a blank"],
        ),
        ({"accounts": ""}, ["accounts.csv: the file is empty"]),
        ({"accounts": "name,name\n"}, ["names a column twice: 'name'"]),
    ],
)
def test_source_problems__a_folder(tmp_path, files, sentences):
    params = params_of(folder_of(tmp_path, **files))
    text = "\n".join(str(problem) for problem in source_problems(params))
    assert all(sentence in text for sentence in sentences)
    with pytest.raises(SourceError):
        ingest(params, into=tables_in(tmp_path))


def test_source_problems__two_files_for_one_table(tmp_path):
    (tmp_path / "accounts.parquet").write_bytes(b"")
    (problem,) = source_problems(params_of(folder_of(tmp_path)))
    assert problem.what == "two files for accounts: 'accounts.csv' and 'accounts.parquet'."


def test_source_problems__no_table_no_folder_no_mapping(tmp_path):
    (tmp_path / "deals.xlsx").write_text("")
    (problem,) = source_problems(params_of(tmp_path))
    assert problem.what == "no file is named after a table (it has deals.xlsx)."
    (problem,) = source_problems(params_of(tmp_path / "deals.xlsx"))
    assert problem.what == "is neither a mapping nor a folder."
    (problem,) = source_problems(params_of(tmp_path / "nowhere"))
    assert problem.what == "there is no such folder."
    assert "opportunities.csv" in problem.hint


def test_source_problems__all_of_a_mapping_at_once(tmp_path):
    tables = """\
  accounts:
    from:
      file: accounts.csv
      lookups: {x: {file: partners.csv, on: {account_id: Partner}}}
      where: {nmae: a}
      columns: {account_id: Account_ID, name: x.name}
  handoffs: {from: {file: nowhere.csv, columns: {}}}
"""
    found = source_problems(params_of(mapping_file(tmp_path, tables)))
    assert [problem.what for problem in found] == [
        "'accounts.columns.account_id': accounts.csv has no column 'Account_ID'.",
        "'accounts.lookups.x': partners.csv has no column 'Partner'.",
        "'accounts.where': accounts.csv has no column 'nmae'.",
        "1 column missing in accounts (accounts.csv): 'is_target'.",
        "there is no such file.",
    ]
    assert found[0].hint == "the file has 'account_id'."


def test_source_problems__a_look_up_hides_no_column_of_the_file(tmp_path):
    tables = """\
  partners:
    from:
      file: p.csv
      lookups: {kind: {file: kinds.csv, on: {Kind: Code}}}
      columns: {partner_id: Id, name: Id, partner_type: kind.Type, active: {value: true}}
"""
    (tmp_path / "p.csv").write_text("Id,Kind,kind.Type\na,1,services\n")
    (tmp_path / "kinds.csv").write_text("Code,Type\n1,reseller\n")
    (problem,) = source_problems(params_of(mapping_file(tmp_path, tables)))
    assert problem.what == "'partners.lookups.kind': p.csv has a column 'kind.Type' of its own."
    assert problem.hint == "give the look-up another name."


def test_source_problems__a_misspelt_key_of_a_mapping(tmp_path):
    path = mapping_file(tmp_path, "  touches: empty\n")
    path.write_text(path.read_text().replace("columns:", "colums:"))
    problems = source_problems(params_of(path))
    assert "did you mean 'columns'?" in {problem.hint for problem in problems}
    with pytest.raises(ParameterError):
        ingest(params_of(path), into=tables_in(tmp_path))


def test_source_problems__none(tmp_path):
    assert source_problems(params_of(folder_of(tmp_path))) == []


def test_ingest__a_broken_line_names_file_and_line(tmp_path):
    with pytest.raises(SourceError) as raised:
        ingested(tmp_path, touches=TOUCHES + "T3,O1\n")
    assert str(raised.value).startswith(
        f"{tmp_path / 'touches.csv'}: 1 broken line where the header expects 6 fields each "
        "(line 4: 2 fields)."
    )
    assert raised.value.exit_code == 2


def test_ingest__the_folder_of_the_files(tmp_path):
    (tmp_path / "data").mkdir()
    path = mapping_file(tmp_path / "data", "  touches: empty\n")
    path = path.rename(tmp_path / "mapping.yaml")
    assert "there is no such file." in {p.what for p in source_problems(params_of(path))}
    params = params_of(path, source_folder=tmp_path / "data")
    assert ingest(params, into=tables_in(tmp_path)).tables[Opportunities].height == 2


def test_ingest__broken_files_are_named_all_at_once(tmp_path):
    with pytest.raises(SourceError) as raised:
        ingested(tmp_path, touches=TOUCHES + "T3,O1\n", accounts=ACCOUNTS + '"A2\n')
    files = [Path(problem.where).name for problem in raised.value.problems]
    assert files == ["accounts.csv", "touches.csv"]
