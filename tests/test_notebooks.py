"""The shape of the notebooks: thin, stripped, with prose first and two parameters."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from papermill import inspect_notebook

from workbench.vocabulary import STAGES

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
GOLDEN = Path(__file__).parent / "golden" / "notebooks"
STAGE_NOTEBOOKS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]
LAB_NOTEBOOKS = [path for path in NOTEBOOKS if path not in STAGE_NOTEBOOKS]

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[Any]:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def test_notebooks__one_for_each_stage() -> None:
    assert [path.stem for path in STAGE_NOTEBOOKS] == [
        f"{number:02d}_{stage}" for number, stage in enumerate(STAGES, start=1)
    ]
    assert [path.stem for path in LAB_NOTEBOOKS] == ["lab_definitions"]


@every_notebook
def test_notebook__is_stripped(path: Path) -> None:
    assert all(not c.outputs and c.execution_count is None for c in cells(path, "code"))


@pytest.mark.parametrize("path", STAGE_NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook__golden_copy_has_the_same_cells(path: Path) -> None:
    """Else the golden run would go on testing code that nobody runs any more."""
    golden = nbformat.read(GOLDEN / path.name, as_version=4)
    copied = {cell.id: cell.source for cell in golden.cells if cell.id != "injected"}

    notebook = nbformat.read(path, as_version=4)
    assert copied == {cell.id: cell.source for cell in notebook.cells}


@every_notebook
def test_notebook__is_thin(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)

    assert len(notebook.cells) <= 16
    assert all(len(cell.source.splitlines()) <= 12 for cell in cells(path, "code"))


@every_notebook
def test_notebook__cells_have_names(path: Path) -> None:
    names = [cell.id for cell in nbformat.read(path, as_version=4).cells]

    assert all(name.replace("-", "").isalpha() for name in names)
    assert names[:2] == ["title", "parameters"]


@every_notebook
def test_notebook__holds_no_logic(path: Path) -> None:
    """No function, class, clock, network or threshold: those belong to the package."""
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.While)
    modules = {"datetime", "time", "requests", "urllib", "random", "os"}
    for cell in cells(path, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, forbidden), cell.id
            if isinstance(node, ast.Import):
                assert not modules & {alias.name for alias in node.names}, cell.id
            if isinstance(node, ast.ImportFrom):
                assert node.module not in modules, cell.id
            if isinstance(node, ast.Compare):
                numbers = [c for c in ast.walk(node) if isinstance(c, ast.Constant)]
                assert not [c for c in numbers if isinstance(c.value, int | float)], cell.id


@every_notebook
def test_notebook__takes_two_parameters(path: Path) -> None:
    assert set(inspect_notebook(str(path))) == {"params_file", "run_id"}


@every_notebook
def test_notebook__says_what_a_reviewer_needs(path: Path) -> None:
    prose = "\n".join(cell.source for cell in cells(path, "markdown"))

    for words in (
        "**Question.**",
        "**In:**",
        "**Out:**",
        "## The rule",
        "*Example",
        "## What to check",
        f"## What {'this stage' if path in STAGE_NOTEBOOKS else 'the lab'} does not know",
    ):
        assert words in prose
