"""What earlier runs of the same name reported, by their seals: periods, figures, definitions."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from workbench.contracts import Metrics, SealedPeriods
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.periods import TREND_PERIODS, period_title
from workbench.sealing.folder import SEAL, Seal, opened_seal


def sealed_runs(params: RunParams) -> dict[str, Seal]:
    """The seal of each period of the trend, by the period's label, earliest first.

    It is a run of the same name about that very period. Of several it is the one that read its
    sources last; one that read them after this run did is not known to it.

    Raises SealError when a file of one is not what was sealed.
    """
    labels = [period.label for period in params.fiscal_period.trail(TREND_PERIODS)]
    latest: dict[str, tuple[datetime, str, Path]] = {}
    for path in (params.output_root / "sealed").glob(f"*/{SEAL}"):
        content = json.loads(path.read_text(encoding="utf-8"))
        read_at = datetime.fromisoformat(content["read_at"])
        if content["name"] == params.name and read_at <= params.read_at:
            found = (read_at, content["run_id"], path.parent)
            latest[content["period"]] = max(latest.get(content["period"], found), found)
    return {label: opened_seal(latest[label][-1]) for label in labels if label in latest}


def sealed_periods(seals: Mapping[str, Seal]) -> pl.DataFrame:
    """The table of that name: one row per period that was reported and sealed."""
    rows = [
        {
            "period": period,
            "run_id": seal.run.run_id,
            "as_of": seal.run.params.as_of,
            "read_at": seal.run.params.read_at,
            "definition_id": seal.run.definition.id,
            "definition_version": seal.run.definition.version,
            "reporting_currency": seal.run.params.reporting_currency,
            "fingerprint": seal.fingerprint,
        }
        for period, seal in seals.items()
    ]
    return pl.DataFrame(rows, schema=SealedPeriods.dtypes())


def as_reported(seals: Mapping[str, Seal], *, reporting_currency: str) -> pl.DataFrame:
    """The headline rows of each sealed period as they were sealed, with the basis `as_reported`.

    An amount that was reported in another currency is null, with the reason.
    """
    tables: list[pl.DataFrame] = [Metrics.empty()]
    for period, seal in seals.items():
        rows = seal.run.read(Metrics).filter(basis="current", dimension="all", period=period)
        currency = seal.run.params.reporting_currency
        if currency != reporting_currency:
            is_amount = pl.col("unit") == "currency"
            figures = ("value", "numerator", "denominator", "ci_low", "ci_high")
            reason = pl.lit(f"it was reported in {currency}")
            rows = rows.with_columns(
                pl.when(is_amount).then(reason).otherwise("reason").alias("reason"),
                *(pl.when(~is_amount).then(name).alias(name) for name in figures),
            )
        tables.append(rows.with_columns(basis=pl.lit("as_reported")))
    return pl.concat(tables)


def reported_in_words(sealed: pl.DataFrame, definition: Definition) -> list[str]:
    """Which periods of the trend were reported under another definition, or another version of it.

    One sentence, or none. `sealed` is the table `sealed_periods`.
    """
    own = (definition.id, definition.version)
    others = [
        f"{period_title(row['period'])} under {row['definition_id']}, version "
        f"{row['definition_version']}"
        for row in sealed.sort("period").to_dicts()
        if (row["definition_id"], row["definition_version"]) != own
    ]
    return [f"Reported under another definition: {'; '.join(others)}."] if others else []
