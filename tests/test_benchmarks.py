"""The benchmark runs at a small size, and SQL that knows nothing of the package agrees with it."""

from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.attribution import differing_tables, main, sample_company
from tests.benchmarks.jobs import duckdb, workbench
from tests.benchmarks.paths import workbench_totals


def test_benchmark__duckdb_and_workbench_write_equal_tables(tmp_path: Path) -> None:
    """A third, independent reading of the definition `timing`, over the soiled sample company."""
    source = sample_company(tmp_path, opportunities=2000, touches=20_000)
    for name, job in (("workbench", workbench), ("duckdb", duckdb)):
        (tmp_path / name).mkdir()
        job(source, tmp_path / name)()

    assert differing_tables(tmp_path / "workbench", tmp_path / "duckdb") == []


def test_benchmark__prints_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--opportunities", "200", "--touches", "1000", "--paths", "0", "--repeat", "1"])

    said = capsys.readouterr().out
    assert "200 opportunities, 1,000 touches" in said
    assert "x floor" in said
    assert "x duckdb" in said
    assert "workbench and duckdb wrote equal tables" in said
    assert "another definition on the prepared snapshot" in said


def test_workbench_totals__paths_of_one_two_and_four_touches() -> None:
    """Position: 40 % to each end, 20 % between; time decay: a week before counts half as much."""
    paths = pl.DataFrame(
        {
            "path": ["a", "a > b", "a > b > c > a", "c"],
            "hours": ["0", "168 > 0", "504 > 336 > 168 > 0", "0"],
            "total_conversions": [1, 2, 10, 0],
        }
    )

    totals = workbench_totals(paths)

    assert totals["first"] == {"a": 13}
    assert totals["last"] == {"a": 11, "b": 2}
    assert totals["linear"] == {"a": 7, "b": 3.5, "c": 2.5}
    assert totals["position"] == {"a": 10, "b": 2, "c": 1}
    assert totals["time_decay"] == pytest.approx(  # 1, 2, 4 and 8 parts of 15; 1 and 2 of 3
        {"a": 1 + 2 / 3 + 10 * 9 / 15, "b": 4 / 3 + 10 * 2 / 15, "c": 10 * 4 / 15}
    )
