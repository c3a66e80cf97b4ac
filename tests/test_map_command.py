"""From an export nobody has seen to a run: map, look at what is marked, check, ingest."""

from pathlib import Path

import polars as pl
import pytest

from tests.project import Project
from workbench.contracts import Accounts, Opportunities, Partners, Touches
from workbench.ingest import Ingested, ingest
from workbench.params import read_params

PIPEDRIVE_LIKE = """\
Deal - ID,Deal - Title,Deal - Organization,Deal - Value,Deal - Currency,Deal - Stage,Deal - Status,\
Deal - Deal created,Deal - Deal closed on,Deal - Owner,Deal - Probability,Deal - Label,\
Deal - Partner,Deal - Partner contact,Deal - Referral date,Deal - Partner sourced
1001,Quillmere rollout,Quillmere Works,12500,USD,Contract,Won,2026-07-14 09:12:00,\
2026-09-30 16:00:00,Mara K.,100,New business,Arvane Advisors,rosa@arvane.example,2026-07-01,Yes
1002,Sablewick renewal,Sablewick Stores,8000.5,USD,Contract,Lost,2026-07-20 10:00:00,\
2026-10-02 12:00:00,Tobin A.,0,Renewal,,,,No
1003,Thistlemoor pilot,Thistlemoor Clinics,4300,USD,Demo,Open,2026-09-03 08:30:00,,\
Ilse R.,40,New business,Belveo Systems,ivo@belveo.example,2026-09-10,No
1004,Umbergate expansion,Umbergate Press,,USD,Qualified,Open,2026-10-11 11:45:00,,\
Mara K.,20,Upsell,Direct,,,No
"""
GERMAN = """\
Vorgangsnummer;Bezeichnung;Kundennummer;Kunde;Auftragswert (EUR);Phase;Wahrscheinlichkeit;\
Angelegt am;Abschlussdatum;Vertriebsmitarbeiter;Geschäftsart;Vertriebspartner;Registriert am
V-001;Einführung Larch;K-10;Larchmere Würzburg GmbH;12.500,50;Gewonnen;100;14.07.2026;30.09.2026;\
Greta H.;Neugeschäft;Galdora Beratung GmbH;02.07.2026
V-002;Ausbau Velm;K-11;Velmfield Energie AG;980,00;Verloren;0;20.07.2026;02.10.2026;\
Linus F.;Erweiterung;;
V-003;Pilot Ostel;K-12;Ostelhaven Kliniken;43.000,00;Angebot;40;03.09.2026;31.12.2026;\
Greta H.;Sonderprojekt;Hestova Systemhaus KG;10.09.2026
V-004;Projekt Larch;K-10;Larchmere Würzburg GmbH;15.750,25;Gewonnen;100;05.08.2026;21.10.2026;\
Greta H.;Neugeschäft;Galdora Beratung GmbH;
"""
SALESFORCE_REPORT = """\
"Opportunity ID","Opportunity Name","Account ID","Account Name","Stage","Amount",\
"Amount Currency","Probability (%)","Created Date","Close Date","Opportunity Owner","Type",\
"Partner Sourced","Partner Account"
"006Qx00000AbCdE","Dravelcrest - 2026","001Qx00000FgHiJ","Dravelcrest Leasing","Closed Won",\
"125000.00","USD","100","7/14/2026","9/30/2026","Owen D.","New Customer","1","Ilment Consulting"
"006Qx00000AbCdF","Nimbelford - add-on","001Qx00000FgHiK","Nimbelford Freight","Closed Lost",\
"80000.00","USD","0","8/3/2026","10/12/2026","Yuna S.","Existing Customer - Upgrade","0",""
"006Qx00000AbCdG","Torvelhaven - pilot","001Qx00000FgHiL","Torvelhaven Solar",\
"Proposal/Price Quote","43000.00","USD","75","10/21/2026","12/31/2026","Owen D.","New Customer",\
"0","Jorvario Cloud"



"Report Name: Partner opportunities"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.in_folder(tmp_path_factory.mktemp("project"))


def mapped(project: Project, name: str, export: bytes) -> Path:
    """The mapping that the command proposes for one file, `exports/<name>.csv`."""
    (project.folder / "exports").mkdir(exist_ok=True)
    (project.folder / "exports" / f"{name}.csv").write_bytes(export)
    mapping = f"params/sources/{name}.yaml"
    said = project.workbench("map", f"exports/{name}.csv", "--out", mapping)
    assert said.startswith(f"{mapping}: 4 tables, ")
    # What it prints below is a parameter file as it stands.
    printed = [line[2:] for line in said.splitlines() if line.startswith("  ")]
    params = project.folder / "params" / f"{name}.yaml"
    params.write_text("\n".join(printed) + "\n", encoding="utf-8")
    return project.folder / mapping


def edited(mapping: Path, *edits: tuple[str, str]) -> None:
    """What an analyst does about the question marks: each text stands in one line."""
    text = mapping.read_text(encoding="utf-8")
    for before, after in edits:
        (line,) = {line.strip() for line in text.splitlines() if before in line}
        assert "?" in line
        text = text.replace(before, after)
    mapping.write_text(text, encoding="utf-8")


def checked_and_read(project: Project, name: str) -> Ingested:
    assert "nothing wrong" in project.workbench("check", f"params/{name}.yaml")
    tables = project.folder / "tables" / name
    tables.mkdir(parents=True)
    return ingest(read_params(project.folder / "params" / f"{name}.yaml"), into=tables)


def shown(table: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return table.select(
        pl.col(column).dt.to_string("%Y-%m-%d %H:%M") if column.endswith("_at") else column
        for column in columns
    ).rows()


def test_map__partner_columns_on_the_deal(project: Project) -> None:
    mapping = mapped(project, "deals", PIPEDRIVE_LIKE.encode())
    edited(mapping, ("touch_type: {value: crm_tag}", "touch_type: {value: referral}"))

    found = checked_and_read(project, "deals")

    opportunities = found.tables[Opportunities].with_columns(pl.col("amount").cast(pl.Float64))
    assert shown(opportunities, "opportunity_id", "account_id", "opportunity_type", "status",
                 "created_at", "closed_at", "amount", "probability", "crm_partner_id") == [
        ("1001", "Quillmere Works", "new_business", "won", "2026-07-14 09:12", "2026-09-30 16:00",
         12500.0, 1.0, "Arvane Advisors"),
        ("1002", "Sablewick Stores", "renewal", "lost", "2026-07-20 10:00", "2026-10-02 12:00",
         8000.5, 0.0, None),
        ("1003", "Thistlemoor Clinics", "new_business", "open", "2026-09-03 08:30", None,
         4300.0, 0.4, "Belveo Systems"),
        ("1004", "Umbergate Press", "expansion", "open", "2026-10-11 11:45", None,
         None, 0.2, None),
    ]  # fmt: skip
    assert shown(found.tables[Touches], "touch_id", "partner_id", "touch_type", "touched_at",
                 "partner_contact") == [
        ("1001", "Arvane Advisors", "referral", "2026-07-01 00:00", "rosa@arvane.example"),
        ("1003", "Belveo Systems", "referral", "2026-09-10 00:00", "ivo@belveo.example"),
    ]  # fmt: skip
    assert found.tables[Partners]["name"].to_list() == ["Arvane Advisors", "Belveo Systems"]
    assert found.tables[Accounts].height == 4
    assert found.rejects.is_empty()


def test_map__german_with_a_decimal_comma(project: Project) -> None:
    mapping = mapped(project, "verkaufschancen", GERMAN.encode("cp1252"))
    edited(
        mapping,
        ("# Sonderprojekt: ", "Sonderprojekt: new_business"),
        ("touch_type: {value: crm_tag}", "touch_type: {value: deal_registration}"),
    )

    found = checked_and_read(project, "verkaufschancen")

    opportunities = found.tables[Opportunities].with_columns(pl.col("amount").cast(pl.Float64))
    assert shown(opportunities, "opportunity_id", "account_id", "opportunity_type", "status",
                 "created_at", "closed_at", "amount", "currency") == [
        ("V-001", "K-10", "new_business", "won", "2026-07-14 00:00", "2026-09-30 00:00",
         12500.5, "EUR"),
        ("V-002", "K-11", "expansion", "lost", "2026-07-20 00:00", "2026-10-02 00:00",
         980.0, "EUR"),
        ("V-003", "K-12", "new_business", "open", "2026-09-03 00:00", None, 43000.0, "EUR"),
        ("V-004", "K-10", "new_business", "won", "2026-08-05 00:00", "2026-10-21 00:00",
         15750.25, "EUR"),
    ]  # fmt: skip
    assert "Larchmere Würzburg GmbH" in found.tables[Accounts]["name"].to_list()
    assert shown(found.tables[Touches], "touch_id", "partner_id", "touched_at") == [
        ("V-001", "Galdora Beratung GmbH", "2026-07-02 00:00"),
        ("V-003", "Hestova Systemhaus KG", "2026-09-10 00:00"),
    ]
    # The fourth was never registered: without a day there is no touch, and that is said.
    assert found.rejects.select("table", "row_number", "reasons").rows() == [
        ("touches", 4, ["touched_at: missing"])
    ]


def test_map__salesforce_report(project: Project) -> None:
    mapping = mapped(project, "report", SALESFORCE_REPORT.encode())
    edited(mapping, ("partner_type: {value: referral}", "partner_type: {value: services}"))

    found = checked_and_read(project, "report")

    assert shown(found.tables[Opportunities], "opportunity_id", "opportunity_type", "status",
                 "created_at", "closed_at", "crm_classification", "crm_partner_id") == [
        ("006Qx00000AbCdEIAV", "new_business", "won", "2026-07-14 00:00", "2026-09-30 00:00",
         "sourced", "Ilment Consulting"),
        ("006Qx00000AbCdFIAV", "expansion", "lost", "2026-08-03 00:00", "2026-10-12 00:00",
         "direct", None),
        ("006Qx00000AbCdGIAV", "new_business", "open", "2026-10-21 00:00", None,
         "direct", "Jorvario Cloud"),
    ]  # fmt: skip
    assert found.tables[Partners]["partner_type"].unique().to_list() == ["services"]
    assert found.tables[Touches]["opportunity_id"].to_list() == [
        "006Qx00000AbCdEIAV",
        "006Qx00000AbCdGIAV",
    ]
    assert found.rejects.is_empty()


def test_map__prints_without_out_and_says_the_same_again(project: Project) -> None:
    (project.folder / "one").mkdir()
    for name in ("deals", "partners"):
        (project.folder / "one" / f"{name}.csv").write_text(
            {"deals": PIPEDRIVE_LIKE, "partners": "Partner ID,Partner,Type\nP1,Arvane,Reseller\n"}[
                name
            ],
            encoding="utf-8",
        )
    first = project.workbench("map", "one/deals.csv", "one/partners.csv")
    again = project.workbench("map", "one/partners.csv", "one/deals.csv")
    assert first == again
    assert "tables:" in first


def test_map__never_overwrites(project: Project) -> None:
    (project.folder / "deals.csv").write_text(PIPEDRIVE_LIKE, encoding="utf-8")
    project.workbench("map", "deals.csv", "--out", "mine.yaml")
    (project.folder / "mine.yaml").write_text("mine", encoding="utf-8")

    said = project.workbench("map", "deals.csv", "--out", "mine.yaml", expect=2)

    assert "there is such a file already" in said
    assert (project.folder / "mine.yaml").read_text(encoding="utf-8") == "mine"


def test_map__files_that_cannot_be_used_are_named(project: Project) -> None:
    folder = project.folder / "broken"
    folder.mkdir()
    (folder / "empty.csv").write_text("", encoding="utf-8")
    said = project.workbench("map", "broken/empty.csv", "broken/absent.csv", expect=2)
    assert "2 problems" in said
    assert "absent.csv: there is no such file." in said

    (folder / "weather.csv").write_text("day,rain\n2026-01-01,3\n", encoding="utf-8")
    said = project.workbench("map", "broken/weather.csv", expect=2)
    assert "no file looks like opportunities" in said
