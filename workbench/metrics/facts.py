"""What the metrics count, prepared once: narrow rows with their days, dimensions and amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Final

import polars as pl
import polars.selectors as cs

from workbench.attribution.facts import local_day
from workbench.attribution.money import reporting_amount
from workbench.contracts import (
    AccountPaths,
    Accounts,
    Contract,
    FxRates,
    Handoffs,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    ProgramCosts,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.metrics.partner_groups import top_parents
from workbench.params import RunParams
from workbench.periods import TREND_PERIODS, Period
from workbench.vocabulary import CLASSIFICATIONS

ON_TIME_DAYS: Final = 14
NO_MEMBER: Final = "(none)"
OF_PARTNERS: Final = ("partner", "parent_partner", "partner_type", "tier")
CLASSES: Final = pl.Enum(CLASSIFICATIONS)
_DIMENSIONS: Final = cs.by_name(
    "partner",
    "parent_partner",
    "partner_type",
    "tier",
    "region",
    "segment",
    "owner",
    "opportunity_type",
    "touch_type",
    "direction",
    "category",
    require_all=False,
)


@dataclass(frozen=True)
class MetricInputs:
    """The tables that metrics are made of; an optional one is None where the source has none."""

    attribution: pl.DataFrame
    credit: pl.DataFrame
    audit: pl.DataFrame
    touches: pl.DataFrame
    opportunities: pl.DataFrame
    partners: pl.DataFrame
    accounts: pl.DataFrame
    program_costs: pl.DataFrame | None = None
    fx_rates: pl.DataFrame | None = None
    handoffs: pl.DataFrame | None = None
    account_paths: pl.DataFrame | None = None

    contracts: ClassVar[tuple[type[Contract], ...]] = (
        OpportunityAttribution,
        PartnerCredit,
        TouchAudit,
        Touches,
        Opportunities,
        Partners,
        Accounts,
        ProgramCosts,
        FxRates,
        Handoffs,
        AccountPaths,
    )

    @classmethod
    def of(cls, tables: Mapping[type[Contract], pl.DataFrame]) -> "MetricInputs":
        """The inputs among the tables of a run. Raises KeyError where a required one is missing."""
        return cls(
            attribution=tables[OpportunityAttribution],
            credit=tables[PartnerCredit],
            audit=tables[TouchAudit],
            touches=tables[Touches],
            opportunities=tables[Opportunities],
            partners=tables[Partners],
            accounts=tables[Accounts],
            program_costs=tables.get(ProgramCosts),
            fx_rates=tables.get(FxRates),
            handoffs=tables.get(Handoffs),
            account_paths=tables.get(AccountPaths),
        )


@dataclass(frozen=True)
class Facts:
    """Rows to choose from. Days are calendar days of the reporting time zone.

    - `opportunities`: one row per opportunity, `partner` being its primary one
    - `credits`: one row per sourced or influenced opportunity and credited partner, `amount` being
      what is credited; an opportunity that no partner has credit for is one row without a partner;
      `is_first_of_tier` tells the first row of an opportunity and tier, and so for each dimension
    - `touches`: one row per touch; `accepted_touches`: one per accepted pair
    - `handoffs`, `account_paths`: one row each, none where the source has no such table
    - `program_costs`: one row per cost of the nine periods, in the reporting currency
    - `target_accounts`: one row per target account

    A column that is named after a dimension holds its member, null where there is none; members,
    classes and periods are numbered words (Categorical, Enum), which group faster than text. Rows
    carry the id of their record. `absent` names what the source or the definition lacks, and says
    so in words.
    """

    periods: tuple[Period, ...]
    as_of: date
    is_additive: bool
    absent: Mapping[str, str]
    opportunities: pl.LazyFrame
    credits: pl.LazyFrame
    touches: pl.LazyFrame
    accepted_touches: pl.LazyFrame
    handoffs: pl.LazyFrame
    account_paths: pl.LazyFrame
    program_costs: pl.LazyFrame
    target_accounts: pl.LazyFrame

    @property
    def current(self) -> Period:
        return self.periods[-1]

    def ends(self) -> list[tuple[Period, date]]:
        """Each period with its last day that is known: no later than the as-of day."""
        return [(period, min(period.end, self.as_of)) for period in self.periods]

    def named(self, period: Period) -> pl.Expr:
        """A period's label, as rows have it: one of nine words, which group faster than text."""
        return pl.lit(period.label, pl.Enum([period.label for period in self.periods]))

    def during(self, rows: pl.LazyFrame, day: str) -> pl.LazyFrame:
        """The rows whose day lies in one of the periods, and no later than the as-of day."""
        calendar = pl.concat(
            pl.LazyFrame({"day": pl.date_range(period.start, end, eager=True)}).with_columns(
                period=self.named(period)
            )
            for period, end in self.ends()
        )
        return rows.join(calendar, left_on=day, right_on="day")

    def created(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Opportunities or credits by the period in which the opportunity was created."""
        return self.during(rows, "created_day")

    def closed(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Opportunities or credits by the period in which the opportunity was won or lost."""
        return self.during(rows, "closed_day")

    def won(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Opportunities or credits by the period in which the opportunity was won."""
        return self.closed(rows.filter("is_won"))

    def open_at_end(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Opportunities or credits once for each period at whose end the opportunity is open."""
        return pl.concat(self.open_on(rows, day, period=period) for period, day in self.ends())

    def open_on(self, rows: pl.LazyFrame, day: date, *, period: Period) -> pl.LazyFrame:
        """Opportunities or credits that are open on a day, as rows of `period`.

        Open means created on or before the day, and not closed or closed after it.
        """
        is_open = (pl.col("created_day") <= day) & (
            pl.col("closed_day").is_null() | (pl.col("closed_day") > day)
        )
        return rows.filter(is_open).with_columns(period=self.named(period))


def facts(inputs: MetricInputs, *, params: RunParams, definition: Definition) -> Facts:
    """Prepare the facts of a snapshot under one definition.

    Raises RateError where a cost of the nine periods has no rate on its day.
    """
    periods = tuple(params.fiscal_period.trail(TREND_PERIODS))
    opportunities = _opportunities(inputs, timezone=params.timezone)
    return Facts(
        periods=periods,
        as_of=params.as_of,
        is_additive=definition.credit.is_additive,
        absent=_absent(inputs, definition),
        opportunities=opportunities.lazy(),
        credits=_credits(opportunities, inputs).lazy(),
        touches=_touches(inputs.touches, timezone=params.timezone).lazy(),
        accepted_touches=_accepted_touches(inputs, timezone=params.timezone).lazy(),
        handoffs=_handoffs(inputs, as_of=params.as_of, timezone=params.timezone),
        account_paths=_account_paths(inputs.account_paths, timezone=params.timezone),
        program_costs=_program_costs(inputs, periods=periods, params=params),
        target_accounts=inputs.accounts.lazy()
        .filter("is_target")
        .select("account_id", "region", "segment")
        .with_columns(_numbered()),
    )


def _absent(inputs: MetricInputs, definition: Definition) -> dict[str, str]:
    """What there is nothing to count in. Touches cannot be left out, so an empty table says it."""
    tables = {
        "program_costs": inputs.program_costs,
        "handoffs": inputs.handoffs,
        "account_paths": inputs.account_paths,
        "touches": None if inputs.touches.is_empty() else inputs.touches,
    }
    absent = {name: f"the source has no {name}" for name, table in tables.items() if table is None}
    if definition.basis == "crm_field":
        absent["touch_audit"] = f"the definition {definition.id} consults no touch"
    elif "touches" in absent:
        absent["touch_audit"] = absent["touches"]
    if not definition.credit.is_additive:
        model = definition.credit.model
        absent["additive_credit"] = f"the credit of the model {model} does not add up over partners"
    return absent


def _numbered() -> pl.Expr:
    return _DIMENSIONS.cast(pl.Categorical)


def _of_partner(partners: pl.DataFrame) -> pl.LazyFrame:
    return (
        partners.lazy()
        .select(pl.col("partner_id").alias("partner"), "partner_type", "tier")
        .join(top_parents(partners).lazy(), on="partner", how="left")
    )


def _opportunities(inputs: MetricInputs, *, timezone: str) -> pl.DataFrame:
    created_day, closed_day = local_day("created_at", timezone), local_day("closed_at", timezone)
    is_partnered = pl.col("classification") != "direct"
    return (
        inputs.attribution.lazy()
        .join(
            inputs.opportunities.lazy().select("opportunity_id", "probability"),
            on="opportunity_id",
            how="left",
        )
        .join(
            inputs.accounts.lazy().select("account_id", "region", "segment"),
            on="account_id",
            how="left",
        )
        .select(
            "opportunity_id",
            "account_id",
            pl.col("classification").cast(CLASSES),
            "opportunity_type",
            "owner",
            "region",
            "segment",
            pl.when(is_partnered).then("primary_partner_id").alias("partner"),
            pl.col("amount_reporting").alias("amount"),
            "probability",
            created_day.alias("created_day"),
            closed_day.alias("closed_day"),
            (closed_day - created_day).dt.total_days().alias("days_to_close"),
            (-pl.col("days_to_created")).alias("days_from_touch"),
            (pl.col("status") == "won").alias("is_won"),
        )
        .join(_of_partner(inputs.partners), on="partner", how="left")
        .with_columns(_numbered())
        .collect()
    )


def _credits(opportunities: pl.DataFrame, inputs: MetricInputs) -> pl.DataFrame:
    credit = inputs.credit.lazy().select(
        "opportunity_id", pl.col("partner_id").alias("partner"), "credited_amount"
    )
    is_credited = pl.col("partner").is_not_null()
    return (
        opportunities.lazy()
        .filter(pl.col("classification") != "direct")
        .select(
            "opportunity_id",
            "classification",
            "amount",
            "probability",
            "created_day",
            "closed_day",
            "is_won",
        )
        .join(credit, on="opportunity_id", how="left")
        .with_columns(amount=pl.when(is_credited).then("credited_amount").otherwise("amount"))
        .join(_of_partner(inputs.partners), on="partner", how="left")
        .with_columns(_numbered())
        .with_columns(
            pl.struct("opportunity_id", name).is_first_distinct().alias(f"is_first_of_{name}")
            for name in OF_PARTNERS
        )
        .collect()
    )


def _touches(touches: pl.DataFrame, *, timezone: str) -> pl.DataFrame:
    touched_day, logged_day = local_day("touched_at", timezone), local_day("logged_at", timezone)
    return (
        touches.lazy()
        .select(
            "touch_id",
            "touch_type",
            pl.col("partner_id").alias("partner"),
            pl.col("logged_by").alias("owner"),
            touched_day.alias("touched_day"),
            pl.col("evidence_url").is_not_null().alias("has_evidence"),
            ((logged_day - touched_day).dt.total_days() <= ON_TIME_DAYS).alias("is_on_time"),
        )
        .with_columns(_numbered())
        .collect()
    )


def _accepted_touches(inputs: MetricInputs, *, timezone: str) -> pl.DataFrame:
    return (
        inputs.audit.lazy()
        .filter(pl.col("decision") == "accepted")
        .join(inputs.attribution.lazy().select("opportunity_id", "account_id"), on="opportunity_id")
        .select(
            "touch_id",
            "touch_type",
            pl.col("partner_id").alias("partner"),
            "account_id",
            local_day("touched_at", timezone).alias("touched_day"),
            pl.col("touch_id").is_first_distinct().alias("is_first_pair"),
        )
        .with_columns(_numbered())
        .collect()
    )


def _handoffs(inputs: MetricInputs, *, as_of: date, timezone: str) -> pl.LazyFrame:
    """A response after the as-of day has not been given yet; one without a day has."""
    table = Handoffs.empty() if inputs.handoffs is None else inputs.handoffs
    sent_day = local_day("sent_at", timezone)
    responded_day = local_day("responded_at", timezone)
    meeting_day = local_day("first_meeting_at", timezone)
    is_known = responded_day.is_null() | (responded_day <= as_of)
    return (
        table.lazy()
        .select(
            "handoff_id",
            pl.col("partner_id").alias("partner"),
            "direction",
            sent_day.alias("sent_day"),
            responded_day.alias("responded_day"),
            meeting_day.alias("meeting_day"),
            (meeting_day - sent_day).dt.total_days().alias("days_to_meeting"),
            ((pl.col("response") == "accepted") & is_known).alias("is_accepted"),
            ((pl.col("response") != "pending") & is_known).alias("is_answered"),
        )
        .join(_of_partner(inputs.partners), on="partner", how="left")
        .with_columns(_numbered())
    )


def _account_paths(paths: pl.DataFrame | None, *, timezone: str) -> pl.LazyFrame:
    table = AccountPaths.empty() if paths is None else paths
    return table.lazy().select(
        "account_id",
        local_day("observed_at", timezone).alias("observed_day"),
        pl.col("evidence_url").is_not_null().alias("has_evidence"),
    )


def _program_costs(
    inputs: MetricInputs, *, periods: tuple[Period, ...], params: RunParams
) -> pl.LazyFrame:
    table = ProgramCosts.empty() if inputs.program_costs is None else inputs.program_costs
    counted = table.filter(
        pl.col("incurred_on").is_between(periods[0].start, min(periods[-1].end, params.as_of))
    ).with_columns(day="incurred_on")
    cost = reporting_amount(
        counted,
        record="cost_id",
        fx_rates=inputs.fx_rates,
        reporting_currency=params.reporting_currency,
    )
    return (
        counted.lazy()
        .select(
            "cost_id", "category", pl.col("partner_id").alias("partner"), "day", cost.alias("cost")
        )
        .with_columns(_numbered())
    )


def days_back(day: date, days: int) -> date:
    """The first of `days` calendar days that end with `day`."""
    return day - timedelta(days=days - 1)
