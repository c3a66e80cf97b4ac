"""How much of the sample's truth each definition finds: `uv run python -m tests.benchmarks.truth`.

The same company is made twice, with a clean log and with a soiled one. Between the two, a share of
the records is taken from the soiled files and the rest from the clean ones, by their numbers.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from tests.sample_params import sample_params
from workbench.attribution import Snapshot, attribution
from workbench.definitions import Definition, read_definition
from workbench.prepared import prepared_snapshot
from workbench.sample import write_sample

DEFINITIONS: Final = Path(__file__).parents[2] / "params" / "definitions"
SOILED_PERCENT: Final = (0, 25, 50, 75, 100)
_SOILED_TABLES: Final = {"touches": "touch_id", "opportunities": "opportunity_id"}
_STEP: Final = 37  # without a common factor with 100: numbers in a row fall far apart


def truth_scores(found: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float | None]:
    """How much of what is truly sourced was found, and how much of what was found is true.

    `found` has `opportunity_id` and `classification`; `truth` has them as they truly are, and
    `bookings`: the true won amount, 0 where it was not won. Null where there is nothing to divide
    by.
    """
    is_found, is_true = pl.col("classification") == "sourced", pl.col("truth") == "sourced"
    both = found.select("opportunity_id", "classification").join(
        truth.select("opportunity_id", "bookings", truth="classification"), on="opportunity_id"
    )

    def rate(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
        return pl.when(whole != 0).then(part / whole)

    amount = pl.col("bookings").cast(pl.Float64)
    hits = is_found & is_true
    scores = both.select(
        rate(hits.sum(), is_true.sum()).alias("recall"),
        rate(hits.sum(), is_found.sum()).alias("precision"),
        rate(amount.filter(hits).sum(), amount.filter(is_true).sum()).alias("bookings_recall"),
        rate(amount.filter(hits).sum(), amount.filter(is_found).sum()).alias("bookings_precision"),
    )
    return scores.row(0, named=True) if not both.is_empty() else dict.fromkeys(scores.columns)


def measured(
    folder: Path,
    definitions: Sequence[Definition],
    *,
    opportunities: int = 1500,
    soiled_percent: Sequence[int] = SOILED_PERCENT,
) -> pl.DataFrame:
    """One row per definition and share of soiled records: the four scores."""
    clean, soiled = folder / "clean", folder / "soiled"
    touches = opportunities * 14 // 3
    write_sample(clean, opportunities=opportunities, touches=touches, soiled=False)
    write_sample(soiled, opportunities=opportunities, touches=touches)
    truth = _truth(clean, definitions[0])
    rows = []
    for percent in soiled_percent:
        facts = _facts(_mixed(folder / f"soiled-{percent}", clean, soiled, percent=percent))
        for definition in definitions:
            found = attribution(facts, definition).opportunity_attribution
            scores = truth_scores(found, truth)
            rows.append({"definition_id": definition.id, "soiled_percent": percent} | scores)
    return pl.DataFrame(rows)


def _mixed(target: Path, clean: Path, soiled: Path, *, percent: int) -> Path:
    """A copy of the clean files in which so many of a hundred records are the soiled ones."""
    target.mkdir()
    for file in sorted(clean.glob("*.parquet")):
        rows = pl.read_parquet(file)
        if file.stem in _SOILED_TABLES:
            key = _SOILED_TABLES[file.stem]
            number = pl.col(key).str.extract(r"(\d+)$").cast(pl.Int64)
            is_soiled = number * _STEP % 100 < percent
            dirty = pl.read_parquet(soiled / file.name)
            rows = pl.concat([rows.filter(~is_soiled), dirty.filter(is_soiled)]).sort(key)
        rows.write_parquet(target / file.name)
    return target


def _facts(folder: Path) -> Snapshot:
    params = sample_params(folder)
    return prepared_snapshot(params).facts


def _truth(clean: Path, definition: Definition) -> pl.DataFrame:
    """The true class of each opportunity, and its true bookings of all time."""
    found = attribution(_facts(clean), definition).opportunity_attribution
    won = pl.when(pl.col("status") == "won").then("amount_reporting").fill_null(0)
    return pl.read_parquet(clean / "truth.parquet").join(
        found.select("opportunity_id", won.alias("bookings")), on="opportunity_id"
    )


def printed(scores: pl.DataFrame, measures: Mapping[str, str]) -> str:
    """The scores as a table in Markdown: a row per definition, a column per measure and share."""
    shares = scores["soiled_percent"].unique(maintain_order=True).to_list()
    heads = [f"{title}, {share} % soiled" for title in measures.values() for share in shares]
    lines = [f"| definition | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for name in scores["definition_id"].unique(maintain_order=True):
        own = {row["soiled_percent"]: row for row in scores.filter(definition_id=name).to_dicts()}
        values = [own[share][measure] for measure in measures for share in shares]
        cells = ["–" if value is None else f"{value * 100:.0f} %" for value in values]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure every shipped definition on the sample company, and print two tables."""
    definitions = [read_definition(path) for path in sorted(DEFINITIONS.glob("*.yaml"))]
    definitions.sort(key=lambda definition: (definition.id != "timing", definition.id))
    with tempfile.TemporaryDirectory() as folder:
        scores = measured(Path(folder), definitions)
    sys.stdout.write(
        "Of what is truly sourced, found:\n\n"
        + printed(scores, {"recall": "opportunities"})
        + "\n\nOf what is called sourced, true:\n\n"
        + printed(scores, {"precision": "opportunities"})
        + "\n\nThe same in bookings:\n\n"
        + printed(
            scores.filter(pl.col("soiled_percent").is_in([0, 100])),
            {"bookings_recall": "found", "bookings_precision": "true"},
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
