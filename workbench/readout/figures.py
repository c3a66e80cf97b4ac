"""Everything that the page says, as plain data, before any of it is set in type."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal

import polars as pl

from workbench.attribution import Sensitivity, rulings_in_words
from workbench.charts import chart_svg, trend_by_classification, win_rate_intervals
from workbench.definitions import Definition
from workbench.errors import ConservationError
from workbench.params import RunParams
from workbench.readout import formats
from workbench.readout.evidence import NUMBERS, EvidenceCount, evidence_counts
from workbench.readout.gate import trust_gate
from workbench.readout.headline import Headline
from workbench.readout.lines import (
    ClassFigures,
    Line,
    class_figures,
    cost_lines,
    trust_lines,
)
from workbench.readout.texts import ReadoutTexts
from workbench.sealing import reported_in_words
from workbench.vocabulary import ROLES, Role

NO_TEXTS: Final = "No decisions, asks or learnings were written for this run."
OTHER_PERIOD: Final = (
    "How far the sourced bookings hang on the definition is not known: attribution was taken over "
    "from a run of another period."
)


@dataclass(frozen=True)
class EvidenceLine:
    """What a reader can check behind one number of one classification."""

    role: Role
    name: str
    number: str
    reported: str
    floor: str
    ceiling: str
    opportunities: str
    accounts: str


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
    trend_note: str
    win_rates: Picture
    evidence: tuple[EvidenceLine, ...]
    evidence_notes: tuple[str, ...]
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
    trend = trend_by_classification(
        headline.metrics,
        metric="bookings" if headline.is_ever_above_zero("bookings") else "open_pipeline",
        unit=params.reporting_currency,
        as_of=params.as_of,
        width=206,
        height=80,
    )
    win_rates = win_rate_intervals(
        headline.metrics, period=period.label, as_of=params.as_of, width=112, height=112
    )
    return ReadoutFigures(
        paper=params.paper,
        read_at=params.read_at,
        title=f"Partner revenue, {period.title}",
        span=_span(params),
        period=period.title,
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
        trend_note=_trend_note(headline, definition=definition, sealed_periods=sealed_periods),
        win_rates=Picture(chart_svg(win_rates), str(win_rates.description)),
        evidence=tuple(_evidence_line(count) for count in counts),
        evidence_notes=_evidence_notes(counts, findings=findings, rulings=rulings),
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
    return formats.printable(" ".join([note, *reported]))


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
        ceiling=formats.exact_amount(count.ceiling),
        opportunities=f"{count.opportunities_with_link:,} of {count.opportunities:,}",
        accounts=f"{count.accounts_with_link:,} of {count.accounts:,}",
    )


def _evidence_notes(
    counts: list[EvidenceCount],
    *,
    findings: pl.DataFrame | None,
    rulings: pl.DataFrame | None,
) -> tuple[str, ...]:
    notes = []
    for count in counts:
        name = f"{count.role} {NUMBERS[count.number].lower()}"
        if count.without_amount:
            missing = formats.counted(count.without_amount, "opportunity", "opportunities")
            notes.append(f"{missing} in {name} without an amount: not in any sum.")
    if findings is not None:
        severities: dict[str, int] = dict(findings.group_by("severity").len().iter_rows())
        parts = " and ".join(
            formats.counted(severities.get(severity, 0), severity)
            for severity in ("error", "warning")
        )
        notes.append(f"The data checks of this run found {parts}.")
    if rulings is not None:
        notes.append(rulings_in_words(rulings))
    return tuple(notes)


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
    return _printable((decided_by, made))


def _check_conservation(headline: Headline, counts: list[EvidenceCount]) -> None:
    breaches = []
    for count in counts:
        value = headline.row(count.number, count.role).value
        if value is None:
            continue
        if count.reported is None or abs(Decimal(str(value)) - count.reported) >= Decimal("0.01"):
            behind = formats.UNKNOWN if count.reported is None else f"{count.reported:,}"
            breaches.append(
                f"{count.role} {count.number} is {value:,.2f} in the metrics and {behind} in the "
                "opportunities behind it."
            )
    if breaches:
        raise ConservationError(breaches)
