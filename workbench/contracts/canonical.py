"""The tables that ingest writes; contract.md, section 1."""

import pandera.polars as pa
import polars as pl

from workbench.contracts.base import Contract, Date, Instant, Money, Rate
from workbench.vocabulary import (
    CLASSIFICATIONS,
    COST_CATEGORIES,
    DIRECTIONS,
    OPPORTUNITY_TYPES,
    PARTNER_TYPES,
    PATHS,
    RESPONSES,
    STATUSES,
    TOUCH_TYPES,
)

CURRENCY = r"^[A-Z]{3}$"


class Accounts(Contract):
    """One row per account of the CRM."""

    account_id: str = pa.Field(unique=True)
    name: str
    parent_account_id: str = pa.Field(nullable=True)
    domain: str = pa.Field(nullable=True)
    segment: str = pa.Field(nullable=True)
    industry: str = pa.Field(nullable=True)
    region: str = pa.Field(nullable=True)
    is_target: bool
    owner: str = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "accounts"


class Partners(Contract):
    """One row per partner organisation."""

    partner_id: str = pa.Field(unique=True)
    name: str
    partner_type: str = pa.Field(isin=PARTNER_TYPES)
    tier: str = pa.Field(nullable=True)
    region: str = pa.Field(nullable=True)
    parent_partner_id: str = pa.Field(nullable=True)
    manager: str = pa.Field(nullable=True)
    active: bool

    class Config(Contract.Config):
        name = "partners"


class Opportunities(Contract):
    """One row per opportunity; amounts in the row's own currency."""

    opportunity_id: str = pa.Field(unique=True)
    account_id: str
    name: str = pa.Field(nullable=True)
    opportunity_type: str = pa.Field(isin=OPPORTUNITY_TYPES)
    stage: str
    status: str = pa.Field(isin=STATUSES)
    created_at: Instant
    closed_at: Instant = pa.Field(nullable=True)
    amount: Money = pa.Field(nullable=True)
    recurring_amount: Money = pa.Field(nullable=True)
    currency: str = pa.Field(str_matches=CURRENCY)
    probability: float = pa.Field(nullable=True, ge=0, le=1)
    owner: str = pa.Field(nullable=True)
    crm_classification: str = pa.Field(nullable=True, isin=CLASSIFICATIONS)
    crm_partner_id: str = pa.Field(nullable=True)
    crm_influence_type: str = pa.Field(nullable=True)
    source_system: str

    class Config(Contract.Config):
        name = "opportunities"

    @pa.dataframe_check
    @classmethod
    def a_closed_opportunity_has_a_close_date(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            pl.col("closed_at").is_not_null() | ~pl.col("status").is_in(["won", "lost"])
        )


class Touches(Contract):
    """One row per recorded partner action."""

    touch_id: str = pa.Field(unique=True)
    opportunity_id: str = pa.Field(nullable=True)
    account_id: str = pa.Field(nullable=True)
    partner_id: str
    partner_contact: str = pa.Field(nullable=True)
    touch_type: str = pa.Field(isin=TOUCH_TYPES)
    touched_at: Instant
    logged_at: Instant = pa.Field(nullable=True)
    logged_by: str = pa.Field(nullable=True)
    accepted_by: str = pa.Field(nullable=True)
    evidence_url: str = pa.Field(nullable=True)
    campaign_id: str = pa.Field(nullable=True)
    source_system: str
    first_seen_at: Instant

    class Config(Contract.Config):
        name = "touches"


class StageHistory(Contract):
    """One row per opportunity and entry into a stage."""

    opportunity_id: str
    stage: str
    entered_at: Instant
    amount: Money = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "stage_history"


class Handoffs(Contract):
    """One row per lead handed from partner to seller, or back."""

    handoff_id: str = pa.Field(unique=True)
    partner_id: str
    account_id: str
    opportunity_id: str = pa.Field(nullable=True)
    direction: str = pa.Field(isin=DIRECTIONS)
    sent_at: Instant
    response: str = pa.Field(isin=RESPONSES)
    responded_at: Instant = pa.Field(nullable=True)
    seller: str = pa.Field(nullable=True)
    first_meeting_at: Instant = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "handoffs"


class ProgramCosts(Contract):
    """One row per cost booked to the partner programme."""

    cost_id: str = pa.Field(unique=True)
    incurred_on: Date
    partner_id: str = pa.Field(nullable=True)
    category: str = pa.Field(isin=COST_CATEGORIES)
    amount: Money
    currency: str = pa.Field(str_matches=CURRENCY)

    class Config(Contract.Config):
        name = "program_costs"


class AccountPaths(Contract):
    """One row per observed way in which a partner could reach an account."""

    account_id: str
    partner_id: str
    path: str = pa.Field(isin=PATHS)
    observed_at: Instant
    evidence_url: str = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "account_paths"


class FxRates(Contract):
    """One row per currency and day from which its rate holds.

    `rate` times an amount in `currency` is the amount in the reporting currency.
    """

    currency: str = pa.Field(str_matches=CURRENCY)
    valid_from: Date
    rate: Rate = pa.Field(gt=0)

    class Config(Contract.Config):
        name = "fx_rates"
        unique = ["currency", "valid_from"]


class PartnerAliases(Contract):
    """One row per other name of a partner; both days of its validity belong to it."""

    alias: str
    partner_id: str
    valid_from: Date = pa.Field(nullable=True)
    valid_to: Date = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "partner_aliases"


class AccountMerges(Contract):
    """One row per account that was merged into another."""

    merged_account_id: str = pa.Field(unique=True)
    surviving_account_id: str
    merged_at: Instant = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "account_merges"

    @pa.dataframe_check
    @classmethod
    def no_account_survives_itself(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col("merged_account_id") != pl.col("surviving_account_id"))


class OpportunityMerges(Contract):
    """One row per opportunity that was merged into another; ingest rejects it as a row of its own.

    What hangs on it, its touches, stages and handoffs, then belongs to the survivor.
    """

    merged_opportunity_id: str = pa.Field(unique=True)
    surviving_opportunity_id: str
    merged_at: Instant = pa.Field(nullable=True)

    class Config(Contract.Config):
        name = "opportunity_merges"

    @pa.dataframe_check
    @classmethod
    def no_opportunity_survives_itself(cls, data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(
            pl.col("merged_opportunity_id") != pl.col("surviving_opportunity_id")
        )
