"""Which finished run a person means."""

from pathlib import Path

from workbench.errors import Problem, RunError
from workbench.params import project_folder, read_params
from workbench.runs import MANIFEST, finished_run


def run_folder(named: str) -> Path:
    """The folder of a finished run, named by its id, its folder, or a parameter file.

    A parameter file names its last finished run; an id is looked up below `outputs/runs/`.
    Raises RunError when there is no such run, or it is not finished.
    """
    if Path(named).suffix in {".yaml", ".yml"}:
        return finished_run(read_params(named)).folder
    runs = project_folder(Path.cwd()) / "outputs" / "runs"
    folder = next((path for path in (Path(named), runs / named) if path.is_dir()), None)
    if folder is None:
        hint = f"name a run below {runs}, the folder of one, or a parameter file."
        raise RunError([Problem(named, "there is no such run.", hint)])
    if not (folder / MANIFEST).is_file():
        hint = "make one that is with 'workbench run'."
        raise RunError([Problem(named, f"it is not finished: it has no {MANIFEST}.", hint)])
    return folder.resolve()
