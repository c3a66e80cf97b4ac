"""A run's attribution and metrics, worked out again from its own tables and rules."""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.attribution import (
    attribution,
    compared,
    snapshot,
    swept,
    timezone_flips,
    with_rulings,
)
from workbench.contracts import (
    AccountMerges,
    Contract,
    DefinitionComparison,
    DefinitionSensitivity,
    FxRates,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    RulingsApplied,
    TimezoneFlips,
    TouchAudit,
    Touches,
)
from workbench.metrics import METRICS, MetricInputs, metrics
from workbench.rulings import rulings_in_force
from workbench.runs import Run

_NAMED: Final = 5  # rows of a table that are said one by one
_HALF_A_CENT: Final = 0.005
_AGAIN: Final = "_again"
_DIFFERS: Final = "_differs"
_ROUNDING: Final = 1e-9  # relative: sums of floating-point numbers in another order


@dataclass(frozen=True)
class Recomputation:
    """Rows compared by table, one sentence for each table that differs, and what was left out."""

    rows: dict[str, int]
    differences: tuple[str, ...]
    left_out: tuple[str, ...]


def recomputation(run: Run) -> Recomputation:
    """Work a finished run's tables of attribution and metrics out again, and compare every row.

    Everything comes from the run's folder: the canonical tables, the definitions and rulings of its
    manifest. Nothing is written. Amounts agree when they are the same to the cent. Left out are
    metrics that this catalogue does not have, and figures that earlier runs reported.
    """
    recomputed = _recomputed(run)
    kept = run.read_present(*recomputed)  # an older run lacks tables that came since
    reported = run.read(Metrics).filter(basis="current")
    unknown = pl.col("metric").is_in(sorted(set(reported["metric"]) - set(METRICS)))
    kept[Metrics] = reported.filter(~unknown)
    recomputed[Metrics] = recomputed[Metrics].join(reported, on="metric", how="semi")
    said = [_difference(contract, kept[contract], recomputed[contract]) for contract in kept]
    left_out = reported.filter(unknown)["metric"].unique().sort()
    return Recomputation(
        rows={contract.table_name(): frame.height for contract, frame in kept.items()},
        differences=tuple(sentence for sentence in said if sentence),
        left_out=tuple(f"{name} is not in the catalogue of metrics." for name in left_out),
    )


def _recomputed(run: Run) -> dict[type[Contract], pl.DataFrame]:
    """What the stages of attribution and metrics write, as they write it."""
    params, definition = run.params, run.definition
    partners, touches = run.read(Partners), run.read(Touches)
    facts = snapshot(
        opportunities=run.read(Opportunities),
        touches=touches,
        partners=partners,
        account_merges=run.read_optional(AccountMerges),
        fx_rates=run.read_optional(FxRates),
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
    )
    result = attribution(facts, definition)
    ruled, applied = with_rulings(
        result, run.rulings, definition=definition, partners=partners, as_of=params.as_of
    )
    period, timezone = params.fiscal_period, params.timezone
    in_force = rulings_in_force(run.rulings, as_of=params.as_of)
    definitions = [definition, *run.compared_definitions]
    by_definition = compared(facts, definitions, period=period, timezone=timezone, rulings=in_force)
    variants = swept(facts, definition, period=period, timezone=timezone, rulings=in_force)
    flips = timezone_flips(
        facts,
        definition,
        result.opportunity_attribution,
        touches=touches,
        timezone=timezone,
    )
    tables: dict[type[Contract], pl.DataFrame] = {
        TouchAudit: ruled.touch_audit,
        OpportunityAttribution: ruled.opportunity_attribution,
        PartnerCredit: ruled.partner_credit,
        DefinitionComparison: by_definition.table,
        DefinitionSensitivity: variants.table,
        RulingsApplied: applied,
        TimezoneFlips: flips,
    }
    inputs = MetricInputs.of({**run.read_present(*MetricInputs.contracts), **tables})
    return {**tables, Metrics: metrics(inputs, params=params, definition=definition)}


def _difference(contract: type[Contract], kept: pl.DataFrame, again: pl.DataFrame) -> str:
    """How a table differs from the same worked out again: one sentence, empty when it does not."""
    key = contract.row_order()
    figures = {name: dtype for name, dtype in contract.dtypes().items() if name not in key}
    both = kept.with_columns(is_kept=True).join(
        again.select(list(contract.dtypes())).with_columns(is_again=True),
        on=key,
        how="full",
        suffix=_AGAIN,
        nulls_equal=True,
        coalesce=True,
    )
    both = both.with_columns(
        _differs(name, dtype).alias(f"{name}{_DIFFERS}") for name, dtype in figures.items()
    )
    in_one = pl.col("is_kept").is_null() | pl.col("is_again").is_null()
    wrong = both.filter(in_one | pl.any_horizontal(f"{name}{_DIFFERS}" for name in figures))
    if wrong.is_empty():
        return ""
    named = [
        f"{', '.join(str(row[name]) for name in key)}: {_said(row, list(figures))}"
        for row in wrong.sort(key).head(_NAMED).to_dicts()
    ]
    more = f"; and {wrong.height - _NAMED:,} more" if wrong.height > _NAMED else ""
    return (
        f"{contract.table_name()}: {wrong.height:,} of {max(kept.height, again.height):,} rows are "
        f"not what its tables give. {'; '.join(named)}{more}."
    )


def _differs(column: str, dtype: pl.DataType) -> pl.Expr:
    kept, again = pl.col(column), pl.col(f"{column}{_AGAIN}")
    if dtype != pl.Float64():
        return kept.ne_missing(again)
    near = pl.min_horizontal(pl.lit(_HALF_A_CENT), kept.abs().clip(lower_bound=1) * _ROUNDING)
    is_far = ((kept - again).abs() > near).fill_null(value=False)
    return is_far | (kept.is_null() != again.is_null())


def _said(row: dict[str, Any], columns: list[str]) -> str:
    """What is wrong with one row, column by column."""
    if row["is_again"] is None:
        return "there should be no such row"
    if row["is_kept"] is None:
        return "the row is missing"
    return ", ".join(
        f"{name} is {row[name]} and should be {row[f'{name}{_AGAIN}']}"
        for name in columns
        if row[f"{name}{_DIFFERS}"]
    )
