from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from tests.unit.attribution_frames import frame, opportunity, touch
from workbench.contracts import (
    TABLES,
    AccountMerges,
    Accounts,
    FxRates,
    IngestSummary,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    StageHistory,
    TouchAudit,
    Touches,
)
from workbench.errors import ContractError
from workbench.tables import (
    WHOLE_TABLE,
    Tables,
    breaches,
    checked,
    key_ranges,
    read_table,
    scan_table,
    table_file,
    write_batches,
    write_table,
)

METRIC = {
    "metric": "win_rate",
    "category": "pipeline",
    "definition_id": "timing",
    "period": "2026-10",
    "classification": "all",
    "dimension": "all",
    "member": "all",
    "value": 0.5,
    "unit": "ratio",
    "basis": "current",
}
AUDIT = {
    "touch_id": "T1",
    "partner_id": "P1",
    "touch_type": "referral",
    "touched_at": datetime(2025, 3, 1, tzinfo=UTC),
    "decision": "rejected",
    "reason": "no_opportunity",
}
SUMMARY = {"table": "touches", "source": "a.csv", "rows_read": 3, "sha256": "0"}
ATTRIBUTED = {
    "opportunity_id": "O1",
    "account_id": "A1",
    "classification": "sourced",
    "claimed_classification": "sourced",
    "partner_count": 1,
    "status": "won",
    "stage": "closed",
    "opportunity_type": "new_business",
    "created_at": datetime(2025, 3, 10, tzinfo=UTC),
    "definition_id": "timing",
    "definition_version": 1,
}
ACCOUNT = {"account_id": "A1", "name": "Acme", "is_target": True}


def breach_of(contract, *rows) -> str:
    with pytest.raises(ContractError) as error:
        checked(frame(contract, *rows), contract)
    return str(error.value).split(": ", 1)[1].rstrip(".")


@pytest.mark.parametrize(
    ("contract", "rows", "said"),
    [
        (Opportunities, [opportunity(account_id=None)], "account_id: not_nullable (1 row)"),
        (Opportunities, [opportunity(), opportunity()],
         "opportunity_id: field_uniqueness (2 rows)"),
        (Opportunities, [opportunity(opportunity_id=None)], "opportunity_id: not_nullable (1 row)"),
        (Opportunities, [opportunity(status="Won")],
         "status: isin(('open', 'won', 'lost')) (1 row)"),
        (Opportunities, [opportunity(currency="eur")],
         "currency: str_matches('^[A-Z]{3}$') (1 row)"),
        (Opportunities, [opportunity(currency="EURO")],
         "currency: str_matches('^[A-Z]{3}$') (1 row)"),
        (Opportunities, [opportunity(probability=60.0)],
         "probability: less_than_or_equal_to(1) (1 row)"),
        (Opportunities, [opportunity(probability=-0.1)],
         "probability: greater_than_or_equal_to(0) (1 row)"),
        (Opportunities, [opportunity(probability=float("nan"))],
         "probability: less_than_or_equal_to(1) (1 row)"),
        (Opportunities, [opportunity(closed_at=None), opportunity("O2", closed_at=None,
                                                                  status="open")],
         "the table: a_closed_opportunity_has_a_close_date (1 row)"),
        (Touches, [touch("T1", "2025-03-01", touch_type="webinar")], "touch_type: isin"),
        (FxRates, [{"currency": "USD", "valid_from": datetime(2025, 1, 1, tzinfo=UTC).date(),
                    "rate": Decimal(0)}], "rate: greater_than(0) (1 row)"),
        (FxRates, [{"currency": "USD", "valid_from": datetime(2025, 1, 1, tzinfo=UTC).date(),
                    "rate": Decimal(rate)} for rate in (1, 2)],
         "the table: multiple_fields_uniqueness (2 rows)"),
        (AccountMerges, [{"merged_account_id": "A1", "surviving_account_id": "A1"}],
         "the table: no_account_survives_itself (1 row)"),
        (IngestSummary, [SUMMARY | {"rows_accepted": 1, "rows_rejected": 1}],
         "the table: rows_read_are_accepted_or_rejected (1 row)"),
        (TouchAudit, [AUDIT, AUDIT], "the table: multiple_fields_uniqueness (2 rows)"),
        (TouchAudit, [AUDIT | {"reason": None}],
         "the table: accepted_has_a_role_and_rejected_a_reason (1 row)"),
        (TouchAudit, [AUDIT | {"decision": "accepted", "reason": None, "role": "sourced"}],
         "the table: accepted_has_a_role_and_rejected_a_reason (1 row)"),
        (TouchAudit, [AUDIT | {"role": "sourced"}],
         "the table: accepted_has_a_role_and_rejected_a_reason (1 row)"),
        (OpportunityAttribution, [ATTRIBUTED | {"evidence_grade": "evidenced"}],
         "the table: evidenced_means_a_link (1 row)"),
        (Metrics, [METRIC | {"value": None}], "the table: a_missing_value_has_a_reason (1 row)"),
        (Metrics, [METRIC | {"reason": "none"}], "the table: a_missing_value_has_a_reason (1 row)"),
        (Metrics, [METRIC | {"value": float("nan")}], "the table: numbers_are_finite (1 row)"),
        (Metrics, [METRIC | {"ci_high": float("inf")}], "the table: numbers_are_finite (1 row)"),
        (Metrics, [METRIC | {"member": "EMEA"}],
         "the table: all_is_the_only_member_of_all (1 row)"),
        (Metrics, [METRIC | {"classification": "co_sell", "unit": "currency"}],
         "the table: sourced_and_influenced_are_never_added (1 row)"),
    ],
)  # fmt: skip
def test_checked__names_column_rule_and_rows(contract, rows, said):
    assert breach_of(contract, *rows).startswith(said)


@pytest.mark.parametrize(
    ("contract", "row"),
    [
        (Metrics, METRIC | {"value": None, "reason": "fewer than 20 closed"}),
        (Metrics, METRIC | {"dimension": "region", "member": "EMEA"}),
        (Metrics, METRIC | {"dimension": "region", "member": "all"}),  # a region may be called so
        (Metrics, METRIC | {"classification": "co_sell"}),
        (TouchAudit, AUDIT),
        (
            TouchAudit,
            AUDIT | {"decision": "accepted", "reason": None, "role": "sourced", "rule": 0},
        ),
        (
            OpportunityAttribution,
            ATTRIBUTED | {"evidence_grade": "evidenced", "evidence_url": "https://proof"},
        ),
        (IngestSummary, SUMMARY | {"rows_accepted": 1, "rows_rejected": 2}),
    ],
)
def test_checked__lets_what_keeps_the_contract_through(contract, row):
    assert checked(frame(contract, row), contract).to_dicts() == frame(contract, row).to_dicts()


def test_checked__every_breach_at_once():
    said = breach_of(
        Opportunities, opportunity(status="gone", currency="?"), opportunity("O2", stage=None)
    )

    assert said == (
        "currency: str_matches('^[A-Z]{3}$') (1 row); stage: not_nullable (1 row); "
        "status: isin(('open', 'won', 'lost')) (1 row)"
    )


def test_checked__missing_columns():
    with pytest.raises(ContractError, match=r"2 ways: column amount is missing; column stage is"):
        checked(frame(Opportunities, opportunity()).drop("stage", "amount"), Opportunities)


@pytest.mark.parametrize(
    ("column", "change", "said"),
    [
        ("amount", pl.col("amount").cast(pl.Float64), "amount: dtype('Decimal(precision=18"),
        ("created_at", pl.col("created_at").dt.replace_time_zone(None), "created_at: dtype('Date"),
        ("created_at", pl.col("created_at").dt.date(), "created_at: dtype('Datetime"),
        ("opportunity_id", pl.lit(1), "opportunity_id: dtype('String')"),
        ("owner", pl.lit(None), "owner: dtype('String')"),
        ("status", pl.col("status").cast(pl.Categorical), "status: dtype('String')"),
    ],
)
def test_checked__another_type_is_a_breach(column, change, said):
    given = frame(Opportunities, opportunity()).with_columns(change.alias(column))

    with pytest.raises(ContractError) as error:
        checked(given, Opportunities)

    assert said in str(error.value)


def test_checked__columns_and_rows_in_the_contracts_order():
    given = frame(Accounts, *(ACCOUNT | {"account_id": i} for i in ("a1", "A2", "A10", "A1")))
    shuffled = given.select(reversed(given.columns)).with_columns(extra=1)

    found = checked(shuffled, Accounts)

    assert found.columns == given.columns
    assert found["account_id"].to_list() == ["A1", "A10", "A2", "a1"]


def test_checked__without_a_key_every_column_orders_the_rows():
    at = datetime(2025, 3, 1, tzinfo=UTC)
    rows = [
        {"opportunity_id": "O1", "stage": "won", "entered_at": at, "amount": Decimal(amount)}
        for amount in (2, 1)
    ]

    forwards = checked(frame(StageHistory, *rows), StageHistory)
    backwards = checked(frame(StageHistory, *reversed(rows)), StageHistory)

    assert forwards.equals(backwards)


@pytest.mark.parametrize("table", TABLES)
def test_checked__empty_frame(table):
    contract = TABLES[table]

    assert checked(contract.empty(), contract).schema == contract.empty().schema


def test_breaches__one_row_per_breach_with_its_row_and_column():
    given = frame(
        Opportunities,
        opportunity("O1"),
        opportunity("O2", currency="?", stage=None),
        opportunity("O3", closed_at=None),
    )

    found = breaches(given, Opportunities).sort("index", "column")

    assert found.rows() == [
        (1, "currency", "str_matches('^[A-Z]{3}$')"),
        (1, "stage", "not_nullable"),
        (2, WHOLE_TABLE, "a_closed_opportunity_has_a_close_date"),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_breaches__empty_frame(table):
    found = breaches(TABLES[table].empty(), TABLES[table])

    assert found.is_empty()
    assert found.schema == {"index": pl.Int64, "column": pl.String, "check": pl.String}


def test_write_table__reads_back_equal_and_leaves_nothing_beside_it(tmp_path):
    given = frame(Opportunities, opportunity("O2", amount=None), opportunity("O1"))

    write_table(tmp_path, given, Opportunities)

    assert read_table(tmp_path, Opportunities).equals(given.sort("opportunity_id"))
    assert [path.name for path in tmp_path.iterdir()] == ["opportunities.parquet"]


def test_write_table__a_breach_leaves_the_file_as_it_was(tmp_path):
    write_table(tmp_path, frame(Accounts, ACCOUNT), Accounts)
    before = table_file(tmp_path, Accounts).read_bytes()

    with pytest.raises(ContractError):
        write_table(tmp_path, frame(Accounts, ACCOUNT, ACCOUNT), Accounts)

    assert table_file(tmp_path, Accounts).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_read_table__missing_cut_short_or_changed_by_hand(tmp_path):
    path = table_file(tmp_path, Accounts)
    with pytest.raises(ContractError, match=r"Table accounts .* there is no file"):
        read_table(tmp_path, Accounts)

    write_table(tmp_path, frame(Accounts, ACCOUNT), Accounts)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ContractError, match="cannot be read as Parquet"):
        read_table(tmp_path, Accounts)

    frame(Accounts, ACCOUNT, ACCOUNT).write_parquet(path)
    with pytest.raises(ContractError, match="account_id: field_uniqueness"):
        read_table(tmp_path, Accounts)


def test_write_batches__the_bytes_are_those_of_the_whole(tmp_path):
    accounts = frame(Accounts, *(ACCOUNT | {"account_id": f"A{n}"} for n in range(9)))
    (tmp_path / "whole").mkdir()
    write_table(tmp_path / "whole", accounts, Accounts)

    written = write_batches(tmp_path, (accounts[:2], accounts[2:2], accounts[2:]), Accounts)

    assert written == 9
    whole = table_file(tmp_path / "whole", Accounts).read_bytes()
    assert table_file(tmp_path, Accounts).read_bytes() == whole


@pytest.mark.parametrize("second", ["A1", "A0"])
def test_write_batches__a_batch_that_belongs_before_another(tmp_path, second):
    batches = [frame(Accounts, ACCOUNT | {"account_id": key}) for key in ("A1", second)]

    with pytest.raises(ContractError, match=r"accounts .* not in the order of keys"):
        write_batches(tmp_path, batches, Accounts)

    assert list(tmp_path.iterdir()) == []


def test_write_batches__no_batch_is_a_table_without_rows(tmp_path):
    assert write_batches(tmp_path, [], Accounts) == 0
    assert read_table(tmp_path, Accounts).is_empty()


def test_key_ranges__every_row_in_exactly_one():
    keys = pl.DataFrame({"key": ["a", "b", "bb", None, "c", "z"]})

    found = [keys.filter(inside)["key"].to_list() for inside in key_ranges("key", ["b", "c"])]

    assert found == [["a", None], ["b", "bb"], ["c", "z"]]
    assert keys.filter(*key_ranges("key", [])).height == 6


def test_scan_table__a_column_of_another_type(tmp_path):
    given = frame(Accounts, ACCOUNT).with_columns(pl.lit("no").alias("is_target")).drop("owner")
    given.write_parquet(table_file(tmp_path, Accounts))

    with pytest.raises(ContractError, match=r"2 ways: .*is_target is not Boolean; .*owner is not"):
        scan_table(tmp_path, Accounts)


def test_tables__are_read_when_asked_for(tmp_path):
    write_table(tmp_path, frame(Accounts, ACCOUNT), Accounts)
    tables = Tables(tmp_path, [Accounts])

    assert list(tables) == [Accounts]
    assert Opportunities not in tables
    write_table(tmp_path, Accounts.empty(), Accounts)
    assert tables[Accounts].is_empty()
