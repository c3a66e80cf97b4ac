"""The demo's five notebooks beside five empty ones with the same imports, all through papermill.

`python -m tests.benchmarks.notebooks`, after a demo.
"""

import ast
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from papermill import execute_notebook

from workbench.params import read_params
from workbench.pipeline import run_pipeline
from workbench.pipeline.stages import stage_notebook
from workbench.runs import new_run_id
from workbench.vocabulary import STAGES

PROJECT = Path(__file__).parent.parent.parent


def emptied(notebook: Any) -> Any:
    """The notebook with nothing but its parameters and its imports."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id != "parameters":
            lines = ast.parse(cell.source).body
            imports = [node for node in lines if isinstance(node, ast.Import | ast.ImportFrom)]
            cell.source = "\n".join(ast.unparse(node) for node in imports)
    return notebook


def empty_seconds(folder: Path) -> float:
    """How long papermill takes for the five emptied notebooks, in this process."""
    began = time.perf_counter()
    for stage in STAGES:
        path = stage_notebook(stage, PROJECT / "notebooks")
        execute_notebook(
            emptied(nbformat.read(path, as_version=4)),
            folder / path.name,
            cwd=PROJECT,
            progress_bar=False,
            shutdown_kernel="immediate",
            extra_arguments=["--log-level=ERROR"],
        )
    return time.perf_counter() - began


def main() -> None:
    """Measure both and print."""
    params = read_params(str(PROJECT / "params" / "demo.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        empty = empty_seconds(Path(folder))
    seconds = run_pipeline(params, run_id=new_run_id(params)).seconds
    full = sum(seconds[stage] for stage in STAGES)
    print(f"five empty notebooks {empty:.1f} s, the demo's {full:.1f} s: {full / empty:.2f} x")  # noqa: T201


if __name__ == "__main__":
    main()
