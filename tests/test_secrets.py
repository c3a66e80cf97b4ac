"""A secret in the environment gets into no output: not on the screen, not in any file of a run."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import polars as pl
import pytest
from pypdf import PdfReader

from tests.crm_servers import SalesforceServer, running
from tests.databases import PASSWORD, PostgreSQL, running_postgresql
from tests.project import Project
from tests.unit import test_hubspot as hubspot
from tests.unit import test_salesforce as salesforce
from workbench.sample import write_sample
from workbench.sample.postgresql import load_sample

WRONG = "n0t+the=Password"
# Every variable that holds one stands in the environment of every command, used or not.
TOKENS = {
    "SALESFORCE_ACCESS_TOKEN": "00Dsalesforce!T0ken.x",
    "HUBSPOT_ACCESS_TOKEN": "pat-hubspot-T0ken-y",
}
SECRETS = (PASSWORD, WRONG, *TOKENS.values())
COMMANDS = {
    "check": ("check", "params/small.yaml"),
    "run": ("run", "params/small.yaml"),
    "why": ("why", "params/small.yaml", "OPP-00001"),
    "check, wrong password": ("check", "params/small.yaml"),
    "run, wrong password": ("run", "params/small.yaml"),
    "run, a query fails": ("run", "params/query_fails.yaml"),
    "run, a later stage fails": ("run", "params/stage_fails.yaml"),
    "run, from Salesforce": ("run", "params/salesforce.yaml"),
    "run, from HubSpot": ("run", "params/hubspot.yaml"),
    "run, Salesforce refuses": ("run", "params/salesforce.yaml"),
    "run, HubSpot refuses": ("run", "params/hubspot.yaml"),
}
LATEST = {"small", "salesforce", "hubspot"}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def project(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small sample company in the database, and mappings that work, and that do not."""
    sample = tmp_path_factory.mktemp("sample") / "small"
    write_sample(sample, opportunities=60, touches=200)
    load_sample(sample, postgresql.admin)
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    sources = project.folder / "params" / "sources"
    mapping = (sources / "postgresql.yaml").read_text(encoding="utf-8")
    # The header can be had, the rows cannot: it fails in the notebook.
    failing = '"select *, 1 / (length(touch_id) - length(touch_id)) as x from touches"'
    variants = {
        "small": mapping,
        "query_fails": mapping.replace("select * from touches", failing),
        "stage_fails": mapping.replace("from fx_rates", "from fx_rates where currency = 'XXX'"),
        "salesforce": salesforce.MAPPING,
        "hubspot": hubspot.MAPPING,
    }
    for name, text in variants.items():
        (sources / f"{name}.yaml").write_text(text, encoding="utf-8")
        project.params(name, source=f"params/sources/{name}.yaml")
    return project


@pytest.fixture(scope="module")
def said(project: Project, postgresql: PostgreSQL) -> dict[str, tuple[int, str]]:
    """The exit code of each command, and all that it printed."""
    results = {}
    sales = SalesforceServer(TOKENS["SALESFORCE_ACCESS_TOKEN"], salesforce.SALES)
    deals = hubspot.one_won_deal(TOKENS["HUBSPOT_ACCESS_TOKEN"])
    with running(sales) as of_sales, running(deals) as of_deals:
        for name, words in COMMANDS.items():
            if "refuses" in name:
                sales.token = deals.token = "another token"
            password = WRONG if "wrong password" in name else PASSWORD
            addresses = {
                "SAMPLE_DATABASE": postgresql.uri(password),
                "SALESFORCE_INSTANCE_URL": of_sales,
                "HUBSPOT_API_URL": of_deals,
            }
            results[name] = typed(project, words, addresses)
    return results


def typed(project: Project, words: tuple[str, ...], addresses: dict[str, str]) -> tuple[int, str]:
    scripts = Path(sys.executable).parent
    path = {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(scripts / "workbench"), *words],
        cwd=project.folder,
        env={**os.environ, **TOKENS, **path, **addresses},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def content(path: Path) -> bytes:
    """What a file says, unpacked where it is packed."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path).write_ndjson().encode()
    if path.suffix == ".pdf":
        return "".join(page.extract_text() for page in PdfReader(path).pages).encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    return path.read_bytes()


def told(text: bytes) -> list[str]:
    """The secrets that a text tells, as they are or as a URI writes them."""
    return [
        secret
        for secret in SECRETS
        for form in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
        if form.encode() in text
    ]


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("check", 0, "nothing wrong"),
        ("run", 0, "is done"),
        ("why", 0, "OPP-00001"),
        ("check, wrong password", 2, "password authentication failed"),
        ("run, wrong password", 2, "password authentication failed"),
        ("run, a query fails", 2, "division by zero"),
        ("run, a later stage fails", 2, "Stage attribution stopped"),
        ("run, from Salesforce", 0, "is done"),
        ("run, from HubSpot", 0, "is done"),
        ("run, Salesforce refuses", 2, "SALESFORCE_ACCESS_TOKEN"),
        ("run, HubSpot refuses", 2, "HUBSPOT_ACCESS_TOKEN"),
    ],
)
def test_secrets__are_not_on_the_screen(
    command: str, code: int, words: str, said: dict[str, tuple[int, str]]
) -> None:
    ended, text = said[command]

    assert ended == code, text
    assert words in text
    assert "Traceback" not in text
    assert told(text.encode()) == []


def test_secrets__are_in_no_file(project: Project, said: dict[str, tuple[int, str]]) -> None:
    files = sorted(project.files())

    outputs = project.folder / "outputs"
    assert {path.name.split("-")[0] for path in (outputs / "failed").iterdir()} == {"stage_fails"}
    assert {path.name for path in (outputs / "latest").iterdir()} == LATEST
    assert {".html", ".ipynb", ".json", ".parquet", ".pdf", ".yaml"} <= {p.suffix for p in files}
    assert {str(path): told(content(path)) for path in files if told(content(path))} == {}


@pytest.mark.parametrize("form", [PASSWORD, quote(PASSWORD, safe="")])
def test_search__finds_a_secret_that_is_there(form: str, tmp_path: Path) -> None:
    """The searches above would find nothing either if they could not."""
    pl.DataFrame({"row": [[f"postgresql://ann:{form}@host"]]}).write_parquet(tmp_path / "a.parquet")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("sheet.xml", f"<v>{form}</v>")
    (tmp_path / "c.json").write_text(form, encoding="utf-8")

    assert [told(content(path)) for path in sorted(tmp_path.iterdir())] == [[PASSWORD]] * 3
