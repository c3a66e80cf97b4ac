"""The monthly review: what moved in the run's period, by which opportunities, and what is to mend.

It speaks about the period of the run, be it a month or a quarter.
"""

from collections.abc import Collection, Mapping
from typing import Final

import polars as pl

from workbench.attribution import rulings_in_words
from workbench.contracts import (
    Contract,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    Partners,
    QualityFindings,
    RowChanges,
    RulingsApplied,
    SealedPeriods,
)
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.readout import formats
from workbench.readout.headline import Headline
from workbench.reviews.figures import bookings, pipeline, trust, velocity, win_rates
from workbench.reviews.mending import to_mend
from workbench.reviews.month import Month
from workbench.reviews.movement import Earlier, with_events
from workbench.reviews.movers import movers, since_last_run
from workbench.reviews.view import Review, definition_in_a_line, made_in_a_line
from workbench.sealing import reported_in_words

CONTRACTS: Final[tuple[type[Contract], ...]] = (
    Metrics,
    OpportunityAttribution,
    Opportunities,
    Partners,
    QualityFindings,
    RowChanges,
    RulingsApplied,
    SealedPeriods,
)


def monthly_review(
    tables: Mapping[type[Contract], pl.DataFrame],
    *,
    params: RunParams,
    definition: Definition,
    run_id: str,
    earlier: Earlier | None,
    is_read_anew: bool,
    pages: Collection[str],
) -> Review:
    """The review of the run's period under its definition.

    `tables` are those of `CONTRACTS` that the run has; `pages` are the addresses, from the folder
    of the site, of the pages that show the records behind a figure. `earlier` is the last finished
    run of the same name. Where this run took its rows over from that one (`is_read_anew` is false)
    nothing was edited since. Sourced and influenced are never added.
    """
    own = tables[Metrics].filter(definition_id=definition.id)
    month = Month(
        headline=Headline(own, period=params.fiscal_period),
        events=with_events(tables[OpportunityAttribution], params=params),
        opportunities=tables[Opportunities],
        partners=tables[Partners],
        params=params,
        pages=pages,
    )
    row_changes = tables.get(RowChanges) if is_read_anew else None
    return Review(
        title=f"Review of {params.fiscal_period.title}",
        about=(_span(params),),
        is_draft=not definition.is_approved,
        sections=(
            pipeline(month),
            bookings(month),
            win_rates(month),
            velocity(month),
            trust(month),
            movers(month),
            since_last_run(month, earlier, row_changes, definition=definition),
            to_mend(tables[QualityFindings], params=params),
        ),
        made=_made(tables, params=params, definition=definition, run_id=run_id),
    )


def _span(params: RunParams) -> str:
    period = params.fiscal_period
    days = f"{formats.day(period.start)} to {formats.day(period.end)}"
    over = f"; the {period.noun} is not over" if params.as_of < period.end else ""
    as_of = formats.day(params.as_of)
    return f"{days}{over}, as of {as_of}. Amounts in {params.reporting_currency}."


def _made(
    tables: Mapping[type[Contract], pl.DataFrame],
    *,
    params: RunParams,
    definition: Definition,
    run_id: str,
) -> tuple[str, ...]:
    """By what the figures were made: definition, rulings, and whether the trend mixes any."""
    sealed = tables.get(SealedPeriods)
    mixed = [] if sealed is None else reported_in_words(sealed, definition)
    return (
        definition_in_a_line(definition),
        f"Every {params.fiscal_period.noun} is worked out again under this one definition.",
        *(formats.printable(text) for text in mixed),
        rulings_in_words(tables[RulingsApplied]),
        made_in_a_line(params, run_id=run_id),
    )
