"""The tables of one partner's page: tier, payouts, touches and opportunities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.case_report.view import web_address
from workbench.definitions import Definition
from workbench.definitions.words import kind_in_words
from workbench.params import RunParams
from workbench.partner_packs.others import Reader
from workbench.readout import formats
from workbench.readout.formats import count, counted, exact_amount, rate

# What there is to be done about a touch that does not count and that nothing mends any more.
_REASONS: Final = {
    "no_opportunity": (
        "On an account, with no opportunity to count for",
        "Name the opportunity, once there is one.",
    ),
    "opportunity_type_excluded": (
        "On a kind of opportunity that the definition leaves out",
        "Nothing: such opportunities are counted elsewhere.",
    ),
    "touch_type_not_in_rules": (
        "Of a kind that no rule takes",
        "Log what happened under the kind that says it.",
    ),
    "no_evidence": (
        "Without a link, and outside the window too",
        "Log the next one with its link.",
    ),
    "no_partner_contact": (
        "Without a person, and outside the window too",
        "Log the next one with its person.",
    ),
    "not_accepted_by_seller": (
        "Not accepted by a seller, and outside the window too",
        "Ask the seller at the time.",
    ),
    "logged_late": ("Logged too late", "Log within {days} of the touch."),
    "logged_after_close": ("Logged after the close", "Log while the opportunity is open."),
    "after_close": ("Made after the close", "Nothing: the opportunity was decided."),
    "outside_window": (
        "Outside the days that the definition counts",
        "See the definition for the days that count.",
    ),
    "not_consulted": (
        "Not consulted: the CRM’s own field decides",
        "Ask for the field to be filled.",
    ),
}
_MOVES: Final = {
    "promote": "a higher tier than it has",
    "keep": "the tier it has",
    "demote": "a lower tier than it has",
    "assign": "no tier of the programme is on record yet",
}
_LARGEST_FIRST: Final = ("credited_amount", "opportunity_id")


@dataclass(frozen=True)
class Grid:
    """A table of words and figures: its columns, and which of them are figures.

    `links` has the address of each row's evidence, empty where there is none to show.
    """

    title: str
    columns: tuple[str, ...]
    figures: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...]
    none_said: str
    note: str = ""


def tier_grid(recommended: pl.DataFrame, currency: str) -> Grid:
    """The recommended tier: what was reached, and what the next one asks."""
    columns = ("In the twelve months", "Reached", "Next tier asks", "Missing")
    shape = (False, True, True, True)
    if recommended.is_empty():
        none_said = "None: the run follows no programme, or the partner is not active."
        return Grid("Recommended tier", columns, shape, (), (), none_said)
    row = recommended.row(0, named=True)
    measures = (
        (f"Sourced bookings, {currency}", "sourced_bookings", exact_amount),
        ("Sourced wins", "sourced_wins", count),
        ("Touches with a link", "evidence_rate", rate),
    )
    rows = [
        (
            label,
            said(row[name]),
            "–" if row["next_tier"] is None else said(row[f"{name}_for_next"]),
            "–" if row["next_tier"] is None else said(row[f"{name}_to_next"]),
        )
        for label, name, said in measures
    ]
    note = f"{row['recommended_tier'].capitalize()}: {_MOVES[row['move']]}. "
    if row["next_tier"] is None:
        note += "It is the highest."
    else:
        note += f"The next is {row['next_tier']}"
        note += ", and it is near." if row["near"] == "next" else "."
    if row["near"] == "lower":
        note += " It is near the threshold below."
    if row["unknown_amount_count"]:
        note += f" {counted(row['unknown_amount_count'], 'win')} without an amount in no sum."
    if row["is_draft"]:
        note = f"DRAFT, a proposal. {note}"
    return Grid("Recommended tier", columns, shape, tuple(rows), ("",) * 3, "", note)


def payout_grid(ledger: pl.DataFrame, reader: Reader, *, params: RunParams) -> Grid:
    """The entries of the period in the payout ledger, the latest first."""
    currency = params.reporting_currency
    own = ledger.filter(period=params.period).sort("entry_id", descending=True)
    rows = [
        (
            reader.shown(row["opportunity_id"], "id"),
            f"{row['kind']}, {row['classification']}",
            f"{row['closed_on']}",
            exact_amount(row["base_amount"]),
            f"{float(row['rate']) * 100:.4g}{formats.SPACE}%",
            exact_amount(row["amount"]),
            reader.shown(row["reason"], "reason"),
        )
        for row in own.to_dicts()
    ]
    note = ""
    if not ledger.is_empty():
        total = exact_amount(ledger["amount"].sum())
        note = f"All entries, earlier ones included, add up to {currency} {total}."
        if ledger["is_draft"].any():
            note = f"DRAFT: proposals, nothing of them is payable. {note}"
    return Grid(
        f"Payout ledger, {currency}",
        ("Opportunity", "Entry", "Closed", "Credited", "Rate", "Amount", "Why"),
        (False, False, False, True, True, True, False),
        tuple(rows),
        ("",) * len(rows),
        f"No entry in {params.fiscal_period.title}.",
        note,
    )


def mendable_grid(touches: pl.DataFrame, reader: Reader) -> Grid:
    """Touches that would count if their record were complete, and what it lacks."""
    rows = [
        (
            f"{row['touched_on']}",
            kind_in_words(row["touch_type"]),
            reader.shown(row["touch_id"], "id"),
            reader.shown(row["opportunity_id"], "id") or "–",
            reader.shown(row["account"], "name"),
            row["role"],
            ", ".join(row["missing"]),
        )
        for row in touches.to_dicts()
    ]
    return Grid(
        "Touches that would count, were their record complete",
        ("Day", "Touch", "Record", "Opportunity", "Account", "Would count as", "What is missing"),
        (False,) * 7,
        tuple(rows),
        ("",) * len(rows),
        "None: no touch of the nine periods lacks only what could still be supplied.",
    )


def rejected_grid(counts: pl.DataFrame, definition: Definition) -> Grid:
    """How many other touches of the period do not count, by reason."""
    days = counted(definition.gates.logged_within_days or 0, "day")
    rows = [
        (_REASONS[reason][0], count(number), _REASONS[reason][1].format(days=days))
        for reason, number in counts.select("reason", "count").iter_rows()
        if reason in _REASONS
    ]
    return Grid(
        "Why other touches of the period do not count",
        ("Reason", "Touches", "What helps next time"),
        (False, True, False),
        tuple(rows),
        ("",) * len(rows),
        "None: every other touch of the period counts.",
    )


def closed_grid(opportunities: pl.DataFrame, reader: Reader, *, params: RunParams) -> Grid:
    """The opportunities that were won or lost in the period, the largest credit first."""
    period = params.fiscal_period
    closed = opportunities.filter(pl.col("closed_on").is_between(period.start, period.end))
    return _opportunity_grid(
        closed.sort(*_LARGEST_FIRST, descending=[True, False], nulls_last=True),
        reader,
        title=f"Won and lost in {period.title}, {params.reporting_currency}",
        last=("Closed", "closed_on"),
        none_said=f"None closed in {period.title}.",
    )


def open_grid(opportunities: pl.DataFrame, reader: Reader, *, currency: str) -> Grid:
    """The opportunities that are open on the as-of day, the largest credit first."""
    return _opportunity_grid(
        opportunities.filter(status="open").sort(
            *_LARGEST_FIRST, descending=[True, False], nulls_last=True
        ),
        reader,
        title=f"Open on the as-of day, {currency}",
        last=("Created", "created_on"),
        none_said="None is open.",
    )


def _opportunity_grid(
    rows: pl.DataFrame, reader: Reader, *, title: str, last: tuple[str, str], none_said: str
) -> Grid:
    heading, column = last
    cells, links = [], []
    for row in rows.to_dicts():
        evidence, link = _evidence(row, reader)
        links.append(link)
        cells.append(
            (
                reader.shown(row["opportunity_id"], "id"),
                reader.shown(row["name"] or row["account"], "name"),
                reader.shown(row["stage"], "stage"),
                f"{row[column]}",
                row["classification"] or "not credited",
                evidence,
                "–" if row["classification"] is None else exact_amount(row["credited_amount"]),
            )
        )
    return Grid(
        title,
        ("Opportunity", "Name", "Stage", heading, "Counts as", "Evidence", "Credited"),
        (False, False, False, False, False, False, True),
        tuple(cells),
        tuple(links),
        none_said,
    )


def _evidence(row: Mapping[str, Any], reader: Reader) -> tuple[str, str]:
    """The grade and the address behind it, which is empty where it is none, or may not be shown."""
    grade, link = row["evidence_grade"] or "–", reader.shown(row["evidence_url"], "link")
    if web_address(link):
        return grade, link
    return (f"{grade}, {link}" if link == reader.withheld("link") else grade), ""
