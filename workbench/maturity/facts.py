"""What the tables of a run show about the way it was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final, Self

import polars as pl

from workbench.contracts import (
    Contract,
    IngestSummary,
    Metrics,
    OpportunityAttribution,
    QualityBreakdown,
    QualityHistory,
    QualityScores,
)
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.quality.breakdown import FILE
from workbench.readout.headline import Headline, Row
from workbench.readout.texts import ReadoutTexts

YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class MaturityFacts:
    """What the stages are judged by.

    `tables` are those with at least one accepted row; `systems` the source systems that records
    name; `scores` the quality scores by rule. Of all opportunities, `flagged` carry a class of the
    CRM's own, `attributed` are sourced or influenced, and `attributed_and_flagged` are both. The
    rates are those of the period. `months` counts the calendar months in which runs of this name
    read the data within a year before this one, this one's included. `decisions` is None where the
    run's page has no texts.
    """

    contracts: ClassVar[tuple[type[Contract], ...]] = (
        IngestSummary,
        QualityScores,
        QualityBreakdown,
        QualityHistory,
        OpportunityAttribution,
        Metrics,
    )

    definition: Definition
    compared: int
    tables: frozenset[str]
    systems: tuple[str, ...]
    scores: Mapping[str, float]
    opportunities: int
    flagged: int
    attributed: int
    attributed_and_flagged: int
    evidence_rate: Row
    logged_on_time_rate: Row
    rows_read: int
    rows_rejected: int
    months: int
    decisions: int | None

    @classmethod
    def of(
        cls,
        tables: Mapping[type[Contract], pl.DataFrame],
        *,
        params: RunParams,
        definition: Definition,
        texts: ReadoutTexts | None,
    ) -> Self:
        """The facts of a run, from its tables (`contracts`) and the texts of its page."""
        summary = tables[IngestSummary]
        attribution = tables[OpportunityAttribution]
        headline = Headline(tables[Metrics], period=params.fiscal_period)
        is_attributed = pl.col("classification") != "direct"
        is_flagged = pl.col("crm_classification").is_in(["sourced", "influenced"])
        sources = tables[QualityBreakdown].filter(dimension="source")["member"]
        return cls(
            definition=definition,
            compared=len(params.compare_with),
            tables=frozenset(summary.filter(pl.col("rows_accepted") > 0)["table"]),
            systems=tuple(sorted(s for s in sources if not s.startswith(FILE))),
            scores=dict(tables[QualityScores].select("rule", "score").iter_rows()),
            opportunities=attribution.height,
            flagged=attribution["crm_classification"].count(),
            attributed=attribution.filter(is_attributed).height,
            attributed_and_flagged=attribution.filter(is_attributed, is_flagged).height,
            evidence_rate=headline.row("evidence_rate"),
            logged_on_time_rate=headline.row("logged_on_time_rate"),
            rows_read=int(summary["rows_read"].sum()),
            rows_rejected=int(summary["rows_rejected"].sum()),
            months=_months(tables[QualityHistory], params),
            decisions=None if texts is None else len(texts.decisions),
        )


def _months(history: pl.DataFrame, params: RunParams) -> int:
    within = pl.col("read_at").is_between(params.read_at - YEAR, params.read_at)
    reads = history.filter(within)["read_at"].dt.convert_time_zone(params.timezone)
    own = params.read_at.astimezone(params.zone)
    return len({(read.year, read.month) for read in [*reads.unique(), own]})
