"""The inputs of a reported figure, turned one after the other into those of today."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final, Self

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution import attribution, local_day, snapshot, with_rulings
from workbench.contracts import (
    AccountMerges,
    FxRates,
    Opportunities,
    OpportunityMerges,
    Partners,
    Touches,
)
from workbench.definitions import Definition
from workbench.identity import surviving_opportunities
from workbench.periods import Period
from workbench.rulings import Ruling
from workbench.runs import Run
from workbench.vocabulary import ROLES, RestatementPart

_AMOUNTS: Final = ("amount", "recurring_amount", "currency")
_STATUS: Final = ("stage", "status", "created_at", "closed_at")


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything on which a period's figures by class depend.

    `ruled_on` is the day on which a ruling must be in force. `fx_rates` may hold more rates than
    the run had, on days for which it had none.
    """

    definition: Definition
    opportunities: pl.DataFrame
    touches: pl.DataFrame
    partners: pl.DataFrame
    account_merges: DataFrame[AccountMerges]
    opportunity_merges: DataFrame[OpportunityMerges]
    fx_rates: pl.DataFrame
    rulings: tuple[Ruling, ...]
    ruled_on: date
    as_of: date
    timezone: str
    period: Period
    reporting_currency: str

    @classmethod
    def of(cls, run: Run, period: Period) -> Self:
        """What a run has, for the figures of a period."""
        merges = run.read_optional(AccountMerges)
        opportunity_merges = run.read_optional(OpportunityMerges)
        rates = run.read_optional(FxRates)
        return cls(
            definition=run.definition,
            opportunities=run.read(Opportunities),
            touches=run.read(Touches),
            partners=run.read(Partners),
            account_merges=AccountMerges.empty() if merges is None else merges,
            opportunity_merges=(
                OpportunityMerges.empty() if opportunity_merges is None else opportunity_merges
            ),
            fx_rates=FxRates.empty() if rates is None else rates,
            rulings=run.rulings,
            ruled_on=run.params.as_of,
            as_of=run.params.as_of,
            timezone=run.params.timezone,
            period=period,
            reporting_currency=run.params.reporting_currency,
        )

    def differs_from(self, other: "Inputs") -> bool:
        """Whether any of the inputs has another content."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return any(
            not own.equals(another) if isinstance(own, pl.DataFrame) else own != another
            for own, another in pairs
        )


def steps(reported: Inputs, today: Inputs) -> Iterator[tuple[RestatementPart, Inputs]]:
    """Each part of the bridge with the inputs as they are once it is replaced, in a fixed order.

    One row of `reported` after the other becomes that of `today`; the last inputs are today's own.
    """
    rates = _completed(reported.fx_rates, today.fx_rates)  # no step may lack one
    state = replace(reported, definition=today.definition, fx_rates=rates)
    yield "definition", state
    state = _merged(state, today)
    yield "merges", state
    state = replace(state, touches=_with_added(state.touches, today.touches, "touch_id"))
    state = replace(state, partners=_with_added(today.partners, state.partners, "partner_id"))
    yield "touches_added", state
    state = replace(state, touches=_with_added(today.touches, state.touches, "touch_id"))
    yield "touches_changed", state
    state = replace(state, touches=today.touches, partners=today.partners)
    yield "touches_removed", state
    state = _with_columns(state, today, _AMOUNTS)
    yield "amounts", state
    state = _with_columns(state, today, _STATUS)
    yield "status_or_dates", state
    state = _with_columns(state, today, tuple(state.opportunities.columns[1:]))
    yield "other_fields", state
    state = replace(state, fx_rates=_completed(today.fx_rates, reported.fx_rates))
    yield "rates", state
    opportunities = _with_added(state.opportunities, today.opportunities, "opportunity_id")
    state = replace(state, opportunities=opportunities)
    yield "opportunities_added", state
    state = replace(state, opportunities=today.opportunities)
    yield "opportunities_removed", state
    state = replace(state, rulings=today.rulings, ruled_on=today.ruled_on)
    yield "rulings", state
    yield "as_of_day", today


def classes(inputs: Inputs) -> pl.DataFrame:
    """The class and amount of each opportunity: the columns of `opportunity_attribution`.

    A ruling on an opportunity or a partner that the inputs do not have says nothing.
    """
    facts = snapshot(
        opportunities=inputs.opportunities,
        touches=inputs.touches,
        partners=inputs.partners,
        account_merges=inputs.account_merges,
        fx_rates=inputs.fx_rates,
        as_of=inputs.as_of,
        timezone=inputs.timezone,
        reporting_currency=inputs.reporting_currency,
    )
    result = attribution(facts, inputs.definition)
    opportunity_ids = set(result.opportunity_attribution["opportunity_id"])
    partner_ids = {None, *inputs.partners["partner_id"]}
    ruled, _ = with_rulings(
        result,
        [r for r in inputs.rulings
         if r.opportunity_id in opportunity_ids and r.partner_id in partner_ids],
        definition=inputs.definition,
        partners=inputs.partners,
        as_of=inputs.ruled_on,
    )  # fmt: skip
    return ruled.opportunity_attribution


def amounts(attributed: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """What each sourced or influenced opportunity has in the period's bookings or open pipeline.

    One row per `metric`, `classification` and `opportunity_id`, with its `amount`; those without
    an amount have no row. The rules are those of the metrics of that name.
    """
    end = min(inputs.period.end, inputs.as_of)
    created, closed = (local_day(name, inputs.timezone) for name in ("created_at", "closed_at"))
    is_in = {
        "bookings": (pl.col("status") == "won") & closed.is_between(inputs.period.start, end),
        "open_pipeline": (created <= end) & (closed.is_null() | (closed > end)),
    }
    counted = attributed.filter(
        pl.col("classification").is_in(ROLES) & pl.col("amount_reporting").is_not_null()
    )
    return pl.concat(
        counted.filter(condition).select(
            pl.lit(metric).alias("metric"),
            "classification",
            "opportunity_id",
            pl.col("amount_reporting").alias("amount"),
        )
        for metric, condition in is_in.items()
    )


def _with_added(rows: pl.DataFrame, others: pl.DataFrame, key: str) -> pl.DataFrame:
    """The rows, and those of the others whose key none of them has."""
    return pl.concat([rows, others.join(rows, on=key, how="anti")]).sort(key)


def _with_columns(state: Inputs, today: Inputs, columns: tuple[str, ...]) -> Inputs:
    """The inputs with some columns of the opportunities that both have as they are today."""
    known = today.opportunities.select("opportunity_id", *columns)
    updated = state.opportunities.update(known, on="opportunity_id", include_nulls=True)
    return replace(state, opportunities=updated)


def _merged(state: Inputs, today: Inputs) -> Inputs:
    """The inputs under today's merges: what was merged away since then is part of its survivor."""
    survivors = surviving_opportunities(today.opportunity_merges)
    survivor = dict(survivors.select("opportunity_id", "surviving_opportunity_id").iter_rows())
    return replace(
        state,
        account_merges=today.account_merges,
        opportunity_merges=today.opportunity_merges,
        opportunities=state.opportunities.join(survivors, on="opportunity_id", how="anti"),
        touches=state.touches.with_columns(pl.col("opportunity_id").replace(survivor)),
    )


def _completed(rates: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rates, and others for days before the first of a currency, on which it has none."""
    first = rates.group_by("currency").agg(first=pl.col("valid_from").min())
    earlier = others.join(first, on="currency", how="left").filter(
        pl.col("first").is_null() | (pl.col("valid_from") < pl.col("first"))
    )
    return pl.concat([rates, earlier.drop("first")]).sort("currency", "valid_from")
