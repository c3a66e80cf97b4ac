"""The figures of the page, line by line: value, change, and what is behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.readout import formats
from workbench.readout.evidence import NUMBERS
from workbench.readout.gate import TrustGate
from workbench.readout.headline import Headline, Row
from workbench.vocabulary import Role

NAMES: Final[dict[Role, str]] = {"sourced": "Partner-sourced", "influenced": "Partner-influenced"}


@dataclass(frozen=True)
class Line:
    """One figure: value, the one a period before, how it moved, and what a reader must know of it.

    `records` is the address of the records behind it, and empty where the value is not known.
    """

    label: str
    value: str
    before: str
    change: str
    note: str = ""
    records: str = ""


@dataclass(frozen=True)
class ClassFigures:
    """One classification: its definition in words, and its figures, bookings first."""

    role: Role
    name: str
    definition: str
    lines: tuple[Line, ...]


def class_figures(
    headline: Headline,
    *,
    role: Role,
    params: RunParams,
    definition: Definition,
    gate: TrustGate,
    without_amount: Mapping[str, int],
) -> ClassFigures:
    """The figures of one role: amounts, win rate, and the largest partner if the gate allows it.

    `without_amount` counts the opportunities of each number that are in no sum.
    """
    end = formats.day(min(params.fiscal_period.end, params.as_of))
    within = {
        "bookings": f"won in the {headline.noun}",
        "open_pipeline": f"open on {end}",
        "created_pipeline": f"created in the {headline.noun}",
    }
    lines = []
    for metric, which in within.items():
        missing = without_amount.get(metric, 0)
        number = (headline.row(metric, role).n or 0) + missing
        note = f"{formats.counted(number, 'opportunity', 'opportunities')} {which}"
        if missing:
            note += f", {formats.count(missing)} without an amount"
        lines.append(
            _amount_line(NUMBERS[metric], headline, metric, role, params=params, note=note)
        )
    lines.append(_rate_line("Win rate", headline, "win_rate", role, note=_wins(headline, role)))
    if gate.shows_credit:
        note = "of the bookings are with one partner"
        lines.append(
            _rate_line("Largest partner", headline, "partner_concentration", role, note=note)
        )
    return ClassFigures(
        role=role,
        name=NAMES[role],
        definition=formats.printable(definition.role_in_words(role)),
        lines=tuple(lines),
    )


def _wins(headline: Headline, role: Role) -> str:
    """The interval of a win rate and the counts behind it."""
    now, before = headline.pair("win_rate", role)
    if now.numerator is None or now.denominator is None:
        return ""
    lost = now.denominator - now.numerator
    note = f"{formats.count(now.numerator)} won, {formats.count(lost)} lost"
    if between := formats.interval(now.ci_low, now.ci_high):
        note = f"95{formats.SPACE}% interval {between}; {note}"
    return f"{note}; the intervals of both overlap" if now.overlaps(before) else note


def _amount_line(
    label: str,
    headline: Headline,
    metric: str,
    classification: str = "all",
    *,
    params: RunParams,
    note: str,
) -> Line:
    currency = params.reporting_currency
    now, before = headline.pair(metric, classification)
    return Line(
        label,
        formats.readable_amount(now.value, currency=currency),
        formats.readable_amount(before.value, currency=currency),
        formats.amount_change(now.value, before.value, currency=currency),
        _note(headline, now=now, before=before, note=note),
        _records(now, metric, classification),
    )


def _rate_line(
    label: str, headline: Headline, metric: str, classification: str = "all", *, note: str
) -> Line:
    now, before = headline.pair(metric, classification)
    return Line(
        label,
        formats.rate(now.value),
        formats.rate(before.value),
        formats.rate_change(now.value, before.value),
        _note(headline, now=now, before=before, note=note),
        _records(now, metric, classification),
    )


def _note(headline: Headline, *, now: Row, before: Row, note: str) -> str:
    """What is behind a value; where it or the one before is missing, why."""
    parts = [note if now.value is not None else now.reason]
    if before.value is None and before.reason != now.reason:
        parts.append(f"{headline.period.before().title}: {before.reason}")
    return formats.printable("; ".join(part for part in parts if part))


def _records(now: Row, metric: str, classification: str) -> str:
    return "" if now.value is None else records_page(metric, classification)


def records_page(metric: str, classification: str) -> str:
    """The page of the site that lists the records behind a figure, from where the PDF lies."""
    return f"../html/figures/{metric}-{classification}.html"


def cost_lines(headline: Headline, *, params: RunParams, gate: TrustGate) -> tuple[Line, ...]:
    """What the programme cost, and what an opportunity cost if the gate is open."""
    currency = params.reporting_currency
    parts = ", ".join(
        f"{member.replace('_', formats.SPACE)}{formats.SPACE}"
        f"{formats.readable_amount(value, currency=currency, has_cents=False)}"
        for member, value in headline.members("program_cost", dimension="category")
    )
    lines = [_amount_line("Programme cost", headline, "program_cost", params=params, note=parts)]
    if gate.is_open:
        metric, role = "cost_per_sourced_opportunity", "sourced"
        note = f"programme cost ÷ sourced opportunities created in the {headline.noun}"
        lines.append(
            _amount_line("Cost per opportunity", headline, metric, role, params=params, note=note)
        )
    return tuple(lines)


def trust_lines(headline: Headline) -> tuple[Line, ...]:
    """How well the touches behind every figure are kept."""
    labels = {
        "evidence_rate": ("Touches with evidence", "touches carry a link"),
        "logged_on_time_rate": ("Touches logged in time", "with a log date, within 14 days"),
    }
    lines = []
    for metric, (label, said) in labels.items():
        now = headline.row(metric)
        note = said
        if now.numerator is not None and now.denominator is not None:
            note = f"{formats.count(now.numerator)} of {formats.count(now.denominator)} {said}"
        lines.append(_rate_line(label, headline, metric, note=note))
    return tuple(lines)
