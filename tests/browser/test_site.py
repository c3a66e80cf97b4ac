"""The site of a run as its readers meet it: from a disk, offline, wide, narrow, and in print."""

from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.project import Project

WIDE, NARROW = 1280, 390
PAPER = 688  # CSS pixels between the margins of an A4 sheet
KINDS = {"stages and overviews": "html/*.html", "figures": "html/figures/*.html"}
KINDS["partner packs"] = "partners/*/index.html"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo's run."""
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    project.workbench("demo")
    return project.latest("demo")


def visit(page: Page, file: Path) -> None:
    """Open a page, and wait until its charts are live."""
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto(file.as_uri())
    page.wait_for_function("document.querySelectorAll('figure.chart:not(.live)').length === 0")
    if file.name == "scorecard.html":
        page.locator("#bookings svg").wait_for()


def overflow(page: Page, width: int) -> int:
    """By how many pixels the page as a whole is wider than its window."""
    page.set_viewport_size({"width": width, "height": 900})
    return page.evaluate("document.scrollingElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("kind", KINDS)
def test_pages__open_fit_and_lead_somewhere(page: Page, demo: Path, kind: str) -> None:
    """What they ask for and complain of is the fixture's to judge."""
    faults = []
    for file in sorted(demo.glob(KINDS[kind])):
        visit(page, file)
        hrefs = page.evaluate("[...document.links].map(link => link.getAttribute('href'))")
        faults += broken(file, hrefs, run=demo)
        faults += [f"{file.name} at {w}" for w in (WIDE, NARROW) if overflow(page, w) > 0]
        page.emulate_media(media="print")
        faults += [f"{file.name} printed"] if overflow(page, PAPER) > 0 else []
        page.emulate_media(media="screen")

    assert faults == []


def test_pages__without_scripts_lead_somewhere_too(browser: Browser, demo: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    faults = []
    for file in sorted(demo.glob("html/*.html")):
        page.goto(file.as_uri())
        expect(page.locator("h1")).to_be_visible()
        faults += broken(file, Anchors.of(file).hrefs, run=demo)
    context.close()

    assert faults == []


def broken(file: Path, hrefs: Iterable[str], *, run: Path) -> list[str]:
    """Those of a page's links that lead to no file of the run, or to no place on its page."""
    return [f"{file.name} → {href}" for href in hrefs if not leads_somewhere(file, href, run=run)]


def leads_somewhere(file: Path, href: str, *, run: Path) -> bool:
    address = urlsplit(href)
    if address.scheme:
        return address.scheme in {"http", "https"}  # evidence, which the data gives
    target = (file.parent / unquote(address.path)).resolve() if address.path else file
    if not target.is_file() or not target.is_relative_to(run):
        return False
    if target.name == "scorecard.html" and address.fragment:
        return set(parse_qs(address.fragment).get("case", ())) <= opportunities(run)
    return not address.fragment or unquote(address.fragment) in Anchors.of(target).ids


@cache
def opportunities(run: Path) -> frozenset[str]:
    table = pl.read_parquet(run / "tables" / "opportunities.parquet", columns=["opportunity_id"])
    return frozenset(table["opportunity_id"])


class Anchors(HTMLParser):
    """The ids and the links of a page as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.hrefs: list[str] = []

    @classmethod
    @cache
    def of(cls, file: Path) -> "Anchors":
        anchors = cls()
        anchors.feed(file.read_text(encoding="utf-8"))
        return anchors

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {given.get("id") or ""}
        self.hrefs += [given.get("href") or ""] if tag == "a" else []


def test_pages__have_no_serious_accessibility_fault(page: Page, demo: Path) -> None:
    """axe-core with every one of its rules, over each page of the site and some of each kind."""
    files = sorted(demo.glob("html/*.html"))
    for kind in ("figures", "partner packs"):
        files += sorted(demo.glob(KINDS[kind]))[::25]
    axe, faults = Axe(), []
    for file in files:
        visit(page, file)
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            faults += [f"{file.name} at {width}: {fault}" for fault in serious(axe, page)]
    page.goto(f"{(demo / 'html/scorecard.html').as_uri()}#case=OPP-00001")
    expect(page.get_by_role("dialog").locator("li").first).to_be_visible()
    faults += serious(axe, page)

    assert faults == []


def serious(axe: Axe, page: Page) -> list[str]:
    """The rules that the page breaks, with the places of it."""
    return [
        f"{rule['id']} in {[node['target'] for node in rule['nodes']]}"
        for rule in axe.run(page).response["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_scorecard__filters_sorts_and_searches(page: Page, demo: Path, width: int) -> None:
    visit(page, demo / "html" / "scorecard.html")
    page.set_viewport_size({"width": width, "height": 900})
    count, cells = page.locator("#count"), page.locator("#rows tbody tr > :last-child")
    everything = count.inner_text()

    page.get_by_label("Class", exact=True).select_option("sourced")
    expect(count).not_to_have_text(everything)
    page.get_by_role("button", name="Amount, USD").click()
    shown = [float(text.replace(",", "")) for text in cells.all_inner_texts()]
    assert shown == sorted(shown)
    page.get_by_role("searchbox").fill("opp-01261")

    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(count).to_have_text("1 of 1,500 opportunities.")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_figure__leads_to_its_records_and_to_the_case_of_one(
    page: Page, demo: Path, width: int
) -> None:
    """From the front page to the evidence, as a reader who doubts a figure goes."""
    bookings = pl.read_parquet(demo / "tables" / "metrics.parquet").filter(
        metric="bookings", period="2026-Q4", classification="sourced", dimension="all"
    )["value"][0]
    visit(page, demo / "html" / "index.html")
    page.set_viewport_size({"width": width, "height": 900})

    page.locator(".sourced .first").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text(f"Bookings, sourced: {bookings:,.2f} USD")
    record = page.locator("tbody").get_by_role("link").first
    opportunity_id = record.inner_text()
    record.click()

    case = page.get_by_role("dialog")
    expect(case.get_by_role("heading", level=2)).to_contain_text(opportunity_id)
    expect(case.get_by_role("link", name="https://").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="All pages of this run").click()
    expect(page.locator("h1")).to_have_text("Partner revenue, Q4 FY2026")


def test_front_page__leads_to_every_page_of_the_site(demo: Path) -> None:
    index = demo / "html" / "index.html"
    wanted = {*demo.glob("html/*.html"), *demo.glob("partners/*/index.html")} - {index}

    linked = {(index.parent / unquote(href)).resolve() for href in Anchors.of(index).hrefs}

    assert wanted <= linked
