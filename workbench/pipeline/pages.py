"""The rendered pages of a run: its notebooks as self-contained HTML, and an index over them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nbformat
from jinja2 import Environment, PackageLoader, select_autoescape
from nbconvert import HTMLExporter

from workbench.contracts import TABLES, IngestSummary, QualityFindings
from workbench.runs import Run
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
.jp-RenderedSVG svg { height: auto; max-width: 100%; zoom: 1.3 }
</style>
{%- endblock html_head -%}
"""


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
    for notebook in sorted((run.folder / "notebooks").glob("*.ipynb")):
        content = nbformat.read(notebook, as_version=4)
        title = content.cells[0].source.splitlines()[0].lstrip("# 0123456789.")
        html, _ = exporter.from_notebook_node(content, {"metadata": {"name": title}})
        page = run.folder / "html" / f"{notebook.stem}.html"
        page.write_text(html, encoding="utf-8")
        stage = next(stage for stage in STAGES if notebook.stem.endswith(stage))
        pages[stage] = title
    _write_index(run, pages, stages, seconds)


def _write_index(
    run: Run, pages: Mapping[Stage, str], stages: tuple[Stage, ...], seconds: Mapping[str, float]
) -> None:
    summary, findings = run.read(IngestSummary), run.read(QualityFindings)
    environment = Environment(
        loader=PackageLoader("workbench.pipeline", "."), autoescape=select_autoescape(("j2",))
    )
    html = environment.get_template("index.html.j2").render(
        run=run,
        params=run.params,
        definition=run.definition,
        period=run.params.fiscal_period.title,
        pages=[
            (f"{STAGES.index(stage) + 1:02d}_{stage}.html", title, seconds.get(stage))
            for stage, title in pages.items()
        ],
        taken_over=[stage.replace("_", " ") for stage in STAGES if stage not in stages],
        rows_read=summary["rows_read"].sum(),
        rows_rejected=summary["rows_rejected"].sum(),
        findings=[
            (findings.filter(severity=severity).height, word)
            for severity, word in (("error", "errors"), ("warning", "warnings"), ("info", "notes"))
        ],
        tables=sorted(path.name for path in _tables(run)),
        readout=[path.name for path in sorted((run.folder / "readout").iterdir())],
    )
    (run.folder / "html" / "index.html").write_text(html, encoding="utf-8")


def _tables(run: Run) -> list[Path]:
    paths = [table_file(run.tables, contract) for contract in TABLES.values()]
    return [path for path in paths if path.exists()]
