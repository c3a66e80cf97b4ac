"""The definition lab as an analyst meets it: a real JupyterLab, in a real browser."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.project import Project
from workbench.definitions import read_definition
from workbench.sample import write_sample

TOKEN = "for-this-test"
PATIENCE_S = 40.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        said = f"The lab's test needs a browser: none of {', '.join(BROWSERS)} is installed."
        if os.environ.get("CI"):
            pytest.fail(f"{said} In CI it must not be left out.")
        pytest.skip(said)
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a small sample company and no run: the lab reads the source itself."""
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    write_sample(project.folder / "outputs" / "sample", opportunities=400, touches=2000)
    return project


@pytest.fixture(scope="module")
def jupyterlab(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab of its own on that project, without news and settings."""
    own = tmp_path_factory.mktemp("jupyter")
    silent = own / "settings" / "@jupyterlab" / "apputils-extension"
    silent.mkdir(parents=True)
    (silent / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scripts = Path(sys.executable).parent
    log = (own / "log").open("w", encoding="utf-8")
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={TOKEN}",
        ],
        cwd=project.folder,
        env={
            **os.environ,
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "IPYTHONDIR": str(own / "ipython"),
            "JUPYTER_CONFIG_DIR": str(own / "config"),
            "JUPYTER_DATA_DIR": str(own / "data"),
            "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(address, server, own / "log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)
        log.close()


def wait_until_it_answers(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(int(PATIENCE_S * 5)):
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            urlopen(f"{address}/api", timeout=PATIENCE_S).close()
        except URLError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def page(chromium: str, jupyterlab: str) -> Iterator[Page]:
    """The lab's notebook, open in JupyterLab with all its cells run."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1500, "height": 2600})
        page.set_default_timeout(PATIENCE_S * 1000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        page.goto(f"{jupyterlab}/lab/tree/notebooks/lab_definitions.ipynb?token={TOKEN}&reset")
        page.locator("h1", has_text="The definition lab").first.wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.get_by_role("button", name="Write the definition file").wait_for()
        yield page
        browser.close()


def by_class(page: Page) -> Locator:
    """The table of totals by class."""
    return page.locator("table", has_text="By class")


def sourced(page: Page) -> list[str]:
    """What the totals say of sourced: opportunities and amount before, and now, and the change."""
    row = by_class(page).locator("tr", has_text="sourced").first
    return row.inner_text().split("\t")


def test_lab__a_knob_moves_the_totals_and_the_button_writes_the_file(
    page: Page, project: Project
) -> None:
    expect(by_class(page)).to_be_visible()
    at_the_start = sourced(page)
    assert at_the_start[1:3] == at_the_start[3:5]

    page.get_by_label("evidence required").click()
    expect(page.locator("table", has_text="What moved").locator("tbody tr").first).to_be_visible()
    without_gate = sourced(page)

    assert without_gate[1:3] == at_the_start[1:3]
    assert without_gate[3:5] != at_the_start[3:5]
    expect(page.locator("table", has_text="Swing").locator("tbody tr").first).to_be_visible()

    days = page.locator(".widget-slider", has_text="Days before creation")
    days.locator(".widget-readout").fill("20")
    days.locator(".widget-readout").press("Enter")
    expect(page.get_by_text("from 20 days before").first).to_be_visible()
    assert sourced(page)[3:5] != without_gate[3:5]

    page.get_by_label("New id").fill("timing_20d")
    page.get_by_label("Its title").fill("Partner acted in the 20 days before")
    page.get_by_role("button", name="Write the definition file").click()
    expect(page.get_by_text("Written: definitions/timing_20d.yaml")).to_be_visible()

    written = read_definition(project.folder / "params" / "definitions" / "timing_20d.yaml")
    assert (written.version, written.approvals) == (1, ())
    assert str(written.rules[0].start) == "created - 20d"
    assert written.gates.evidence == "optional"

    page.get_by_role("button", name="Write the definition file").click()
    expect(page.get_by_text("exists already")).to_be_visible()
