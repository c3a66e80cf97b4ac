"""The benchmark of ingest runs at a small size, and both formats give the same tables."""

from pathlib import Path

import pytest

from tests.benchmarks.ingest import main
from workbench.contracts import CANONICAL_TABLES, REQUIRED_TABLES
from workbench.tables import table_file


def test_benchmark__prints_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--opportunities", "200", "--touches", "1000", "--folder", str(tmp_path)])

    said = capsys.readouterr().out
    assert "200 opportunities, 1,000 touches" in said
    for form in ("parquet", "csv"):
        assert f"workbench, {form}" in said
        assert f"x copy from {form}" in said
    from_parquet, from_csv = (tmp_path / f"workbench-{form}" for form in ("parquet", "csv"))
    there = [c for c in CANONICAL_TABLES if table_file(tmp_path / "sample-200-1000", c).exists()]
    assert set(REQUIRED_TABLES) < set(there)
    for contract in there:
        one, other = table_file(from_parquet, contract), table_file(from_csv, contract)
        assert one.read_bytes() == other.read_bytes()
