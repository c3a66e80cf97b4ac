"""The tables that the stage of the readout writes; contract.md, section 3."""

import pandera.polars as pa
import polars as pl

from workbench.contracts.base import Contract, Date, Money, Rate
from workbench.vocabulary import (
    CLASSIFICATIONS,
    EVIDENCE_GRADES,
    MATURITY_DIMENSIONS,
    PARTNER_TYPES,
    ROLES,
)


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
