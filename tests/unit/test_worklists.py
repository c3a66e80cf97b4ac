import re
import time
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from io import BytesIO
from zipfile import ZipFile

import polars as pl
import pytest

from tests.unit.attribution_frames import frame
from workbench.contracts import QualityFindings
from workbench.worklists import work_lists
from workbench.worklists.file_names import file_names
from workbench.worklists.workbook import MOST_ROWS, Sheet, workbook

CREATED = datetime(2026, 11, 3, 6, tzinfo=UTC)
ABOUT = {"Run": "demo-1"}


def finding(record_id: str, owner: str | None = "Maria W.", **changes: object) -> dict:
    rule = str(changes.get("rule", "touch_orphan"))
    return {
        "finding_id": f"{rule}:{record_id}",
        "rule": rule,
        "severity": "error",
        "table": "touches",
        "record_id": record_id,
        "owner": owner,
        "message": f"{record_id} hangs on nothing.",
        "suggestion": "Name an opportunity.",
        "first_seen_on": date(2026, 11, 3),
        "due_on": date(2026, 11, 10),
    } | changes


def lists(*findings: dict, record_url: str | None = None) -> dict[str, bytes]:
    rows = frame(QualityFindings, *findings)
    return work_lists(rows, record_url=record_url, created=CREATED, about=ABOUT)


def sheet(content: bytes, name: str = "To mend") -> pl.DataFrame:
    return pl.read_excel(BytesIO(content), sheet_name=name, infer_schema_length=None)


def parts(content: bytes) -> dict[str, str]:
    """The XML files of a workbook; each must be well-formed."""
    with ZipFile(BytesIO(content)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    for text in texts.values():
        ET.fromstring(text)
    return texts


def link_targets(content: bytes) -> list[str]:
    """Where the workbook leads, outside itself."""
    rels = [
        ET.fromstring(xml) for name, xml in parts(content).items() if "worksheets/_rels" in name
    ]
    return [str(relation.get("Target")) for part in rels for relation in part]


# Whose list


def test_work_lists__each_owner_has_a_list_and_one_has_all():
    made = lists(
        finding("T1"),
        finding("T2", "Noor B."),
        finding("T3", None),
        finding("T4", "Noor B.", severity="info", due_on=None, rule="touch_without_person"),
    )

    assert sorted(made) == ["all.xlsx", "maria-w.xlsx", "nobody_named.xlsx", "noor-b.xlsx"]
    assert sheet(made["maria-w.xlsx"])["Record"].to_list() == ["T1"]
    assert sheet(made["nobody_named.xlsx"])["Record"].to_list() == ["T3"]
    assert sheet(made["noor-b.xlsx"])["Record"].to_list() == ["T2", "T4"]
    everything = sheet(made["all.xlsx"], "All findings")
    assert dict(everything.select("Record", "Owner").iter_rows()) == {
        "T1": "Maria W.", "T2": "Noor B.", "T3": "nobody named", "T4": "Noor B."
    }  # fmt: skip
    overview = sheet(made["all.xlsx"], "Overview").sort("Owner")
    assert overview.select("Owner", "Errors", "Notes", "File").rows() == [
        ("Maria W.", 1, 0, "maria-w.xlsx"),
        ("Noor B.", 1, 1, "noor-b.xlsx"),
        ("nobody named", 1, 0, "nobody_named.xlsx"),
    ]


def test_work_lists__a_row_says_what_is_wrong_what_mends_it_and_by_when():
    row = sheet(lists(finding("T1"))["maria-w.xlsx"]).to_dicts()[0]

    assert row == {
        "Rule": "Touch that hangs on nothing",
        "Severity": "error",
        "Due": date(2026, 11, 10),
        "What is wrong": "T1 hangs on nothing.",
        "What would mend it": "Name an opportunity.",
        "Table": "touches",
        "Record": "T1",
        "First seen": date(2026, 11, 3),
    }


def test_work_lists__grouped_by_rule_gravest_first_then_by_the_day_due():
    made = lists(
        finding("T1", rule="touch_without_person", severity="info", due_on=None),
        finding("T2", due_on=date(2026, 11, 12)),
        finding("T3", rule="touch_logged_late", severity="warning"),
        finding("T4", due_on=date(2026, 11, 10)),
        finding("T5", rule="touch_in_future"),
    )

    assert sheet(made["maria-w.xlsx"])["Record"].to_list() == ["T5", "T4", "T2", "T3", "T1"]


def test_work_lists__someone_called_nobody_named_is_somebody():
    made = lists(finding("T1", "nobody named"), finding("T2", None), finding("T3", "nobody_named"))

    assert sheet(made["nobody_named.xlsx"])["Record"].to_list() == ["T2"]
    assert len(made) == 4


def test_work_lists__empty_frame():
    made = lists()

    assert list(made) == ["all.xlsx"]
    assert sheet(made["all.xlsx"], "About").rows() == [("Run", "demo-1")]


def test_work_lists__the_same_bytes_at_another_time():
    first = lists(finding("T1"), finding("T2", None), record_url="https://crm/{record_id}")
    time.sleep(2.1)  # a zip file counts in steps of two seconds

    assert lists(finding("T2", None), finding("T1"), record_url="https://crm/{record_id}") == first


def test_work_lists__header_stays_and_filters():
    content = parts(lists(finding("T1"))["maria-w.xlsx"])["xl/worksheets/sheet1.xml"]

    assert 'state="frozen"' in content
    assert '<autoFilter ref="A1:H2"/>' in content


def test_work_lists__a_list_too_long_for_anybody_says_so():
    made = lists(*(finding(f"T{number:05}") for number in range(MOST_ROWS + 1)))

    shown = sheet(made["maria-w.xlsx"])
    assert shown.height == MOST_ROWS
    assert shown["Record"][-1] == f"T{MOST_ROWS - 1:05}"
    said = dict(sheet(made["maria-w.xlsx"], "About").rows())
    assert said["Left out"].startswith("The first 20,000 of 20,001 rows are here.")


# Links


def test_work_lists__links_lead_to_the_record_whatever_its_id():
    made = lists(
        finding("006/../x?y#z {table}"),
        finding("touches:log.csv", table="ingest_summary"),
        record_url="https://crm.example/{table}/{record_id}",
    )

    assert link_targets(made["maria-w.xlsx"]) == [
        "https://crm.example/touches/006%2F..%2Fx%3Fy%23z%20%7Btable%7D"
    ]


def test_work_lists__an_address_longer_than_a_link_may_be_is_text():
    made = lists(finding("T" * 2_100), record_url="https://crm.example/{record_id}")

    assert link_targets(made["maria-w.xlsx"]) == []
    assert sheet(made["maria-w.xlsx"])["Record link"][0].startswith("https://crm.example/TTT")


# What comes from data never runs

HOSTILE = [
    "=1+1",
    '=HYPERLINK("https://evil.example","open")',
    "{=SUM(1)}",
    "+1",
    "-1+cmd|' /C calc'!A1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://evil.example/x",
    "internal:Sheet1!A1",
    "external:c:\\temp\\x.xlsx",
    "mailto:x@evil.example",
    "<r><t>x</t></r>",
    "<r></si></sst><f>1+1</f></r>",
    "</t></si>",
    "_x003D_1+1",
    "a\x00b\x07c\ufffe",
    "123",
    "true",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_work_lists__a_text_stays_a_text(text):
    made = lists(
        finding("T1", text or "?", message=text, suggestion=text, table=text, rule=text),
        finding(text),
        record_url="https://crm.example/{table}/{record_id}",
    )

    for name, content in made.items():
        for part, xml in parts(content).items():
            assert "<f>" not in xml, (name, part)
            assert not re.search(r"<f\s", xml), (name, part)
            assert "externalLink" not in xml, (name, part)
            assert "oleObject" not in xml, (name, part)
        assert all(target.startswith("https://crm.example/") for target in link_targets(content))


@pytest.mark.parametrize("text", [text for text in HOSTILE if text and "\x00" not in text])
def test_work_lists__a_text_is_read_back_as_it_was(text):
    content = next(c for n, c in lists(finding("T1", message=text)).items() if n != "all.xlsx")

    shown = sheet(content)["What is wrong"][0]

    assert (
        shown.replace("\r\n", "\n").replace("\r", "\n").strip() == text.replace("\r", "\n").strip()
    )


def test_work_lists__a_text_stays_one_when_its_cell_is_edited():
    """The mark that Excel makes of a leading apostrophe is on the cell's look."""
    made = parts(lists(finding("T1", message="=1+1"))["maria-w.xlsx"])

    cell = re.search(r'<c r="D2" s="(\d+)" t="s">', made["xl/worksheets/sheet1.xml"])
    looks = re.search(r"<cellXfs[^>]*>(.*)</cellXfs>", made["xl/styles.xml"]).group(1)
    assert 'quotePrefix="1"' in re.findall(r"<xf [^>]*>", looks)[int(cell.group(1))]


def test_workbook__a_long_text_is_cut_and_says_so():
    rows = pl.DataFrame({"What": ["😀" * 40_000, "short"]})

    content = workbook([Sheet("One", rows)], created=CREATED)

    shown = sheet(content, "One")["What"]
    assert len(shown[0].encode("utf-16-le")) // 2 < 32_767
    assert shown[0].endswith("… (cut; the table of this run has it whole)")
    assert shown[1] == "short"


# Names of files


def test_file_names__plain_names():
    owners = ["Maria W.", "partner operations", "maria.weber@example.com", "Zoë Ågren", "李雷"]

    assert file_names(owners, taken=()) == {
        "Maria W.": "maria-w",
        "partner operations": "partner-operations",
        "maria.weber@example.com": "maria-weber-example-com",
        "Zoë Ågren": "zoë-ågren",
        "李雷": "李雷",
    }


@pytest.mark.parametrize(
    ("owner", "start"),
    [
        ("CON", "con-"),
        ("nul", "nul-"),
        ("LPT¹", "lpt1-"),
        ("all", "all-"),
        ("../..", "owner-"),
        ("   ", "owner-"),
        ("???", "owner-"),
    ],
)
def test_file_names__a_name_that_cannot_be_is_marked(owner, start):
    name = file_names([owner], taken=("all",))[owner]

    assert re.fullmatch(re.escape(start) + "[0-9a-f]{8}", name)


@pytest.mark.parametrize("owner", ["../../x", "..\\x", "/x", "x. ", "x\x00", "C:x", "x\u202e"])
def test_file_names__stays_in_its_folder(owner):
    name = file_names([owner], taken=())[owner]

    assert name in {"x", "c-x"}


@pytest.mark.parametrize(
    "owners",
    [
        ("Ann Lee", "ann lee"),
        ("Ann Lee", "Ann-Lee", "Ann/Lee"),
        ("Weiß", "WEISS"),
        ("e\u0301va", "\u00e9va"),
        ("a" * 300, "a" * 301),
    ],
)
def test_file_names__two_owners_never_share_one(owners):
    names = file_names(owners, taken=())

    assert len({name.casefold() for name in names.values()}) == len(owners)
    assert all(len(f"{name}.xlsx".encode()) < 255 for name in names.values())


def test_file_names__do_not_hang_on_the_order():
    owners = ["Ann Lee", "ann lee", "CON"]

    assert file_names(owners, taken=()) == file_names(reversed(owners), taken=())
