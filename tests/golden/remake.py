"""Make the golden notebooks anew, after a demo: `uv run python -m tests.golden.remake`.

They are executed copies of the notebooks on the sample company. In the cells named here `nbval`
compares the output; charts, pictures and whatever has a clock in it are left out.
"""

from pathlib import Path

import nbformat
from papermill import execute_notebook

PROJECT = Path(__file__).parent.parent.parent
COMPARED = {
    "01_ingest": ["summary", "notes", "reasons"],
    "02_data_quality": ["by-rule", "by-owner", "examples"],
    "03_attribution": ["definition", "conservation", "classes", "reasons", "compared"],
    "04_metrics": ["amounts", "rates", "others", "partners"],
    "05_readout": [],
}


def remake(stem: str, compared: list[str]) -> None:
    """Execute one notebook and keep the outputs that are compared."""
    notebook = execute_notebook(
        PROJECT / "notebooks" / f"{stem}.ipynb",
        None,
        parameters={"params_file": "params/demo.yaml", "run_id": "golden"},
        cwd=PROJECT,
        progress_bar=False,
    )
    notebook.metadata.pop("papermill")
    for number, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.NotebookNode(tags=cell.metadata.get("tags", []))
        if "injected-parameters" in cell.metadata.tags:
            cell.id = "injected"
        if cell.cell_type == "code":
            if cell.id in compared:
                cell.metadata.tags.append("nbval-check-output")
            else:
                cell.execution_count, cell.outputs = None, []
        notebook.cells[number] = cell
    nbformat.write(notebook, Path(__file__).parent / "notebooks" / f"{stem}.ipynb")


if __name__ == "__main__":
    for stem, compared in COMPARED.items():
        remake(stem, compared)
