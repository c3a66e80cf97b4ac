"""A notebook's page as a reader meets it: with scripts and without, wide, narrow, and in print."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.rendered_notebook import notebook
from workbench.rendered import PageExporter
from workbench.site.vega import VEGA_SCRIPT, vega_script

WIDE, NARROW = 1280, 390


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages: `site.html` beside the runtime it shares, and `alone.html` that needs nothing."""
    folder = tmp_path_factory.mktemp("html")
    (folder / VEGA_SCRIPT).parent.mkdir()
    (folder / VEGA_SCRIPT).write_text(vega_script(), encoding="utf-8")
    for name in ("site", "alone"):
        html, _ = PageExporter(site=name == "site").from_notebook_node(notebook())
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return folder


def opened(browser: Browser, file: Path, *, width: int = WIDE, scripts: bool = True) -> Page:
    """The page in a window of its own; what goes wrong in it ends up in `page.complaints`."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts, offline=True
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: sent.url.startswith("file:") or complaints.append(sent.url))
    page.complaints = complaints
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("name", ["site", "alone"])
def test_charts__are_live_and_say_exact_values(browser: Browser, site: Path, name: str) -> None:
    page = opened(browser, site / f"{name}.html")

    live = page.locator("figure.chart.live .vega-embed svg").first
    expect(live).to_be_visible()
    expect(page.locator("figure.chart > svg")).to_be_hidden()
    live.locator(".mark-rect path").first.hover()

    expect(page.locator("#vg-tooltip-element")).to_have_text("late (error): 2")
    assert page.complaints == []


def test_charts__without_scripts_are_pictures_with_words(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "site.html", scripts=False)

    expect(page.get_by_role("img", name="Findings by rule, count")).to_be_visible()
    assert page.locator(".vega-embed").count() == 0


def test_charts__without_their_runtime_are_pictures(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    alone = shutil.copy(site / "site.html", tmp_path / "sent_by_mail.html")

    page = opened(browser, Path(alone))

    expect(page.get_by_role("img", name="Findings by rule, count")).to_be_visible()


def test_charts__in_print_are_the_pictures(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "site.html")
    expect(page.locator("figure.chart.live")).to_have_count(1)

    page.emulate_media(media="print")

    expect(page.locator("figure.chart > svg")).to_be_visible()
    expect(page.locator(".vega-embed")).to_be_hidden()
    expect(page.locator("details").first).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False])
def test_page__fits_a_narrow_screen(browser: Browser, site: Path, *, scripts: bool) -> None:
    page = opened(browser, site / "site.html", width=NARROW, scripts=scripts)
    if scripts:
        expect(page.locator("figure.chart.live")).to_have_count(1)

    boxes = [page.locator(each).bounding_box() for each in ("header", "main")]

    assert all(box is not None and box["x"] + box["width"] <= NARROW for box in boxes)
    page.keyboard.press("End")
    page.mouse.wheel(500, 0)
    assert page.locator("h1").bounding_box()["x"] > 0, "the whole page scrolls sideways"


def test_table__scrolls_by_keyboard_in_a_region_with_a_name(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "site.html", width=NARROW)
    region = page.get_by_role("region").first

    region.focus()
    page.keyboard.press("ArrowRight")

    expect(region).to_be_focused()
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_page__names_do_nothing(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "alone.html")
    expect(page.locator("figure.chart.live")).to_have_count(1)

    assert page.title() == "9. Checks: what a reader asks"
    assert page.locator("img").count() == 1
    assert page.complaints == []


def test_contents__lead_to_a_section(browser: Browser, site: Path) -> None:
    page = opened(browser, site / "site.html")

    page.get_by_role("navigation", name="Contents").get_by_role("link").last.click()

    assert page.url.endswith("#the-rule-1")
    expect(page.locator("#the-rule-1")).to_be_in_viewport()
