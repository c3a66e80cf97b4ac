"""The README and the docs say what is true: every command stands there with its real output."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tables_page import tables_page
from workbench.cli import commands
from workbench.params import RunParams

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SESSIONS = [
    match.group(1) for match in re.finditer(r"```console\n(.*?)```", README, flags=re.DOTALL)
]


def typed_commands() -> list[tuple[str, str]]:
    """Each command that the README shows typed, with the output under it."""
    found = []
    for session in SESSIONS:
        for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def as_pattern(output: str) -> str:
    """The output as a pattern: `…` stands for what differs from one run to the next."""
    return re.escape(output.strip()).replace("…", ".*?")


def test_readme__shows_every_command() -> None:
    shown = " ".join(command for command, _ in typed_commands())

    missing = [name for name in commands.commands if f"workbench {name}" not in shown]

    assert not missing


def test_readme__shows_every_option() -> None:
    options = {
        option
        for command in commands.commands.values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("-")
    }

    assert not [option for option in sorted(options) if option not in README]


def test_readme__two_commands_do_the_set_up() -> None:
    assert "python3 -m pip install uv && uv run workbench demo" in README
    assert "uv run pytest" in README


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own, so that what the README types leaves no trace here."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("notebooks", "params"):
        shutil.copytree(PROJECT / name, folder / name)
    return folder


def test_readme__prints_what_the_commands_print(project: Path) -> None:
    """The sessions in their order, as a reader would type them."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    differing = []
    for command, expected in typed_commands():
        words = shlex.split(command.removeprefix("uv run "))
        if words[0] != "workbench":
            continue
        done = subprocess.run(
            words,
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        said = done.stdout + (done.stderr if done.returncode else "")
        if not re.fullmatch(as_pattern(expected), said.strip(), flags=re.DOTALL):
            differing.append(f"$ {command}\n{said}")

    assert not differing, "\n".join(differing)


@pytest.mark.parametrize(
    "page", [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))], ids=lambda p: p.name
)
def test_docs__links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)

    assert not [target for target in targets if not (page.parent / target).exists()]


def test_docs__every_parameter_is_explained() -> None:
    text = (PROJECT / "docs" / "parameters.md").read_text(encoding="utf-8")

    explained = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))

    assert explained == set(RunParams.model_fields) - {"name"}


def test_docs__tables_are_those_of_the_contracts() -> None:
    assert (PROJECT / "docs" / "tables.md").read_text(encoding="utf-8") == tables_page()
