"""Whatever a source holds, ingest ends in an answer: every row accepted or rejected, or one error.

`FUZZ_SEED=11 pytest tests/properties/test_fuzz_sources.py` draws other cases; a failure names its
own.
"""

import codecs
import csv
import io
import json
import os
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from tests.project import REPOSITORY, Project
from tests.properties.mutations import (
    KINDS,
    Table,
    cut,
    flipped,
    json_lines,
    mutated_document,
    mutated_file,
    read_tables,
    some_rows,
    with_mutated_rows,
)
from workbench.contracts import CANONICAL_TABLES, REQUIRED_TABLES
from workbench.documents import dump_yaml, load_yaml
from workbench.errors import InputError
from workbench.ingest import Ingested, ingest, source_problems
from workbench.params import RunParams
from workbench.sample import write_sample
from workbench.sources import parts
from workbench.tables import read_table

SEED = int(os.environ.get("FUZZ_SEED", "3"))
REQUIRED = {contract.table_name() for contract in REQUIRED_TABLES}
CONTRACTS = {contract.table_name(): contract for contract in CANONICAL_TABLES}
ROWS_PER_BATCH = 1_250
BATCHES = {  # form of the source → seeds of its batches; 8 × 1,250 rows
    "folder": (0, 1),
    "folder in small batches": (2, 3),
    "JSON Lines": (4, 5),
    "mapping": (6, 7),
}
SHIPPED = REPOSITORY / "params" / "sources"
MAPPINGS = 25  # a file
FILES_PER_KIND = 34  # six kinds: 204 files
MAPPING = """
tables:
  accounts: {from: {file: accounts.csv, columns: {account_id: account_id, name: [name, domain],
    is_target: {from: is_target, words: {"true": true, "false": false}, missing: false}}}}
  partners: {from: {file: partners.tsv, columns: {partner_id: {from: partner_id, missing: "?"},
    name: name, active: {value: true},
    partner_type: {from: partner_type, otherwise: technology, words: {reseller: reseller}}}}}
  opportunities:
    from:
      file: opportunities.csv
      lookups:
        account: {file: accounts.csv, on: account_id}
        partner: {file: partners.tsv, on: {crm_partner_id: partner_id}}
      exclude:
        - {where: {stage: [null, "=1+1"]}, reason: no stage}
      columns:
        opportunity_id: opportunity_id
        account_id: [account.parent_account_id, account_id]
        name: {join: [name, partner.name]}
        opportunity_type: {from: opportunity_type, when: {status: {not: null}}}
        stage: stage
        status: {from: status, words: {won: won, lost: lost, open: null}, missing: open}
        created_at:
          {from: created_at, formats: ["%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d", epoch_ms, excel]}
        closed_at: {from: closed_at, timezone: America/New_York}
        amount: {from: amount, numbers: "1250.50 €", divide_by: 100}
        probability: {from: probability, divide_by: 100}
        currency: {from: currency, missing: USD}
        crm_partner_id: {from: crm_partner_id, integer: true}
        source_system: {value: crm}
  touches:
    from:
      - &part
        file: touches.csv
        where: {touch_type: [referral, co_sell, introduction, won]}
        columns: {touch_id: touch_id, opportunity_id: opportunity_id, partner_id: partner_id,
          touch_type: touch_type, touched_at: touched_at, source_system: source_system}
      - <<: *part
        where: {touch_type: {not: [referral, co_sell, introduction, won]}}
  program_costs:
    combine: {amount: sum, incurred_on: earliest, category: of_largest_amount}
    from: {file: program_costs.csv, columns: {cost_id: partner_id, incurred_on: incurred_on,
      category: category, amount: amount, currency: {value: EUR}}}
"""


@dataclass(frozen=True)
class Source:
    """A folder with a source in it, and where its tables go."""

    folder: Path
    source: Path

    @property
    def params(self) -> RunParams:
        return RunParams.model_validate(
            {
                "name": "fuzz",
                "period": "2026-03",
                "as_of": date(2026, 3, 31),
                "read_at": datetime(2026, 4, 1, 8, tzinfo=UTC),
                "source": self.source,
                "definition": self.source,
                "readout": None,
                "output_root": self.folder / "outputs",
            }
        )

    @property
    def tables(self) -> Path:
        path = self.folder / "tables"
        path.mkdir(exist_ok=True)
        return path


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> list[Table]:
    folder = tmp_path_factory.mktemp("company")
    write_sample(folder, opportunities=250, touches=900, seed=7, format="csv")
    return read_tables(folder)


def canonical_mapping(tables: list[Table], file_of: dict[str, str], **files: Any) -> str:
    """A mapping that takes every column of every table as it is."""
    parts_of = {
        table.name: {
            "from": {
                "file": file_of.get(table.name, f"{table.name}.csv"),
                "columns": {name: name for name in table.header},
            }
        }
        for table in tables
    }
    return dump_yaml({"tables": parts_of} | ({"files": files} if files else {}))


# 10,000 rows


def rows_source(form: str, rng: np.random.Generator, tables: list[Table], folder: Path) -> Source:
    if form == "JSON Lines":
        for table in tables:
            text = json_lines(rng, table)
            (folder / f"{table.name}.jsonl").write_text(text, encoding="utf-8")
        files = {table.name: f"{table.name}.jsonl" for table in tables}
        mapping = canonical_mapping(tables, files)
        (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
        return Source(folder, folder / "mapping.yaml")
    for table in tables:
        # Written byte by byte: a text file would turn line breaks within cells into its own.
        (folder / f"{table.name}.csv").write_bytes(table.csv().encode())
        if table.name == "partners":
            (folder / "partners.tsv").write_bytes(table.csv(delimiter="\t").encode())
    if form != "mapping":
        return Source(folder, folder)
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return Source(folder, folder / "mapping.yaml")


@pytest.mark.parametrize(
    ("form", "batch"), [(form, batch) for form, batches in BATCHES.items() for batch in batches]
)
def test_rows__each_is_accepted_or_rejected_with_a_reason(company, tmp_path, form, batch):
    rng = np.random.default_rng([SEED, batch])
    tables = [with_mutated_rows(rng, some_rows(rng, table, 260)) for table in company]
    assert sum(len(table.rows) for table in tables) >= ROWS_PER_BATCH
    source = rows_source(form, rng, tables, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        if form == "folder in small batches":
            patch.setattr(parts, "BATCH_ROWS", 29)
        found = ingest(source.params, into=source.tables)
    must_conserve(found, source, combined={"program_costs"} if form == "mapping" else ())
    read = dict(found.summary.group_by("table").agg(pl.col("rows_read").sum()).iter_rows())
    mapped = CONTRACTS if form != "mapping" else read
    assert read == {t.name: len(t.rows) for t in tables if t.name in mapped}
    assert found.summary["rows_accepted"].sum() > 0
    if form.startswith("folder"):
        for table in tables:
            must_say_what_the_file_said(found, table)


def must_conserve(found: Ingested, source: Source, *, combined: Collection[str] = ()) -> None:
    """Rows read are rows accepted and rows rejected; each rejected one says why, and itself."""
    summary, rejects = found.summary, found.rejects
    assert (summary["rows_read"] == summary["rows_accepted"] + summary["rows_rejected"]).all()
    counted = {
        (table, file): count
        for table, file, count in rejects.group_by("table", "source").len().iter_rows()
    }
    for name, file, rejected in summary.select("table", "source", "rows_rejected").iter_rows():
        assert counted.get((name, file), 0) == rejected
    assert set(counted) <= set(summary.select("table", "source").iter_rows())
    assert (rejects["reasons"].list.len() > 0).all()
    assert all(reason for reasons in rejects["reasons"] for reason in reasons)
    assert all(isinstance(json.loads(row), dict) for row in rejects["row"])
    assert not rejects.select("table", "source", "row_number").is_duplicated().any()
    accepted = dict(summary.group_by("table").agg(pl.col("rows_accepted").sum()).iter_rows())
    for name, count in accepted.items():
        height = read_table(source.tables, CONTRACTS[name]).height  # and keeps its contract
        assert height <= count if name in combined else height == count


def must_say_what_the_file_said(found: Ingested, table: Table) -> None:
    """A rejected row is the record as it stands; an accepted one has its values, and no others."""
    contract = CONTRACTS[table.name]
    rejects = found.rejects.filter(pl.col("table") == table.name)
    for number, row in rejects.select("row_number", "row").iter_rows():
        record = table.rows[number - 1]
        assert json.loads(row) == {n: v or None for n, v in zip(table.header, record, strict=True)}
    key, *others = contract.row_order()
    if others:
        return
    rejected = set(rejects["row_number"])
    records = (dict(zip(table.header, row, strict=True)) for row in table.rows)
    kept = {r[key]: r for number, r in enumerate(records, 1) if number not in rejected}
    for row in found.tables[contract].iter_rows(named=True):
        record = kept.get(row[key]) or kept[row[key][:15]]  # a Salesforce id was completed
        for name in table.header:
            said, held = record[name], row[name]
            assert (held is None) == (not said.strip()), (name, said, held)
            if isinstance(held, Decimal):
                assert held == Decimal(said.strip())
            elif isinstance(held, float):
                assert held == float(said.strip())
            elif isinstance(held, str) and not name.endswith("_id"):
                assert held == said


# 200 files


@pytest.mark.parametrize("kind", KINDS)
def test_files__each_ends_in_a_result_or_in_one_clear_error(company, tmp_path, kind):
    ended = {"result": 0, "error": 0}
    for case in range(FILES_PER_KIND):
        folder = tmp_path / str(case)
        folder.mkdir()
        ended[how_it_ended(company, folder, kind, case)] += 1
    assert min(ended.values()) > 0, ended


def how_it_ended(company: list[Table], folder: Path, kind: str, case: int) -> str:
    """Take in a source one file of which is broken; fails where that is neither of the two ends."""
    rng = np.random.default_rng([SEED, KINDS.index(kind), case])
    tables = [some_rows(rng, table, 12) for table in company]
    table = tables[rng.integers(len(tables))]
    tables = [one for one in tables if one.name in {*REQUIRED, table.name}]
    what, content = mutated_file(rng, table, kind, case)
    told = f"FUZZ_SEED={SEED}, {kind}, case {case}: {table.name} {what}"
    for one in tables:
        (folder / f"{one.name}.csv").write_bytes(one.csv().encode())
    (folder / f"{table.name}.csv").unlink()
    path = folder / f"{table.name}.{kind}"
    path.write_bytes(content)
    source = Source(folder, folder)
    if kind not in {"csv", "parquet"} or case % 2:
        files = {path.name: {"records": "data.rows"}} if kind == "json" else {}
        mapping = canonical_mapping(tables, {table.name: path.name}, **files)
        (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
        source = Source(folder, folder / "mapping.yaml")
    found = taken_in(source, told)
    if found is None:
        return "error"
    try:
        must_conserve(found, source)
        read = found.summary.filter(pl.col("table") == table.name)["rows_read"].sum()
        records = record_count(path)
        assert records is None or read == records
    except AssertionError as error:
        pytest.fail(f"{told}: {error}")
    return "result"


def taken_in(source: Source, told: str) -> Ingested | None:
    """What ingest gives, None where it refuses in clear words; any other end is a failure.

    A panic within polars is no `Exception`, but it ends a run all the same.
    """
    try:
        problems = source_problems(source.params)
        found = ingest(source.params, into=source.tables)
    except InputError as error:
        refused = error.problems
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001
        pytest.fail(f"{told}: {type(error).__name__}: {str(error)[:600]}")
    else:
        assert not problems, told
        return found
    assert refused, told
    assert all(problem.where and problem.what for problem in refused), told
    return None


def record_count(path: Path) -> int | None:
    """The rows of a file, counted without polars where there is another way; None where not."""
    content = path.read_bytes()
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if marked else "utf-8-sig"
    match path.suffix:
        case ".csv" | ".tsv":
            text = io.StringIO(content.decode(encoding), newline="")
            usual = csv.field_size_limit(len(content) + 1)
            records = list(csv.reader(text, delimiter="\t" if path.suffix == ".tsv" else ","))
            csv.field_size_limit(usual)
            while not records[-1]:
                del records[-1]
            return len(records) - 1
        case ".jsonl":
            text = io.StringIO(content.decode(encoding), newline=None)
            return sum(1 for line in text if line.strip())
        case ".json":
            found = json.loads(content.decode(encoding), parse_int=str)["data"]["rows"]
            return len(found) if isinstance(found, list) else 1
        case ".xlsx":
            return filled_rows(path)
        case _:
            return len(pl.read_parquet(path))


def filled_rows(path: Path) -> int | None:
    """The rows of a sheet up to the last that holds a value, less its header."""
    try:
        with zipfile.ZipFile(path) as archive:
            sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    except (zipfile.BadZipFile, KeyError, ET.ParseError):
        return None
    filled = [
        int(row.attrib["r"])
        for row in sheet.iter()
        if row.tag.endswith("}row")
        and any(one.tag.endswith("}v") and one.text for one in row.iter())
    ]
    return max(filled) - 1


# Mapping files


@pytest.mark.parametrize("name", ["the one above", *sorted(p.stem for p in SHIPPED.glob("*.yaml"))])
def test_mappings__each_is_read_or_refused_in_clear_words(company, tmp_path, name):
    """The shipped ones lack their files: what is wrong with them is a list, and no exception."""
    with_rows = name == "the one above"
    text = MAPPING if with_rows else (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    document = load_yaml(path)
    rng = np.random.default_rng([SEED, *name.encode()])
    rows_source("mapping", rng, [some_rows(rng, table, 5) for table in company], tmp_path)
    source = Source(tmp_path, path)
    ended = {"result": 0, "error": 0}
    for case in range(MAPPINGS):
        told = f"FUZZ_SEED={SEED}, {name}, case {case}"
        if case % 4:
            path.write_text(dump_yaml(mutated_document(rng, document)), encoding="utf-8")
        else:
            path.write_bytes(flipped(rng, cut(rng, text.encode())))
        if with_rows:
            found = taken_in(source, told)
            ended["error" if found is None else "result"] += 1
            if found is not None:
                must_conserve(found, source, combined=CONTRACTS)
            continue
        problems = source_problems(source.params)
        assert problems, told
        assert all(problem.where and problem.what for problem in problems), told
    if with_rows:
        assert min(ended.values()) > 0, ended


# The command line


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("opportunities.csv", b'opportunity_id,account_id\n"never closed\n'),
        ("opportunities.parquet", b"PAR1" + bytes(5_000) + b"PAR1"),
        ("opportunities.csv", None),  # a folder of that name
    ],
    ids=["an open quote", "zeros", "a folder"],
)
def test_command__a_broken_file_is_one_message_and_no_trace(company, tmp_path, name, content):
    project = Project.in_folder(tmp_path)
    folder = tmp_path / "exports"
    folder.mkdir()
    for table in company:
        (folder / f"{table.name}.csv").write_bytes(table.csv().encode())
    (folder / "opportunities.csv").unlink()
    if content is None:
        (folder / name).mkdir()
    else:
        (folder / name).write_bytes(content)
    params = project.params("broken", source=str(folder))
    said = project.workbench("run", params, expect=2)
    assert said.count("Error: ") == 1
    assert "opportunities" in said
    assert not project.files()
