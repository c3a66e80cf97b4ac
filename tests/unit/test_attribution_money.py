from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from tests.unit.attribution_frames import frame
from workbench.attribution.money import (
    converted,
    in_currency,
    missing_rates,
    rate_in_force,
    reporting_amount,
)
from workbench.contracts import FxRates
from workbench.errors import RateError

USD = [
    {"currency": "USD", "valid_from": date(2025, 2, 1), "rate": Decimal("0.9")},
    {"currency": "USD", "valid_from": date(2025, 1, 1), "rate": Decimal("0.8")},
    {"currency": "JPY", "valid_from": date(2025, 1, 15), "rate": Decimal("0.006")},
]


def days(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"currency": pl.String, "day": pl.String}, orient="row"
    ).with_columns(pl.col("day").str.to_date())


def amounts(*rows: tuple[str, str | None, str, str]) -> pl.DataFrame:
    columns = ("cost_id", "amount", "currency", "day")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row").with_columns(
        pl.col("amount").cast(pl.Decimal(18, 2)), pl.col("day").str.to_date()
    )


def product(amount: str | None, rate: str | None) -> Decimal | None:
    return (
        pl.DataFrame(
            {"amount": [amount and Decimal(amount)], "rate": [rate and Decimal(rate)]},
            schema={"amount": pl.Decimal(18, 2), "rate": FxRates.dtypes()["rate"]},
        )
        .select(converted(pl.col("amount"), pl.col("rate")))
        .item()
    )


def test_rate_in_force__latest_on_or_before_the_day_in_the_rows_order():
    rows = days(
        ("USD", "2025-02-02"),
        ("USD", "2025-01-31"),
        ("USD", "2025-02-01"),
        ("USD", "2024-12-31"),
        ("JPY", "2025-01-14"),
        ("EUR", "1990-01-01"),
        ("usd", "2025-02-02"),
    )

    rates = rate_in_force(rows, fx_rates=frame(FxRates, *USD), reporting_currency="EUR")

    assert rates.to_list() == [
        Decimal("0.9"),
        Decimal("0.8"),
        Decimal("0.9"),
        None,
        None,
        Decimal(1),
        None,
    ]


def test_rate_in_force__reporting_currency_is_1_whatever_its_rows_say():
    odd = frame(
        FxRates, {"currency": "EUR", "valid_from": date(2020, 1, 1), "rate": Decimal("1.5")}
    )

    rates = rate_in_force(days(("EUR", "2025-01-01")), fx_rates=odd, reporting_currency="EUR")

    assert rates.to_list() == [Decimal(1)]


@pytest.mark.parametrize("fx_rates", [None, FxRates.empty()])
def test_rate_in_force__empty_frame(fx_rates):
    none = rate_in_force(days().clear(), fx_rates=fx_rates, reporting_currency="EUR")
    some = rate_in_force(days(("USD", "2025-01-01")), fx_rates=fx_rates, reporting_currency="EUR")

    assert none.to_list() == []
    assert some.to_list() == [None]


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        ("100.00", "1", "100.00"),
        ("0.05", "0.5", "0.02"),  # 2.5 cents: half to even
        ("0.07", "0.5", "0.04"),  # 3.5 cents
        ("-0.05", "0.5", "-0.02"),
        ("-0.07", "0.5", "-0.04"),
        ("0.01", "0.5", "0.00"),
        ("0.01", "0.500000000000000001", "0.01"),
        ("0.00", "123.456", "0.00"),
        ("99999999999999.99", "0.9137123456789012", "91371234567890.11"),
        ("-100000000000000.01", "0.9137123456789012", "-91371234567890.13"),
        ("9999999999999999.99", "1", "9999999999999999.99"),
        ("0.01", "10000000000000000", "100000000000000.00"),
        ("100.00", None, None),
        (None, "1", None),
    ],
)
def test_converted__rounds_half_to_even_to_cents(amount, rate, expected):
    assert product(amount, rate) == (expected and Decimal(expected))


def test_converted__more_than_money_can_hold_is_no_number_at_all():
    """Twice this rate is just above 2 to the power of 128 in the units of the arithmetic."""
    with pytest.raises(pl.exceptions.InvalidOperationError):
        product("2.00", "1701411834604692317")


@pytest.mark.parametrize(
    ("cents", "expected"),
    [
        (0, "0.00"),
        (-5, "-0.05"),
        (10**16, "100000000000000.00"),
        (10**18 - 1, "9999999999999999.99"),
        (None, None),
    ],
)
def test_in_currency__whole_cents_to_an_amount(cents, expected):
    amount = pl.select(in_currency(pl.lit(cents, pl.Int128))).to_series()

    assert amount.dtype == pl.Decimal(18, 2)
    assert amount.item() == (expected and Decimal(expected))


def test_missing_rates__one_problem_per_currency_and_day_with_twenty_ids_at_most():
    rows = pl.DataFrame(
        {
            "cost_id": [f"C{n:02d}" for n in range(22, 0, -1)],
            "currency": ["USD"] * 21 + ["JPY"],
            "day": [date(2025, 1, 1)] * 22,
        }
    )

    said = sorted(str(problem) for problem in missing_rates(rows, record="cost_id"))

    assert said == [
        "JPY on 2025-01-01: no rate is in force; 1 amount needs it (cost_id: C01).\n"
        "    Hint: add a row for JPY with valid_from 2025-01-01 or earlier to fx_rates.",
        "USD on 2025-01-01: no rate is in force; 21 amounts need it "
        f"(cost_id: {', '.join(f'C{n:02d}' for n in range(2, 22))} and 1 more).\n"
        "    Hint: add a row for USD with valid_from 2025-01-01 or earlier to fx_rates.",
    ]


def test_missing_rates__empty_frame():
    assert missing_rates(amounts().clear(), record="cost_id") == []


def test_reporting_amount__each_at_the_rate_of_its_day():
    rows = amounts(
        ("C1", "100.00", "USD", "2025-01-31"),
        ("C2", "100.00", "USD", "2025-02-01"),
        ("C3", "100.00", "EUR", "2025-02-01"),
        ("C4", None, "GBP", "2025-02-01"),
    )

    found = reporting_amount(
        rows, record="cost_id", fx_rates=frame(FxRates, *USD), reporting_currency="EUR"
    )

    assert found.to_list() == [Decimal("80.00"), Decimal("90.00"), Decimal("100.00"), None]


def test_reporting_amount__lists_currency_day_and_records_without_a_rate():
    rows = amounts(
        ("C2", "1.00", "GBP", "2025-02-01"),
        ("C1", "1.00", "GBP", "2025-02-01"),
        ("C3", "0.00", "USD", "2024-12-31"),
        ("C4", "1.00", "USD", "2025-01-01"),
    )

    with pytest.raises(RateError) as error:
        reporting_amount(
            rows, record="cost_id", fx_rates=frame(FxRates, *USD), reporting_currency="EUR"
        )

    assert [problem.where for problem in error.value.problems] == [
        "GBP on 2025-02-01",
        "USD on 2024-12-31",
    ]
    assert "(cost_id: C1, C2)" in str(error.value)
    assert "(cost_id: C3)" in str(error.value)
    assert error.value.exit_code == 2


def test_reporting_amount__empty_frame():
    rows = amounts(("C1", "1.00", "EUR", "2025-01-01")).clear()

    found = reporting_amount(rows, record="cost_id", fx_rates=None, reporting_currency="EUR")

    assert found.to_list() == []
