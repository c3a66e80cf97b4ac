"""The main job as its users see it: a real run through papermill, in a project of its own."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import nbformat
import polars as pl
import pytest
from papermill import execute_notebook
from pypdf import PdfReader

from tests.project import Project
from workbench.contracts import TABLES
from workbench.pipeline.front_page import READINGS
from workbench.sample import write_sample
from workbench.tables import checked
from workbench.vocabulary import STAGES

IN_THE_SAMPLE = sorted({*TABLES} - {"opportunity_merges"})  # its CRM merges accounts alone
INTENDED_TO_DIFFER = {
    "ingest_summary": ["sha256"],
    "quality_history": ["run_id"],
    "rejects": ["row_number"],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.in_folder(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def demo(project: Project) -> Path:
    """The folder of the demo's run."""
    project.workbench("demo")
    return project.latest("demo")


def test_demo__makes_one_page_and_an_index(demo: Path) -> None:
    page = PdfReader(demo / "readout" / "readout.pdf")

    assert len(page.pages) == 1
    assert "DRAFT" in page.pages[0].extract_text()
    index = (demo / "html" / "index.html").read_text(encoding="utf-8")
    assert index.count('<img src="data:image/png;base64,') == 1
    assert 'alt="The page of Q4 FY2026"' in index


def test_demo__writes_every_table_to_its_contract(demo: Path) -> None:
    for name in IN_THE_SAMPLE:
        contract = TABLES[name]
        frame = pl.read_parquet(demo / "tables" / f"{name}.parquet")
        assert checked(frame, contract).equals(frame), name


def test_demo__manifest_tells_what_the_run_was(demo: Path) -> None:
    manifest = json.loads((demo / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["parameters"]["period"] == "2026-Q4"
    assert manifest["definition"]["rules"][0]["role"] == "sourced"
    assert {entry["table"] for entry in manifest["inputs"]} >= {"opportunities", "touches"}
    assert manifest["rows"]["opportunities"] == 1500
    assert manifest["packages"]["polars"]
    assert set(manifest["seconds"]) == {
        *STAGES, "lists", "figures", "packs", "reviews", "scorecard", "pages"
    }  # fmt: skip
    written = {p.relative_to(demo).as_posix() for p in demo.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == written - {"manifest.json"}
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((demo / name).read_bytes()).hexdigest() == sha256


def test_demo__every_owner_has_a_work_list(project: Project, demo: Path) -> None:
    findings = project.table(demo, "quality_findings")
    overview = pl.read_excel(demo / "worklists" / "all.xlsx", sheet_name="Overview")

    listed = {
        file: pl.read_excel(demo / "worklists" / file, sheet_name="To mend").height
        for file in overview["File"]
    }
    counts = pl.sum_horizontal("Errors", "Warnings", "Notes")
    assert listed == dict(overview.select("File", counts.alias("count")).iter_rows())
    assert sum(listed.values()) == findings.height
    made = {path.name for path in (demo / "worklists").iterdir()}
    assert made == {
        *listed,
        "all.xlsx",
        "partner_aliases.csv",
        "crm_write_back_review.xlsx",
    }  # the definition is a draft


def test_demo__notebooks_are_executed_without_warnings(demo: Path) -> None:
    for path in sorted((demo / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                assert output.output_type != "error"
                assert output.get("name") != "stderr", (path.stem, cell.id, output.text)


def test_run__shuffled_rows_change_no_table(project: Project, demo: Path) -> None:
    sample = project.folder / "outputs" / "sample"
    shuffled = project.folder / "outputs" / "shuffled"
    shuffled.mkdir()
    for path in sorted(sample.glob("*.parquet")):
        frame = pl.read_parquet(path)
        frame.sample(fraction=1, shuffle=True, seed=3).write_parquet(shuffled / path.name)

    project.workbench("run", project.params("shuffled", source="outputs/shuffled"))

    again = project.latest("shuffled")
    for name in IN_THE_SAMPLE:
        expected, found = project.table(demo, name), project.table(again, name)
        ignored = INTENDED_TO_DIFFER.get(name, [])
        if name == "rejects":
            by = ["table", "row"]
            expected, found = expected.sort(by), found.sort(by)
        assert found.drop(ignored, "source", strict=False).equals(
            expected.drop(ignored, "source", strict=False)
        ), name


def test_run__from_a_stage_takes_over_the_tables_before_it(project: Project, demo: Path) -> None:
    project.workbench("run", "params/demo.yaml", "--from", "attribution", "--run-id", "later")

    later = project.latest("demo")
    assert later.name == "later"
    assert (later / "html" / "maturity.html").exists()
    assert not project.table(later, "quality_history").filter(run_id="later").height
    for path in sorted((demo / "worklists").iterdir()):
        assert (later / "worklists" / path.name).exists(), path.name
    assert not (later / "notebooks" / "01_ingest.ipynb").exists()
    for name in IN_THE_SAMPLE:
        assert project.table(later, name).equals(project.table(demo, name)), name


def test_run__from_a_stage_with_another_definition_writes_nothing(
    project: Project, demo: Path
) -> None:
    before = project.files()

    said = project.workbench(
        "run", "params/demo.yaml", "--from", "metrics", "-p", "definition=crm_field", expect=2
    )

    assert f"{project.latest('demo').name} made its tables" in said
    assert project.files() == before


def test_run__a_broken_first_run_leaves_no_folder(project: Project) -> None:
    source = project.folder / "broken-first"
    write_sample(source, opportunities=60, touches=200, format="csv")
    with (source / "touches.csv").open("a", encoding="utf-8") as file:
        file.write("TCH-1,OPP-1\n")
    params = project.params("first", source="broken-first", output_root="first")

    project.workbench("run", params, expect=2)

    assert not (project.folder / "first").exists()


def test_run__a_taken_name_is_an_error(project: Project, demo: Path) -> None:
    said = project.workbench("run", "params/demo.yaml", "--run-id", demo.name, expect=2)

    assert "exists already" in said


def test_notebook__runs_alone_through_papermill(project: Project, demo: Path) -> None:
    """With a run_id of its own, on the tables of the last finished run."""
    executed = execute_notebook(
        project.folder / "notebooks" / "03_attribution.ipynb",
        project.folder / "out.ipynb",
        parameters={"params_file": "params/demo.yaml", "run_id": "2026-10-a"},
        cwd=project.folder,
        progress_bar=False,
    )

    alone = project.folder / "outputs" / "runs" / "2026-10-a"
    assert executed.metadata.papermill.exception is None
    assert project.table(alone, "partner_credit").equals(project.table(demo, "partner_credit"))


def sample_without(project: Project, name: str, table: str) -> str:
    """A parameter file whose sample company lacks a table."""
    folder = project.folder / "outputs" / name
    write_sample(folder, opportunities=60, touches=200)
    (folder / f"{table}.parquet").unlink()
    return project.params(name, source=f"outputs/{name}")


def test_run__a_stage_that_stops_leaves_the_latest_run_in_place(project: Project) -> None:
    """Without exchange rates the amounts in other currencies have no value: a number is wrong."""
    params = project.params("rates", source="outputs/whole")
    write_sample(project.folder / "outputs" / "whole", opportunities=60, touches=200)
    project.workbench("run", params)
    before = project.latest("rates")
    (project.folder / "outputs" / "whole" / "fx_rates.parquet").unlink()

    said = project.workbench("run", params, "--run-id", "no-rates", expect=2)

    assert project.latest("rates") == before
    assert "Stage attribution stopped in cell process" in said
    assert "EUR on " in said
    kept = project.folder / "outputs" / "failed" / "no-rates"
    assert str(kept / "notebooks" / "03_attribution.ipynb") in said
    assert not (project.folder / "outputs" / "runs" / "no-rates").exists()


def test_run__a_failed_cell_is_named_with_its_cause(project: Project, demo: Path) -> None:
    notebook = project.folder / "notebooks" / "04_metrics.ipynb"
    kept = notebook.read_text(encoding="utf-8")
    content = nbformat.reads(kept, as_version=4)
    cell = next(cell for cell in content.cells if cell.id == "process")
    cell.source = "1 / 0"
    nbformat.write(content, notebook)
    before = project.latest("demo")

    try:
        said = project.workbench("run", "params/demo.yaml", "--run-id", "broken", expect=1)
    finally:
        notebook.write_text(kept, encoding="utf-8")

    assert "Stage metrics stopped in cell process: ZeroDivisionError: division by zero" in said
    assert project.latest("demo") == before


def test_run__a_missing_optional_table_leaves_its_metrics_out_by_name(project: Project) -> None:
    params = sample_without(project, "costless", "program_costs")

    project.workbench("run", params)

    metrics = project.table(project.latest("costless"), "metrics").filter(metric="program_cost")
    assert metrics["value"].null_count() == metrics.height > 0
    assert "program_costs" in metrics["reason"][0]


def test_run__four_mistakes_each_give_one_message_and_write_nothing(project: Project) -> None:
    """A misspelt key, an unknown touch type, a missing column, and a CSV with a broken line."""
    sample = project.folder / "outputs" / "plain"
    write_sample(sample, opportunities=60, touches=200, format="csv")
    columns = project.folder / "outputs" / "columns"
    shutil.copytree(sample, columns)
    opportunities = pl.read_csv(columns / "opportunities.csv", infer_schema=False)
    opportunities.drop("stage").write_csv(columns / "opportunities.csv")
    broken = project.folder / "outputs" / "broken"
    shutil.copytree(sample, broken)
    with (broken / "touches.csv").open("a", encoding="utf-8") as file:
        file.write("TCH-1,OPP-1\n")
    definition = (project.folder / "params/definitions/timing.yaml").read_text(encoding="utf-8")
    (project.folder / "params/definitions/odd.yaml").write_text(
        definition.replace("[introduction,", "[introdution,"), encoding="utf-8"
    )
    mistakes = {
        project.params("misspelt", perod="2026-10"): "'perod' is not a key",
        project.params("odd", definition="odd"): "did you mean 'introduction'?",
        project.params("columns", source="outputs/columns"): "'stage'",
        project.params("broken", source="outputs/broken"): "line 202",
    }
    before = project.files()

    for params, words in mistakes.items():
        said = project.workbench("run", params, expect=2)
        assert words in said, said
        assert project.files() == before, params


def test_check__finds_every_problem_at_once_and_runs_nothing(project: Project) -> None:
    params = project.params(
        "several", period="2026-13", definition="timming", readout="params/readouts/none.yaml"
    )

    said = project.workbench("check", params, expect=2)

    assert said.startswith("Error: 3 problems")
    for words in ("'2026-13' is not a period", "did you mean 'timing'?", "texts are missing"):
        assert words in said


def test_pages__fetch_nothing(demo: Path) -> None:
    """Charts are inline, and no page names anything outside the run's own folder to load."""
    loads = re.compile(
        r"""<(?:script|img|iframe|link|source|video|audio)\b[^>]*\b(?:src|href)\s*=\s*["']?
        (?!data:|\#)([^"'\s>]+) | url\(\s*["']?(https?:[^)]*)
        | \bimport\s*\(?\s*["'](https?:[^"']+)""",
        flags=re.VERBOSE,
    )
    pages = sorted((demo / "html").glob("*.html"))

    notebooks = {f"{number:02d}_{stage}.html" for number, stage in enumerate(STAGES, start=1)}
    assert {page.name for page in pages} == {"index.html", *notebooks, *READINGS}
    for page in pages:
        html = page.read_text(encoding="utf-8")
        for own, *elsewhere in loads.findall(html):
            assert not any(elsewhere), page.name
            assert (page.parent / own).is_file(), f"{page.name} loads {own}"
    for name in ("02_data_quality", "03_attribution", "04_metrics"):
        html = (demo / "html" / f"{name}.html").read_text(encoding="utf-8")
        assert re.search(r'<svg [^>]*aria-label="\w', html), name


def test_pages__links_lead_somewhere(demo: Path) -> None:
    index = demo / "html" / "index.html"

    targets = re.findall(r'href="([^"]+)"', index.read_text(encoding="utf-8"))

    assert len(targets) >= 7
    assert all((index.parent / target).resolve().is_file() for target in targets)
