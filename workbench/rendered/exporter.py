"""The exporter: cells in, a page of the site out."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from markupsafe import Markup
from nbconvert import Exporter
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets import Bool

from workbench.charts import SPEC_TYPE, spec_svg
from workbench.site import page
from workbench.site.vega import VEGA_SCRIPT, vega_script

_INJECTED: Final = "injected-parameters"


class PageExporter(Exporter):
    """Renders a notebook as one HTML page: the same bytes for the same notebook.

    A page alone carries the runtime of its charts, if it has any, and leads nowhere. One of a run's
    pages (`--PageExporter.site=True`) takes the runtime from `assets/vega.js` and leads back to
    `index.html`, both beside it.
    """

    export_from_notebook = "Workbench page"  # so that JupyterLab's menu offers it, too
    output_mimetype = "text/html"

    site = Bool(
        default_value=False, help="The page stands among a run's pages: index.html, assets/."
    ).tag(config=True)

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]  # as nbconvert's own exporters do
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        """The page, and the resources that nbconvert hands on."""
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        prose = _Prose()
        cells = [_shown(cell, prose) for cell in _told(notebook)]
        name = str(resources.get("metadata", {}).get("name", "Notebook"))
        is_live = any(one["kind"] == "chart" for cell in cells for one in cell["outputs"])
        scripts = _scripts(in_site=self.site) if is_live else []
        html = page(
            "workbench.rendered",
            title=prose.title or name,
            contents=prose.sections,
            cells=cells,
            in_site=self.site,
            runtime_file=VEGA_SCRIPT,
            scripts=[(Markup(script), _hash(script)) for script in scripts],  # noqa: S704
        )
        return html, resources


class _Prose(IPythonRenderer):
    """Markdown to HTML; keeps the title and the headings of the sections, each with its anchor."""

    def __init__(self) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.title = ""
        self.sections: list[tuple[str, Markup]] = []

    def heading(self, text: str, level: int, **_: Any) -> str:
        if level == 1 and not self.title:
            self.title = Markup(text).striptags()  # noqa: S704
            return ""
        anchor = re.sub(r"[^\w]+", "-", Markup(text).striptags().lower()).strip("-")  # noqa: S704
        if anchor in {taken for taken, _ in self.sections}:
            anchor = f"{anchor}-{len(self.sections)}"
        self.sections.append((anchor, Markup(text)))  # noqa: S704
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'


def page_title(notebook: NotebookNode) -> str:
    """The first heading of a notebook without its number; empty where there is none."""
    first = notebook.cells[0].source if notebook.cells else ""
    return str(first).partition("\n")[0].lstrip("# 0123456789.")


def _told(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that had a say: where papermill set the parameters, not the ones it replaced."""
    is_set = any(_INJECTED in _tags(cell) for cell in notebook.cells)
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type != "raw" and not (is_set and "parameters" in _tags(cell))
    ]


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _shown(cell: NotebookNode, prose: _Prose) -> dict[str, Any]:
    """What the page says of a cell: its prose, or its outputs and then its code."""
    if cell.cell_type == "markdown":
        prose.attachments = cell.get("attachments", {})
        html = MarkdownWithMath(renderer=prose).render(cell.source)
        return {"prose": Markup(html), "outputs": []}  # noqa: S704
    is_injected = _INJECTED in _tags(cell)
    return {
        "outputs": [_output(output) for output in cell.get("outputs", [])],
        "code": cell.source.strip(),
        "id": cell.get("id", ""),
        "name": "this run’s parameters" if is_injected else cell.get("id", ""),
    }


def _output(output: NotebookNode) -> dict[str, Any]:
    """An output by the richest of its forms that a page can show."""
    if output.output_type == "stream":
        return {"kind": "text", "text": strip_ansi(output.text)}
    if output.output_type == "error":
        return {"kind": "text", "text": strip_ansi("\n".join(output.traceback))}
    data = output.data
    if SPEC_TYPE in data:
        spec = data[SPEC_TYPE]
        return {
            "kind": "chart",
            "title": spec.get("title", {}).get("text", ""),
            "spec": spec,
            "svg": Markup(spec_svg(spec)),  # noqa: S704
        }
    if "image/png" in data:
        return {"kind": "picture", "source": data["image/png"].strip(), **_of_picture(output)}
    if "text/html" in data:
        return {"kind": "html", "html": Markup(data["text/html"])}  # noqa: S704
    return {"kind": "text", "text": strip_ansi(data.get("text/plain", ""))}


def _of_picture(output: NotebookNode) -> Mapping[str, Any]:
    about = output.metadata.get("image/png", {})
    return {"alt": about.get("alt", output.data.get("text/plain", "")), "width": about.get("width")}


def _scripts(*, in_site: bool) -> list[str]:
    """Ours, and before it the runtime where the page has no other to share it with."""
    ours = files("workbench.rendered").joinpath("charts.js").read_text("utf-8")
    return [ours] if in_site else [vega_script(), ours]


def _hash(script: str) -> str:
    """What the page's policy calls a script by, so that no other runs."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"
