"""What is due today: the credit of won opportunities, at the rates and under the caps in force."""

import polars as pl

from workbench.attribution import local_day
from workbench.attribution.credit import credited_amounts
from workbench.attribution.money import converted, in_currency
from workbench.metrics import MetricInputs
from workbench.params import RunParams
from workbench.programme.terms import Programme, Rate
from workbench.quality.evidence import WEB_LINK

_RATE = pl.Decimal(38, 18)


def terms_in_force(rows: pl.DataFrame, programme: Programme) -> pl.DataFrame:
    """The rows with the terms of their `closed_on`; those that closed before any are left out."""
    terms = pl.DataFrame(
        [
            (
                number,
                terms.effective_from,
                terms.evidence == "required",
                int(terms.cap_per_opportunity * 100),
                int(terms.cap_per_partner_year * 100),
                terms.clawback_days,
            )
            for number, terms in enumerate(programme.terms)
        ],
        schema={
            "terms": pl.Int64,
            "effective_from": pl.Date,
            "needs_evidence": pl.Boolean,
            "opportunity_cap": pl.Int64,
            "year_cap": pl.Int64,
            "clawback_days": pl.Int64,
        },
        orient="row",
    )
    return (
        rows.sort("closed_on")
        .join_asof(terms, left_on="closed_on", right_on="effective_from", check_sortedness=False)
        .filter(pl.col("terms").is_not_null())
    )


def entitlements(
    programme: Programme,
    inputs: MetricInputs,
    *,
    settled: pl.DataFrame,
    first_booked: pl.DataFrame,
    params: RunParams,
) -> pl.DataFrame:
    """One row per won opportunity and partner that has something due, in the ledger's columns.

    Type and tier of a partner are those of `first_booked`, the first entry of the opportunity and
    partner, so that a later change of tier pays nothing again. Opportunities of `settled`, bookings
    that stand, are left out, and their amounts use up the caps of their years. Where the terms ask
    for evidence, the deciding touch's must be a web address: money needs what can be opened.
    """
    rated = (
        terms_in_force(_won(inputs, params), programme)
        .join(settled.select("opportunity_id"), on="opportunity_id", how="anti")
        .filter(~pl.col("needs_evidence") | pl.col("evidence_url").str.contains(WEB_LINK))
        .join(first_booked, on=["opportunity_id", "partner_id"], how="left")
        .join(inputs.partners.select("partner_id", "partner_type", "tier"), on="partner_id")
        .with_columns(
            pl.when(pl.col("first_partner_type").is_null())
            .then(own)
            .otherwise(f"first_{own}")
            .alias(own)
            for own in ("partner_type", "tier")
        )
        .with_columns(_rate(programme).alias("rate"))
        .with_columns(_cents(converted(pl.col("base_amount"), pl.col("rate"))).alias("uncapped"))
        .filter(pl.col("uncapped") != 0)
    )
    fixed = terms_in_force(settled, programme).with_columns(
        _cents(pl.col("amount")).alias("capped")
    )
    due = _within_year_caps(_within_opportunity_caps(rated), fixed)
    return due.with_columns(
        (pl.col("due") != pl.col("uncapped")).alias("is_capped"),
        in_currency(pl.col("due")).alias("amount"),
    )


def _won(inputs: MetricInputs, params: RunParams) -> pl.DataFrame:
    """One row per credited partner of an opportunity won by the as-of day, its amount known."""
    closed_on = local_day("closed_at", params.timezone)
    won = inputs.attribution.filter((pl.col("status") == "won") & (closed_on <= params.as_of))
    return won.select("opportunity_id", closed_on.alias("closed_on"), "evidence_url").join(
        inputs.credit.filter(pl.col("credited_amount").is_not_null()).select(
            "opportunity_id",
            "partner_id",
            "classification",
            pl.col("credited_amount").alias("base_amount"),
        ),
        on="opportunity_id",
    )


def _cents(amount: pl.Expr) -> pl.Expr:
    return amount.to_physical().cast(pl.Int64)


def _rate(programme: Programme) -> pl.Expr:
    """The first rate of the row's terms that fits it; nothing where none does."""
    fitting = [
        pl.when((pl.col("terms") == number) & _fits(rate)).then(pl.lit(rate.rate).cast(_RATE))
        for number, terms in enumerate(programme.terms)
        for rate in terms.rates
    ]
    return pl.coalesce(*fitting, pl.lit(0).cast(_RATE))


def _fits(rate: Rate) -> pl.Expr:
    fits = (pl.col("classification") == rate.classification) & pl.col("partner_type").is_in(
        rate.partner_types
    )
    if rate.tiers is not None:
        fits &= pl.col("tier").is_in(rate.tiers).fill_null(value=False)
    return fits


def _within_opportunity_caps(rated: pl.DataFrame) -> pl.DataFrame:
    """The cap shared among the partners of an opportunity, to the cent, as `capped`.

    What is due from a credit note is capped likewise, below zero.
    """
    total, cap = pl.col("uncapped").sum().over("opportunity_id"), pl.col("opportunity_cap")
    shares = rated.sort("opportunity_id", "partner_id").with_columns(
        pl.col("opportunity_id").alias("opportunity"),
        pl.col("uncapped").abs().alias("weight"),
        pl.col("uncapped").abs().sum().over("opportunity_id").alias("total_weight"),
        pl.int_range(pl.len()).over("opportunity_id").alias("turn"),
        in_currency(total.clip(-cap, cap)).alias("amount_reporting"),
    )
    return credited_amounts(shares).with_columns(_cents(pl.col("credited_amount")).alias("capped"))


def _within_year_caps(rows: pl.DataFrame, fixed: pl.DataFrame) -> pl.DataFrame:
    """`due`: what the cap of the partner's year leaves, first closed first, in cents.

    A year is twelve months from the day and month on which its terms began. With S the running sum
    of a year, what is paid out by then is S − max(0, max(S − cap so far)): it never passes the
    cap, and what a credit note gives back is free again for those that close after it.
    """
    columns = ["partner_id", "terms", "closed_on", "effective_from", "year_cap", "opportunity_id"]
    standing = fixed.select(*columns, "capped", is_fixed=pl.lit(value=True))
    year = ["partner_id", "terms", "year"]
    rows = pl.concat([rows.with_columns(is_fixed=pl.lit(value=False)), standing], how="diagonal")
    running = pl.col("capped").cum_sum().over(year)
    cut = (running - pl.col("year_cap")).clip(lower_bound=0).cum_max().over(year)
    return (
        rows.with_columns(_year("closed_on", "effective_from").alias("year"))
        .sort(
            *year,
            "is_fixed",
            "closed_on",
            "opportunity_id",
            descending=[False] * 3 + [True] + [False] * 2,
        )
        .with_columns(cut.alias("cut"))
        .with_columns(
            (
                pl.col("capped") - pl.col("cut") + pl.col("cut").shift(1).over(year).fill_null(0)
            ).alias("due")
        )
        .filter(~pl.col("is_fixed"))
    )


def _year(day: str, start: str) -> pl.Expr:
    def in_year(name: str) -> pl.Expr:
        return pl.col(name).dt.month().cast(pl.Int64) * 100 + pl.col(name).dt.day()

    return pl.col(day).dt.year().cast(pl.Int64) - (in_year(day) < in_year(start)).cast(pl.Int64)
