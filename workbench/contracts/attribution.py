"""The tables that the stage of attribution writes; contract.md, section 3."""

import pandera.polars as pa
import polars as pl

from workbench.contracts.base import Contract, Date, Instant, Money
from workbench.vocabulary import (
    CLASSIFICATIONS,
    CREDIT_MODELS,
    EVIDENCE_GRADES,
    OPPORTUNITY_TYPES,
    REJECTION_REASONS,
    ROLES,
    STATUSES,
    TOUCH_TYPES,
)


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
