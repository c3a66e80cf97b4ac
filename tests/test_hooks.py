"""What follows a run: `on_success`, `on_failure`, and the one line that a pager shows."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.project import Project
from tests.unit.attribution_frames import frame
from workbench.contracts import IngestSummary
from workbench.documents import dump_yaml
from workbench.errors import ConservationError, HookError, InputError, ParameterError, Problem
from workbench.params import RunParams, read_params
from workbench.pipeline.hooks import in_one_line, run_on_failure, run_on_success
from workbench.runs import Run, create_run, finish_run
from workbench.sample import write_sample

# Tells what it was given, one line a word, and ends as it is told.
TELLTALE = """
import os, sys
told = [*sys.argv[3:], "cause: " + os.environ.get("WORKBENCH_CAUSE", "none")]
open(sys.argv[1], "w", encoding="utf-8").write("\\n".join(told))
sys.exit(int(sys.argv[2]))
"""
SUMMARY = {
    "table": "accounts",
    "source": "accounts.csv",
    "rows_read": 0,
    "rows_accepted": 0,
    "rows_rejected": 0,
    "sha256": "0" * 64,
}


def telltale(folder: Path, ends_with: int = 0) -> list[str]:
    (folder / "telltale.py").write_text(TELLTALE, encoding="utf-8")
    return [sys.executable, str(folder / "telltale.py"), str(folder / "told"), str(ends_with)]


def told(folder: Path) -> list[str]:
    return (folder / "told").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "params" / "definitions").mkdir(parents=True)
    definition = {
        "id": "timing",
        "version": 1,
        "title": "Any touch",
        "rules": [{"role": "sourced", "touch_types": "any", "to": "created - 1d"}],
    }
    (tmp_path / "params" / "definitions" / "timing.yaml").write_text(dump_yaml(definition))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def params(project: Path, **changes: object) -> RunParams:
    content = {
        "period": "2026-10",
        "read_at": datetime(2026, 11, 3, 2, tzinfo=UTC),
        "source": "data",
        "definition": "timing",
        "readout": "none",
        **changes,
    }
    (project / "params" / "monthly.yaml").write_text(dump_yaml(content), encoding="utf-8")
    return read_params("params/monthly.yaml")


def finished(params: RunParams) -> Run:
    run = create_run(params, "a")
    run.write(frame(IngestSummary, SUMMARY), IngestSummary)
    finish_run(run, {})
    return run


def test_on_success__is_given_the_folder(project: Path) -> None:
    run = finished(params(project, on_success=telltale(project)))

    run_on_success(run)

    assert told(project) == [str(run.folder), "cause: none"]


def test_on_success__is_run_without_a_shell(project: Path) -> None:
    run = finished(params(project, on_success=[*telltale(project), "$HOME; echo `id`", ""]))

    run_on_success(run)

    assert told(project)[:2] == ["$HOME; echo `id`", ""]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{telltale}"], "ended with exit code 3."),
        (["no-such-program"], "'no-such-program' cannot be started: No such file or directory."),
    ],
)
def test_on_success__that_fails_is_said_in_one_line(
    project: Path, words: list[str], said: str
) -> None:
    known = telltale(project, ends_with=3)
    run = finished(params(project, on_success=known if words == ["{telltale}"] else words))

    with pytest.raises(HookError) as raised:
        run_on_success(run)

    assert str(raised.value).startswith("Run a is done, but its on_success failed: ")
    assert str(raised.value).endswith(said)
    assert "\n" not in str(raised.value)


def test_on_failure__has_folder_and_cause(project: Path) -> None:
    error = InputError([Problem("b.csv", "it is empty."), Problem("a.csv", "no id.", "name one.")])

    run_on_failure(params(project, on_failure=telltale(project)), error, project / "kept")

    assert told(project) == [str(project / "kept"), "cause: 2 problems: a.csv: no id."]


def test_on_failure__that_fails_is_noted_on_the_error(project: Path) -> None:
    error = ConservationError(["Rows."])

    run_on_failure(params(project, on_failure=telltale(project, ends_with=4)), error, None)

    assert told(project) == ["cause: What must add up does not: Rows."]
    assert error.__notes__[0].startswith("on_failure failed too: ")


def test_hooks__none_is_named(project: Path) -> None:
    run_on_success(finished(params(project)))
    run_on_failure(params(project), ValueError(), None)


@pytest.mark.parametrize("hook", ["on_success", "on_failure"])
def test_params__a_hook_is_a_list_of_words(project: Path, hook: str) -> None:
    with pytest.raises(ParameterError, match=f"'{hook}' is not a list"):
        params(project, **{hook: "notify.sh --loud"})
    params(project)

    typed = read_params("params/monthly.yaml", {hook: "notify.sh 'two words'"})
    assert getattr(typed, hook) == ("notify.sh", "two words")
    assert getattr(read_params("params/monthly.yaml", {hook: ""}), hook) == ()
    with pytest.raises(ParameterError, match="quotation mark"):
        read_params("params/monthly.yaml", {hook: "notify.sh 'two"})


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError(), "ValueError"),
        (ValueError("one\ntwo"), "one"),
        (InputError([Problem("a", "b.", "c.")]), "a: b."),
    ],
)
def test_in_one_line(error: Exception, line: str) -> None:
    assert in_one_line(error) == line


def test_run__a_failed_one_says_it_in_one_line_and_calls_somebody(tmp_path: Path) -> None:
    project = Project.in_folder(tmp_path)
    sample = tmp_path / "outputs" / "sample"
    write_sample(sample, opportunities=60, touches=200)
    rates = pl.read_parquet(sample / "fx_rates.parquet")
    rates.filter(pl.col("currency") == "XXX").write_parquet(sample / "fx_rates.parquet")
    hook = {"on_failure": telltale(tmp_path)}

    said = project.workbench("run", project.params("failing", **hook), "--run-id", "a", expect=2)

    line = said.splitlines()[0]
    assert line.startswith("Error: Stage attribution stopped in cell ")
    assert said.splitlines()[1].startswith(("Hint:", "    Hint:", "  ", "The executed notebook:"))
    kept = tmp_path / "outputs" / "failed" / "a"
    assert kept.is_dir()
    assert told(tmp_path) == [str(kept), f"cause: {line.removeprefix('Error: ')}"]


def test_run__that_cannot_begin_calls_somebody_too(tmp_path: Path) -> None:
    project = Project.in_folder(tmp_path)
    write_sample(tmp_path / "outputs" / "sample", opportunities=60, touches=200)
    (tmp_path / "outputs" / "sample" / "touches.parquet").unlink()
    hook = {"on_failure": telltale(tmp_path, ends_with=1)}

    said = project.workbench("run", project.params("failing", **hook), expect=2)

    first, last = said.splitlines()[0], said.splitlines()[-1]
    assert told(tmp_path) == [f"cause: {first.removeprefix('Error: ')}"]
    assert last.endswith("ended with exit code 1.")
