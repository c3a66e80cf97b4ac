"""A sealed quarter: it verifies to the cent, shows every change, and has a bridge to today."""

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.project import Project
from workbench.documents import dump_yaml, load_yaml
from workbench.errors import RunError, SealError
from workbench.sample import write_sample
from workbench.sealing import run_folder, seal_run, verify

SOURCE = "outputs/company"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.in_folder(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def params(project: Project) -> str:
    write_sample(project.folder / SOURCE)
    return project.params("quarter", source=SOURCE)


@pytest.fixture(scope="module")
def reported(project: Project, params: str) -> Path:
    """The folder of the run that reported the quarter."""
    project.workbench("run", params, "--run-id", "reported")
    return project.latest("quarter")


@pytest.fixture(scope="module")
def sealed(project: Project, params: str, reported: Path) -> Path:
    said = project.workbench("seal", params)

    folder = project.folder / "outputs" / "sealed" / reported.name
    assert str(folder) in said
    return folder


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    """A copy of the sealed folder that may be written."""
    folder = tmp_path / sealed.name
    shutil.copytree(sealed, folder)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def table(run: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(run / "tables" / f"{name}.parquet")


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_seal__holds_the_whole_run_and_what_it_came_from(sealed: Path, reported: Path) -> None:
    seal = json.loads((sealed / "seal.json").read_text(encoding="utf-8"))

    manifest = json.loads((reported / "manifest.json").read_text(encoding="utf-8"))
    assert seal["files"] == {
        **manifest["files"],
        "manifest.json": hashlib.sha256((reported / "manifest.json").read_bytes()).hexdigest(),
    }
    assert seal["inputs"] == manifest["inputs"]
    assert {"readout/readout.pdf", "definitions/timing.yaml", "quarter.yaml"} <= set(seal["files"])
    kept, name = (sealed / "seal.sha256").read_text(encoding="utf-8").split()
    assert (kept, name) == (hashes(sealed)[str(sealed / "seal.json")], "seal.json")
    assert all(path.stat().st_mode & 0o222 == 0 for path in sealed.rglob("*") if path.is_file())


def test_seal__twice_is_an_error_and_again_gives_the_same_bytes(
    project: Project, sealed: Path, reported: Path, tmp_path: Path
) -> None:
    said = project.workbench("seal", reported.name, expect=2)
    assert "it is sealed already" in said

    elsewhere = tmp_path / "outputs" / "runs" / reported.name
    shutil.copytree(reported, elsewhere)
    again = seal_run(elsewhere)

    assert again.zip_file.read_bytes() == sealed.with_name(f"{sealed.name}.zip").read_bytes()


def test_seal__a_run_that_was_altered_or_is_not_finished_is_an_error(
    reported: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / reported.name
    shutil.copytree(reported, run)
    (run / "readout" / "readout.pdf").write_bytes(b"another page")
    (run / "tables" / "metrics.parquet").unlink()
    (run / "tables" / "wishes.parquet").write_bytes(b"")

    with pytest.raises(SealError) as caught:
        seal_run(run)

    assert str(caught.value).splitlines()[1:] == [
        "  readout/readout.pdf is changed.",
        "  tables/metrics.parquet is missing.",
        "  tables/wishes.parquet was not there.",
    ]
    assert not (tmp_path / "sealed").exists()
    (run / "manifest.json").unlink()
    with pytest.raises(RunError, match="is not finished"):
        run_folder(str(run))
    with pytest.raises(RunError, match="there is no such run"):
        run_folder("nowhere")


def test_verify__a_sealed_run_agrees_as_folder_and_as_zip(project: Project, sealed: Path) -> None:
    before = hashes(sealed)

    for path in (sealed, sealed.with_name(f"{sealed.name}.zip")):
        said = project.workbench("verify", str(path))
        assert "its figures hold" in said

    assert hashes(sealed) == before
    assert verify(sealed).row_count > 5000


def test_verify__one_byte_of_any_file_is_found(copy: Path) -> None:
    for path in sorted(p for p in copy.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if not content:
            continue
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        with pytest.raises(SealError, match=path.name):
            verify(copy)
        path.write_bytes(content)

    assert verify(copy).file_count > 40


def test_verify__a_missing_and_an_added_file_are_named(project: Project, copy: Path) -> None:
    (copy / "tables" / "touches.parquet").unlink()
    (copy / "notes.txt").write_text("later", encoding="utf-8")

    said = project.workbench("verify", str(copy), expect=1)

    assert "2 differences" in said
    assert "tables/touches.parquet is missing." in said
    assert "notes.txt was not there." in said


def test_verify__a_byte_anywhere_in_the_zip_is_found(sealed: Path, tmp_path: Path) -> None:
    whole = sealed.with_name(f"{sealed.name}.zip").read_bytes()
    path = tmp_path / f"{sealed.name}.zip"
    for place in [*range(0, len(whole), len(whole) // 40), len(whole) - 30, len(whole) - 3000]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises((SealError, RunError)):
            verify(path)

    path.write_bytes(whole + b"more")
    with pytest.raises(SealError, match="what holds them together"):
        verify(path)


def test_verify__a_forged_figure_is_found_though_every_hash_fits(copy: Path) -> None:
    metrics = table(copy, "metrics")
    is_headline = (
        (pl.col("metric") == "bookings")
        & (pl.col("period") == "2026-Q4")
        & (pl.col("classification") == "sourced")
        & (pl.col("dimension") == "all")
    )
    forged = metrics.with_columns(
        pl.when(is_headline).then(pl.col("value") + 0.01).otherwise("value")
    )
    forged.write_parquet(copy / "tables" / "metrics.parquet")
    seal = json.loads((copy / "seal.json").read_text(encoding="utf-8"))
    fresh = hashlib.sha256((copy / "tables" / "metrics.parquet").read_bytes()).hexdigest()
    seal["files"]["tables/metrics.parquet"] = fresh
    (copy / "seal.json").write_text(json.dumps(seal), encoding="utf-8")
    line = f"{hashlib.sha256((copy / 'seal.json').read_bytes()).hexdigest()}  seal.json\n"
    (copy / "seal.sha256").write_text(line, encoding="utf-8")

    with pytest.raises(SealError, match=r"metrics: 1 of [\d,]+ rows .* bookings, timing, 2026-Q4"):
        verify(copy)


def test_verify__what_is_no_seal_is_the_users_mistake(
    project: Project, reported: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.pdf").write_bytes(b"%PDF")

    for path in (reported, tmp_path / "page.pdf", tmp_path / "nowhere"):
        assert "Hint: name a folder or a zip" in project.workbench("verify", str(path), expect=2)


@pytest.fixture(scope="module")
def again(project: Project, params: str, reported: Path, sealed: Path) -> Path:
    """The same quarter once four things have changed: an amount, a touch, a window and a rate."""
    classes = table(reported, "opportunity_attribution")
    opportunities = table(reported, "opportunities").select("opportunity_id", "currency")
    start, end = datetime(2026, 8, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)
    won = classes.join(opportunities, on="opportunity_id").filter(
        pl.col("closed_at").is_between(start, end, closed="left"),
        status="won",
    )
    source = project.folder / SOURCE
    nearest = won.filter(classification="sourced", currency="USD").sort("days_to_created")
    edited = nearest["opportunity_id"][-1]
    _edit(
        source / "opportunities.parquet",
        amount=pl.when(pl.col("opportunity_id") == edited)
        .then(pl.col("amount") + Decimal("1000.00"))
        .otherwise("amount"),
    )
    direct = won.filter(classification="direct", opportunity_type="new_business")
    touched = direct.row(0, named=True)
    touches = pl.read_parquet(source / "touches.parquet")
    late = touches.filter(
        pl.col("evidence_url").is_not_null(), touch_type="introduction"
    ).head(1).with_columns(
        touch_id=pl.lit("TCH-LATE"),
        opportunity_id=pl.lit(touched["opportunity_id"]),
        account_id=pl.lit(None, pl.String),
        touched_at=pl.lit(touched["created_at"] - timedelta(days=1)),
        logged_at=pl.lit(None, touches["logged_at"].dtype),
    )  # fmt: skip
    pl.concat([touches, late]).write_parquet(source / "touches.parquet")
    partnered = won.filter(pl.col("currency") != "USD", pl.col("classification") != "direct")
    currency = partnered["currency"][0]
    _edit(
        source / "fx_rates.parquet",
        rate=pl.when(pl.col("currency") == currency)
        .then((pl.col("rate") * Decimal("1.25")).cast(pl.Decimal(38, 18)))
        .otherwise("rate"),
    )
    file = project.folder / "params" / "definitions" / "timing.yaml"
    content = load_yaml(file)
    content["version"] = 2
    content["rules"][0]["from"] = "created - 60d"
    file.write_text(dump_yaml(content), encoding="utf-8")

    project.workbench("run", params, "--run-id", "again")
    return project.latest("quarter")


def _edit(path: Path, **columns: pl.Expr) -> None:
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)


def test_restatement__four_changes_are_four_parts_that_add_up(again: Path, reported: Path) -> None:
    bridge = table(again, "restatement").filter(metric="bookings")

    assert set(bridge["part"]) == {"definition", "touches_added", "amounts", "rates"}
    assert set(bridge["period"]) == {"2026-Q4"}
    for role in ("sourced", "influenced"):
        was, now = (_bookings(run, role) for run in (reported, again))
        assert was + bridge.filter(classification=role)["change"].sum() == now, role
    ids = {part: set(own["opportunity_id"]) for (part,), own in bridge.group_by("part")}
    assert [len(ids[part]) for part in ("definition", "touches_added", "amounts")] == [1, 1, 1]
    assert bridge.filter(part="amounts")["change"].to_list() == [1000]


def _bookings(run: Path, role: str) -> Decimal:
    """Sourced or influenced bookings of the quarter, summed here from the opportunities."""
    start, end = datetime(2026, 8, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)
    won = table(run, "opportunity_attribution").filter(
        pl.col("closed_at").is_between(start, end, closed="left"),
        status="won",
        classification=role,
    )
    return Decimal(won["amount_reporting"].sum())


def test_metrics__what_was_reported_stands_beside_what_is_true_now(
    again: Path, reported: Path
) -> None:
    metrics = table(again, "metrics")

    sealed = metrics.filter(basis="as_reported").drop("basis")
    assert sealed.equals(
        table(reported, "metrics").filter(dimension="all", period="2026-Q4").drop("basis")
    )
    row = table(again, "sealed_periods").row(0, named=True)
    assert (row["run_id"], row["definition_version"]) == ("reported", 1)
    assert table(reported, "sealed_periods").is_empty()


def test_pages__say_that_the_definition_changed(again: Path) -> None:
    said = (again / "html" / "04_metrics.html").read_text(encoding="utf-8")

    assert "rules.0.from: created - 365d -&gt; created - 60d" in said
    assert "Reported under another definition: Q4 FY2026 under timing, version 1." in said
    assert 'aria-label="Bookings of Q4 FY2026, as reported and today' in said


def test_run__stops_where_a_seal_is_broken(
    project: Project, params: str, again: Path, sealed: Path
) -> None:
    page = sealed / "readout" / "readout.pdf"
    kept = page.read_bytes()
    page.chmod(0o644)
    page.write_bytes(kept + b"more")

    try:
        said = project.workbench("run", params, "--from", "metrics", "--run-id", "x", expect=1)
    finally:
        page.write_bytes(kept)

    assert "readout/readout.pdf is changed." in said
