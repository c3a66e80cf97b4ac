"""What the page of a pack says, in the words and figures that both its forms print."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.definitions import Definition
from workbench.definitions.words import kind_in_words
from workbench.params import RunParams
from workbench.partner_packs.grids import (
    Grid,
    closed_grid,
    mendable_grid,
    open_grid,
    payout_grid,
    rejected_grid,
    tier_grid,
)
from workbench.partner_packs.lines import (
    ClassFigures,
    Line,
    PartnerFigures,
    class_figures,
    handoff_lines,
    log_lines,
)
from workbench.partner_packs.others import Reader
from workbench.partner_packs.trend import Trend, partner_trend
from workbench.periods import period_title
from workbench.readout import formats
from workbench.readout.formats import day
from workbench.vocabulary import ROLES

_MODELS: Final = {
    "primary": "all of it to the primary partner",
    "equal": "in equal parts to its partners",
    "linear": "in equal parts to its touches",
    "first": "all of it to the partner of the first touch",
    "last": "all of it to the partner of the last touch",
    "position": "more of it to the first and the last touch than to those between",
    "time_decay": "more of it to the touches that lie nearer",
    "weighted": "by the weights of the kinds of touches",
    "full": "the whole of it to each of its partners, so that credits do not add up",
}


@dataclass(frozen=True)
class PackView:
    """Everything that the page of one partner says; texts from data have passed its reader."""

    partner: str
    about: str
    period: str
    before: str
    span: str
    currency: str
    paper: str
    is_draft: bool
    classes: tuple[ClassFigures, ...]
    classes_note: str
    trend: Trend
    log: tuple[Line, ...]
    handoffs: tuple[Line, ...]
    tier: Grid
    payouts: Grid
    mendable: Grid
    rejected: Grid
    closed: Grid
    open: Grid
    footer: tuple[str, ...]


@dataclass(frozen=True)
class OwnRows:
    """The rows of one partner in each table that a pack is made of."""

    partner: Mapping[str, Any]
    figures: pl.DataFrame
    opportunities: pl.DataFrame
    mendable: pl.DataFrame
    rejected: pl.DataFrame
    tiers: pl.DataFrame
    ledger: pl.DataFrame


def pack_view(
    own: OwnRows, reader: Reader, *, params: RunParams, definition: Definition, run_id: str
) -> PackView:
    """The page of one partner, for the period of `params`."""
    period = params.fiscal_period
    figures = PartnerFigures(own.figures, period.label, period.before().label)
    currency = params.reporting_currency
    partner = own.partner
    about = [
        f"{kind_in_words(partner['partner_type'])} partner".capitalize(),
        reader.shown(partner["region"], "region"),
        f"tier {reader.shown(partner['tier'], 'tier')}" if partner["tier"] else "no tier",
    ]
    title = reader.shown(definition.title, "title")
    return PackView(
        partner=formats.printable(partner["name"]),
        about=", ".join(part for part in about if part),
        period=period.title,
        before=period_title(period.before().label),
        span=f"{day(period.start)} to {day(period.end)}, as of {day(params.as_of)}",
        currency=currency,
        paper=params.paper,
        is_draft=not definition.is_approved,
        classes=tuple(class_figures(role, figures, definition) for role in ROLES),
        classes_note=(
            "Sourced and influenced answer different questions and are never added. Amounts are "
            f"what this partner is credited with: an opportunity’s amount goes, under the model "
            f"{definition.credit.model.replace('_', ' ')}, {_MODELS[definition.credit.model]}. "
            "Won, lost and the win rate count the opportunities whose primary partner it is."
        ),
        trend=partner_trend(own.figures, currency=currency),
        log=log_lines(figures),
        handoffs=handoff_lines(figures),
        tier=tier_grid(own.tiers, currency),
        payouts=payout_grid(own.ledger, reader, params=params),
        mendable=mendable_grid(own.mendable, reader),
        rejected=rejected_grid(own.rejected, definition),
        closed=closed_grid(own.opportunities, reader, params=params),
        open=open_grid(own.opportunities, reader, currency=currency),
        footer=(
            (
                f"Definition {definition.id}, version {definition.version}: {title}. "
                f"{definition.in_words()}"
            ),
            (
                f"As of {day(params.as_of)}, days in {params.timezone}. Sources read "
                f"{formats.instant(params.read_at)}. Amounts in {currency}. "
                f"Run {reader.shown(run_id, 'run')}."
            ),
        ),
    )
