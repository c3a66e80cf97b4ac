"""The packs of a run: which partners have one, and the files of each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    FxRates,
    Handoffs,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    PartnerAliases,
    PartnerCredit,
    Partners,
    PayoutLedger,
    TierRecommendations,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.partner_packs.figures import partner_figures
from workbench.partner_packs.files import figures_file, opportunities_file, printed_page, web_page
from workbench.partner_packs.opportunities import partner_opportunities
from workbench.partner_packs.others import PartnerNames, Reader
from workbench.partner_packs.touches import mendable_touches, rejected_touches
from workbench.partner_packs.view import OwnRows, pack_view
from workbench.periods import TREND_PERIODS
from workbench.worklists.file_names import file_names

CONTRACTS: Final[tuple[type[Contract], ...]] = (
    Partners,
    PartnerAliases,
    Accounts,
    AccountMerges,
    FxRates,
    Opportunities,
    Touches,
    TouchAudit,
    Handoffs,
    OpportunityAttribution,
    PartnerCredit,
    Metrics,
    TierRecommendations,
    PayoutLedger,
)


def partner_packs(
    tables: Mapping[type[Contract], pl.DataFrame],
    *,
    params: RunParams,
    definition: Definition,
    run_id: str,
) -> Iterator[tuple[str, bytes]]:
    """The path and the content of every file of every pack, partner by partner.

    `tables` are those of `CONTRACTS` that the run has. A partner has a pack that is active, or has
    touches or bookings in the nine periods. A pack is a folder, named after the partner and its id,
    with a PDF, a web page, and two tables; nothing in it comes from another partner, and a text
    that names one is withheld (see `PartnerNames`). The same tables give the same bytes.
    """
    partners = tables[Partners].sort("partner_id")
    names = PartnerNames(partners, tables.get(PartnerAliases))
    folders = pack_folders(partners)
    figures = partner_figures(
        tables[Metrics],
        tables.get(Handoffs),
        partner_ids=partners["partner_id"],
        params=params,
    )
    mendable = mendable_touches(tables, params=params, definition=definition)
    own_rows = [
        _by_partner(rows)
        for rows in (
            figures,
            partner_opportunities(tables, params=params),
            mendable,
            rejected_touches(tables, mendable, params=params),
            tables.get(TierRecommendations, TierRecommendations.empty()),
            tables.get(PayoutLedger, PayoutLedger.empty()),
        )
    ]
    for partner in partners.filter(_has_a_pack(tables, figures, params)).to_dicts():
        partner_id = partner["partner_id"]
        own = OwnRows(partner, *(of_partner(partner_id) for of_partner in own_rows))
        reader = Reader(partner_id, names)
        view = pack_view(own, reader, params=params, definition=definition, run_id=run_id)
        folder, currency = folders[partner_id], params.reporting_currency
        yield f"{folder}/{folder}.pdf", printed_page(view, params=params)
        yield f"{folder}/index.html", web_page(view, pdf=f"{folder}.pdf")
        yield f"{folder}/figures.csv", figures_file(own.figures, currency=currency)
        listed = opportunities_file(own.opportunities, reader, currency=currency)
        yield f"{folder}/opportunities.csv", listed


def _by_partner(rows: pl.DataFrame) -> Callable[[str], pl.DataFrame]:
    """The rows of each partner; none where it has none."""
    parts = rows.partition_by("partner_id", as_dict=True)
    nothing = rows.clear()
    return lambda partner_id: parts.get((partner_id,), nothing)


def pack_folders(partners: pl.DataFrame) -> dict[str, str]:
    """The folder of each partner by its id: name and id, as every file system takes them."""
    named = file_names(partners["name"].unique(), taken=())
    numbered = file_names(partners["partner_id"], taken=())
    return {
        partner_id: f"{named[name]}-{numbered[partner_id]}"
        for partner_id, name in partners.select("partner_id", "name").iter_rows()
    }


def _has_a_pack(
    tables: Mapping[type[Contract], pl.DataFrame], figures: pl.DataFrame, params: RunParams
) -> pl.Expr:
    first_day = params.fiscal_period.trail(TREND_PERIODS)[0].start
    touched_on = local_day("touched_at", params.timezone)
    touching = tables[Touches].filter(touched_on.is_between(first_day, params.as_of))
    booking = figures.filter(pl.col("metric") == "bookings", pl.col("n") > 0)
    with_something = pl.concat([touching["partner_id"], booking["partner_id"]]).unique()
    return pl.col("active") | pl.col("partner_id").is_in(with_something.implode())
