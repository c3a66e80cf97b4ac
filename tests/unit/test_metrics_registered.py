"""A metric of one's own, registered in a notebook, without a change of the package."""

from pathlib import Path

import nbformat
import polars as pl
import pytest
from nbclient import NotebookClient

from workbench.metrics import METRICS, glossary

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
PROJECT = Path(__file__).parents[2]
SNAPSHOT = """
from types import SimpleNamespace

from tests.reference.metric_cases import a_definition, inputs, opportunity, run_params

run = SimpleNamespace(params=run_params(), definition=a_definition())
inputs = inputs([opportunity("O1", kind="renewal"), opportunity("O2")])
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a notebook with the page's own example has run."""
    folder = tmp_path_factory.mktemp("analyst")
    example = DOCS.read_text("utf-8").split("## A metric of your own, in a notebook")[1]
    code = example.split("```python\n")[1].split("```")[0]
    written = f"figures.write_parquet({str(folder / 'figures.parquet')!r})"
    words = f"glossary(catalogue).write_parquet({str(folder / 'glossary.parquet')!r})"
    cells = [nbformat.v4.new_code_cell(source) for source in (SNAPSHOT, code, written, words)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, resources={"metadata": {"path": str(PROJECT)}}).execute()
    return folder


def test_own_metric__stands_in_the_metrics_table(executed):
    figures = pl.read_parquet(executed / "figures.parquet")
    own = figures.filter(metric="renewal_count", period="2026-Q4", dimension="all")
    assert own.select("value", "unit", "category").rows() == [(1.0, "count", "pipeline")]
    assert set(figures["metric"]) == {*METRICS, "renewal_count"}


def test_own_metric__stands_in_the_list(executed):
    words = pl.read_parquet(executed / "glossary.parquet")
    row = words.filter(metric="renewal_count").row(0, named=True)
    assert row["meaning"] == "The number of renewals that were created in the period."
    assert words.height == len(METRICS) + 1


def test_glossary__every_metric_in_words():
    words = glossary()
    assert words["metric"].to_list() == list(METRICS)
    assert words.null_count().sum_horizontal().item() == 0
