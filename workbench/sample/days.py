"""The sample's calendar: days since 1970 in New York, instants in seconds since 1970 in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from workbench.sample.draws import Numbers

ZONE = "America/New_York"


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


FIRST = day_number(date(2023, 11, 1))
LAST = day_number(date(2026, 10, 31))
TABLE_START = day_number(date(2021, 1, 1))
TABLE_END = day_number(date(2027, 12, 31))
CLOSING_HOUR = 20  # the log ends at this hour of the last day

# Opportunities are created by month of the year, January first: quiet August and December.
MONTH_WEIGHTS = (95, 108, 112, 98, 100, 104, 84, 52, 114, 122, 104, 56)
WEEKDAY_WEIGHTS = (100, 108, 106, 102, 84, 3, 3)


def _table() -> list[date]:
    start = date(1970, 1, 1)
    return [start + timedelta(days=number) for number in range(TABLE_START, TABLE_END + 1)]


@cache
def _hours_behind() -> Numbers:
    """Hours from New York to UTC at noon of each day: no one acts in the hours of the change."""
    zone = ZoneInfo(ZONE)
    return np.array(
        [
            (
                datetime.combine(day, time(12), UTC)
                - datetime.combine(day, time(12), zone).astimezone(UTC)
            )
            // timedelta(hours=-1)
            for day in _table()
        ],
        dtype=np.int64,
    )


@cache
def _quarter_ends() -> Numbers:
    """The last day of each day's fiscal quarter; the fiscal year starts in November."""
    ends = []
    for day in _table():
        month = day.year * 12 + day.month - 1
        after = month + 3 - (month - 10) % 3
        ends.append(day_number(date(after // 12, after % 12 + 1, 1)) - 1)
    return np.array(ends, dtype=np.int64)


@cache
def _swapped() -> Numbers:
    """The day with day and month exchanged; -1 where that is no other day."""
    return np.array(
        [
            day_number(date(day.year, day.day, day.month))
            if day.day <= 12 and day.day != day.month
            else -1
            for day in _table()
        ],
        dtype=np.int64,
    )


def instant(days: Numbers, seconds: Numbers) -> Numbers:
    """The instant at a second of a New York day; right between 03:00 and midnight."""
    return days * 86_400 + seconds + _hours_behind()[days - TABLE_START] * 3_600


def day_of(instants: Numbers) -> Numbers:
    """The New York day of instants; right outside the first hour of a day."""
    return (instants - 5 * 3_600) // 86_400


def end_of_log() -> int:
    """The instant at which the log ends."""
    return int(instant(np.array([LAST]), np.array([CLOSING_HOUR * 3_600]))[0])


def quarter_end(days: Numbers) -> Numbers:
    return _quarter_ends()[days - TABLE_START]


def fiscal_year(days: Numbers) -> Numbers:
    """The calendar year in which each day's fiscal year ends."""
    starts = [day_number(date(year, 11, 1)) for year in range(2021, 2027)]
    return 2021 + np.searchsorted(np.array(starts), days, side="right").astype(np.int64)


def swapped(days: Numbers) -> Numbers:
    return _swapped()[days - TABLE_START]


def weekday_before(days: Numbers) -> Numbers:
    """The day itself, or the Friday before a weekend."""
    return days - np.maximum(0, (days + 3) % 7 - 4)


@cache
def creation_weights() -> Numbers:
    """How likely each day from FIRST to LAST sees a new opportunity: growth, season, weekday."""
    weights = []
    for number in range(FIRST, LAST + 1):
        day = date(1970, 1, 1) + timedelta(days=number)
        growth = 100 + (number - FIRST) // 10
        weights.append(growth * MONTH_WEIGHTS[day.month - 1] * WEEKDAY_WEIGHTS[day.weekday()])
    return np.array(weights, dtype=np.int64)
