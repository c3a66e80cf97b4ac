"""The figures of the period beside those of the one before: one section for each kind."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from workbench.charts import small_trends, trend_by_classification
from workbench.readout import formats
from workbench.readout.headline import Row
from workbench.reviews.month import CLASSES, Month
from workbench.reviews.movement import Total, pipeline_walk
from workbench.reviews.view import Cell, Grid, Section, picture
from workbench.vocabulary import ROLES, Role

Kind = Literal["amount", "rate", "days"]


def pipeline(month: Month) -> Section:
    """Open pipeline: its way through the period, and its trend."""
    said = (
        f"Amounts and classes are those of {formats.day(month.params.as_of)}, also at the start. "
        "Sourced and influenced are never added."
    )
    return Section(
        "Open pipeline",
        (said,),
        (_walk_grid(month),),
        picture(
            trend_by_classification(
                month.headline.metrics,
                metric="open_pipeline",
                unit=month.currency,
                as_of=month.params.as_of,
            )
        ),
    )


def _walk_grid(month: Month) -> Grid:
    """The pipeline's way through the period, one step a row, sourced beside influenced."""
    period = month.params.fiscal_period
    walks = [pipeline_walk(month.events, role=role) for role in ROLES]
    first = formats.day(period.start - timedelta(days=1))
    last = formats.day(min(period.end, month.params.as_of))
    steps = [
        (f"Open on {first}", "", [walk.open_before for walk in walks]),
        ("+ created", "created_pipeline", [walk.created for walk in walks]),
        ("− won", "bookings", [walk.won for walk in walks]),
        ("− lost", "lost_count", [walk.lost for walk in walks]),
        (f"= open on {last}", "open_pipeline", [walk.open_after for walk in walks]),
    ]
    odd = [walk.contradicted for walk in walks]
    if any(total.count for total in odd):
        steps.insert(4, ("± closed before they were created", "", odd))
    rows = [
        (Cell(step), *(_total(month, t, metric, r) for t, r in zip(totals, ROLES, strict=True)))
        for step, metric, totals in steps
    ]
    columns = ("Step", *(CLASSES[role] for role in ROLES))
    return Grid(f"How it moved in {period.title}", columns, tuple(rows), figures_from=1)


def _total(month: Month, total: Total, metric: str, role: Role) -> Cell:
    note = formats.counted(total.count, "opportunity", "opportunities")
    if total.without_amount:
        note += f", {total.without_amount:,} without an amount"
    amount = formats.readable_amount(total.amount, currency=month.currency, has_cents=False)
    return Cell(amount, month.records(metric, role), note)


def bookings(month: Month) -> Section:
    """What was won, by class, and its trend."""
    lines = [
        _line(month, "bookings", role, name=CLASSES[role], kind="amount")
        for role in ("sourced", "influenced", "direct")
    ]
    chart = trend_by_classification(
        month.headline.metrics,
        metric="bookings",
        unit=month.currency,
        as_of=month.params.as_of,
    )
    return Section("Bookings", (), (_figures(month, "Won amount", lines),), picture(chart))


def win_rates(month: Month) -> Section:
    """Win rates with their intervals, and co-sell against direct."""
    lines = [
        _line(month, "win_rate", name, name=label, kind="rate") for name, label in CLASSES.items()
    ]
    gap = month.headline.row("win_rate_difference", "co_sell")
    if gap.value is None:
        said = f"Co-sell against direct: not known, {gap.reason}."
    else:
        ends = [_points(end) for end in (gap.ci_low, gap.ci_high) if end is not None]
        between = f", 95{formats.SPACE}% interval {' to '.join(ends)}" if ends else ""
        said = f"Co-sell against direct: {_points(gap.value)} percentage points{between}."
    series = {("win_rate", name): label for name, label in CLASSES.items()}
    chart = small_trends(
        month.headline.metrics, series=series, title="Win rate", as_of=month.params.as_of
    )
    return Section(
        "Win rates",
        (formats.printable(said),),
        (_figures(month, "Won ÷ (won + lost)", lines),),
        picture(chart),
    )


def velocity(month: Month) -> Section:
    """Median days, from creation to the win and from touch to opportunity and meeting."""
    closing = {("days_to_close", name): CLASSES[name] for name in (*ROLES, "direct")}
    names = {key: f"Created to won, {label.lower()}" for key, label in closing.items()}
    names |= {
        ("days_touch_to_opportunity", "sourced"): "Deciding touch to creation, sourced",
        ("days_touch_to_meeting", "all"): "Handoff to first meeting",
    }
    lines = [
        _line(month, metric, classification, name=name, kind="days")
        for (metric, classification), name in names.items()
    ]
    chart = small_trends(
        month.headline.metrics,
        series=closing,
        title="Median time from created to won",
        as_of=month.params.as_of,
    )
    return Section("Velocity", (), (_figures(month, "Median days", lines),), picture(chart))


def trust(month: Month) -> Section:
    """How well the touches and handoffs behind the figures are kept."""
    names = {
        ("evidence_rate", "all"): "Touches with a link",
        ("logged_on_time_rate", "all"): "Touches logged in time",
        ("handoff_acceptance_rate", "all"): "Handoffs accepted",
    }
    lines = [
        _line(month, metric, "all", name=name, kind="rate") for (metric, _), name in names.items()
    ]
    chart = small_trends(
        month.headline.metrics, series=names, title="Trust", as_of=month.params.as_of, width=200
    )
    said = "In time is within 14 days of the touch; accepted is out of the handoffs answered."
    return Section(
        "Trust", (said,), (_figures(month, "How well it is kept", lines),), picture(chart)
    )


def _figures(month: Month, title: str, lines: list[tuple[Cell, ...]]) -> Grid:
    period = month.params.fiscal_period
    columns = ("Figure", period.title, period.before().title, "Change")
    return Grid(title, columns, tuple(lines), figures_from=1)


def _line(
    month: Month, metric: str, classification: str, *, name: str, kind: Kind
) -> tuple[Cell, ...]:
    """One figure: its value with what is behind it, that of the period before, and the change."""
    now, before = month.headline.pair(metric, classification)
    if kind == "amount":
        change = formats.amount_change(now.value, before.value, currency=month.currency)
    elif kind == "rate":
        change = formats.rate_change(now.value, before.value)
    else:
        change = _days_change(now.value, before.value)
    overlap = "the intervals overlap" if now.overlaps(before) else ""
    return (
        Cell(name),
        replace(
            _value(now, kind, currency=month.currency), href=month.records(metric, classification)
        ),
        _value(before, kind, currency=month.currency),
        Cell(change, note=overlap),
    )


def _value(row: Row, kind: Kind, *, currency: str) -> Cell:
    """A value, and below it what is behind it, or why it is not known."""
    if row.value is None:
        return Cell(formats.UNKNOWN, note=formats.printable(row.reason))
    if kind == "amount":
        note = f"sum of {formats.counted(row.n or 0, 'opportunity', 'opportunities')}"
        return Cell(formats.readable_amount(row.value, currency=currency), note=note)
    if kind == "days":
        return Cell(f"{row.value:,.4g}", note=f"median of {formats.count(row.n)}")
    parts = [formats.interval(row.ci_low, row.ci_high)]
    if row.numerator is not None and row.denominator is not None:
        parts.append(f"{formats.count(row.numerator)} of {formats.count(row.denominator)}")
    return Cell(formats.rate(row.value), note="; ".join(part for part in parts if part))


def _days_change(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return formats.NO_CHANGE_KNOWN
    if now == before:
        return "unchanged"
    moved = abs(now - before)
    unit = "day" if moved == 1 else "days"
    return f"{'up' if now > before else 'down'} {moved:,.4g}{formats.SPACE}{unit}"


def _points(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-", "−")
