"""A notebook as a page: the same bytes from a run and from nbconvert, and nothing fetched."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import get_exporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.rendered_notebook import HOSTILE, notebook
from workbench.rendered import PageExporter, page_title


@pytest.fixture(scope="module")
def site_page() -> str:
    return PageExporter(site=True).from_notebook_node(notebook())[0]


@pytest.fixture(scope="module")
def lone_page() -> str:
    return PageExporter().from_notebook_node(notebook())[0]


def test_page__has_a_title_a_language_and_a_viewport(site_page: str) -> None:
    assert '<html lang="en">' in site_page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in site_page
    assert "<title>9. Checks: what a reader asks</title>" in site_page
    assert site_page.count("<h1>") == 1


def test_page__contents_lead_to_the_sections(site_page: str) -> None:
    anchors = re.findall(r'href="#([^"]+)"', site_page)
    assert anchors == ["the-rule", "the-rule-1"]
    assert all(site_page.count(f'id="{anchor}"') == 1 for anchor in anchors)


def test_page__ids_are_one_of_a_kind(site_page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', site_page)
    assert len(ids) == len(set(ids))
    assert {"cell-amounts", "cell-findings"} <= set(ids)


def test_page__result_first_then_its_code_folded(site_page: str) -> None:
    result, code = site_page.index("<figure"), site_page.index("charts.findings_by_rule(")
    assert result < code
    assert "<details><summary>Code: findings</summary>" in site_page
    assert "<details open" not in site_page


def test_page__shows_the_parameters_of_the_run_and_not_those_they_replaced(site_page: str) -> None:
    assert "Code: this run’s parameters" in site_page
    assert "scratch" not in site_page


def test_page__names_are_text(lone_page: str) -> None:
    assert HOSTILE not in lone_page
    assert "<script>document" not in lone_page
    assert "<img src=x" not in lone_page
    assert "<b>never</b>" not in lone_page


def test_page__a_chart_is_a_picture_with_words_and_its_specification(site_page: str) -> None:
    assert '<svg role="img" aria-label="Findings by rule, count, as of 31 October' in site_page
    assert site_page.count('<script type="application/json">') == 1
    assert 'alt="The &#34;page&#34;"' in site_page


def test_page__of_a_site_leads_to_its_index_and_shares_the_runtime(site_page: str) -> None:
    assert 'href="index.html"' in site_page
    assert '<script src="assets/vega.js"></script>' in site_page
    assert len(site_page) < 60_000


def test_page__alone_leads_nowhere_and_fetches_nothing(lone_page: str) -> None:
    assert "index.html" not in lone_page
    assert "<script src" not in lone_page
    assert "vegaEmbed" in lone_page


def test_page__without_a_chart_has_no_script() -> None:
    html, _ = PageExporter().from_notebook_node(new_notebook(cells=[new_markdown_cell("# Words")]))
    assert "<script" not in html
    assert "script-src" not in html


def test_page__streams_errors_and_other_forms_are_text() -> None:
    cell = new_code_cell(
        "1 / 0",
        outputs=[
            new_output("stream", name="stderr", text="\x1b[31ma < b\x1b[0m"),
            new_output("error", ename="E", evalue="e", traceback=["\x1b[1mE\x1b[0m", "<e>"]),
            new_output("display_data", {"application/x-new": "?", "text/plain": "<new>"}),
        ],
    )
    html, _ = PageExporter().from_notebook_node(new_notebook(cells=[cell]))
    assert re.findall(r'<pre class="result" tabindex="0">([^<]*)</pre>', html) == [
        "a &lt; b",
        "E\n&lt;e&gt;",
        "&lt;new&gt;",
    ]
    assert "<title>Notebook</title>" in html


def test_page__empty_notebook() -> None:
    html, _ = PageExporter().from_notebook_node(
        new_notebook(), {"metadata": {"name": "04_metrics"}}
    )
    assert "<title>04_metrics</title>" in html
    assert page_title(new_notebook()) == ""


def test_page_title__without_its_number() -> None:
    assert page_title(notebook()) == "Checks: what a *reader* asks"


def test_nbconvert__makes_the_same_bytes(tmp_path: Path, site_page: str) -> None:
    assert get_exporter("workbench") is PageExporter
    nbformat.write(notebook(), tmp_path / "09_checks.ipynb")
    options = ["--to", "workbench", "--PageExporter.site=True", "09_checks.ipynb"]
    subprocess.run(
        [sys.executable, "-m", "nbconvert", *options], cwd=tmp_path, check=True, capture_output=True
    )
    assert (tmp_path / "09_checks.html").read_bytes() == site_page.encode()
