"""Data quality in a real run: what is set otherwise, earlier runs, links that nobody may open."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from pypdf import PdfReader

from tests.project import Project
from workbench.sample import write_sample

SCRIPT = "javascript:alert(document.domain)"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose log has a script as the evidence of every touch that has any."""
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    source = project.folder / "outputs" / "scripts"
    write_sample(source, opportunities=120, touches=500)
    touches = pl.read_parquet(source / "touches.parquet")
    script = pl.when(pl.col("evidence_url").is_not_null()).then(pl.lit(SCRIPT))
    touches.with_columns(script.alias("evidence_url")).write_parquet(source / "touches.parquet")
    rules = project.folder / "params" / "our_rules.yaml"
    rules.write_text(
        "touch_without_person: {off: true, because: Nobody tells us who acted.}\n"
        "touch_logged_late: {days: 7, because: Agreed on a week., by: VP Sales}\n",
        encoding="utf-8",
    )
    return project


@pytest.fixture(scope="module")
def run(project: Project) -> Path:
    params = project.params("scripts", source="outputs/scripts", quality="params/our_rules.yaml")
    project.workbench("run", params)
    return project.latest("scripts")


def test_run__finds_the_scripts_and_links_none_of_them(project: Project, run: Path) -> None:
    found = project.table(run, "quality_findings").filter(rule="touch_evidence_unsafe")
    assert found.height > 300

    pages = sorted(run.rglob("*.html"))
    shown = [page for page in pages if SCRIPT in page.read_text(encoding="utf-8")]
    assert shown  # as text: in the message of the finding
    for page in pages:
        addresses = re.findall(
            r"(?:href|src|action|formaction)\s*=\s*[\"']?\s*([^\"'\s>]+)",
            page.read_text(encoding="utf-8"),
            flags=re.IGNORECASE,
        )
        assert not [address for address in addresses if address.lower().startswith("javascript")]


def test_run__its_case_pages_and_its_pdf_link_none_of_them(project: Project, run: Path) -> None:
    touched = project.table(run, "touches").filter(evidence_url=SCRIPT)["opportunity_id"]
    opportunity_id = touched.drop_nulls().sort()[0]
    page = project.folder / "case.html"
    project.workbench("why", "params/scripts.yaml", opportunity_id, "--html", str(page))

    text = page.read_text(encoding="utf-8")
    assert SCRIPT in text
    assert not re.search(r"href=[\"']?\s*javascript", text, flags=re.IGNORECASE)
    for sheet in PdfReader(run / "readout" / "readout.pdf").pages:
        links = [note.get_object().get("/A", {}) for note in sheet.get("/Annots", [])]
        assert not [link for link in links if "javascript" in str(link).lower()]


def test_run__keeps_and_shows_what_is_set_otherwise(project: Project, run: Path) -> None:
    scores = set(project.table(run, "quality_scores")["rule"])
    assert "touch_logged_late" in scores
    assert "touch_without_person" not in scores

    page = next((run / "html").glob("02_*.html")).read_text(encoding="utf-8")
    for words in ("switched off", "Nobody tells us who acted.", "days 14 → 7", "VP Sales"):
        assert words in page
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["quality"]["touch_logged_late"]["days"] == 7
    assert "quality.yaml" in manifest["files"]


def test_run__with_other_rules_checks_again(project: Project, run: Path) -> None:
    (project.folder / "params" / "other_rules.yaml").write_text(
        "touch_without_person: {off: true, because: Still nobody.}\n", encoding="utf-8"
    )
    said = project.workbench(
        "run",
        *("params/scripts.yaml", "-p", "quality=params/other_rules.yaml", "--from", "attribution"),
        expect=2,
    )
    assert "with another quality" in said


def test_run__compares_its_rows_with_those_of_the_last(project: Project, run: Path) -> None:
    source = project.folder / "outputs" / "scripts" / "touches.parquet"
    whole = pl.read_parquet(source)
    whole.head(300).write_parquet(source)
    try:
        project.workbench("run", "params/scripts.yaml")
    finally:
        whole.write_parquet(source)

    found = project.table(project.latest("scripts"), "quality_findings").filter(rule="rows_fell")
    assert found.select("table", "record_id", "message").rows() == [
        (
            "ingest_summary",
            "touches:touches.parquet",
            "touches.parquet gave 300 rows for touches; in the last run there were 500.",
        )
    ]


def test_check__says_what_is_wrong_with_the_rules(project: Project) -> None:
    (project.folder / "params" / "wrong.yaml").write_text(
        "touch_loged_late: {days: 7}\n", encoding="utf-8"
    )
    said = project.workbench(
        "check", "params/scripts.yaml", "-p", "quality=params/wrong.yaml", expect=2
    )
    assert "did you mean 'touch_logged_late'?" in said
