"""The fiscal calendar: calendar months and fiscal quarters, and the periods before them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from workbench.errors import ParameterError, Problem


def _month_start(months: int) -> date:
    """First day of a month counted from January of year 0."""
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True)
class Period:
    """A calendar month or a fiscal quarter; both days belong to it."""

    label: str
    start: date
    end: date
    fiscal_year_start: int

    @property
    def is_quarter(self) -> bool:
        return "Q" in self.label

    @property
    def title(self) -> str:
        """The period as a person would head a page with it."""
        if self.is_quarter:
            year, quarter = self.label.split("-")
            return f"{quarter} FY{year}"
        return f"{self.start:%B %Y}"

    def before(self) -> "Period":
        """The period of the same kind that ends the day before this one starts."""
        start = self.start.year * 12 + self.start.month - 1 - (3 if self.is_quarter else 1)
        return _period(start, self.fiscal_year_start, is_quarter=self.is_quarter)

    def trail(self, count: int) -> list["Period"]:
        """This period and those before it, `count` in all, earliest first."""
        periods = [self]
        while len(periods) < count:
            periods.insert(0, periods[0].before())
        return periods


def _period(start: int, fiscal_year_start: int, *, is_quarter: bool) -> Period:
    first = _month_start(start)
    last = _month_start(start + (3 if is_quarter else 1)) - timedelta(days=1)
    if not is_quarter:
        return Period(f"{first:%Y-%m}", first, last, fiscal_year_start)
    months_into_year = (first.month - fiscal_year_start) % 12
    year_end = _month_start(start - months_into_year + 11)
    return Period(f"{year_end.year}-Q{months_into_year // 3 + 1}", first, last, fiscal_year_start)


def parse_period(label: str, fiscal_year_start: int) -> Period:
    """Read `2026-10` (a calendar month) or `2026-Q3` (a fiscal quarter).

    A fiscal year is named by the calendar year in which it ends: with a year that starts in
    November, `2026-Q1` is November 2025 to January 2026.

    Raises ParameterError when the label is neither.
    """
    if found := re.fullmatch(r"([12][0-9]{3})-(0[1-9]|1[0-2])", label):
        start = int(found[1]) * 12 + int(found[2]) - 1
        return _period(start, fiscal_year_start, is_quarter=False)
    if found := re.fullmatch(r"([12][0-9]{3})-Q([1-4])", label):
        year_start = int(found[1]) * 12 + fiscal_year_start - 1
        if fiscal_year_start > 1:
            year_start -= 12
        start = year_start + 3 * (int(found[2]) - 1)
        return _period(start, fiscal_year_start, is_quarter=True)
    raise ParameterError(
        [
            Problem(
                "period",
                f"'{label}' is not a period.",
                "write a calendar month such as 2026-10 or a fiscal quarter such as 2026-Q3.",
            )
        ]
    )
