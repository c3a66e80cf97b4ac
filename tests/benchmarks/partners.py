"""Who truly helps, and who only shows up: `uv run python -m tests.benchmarks.partners`.

The sample company plants which partners truly help (`truth_partners`). This measures how far the
table `partner_effort`, which knows nothing of it, tells the two kinds apart.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from tests.sample_params import TIMING, sample_params
from workbench.attribution import attribution
from workbench.contracts import (
    OpportunityAttribution,
    PartnerCredit,
    TouchAudit,
)
from workbench.definitions import read_definition
from workbench.ingest import ingest
from workbench.metrics import MetricInputs
from workbench.prepared import prepared_snapshot
from workbench.programme import partner_effort
from workbench.sample import write_sample

SIZES: Final = (1500, 6000, 24_000)
MEASURES: Final = ("early_rate", "win_rate", "sourced_bookings")


def ranked_above(scores: pl.Series, truly_helps: pl.Series) -> float | None:
    """How often a helper's score is above that of one that does not help; a tie counts one half.

    The area under the ROC curve by ranks: D. J. Hand and R. J. Till, Machine Learning 45 (2001),
    171–186, equation 3. Null where there are none of one kind.
    """
    helpers = truly_helps.sum()
    others = truly_helps.len() - helpers
    if not helpers or not others:
        return None
    ranks = scores.rank("average").filter(truly_helps).sum()
    return (ranks - helpers * (helpers + 1) / 2) / (helpers * others)


def measured(folder: Path, *, opportunities: int, soiled: bool) -> dict[str, float | int | None]:
    """How well each measure tells the two kinds apart, and how many partners are told, and rightly.

    `told` of `partners` are called early or late; `right` of them are what they are called.
    """
    write_sample(
        folder, opportunities=opportunities, touches=opportunities * 14 // 3, soiled=soiled
    )
    effort = _effort(folder).join(
        pl.read_parquet(folder / "truth_partners.parquet"), on="partner_id", how="inner"
    )
    told = effort.filter(pl.col("involvement") != "not_told")
    right = told.filter((pl.col("involvement") == "early") == pl.col("truly_helps"))
    scores = {
        name: ranked_above(effort[name].cast(pl.Float64).fill_null(0), effort["truly_helps"])
        for name in MEASURES
    }
    return {"partners": effort.height, **scores, "told": told.height, "right": right.height}


def _effort(folder: Path) -> pl.DataFrame:
    params = sample_params(folder)
    found = attribution(prepared_snapshot(params).facts, read_definition(TIMING))
    with tempfile.TemporaryDirectory() as into:
        tables = dict(ingest(params, into=Path(into)).tables)
        inputs = MetricInputs.of(
            tables
            | {
                OpportunityAttribution: found.opportunity_attribution,
                PartnerCredit: found.partner_credit,
                TouchAudit: found.touch_audit,
            }
        )
    return partner_effort(inputs, params=params)


def printed(rows: Sequence[dict[str, float | int | None]], names: Sequence[str]) -> str:
    """The figures as a table in Markdown."""
    lines = [
        "| sample | partners | early rate | win rate | sourced bookings | told apart | rightly |",
        f"|---|{'---:|' * 6}",
    ]
    for name, row in zip(names, rows, strict=True):
        scores = [
            "–" if row[measure] is None else f"{float(row[measure] or 0):.2f}"
            for measure in MEASURES
        ]
        cells = [name, row["partners"], *scores, row["told"], row["right"]]
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure the sample company at three sizes, clean and soiled, and print a table."""
    rows, names = [], []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            for soiled in (True, False):
                name = f"{size:,} opportunities, {'soiled' if soiled else 'clean'}"
                rows.append(measured(Path(folder) / name, opportunities=size, soiled=soiled))
                names.append(name)
    sys.stdout.write(printed(rows, names) + "\n")


if __name__ == "__main__":
    main()
