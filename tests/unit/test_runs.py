import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.unit.attribution_frames import frame
from workbench.contracts import (
    REQUIRED_TABLES,
    Accounts,
    Contract,
    Handoffs,
    IngestSummary,
    PartnerAliases,
    QualityFindings,
    QualityScores,
    Rejects,
)
from workbench.documents import dump_yaml
from workbench.errors import ContractError, ParameterError, RunError
from workbench.params import RunParams, read_params
from workbench.runs import (
    STAGE_TABLES,
    Run,
    create_run,
    file_sha256,
    finish_run,
    latest_run,
    new_run_id,
    open_run,
    set_aside,
    take_over,
)

CONTENT = {
    "period": "2026-10",
    "read_at": datetime(2026, 11, 3, 2, tzinfo=UTC),
    "source": "data",
    "definition": "timing",
    "readout": "none",
}
DEFINITION = {
    "id": "timing",
    "version": 1,
    "title": "Any touch",
    "rules": [{"role": "sourced", "touch_types": "any", "to": "created - 1d"}],
}
SUMMARY = {
    "table": "accounts",
    "source": "accounts.csv",
    "rows_read": 3,
    "rows_accepted": 2,
    "rows_rejected": 1,
    "sha256": "0" * 64,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose parameter file is `params/monthly.yaml`."""
    (tmp_path / "data").mkdir()
    (tmp_path / "params" / "definitions").mkdir(parents=True)
    write(tmp_path / "params" / "definitions" / "timing.yaml", DEFINITION)
    write(tmp_path / "params" / "monthly.yaml", CONTENT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, content: dict) -> None:
    path.write_text(dump_yaml(content), encoding="utf-8")


def params(**overrides: str) -> RunParams:
    return read_params("params/monthly.yaml", overrides)


def accounts(*ids: str) -> pl.DataFrame:
    return frame(Accounts, *({"account_id": i, "name": i, "is_target": False} for i in ids))


def ingest(run: Run, *account_ids: str) -> None:
    """Write what the first stage writes: a few accounts, and tables without rows."""
    for contract in (*REQUIRED_TABLES, Rejects):
        run.write(contract.empty(), contract)
    run.write(accounts(*account_ids), Accounts)
    run.write(frame(IngestSummary, SUMMARY), IngestSummary)


def empty_tables(run: Run, *stages: str) -> None:
    for stage in stages:
        for contract in STAGE_TABLES[stage]:
            run.write(contract.empty(), contract)


def finished(run_id: str, *account_ids: str, **overrides: str) -> Run:
    """A run that went through every stage."""
    run = create_run(params(**overrides), run_id)
    ingest(run, *account_ids)
    empty_tables(run, "data_quality", "attribution", "metrics")
    finish_run(run, {"ingest": 1.23456})
    return run


def table_ids(run: Run, contract: type[Contract] = Accounts) -> list[str]:
    return run.read(contract).to_series().to_list()


# A new run


def test_new_run_id__runs_of_one_second_have_names_of_their_own(project):
    made = [create_run(params(), new_run_id(params())) for _ in range(20)]

    assert len({run.folder for run in made}) == 20


def test_create_run__a_folder_that_cannot_be_made(project):
    with pytest.raises(RunError, match="cannot be made"):
        create_run(params(), "a" * 300)
    assert not (project / "outputs").exists()


@pytest.mark.parametrize("kept", ["", "outputs", "outputs/runs"])
def test_set_aside__leaves_the_folders_that_were_there(project, kept):
    (project / kept).mkdir(parents=True, exist_ok=True)
    before = set(project.rglob("*"))

    set_aside(create_run(params(), "a"), keep=False)

    assert set(project.rglob("*")) == before


def test_set_aside__leaves_the_folder_of_another_run(project):
    run = create_run(params(), "a")
    create_run(params(), "b")

    set_aside(run, keep=False)

    assert [path.name for path in (project / "outputs" / "runs").iterdir()] == ["b"]


def test_new_run_id__parameter_file_period_and_the_time_in_utc(project):
    before = datetime.now(UTC).replace(microsecond=0)

    head, began = new_run_id(params(period="2026-Q4")).rsplit("-", 1)

    assert head == "monthly-2026-Q4"
    assert before <= datetime.strptime(began, "%Y%m%dT%H%M%S%z") <= datetime.now(UTC)


def test_create_run__makes_its_folders_and_keeps_its_parameters(project):
    run = create_run(params(period="2026-09"), "a")

    assert run.folder == project / "outputs" / "runs" / "a"
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "definitions",
        "html",
        "monthly.yaml",
        "notebooks",
        "readout",
        "tables",
        "worklists",
    ]
    assert read_params(run.folder / "monthly.yaml") == run.params
    assert run.definition.id == "timing"


def test_create_run__a_taken_name_is_an_error(project):
    create_run(params(), "a")

    with pytest.raises(RunError) as error:
        create_run(params(), "a")

    assert str(error.value) == (
        f"a: {project / 'outputs' / 'runs' / 'a'} exists already.\n"
        "Hint: name another with --run-id, or leave it out."
    )


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../a", "a/b", "/tmp/a", ".hidden", "a/", "a\\b", "runs/../../a"]
)
def test_run_id__is_one_word_and_no_path(project, run_id):
    for opened in (
        lambda: create_run(params(), run_id),
        lambda: open_run("params/monthly.yaml", run_id, "ingest"),
    ):
        with pytest.raises(RunError, match="is no name for a run"):
            opened()
    assert not (project / "outputs").exists()


def test_create_run__a_definition_that_says_nothing_is_an_error(project):
    write(project / "params" / "definitions" / "timing.yaml", DEFINITION | {"rules": []})

    with pytest.raises(ParameterError, match="'rules' is missing"):
        create_run(params(), "a")


# Tables of a run


def test_run__optional_tables_may_be_absent(project):
    run = create_run(params(), "a")
    ingest(run, "A1")

    assert run.read_optional(Handoffs) is None
    assert run.read_optional(Accounts).height == 1
    assert set(run.read_present(Accounts, Handoffs)) == {Accounts}
    with pytest.raises(ContractError, match=r"Table handoffs .* there is no file"):
        run.read(Handoffs)


def test_previous_table__of_the_last_finished_run(project):
    first = create_run(params(), "a")
    ingest(first, "A1")
    assert first.previous_table(Accounts) is None

    finish_run(first, {})
    second = create_run(params(), "b")

    assert second.previous_table(Accounts)["account_id"].to_list() == ["A1"]
    assert second.previous_table(Handoffs) is None


def test_compared_definitions__those_of_the_parameters(project):
    write(project / "params" / "definitions" / "second.yaml", DEFINITION | {"id": "second"})

    run = create_run(params(compare_with="second"), "a")

    assert [definition.id for definition in run.compared_definitions] == ["second"]
    assert run.params.compare_with == (run.folder / "definitions" / "second.yaml",)


def test_create_run__keeps_the_definition_that_it_began_with(project):
    run = create_run(params(), "a")
    write(project / "params" / "definitions" / "timing.yaml", DEFINITION | {"version": 2})

    assert open_run(str(run.params_file), "a", "ingest").definition == run.definition


# Opening a run from a notebook


def test_open_run__the_first_stage_needs_nothing(project):
    run = open_run("params/monthly.yaml", "mine", "ingest")

    assert (run.folder / "tables").is_dir()
    assert open_run("params/monthly.yaml", "mine", "ingest").folder == run.folder


def test_open_run__a_later_stage_without_any_run_says_what_to_run(project):
    with pytest.raises(RunError) as error:
        open_run("params/monthly.yaml", "mine", "attribution")

    assert str(error.value) == (
        "mine: it has no tables of the stage ingest.\n"
        "Hint: run the notebook of the stage ingest first with the same run_id."
    )


def test_open_run__a_finished_run_never_changes(project):
    finished("a", "A1")

    with pytest.raises(RunError, match=r"a: this run is finished\.\nHint: a finished run never"):
        open_run("params/monthly.yaml", "a", "metrics")


def test_open_run__takes_earlier_tables_over_from_the_last_finished_run(project):
    finished("a", "A1")
    finished("b", "A1", "A2")

    run = open_run("params/monthly.yaml", "mine", "metrics")

    assert table_ids(run) == ["A1", "A2"]
    assert {path.stem for path in run.tables.iterdir()} == {
        *(contract.table_name() for contract in (*REQUIRED_TABLES, Rejects, IngestSummary)),
        "quality_findings",
        "quality_scores",
        "quality_breakdown",
        "quality_history",
        "touch_audit",
        "opportunity_attribution",
        "partner_credit",
        "definition_comparison",
        "definition_sensitivity",
        "rulings_applied",
        "timezone_flips",
    }


def test_open_run__its_own_tables_come_first(project):
    finished("a", "A1")
    run = open_run("params/monthly.yaml", "mine", "ingest")
    ingest(run, "A9")

    again = open_run("params/monthly.yaml", "mine", "attribution")

    assert table_ids(again) == ["A9"]
    assert again.read(QualityScores).is_empty()


def test_take_over__tables_of_two_runs_are_never_mixed(project):
    """The stage stopped after one of its two tables: neither half is thrown away."""
    finished("a", "A1")
    run = open_run("params/monthly.yaml", "mine", "data_quality")
    run.write(QualityFindings.empty(), QualityFindings)

    with pytest.raises(RunError) as error:
        take_over(run, "data_quality")

    assert str(error.value) == (
        "mine: it has the stage data_quality in part; not there: quality_breakdown, "
        "quality_history, quality_scores.\n"
        "Hint: run the notebook of the stage data_quality first with the same run_id."
    )


def test_take_over__optional_tables_come_along(project):
    before = create_run(params(), "a")
    ingest(before, "A1")
    before.write(PartnerAliases.empty(), PartnerAliases)
    finish_run(before, {})

    run = open_run("params/monthly.yaml", "mine", "data_quality")

    assert run.read_optional(PartnerAliases) is not None
    assert run.read_optional(Handoffs) is None


@pytest.mark.parametrize(
    ("stage", "overrides", "changed"),
    [
        ("ingest", {"timezone": "Asia/Kolkata"}, "timezone"),
        ("ingest", {"source": "params"}, "source"),
        ("attribution", {"as_of": "2026-10-15"}, "as_of"),
        ("attribution", {"reporting_currency": "EUR"}, "reporting_currency"),
        ("attribution", {"definition": "other"}, "definition"),
        ("attribution", {"compare_with": "other"}, "compare_with"),
        ("metrics", {"period": "2026-Q4", "as_of": "2026-10-31"}, "period"),
    ],
)
def test_take_over__numbers_made_with_other_parameters_are_not_taken(
    project, stage, overrides, changed
):
    write(project / "params" / "definitions" / "other.yaml", DEFINITION | {"id": "other"})
    finished("a", "A1")
    run = create_run(params(**overrides), "b")

    with pytest.raises(RunError) as error:
        take_over(run, stage)

    assert str(error.value) == (
        f"b: a made its tables of the stage {stage} with another {changed}.\n"
        f"Hint: start at the stage {stage} or before."
    )


def test_take_over__a_definition_edited_in_place_is_another_one(project):
    finished("a", "A1")
    write(project / "params" / "definitions" / "timing.yaml", DEFINITION | {"version": 2})
    run = create_run(params(), "b")

    take_over(run, "ingest")
    with pytest.raises(RunError, match="with another definition"):
        take_over(run, "attribution")


def test_take_over__other_rulings_need_another_attribution(project):
    rulings = project / "params" / "rulings.yaml"
    write(rulings, {"rulings": []})
    finished("a", "A1", rulings="params/rulings.yaml")
    ruling = {"opportunity_id": "O1", "classification": "direct", "by": "VP Sales",
              "on": "2026-10-01", "why": "A mistake."}  # fmt: skip
    write(rulings, {"rulings": [ruling]})
    run = create_run(params(rulings="params/rulings.yaml"), "b")
    write(rulings, {"rulings": []})

    assert [ruling.opportunity_id for ruling in run.rulings] == ["O1"]
    take_over(run, "ingest")
    with pytest.raises(RunError, match="with another rulings"):
        take_over(run, "attribution")


@pytest.mark.parametrize(
    "overrides",
    [{"period": "2026-11"}, {"definition": "other"}, {"read_at": "2026-12-01T00:00:00Z"}],
)
def test_take_over__what_ingest_does_not_depend_on_may_change(project, overrides):
    write(project / "params" / "definitions" / "other.yaml", DEFINITION | {"id": "other"})
    finished("a", "A1")
    run = create_run(params(**overrides), "b")

    take_over(run, "ingest")
    take_over(run, "data_quality")

    assert table_ids(run) == ["A1"]


# The end of a run


def test_finish_run__manifest_tells_what_the_run_was(project):
    before = datetime.now(UTC)
    run = create_run(params(), "a")
    ingest(run, "A1", "A2")
    (run.folder / "readout" / "readout.pdf").write_bytes(b"a page")

    finish_run(run, {"ingest": 1.23456, "metrics": 2})

    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run_id"] == "a"
    assert manifest["name"] == "monthly"
    assert before <= datetime.fromisoformat(manifest["finished_at"]) <= datetime.now(UTC)
    assert manifest["parameters"]["period"] == "2026-10"
    assert manifest["parameters"]["as_of"] == "2026-10-31"
    assert manifest["definition"]["rules"][0]["role"] == "sourced"
    assert manifest["inputs"] == [
        {"table": "accounts", "source": "accounts.csv", "sha256": "0" * 64}
    ]
    assert manifest["rows"] == {
        "opportunities": 0,
        "touches": 0,
        "partners": 0,
        "accounts": 2,
        "rejects": 0,
        "ingest_summary": 1,
    }
    assert manifest["seconds"] == {"ingest": 1.235, "metrics": 2}
    assert manifest["packages"]["polars"] == pl.__version__
    assert manifest["files"]["readout/readout.pdf"] == hashlib.sha256(b"a page").hexdigest()
    written = {p.relative_to(run.folder).as_posix() for p in run.folder.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == written - {"manifest.json"}
    for name, sha256 in manifest["files"].items():
        assert file_sha256(run.folder / name) == sha256


def test_finish_run__latest_points_at_the_last_one_by_a_relative_link(project):
    assert latest_run(params()) is None

    finished("a", "A1")
    finished("b", "A1")

    pointer = project / "outputs" / "latest" / "monthly"
    assert pointer.readlink() == Path("..") / "runs" / "b"
    assert latest_run(params()) == project / "outputs" / "runs" / "b"
    assert [path.name for path in pointer.parent.iterdir()] == ["monthly"]


def test_finish_run__latest_changes_in_one_step(project, monkeypatch):
    """The pointer is made beside the old one and put in its place: it is never not there."""
    finished("a", "A1")
    seen = []
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        if target.name == "monthly":
            seen.append((latest_run(params()).name, path.resolve().name))
        moved = replace(path, target)
        if target.name == "monthly":
            seen.append((latest_run(params()).name, path.exists()))
        return moved

    monkeypatch.setattr(Path, "replace", watched)
    finished("b", "A1")

    assert seen == [("a", "b"), ("b", False)]


def test_finish_run__a_pointer_left_by_a_killed_process_is_no_obstacle(project):
    """In a container every process has the same number."""
    finished("a", "A1")
    (project / "outputs" / "latest" / f".monthly-{os.getpid()}").symlink_to("../runs/a")

    finished("b", "A1")

    assert latest_run(params()).name == "b"


def test_finish_run__without_links_a_file_names_the_run(project, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "symlink_to", refused)

    finished("a", "A1")
    finished("b", "A1", "A2")

    assert (project / "outputs" / "latest" / "monthly").read_text(encoding="utf-8") == "b"
    assert latest_run(params()) == project / "outputs" / "runs" / "b"
    assert table_ids(open_run("params/monthly.yaml", "c", "data_quality")) == ["A1", "A2"]


def test_finish_run__each_parameter_file_has_a_latest_of_its_own(project):
    write(project / "params" / "weekly.yaml", CONTENT)
    finished("a", "A1")

    assert latest_run(read_params("params/weekly.yaml")) is None


def test_latest_run__one_that_was_deleted_is_none(project):
    run = finished("a", "A1")

    set_aside(run, keep=True)

    assert latest_run(params()) is None


# A run that failed


def test_finish_run__a_run_without_input_tables_fails_and_is_not_the_latest(project):
    finished("a", "A1")
    run = create_run(params(), "b")

    with pytest.raises(ContractError):
        finish_run(run, {})

    assert not (run.folder / "manifest.json").exists()
    assert latest_run(params()).name == "a"


def test_set_aside__keeps_what_can_be_looked_at(project):
    finished("a", "A1")
    run = create_run(params(), "b")
    ingest(run, "A1")

    kept = set_aside(run, keep=True)

    assert kept == project / "outputs" / "failed" / "b"
    assert (kept / "tables" / "accounts.parquet").exists()
    assert not run.folder.exists()
    assert latest_run(params()).name == "a"


def test_set_aside__a_run_that_made_nothing_leaves_nothing(project):
    run = create_run(params(), "a")

    assert set_aside(run, keep=False) is None
    assert not run.folder.exists()
    assert not (project / "outputs" / "failed").exists()


def test_set_aside__the_same_run_fails_again(project):
    for account in ("A1", "A2"):
        run = create_run(params(), "a")
        ingest(run, account)
        kept = set_aside(run, keep=True)

    assert table_ids(Run(run.params, run.definition, (), "a", kept)) == ["A2"]
    assert create_run(params(), "a")


def test_file_sha256__known_answer(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")

    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
