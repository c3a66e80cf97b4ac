"""What the partner programme costs, and the dated rates of the sample's currencies."""

from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from workbench.sample import columns
from workbench.sample.days import day_number
from workbench.sample.draws import Numbers, Stream, Topic
from workbench.sample.partners import REGIONS, Partners
from workbench.sample.plan import Plan

# category, currency, day of the month, every n months, first month's amount, growth a month;
# in whole units of the currency, for 1,500 opportunities.
COMPANY_COSTS = (
    ("people", "USD", 28, 1, 24_000, 260),
    ("people", "EUR", 28, 1, 7_500, 110),
    ("tooling", "USD", 3, 1, 2_400, 25),
    ("events", "USD", 18, 3, 9_000, 300),
    ("events", "EUR", 22, 6, 6_000, 200),
    ("other", "USD", 25, 3, 900, 20),
)
PARTNER_COSTS = (
    ("market_development", 12, 3, 6_000, 30),
    ("incentives", 20, 3, 4_000, 45),
)  # category, day, every n months, amount of the biggest partner, percent of partners
MONTHS = 36
FIRST_RATE = {"EUR": 10_650, "GBP": 12_450}  # in ten-thousandths of a US dollar


def _month(number: int) -> tuple[int, int]:
    """Year and month of a month counted from November 2023."""
    return 2023 + (number + 10) // 12, (number + 10) % 12 + 1


def _cents(units: int, noise: int, plan: Plan) -> int:
    """An amount in cents, within a tenth of `units`, scaled to the sample's size."""
    return max(100, units * (900 + noise % 200) // 10 * plan.opportunities // 1_500)


def program_costs_table(plan: Plan, book: Partners) -> pl.DataFrame:
    """One row per cost booked to the partner programme: monthly, some of them per partner."""
    noise = iter(Stream(plan.seed, 2, Topic.COMPANY).below(2_000 + 40 * plan.partners, 9_973))
    rows: list[tuple[int, int | None, str, int, str]] = []
    for month in range(MONTHS):
        year, number = _month(month)
        for category, currency, day, every, amount, growth in COMPANY_COSTS:
            if month % every == every - 1:
                units = amount * (1 + (every > 1)) + growth * month
                cents = _cents(units, int(next(noise)), plan)
                rows.append((day_number(date(year, number, day)), None, category, cents, currency))
        for category, day, every, amount, percent in PARTNER_COSTS:
            if month % every != every - 1:
                continue
            for at in np.flatnonzero(book.rank < plan.partners * percent // 100).tolist():
                units = amount * (60 + month) // 60 // (1 + int(book.rank[at]) // 4)
                currency = "EUR" if REGIONS[book.region[at]] == "EMEA" else "USD"
                cents = _cents(units, int(next(noise)), plan)
                cents = cents * 60 // max(60, plan.partners)
                rows.append((day_number(date(year, number, day)), at, category, cents, currency))
    rows.sort(key=lambda row: (row[0], row[2], row[4], -1 if row[1] is None else row[1]))
    at_partner = np.array([-1 if row[1] is None else row[1] for row in rows])
    return pl.DataFrame(
        {
            "cost_id": columns.ids("CST-", np.arange(1, len(rows) + 1), plan.width(len(rows))),
            "incurred_on": columns.dates(np.array([row[0] for row in rows])),
            "partner_id": book.ids(at_partner, at_partner >= 0),
            "category": pl.Series([row[2] for row in rows]),
            "amount": columns.money(np.array([row[3] for row in rows])),
            "currency": pl.Series([row[4] for row in rows]),
        }
    )


def fx_rates_table(plan: Plan) -> pl.DataFrame:
    """One row per currency and month: what one unit is worth in US dollars."""
    stream = Stream(plan.seed, 3, Topic.COMPANY)
    frames = []
    months = range(-10, MONTHS)
    starts = np.array([day_number(date(*_month(month), 1)) for month in months])
    for currency, first in FIRST_RATE.items():
        steps: Numbers = stream.below(len(months), 241) - 112
        steps[0] = 0
        rates = first + np.cumsum(steps)
        frames.append(
            pl.DataFrame(
                {
                    "currency": [currency] * len(months),
                    "valid_from": columns.dates(starts),
                    "rate": pl.Series(
                        [Decimal(rate).scaleb(-4) for rate in rates.tolist()],
                        dtype=pl.Decimal(38, 18),
                    ),
                }
            )
        )
    return pl.concat(frames)
