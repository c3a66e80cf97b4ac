"""The rendered pages of a run: its notebooks as pages of the site, and the front page over all."""

from collections.abc import Mapping
from typing import Any

import nbformat

from workbench.charts import SPEC_TYPE
from workbench.pipeline.front_page import write_front_page
from workbench.rendered import PageExporter, page_title
from workbench.runs import Run
from workbench.site.vega import write_vega
from workbench.vocabulary import STAGES, Stage


def write_pages(run: Run, stages: tuple[Stage, ...], seconds: Mapping[str, float]) -> None:
    """Render the executed notebooks of a run, and the front page that leads to all it made."""
    write_vega(run)
    exporter = PageExporter(site=True)  # type: ignore[no-untyped-call]  # traitlets
    titles: dict[Stage, str] = {}
    picture = None
    for notebook in sorted((run.folder / "notebooks").glob("*.ipynb")):
        content = nbformat.read(notebook, as_version=4)
        html, _ = exporter.from_notebook_node(content, {"metadata": {"name": notebook.stem}})
        run.write_file(f"html/{notebook.stem}.html", html.encode())
        stage = next(stage for stage in STAGES if notebook.stem.endswith(stage))
        titles[stage] = page_title(content)
        picture = _picture(content) or picture
    write_front_page(run, titles, picture=picture, stages=stages, seconds=seconds)


def _picture(notebook: Any) -> tuple[str, str] | None:
    """The picture of the page that an executed notebook shows, and its words; None without one."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data and SPEC_TYPE not in data:
                return f"data:image/png;base64,{data['image/png'].strip()}", data["text/plain"]
    return None
