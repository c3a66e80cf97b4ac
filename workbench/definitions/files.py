"""Definition files: where they lie, and how they are read."""

from pathlib import Path

from workbench.definitions.model import Definition
from workbench.documents import read_document, suggestion
from workbench.errors import ParameterError, Problem
from workbench.params import project_folder


def read_definition(path: Path) -> Definition:
    """Read a definition file.

    Raises ParameterError that names the file, the key, and what would be accepted.
    """
    return read_document(path, Definition)


def find_definition_file(name: str) -> Path:
    """The file of a definition that is named by its path or by its id, as on a command line.

    A path starts at the working directory; an id stands for `params/definitions/<id>.yaml` there,
    in a folder above it, or in the project.

    Raises ParameterError with what would be accepted.
    """
    if Path(name).suffix in {".yaml", ".yml"}:
        if Path(name).is_file():
            return Path(name)
        raise ParameterError([Problem(name, "there is no such definition file.")])
    above = [Path.cwd(), *Path.cwd().parents, project_folder(Path.cwd())]
    shelves = [folder / "params" / "definitions" for folder in above]
    for shelf in shelves:
        if (shelf / f"{name}.yaml").is_file():
            return shelf / f"{name}.yaml"
    known = {file.stem for shelf in shelves for file in shelf.glob("*.yaml")}
    raise ParameterError([Problem(name, "there is no such definition.", suggestion(name, known))])
