"""`workbench lab` as it is typed: a real JupyterLab, asked over HTTP what it has open."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, build_opener, urlopen

import nbformat
import pytest

from tests.project import Project
from workbench.errors import ParameterError
from workbench.pipeline.jupyter import jupyterlab_words
from workbench.sample import write_sample

TOKEN = "for-this-test"
PATIENCE_S = 40.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    write_sample(project.folder / "outputs" / "sample", opportunities=20, touches=40)
    return project


@pytest.fixture(scope="module")
def jupyterlab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of what `workbench lab params/demo.yaml` started, typed in a folder below."""
    own = tmp_path_factory.mktemp("jupyter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    words = ["lab", "params/demo.yaml", "--no-browser", "--allow-root"]
    options = [f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}"]
    with (own / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [str(Path(sys.executable).parent / "workbench"), *words, *options],
            cwd=project.folder / "notebooks",
            env={
                **os.environ,
                **{f"JUPYTER_{name}": str(own / name) for name in folders},
                "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + PATIENCE_S
            while True:
                said = (own / "log").read_text(encoding="utf-8")
                assert server.poll() is None, said
                assert time.monotonic() < until, said
                try:
                    urlopen(f"{address}/api", timeout=PATIENCE_S).close()
                    break
                except URLError:
                    time.sleep(0.2)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_S)


class NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def test_lab__begins_in_the_project_s_folder(jupyterlab: str) -> None:
    with urlopen(f"{jupyterlab}/api/contents?token={TOKEN}") as answer:
        names = {entry["name"] for entry in json.load(answer)["content"]}

    assert {"notebooks", "params"} <= names


def test_lab__opens_the_definition_lab_of_the_parameter_file(jupyterlab: str) -> None:
    with pytest.raises(URLError) as raised:
        build_opener(NoRedirect).open(f"{jupyterlab}/?token={TOKEN}")

    answer = raised.value
    assert answer.headers["Location"].startswith("/lab/tree/outputs/lab/demo.ipynb")
    answer.close()
    path = f"api/contents/outputs/lab/demo.ipynb?token={TOKEN}"
    with urlopen(f"{jupyterlab}/{path}") as answer:
        cells = json.load(answer)["content"]["cells"]
    injected = [cell for cell in cells if "injected-parameters" in cell["metadata"].get("tags", [])]
    assert "params/demo.yaml" in injected[0]["source"]


def test_lab__without_a_parameter_file_opens_the_lab_as_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)

    words = jupyterlab_words(None, ("--no-browser",))

    assert f"--ServerApp.root_dir={project.folder}" in words
    assert "--LabApp.default_url=/lab/tree/notebooks/lab_definitions.ipynb" in words
    assert words[-1] == "--no-browser"


def test_lab__a_copy_that_somebody_changed_stays(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    project.params("own")
    jupyterlab_words("params/own.yaml", ())
    copy = project.folder / "outputs" / "lab" / "own.ipynb"
    changed = nbformat.read(copy, as_version=4)
    changed.cells = changed.cells[:2]
    nbformat.write(changed, copy)

    jupyterlab_words("params/own.yaml", ())

    assert len(nbformat.read(copy, as_version=4).cells) == 2


def test_lab__an_unknown_parameter_file_is_said_before_anything_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)

    with pytest.raises(ParameterError, match="there is no such parameter file"):
        jupyterlab_words("params/nowhere.yaml", ())
