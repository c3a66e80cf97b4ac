"""The rendered pages of a run: its notebooks as self-contained HTML, and an index over them."""

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any, Final

import nbformat
import polars as pl
from nbconvert import HTMLExporter

from workbench.contracts import TABLES, IngestSummary, Maturity, QualityFindings
from workbench.maturity import PORTRAITS
from workbench.pipeline.lists import LISTS
from workbench.quality import RULES
from workbench.readout.formats import counted, day
from workbench.runs import Run
from workbench.site import page
from workbench.tables import table_file
from workbench.vocabulary import STAGES, Stage

# Prose first: the code of a cell is folded, and a reviewer opens it where it matters.
_TEMPLATE: Final = """
{%- extends 'lab/index.html.j2' -%}
{% block input_group -%}
{%- if cell.source -%}
<details class="workbench-code">
{%- set injected = "injected-parameters" in cell.metadata.get("tags", []) -%}
<summary>Code: {{ "this run's parameters" if injected else cell.id | escape }}</summary>
{{ super() }}
</details>
{%- endif -%}
{%- endblock input_group %}
{%- block html_head -%}
{{ super() }}
<style>
.workbench-code > summary { color: #595959; cursor: pointer; font: 12px sans-serif; margin: 6px 0 }
body.jp-Notebook { margin: 0 auto; max-width: 1060px; padding: 16px }
.jp-OutputPrompt, .jp-InputPrompt { display: none }
.jp-RenderedHTMLCommon { overflow-x: auto }
.jp-RenderedHTMLCommon > svg[role="img"] { display: block }
.workbench-nav { font: 14px sans-serif; padding: 8px 5px 0 }
.workbench-nav a { color: #0b4f8a }
@media (max-width: 700px) {
  body.jp-Notebook { padding: 4px }
  .jp-Notebook .jp-RenderedHTMLCommon > svg[role="img"] { max-width: none; zoom: 1 !important }
  .gt_table .gt_row.gt_left { min-width: 6.5em }
}
</style>
{%- endblock html_head -%}
{%- block body_header -%}
{{ super() }}
<nav class="workbench-nav"><a href="index.html">← All pages of this run</a></nav>
{%- endblock body_header -%}
"""
# The page as `workbench.display.picture` shows it in the last notebook.
_PICTURE: Final = re.compile(r'<img class="page" src="(data:image/png;base64,[^"]+)" alt="([^"]*)"')
FINDINGS_LISTED: Final = 5
# The pages beside the notebooks, where a run has them: the name of each, and what it answers.
READINGS: Final = {
    "comparison.html": (
        "The same data under each definition",
        "totals, moves, and the opportunities that make the difference",
    ),
    "maturity.html": (
        "How mature the tracking is",
        "five dimensions in three stages, and what is missing for the next",
    ),
}


def notebook_exporter() -> HTMLExporter:
    """An exporter whose pages fetch nothing."""
    return HTMLExporter(
        raw_template=_TEMPLATE,
        require_js_url="",
        mathjax_url="",
        mermaid_js_url="",
        mermaid_layout_elk_js_url="",
        jquery_url="",
        widget_renderer_url="",
        embed_images=True,
    )


def write_pages(run: Run, stages: tuple[Stage, ...], seconds: Mapping[str, float]) -> None:
    """Render the executed notebooks of a run, and the index page that leads to all it made."""
    exporter = notebook_exporter()
    pages: dict[Stage, str] = {}
    picture = None
    for notebook in sorted((run.folder / "notebooks").glob("*.ipynb")):
        content = nbformat.read(notebook, as_version=4)
        title = content.cells[0].source.splitlines()[0].lstrip("# 0123456789.")
        html, _ = exporter.from_notebook_node(content, {"metadata": {"name": title}})
        run.write_file(f"html/{notebook.stem}.html", html.encode())
        stage = next(stage for stage in STAGES if notebook.stem.endswith(stage))
        pages[stage] = title
        picture = _picture(content) or picture
    _write_index(run, pages, stages, seconds, picture=picture)


def _picture(notebook: Any) -> tuple[str, str] | None:
    """The picture of the page that an executed notebook shows, and its words; None without one."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if found := _PICTURE.search(output.get("data", {}).get("text/html", "")):
                return found[1], unescape(found[2])
    return None


def _write_index(
    run: Run,
    pages: Mapping[Stage, str],
    stages: tuple[Stage, ...],
    seconds: Mapping[str, float],
    *,
    picture: tuple[str, str] | None,
) -> None:
    summary, findings = run.read(IngestSummary), run.read(QualityFindings)
    html = page(
        "workbench.pipeline",
        run=run,
        params=run.params,
        definition=run.definition,
        period=run.params.fiscal_period.title,
        as_of=day(run.params.as_of),
        picture=picture,
        readings=[
            (file, *said)
            for file, said in READINGS.items()
            if (run.folder / "html" / file).exists()
        ],
        maturity=_maturity(run.read(Maturity)),
        lists=[
            (file, said)
            for file, said in LISTS.items()
            if (run.folder / "worklists" / file).exists()
        ],
        pages=[
            (f"{STAGES.index(stage) + 1:02d}_{stage}.html", title) for stage, title in pages.items()
        ],
        seconds=sum(seconds.values()),
        taken_over=[stage.replace("_", " ") for stage in STAGES if stage not in stages],
        rows_read=summary["rows_read"].sum(),
        rows_rejected=summary["rows_rejected"].sum(),
        findings=[
            counted(findings.filter(severity=severity).height, word).split(" ")
            for severity, word in (("error", "error"), ("warning", "warning"), ("info", "note"))
        ],
        most_found=_most_found(findings),
        tables=sorted(path.stem for path in _tables(run)),
        readout=[path.name for path in sorted((run.folder / "readout").iterdir())],
    )
    run.write_file("html/index.html", html.encode())


def _most_found(findings: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Title, severity and count of the rules with most findings, errors before all others."""
    titles = {rule.id: rule.title for rule in RULES}
    per_rule = findings.filter(pl.col("severity") != "info").group_by("rule", "severity").len("n")
    per_rule = per_rule.sort("severity", "n", "rule", descending=[False, True, False])
    rows = per_rule.head(FINDINGS_LISTED).iter_rows()
    return [(titles.get(rule, rule), severity, count) for rule, severity, count in rows]


def _maturity(dimensions: pl.DataFrame) -> list[tuple[str, int]]:
    """The title and the stage of each dimension."""
    stages = dict(dimensions.select("dimension", "stage").iter_rows())
    return [(portrait[0], stages[dimension]) for dimension, portrait in PORTRAITS.items()]


def _tables(run: Run) -> list[Path]:
    paths = [table_file(run.tables, contract) for contract in TABLES.values()]
    return [path for path in paths if path.exists()]
