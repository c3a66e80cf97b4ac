"""Sources in object storage, from a server that speaks S3 over real HTTP."""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from tests.s3_server import KEY, SECRET, Bucket, serving
from workbench.contracts import Opportunities, Touches
from workbench.documents import dump_yaml
from workbench.errors import ParameterError, SourceError
from workbench.ingest import ingest, source_problems
from workbench.params import RunParams, read_params
from workbench.sources.mapping import FileFormat
from workbench.sources.object_storage import ObjectFolder

pytest.importorskip("obstore", reason="obstore is not installed: object storage is unchecked")

OPPORTUNITIES = (
    "opportunity_id,account_id,opportunity_type,stage,status,created_at,amount,currency,"
    "source_system\nO1,A1,new_business,Talk,open,2026-02-01,5.50,USD,crm\n"
    "O2,A1,new_business,Talk,open,soon,5,USD,crm\n"
)
TOUCHES = pl.DataFrame(
    {
        "touch_id": ["T1"],
        "opportunity_id": ["O1"],
        "partner_id": ["P1"],
        "touch_type": ["referral"],
        "touched_at": [datetime(2026, 1, 1, tzinfo=UTC)],
        "source_system": ["crm"],
    }
)


def parquet(frame: pl.DataFrame) -> bytes:
    file = BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


@pytest.fixture
def bucket(monkeypatch) -> Iterator[Bucket]:
    """A canonical folder `2026/q1` in the bucket `crm`, and the environment that leads there."""
    held = {
        "opportunities.csv": OPPORTUNITIES.encode(),
        "touches.parquet": parquet(TOUCHES),
        "partners.csv": b"partner_id,name,partner_type,active\nP1,Acme,reseller,yes\n",
        "accounts.csv": b"account_id,name,is_target\nA1,Alpha,no\n",
        "notes/opportunities.csv": b"something else",
    }
    bucket = Bucket({f"2026/q1/{name}": content for name, content in held.items()})
    with serving(bucket) as port:
        for name, value in bucket.environment(port).items():
            monkeypatch.setenv(name, value)
        yield bucket


def params_of(folder: Path, source: str | Path, **changes: object) -> RunParams:
    given = {
        "name": "test",
        "period": "2026-03",
        "as_of": date(2026, 3, 31),
        "read_at": datetime(2026, 4, 1, 8, tzinfo=UTC),
        "source": source,
        "definition": folder,
        "readout": None,
        "output_root": folder / "outputs",
    }
    return RunParams.model_validate(given | changes)


def refusal(name: str, url: str = "s3://crm/2026/q1") -> str:
    """What is said about an object that cannot be read; never who asked."""
    with pytest.raises(SourceError) as raised:
        ObjectFolder(url).extract(name, FileFormat()).header()
    (problem,) = raised.value.problems
    assert problem.where == f"{url}/{name}"
    assert KEY not in str(problem)
    assert SECRET not in str(problem)
    return str(problem)


def test_ingest__a_canonical_folder_in_object_storage(bucket, tmp_path):
    params = params_of(tmp_path, "s3://crm/2026/q1")
    assert source_problems(params) == []
    found = ingest(params, into=tmp_path)
    assert found.tables[Opportunities]["opportunity_id"].to_list() == ["O1"]
    assert found.tables[Touches]["touch_id"].to_list() == ["T1"]
    assert found.rejects.select("source", "row_number").rows() == [("opportunities.csv", 2)]
    hashes = dict(found.summary.select("source", "sha256").iter_rows())
    own = bucket.objects
    assert hashes == {name: sha256(own[f"2026/q1/{name}"]).hexdigest() for name in hashes}


def test_ingest__a_mapping_with_its_files_in_object_storage(bucket, tmp_path):
    header, first, second, _ = OPPORTUNITIES.split("\n")
    bucket.objects["2026/q1/deals/jan.csv"] = f"{header}\n{first}\n".encode()
    bucket.objects["2026/q1/deals/feb.csv"] = f"{header}\n{second}\n".encode()
    columns = {name: name for name in header.split(",")}
    tables = {
        "opportunities": {"from": {"file": "deals/*.csv", "columns": columns}},
        "touches": "empty",
        "partners": {
            "from": {
                "file": "partners.csv",
                "columns": {c: c for c in ("partner_id", "name", "partner_type", "active")},
            }
        },
        "accounts": {
            "from": {
                "file": "accounts.csv",
                "columns": {c: c for c in ("account_id", "name", "is_target")},
            }
        },
    }
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(dump_yaml({"tables": tables}), encoding="utf-8")
    params = params_of(tmp_path, mapping, source_folder="s3://crm/2026/q1")

    summary = ingest(params, into=tmp_path).summary.filter(pl.col("table") == "opportunities")

    assert summary.select("source", "rows_read", "rows_rejected").rows() == [
        ("deals/feb.csv", 1, 1),
        ("deals/jan.csv", 1, 0),
    ]


def test_matching__names_over_several_pages(bucket):
    folder = ObjectFolder("s3://crm/2026/q1")
    assert folder.matching("*.csv") == ["accounts.csv", "opportunities.csv", "partners.csv"]
    assert folder.matching("notes/*") == ["notes/opportunities.csv"]
    assert folder.matching("*.xlsx") == []


def test_header__of_csv_only_the_beginning_is_fetched(bucket):
    bucket.objects["2026/q1/large.csv"] = b"a,b\n" + b"1,2\n" * 10_000_000
    extract = ObjectFolder("s3://crm/2026/q1").extract("large.csv", FileFormat())
    assert extract.header() == ["a", "b"]
    assert bucket.asked == {"2026/q1/large.csv": 1}
    assert bucket.sent["2026/q1/large.csv"] < 39_000_000


def test_land__a_connection_that_breaks_is_taken_up_again(bucket, tmp_path):
    content = b"a,b\n" + b"1,2\n" * 50_000
    bucket.objects["2026/q1/t.csv"] = content
    bucket.interrupted["2026/q1/t.csv"] = 150_000
    landed = ObjectFolder("s3://crm/2026/q1").extract("t.csv", FileFormat()).land(tmp_path)
    assert landed.sha256 == sha256(content).hexdigest()
    assert pl.read_parquet(landed.path).height == 50_000
    assert bucket.asked == {"2026/q1/t.csv": 2}


def test_header__a_file_that_cannot_be_read_is_named_by_its_url(bucket):
    bucket.objects["2026/q1/t.csv"] = b"a;b\n"
    assert "one column in which ';' stands" in refusal("t.csv")
    bucket.objects["2026/q1/t.xlsx"] = b"no workbook"
    assert "cannot be read as an Excel workbook" in refusal("t.xlsx")


def test_header__no_such_object_pattern_or_bucket(bucket):
    missing = "there is no such object, or no such bucket."
    assert missing in refusal("none.csv")
    assert missing in refusal("t.csv", "s3://other")
    assert "no object fits this pattern." in refusal("none_*.csv")


def test_header__refused_credentials(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONG")
    said = refusal("accounts.csv")
    assert "the store refuses the credentials of the environment." in said
    assert "AKIAWRONG" not in said


def test_source_problems__a_store_that_does_not_answer_is_one_problem(
    bucket, monkeypatch, tmp_path
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (problem,) = source_problems(params_of(tmp_path, "s3://crm/2026/q1"))
    assert problem.where == "s3://crm/2026/q1"
    assert "the store does not answer, or is not told who" in problem.what


def test_source_problems__the_package_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "obstore", None)
    (problem,) = source_problems(params_of(tmp_path, "s3://crm/2026/q1"))
    assert problem.hint == "install 'partner-revenue-workbench[objects]'."


def test_source_problems__an_empty_folder(bucket, tmp_path):
    (problem,) = source_problems(params_of(tmp_path, "s3://crm/2027"))
    assert "no file is named after a table" in problem.what


def test_source_problems__another_bucket(bucket, tmp_path):
    (problem,) = source_problems(params_of(tmp_path, "s3://other/q1"))
    assert problem.where == "s3://other/q1"
    assert "there is no such object, or no such bucket." in problem.what


def test_source_problems__refused_credentials(bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONG")
    (problem,) = source_problems(params_of(tmp_path, "s3://crm/2026/q1"))
    assert "the store refuses the credentials of the environment." in problem.what
    assert "AKIAWRONG" not in str(problem)


def test_read_params__a_url_is_no_path_and_holds_no_credentials(tmp_path):
    (tmp_path / "any.yaml").write_text(
        "{id: any, version: 1, title: Any, basis: crm_field}", encoding="utf-8"
    )
    path = tmp_path / "p.yaml"
    given = {"period": "2026-03", "definition": "any.yaml", "readout": "none"}
    path.write_text(dump_yaml({**given, "source": "gs://crm/2026/q1/"}), encoding="utf-8")
    params = read_params(path)
    assert params.source == "gs://crm/2026/q1"
    assert "source: gs://crm/2026/q1\n" in params.to_yaml()
    for wrong in ("s3://AKIAX:secret@crm/q1", "ftp://crm/q1", "s3:///q1"):
        with pytest.raises(ParameterError, match="is no URL in object storage") as raised:
            read_params(path, {"source": wrong})
        assert wrong not in str(raised.value)
        assert "secret" not in str(raised.value)
