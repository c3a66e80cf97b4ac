"""Everything that the page says, as plain data, before any of it is set in type."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import ulp
from typing import Final, Literal

import polars as pl

from workbench.attribution import Sensitivity, rulings_in_words
from workbench.charts import chart_svg, trend_multiples, win_rate_intervals
from workbench.definitions import Definition
from workbench.errors import ConservationError
from workbench.params import RunParams
from workbench.readout import formats
from workbench.readout.changes import changes_in_words
from workbench.readout.evidence import NUMBERS, EvidenceCount, evidence_counts
from workbench.readout.gate import trust_gate
from workbench.readout.headline import Headline
from workbench.readout.lines import (
    ClassFigures,
    Line,
    class_figures,
    cost_lines,
    records_page,
    trust_lines,
)
from workbench.readout.texts import ReadoutTexts
from workbench.sealing import reported_in_words
from workbench.vocabulary import ROLES, Role

NO_TEXTS: Final = "No decisions, asks or learnings were written for this run."
EVIDENCE: Final = (
    "What is underlined leads to the records behind it, in this run’s folder: html/figures.html "
    "lists all figures, html/index.html all pages."
)
OTHER_PERIOD: Final = (
    "How far the sourced bookings hang on the definition is not known: attribution was taken over "
    "from a run of another period."
)


@dataclass(frozen=True)
class EvidenceLine:
    """What a reader can check behind one number of one classification, by evidence grade."""

    role: Role
    name: str
    number: str
    reported: str
    floor: str
    opportunities: str
    accounts: str
    ceiling: str
    claimed: str
    unsupported: str
    unsupported_count: str
    records: str


@dataclass(frozen=True)
class Note:
    """What else a reader must know: a few words, the sentences, and the page with more of it."""

    title: str
    said: str
    page: str


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, and the same in words."""

    svg: str
    description: str


@dataclass(frozen=True)
class ReadoutFigures:
    """One page: every number is formatted and every sentence whole.

    `no_texts` is the sentence that stands in place of the texts, and empty when there are some.
    """

    paper: Literal["a4", "us-letter"]
    read_at: datetime
    title: str
    span: str
    period: str
    period_before: str
    period_noun: str
    currency: str
    is_draft: bool
    decisions: tuple[str, ...]
    asks: tuple[str, ...]
    learned: tuple[str, ...]
    no_texts: str
    classes: tuple[ClassFigures, ...]
    gates: str
    sensitivity: str
    cost: tuple[Line, ...]
    withheld: str
    trust: tuple[Line, ...]
    trend: Picture
    win_rates: Picture
    evidence: tuple[EvidenceLine, ...]
    notes: tuple[Note, ...]
    footer: tuple[str, ...]


def readout_figures(
    metrics: pl.DataFrame,
    attribution: pl.DataFrame,
    *,
    params: RunParams,
    definition: Definition,
    texts: ReadoutTexts | None,
    run_id: str,
    findings: pl.DataFrame | None = None,
    rulings: pl.DataFrame | None = None,
    sealed_periods: pl.DataFrame | None = None,
    sensitivity: pl.DataFrame | None = None,
    restatement: pl.DataFrame | None = None,
    ingest_summary: pl.DataFrame | None = None,
) -> ReadoutFigures:
    """The figures and sentences of the page for the run's period.

    Headline numbers come from `metrics`, their evidence from `attribution`, both under
    `definition`. Sourced and influenced are never added. A value that is missing is printed as
    not known, with its reason.

    Raises ConservationError when a headline amount is not the sum of the opportunities behind it.
    """
    headline = Headline(
        metrics.filter(pl.col("definition_id") == definition.id), period=params.fiscal_period
    )
    gate = trust_gate(headline, definition=definition)
    counts = evidence_counts(attribution, params=params)
    _check_conservation(headline, counts)
    period = params.fiscal_period
    trend = trend_multiples(
        headline.metrics,
        shown=list(NUMBERS),
        period=period,
        unit=params.reporting_currency,
        as_of=params.as_of,
    )
    win_rates = win_rate_intervals(
        headline.metrics, period=period.label, as_of=params.as_of, width=200, height=76
    )
    return ReadoutFigures(
        paper=params.paper,
        read_at=params.read_at,
        title=f"Partner revenue, {period.title}",
        span=_span(params),
        period=period.title,
        period_before=period.before().title,
        period_noun=headline.noun,
        currency=params.reporting_currency,
        is_draft=not definition.is_approved,
        decisions=_printable(texts.decisions if texts else ()),
        asks=_printable(texts.asks if texts else ()),
        learned=_printable(texts.learned if texts else ()),
        no_texts="" if texts else NO_TEXTS,
        classes=tuple(
            class_figures(
                headline,
                role=role,
                params=params,
                definition=definition,
                gate=gate,
                without_amount={c.number: c.without_amount for c in counts if c.role == role},
            )
            for role in ROLES
        ),
        gates=definition.gates_in_words(),
        sensitivity=_sensitivity(sensitivity, params=params, definition=definition),
        cost=cost_lines(headline, params=params, gate=gate),
        withheld=gate.sentence,
        trust=trust_lines(headline),
        trend=Picture(chart_svg(trend), str(trend.description)),
        win_rates=Picture(chart_svg(win_rates), str(win_rates.description)),
        evidence=tuple(_evidence_line(count) for count in counts),
        notes=_notes(
            counts,
            trend=_trend_note(headline, definition=definition, sealed_periods=sealed_periods),
            findings=findings,
            rulings=rulings,
            changes=changes_in_words(restatement, sealed_periods, headline=headline, params=params),
            ingest_summary=ingest_summary,
        ),
        footer=_footer(params, definition=definition, run_id=run_id),
    )


def _trend_note(
    headline: Headline, *, definition: Definition, sealed_periods: pl.DataFrame | None
) -> str:
    note = (
        f"Every {headline.noun} is worked out again under this one definition, "
        f"version {definition.version}."
    )
    reported = [] if sealed_periods is None else reported_in_words(sealed_periods, definition)
    return " ".join([note, *reported])


def _sensitivity(table: pl.DataFrame | None, *, params: RunParams, definition: Definition) -> str:
    """How far the sourced bookings hang on the definition; empty where no choice moves them."""
    if table is None:
        return ""
    found = Sensitivity.of(table, definition=definition, period=params.fiscal_period)
    if found is None:
        return OTHER_PERIOD
    if found.variants.is_empty():
        return ""
    currency = params.reporting_currency
    said = found.in_words(currency).replace(f"{currency} ", f"{currency}{formats.SPACE}")
    return formats.printable(said)


def _printable(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(formats.printable(text) for text in texts)


def _span(params: RunParams) -> str:
    period = params.fiscal_period
    span = f"{formats.day(period.start)} to {formats.day(period.end)}"
    if params.as_of < period.end:
        span += f"; the {period.noun} is not over"
    return f"{span}, as of {formats.day(params.as_of)}. Amounts in {params.reporting_currency}."


def _evidence_line(count: EvidenceCount) -> EvidenceLine:
    return EvidenceLine(
        role=count.role,
        name=count.role.capitalize(),
        number=NUMBERS[count.number],
        reported=formats.exact_amount(count.reported),
        floor=formats.exact_amount(count.floor),
        opportunities=f"{count.opportunities_with_link:,} of {count.opportunities:,}",
        accounts=f"{count.accounts_with_link:,} of {count.accounts:,}",
        ceiling=formats.exact_amount(count.ceiling),
        claimed=f"{count.claimed_only:,}",
        unsupported=formats.exact_amount(count.unsupported_amount),
        unsupported_count=f"{count.unsupported:,}",
        records="" if count.reported is None else records_page(count.number, count.role),
    )


def _notes(
    counts: list[EvidenceCount],
    *,
    trend: str,
    findings: pl.DataFrame | None,
    rulings: pl.DataFrame | None,
    changes: str,
    ingest_summary: pl.DataFrame | None,
) -> tuple[Note, ...]:
    """Those that there is something to say of, each with the page of the site that says more."""
    said = [
        ("Since the last report", changes, "04_metrics.html"),
        ("Trend", trend, "04_metrics.html"),
    ]
    if rulings is not None:
        said.append(("Rulings", rulings_in_words(rulings), "03_attribution.html"))
    if findings is not None:
        said.append(("Data checks", _findings_in_words(findings), "02_data_quality.html"))
    without = ", ".join(
        f"{count.without_amount:,} in {count.role} {NUMBERS[count.number].lower()}"
        for count in counts
        if count.without_amount
    )
    if ingest_summary is not None:
        said.append(("Rows left out", _left_out_in_words(ingest_summary), "01_ingest.html"))
    missing = without and f"{without}: these opportunities are in no sum."
    said.append(("Without an amount", missing, "02_data_quality.html"))
    return tuple(
        Note(title, formats.printable(words), f"../html/{page}")
        for title, words, page in said
        if words
    )


def _left_out_in_words(ingest_summary: pl.DataFrame) -> str:
    """How many rows of each table were rejected; empty where none was."""
    sums = ingest_summary.group_by("table").agg(pl.col("rows_read", "rows_rejected").sum())
    tables = ", ".join(
        f"{rejected:,} of {read:,} {table.replace('_', ' ')}"
        for table, read, rejected in sums.filter(pl.col("rows_rejected") > 0)
        .sort("rows_rejected", "table", descending=[True, False])
        .iter_rows()
    )
    return tables and f"{tables} could not be used and are in no figure."


def _findings_in_words(findings: pl.DataFrame) -> str:
    severities: dict[str, int] = dict(findings.group_by("severity").len().iter_rows())
    parts = " and ".join(
        formats.counted(severities.get(severity, 0), severity) for severity in ("error", "warning")
    )
    return f"{parts} found in this run."


def _footer(params: RunParams, *, definition: Definition, run_id: str) -> tuple[str, ...]:
    approved = ", ".join(f"{a.role} on {formats.day(a.on)}" for a in definition.approvals)
    status = f"Approved by {approved}." if approved else "DRAFT: nobody has approved it."
    decided_by = (
        f"Definition {definition.id}, version {definition.version}: {definition.title}. {status}"
    )
    read_at = formats.instant(params.read_at.astimezone(UTC))
    made = (
        f"As of {formats.day(params.as_of)}, days in {params.timezone}; sources read {read_at}. "
        f"Amounts in {params.reporting_currency}, at the rate of the closed day, open ones of the "
        f"as-of day. Run {run_id}."
    )
    return _printable((decided_by, made, EVIDENCE))


def _check_conservation(headline: Headline, counts: list[EvidenceCount]) -> None:
    breaches = []
    for count in counts:
        value = headline.row(count.number, count.role).value
        if value is None:
            continue
        # The metrics table holds floats: an amount of fifteen digits is not kept to the cent.
        near = max(Decimal("0.005"), Decimal(ulp(value)))
        if count.reported is None or abs(Decimal(value) - count.reported) > near:
            behind = formats.UNKNOWN if count.reported is None else f"{count.reported:,}"
            breaches.append(
                f"{count.role} {count.number} is {value:,.2f} in the metrics and {behind} in the "
                "opportunities behind it."
            )
    if breaches:
        raise ConservationError(breaches)
