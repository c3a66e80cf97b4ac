"""JupyterLab, opened where a person can begin."""

from collections.abc import Sequence
from pathlib import Path

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from workbench.params import find_params_file, project_folder, read_params


def jupyterlab_words(params_file: str | None, options: Sequence[str]) -> list[str]:
    """The command line of a JupyterLab on the project's folder, the definition lab open in it.

    It asks nobody for news or updates, unless `options`, which are passed on, say so. Raises
    ParameterError when the parameter file cannot be read.
    """
    project = project_folder(Path.cwd())
    notebook = project / "notebooks" / "lab_definitions.ipynb"
    if params_file is not None:
        notebook = _lab_of(params_file, notebook, project)
    return [
        f"--ServerApp.root_dir={project}",
        f"--LabApp.default_url=/lab/tree/{notebook.relative_to(project).as_posix()}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *options,
    ]


def _lab_of(params_file: str, notebook: Path, project: Path) -> Path:
    """A copy of the lab that begins with a parameter file; one that is there stays as it is."""
    name = read_params(params_file).name
    copy = project / "outputs" / "lab" / f"{name}.ipynb"
    if not copy.exists():
        parameters = {"params_file": find_params_file(params_file).as_posix()}
        content = parameterize_notebook(load_notebook_node(str(notebook)), parameters)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(content, copy)
    return copy
