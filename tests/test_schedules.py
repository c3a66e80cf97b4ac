"""The ready files of docs/schedules: they name what exists, and do what they say."""

import ast
import os
import re
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from papermill import inspect_notebook
from ruamel.yaml import YAML

from workbench.cli import commands

PROJECT = Path(__file__).parent.parent
FOLDER = PROJECT / "docs" / "schedules"
FILES = sorted(path for path in FOLDER.iterdir() if path.is_file())
PAGE = PROJECT / "docs" / "scheduling.md"
STUB = '#!/bin/sh\nprintf "%s\\n" "$@"\ncat 2>/dev/null < /dev/stdin || true\n'


def texts() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (*FILES, PAGE)}


def last_month() -> str:
    return f"{date.today().replace(day=1) - timedelta(days=1):%Y-%m}"  # noqa: DTZ011


def program(path: Path) -> None:
    """A program that prints its words, and what is piped into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STUB, encoding="utf-8")
    path.chmod(0o755)


def typed(folder: Path, *words: str, **environment: str) -> list[str]:
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_schedules__each_is_explained() -> None:
    named = set(re.findall(r"\(schedules/([\w.-]+)\)", PAGE.read_text(encoding="utf-8")))

    assert named == {path.name for path in FILES}


def test_schedules__name_commands_and_options_that_exist() -> None:
    found = 0
    for name, text in texts().items():
        for words in re.findall(r"bin/workbench (.*)|run workbench (.*)|`workbench (.*?)`", text):
            command, *rest = next(filter(None, words)).split()
            assert command in commands.commands, name
            options = {o for p in commands.commands[command].params for o in p.opts}
            assert {word for word in rest if word.startswith("-")} <= options, name
            assert all((PROJECT / w).exists() for w in rest if w.startswith("params/")), name
            found += 1
    assert found >= 7


@pytest.mark.skipif(os.name == "nt", reason="scripts of a Unix shell")
def test_schedules__scripts_do_what_they_say(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.sh"):
        shutil.copy(path, tmp_path)
    program(tmp_path / ".venv" / "bin" / "workbench")
    program(tmp_path / "bin" / "mail")
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"

    run = typed(tmp_path.parent, str(tmp_path / "monthly.sh"))
    published = typed(tmp_path, "./publish.sh", "outputs/runs/a")
    said = typed(tmp_path, "./notify.sh", "me", "failed/a", WORKBENCH_CAUSE="Why.", PATH=path)
    unkept = typed(tmp_path, "./notify.sh", "me", WORKBENCH_CAUSE="Why.", PATH=path)

    assert run == ["run", "params/monthly.yaml", "-p", f"period={last_month()}"]
    assert published[:3] == ["publish", "outputs/runs/a", "WAREHOUSE"]
    assert said[-3:] == ["me", "Why.", "failed/a"]
    assert unkept[-2:] == ["Why.", "No folder was kept."]


def test_schedules__cron_starts_the_script() -> None:
    lines = [line for line in texts()["crontab"].splitlines() if re.match(r"[\d*]", line)]

    fields = [line.split(maxsplit=5) for line in lines]
    assert [field[:5] for field in fields] == [["0", "6", "2", "*", "*"]]
    assert "monthly.sh" in fields[0][5]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_schedules__systemd_accepts_its_units(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "monthly.sh", tmp_path)
    shutil.copy(FOLDER / "partner-revenue.timer", tmp_path)
    service = texts()["partner-revenue.service"].replace("/srv/partner-revenue", str(tmp_path))
    (tmp_path / "partner-revenue.service").write_text(service, encoding="utf-8")

    units = ("partner-revenue.timer", "partner-revenue.service")
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / unit) for unit in units)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stderr


def test_schedules__the_workflow_runs_and_publishes() -> None:
    workflow = YAML(typ="safe").load(texts()["github-actions.yml"])

    steps = workflow["jobs"]["run"]["steps"]
    assert [entry["cron"] for entry in workflow["on"]["schedule"]] == ["0 6 2 * *"]
    assert steps[0]["with"] == {"clean": False}
    assert "workbench run" in steps[2]["run"]
    assert "workbench publish" in steps[3]["run"]


def test_schedules__the_papermill_tasks_name_the_notebooks_and_their_parameters() -> None:
    tree = ast.parse(texts()["airflow_papermill_dag.py"])
    names = {
        node.targets[0].id: node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)
    }
    notebooks = [PROJECT / "notebooks" / f"{n}.ipynb" for n in ast.literal_eval(names["NOTEBOOKS"])]
    given = [
        {key.value for key in keyword.value.keys}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "parameters"
    ]

    assert notebooks == sorted((PROJECT / "notebooks").glob("0*.ipynb"))
    assert all(set(inspect_notebook(str(path))) == given[0] for path in notebooks)


def test_schedules__the_dags_are_python() -> None:
    for path in FOLDER.glob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
