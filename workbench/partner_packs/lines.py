"""The figures of one partner line by line: the period, the one before it, what is behind them."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.definitions import Definition
from workbench.readout import formats
from workbench.readout.formats import count, counted, exact_amount, interval, rate
from workbench.vocabulary import Role


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


class PartnerFigures:
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


def class_figures(role: Role, figures: PartnerFigures, definition: Definition) -> ClassFigures:
    """The amounts, counts and win rate of one role, with its definition in words."""
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


def _amount_line(label: str, metric: str, role: Role, figures: PartnerFigures) -> Line:
    now, then = figures.now(metric, role), figures.then(metric, role)
    note = now["reason"] or counted(now["n"], "opportunity", "opportunities") + " with an amount"
    return Line(label, exact_amount(now["value"]), exact_amount(then["value"]), note)


def _rate_line(
    label: str, metric: str, figures: PartnerFigures, *, classification: str = "all"
) -> Line:
    now, then = (found(metric, classification) for found in (figures.now, figures.then))
    note = now["reason"]
    if note is None:
        note = f"{count(now['numerator'])} of {count(now['denominator'])}"
        if ends := interval(now["ci_low"], now["ci_high"]):
            note += f"; 95{formats.SPACE}% interval {ends}"
    return Line(label, rate(now["value"]), rate(then["value"]), note)


def _count_line(label: str, metric: str, figures: PartnerFigures) -> Line:
    now, then = figures.now(metric), figures.then(metric)
    return Line(label, count(now["value"]), count(then["value"]), now["reason"] or "")


def log_lines(figures: PartnerFigures) -> tuple[Line, ...]:
    """What the partner logged, and how well."""
    return (
        _count_line("Touches that count", "touches_logged", figures),
        _count_line("Registrations", "registrations", figures),
        _rate_line("Touches with a link to evidence", "evidence_rate", figures),
        _rate_line("Touches logged within 14 days", "logged_on_time_rate", figures),
    )


def handoff_lines(figures: PartnerFigures) -> tuple[Line, ...]:
    """The handoffs between partner and sellers, and what became of them."""
    return (
        _count_line("Handoffs sent", "handoffs_sent", figures),
        _count_line("Of those accepted", "handoffs_accepted", figures),
        _rate_line("Accepted of those answered", "handoff_acceptance_rate", figures),
        _count_line("Waiting at the end", "handoffs_waiting", figures),
    )
