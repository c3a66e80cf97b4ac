"""The tables that the stage of data quality writes; contract.md, section 3."""

import pandera.polars as pa

from workbench.contracts.base import Contract, Date, Instant
from workbench.vocabulary import (
    QUALITY_DIMENSIONS,
    SEVERITIES,
)


class QualityFindings(Contract):
    """One row per rule and record that breaks it."""

    finding_id: str = pa.Field(unique=True)
    rule: str
    severity: str = pa.Field(isin=SEVERITIES)
    table: str
    record_id: str
    owner: str = pa.Field(nullable=True)
    message: str
    suggestion: str = pa.Field(nullable=True)
    first_seen_on: Date
    due_on: Date = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "quality_findings"


class QualityScores(Contract):
    """One row per rule: how many records it checked, how many broke it, and the share that did not.

    `score` is 1 where nothing was there to check.
    """

    rule: str = pa.Field(unique=True)
    checked: int = pa.Field(ge=0)
    failed: int = pa.Field(ge=0)
    score: float = pa.Field(ge=0, le=1)

    class Config(Contract.Config):
        name = "quality_scores"


class QualityBreakdown(Contract):
    """One row per rule, source, owner and partner: how many records were checked, how many failed.

    `failed` counts records with at least one finding; `score` is 1 − failed ÷ checked, and 1 where
    nothing was there to check. A record counts for its source, its owner and its partner alike, so
    scores of different dimensions are never added.
    """

    dimension: str = pa.Field(isin=QUALITY_DIMENSIONS)
    member: str
    checked: int = pa.Field(ge=0)
    failed: int = pa.Field(ge=0)
    score: float = pa.Field(ge=0, le=1)

    class Config(Contract.Config):
        name = "quality_breakdown"
        unique = ["dimension", "member"]


class QualityHistory(Contract):
    """One row per finished run of this name that checked the data, dimension and member.

    What `quality_breakdown` said in each of those runs, this one included; `read_at` is when that
    run read its sources.
    """

    run_id: str
    read_at: Instant
    dimension: str = pa.Field(isin=QUALITY_DIMENSIONS)
    member: str
    checked: int = pa.Field(ge=0)
    failed: int = pa.Field(ge=0)
    score: float = pa.Field(ge=0, le=1)

    class Config(Contract.Config):
        name = "quality_history"
        unique = ["run_id", "dimension", "member"]
