"""The parameters under which tests and benchmarks read the sample company."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from workbench.params import RunParams

TIMING: Final = Path(__file__).parents[1] / "params" / "definitions" / "timing.yaml"


def sample_params(source: Path, *, definition: Path = TIMING) -> RunParams:
    """Its last quarter, as of the last day, in its own time zone and fiscal year."""
    return RunParams(
        name="sample",
        period="2026-Q4",
        fiscal_year_start=11,
        as_of=date(2026, 10, 31),
        read_at=datetime(2026, 11, 4, tzinfo=UTC),
        timezone="America/New_York",
        source=source,
        definition=definition,
        readout=None,
        output_root=source,
    )
