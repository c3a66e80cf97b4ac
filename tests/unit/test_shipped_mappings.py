"""The mappings that ship, each on a small export of the shape that it is for.

The exports in tests/golden/exports are invented; where real files are at hand they are read too.
"""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from workbench.contracts import (
    AccountMerges,
    AccountPaths,
    Accounts,
    Contract,
    Handoffs,
    Opportunities,
    Partners,
    StageHistory,
    Touches,
)
from workbench.ingest import Ingested, ingest, source_problems
from workbench.params import RunParams

PROJECT = Path(__file__).resolve().parents[2]
EXPORTS = PROJECT / "tests" / "golden" / "exports"
REAL = PROJECT.parent / "shared" / "data"
MAPPINGS = sorted(file.name for file in EXPORTS.iterdir())


def mapping_params(mapping: str, folder: Path) -> RunParams:
    return RunParams(
        name=mapping,
        period="2026-03",
        as_of=date(2026, 3, 31),
        read_at=datetime(2026, 4, 1, tzinfo=UTC),
        timezone="America/New_York",
        source=PROJECT / "params" / "sources" / f"{mapping}.yaml",
        source_folder=folder,
        definition=PROJECT / "params" / "definitions" / "crm_field.yaml",
        readout=None,
        output_root=PROJECT / "outputs",
    )


def read(mapping: str, tmp_path: Path, folder: Path | None = None) -> Ingested:
    into = tmp_path / "tables"
    into.mkdir()
    return ingest(mapping_params(mapping, folder or EXPORTS / mapping), into=into)


def rows(found: Ingested, contract: type[Contract], *columns: str) -> list[tuple]:
    """Rows of a table in its order; money as text, instants to the minute in UTC."""
    table = found.tables[contract].select(columns)
    return table.with_columns(
        pl.col(pl.Decimal).cast(pl.String), pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M")
    ).rows()


def rejected(found: Ingested) -> list[tuple[str, int, list[str]]]:
    return found.rejects.select("table", "row_number", "reasons").rows()


OPPORTUNITY = ("opportunity_id", "account_id", "opportunity_type", "status", "created_at")
MONEY = ("opportunity_id", "closed_at", "amount", "currency", "probability")
CLASS = ("opportunity_id", "crm_classification", "crm_partner_id", "source_system")
TOUCH = ("touch_id", "opportunity_id", "account_id", "partner_id", "touch_type", "touched_at")
PARTNER = ("partner_id", "name", "partner_type")


def test_shipped_mappings__each_has_an_export_here():
    shipped = {file.stem for file in (PROJECT / "params" / "sources").glob("*.yaml")}
    from_elsewhere = {"microsoft_opportunity_tracking", "postgresql"}
    assert shipped - from_elsewhere == set(MAPPINGS)


def test_shipped_mappings__each_is_documented():
    guide = (PROJECT / "docs" / "mappings.md").read_text(encoding="utf-8")
    assert [name for name in MAPPINGS if f"`{name}`" not in guide] == []


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_source_problems__a_shipped_mapping_has_none(mapping, tmp_path):
    folder = EXPORTS / mapping
    if mapping == "partner_spreadsheet":
        folder = tmp_path
        write_workbook(tmp_path / "partner_touches.xlsx")
    assert source_problems(mapping_params(mapping, folder)) == []


# Salesforce, API names


def test_salesforce_api__opportunities(tmp_path):
    found = read("salesforce_api", tmp_path)
    one, two, three = "006Qa00000opp01IAA", "006Qa00000opp02IAA", "006Qa00000opp03IAA"
    quillmere, sablewick = "001Qa00000acc01IAA", "001Qa00000acc02IAA"
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        (one, quillmere, "new_business", "won", "2026-01-10 23:30"),
        (two, sablewick, "expansion", "open", "2026-02-01 08:00"),
        (three, sablewick, "renewal", "lost", "2026-01-05 10:00"),
    ]
    # A close date is a day of the run's own zone: 31 March begins at 04:00 UTC in New York.
    assert rows(found, Opportunities, *MONEY) == [
        (one, "2026-03-31 04:00", "12500.50", "EUR", 1.0),
        (two, None, None, "USD", 0.6),
        (three, "2026-02-28 05:00", "900.00", "USD", 0.0),
    ]
    # The second opportunity's primary partner was deleted.
    assert rows(found, Opportunities, *CLASS) == [
        (one, None, "001Qa00000prt01IAA", "salesforce"),
        (two, None, None, "salesforce"),
        (three, None, None, "salesforce"),
    ]


def test_salesforce_api__touches_are_tags_and_answered_campaigns(tmp_path):
    found = read("salesforce_api", tmp_path)
    arvane, cormeo = "001Qa00000prt01IAA", "001Qa00000prt02IAA"
    one, sablewick = "006Qa00000opp01IAA", "001Qa00000acc02IAA"
    assert rows(found, Touches, *TOUCH) == [
        ("00IQa00000ptn01MAA", one, None, arvane, "crm_tag", "2026-01-12 09:00"),
        ("00IQa00000ptn02MAA", one, None, cormeo, "crm_tag", "2026-01-12 09:00"),
        ("00vQa00000mem01IAA", None, sablewick, cormeo, "campaign_response", "2026-01-15 05:00"),
    ]
    assert rows(found, Touches, "logged_at", "campaign_id", "accepted_by") == [
        ("2026-01-12 09:00", None, None),
        ("2026-01-12 09:00", None, None),
        (None, "701Qa00000cmp01IAA", None),
    ]


def test_salesforce_api__partners_merges_history_and_rejects(tmp_path):
    found = read("salesforce_api", tmp_path)
    assert rows(found, Partners, *PARTNER) == [
        ("001Qa00000prt01IAA", "Arvane Consulting", "services"),
        ("001Qa00000prt02IAA", "Cormeo Systems", "reseller"),
    ]
    assert rows(found, AccountMerges, "merged_account_id", "surviving_account_id") == [
        ("001Qa00000DUP01IAH", "001Qa00000acc01IAA")
    ]
    assert rows(found, StageHistory, "opportunity_id", "stage", "entered_at", "amount") == [
        ("006Qa00000opp01IAA", "Closed Won", "2026-03-30 16:00", "12500.50"),
        ("006Qa00000opp01IAA", "Proposal", "2026-01-10 23:30", "10000.00"),
    ]
    assert rejected(found) == [
        ("accounts", 3, ["deleted in Salesforce"]),
        ("opportunities", 4, ["opportunity_type: missing"]),
        ("opportunities", 5, ["deleted in Salesforce"]),
        ("touches", 3, ["deleted in Salesforce"]),
    ]


# Salesforce, report


def test_salesforce_report__short_ids_american_days_and_a_footer(tmp_path):
    found = read("salesforce_report", tmp_path)
    one, two, three = "006Qa00000opp01IAA", "006Qa00000opp02IAA", "006Qa00000opp03IAA"
    quillmere, sablewick = "001Qa00000acc01IAA", "001Qa00000acc02IAA"
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        (one, quillmere, "new_business", "won", "2026-01-10 05:00"),
        (two, sablewick, "expansion", "open", "2026-02-01 05:00"),
        (three, sablewick, "renewal", "lost", "2025-12-05 05:00"),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        (one, "2026-03-31 04:00", "12500.50", "USD", 1.0),
        (two, None, None, "USD", 0.6),
        (three, "2026-02-28 05:00", "900.00", "USD", 0.0),
    ]
    assert rows(found, Opportunities, *CLASS) == [
        (one, None, "Arvane Consulting", "salesforce_report"),
        (two, None, None, "salesforce_report"),
        (three, None, "Cormeo Systems", "salesforce_report"),
    ]
    assert rows(found, Accounts, "account_id", "name") == [
        (quillmere, "Quillmere Works"),
        (sablewick, "Sablewick Stores"),
    ]
    assert rows(found, Partners, *PARTNER) == [
        ("Arvane Consulting", "Arvane Consulting", "reseller"),
        ("Cormeo Systems", "Cormeo Systems", "reseller"),
    ]
    assert found.tables[Touches].is_empty()
    assert rejected(found) == []
    assert "opportunities.csv: 7 lines from line 5 on left out as a footer." in found.notes


# Fivetran


def test_fivetran_salesforce__old_states_are_no_records_and_deleted_ones_leave(tmp_path):
    found = read("fivetran_salesforce", tmp_path)
    one, two, quillmere = "006Qa00000opp01IAA", "006Qa00000opp02IAA", "001Qa00000acc01IAA"
    assert rows(found, Opportunities, *OPPORTUNITY, "owner") == [
        (one, quillmere, "new_business", "won", "2026-01-10 23:30", "Mara K."),
        (two, quillmere, "renewal", "open", "2026-02-01 08:00", "005Qa00000usr99AAA"),
    ]
    # Midnight in the warehouse is the day of the close, not a moment in UTC.
    assert rows(found, Opportunities, *MONEY) == [
        (one, "2026-03-31 04:00", "12500.50", "USD", 1.0),
        (two, None, None, "USD", 0.6),
    ]
    assert rows(found, Accounts, "account_id", "name") == [
        (quillmere, "Quillmere Works"),
        ("001Qa00000prt01IAA", "Arvane Consulting"),
    ]
    assert rows(found, Partners, *PARTNER) == [
        ("001Qa00000prt01IAA", "Arvane Consulting", "services")
    ]
    assert rows(found, AccountMerges, "merged_account_id", "surviving_account_id") == [
        ("001Qa00000DUP01IAH", quillmere)
    ]
    assert rows(found, StageHistory, "opportunity_id", "stage", "entered_at", "amount") == [
        (one, "Closed Won", "2026-03-30 16:00", "12500.50"),
        (one, "Proposal", "2026-01-10 23:30", "10000.00"),
    ]
    assert found.tables[Touches].is_empty()
    assert rejected(found) == [
        ("accounts", 3, ["deleted in Salesforce"]),
        ("opportunities", 3, ["deleted in Salesforce"]),
    ]


def test_fivetran_hubspot__merged_and_deleted_ones_leave(tmp_path):
    found = read("fivetran_hubspot", tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY, "stage", "owner") == [
        (
            *("9001", "501", "new_business", "won", "2026-01-10 09:30"),
            *("Closed Won", "mara@brindleford.example"),
        ),
        ("9002", "501", "new_business", "open", "2026-02-01 08:00", "Proposal", "72"),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        ("9001", "2026-03-30 16:00", "12500.50", "USD", 1.0),
        ("9002", None, None, "USD", 0.6),
    ]
    assert rows(found, Opportunities, *CLASS) == [
        ("9001", None, "502", "hubspot"),
        ("9002", None, "502", "hubspot"),
    ]
    assert rows(found, Accounts, "account_id", "name") == [
        ("501", "Quillmere Works"),
        ("502", "Arvane Consulting"),
    ]
    assert rows(found, Partners, *PARTNER) == [("502", "Arvane Consulting", "referral")]
    assert rows(found, StageHistory, "opportunity_id", "stage", "entered_at") == [
        ("9001", "Closed Won", "2026-03-30 16:00"),
        ("9001", "Proposal", "2026-01-10 09:30"),
        ("9002", "gone", "2026-02-01 08:00"),
    ]
    assert found.tables[Touches].is_empty()
    assert rejected(found) == [
        ("accounts", 3, ["deleted in HubSpot"]),
        ("opportunities", 3, ["merged into another opportunity"]),
        ("opportunities", 4, ["deleted in HubSpot"]),
    ]


# HubSpot, export


def test_hubspot_export__a_probability_is_from_0_to_1(tmp_path):
    found = read("hubspot_export", tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        ("9001", "501", "new_business", "won", "2026-01-10 09:30"),
        ("9002", "501", "expansion", "open", "2026-02-01 08:00"),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        ("9001", "2026-03-30 16:00", "12500.50", "EUR", 1.0),
        ("9002", None, None, "USD", 0.9),
    ]
    assert rows(found, Opportunities, *CLASS) == [
        ("9001", "sourced", "502", "hubspot"),
        ("9002", "direct", None, "hubspot"),
    ]
    assert rows(found, Touches, *TOUCH) == [
        ("9001:502", "9001", None, "502", "deal_registration", "2026-01-04 05:00")
    ]
    assert rows(found, Accounts, "account_id", "domain", "is_target") == [
        ("501", "quillmere.example", True),
        ("502", "arvane.example", False),
    ]
    assert rows(found, Partners, *PARTNER) == [("502", "Arvane Consulting", "referral")]
    assert rejected(found) == [("opportunities", 3, ["opportunity_type: missing"])]


# AWS


def test_aws_partner_central__aws_is_the_partner_and_monthly_spend_no_amount(tmp_path):
    found = read("aws_partner_central", tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        ("O1000002", "Quillmere Works", "expansion", "open", "2026-02-01 08:00"),
        ("OPP-1", "Quillmere Works", "new_business", "won", "2026-01-10 09:30"),
    ]
    # OPP-1 has 2,000 a month for AWS and a contract of 48,000; O1000002 has only 650 a month.
    assert rows(found, Opportunities, *MONEY) == [
        ("O1000002", None, None, "USD", None),
        ("OPP-1", "2026-03-31 04:00", "48000.00", "USD", None),
    ]
    assert rows(found, Opportunities, *CLASS, "crm_influence_type") == [
        ("O1000002", "direct", None, "aws_partner_central", "Co-Sell"),
        ("OPP-1", "sourced", "AWS", "aws_partner_central", "For Visibility Only"),
    ]
    assert rows(found, Touches, *TOUCH) == [
        ("O1000001", "OPP-1", None, "AWS", "referral", "2026-01-10 09:30")
    ]
    assert rows(found, Partners, *PARTNER) == [("AWS", "Amazon Web Services", "technology")]
    assert rows(found, Accounts, "account_id", "name") == [("Quillmere Works", "Quillmere Works")]
    assert rejected(found) == [
        ("accounts", 3, ["Sandbox is a place for tests"]),
        ("opportunities", 3, ["Sandbox is a place for tests"]),
    ]


def test_aws_ace__a_referral_counts_once_it_is_accepted(tmp_path):
    found = read("aws_ace", tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        ("OPP-1", "Quillmere Works", "new_business", "won", "2026-01-10 09:30"),
        ("OPP-3", "Quillmere Works", "expansion", "open", "2026-01-10 09:30"),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        ("OPP-1", "2026-03-31 04:00", "48000.50", "EUR", None),
        ("OPP-3", None, None, "USD", None),
    ]
    assert rows(found, Opportunities, *CLASS) == [
        ("OPP-1", "sourced", "AWS", "aws_ace"),
        ("OPP-3", "direct", None, "aws_ace"),
    ]
    assert rows(found, Touches, *TOUCH) == [
        ("O1000001", "OPP-1", None, "AWS", "referral", "2026-01-10 09:30")
    ]
    assert rows(found, Handoffs, "handoff_id", "opportunity_id", "response") == [
        ("O1000001", "OPP-1", "accepted"),
        ("O1000002", None, "pending"),
    ]
    assert rejected(found) == [
        ("opportunities", 2, ["a referral of AWS that nobody here accepted"])
    ]


# Microsoft


def test_microsoft_partner_center__leads(tmp_path):
    found = read("microsoft_partner_center", tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        ("r-0001", "Quillmere Works", "new_business", "open", "2026-01-10 00:00"),
        ("r-0005", "Quillmere Works", "new_business", "open", "2026-02-07 00:00"),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        ("r-0001", None, "12500.00", "EUR", None),
        ("r-0005", None, None, "USD", None),
    ]
    assert rows(found, Touches, *TOUCH, "accepted_by") == [
        (
            *("r-0001", "r-0001", "Quillmere Works"),
            "Microsoft",
            "referral",
            "2026-01-10 00:00",
            None,
        ),
        (*("r-0002", None, "Sablewick Stores"), "Microsoft", "referral", "2026-02-01 00:00", None),
        (*("r-0003", None, "Quillmere Works"), "Microsoft", "referral", "2026-02-03 00:00", None),
        (*("r-0004", None, "Sablewick Stores"), "Microsoft", "referral", "2026-02-05 00:00", None),
        (
            *("r-0005", "r-0005", "Quillmere Works"),
            "Microsoft",
            "referral",
            "2026-02-07 00:00",
            None,
        ),
    ]
    assert rows(found, Handoffs, "handoff_id", "response", "responded_at") == [
        ("r-0001", "accepted", None),
        ("r-0002", "pending", None),
        ("r-0003", "accepted", None),
        ("r-0004", "rejected", None),
        ("r-0005", "accepted", None),
    ]
    assert rejected(found) == [
        ("opportunities", 2, ["nobody has accepted the referral yet"]),
        ("opportunities", 3, ["closed on a day that this download does not name"]),
        ("opportunities", 4, ["closed without having been an opportunity"]),
    ]


# PartnerStack


def test_partnerstack__cents_milliseconds_and_tests(tmp_path):
    found = read("partnerstack", tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        ("OPP-1", "Quillmere Works", "new_business", "won", "2026-01-10 09:30"),
        ("deal_a2", "Sablewick Stores", "new_business", "open", "2026-02-01 08:00"),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        ("OPP-1", "2026-03-31 00:00", "12500.50", "USD", None),
        ("deal_a2", None, None, "USD", None),
    ]
    assert rows(found, Touches, *TOUCH) == [
        ("deal_a1", "OPP-1", None, "prt_arvane", "deal_registration", "2026-01-10 09:30"),
        ("deal_a2", "deal_a2", None, "prt_cormeo", "deal_registration", "2026-02-01 08:00"),
    ]
    assert rows(found, Partners, *PARTNER) == [
        ("prt_arvane", "Arvane Consulting", "reseller"),
        ("prt_cormeo", "hello@cormeo.example", "referral"),
    ]
    assert rejected(found) == [
        ("accounts", 3, ["made for a test"]),
        ("opportunities", 3, ["made for a test"]),
        ("touches", 3, ["made for a test"]),
    ]


# Crossbeam


def test_crossbeam_overlaps__an_opportunity_is_counted_once(tmp_path):
    found = read("crossbeam_overlaps", tmp_path)
    assert rows(found, Opportunities, "opportunity_id", "account_id", "amount", "currency") == [
        ("OPP-1", "A-1", "12500.50", "EUR"),
        ("OPP-2", "A-2", None, "USD"),
    ]
    assert rows(found, Touches, *TOUCH) == [
        ("A-1:p-1", None, "A-1", "p-1", "overlap_detected", "2025-12-01 05:00"),
        ("A-1:p-2", None, "A-1", "p-2", "overlap_detected", "2026-01-05 05:00"),
    ]
    assert rows(found, AccountPaths, "account_id", "partner_id", "path", "observed_at") == [
        ("A-1", "p-1", "customer_overlap", "2025-12-01 05:00"),
        ("A-1", "p-1", "relationship", "2026-01-07 05:00"),
        ("A-1", "p-2", "opportunity_overlap", "2026-01-05 05:00"),
    ]
    assert rows(found, Partners, "partner_id", "name") == [
        ("p-1", "Arvane Consulting"),
        ("p-2", "Cormeo Systems"),
    ]
    assert rejected(found) == [
        ("account_paths", 4, ["the overlap is gone"]),
        ("touches", 4, ["the overlap is gone"]),
    ]


# A spreadsheet


def write_workbook(path: Path) -> None:
    """The touches of the export as a workbook: days and amounts as a spreadsheet holds them."""
    with (EXPORTS / "partner_spreadsheet" / "partner_touches.csv").open(encoding="utf-8") as file:
        lines = list(csv.reader(file))
    days = {lines[0].index(name) for name in ("Touch date", "Opportunity created", "Closed on")}
    with xlsxwriter.Workbook(path, {"default_date_format": "d mmm yyyy"}) as book:
        sheet = book.add_worksheet("Touches")
        for row, line in enumerate(lines):
            for column, text in enumerate(line):
                if row and text and column in days:
                    sheet.write_datetime(row, column, datetime.fromisoformat(text))
                elif row and text and lines[0][column] == "Amount":
                    sheet.write_number(row, column, float(text))
                elif text:
                    sheet.write_string(row, column, text)


def test_partner_spreadsheet__one_row_a_touch(tmp_path):
    write_workbook(tmp_path / "partner_touches.xlsx")
    found = read("partner_spreadsheet", tmp_path, tmp_path)
    assert rows(found, Opportunities, *OPPORTUNITY, "owner") == [
        ("Data Hub", "Sablewick Stores", "new_business", "open", "2026-02-01 05:00", "Tobin A."),
        ("Planning Suite", "Quillmere Works", "new_business", "won", "2026-01-10 05:00", "Mara K."),
    ]
    assert rows(found, Opportunities, *MONEY) == [
        ("Data Hub", None, None, "USD", None),
        ("Planning Suite", "2026-03-31 04:00", "12500.50", "USD", None),
    ]
    assert rows(found, Opportunities, *CLASS) == [
        ("Data Hub", "influenced", None, "spreadsheet"),
        ("Planning Suite", "sourced", None, "spreadsheet"),
    ]
    touch = ("opportunity_id", "partner_id", "partner_contact", "touch_type", "touched_at")
    assert rows(found, Touches, *touch) == [
        ("Data Hub", "Cormeo Systems", None, "co_sell", "2026-02-11 05:00"),
        (
            *("Planning Suite", "Arvane Consulting", "Presales lead"),
            *("introduction", "2025-12-18 05:00"),
        ),
        (
            *("Planning Suite", "Arvane Consulting", "Presales lead"),
            *("technical_validation", "2026-02-02 05:00"),
        ),
    ]
    assert rows(found, Touches, "accepted_by", "evidence_url", "logged_at") == [
        ("Tobin A.", "https://notes.example/2", None),
        ("Mara K.", "https://notes.example/1", None),
        ("Mara K.", None, None),
    ]
    assert rejected(found) == []


# Real files


def linked(folder: Path, files: dict[str, str]) -> Path:
    """The real files under the names that the mapping gives them. Skips where they are absent."""
    for name, real in files.items():
        if not (REAL / real).is_file():
            pytest.skip(f"{real} is not in {REAL}: the mapping is not tried on real files")
        (folder / name).symlink_to(REAL / real)
    return folder


def counted(found: Ingested) -> dict[str, tuple[int, int]]:
    """Rows accepted and rejected by table."""
    summary = found.summary.select("table", "rows_accepted", "rows_rejected").rows()
    return {table: (accepted, lost) for table, accepted, lost in summary}


def reasons(found: Ingested) -> dict[tuple[str, str], int]:
    counts = found.rejects.explode("reasons").group_by("table", "reasons").len()
    return {(table, reason): count for table, reason, count in counts.rows()}


def test_fivetran_salesforce__real_files_hold_only_deleted_opportunities(tmp_path):
    names = ("account", "opportunity", "opportunity_history", "user")
    files = {f"{name}.csv": f"fivetran_salesforce/sf_{name}_data.csv" for name in names}
    folder = linked(tmp_path, files)
    assert source_problems(mapping_params("fivetran_salesforce", folder)) == []
    found = read("fivetran_salesforce", tmp_path, folder)
    assert counted(found) == {
        "accounts": (1, 6),  # 10 rows, 3 of them old states
        "account_merges": (1, 0),
        "partners": (0, 0),
        "opportunities": (0, 8),  # 10 rows, 2 of them old states
        "stage_history": (0, 10),
    }
    assert reasons(found) == {
        ("accounts", "deleted in Salesforce"): 6,
        ("opportunities", "deleted in Salesforce"): 8,
        ("stage_history", "deleted in Salesforce"): 10,
    }
    assert rows(found, Accounts, "account_id", "name") == [("0015500000Xyy06AAB", "Eric's Test")]


def test_fivetran_hubspot__real_opportunities_have_neither_stage_nor_company(tmp_path):
    names = ("company", "deal", "deal_company", "deal_pipeline_stage", "deal_stage")
    files = {
        f"{name}.csv": f"fivetran_hubspot/{name}_data.csv"
        for name in (*names, "merged_deal", "owner")
    }
    folder = linked(tmp_path, files)
    assert source_problems(mapping_params("fivetran_hubspot", folder)) == []
    found = read("fivetran_hubspot", tmp_path, folder)
    assert counted(found) == {
        "accounts": (24, 0),
        "partners": (0, 0),
        "opportunities": (0, 44),
        "stage_history": (14, 0),
    }
    assert reasons(found) == {
        ("opportunities", "account_id: missing"): 44,
        ("opportunities", "stage: missing"): 44,
        ("opportunities", "status: missing"): 44,
    }
    # "2021-01-07 6:49:18": an hour of one digit.
    assert rows(found, StageHistory, "opportunity_id", "entered_at")[0] == (
        *("3954699413", "2021-01-07 06:49"),
    )


def test_aws_ace__real_outbound_sample(tmp_path):
    folder = linked(tmp_path, {"outbound.json": "aws_ace/Opportunity-Outbound-Sample.json"})
    assert source_problems(mapping_params("aws_ace", folder)) == []
    found = read("aws_ace", tmp_path, folder)
    assert rows(found, Opportunities, *OPPORTUNITY) == [
        ("TestIdentifier", "Test LLC", "new_business", "open", "2022-03-08 13:15")
    ]
    # The software is worth 0.0 in the sample; the 100.0 a month that AWS expects are no amount.
    assert rows(found, Opportunities, *MONEY) == [("TestIdentifier", None, "0.00", "USD", None)]
    assert rows(found, Opportunities, *CLASS) == [("TestIdentifier", "direct", None, "aws_ace")]
    assert counted(found) == {
        "accounts": (1, 0),
        "partners": (1, 0),
        "opportunities": (1, 0),
        "touches": (0, 0),
        "handoffs": (0, 0),
    }


def test_aws_ace__real_inbound_sample_is_no_export(tmp_path):
    folder = linked(tmp_path, {"outbound.json": "aws_ace/Opportunity-Create-Inbound-Sample.json"})
    problems = source_problems(mapping_params("aws_ace", folder))
    missing = {problem.what.rpartition(" ")[2] for problem in problems}
    assert {"'createdDate'.", "'opportunityOwnership'.", "'customerSoftwareValue'."} <= missing


def test_source_problems__a_condition_of_a_look_up_names_an_unknown_column(tmp_path):
    for file in (EXPORTS / "salesforce_api").iterdir():
        text = file.read_text(encoding="utf-8").replace("IsPrimary", "Is Primary")
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    [problem] = source_problems(mapping_params("salesforce_api", tmp_path))
    assert problem.what == (
        "'opportunities.lookups.primary': OpportunityPartner.csv has no column 'IsPrimary'."
    )
    assert problem.hint == "the file has 'Is Primary'."
