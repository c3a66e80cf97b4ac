"""What the page of a pack says, in the words and figures that both its forms print."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from workbench.definitions import Definition
from workbench.definitions.words import kind_in_words
from workbench.params import RunParams
from workbench.partner_packs.others import Reader
from workbench.partner_packs.trend import Trend, partner_trend
from workbench.periods import period_title
from workbench.quality.evidence import WEB_LINK
from workbench.readout import formats
from workbench.readout.formats import count, counted, day, exact_amount, interval, rate
from workbench.vocabulary import ROLES, Role

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
    "assign": "it has none that the programme knows",
}


@dataclass(frozen=True)
class Line:
    """A figure of the period, the one before it, and what stands below."""

    label: str
    value: str
    before: str
    note: str = ""


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class, with the definition of the class."""

    role: Role
    name: str
    definition: str
    lines: tuple[Line, ...]


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
    figures = _Figures(own.figures, period.label, period.before().label)
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
        classes=tuple(_class_figures(role, figures, definition) for role in ROLES),
        classes_note=(
            "Sourced and influenced answer different questions and are never added. Amounts are "
            f"what this partner is credited with: an opportunity’s amount goes, under the model "
            f"{definition.credit.model.replace('_', ' ')}, {_MODELS[definition.credit.model]}. "
            "Won, lost and the win rate count the opportunities whose primary partner it is."
        ),
        trend=partner_trend(own.figures, currency=currency),
        log=_log_lines(figures),
        handoffs=_handoff_lines(figures),
        tier=_tier(own.tiers, currency),
        payouts=_payouts(own.ledger, reader, params=params),
        mendable=_mendable(own.mendable, reader),
        rejected=_rejected(own.rejected, definition),
        closed=_closed(own.opportunities, reader, params=params),
        open=_open(own.opportunities, reader, currency=currency),
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


class _Figures:
    """The figures of a partner in the period and the one before it."""

    def __init__(self, rows: pl.DataFrame, period: str, before: str) -> None:
        self._rows = {
            (row["metric"], row["classification"], row["period"]): row
            for row in rows.filter(pl.col("period").is_in([period, before])).to_dicts()
        }
        self._period, self._before = period, before

    def now(self, metric: str, classification: str = "all") -> dict[str, Any]:
        return self._rows[metric, classification, self._period]

    def then(self, metric: str, classification: str = "all") -> dict[str, Any]:
        return self._rows[metric, classification, self._before]


def _class_figures(role: Role, figures: _Figures, definition: Definition) -> ClassFigures:
    lines = [
        _amount_line(label, metric, role, figures)
        for metric, label in (
            ("bookings", "Bookings"),
            ("created_pipeline", "Created pipeline"),
            ("open_pipeline", "Open pipeline, at the end"),
        )
    ]
    lines += [
        Line(
            label,
            count(figures.now(metric, role)["value"]),
            count(figures.then(metric, role)["value"]),
        )
        for metric, label in (("won_count", "Won"), ("lost_count", "Lost"))
    ]
    lines.append(_rate_line("Win rate", "win_rate", figures, classification=role))
    return ClassFigures(role, role.capitalize(), definition.role_in_words(role), tuple(lines))


def _amount_line(label: str, metric: str, role: Role, figures: _Figures) -> Line:
    now, then = figures.now(metric, role), figures.then(metric, role)
    note = now["reason"] or counted(now["n"], "opportunity", "opportunities") + " with an amount"
    return Line(label, exact_amount(now["value"]), exact_amount(then["value"]), note)


def _rate_line(label: str, metric: str, figures: _Figures, *, classification: str = "all") -> Line:
    now, then = (found(metric, classification) for found in (figures.now, figures.then))
    note = now["reason"]
    if note is None:
        note = f"{count(now['numerator'])} of {count(now['denominator'])}"
        if ends := interval(now["ci_low"], now["ci_high"]):
            note += f"; 95{formats.SPACE}% interval {ends}"
    return Line(label, rate(now["value"]), rate(then["value"]), note)


def _count_line(label: str, metric: str, figures: _Figures) -> Line:
    now, then = figures.now(metric), figures.then(metric)
    return Line(label, count(now["value"]), count(then["value"]), now["reason"] or "")


def _log_lines(figures: _Figures) -> tuple[Line, ...]:
    return (
        _count_line("Touches that count", "touches_logged", figures),
        _count_line("Registrations", "registrations", figures),
        _rate_line("Touches with a link to evidence", "evidence_rate", figures),
        _rate_line("Touches logged within 14 days", "logged_on_time_rate", figures),
    )


def _handoff_lines(figures: _Figures) -> tuple[Line, ...]:
    return (
        _count_line("Handoffs sent", "handoffs_sent", figures),
        _count_line("Of those accepted", "handoffs_accepted", figures),
        _rate_line("Accepted of those answered", "handoff_acceptance_rate", figures),
        _count_line("Waiting at the end", "handoffs_waiting", figures),
    )


def _tier(recommended: pl.DataFrame, currency: str) -> Grid:
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


def _payouts(ledger: pl.DataFrame, reader: Reader, *, params: RunParams) -> Grid:
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


def _mendable(touches: pl.DataFrame, reader: Reader) -> Grid:
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


def _rejected(counts: pl.DataFrame, definition: Definition) -> Grid:
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


def _closed(opportunities: pl.DataFrame, reader: Reader, *, params: RunParams) -> Grid:
    period = params.fiscal_period
    closed = opportunities.filter(pl.col("closed_on").is_between(period.start, period.end))
    return _opportunities(
        closed.sort(*_LARGEST_FIRST, descending=[True, False], nulls_last=True),
        reader,
        title=f"Won and lost in {period.title}, {params.reporting_currency}",
        last=("Closed", "closed_on"),
        none_said=f"None closed in {period.title}.",
    )


def _open(opportunities: pl.DataFrame, reader: Reader, *, currency: str) -> Grid:
    return _opportunities(
        opportunities.filter(status="open").sort(
            *_LARGEST_FIRST, descending=[True, False], nulls_last=True
        ),
        reader,
        title=f"Open on the as-of day, {currency}",
        last=("Created", "created_on"),
        none_said="None is open.",
    )


_LARGEST_FIRST: Final = ("credited_amount", "opportunity_id")


def _opportunities(
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
    if re.match(WEB_LINK, link):
        return grade, link
    return (f"{grade}, {link}" if link == reader.withheld("link") else grade), ""
