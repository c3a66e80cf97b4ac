"""The tables that the stages after ingest write; contract.md, section 3."""

import pandera.polars as pa
import polars as pl

from workbench.contracts.base import Contract, Date, Instant, Money, Rate, Words
from workbench.vocabulary import (
    CLASSIFICATIONS,
    CREDIT_MODELS,
    EVIDENCE_GRADES,
    MATURITY_DIMENSIONS,
    OPPORTUNITY_TYPES,
    PARTNER_TYPES,
    QUALITY_DIMENSIONS,
    REJECTION_REASONS,
    RESTATEMENT_PARTS,
    ROLES,
    SEVERITIES,
    STATUSES,
    TOUCH_TYPES,
)


class Rejects(Contract):
    """One row per row of a source that no table could take, with everything that is wrong with it.

    `row_number` counts the rows of the source from 1; `row` is the row as read, in JSON.
    """

    table: str
    source: str
    row_number: int = pa.Field(ge=1)
    reasons: Words
    row: str

    class Config(Contract.Config):
        name = "rejects"
        unique = ["table", "source", "row_number"]


class IngestSummary(Contract):
    """One row per table and source file."""

    table: str
    source: str
    rows_read: int = pa.Field(ge=0)
    rows_accepted: int = pa.Field(ge=0)
    rows_rejected: int = pa.Field(ge=0)
    sha256: str

    class Config(Contract.Config):
        name = "ingest_summary"
        unique = ["table", "source"]

    @pa.dataframe_check
    @classmethod
    def rows_read_are_accepted_or_rejected(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            pl.col("rows_read") == pl.col("rows_accepted") + pl.col("rows_rejected")
        )


class RowMemory(Contract):
    """One row per record of the tables with a key of one column: since when it is as it is.

    `first_seen_at` is the `read_at` of the run that first read the record, carried forward as long
    as each run of that name has it; `changed_at` that of the run that first read it as it is now.
    """

    table: str
    record_id: str
    first_seen_at: Instant
    changed_at: Instant

    class Config(Contract.Config):
        name = "row_memory"
        unique = ["table", "record_id"]


class RowChanges(Contract):
    """One row per record that came, went or changed since the last finished run of the same name.

    `columns` names what differs in a changed one. Without an earlier run there is no row, and none
    for a table that one of the two runs lacks.
    """

    table: str
    record_id: str
    change: str = pa.Field(isin=("added", "changed", "removed"))
    columns: Words = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "row_changes"
        unique = ["table", "record_id"]

    @pa.dataframe_check
    @classmethod
    def a_change_names_its_columns(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            (pl.col("change") == "changed")
            == (pl.col("columns").list.len() > 0).fill_null(value=False)
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


class TouchAudit(Contract):
    """One row per touch and opportunity it was paired with; one for a touch without a pair."""

    touch_id: str
    opportunity_id: str = pa.Field(nullable=True)
    partner_id: str
    touch_type: str = pa.Field(isin=TOUCH_TYPES)
    touched_at: Instant
    decision: str = pa.Field(isin=("accepted", "rejected"))
    role: str = pa.Field(nullable=True, isin=ROLES)
    reason: str = pa.Field(nullable=True, isin=REJECTION_REASONS)
    rule: int = pa.Field(nullable=True, ge=0)

    class Config(Contract.Config):
        name = "touch_audit"
        unique = ["touch_id", "opportunity_id"]

    @pa.dataframe_check
    @classmethod
    def accepted_has_a_role_and_rejected_a_reason(cls, data: pa.PolarsData) -> pl.LazyFrame:
        accepted = pl.col("decision") == "accepted"
        return data.lazyframe.select(
            (pl.col("role").is_not_null() == accepted)
            & (pl.col("rule").is_not_null() == accepted)
            & (pl.col("reason").is_null() == accepted)
        )


class OpportunityAttribution(Contract):
    """One row per opportunity created on or before the as-of day.

    `amount_reporting` is in the reporting currency; `days_to_created` is the deciding touch's day
    minus the created day, in calendar days of the reporting time zone.
    """

    opportunity_id: str = pa.Field(unique=True)
    account_id: str
    classification: str = pa.Field(isin=CLASSIFICATIONS)
    claimed_classification: str = pa.Field(isin=CLASSIFICATIONS)
    crm_classification: str = pa.Field(nullable=True, isin=CLASSIFICATIONS)
    evidence_grade: str = pa.Field(nullable=True, isin=EVIDENCE_GRADES)
    primary_partner_id: str = pa.Field(nullable=True)
    deciding_touch_id: str = pa.Field(nullable=True)
    evidence_url: str = pa.Field(nullable=True)
    days_to_created: int = pa.Field(nullable=True)
    partner_count: int = pa.Field(ge=0)
    status: str = pa.Field(isin=STATUSES)
    stage: str
    opportunity_type: str = pa.Field(isin=OPPORTUNITY_TYPES)
    owner: str = pa.Field(nullable=True)
    created_at: Instant
    closed_at: Instant = pa.Field(nullable=True)
    amount_reporting: Money = pa.Field(nullable=True)
    definition_id: str
    definition_version: int = pa.Field(ge=1)

    class Config(Contract.Config):
        name = "opportunity_attribution"

    @pa.dataframe_check
    @classmethod
    def evidenced_means_a_link(cls, data: pa.PolarsData) -> pl.LazyFrame:
        evidenced = (pl.col("evidence_grade") == "evidenced").fill_null(value=False)
        return data.lazyframe.select(~evidenced | pl.col("evidence_url").is_not_null())


class PartnerCredit(Contract):
    """One row per opportunity and partner that shares its credit.

    `share` adds up to 1 per opportunity under every model but `full`; `credited_amount` is in the
    reporting currency and null where the amount is.
    """

    opportunity_id: str
    partner_id: str
    classification: str = pa.Field(isin=ROLES)
    model: str = pa.Field(isin=CREDIT_MODELS)
    share: float = pa.Field(ge=0, le=1)
    credited_amount: Money = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "partner_credit"
        unique = ["opportunity_id", "partner_id"]


class DefinitionComparison(Contract):
    """One row per opportunity and definition."""

    opportunity_id: str
    definition_id: str
    classification: str = pa.Field(isin=CLASSIFICATIONS)
    primary_partner_id: str = pa.Field(nullable=True)
    amount_reporting: Money = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "definition_comparison"
        unique = ["opportunity_id", "definition_id"]


class RulingsApplied(Contract):
    """One row per opportunity with a ruling in force on the as-of day.

    `before` is the class by the rules, `after` the ruled one; the days `on` and `until` are the
    first and the last on which the ruling holds.
    """

    opportunity_id: str = pa.Field(unique=True)
    before: str = pa.Field(isin=CLASSIFICATIONS)
    after: str = pa.Field(isin=CLASSIFICATIONS)
    partner_id: str = pa.Field(nullable=True)
    by: str
    on: Date
    why: str
    until: Date = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "rulings_applied"


class TimezoneFlips(Contract):
    """One row per opportunity whose class turns when the touches' clock is up to a day off.

    `shift_hours`, the smallest such shift, is added to the clock of every touch.
    """

    opportunity_id: str = pa.Field(unique=True)
    classification: str = pa.Field(isin=CLASSIFICATIONS)
    other_classification: str = pa.Field(isin=CLASSIFICATIONS)
    shift_hours: int = pa.Field(ge=-24, le=24)
    amount_reporting: Money = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "timezone_flips"


class DefinitionSensitivity(Contract):
    """One row per definition that was tried: the run's own, and each with one choice changed.

    `sourced_bookings` are those of the days `starts_on` to `ends_on`, in the reporting currency,
    and `difference` is what a definition adds to the run's own, whose `knob` and `change` are null.
    """

    definition_id: str = pa.Field(unique=True)
    knob: str = pa.Field(nullable=True)
    change: str = pa.Field(nullable=True)
    starts_on: Date
    ends_on: Date
    won_count: int = pa.Field(ge=0)
    sourced_bookings: Money
    difference: Money

    class Config(Contract.Config):
        name = "definition_sensitivity"


class Metrics(Contract):
    """One row per metric, period, classification and member of a dimension; see metrics.md.

    `value` is null exactly when `reason` says why.
    """

    metric: str
    category: str = pa.Field(
        isin=("pipeline", "motion", "coverage", "trust", "velocity", "programme")
    )
    definition_id: str
    period: str
    classification: str = pa.Field(isin=("sourced", "influenced", "co_sell", "direct", "all"))
    dimension: str = pa.Field(
        isin=(
            "all",
            "partner",
            "parent_partner",
            "partner_type",
            "tier",
            "region",
            "segment",
            "touch_type",
            "owner",
            "direction",
            "category",
            "opportunity_type",
        )
    )
    member: str
    value: float = pa.Field(nullable=True)
    unit: str = pa.Field(isin=("currency", "ratio", "days", "count"))
    numerator: float = pa.Field(nullable=True)
    denominator: float = pa.Field(nullable=True)
    n: int = pa.Field(nullable=True, ge=0)
    ci_low: float = pa.Field(nullable=True)
    ci_high: float = pa.Field(nullable=True)
    reason: str = pa.Field(nullable=True)
    basis: str = pa.Field(isin=("current", "as_reported"))

    class Config(Contract.Config):
        name = "metrics"
        unique = [
            "metric",
            "definition_id",
            "period",
            "classification",
            "dimension",
            "member",
            "basis",
        ]

    @pa.dataframe_check
    @classmethod
    def a_missing_value_has_a_reason(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("value").is_null() == pl.col("reason").is_not_null())

    @pa.dataframe_check
    @classmethod
    def numbers_are_finite(cls, data: pa.PolarsData) -> pl.LazyFrame:
        numbers = pl.col("value", "numerator", "denominator", "ci_low", "ci_high")
        return data.lazyframe.select(pl.all_horizontal(numbers.is_finite().fill_null(value=True)))

    @pa.dataframe_check
    @classmethod
    def all_is_the_only_member_of_all(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select((pl.col("dimension") != "all") | (pl.col("member") == "all"))

    @pa.dataframe_check
    @classmethod
    def sourced_and_influenced_are_never_added(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            ~((pl.col("classification") == "co_sell") & (pl.col("unit") == "currency"))
        )


class SealedPeriods(Contract):
    """One row per period of the trend that was reported and sealed: by which run, and how.

    `fingerprint` is the SHA-256 of the run's `seal.json`. Where a period was sealed more than once
    it is the run that read its sources last, of those that did so no later than this run.
    """

    period: str = pa.Field(unique=True)
    run_id: str
    as_of: Date
    read_at: Instant
    definition_id: str
    definition_version: int = pa.Field(ge=1)
    reporting_currency: str
    fingerprint: str

    class Config(Contract.Config):
        name = "sealed_periods"


class Restatement(Contract):
    """One row per figure, opportunity and part of the bridge that moved it.

    From the last sealed period as reported to the same period as worked out today: `before` and
    `after` are the opportunity's amount in the figure, in the reporting currency, null where it is
    not in it or has no amount; `change` is after − before. The changes of a figure add up to the
    difference between the two, to the cent.
    """

    period: str
    metric: str = pa.Field(isin=("bookings", "open_pipeline"))
    classification: str = pa.Field(isin=ROLES)
    part: str = pa.Field(isin=RESTATEMENT_PARTS)
    opportunity_id: str
    before: Money = pa.Field(nullable=True)
    after: Money = pa.Field(nullable=True)
    change: Money

    class Config(Contract.Config):
        name = "restatement"
        unique = ["period", "metric", "classification", "part", "opportunity_id"]

    @pa.dataframe_check
    @classmethod
    def change_is_after_minus_before(cls, data: pa.PolarsData) -> pl.LazyFrame:
        moved = pl.col("after").fill_null(0) - pl.col("before").fill_null(0)
        return data.lazyframe.select((pl.col("change") == moved) & (pl.col("change") != 0))


class CrmWriteBack(Contract):
    """One row per opportunity whose partner fields in the CRM differ from its attribution.

    The fields as they should be stand beside those that the CRM has now (`crm_`). `action` is write
    where the import file takes the row, and review where a person must look first; `reason` says
    why. A field that is empty is to be cleared. The CRM's own day of the co-sell room is not among
    the tables, so a row never stands here for that day alone.
    """

    opportunity_id: str = pa.Field(unique=True)
    action: str = pa.Field(isin=("write", "review"))
    reason: str
    partner_sourced: bool
    partner_id: str = pa.Field(nullable=True)
    partner_name: str = pa.Field(nullable=True)
    partner_influence_type: str = pa.Field(nullable=True)
    co_sell_room_created_on: Date = pa.Field(nullable=True)
    crm_classification: str = pa.Field(nullable=True, isin=CLASSIFICATIONS)
    crm_partner_name: str = pa.Field(nullable=True)
    crm_influence_type: str = pa.Field(nullable=True)
    classification: str = pa.Field(isin=CLASSIFICATIONS)
    evidence_grade: str = pa.Field(nullable=True, isin=EVIDENCE_GRADES)
    evidence_url: str = pa.Field(nullable=True)
    owner: str = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "crm_write_back"

    @pa.dataframe_check
    @classmethod
    def only_a_sourced_opportunity_has_the_flag(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            pl.col("partner_sourced") == (pl.col("classification") == "sourced")
        )


class Maturity(Contract):
    """One row per dimension of the tracking of partner-sourced revenue: its stage, and why.

    `stage` is 1 (gut feel and spreadsheets), 2 (basic tracking) or 3 (revenue-grade).
    `missing_for_next` is null at stage 3; `not_in_the_data` is what only a person can say.
    """

    dimension: str = pa.Field(unique=True, isin=MATURITY_DIMENSIONS)
    stage: int = pa.Field(ge=1, le=3)
    evidence: str
    missing_for_next: str = pa.Field(nullable=True)
    not_in_the_data: str

    class Config(Contract.Config):
        name = "maturity"

    @pa.dataframe_check
    @classmethod
    def something_is_missing_below_stage_three(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("missing_for_next").is_null() == (pl.col("stage") == 3))


class TierRecommendations(Contract):
    """One row per active partner: the tier it reached in the twelve months to the as-of day.

    `_for_next` is what the next tier asks for, `_to_next` what is missing: 0 where it is reached,
    null where the figure is not known or there is no higher tier. `sourced_bookings` leaves out
    `unknown_amount_count` wins without an amount. `near` says of which tier's threshold it is near.
    """

    partner_id: str = pa.Field(unique=True)
    current_tier: str = pa.Field(nullable=True)
    recommended_tier: str
    move: str = pa.Field(isin=("promote", "keep", "demote", "assign"))
    near: str = pa.Field(nullable=True, isin=("next", "lower"))
    sourced_bookings: Money = pa.Field(nullable=True)
    sourced_wins: int = pa.Field(ge=0)
    unknown_amount_count: int = pa.Field(ge=0)
    evidence_rate: float = pa.Field(nullable=True, ge=0, le=1)
    next_tier: str = pa.Field(nullable=True)
    sourced_bookings_for_next: Money = pa.Field(nullable=True)
    sourced_wins_for_next: int = pa.Field(nullable=True, ge=0)
    evidence_rate_for_next: float = pa.Field(nullable=True, ge=0, le=1)
    sourced_bookings_to_next: Money = pa.Field(nullable=True)
    sourced_wins_to_next: int = pa.Field(nullable=True, ge=0)
    evidence_rate_to_next: float = pa.Field(nullable=True, ge=0, le=1)
    is_draft: bool

    class Config(Contract.Config):
        name = "tier_recommendations"


class PayoutLedger(Contract):
    """One row per entry: what was booked for an opportunity's partner, or a booking taken back.

    Amounts are in the reporting currency; an accrual is `base_amount`, the credit, times `rate`,
    less what a cap cut off. A reversal takes back one accrual whole. The entries of a draft are
    proposals. Type and tier of the partner are those of its first booking.
    """

    entry_id: int = pa.Field(unique=True, ge=1)
    kind: str = pa.Field(isin=("accrual", "reversal"))
    reverses_entry_id: int = pa.Field(nullable=True, ge=1)
    booked_on: Date
    period: str
    opportunity_id: str
    partner_id: str
    partner_type: str = pa.Field(isin=PARTNER_TYPES)
    tier: str = pa.Field(nullable=True)
    classification: str = pa.Field(isin=ROLES)
    closed_on: Date
    base_amount: Money
    rate: Rate = pa.Field(ge=0, le=1)
    is_capped: bool
    amount: Money
    reason: str
    evidence_url: str = pa.Field(nullable=True)
    definition_id: str
    definition_version: int = pa.Field(ge=1)
    programme_version: int = pa.Field(ge=1)
    is_draft: bool

    class Config(Contract.Config):
        name = "payout_ledger"

    @pa.dataframe_check
    @classmethod
    def only_a_reversal_reverses(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            (pl.col("kind") == "reversal") == pl.col("reverses_entry_id").is_not_null()
        )

    @pa.dataframe_check
    @classmethod
    def an_entry_is_reversed_once(cls, data: pa.PolarsData) -> pl.LazyFrame:
        reverses = pl.col("reverses_entry_id")
        return data.lazyframe.select(reverses.is_null() | ~reverses.is_duplicated())


class PartnerEffort(Contract):
    """One row per active partner: what it brought and cost, and how sure its part in sales is.

    Bookings and cost are of the twelve months to the as-of day, in the reporting currency, null
    where there is none. Of `opportunity_count` closed opportunities with an accepted touch it was
    early in `early_count`, of which `won_count` were won; each rate has a 95 % interval, and
    `early_chance` is how sure it is that the partner is early more often than not.
    """

    partner_id: str = pa.Field(unique=True)
    sourced_bookings: Money = pa.Field(nullable=True)
    program_cost: Money = pa.Field(nullable=True)
    opportunity_count: int = pa.Field(ge=0)
    early_count: int = pa.Field(ge=0)
    won_count: int = pa.Field(ge=0)
    early_rate: float = pa.Field(nullable=True, ge=0, le=1)
    early_low_rate: float = pa.Field(nullable=True, ge=0, le=1)
    early_high_rate: float = pa.Field(nullable=True, ge=0, le=1)
    early_chance: float = pa.Field(nullable=True, ge=0, le=1)
    win_rate: float = pa.Field(nullable=True, ge=0, le=1)
    win_low_rate: float = pa.Field(nullable=True, ge=0, le=1)
    win_high_rate: float = pa.Field(nullable=True, ge=0, le=1)
    involvement: str = pa.Field(isin=("early", "late", "not_told"))

    class Config(Contract.Config):
        name = "partner_effort"
