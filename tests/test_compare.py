"""`workbench compare`, typed in a project of its own."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.project import Project
from workbench.contracts import Opportunities
from workbench.documents import dump_yaml
from workbench.ingest import ingest
from workbench.params import read_params
from workbench.pipeline.comparing import compare_definitions
from workbench.runs import MANIFEST
from workbench.sample import write_sample
from workbench.tables import write_table


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    write_sample(project.folder / "outputs" / "sample", opportunities=120, touches=500)
    return project


def test_compare__one_definition_is_held_against_the_files_own(project: Project) -> None:
    said = project.workbench("compare", "params/demo.yaml", "causal")

    assert said.startswith("As of 2026-10-31: 120 opportunities, from the source, read now.")
    assert "Opportunities by class: timing down, causal across" in said
    assert "crm_field" not in said


def test_compare__none_is_what_the_file_says(project: Project) -> None:
    said = project.workbench("compare", "params/demo.yaml")

    assert "Opportunities by class: timing down, crm_field across" in said


def test_compare__several_by_id_and_path_for_another_period(project: Project) -> None:
    said = project.workbench(
        "compare",
        "params/demo.yaml",
        "params/definitions/registered.yaml",
        "timing",
        "crm_field",
        "-p",
        "period=2026-Q3",
    )

    assert "won in Q3 FY2026" in said
    assert "Amount by class: registered down, timing across" in said
    assert "Amount by class: registered down, crm_field across" in said


def test_compare__rulings_of_the_parameter_file_stand_over_both(project: Project) -> None:
    ids = pl.read_parquet(project.folder / "outputs" / "sample" / "opportunities.parquet")
    rulings = [
        {
            "opportunity_id": ids["opportunity_id"].sort()[0],
            "classification": "direct",
            "by": "VP Sales",
            "on": date(2026, 10, 1),
            "why": "No partner was in it.",
        }
    ]
    (project.folder / "params" / "ruled.yaml").write_text(
        dump_yaml({"rulings": rulings}), encoding="utf-8"
    )

    said = project.workbench(
        "compare", "params/demo.yaml", "causal", "-p", "rulings=params/ruled.yaml"
    )

    assert "1 ruling is in force over the rules of every definition." in said


def test_compare__writes_nothing(project: Project) -> None:
    before = project.files()

    project.workbench("compare", "params/demo.yaml", "causal")

    assert project.files() == before


def test_compare__a_definition_that_is_not_there_is_one_sentence(project: Project) -> None:
    said = project.workbench("compare", "params/demo.yaml", "timing", "casual", expect=2)

    assert said.startswith("Error: ")
    assert "did you mean 'causal'?" in said


def test_compare__every_broken_definition_is_named_at_once(project: Project) -> None:
    for name in ("one", "two"):
        path = project.folder / "params" / "definitions" / f"{name}.yaml"
        path.write_text(f"id: {name}\nversion: 0\ntitle: t\nbasis: crm_field\n", encoding="utf-8")

    said = project.workbench("compare", "params/demo.yaml", "one", "two", expect=2)

    assert said.startswith("Error: 2 problems")


def test_compare__one_definition_alone_is_an_error(project: Project) -> None:
    said = project.workbench("compare", "params/demo.yaml", "timing", expect=2)

    assert "there is one definition to compare" in said


def test_compare__takes_the_tables_of_the_last_run_that_read_the_same_source(
    project: Project,
) -> None:
    """Of the run there is what is read here: its manifest, and tables with fewer rows."""
    file = project.folder / "params" / "demo.yaml"
    params = read_params(file)
    run = project.folder / "outputs" / "runs" / "earlier"
    (run / "tables").mkdir(parents=True)
    tables = ingest(params, into=run / "tables").tables
    write_table(run / "tables", tables[Opportunities].head(100), Opportunities)
    (project.folder / "outputs" / "latest").mkdir()
    (project.folder / "outputs" / "latest" / "demo").write_text("earlier", encoding="utf-8")
    parameters = params.model_dump(mode="json")

    write_manifest(run, parameters)
    same = compare_definitions(str(file))
    write_manifest(run, parameters | {"timezone": "Asia/Tokyo"})
    another = compare_definitions(str(file))

    assert same.tables_from == "the tables of the run earlier"
    assert same.comparison.table.height == 2 * 100
    assert another.tables_from == "the source, read now"
    assert another.comparison.table.height == 2 * 120


def write_manifest(run: Path, parameters: dict[str, Any]) -> None:
    (run / MANIFEST).write_text(json.dumps({"parameters": parameters}), encoding="utf-8")
