"""The scorecard as a reader meets it: opened from a disk, in a real browser, without a network."""

import csv
import re
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.scorecard_run import HOSTILE, RULED, scorecard_run
from workbench.attribution.case import CaseTables, case
from workbench.case_report import case_view
from workbench.contracts import Metrics, Opportunities, OpportunityAttribution, TouchAudit, Touches
from workbench.pipeline import scorecard
from workbench.readout import formats
from workbench.runs import Run

CLASSES = ("sourced", "influenced", "direct")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return scorecard_run(tmp_path_factory.mktemp("project"))


@pytest.fixture
def page(browser: Browser, run: Run) -> Iterator[Page]:
    """The page of the run; what the browser complains of, or asks a network for, fails a test."""
    yield from watched(browser, run.folder / "html" / "scorecard.html")


def watched(browser: Browser, file: Path, *, width: int = 1280) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda sent: sent.url.startswith("file:") or said.append(sent.url))
    page.goto(file.as_uri())
    page.locator("#bookings svg").wait_for()
    yield page
    assert page.evaluate("window.hacked") is None
    context.close()
    assert said == []


def at(page: Page, state: str) -> None:
    """Follow a link to a state of the page."""
    page.evaluate("state => { location.hash = state }", state)
    expect(page.locator("#count")).to_be_visible()


def figures(page: Page) -> dict[str, list[str]]:
    """The figures of each class as the page prints them, line breaks as spaces."""
    rows = page.locator("#figures tbody tr").all_inner_texts()
    cells = [[" ".join(cell.split()) for cell in row.split("\t")] for row in rows]
    return {name: figures for name, *figures in cells}


def first_cells(page: Page, column: int) -> list[str]:
    return page.locator(f"#rows tbody tr > :nth-child({column})").all_inner_texts()


def metric(table: pl.DataFrame, name: str, classification: str, period: str) -> dict:
    return table.row(
        by_predicate=(pl.col("metric") == name)
        & (pl.col("classification") == classification)
        & (pl.col("period") == period)
        & (pl.col("dimension") == "all"),
        named=True,
    )


def test_figures__of_every_period_are_those_of_the_metrics(page: Page, run: Run) -> None:
    table = run.read(Metrics)
    periods = table.filter(metric="bookings")["period"].unique().sort().to_list()
    assert len(periods) == 9

    for period in periods:
        at(page, f"#period={period}")
        expect(page.locator("#period")).to_have_value(period)
        shown = figures(page)
        for name in CLASSES:
            found = {
                each: metric(table, each, name, period)
                for each in ("open_pipeline", "bookings", "won_count", "lost_count", "win_rate")
            }
            _, pipeline, booked, won, lost, rate = shown[name]
            assert pipeline.split(" ")[0] == formats.exact_amount(found["open_pipeline"]["value"])
            assert booked.split(" ")[0] == formats.exact_amount(found["bookings"]["value"])
            assert won == formats.count(found["won_count"]["value"])
            assert lost == formats.count(found["lost_count"]["value"])
            value = found["win_rate"]
            said = f"{formats.rate(value['value'])} "
            said += formats.interval(value["ci_low"], value["ci_high"])
            if value["value"] is None:
                said = "not known none was closed"
            assert rate == said.replace(formats.SPACE, " ")


def test_bookings_table__is_the_metrics_whatever_period_is_chosen(page: Page, run: Run) -> None:
    table = run.read(Metrics).filter(metric="bookings", dimension="all")
    page.get_by_text("Bookings as a table").click()

    for state in ("#period=all", "#period=2026-Q1"):
        at(page, state)
        rows = page.locator("#bookings-table tbody tr").all_inner_texts()
        shown = [[cell.split("\n")[0] for cell in row.split("\t")[1:]] for row in rows]
        periods = table["period"].unique().sort()
        assert shown == [
            [
                formats.exact_amount(metric(table, "bookings", name, period)["value"])
                for name in CLASSES
            ]
            for period in periods
        ]


def test_filters__leave_what_they_say_and_stand_in_the_address(page: Page, run: Run) -> None:
    attributed = run.read(OpportunityAttribution)
    page.get_by_label("Quarter", exact=True).select_option("all time")
    page.get_by_label("Class", exact=True).select_option("influenced")
    page.get_by_label("Status, 31 October 2026", exact=True).select_option("lost")
    owner = attributed.filter(classification="influenced", status="lost")["owner"].mode().sort()[0]
    page.get_by_label("Owner", exact=True).select_option(owner)

    wanted = attributed.filter(classification="influenced", status="lost", owner=owner)
    count = f"{wanted.height} of 600 opportunities."
    expect(page.locator("#count")).to_have_text(count)
    assert set(first_cells(page, 1)) == set(wanted["opportunity_id"])
    assert figures(page)["influenced"][0] == str(wanted.height)
    assert figures(page)["sourced"][0] == "0"
    expect(page.locator("#shown")).to_contain_text("class: influenced; status")

    link = page.url
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.locator("#count")).not_to_have_text(count)
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("#count")).to_have_text(count)
    expect(page.get_by_label("Owner", exact=True).locator("option:checked")).to_have_text(owner)


def test_search__looks_into_id_name_account_and_partner(page: Page) -> None:
    at(page, "#period=all")
    search = page.get_by_role("searchbox")
    for words, wanted in (("opp-00123", "OPP-00123"), ("=CMD|", "OPP-00002"), ("<b>sons", RULED)):
        search.fill(words)
        expect(page.locator("#rows tbody tr", has_text=wanted)).to_have_count(1)
    search.fill("nothing has this name")
    expect(page.locator("#count")).to_have_text("0 of 600 opportunities.")
    assert figures(page)["direct"] == ["0", "0.00", "0.00", "0", "0", "not known none was closed"]


def test_sort__by_any_column_and_what_is_not_known_comes_last(page: Page, run: Run) -> None:
    at(page, "#period=all&sort=-amount")
    amount = page.get_by_role("columnheader", name="Amount, USD")
    expect(amount).to_have_attribute("aria-sort", "descending")
    known = run.read(OpportunityAttribution)["amount_reporting"]
    most = known.sort(descending=True, nulls_last=True)[:50]
    assert first_cells(page, 13) == [formats.exact_amount(value) for value in most]

    page.get_by_role("button", name="Amount, USD").click()
    expect(amount).to_have_attribute("aria-sort", "ascending")
    while page.locator("#more").is_visible():
        page.locator("#more").click()
    assert first_cells(page, 13) == [
        formats.exact_amount(value) for value in known.sort(nulls_last=True)
    ]
    for header in page.locator("#rows thead button").all():
        header.click()
        expect(page.locator("#rows thead th[aria-sort]")).to_have_count(1)


def test_download__is_what_is_shown_and_runs_nowhere(page: Page, run: Run) -> None:
    at(page, "#period=all&sort=opportunity_id")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    content = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == "scorecard-scored-1.csv"
    assert content.startswith(b"\xef\xbb\xbfopportunity_id,name,account_id,account,classification,")
    assert content.endswith(b",USD\r\n")
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))
    attributed = run.read(OpportunityAttribution)
    assert [row["opportunity_id"] for row in rows] == attributed["opportunity_id"].to_list()
    amounts = [None if row["amount"] == "" else row["amount"] for row in rows]
    assert amounts == attributed["amount_reporting"].cast(pl.String).to_list()
    names = {row["opportunity_id"]: row["name"] for row in rows}
    assert names["OPP-00002"] == "'=cmd|' /C calc'!A0"
    assert names["OPP-00007"] == "'@SUM(A1)"
    assert names["OPP-00006"] == HOSTILE["OPP-00006"]
    partners = {row["partner_id"]: row["partner"] for row in rows}
    assert partners["PAR-001"] == "'+1 ⟨U+202E⟩& <b>Sons</b>"
    texts = [value for row in rows for key, value in row.items() if key != "amount"]
    assert not [text for text in texts if re.match(r"[=+\-@\t\r]", text)]


def case_words(run: Run, opportunity_id: str) -> tuple[list[str], list[str]]:
    """The sentences of a case, and of its timeline, worked out anew."""
    tables = CaseTables.of(run.read_present(*CaseTables.contracts))
    found = case(tables, opportunity_id, params=run.params, definitions=(run.definition,))
    ruling = run.rulings[0] if opportunity_id == RULED else None
    view = case_view(found, turning=None, ruling=ruling, run_id="any")
    lines = [text for event in view.events for text in (event.what, *event.details)]
    return [*view.about, *view.answer, view.readings[0].credit], lines


@pytest.mark.parametrize("opportunity_id", ["OPP-00011", RULED, "OPP-00005"])
def test_case__says_what_why_says(page: Page, run: Run, opportunity_id: str) -> None:
    at(page, f"#case={opportunity_id}")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("li").first).to_be_visible()

    sentences, timeline = case_words(run, opportunity_id)
    said = dialog.locator("p").all_inner_texts()
    assert [text for text in sentences if text not in said] == []
    assert [text for text in timeline if text not in said] == []
    expect(dialog.locator("code")).to_have_text(
        f"workbench why params/scored.yaml {opportunity_id}"
    )


def test_case__opens_and_closes_by_keyboard_and_gives_the_focus_back(page: Page) -> None:
    link = page.locator("#rows tbody a").nth(2)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").locator("li").first).to_be_visible()
    assert "case=OPP-" in page.url

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()
    assert "case=" not in page.url


def test_case__only_web_addresses_are_links(page: Page, run: Run) -> None:
    at(page, f"#case={linked_to_a_script(run)}")
    dialog = page.get_by_role("dialog")

    expect(dialog.get_by_text("Evidence: javascript:window.hacked=1")).to_be_visible()

    for link in dialog.locator("a").all():
        assert link.get_attribute("href").startswith("https://")
        assert link.get_attribute("rel") == "noopener noreferrer"


def linked_to_a_script(run: Run) -> str:
    """The opportunity of the touch whose link is none."""
    bad = run.read(Touches).filter(pl.col("evidence_url").str.starts_with("javascript:"))
    return run.read(TouchAudit).join(bad, on="touch_id", how="semi")["opportunity_id"][0]


def test_names__show_as_text_and_do_nothing(page: Page, run: Run) -> None:
    at(page, "#period=all&sort=opportunity_id")

    shown = dict(zip(first_cells(page, 1), first_cells(page, 2), strict=True))

    names = run.read(Opportunities).select("opportunity_id", "name")
    for key, name in names.filter(pl.col("opportunity_id").is_in([*HOSTILE])).iter_rows():
        assert " ".join(shown[key].split()) == " ".join(formats.printable(name).split())
    assert page.locator("main script, main img").count() == 0


def test_link__to_what_the_run_does_not_have_says_so(page: Page) -> None:
    at(page, "#period=1999-Q1&owner=Nobody&sort=height&case=OPP-9")

    expect(page.locator("#notice")).to_have_text(
        "The link asks for what this run does not have: the quarter “1999-Q1”, the order “height”, "
        "the owner “Nobody”."
    )
    expect(page.get_by_role("dialog")).to_contain_text("This run has no such opportunity.")


def test_charts__say_in_words_what_they_draw(page: Page) -> None:
    at(page, "#period=2026-Q2")

    said = page.locator("#bookings").get_attribute("aria-label")
    table = page.locator("#bookings-table tbody tr").nth(6).text_content()
    latest = re.findall(r"Q2 FY26: USD ([\d,.]+)", said)
    assert said.startswith("Bookings by quarter of the close, USD. Sourced, Q4 FY24: USD ")
    assert table == "".join(["Q2 FY2026", *latest])
    expect(page.locator("#win_rates")).to_have_attribute("aria-label", re.compile("Direct: .* of "))


def test_bar__chooses_what_it_is_made_of(page: Page) -> None:
    # The bars stand class by class; the last of the direct ones is the latest period's.
    page.locator("#bookings .mark-rect.role-mark path").last.click()

    expect(page.get_by_label("Class", exact=True).locator("option:checked")).to_have_text("direct")
    expect(page.locator("#which")).to_have_value("closed")
    assert "which=closed" in page.url


def test_case_file__that_was_not_sent_along_is_named(browser: Browser, run: Run, tmp_path) -> None:
    sent = tmp_path / "html"
    shutil.copytree(run.folder / "html", sent)
    (sent / "scorecard" / "cases-0.js").unlink()
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(f"{(sent / 'scorecard.html').as_uri()}#case=OPP-00001")

    expect(page.get_by_role("dialog")).to_contain_text(
        "The case cannot be shown: scorecard/cases-0.js is not beside this page."
    )
    expect(page.get_by_role("dialog")).to_contain_text("workbench why params/scored.yaml OPP-00001")
    context.close()


def test_cases__of_too_many_touches_are_left_out_and_the_page_says_so(
    browser: Browser, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorecard, "TOUCHES_AT_MOST", 10)
    moved = Run(run.params, run.definition, (), run.run_id, tmp_path, run.rulings)
    moved.tables.symlink_to(run.tables)
    shutil.copytree(run.folder / "html" / "assets", tmp_path / "html" / "assets")
    scorecard.write_scorecard(moved)

    assert not list(tmp_path.glob("html/scorecard/cases-*"))
    for page in watched(browser, tmp_path / "html" / "scorecard.html"):
        at(page, "#case=OPP-00001")
        expect(page.get_by_role("dialog")).to_contain_text("too many touches")
        expect(page.get_by_role("dialog")).to_contain_text("workbench why params/scored.yaml")


def test_narrow__only_tables_and_charts_scroll(browser: Browser, run: Run) -> None:
    for page in watched(browser, run.folder / "html" / "scorecard.html", width=390):
        at(page, "#period=all&sort=opportunity_id")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        at(page, "#case=OPP-00004")
        expect(page.get_by_role("dialog").locator("li").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_print__shows_figures_and_rows_and_no_controls(page: Page) -> None:
    page.emulate_media(media="print")

    expect(page.locator("#filters")).to_be_hidden()
    expect(page.get_by_role("button", name="Download")).to_be_hidden()
    expect(page.locator("#figures")).to_be_visible()
    expect(page.locator("#rows tbody tr")).to_have_count(50)
    expect(page.locator("#shown")).to_contain_text("in play in Q4 FY2026")
