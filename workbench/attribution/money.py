"""Amounts in the reporting currency, in whole cents and without floating point."""

from datetime import date
from typing import Final

import polars as pl

from workbench.contracts import FxRates
from workbench.errors import Problem, RateError

CENT: Final = pl.lit("0.01").cast(pl.Decimal(18, 2))
_RATE_UNIT: Final = 10**18  # a rate keeps 18 decimals


def rate_in_force(
    rows: pl.DataFrame, *, fx_rates: pl.DataFrame | None, reporting_currency: str
) -> pl.Series:
    """The rate of each row's `currency` on its `day`, in the order of the rows.

    It is the rate of the latest `valid_from` on or before the day; 1 for the reporting currency;
    null where there is none.
    """
    rates = FxRates.empty() if fx_rates is None else fx_rates
    one = pl.lit(1).cast(FxRates.dtypes()["rate"])
    dated = rows.select("currency", "day").with_row_index("row").sort("day")
    found = dated.join_asof(
        rates.sort("valid_from"),
        left_on="day",
        right_on="valid_from",
        by="currency",
        check_sortedness=False,
    )
    return (
        found.sort("row")
        .select(pl.when(pl.col("currency") == reporting_currency).then(one).otherwise("rate"))
        .to_series()
        .alias("rate")
    )


def converted(amount: pl.Expr, rate: pl.Expr) -> pl.Expr:
    """`amount` × `rate`, rounded half to even to cents: a Decimal(18, 2), null where either is."""
    given = amount.to_physical().cast(pl.Int128)
    units = rate.to_physical()
    part = given.abs() * (units % _RATE_UNIT)  # apart from whole units: neither product overflows
    cents = given.abs() * (units // _RATE_UNIT) + part // _RATE_UNIT
    rest = part % _RATE_UNIT
    half = _RATE_UNIT // 2
    round_up = (rest > half) | ((rest == half) & (cents % 2 == 1))
    return in_currency((cents + round_up.cast(pl.Int128)) * given.sign())


def in_currency(cents: pl.Expr) -> pl.Expr:
    """Whole cents as a Decimal(18, 2)."""
    return (cents.cast(pl.Decimal(38, 0)) * CENT).cast(pl.Decimal(18, 2))


def missing_rates(rows: pl.DataFrame, *, record: str) -> list[Problem]:
    """One problem per currency and day that has no rate, naming the records that need it.

    `rows` has `currency`, `day` and the id column `record`.
    """
    return [
        _missing_rate(row["currency"], row["day"], row[record], record)
        for row in rows.group_by("currency", "day").agg(pl.col(record).sort()).to_dicts()
    ]


def _missing_rate(currency: str, day: date, ids: list[str], record: str) -> Problem:
    shown = ", ".join(ids[:20]) + (f" and {len(ids) - 20} more" if len(ids) > 20 else "")
    amounts = "1 amount needs" if len(ids) == 1 else f"{len(ids)} amounts need"
    return Problem(
        f"{currency} on {day}",
        f"no rate is in force; {amounts} it ({record}: {shown}).",
        f"add a row for {currency} with valid_from {day} or earlier to fx_rates.",
    )


def reporting_amount(
    rows: pl.DataFrame,
    *,
    record: str,
    fx_rates: pl.DataFrame | None,
    reporting_currency: str,
) -> pl.Series:
    """Each row's `amount` in the reporting currency, at the rate in force on its `day`.

    `rows` has `amount`, `currency`, `day` and the id column `record`. A null amount stays null and
    needs no rate. Raises RateError that lists every currency, day and record without a rate.
    """
    rated = rows.with_columns(
        rate_in_force(rows, fx_rates=fx_rates, reporting_currency=reporting_currency)
    )
    unrated = rated.filter(pl.col("amount").is_not_null() & pl.col("rate").is_null())
    if not unrated.is_empty():
        raise RateError(missing_rates(unrated, record=record))
    return rated.select(converted(pl.col("amount"), pl.col("rate"))).to_series().alias("amount")
