"""What a snapshot of the data knows of each touch and opportunity, before any definition.

Most of a pair of touch and opportunity does not depend on the definition: how the two were linked,
how many days lie between them, what evidence the touch carries. A `Snapshot` holds these facts as
narrow columns, so that a definition is one pass over them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.attribution.money import rate_in_force
from workbench.contracts import AccountMerges
from workbench.identity import surviving_accounts
from workbench.vocabulary import OPPORTUNITY_TYPES, TOUCH_TYPES

# How a touch reaches an opportunity, nearest first: by its own link; by the account, to those open
# on its day and the next one created; by the account, to any other one.
OWN_LINK: Final = 0
ACCOUNT_FIRST: Final = 1
ACCOUNT_ANY: Final = 2

TouchTypes: Final = pl.Enum(TOUCH_TYPES)
OpportunityTypes: Final = pl.Enum(OPPORTUNITY_TYPES)

_OF_OPPORTUNITY: Final = (
    "opportunity_id",
    "account_id",
    "opportunity_type",
    "stage",
    "status",
    "owner",
    "created_at",
    "created_day",
    "closed_at",
    "is_closed",
    "last_day",
    "amount",
    "recurring_amount",
    "currency",
    "crm_classification",
    "crm_partner_id",
)
_OF_TOUCH: Final = (
    "partner",
    "touch_type",
    "is_after_as_of",
    "has_evidence",
    "has_contact",
    "is_accepted_by_seller",
)


@dataclass(frozen=True)
class Snapshot:
    """The facts of one snapshot; rows are known by their number in the order of their id.

    `opportunities`: one row per opportunity created on or before the as-of day. `touches`: one row
    per touch, with its instant. `pairs`: one row per touch and opportunity that any definition
    could pair, `touch` and `opportunity` being row numbers, in their order; `reach` says how the
    two are linked. `touch_rows`: the table of touches in the order of their ids, which is read
    again where ids and links are needed, so that a file of touches is never whole in memory.
    """

    opportunities: pl.DataFrame
    touches: pl.DataFrame
    pairs: pl.DataFrame
    touch_rows: pl.LazyFrame
    partner_ids: pl.Series


def snapshot(
    *,
    opportunities: pl.DataFrame | pl.LazyFrame,
    touches: pl.DataFrame | pl.LazyFrame,
    partners: pl.DataFrame,
    account_merges: DataFrame[AccountMerges] | None,
    fx_rates: pl.DataFrame | None,
    as_of: date,
    timezone: str,
    reporting_currency: str,
) -> Snapshot:
    """Prepare the facts of canonical tables, once for every definition.

    Days are whole calendar days of `timezone`. An opportunity that is open, or closes after the
    as-of day, is open on it; its last day is then the as-of day. Opportunities and touches may be
    lazy: of a scanned file only the columns that count are then read, and that of the touches must
    stay as long as the snapshot is used.
    """
    opportunity_facts = _opportunity_facts(
        opportunities,
        fx_rates=fx_rates,
        as_of=as_of,
        timezone=timezone,
        reporting_currency=reporting_currency,
    )
    partner_ids = partners["partner_id"].sort()
    touch_rows = _in_order_of_id(touches.lazy())
    touch_facts = _touch_facts(
        touch_rows,
        opportunity_ids=opportunity_facts["opportunity_id"],
        partner_ids=partner_ids,
        as_of=as_of,
        timezone=timezone,
    )
    on_account = _touches_on_account(touch_rows, touch_facts)
    by_account = _links_by_account(on_account, opportunity_facts, account_merges)
    return Snapshot(
        opportunities=opportunity_facts,
        touches=touch_facts.select("touched_at"),
        pairs=_pair_facts(_links(touch_facts, by_account), touch_facts, opportunity_facts),
        touch_rows=touch_rows,
        partner_ids=partner_ids,
    )


def local_day(instant: str, timezone: str) -> pl.Expr:
    """The calendar day of an instant in `timezone`."""
    return pl.col(instant).dt.convert_time_zone(timezone).dt.date()


def _days_between(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Whole days from one calendar day to another; a date is stored as its number of days."""
    return end.to_physical() - start.to_physical()


def number_of(column: str, ids: pl.Series) -> pl.Expr:
    """The row number of each id in `ids`, null where it is not there.

    An Enum numbers its words, and looking a word up keeps the rows in their order, as a join would
    not.
    """
    return pl.col(column).cast(pl.Enum(ids), strict=False).to_physical().cast(pl.UInt32)


def _in_order_of_id(touches: pl.LazyFrame) -> pl.LazyFrame:
    """The rows sorted by their id. A table that ingest wrote is, and finding that out is cheap."""
    ids = touches.select("touch_id").collect(engine="streaming").to_series()
    return touches if ids.is_sorted() else touches.collect().sort("touch_id").lazy()


def _opportunity_facts(
    opportunities: pl.DataFrame | pl.LazyFrame,
    *,
    fx_rates: pl.DataFrame | None,
    as_of: date,
    timezone: str,
    reporting_currency: str,
) -> pl.DataFrame:
    closed_day = local_day("closed_at", timezone)
    is_closed = pl.col("status").is_in(["won", "lost"]) & (closed_day <= as_of)
    facts = (
        opportunities.lazy()
        .with_columns(local_day("created_at", timezone).alias("created_day"))
        .filter(pl.col("created_day") <= as_of)
        .with_columns(is_closed.fill_null(value=False).alias("is_closed"))
        .with_columns(
            pl.when("is_closed").then(closed_day).otherwise(pl.lit(as_of)).alias("last_day"),
            pl.when("is_closed").then("status").otherwise(pl.lit("open")).alias("status"),
            pl.when("is_closed").then("closed_at").alias("closed_at"),
        )
        .select(_OF_OPPORTUNITY)
        .collect(engine="streaming")
    )
    if not facts["opportunity_id"].is_sorted():
        facts = facts.sort("opportunity_id")
    facts = facts.with_row_index("opportunity")
    rates = rate_in_force(
        facts.select("currency", day="last_day"),
        fx_rates=fx_rates,
        reporting_currency=reporting_currency,
    )
    return facts.with_columns(rates)


def _touch_facts(
    touch_rows: pl.LazyFrame,
    *,
    opportunity_ids: pl.Series,
    partner_ids: pl.Series,
    as_of: date,
    timezone: str,
) -> pl.DataFrame:
    """One row per touch, numbers and days instead of words."""
    return (
        touch_rows.with_columns(
            local_day("touched_at", timezone).alias("touched_day"),
            local_day("logged_at", timezone).alias("logged_day"),
        )
        .select(
            number_of("opportunity_id", opportunity_ids).alias("opportunity"),
            number_of("partner_id", partner_ids).alias("partner"),
            pl.col("touch_type").cast(TouchTypes),
            "touched_at",
            "touched_day",
            "logged_day",
            (pl.col("touched_day") > as_of).alias("is_after_as_of"),
            pl.col("evidence_url").is_not_null().alias("has_evidence"),
            pl.col("partner_contact").is_not_null().alias("has_contact"),
            pl.col("accepted_by").is_not_null().alias("is_accepted_by_seller"),
        )
        .with_row_index("touch")
        .collect(engine="streaming")
        .rechunk()  # gather is slow on many chunks
    )


def _touches_on_account(touch_rows: pl.LazyFrame, touches: pl.DataFrame) -> pl.DataFrame:
    """The touches that name an account and no opportunity, in their order."""
    on_account = (
        touch_rows.select("opportunity_id", "account_id")
        .with_row_index("touch")
        .filter(pl.col("opportunity_id").is_null() & pl.col("account_id").is_not_null())
        .select("touch", "account_id")
        .collect(engine="streaming")
    )
    return on_account.with_columns(touches["touched_day"].gather(on_account["touch"]))


def _links_by_account(
    on_account: pl.DataFrame,
    opportunities: pl.DataFrame,
    account_merges: DataFrame[AccountMerges] | None,
) -> pl.DataFrame:
    """One row per touch on an account and opportunity of it, in their order, with the reach."""
    of_account = opportunities.select(
        "opportunity",
        "account_id",
        "created_day",
        "last_day",
        pl.col("created_at").rank("ordinal").alias("turn"),  # of several at once, by their id
    )
    was_open = pl.col("touched_day").is_between("created_day", "last_day")
    came_later = pl.col("created_day") > pl.col("touched_day")
    is_next = pl.col("turn") == pl.when(came_later).then("turn").min().over("touch")
    return (
        _with_surviving_account(on_account, account_merges)
        .join(
            _with_surviving_account(of_account, account_merges),
            on="account_id",
            maintain_order="left_right",
        )
        .select(
            "touch",
            "opportunity",
            pl.when(was_open | is_next.fill_null(value=False))
            .then(pl.lit(ACCOUNT_FIRST, pl.UInt8))
            .otherwise(pl.lit(ACCOUNT_ANY, pl.UInt8))
            .alias("reach"),
        )
    )


def _links(touches: pl.DataFrame, by_account: pl.DataFrame) -> pl.DataFrame:
    """One row per touch and opportunity that belong together, in their order, with the reach."""
    own = touches.select("touch", "opportunity", pl.lit(OWN_LINK, pl.UInt8).alias("reach"))
    return own.drop_nulls("opportunity").merge_sorted(by_account, key="touch")


def _with_surviving_account(
    rows: pl.DataFrame, account_merges: DataFrame[AccountMerges] | None
) -> pl.DataFrame:
    if account_merges is None or account_merges.is_empty():
        return rows
    return rows.join(surviving_accounts(account_merges), on="account_id", how="left").with_columns(
        account_id=pl.coalesce("surviving_account_id", "account_id")
    )


def _pair_facts(
    links: pl.DataFrame, touches: pl.DataFrame, opportunities: pl.DataFrame
) -> pl.DataFrame:
    """One row per link, with every fact that a definition may ask for."""
    touch, opportunity = links["touch"], links["opportunity"]
    touch_days = touches.select("touched_day", "logged_day")[touch]
    opportunity_days = opportunities.select("created_day", "last_day")[opportunity]
    days = touch_days.hstack(opportunity_days).select(
        _days_between(pl.col("created_day"), pl.col("touched_day")).alias("from_created"),
        _days_between(pl.col("last_day"), pl.col("touched_day")).alias("from_closed"),
        _days_between(pl.col("touched_day"), pl.col("logged_day")).alias("days_to_log"),
        (pl.col("logged_day") > pl.col("last_day"))
        .fill_null(value=False)
        .alias("is_logged_after_close"),
    )
    kinds = opportunities["opportunity_type"].cast(OpportunityTypes).gather(opportunity)
    return links.hstack(days).with_columns(kinds).hstack(touches.select(_OF_TOUCH)[touch])
