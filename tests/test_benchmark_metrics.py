"""The benchmark of metrics runs at a small size, and makes every metric of the catalogue."""

from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.metrics import FIGURES_FILE, main
from workbench.contracts import Metrics
from workbench.metrics import METRICS
from workbench.tables import checked


def test_benchmark__prints_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--opportunities", "200", "--touches", "1000"]
    main([*size, "--repeat", "1", "--folder", str(tmp_path)])

    said = capsys.readouterr().out
    assert "200 opportunities, 1,000 touches" in said
    assert "x attribution" in said
    assert f"figures of {len(METRICS)} metrics in nine quarters" in said
    figures = checked(pl.read_parquet(tmp_path / "workbench" / FIGURES_FILE), Metrics)
    assert set(figures["metric"]) == set(METRICS)
    assert set(figures["period"]) >= {"2024-Q4", "2026-Q4"}
