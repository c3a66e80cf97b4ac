"""The monthly review: what moved in the run's period, by which opportunities, and what is to mend.

It speaks about the period of the run, be it a month or a quarter.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import quote

import polars as pl

from workbench.attribution import rulings_in_words
from workbench.charts import small_trends, trend_by_classification
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
from workbench.readout.headline import Headline, Row
from workbench.reviews.cells import (
    NOTHING,
    amount_cell,
    evidence_cell,
    opportunity_cell,
    text_cell,
    with_names,
)
from workbench.reviews.movement import (
    EVENTS,
    Earlier,
    Total,
    amount_changes,
    class_changes,
    gone,
    largest,
    pipeline_walk,
    with_events,
)
from workbench.reviews.view import (
    Cell,
    Grid,
    Review,
    Section,
    definition_in_a_line,
    made_in_a_line,
    picture,
    shown,
)
from workbench.sealing import reported_in_words
from workbench.trace_report import figure_address
from workbench.vocabulary import ROLES, SEVERITIES, Role
from workbench.worklists.file_names import file_names
from workbench.worklists.lists import ALL, NOBODY

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
MOVERS_SHOWN: Final = 5  # of each role and event
Kind = Literal["amount", "rate", "days"]
_CLASSES: Final = {
    "sourced": "Sourced",
    "influenced": "Influenced",
    "co_sell": "Either (co-sell)",
    "direct": "Direct",
}


@dataclass(frozen=True)
class _Month:
    """What every section of the page looks up."""

    headline: Headline
    events: pl.DataFrame
    opportunities: pl.DataFrame
    partners: pl.DataFrame
    params: RunParams
    pages: Collection[str]

    def records(self, metric: str, classification: str) -> str:
        """The page of the records behind a figure of the period; empty where the site has none."""
        address = figure_address(metric, classification)
        return address if address in self.pages else ""

    @property
    def currency(self) -> str:
        return self.params.reporting_currency

    def named(self, rows: pl.DataFrame) -> list[dict[str, Any]]:
        return with_names(
            rows,
            opportunities=self.opportunities,
            partners=self.partners,
            partner_column="primary_partner_id",
        )

    def opportunity(self, row: dict[str, Any]) -> Cell:
        return opportunity_cell(row, record_url=self.params.record_url)


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
    month = _Month(
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
            _pipeline(month),
            _bookings(month),
            _win_rates(month),
            _velocity(month),
            _trust(month),
            _movers(month),
            _since_last_run(month, earlier, row_changes, definition=definition),
            _to_mend(tables[QualityFindings], params=params),
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


def _pipeline(month: _Month) -> Section:
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


def _walk_grid(month: _Month) -> Grid:
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
    columns = ("Step", *(_CLASSES[role] for role in ROLES))
    return Grid(f"How it moved in {period.title}", columns, tuple(rows), figures_from=1)


def _total(month: _Month, total: Total, metric: str, role: Role) -> Cell:
    note = formats.counted(total.count, "opportunity", "opportunities")
    if total.without_amount:
        note += f", {total.without_amount:,} without an amount"
    amount = formats.readable_amount(total.amount, currency=month.currency, has_cents=False)
    return Cell(amount, month.records(metric, role), note)


def _bookings(month: _Month) -> Section:
    lines = [
        _line(month, "bookings", role, name=_CLASSES[role], kind="amount")
        for role in ("sourced", "influenced", "direct")
    ]
    chart = trend_by_classification(
        month.headline.metrics,
        metric="bookings",
        unit=month.currency,
        as_of=month.params.as_of,
    )
    return Section("Bookings", (), (_figures(month, "Won amount", lines),), picture(chart))


def _win_rates(month: _Month) -> Section:
    lines = [
        _line(month, "win_rate", name, name=label, kind="rate") for name, label in _CLASSES.items()
    ]
    gap = month.headline.row("win_rate_difference", "co_sell")
    if gap.value is None:
        said = f"Co-sell against direct: not known, {gap.reason}."
    else:
        ends = [_points(end) for end in (gap.ci_low, gap.ci_high) if end is not None]
        between = f", 95{formats.SPACE}% interval {' to '.join(ends)}" if ends else ""
        said = f"Co-sell against direct: {_points(gap.value)} percentage points{between}."
    series = {("win_rate", name): label for name, label in _CLASSES.items()}
    chart = small_trends(
        month.headline.metrics, series=series, title="Win rate", as_of=month.params.as_of
    )
    return Section(
        "Win rates",
        (formats.printable(said),),
        (_figures(month, "Won ÷ (won + lost)", lines),),
        picture(chart),
    )


def _velocity(month: _Month) -> Section:
    closing = {("days_to_close", name): _CLASSES[name] for name in (*ROLES, "direct")}
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


def _trust(month: _Month) -> Section:
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


def _figures(month: _Month, title: str, lines: list[tuple[Cell, ...]]) -> Grid:
    period = month.params.fiscal_period
    columns = ("Figure", period.title, period.before().title, "Change")
    return Grid(title, columns, tuple(lines), figures_from=1)


def _line(
    month: _Month, metric: str, classification: str, *, name: str, kind: Kind
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


def _movers(month: _Month) -> Section:
    noun = month.params.fiscal_period.noun
    columns = ("Opportunity", "Event", "Partner", "Owner", "Evidence", "Amount")
    grids = []
    for role in ROLES:
        rows = [
            (month.opportunity(row), Cell(event), *_who_and_what(month, row))
            for event in EVENTS
            for row in month.named(largest(month.events, event=event, role=role, rows=MOVERS_SHOWN))
        ]
        if rows:
            grids.append(Grid(_CLASSES[role], columns, tuple(rows), figures_from=5))
    said = (
        f"Of each class the {MOVERS_SHOWN} largest that were won, created or lost in the {noun}. "
        "One that was created and closed in it stands here twice."
    )
    nothing = f"No partner’s opportunity was won, created or lost in the {noun}."
    return Section("Which opportunities moved it", (said if grids else nothing,), tuple(grids))


def _who_and_what(month: _Month, row: dict[str, Any]) -> tuple[Cell, ...]:
    """The partner and the owner of an opportunity, its evidence and its amount."""
    return (
        text_cell(row["partner"] or row["primary_partner_id"]),
        text_cell(row["owner"]),
        evidence_cell(row),
        amount_cell(row, currency=month.currency),
    )


def _since_last_run(
    month: _Month,
    earlier: Earlier | None,
    row_changes: pl.DataFrame | None,
    *,
    definition: Definition,
) -> Section:
    """What another run of the same name said of the same opportunities."""
    title = "Changed since the last run"
    if earlier is None:
        said = "There is no earlier run of this name: nothing can be compared with it."
        return Section(title, (said,))
    moved = class_changes(month.events, earlier.attribution)
    count = formats.counted(moved.height, "opportunity has", "opportunities have")
    last_run = f"The last run was as of {formats.day(earlier.as_of)}."
    says = [f"{last_run} {count} another class now."]
    made_by = earlier.attribution.select("definition_id", "definition_version").unique().rows()
    others = [key for key in sorted(made_by) if key != (definition.id, definition.version)]
    says += [f"That run went by {name}, version {version}." for name, version in others]
    grids = [_class_grid(month, moved)] if moved.height else []
    if row_changes is not None:
        lost = gone(earlier.attribution, row_changes=row_changes)
        count = formats.counted(lost.height, "opportunity is", "opportunities are")
        says.append(f"{count} not in the data any more.")
        grids += [_gone_grid(lost, currency=earlier.reporting_currency)] if lost.height else []
    if row_changes is None:
        says.append("Rows were taken over from it: no amount was read anew.")
    elif earlier.reporting_currency != month.currency:
        says.append(f"Its amounts are in {earlier.reporting_currency}: they are not compared.")
    else:
        edited = amount_changes(month.events, earlier.attribution, row_changes=row_changes)
        count = formats.counted(edited.height, "opportunity", "opportunities")
        says.append(f"The amount of {count} was edited. Exchange rates alone are no edit.")
        grids += [_amount_grid(month, edited)] if edited.height else []
    return Section(title, tuple(formats.printable(text) for text in says), tuple(grids))


def _class_grid(month: _Month, moved: pl.DataFrame) -> Grid:
    rows = [
        (
            month.opportunity(row),
            Cell(f"{row['classification_before']} → {row['classification']}"),
            *_who_and_what(month, row),
        )
        for row in month.named(moved)
    ]
    first, more = shown(rows, where="tables/opportunity_attribution.parquet")
    columns = ("Opportunity", "Class", "Partner", "Owner", "Evidence", "Amount")
    return Grid("Another class", columns, first, figures_from=5, more=more)


def _gone_grid(lost: pl.DataFrame, *, currency: str) -> Grid:
    rows = [
        (
            Cell(formats.printable(row["opportunity_id"])),
            Cell(row["classification"]),
            Cell(row["status"]),
            text_cell(row["owner"]),
            Cell(formats.exact_amount(row["amount_reporting"])),
        )
        for row in lost.to_dicts()
    ]
    first, more = shown(rows, where="tables/row_changes.parquet")
    columns = ("Opportunity", "Class", "Status", "Owner", f"Before, {currency}")
    return Grid("Not in the data any more", columns, first, figures_from=4, more=more)


def _amount_grid(month: _Month, edited: pl.DataFrame) -> Grid:
    rows = [
        (
            month.opportunity(row),
            Cell(row["classification"]),
            text_cell(row["owner"]),
            Cell(formats.exact_amount(row["amount_before"])),
            Cell(formats.exact_amount(row["amount_reporting"])),
        )
        for row in month.named(edited)
    ]
    first, more = shown(rows, where="tables/row_changes.parquet")
    columns = (
        "Opportunity",
        "Class",
        "Owner",
        f"Before, {month.currency}",
        f"Now, {month.currency}",
    )
    return Grid("Another amount", columns, first, figures_from=3, more=more)


def _to_mend(findings: pl.DataFrame, *, params: RunParams) -> Section:
    """Findings by owner, with their deadlines, seen from the day on which the sources were read."""
    title = "What there is to mend, by owner"
    if findings.is_empty():
        return Section(title, ("The data checks of this run found nothing.",))
    read_on = params.read_at.astimezone(params.zone).date()
    counts = [(pl.col("severity") == severity).sum().alias(severity) for severity in SEVERITIES]
    is_overdue = (pl.col("due_on") < read_on).fill_null(value=False)
    owners = (
        findings.group_by("owner")
        .agg(*counts, is_overdue.sum().alias("overdue"), pl.col("due_on").min())
        .sort(*SEVERITIES, "owner", descending=[True, True, True, False])
    )
    files = file_names(findings["owner"].drop_nulls().unique().sort(), taken=(ALL, NOBODY))
    rows = [
        (
            Cell(
                formats.printable(row["owner"] or "nobody named"),
                f"../worklists/{quote(files.get(row['owner'], NOBODY))}.xlsx",
            ),
            *(Cell(formats.count(row[name])) for name in (*SEVERITIES, "overdue")),
            Cell(NOTHING if row["due_on"] is None else formats.day(row["due_on"])),
        )
        for row in owners.to_dicts()
    ]
    first, more = shown(rows, where=f"worklists/{ALL}.xlsx")
    columns = ("Owner", "Errors", "Warnings", "Notes", "Overdue", "Next due")
    due = findings.drop_nulls("due_on")
    overdue = due.filter(is_overdue).height
    past = formats.count(overdue) if overdue else "none"
    said = (
        f"{formats.counted(due.height, 'finding has', 'findings have')} a deadline, {past} of them "
        f"before {formats.day(read_on)}, when the sources were read. Notes are never due. Each "
        "name leads to the owner’s list."
    )
    return Section(title, (said,), (Grid("By owner", columns, first, figures_from=1, more=more),))
