"""Pipeline: what is open, created, won and lost, by class, and who it hangs on."""

from typing import Final

import polars as pl

from workbench.metrics.facts import Facts
from workbench.metrics.registry import Measure, metric
from workbench.metrics.summaries import count, mean, median, rate, ratio, total

BY_CLASS: Final = ("sourced", "influenced", "direct")
NO_AMOUNT: Final = "none of these opportunities has an amount"
NOTHING_WON: Final = "no opportunity with an amount was won in the period"


@metric(
    category="pipeline",
    unit="currency",
    question="How much is open, and with whose part in it?",
    formula="Σ amount, open at the end of P",
    classifications=BY_CLASS,
    dimensions=(
        "partner",
        "parent_partner",
        "partner_type",
        "tier",
        "region",
        "segment",
        "owner",
    ),
)
def open_pipeline(facts: Facts) -> Measure:
    """The amount of the opportunities that are open at the end of the period.

    The end of the current period is the as-of day while the period still runs.
    """
    return Measure(
        facts.open_at_end(facts.opportunities),
        total("amount", unknown=NO_AMOUNT),
        credit_rows=facts.open_at_end(facts.credits),
    )


@metric(
    category="pipeline",
    unit="currency",
    question="How much of the open amount may be expected to close?",
    formula="Σ amount × probability, open at the as-of day",
    classifications=BY_CLASS,
    dimensions=("partner",),
    current_only="probability is known only as of the as-of day",
)
def weighted_pipeline(facts: Facts) -> Measure:
    """The open amount at the as-of day, each opportunity times its probability.

    An opportunity without an amount or a probability is in neither the sum nor `n`.
    """
    # Twelve decimals hold what a CRM calls a probability; the sum is rounded to cents once.
    weighted = pl.col("amount") * pl.col("probability").cast(pl.Decimal(18, 12))

    def open_now(rows: pl.LazyFrame) -> pl.LazyFrame:
        return facts.open_on(rows, facts.as_of, period=facts.current).with_columns(
            weighted=weighted
        )

    return Measure(
        open_now(facts.opportunities),
        total("weighted", unknown="none of these opportunities has an amount and a probability"),
        credit_rows=open_now(facts.credits),
    )


@metric(
    category="pipeline",
    unit="currency",
    question="How much new business came into being?",
    formula="Σ amount, created in P",
    classifications=BY_CLASS,
    dimensions=("partner", "parent_partner", "partner_type", "tier", "region"),
)
def created_pipeline(facts: Facts) -> Measure:
    """The amount of the opportunities that were created in the period, whatever became of them."""
    return Measure(
        facts.created(facts.opportunities),
        total("amount", unknown=NO_AMOUNT),
        credit_rows=facts.created(facts.credits),
    )


@metric(
    category="pipeline",
    unit="currency",
    question="How much was won?",
    formula="Σ amount, won, closed in P",
    classifications=BY_CLASS,
    dimensions=("partner", "parent_partner", "partner_type", "tier", "region", "segment"),
)
def bookings(facts: Facts) -> Measure:
    """The amount of the opportunities that were won in the period."""
    return Measure(
        facts.won(facts.opportunities),
        total("amount", unknown=NO_AMOUNT),
        credit_rows=facts.won(facts.credits),
    )


@metric(
    category="pipeline",
    unit="count",
    question="How many opportunities were won?",
    formula="opportunities won, closed in P",
    classifications=BY_CLASS,
    dimensions=("partner", "parent_partner"),
)
def won_count(facts: Facts) -> Measure:
    """The number of opportunities that were won in the period; by partner, the primary one."""
    return Measure(facts.won(facts.opportunities), count())


@metric(
    category="pipeline",
    unit="count",
    question="How many opportunities were lost?",
    formula="opportunities lost, closed in P",
    classifications=BY_CLASS,
    dimensions=("partner", "parent_partner"),
)
def lost_count(facts: Facts) -> Measure:
    """The number of opportunities that were lost in the period; by partner, the primary one."""
    return Measure(facts.closed(facts.opportunities).filter(~pl.col("is_won")), count())


@metric(
    category="pipeline",
    unit="ratio",
    question="How often does an opportunity end in a sale?",
    formula="won ÷ (won + lost), closed in P; Wilson 95 %",
    classifications=("sourced", "influenced", "co_sell", "direct", "all"),
    dimensions=("partner_type", "region", "segment"),
)
def win_rate(facts: Facts) -> Measure:
    """The share of the opportunities closed in the period that were won, with its 95 % interval.

    Open opportunities are not lost, and in neither part. By partner type, it is the primary
    partner's. The interval is Wilson's; see `wilson_interval` for formula and source.
    """
    return Measure(
        facts.closed(facts.opportunities),
        rate("is_won", nothing="no opportunity closed in the period", interval=True),
    )


@metric(
    category="pipeline",
    unit="currency",
    question="How large is a sale?",
    formula="mean amount, won, closed in P",
    classifications=BY_CLASS,
    dimensions=("partner_type",),
)
def average_won_amount(facts: Facts) -> Measure:
    """The mean amount of the opportunities won in the period, each whole, by primary partner."""
    return Measure(facts.won(facts.opportunities), mean("amount", nothing=NOTHING_WON))


@metric(
    category="pipeline",
    unit="currency",
    question="How large is a typical sale, whatever the largest ones are?",
    formula="median amount, won, closed in P",
    classifications=BY_CLASS,
    dimensions=("partner_type",),
)
def median_won_amount(facts: Facts) -> Measure:
    """The median amount of the opportunities won in the period, each whole, by primary partner."""
    return Measure(facts.won(facts.opportunities), median("amount", nothing=NOTHING_WON))


@metric(
    category="pipeline",
    unit="ratio",
    question="How much hangs on a single partner?",
    formula="largest partner's share of bookings",
    classifications=("sourced", "influenced"),
)
def partner_concentration(facts: Facts) -> Measure:
    """The share of the period's bookings that is credited to the partner with the most.

    The denominator is the bookings of the class, and `n` the opportunities in them.
    """
    won = facts.won(facts.opportunities)
    of_partners = facts.won(facts.credits).filter(pl.col("partner").is_not_null())
    group = ("period", "classification", "partner")
    credited = of_partners.with_columns(credited=pl.col("amount").sum().over(group))
    is_largest = pl.col("partner") == (
        pl.col("partner")
        .sort_by("credited", "partner", descending=[True, False])
        .first()
        .over(group[:2])
    )
    largest = credited.filter(is_largest).select(
        "period", "classification", "opportunity_id", "partner", credited="amount"
    )
    return Measure(
        pl.concat([won, largest], how="diagonal"),
        ratio(
            pl.col("credited"),
            pl.col("amount"),
            nothing="no bookings above zero that a partner has credit for",
            n=pl.col("amount").count(),
        ),
    )


@metric(
    category="pipeline",
    unit="ratio",
    question="Do accounts that partners won for us stay?",
    formula="renewals won ÷ (won + lost), closed in P, by how the account's first won new-business "
    "opportunity was classified; Wilson 95 %",
    classifications=("sourced", "influenced", "co_sell", "direct"),
)
def renewal_rate(facts: Facts) -> Measure:
    """The share of the renewals closed in the period that were won, by how the account was won.

    The class is that of the first new-business opportunity won on the account, by day and then id,
    on or before the renewal's close. Renewals of an account that has none in the data are left out.
    """
    is_new_business = pl.col("opportunity_type") == "new_business"
    first_won = (
        facts.opportunities.filter(pl.col("is_won") & is_new_business)
        .sort("closed_day", "opportunity_id")
        .group_by("account_id", maintain_order=True)
        .first()
        .select("account_id", "classification", won_day="closed_day")
    )
    renewals = facts.closed(
        facts.opportunities.filter(pl.col("opportunity_type") == "renewal").drop("classification")
    )
    known = renewals.join(first_won, on="account_id").filter(
        pl.col("won_day") <= pl.col("closed_day")
    )
    nothing = "no renewal closed in the period on an account whose first sale is in the data"
    return Measure(known, rate("is_won", nothing=nothing, interval=True))
