"""Fiscal calendars: months, quarters, or a table of periods; and the periods before each one."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, Protocol

from workbench.errors import ParameterError, Problem

TREND_PERIODS: Final = 9  # the current period and the eight before it
_LABEL: Final = re.compile(r"[12][0-9]{3}-(?:Q[1-4]|P(?:0[1-9]|1[0-3]))")


class Calendar(Protocol):
    """Which days a period has, and which period comes before it."""

    def period(self, label: str) -> "Period":
        """Read a label. Raises ParameterError when the calendar has no such period."""
        ...

    def before(self, period: "Period") -> "Period":
        """The period of the same kind that ends the day before this one starts."""
        ...


@dataclass(frozen=True)
class Period:
    """A month, a quarter or a period of a calendar's table; both days belong to it."""

    label: str
    start: date
    end: date
    calendar: Calendar = field(repr=False)

    @property
    def noun(self) -> str:
        """What it is: a quarter, a month, or a period of a calendar's table."""
        kind = self.label.split("-")[1][0]
        return {"Q": "quarter", "P": "period"}.get(kind, "month")

    @property
    def title(self) -> str:
        """The period as a person would head a page with it."""
        return period_title(self.label)

    def before(self) -> "Period":
        """The period of the same kind that ends the day before this one starts."""
        return self.calendar.before(self)

    def trail(self, count: int) -> list["Period"]:
        """This period and those before it, `count` in all, earliest first."""
        periods = [self]
        while len(periods) < count:
            periods.insert(0, periods[0].before())
        return periods


def period_title(label: str) -> str:
    """A period's label as a person would write it: `Q4 FY2026`, `P07 FY2026`, `October 2026`."""
    year, part = label.split("-")
    return f"{date(int(year), int(part), 1):%B %Y}" if part.isdecimal() else f"{part} FY{year}"


@dataclass(frozen=True)
class MonthCalendar:
    """Calendar months, and fiscal quarters of three of them.

    A fiscal year is named by the calendar year in which it ends: with a year that starts in
    November (`fiscal_year_start=11`), `2026-Q1` is November 2025 to January 2026.
    """

    fiscal_year_start: int

    def period(self, label: str) -> Period:
        """Read `2026-10` or `2026-Q3`. Raises ParameterError when the label is neither."""
        if found := re.fullmatch(r"([12][0-9]{3})-(0[1-9]|1[0-2])", label):
            return self._month(int(found[1]) * 12 + int(found[2]) - 1)
        if found := re.fullmatch(r"([12][0-9]{3})-Q([1-4])", label):
            year_start = int(found[1]) * 12 + self.fiscal_year_start - 1
            if self.fiscal_year_start > 1:
                year_start -= 12
            return self._quarter(year_start + 3 * (int(found[2]) - 1))
        hint = "write a calendar month such as 2026-10 or a fiscal quarter such as 2026-Q3."
        raise ParameterError([Problem("period", f"'{label}' is not a period.", hint)])

    def before(self, period: Period) -> Period:
        """The month before a month, the quarter before a quarter."""
        start = period.start.year * 12 + period.start.month - 1
        return self._quarter(start - 3) if period.noun == "quarter" else self._month(start - 1)

    def _month(self, start: int) -> Period:
        first = _month_start(start)
        return Period(f"{first:%Y-%m}", first, _month_end(start), self)

    def _quarter(self, start: int) -> Period:
        first = _month_start(start)
        months_into_year = (first.month - self.fiscal_year_start) % 12
        year_end = _month_start(start - months_into_year + 11)
        label = f"{year_end.year}-Q{months_into_year // 3 + 1}"
        return Period(label, first, _month_end(start + 2), self)


def _month_start(months: int) -> date:
    """First day of a month counted from January of year 0."""
    return date(months // 12, months % 12 + 1, 1)


def _month_end(months: int) -> date:
    return _month_start(months + 1) - timedelta(days=1)


@dataclass(frozen=True)
class TableCalendar:
    """Periods written out in a file, such as the 4, 4 and 5 weeks of a retailer's quarter."""

    origin: str
    spans: tuple[tuple[str, date, date], ...]  # label, first and last day; periods, then quarters

    def period(self, label: str) -> Period:
        """A period that the table has, once eight more of its kind lie before it, for the trend.

        Raises ParameterError when the table lacks it, or does not reach far enough back.
        """
        kind = [span for span in self.spans if _kind(span[0]) == _kind(label)]
        labels = [span[0] for span in kind]
        if label not in labels:
            names = [span[0] for span in self.spans]
            known = f"it has {labels[0]} to {labels[-1]}." if labels else ""
            hint = known or f"it has {', '.join(names[:3])}, …; write such a label."
            raise ParameterError([Problem(self.origin, f"there is no period '{label}'.", hint)])
        if (missing := TREND_PERIODS - 1 - labels.index(label)) > 0:
            what = f"the trend of {label} needs {TREND_PERIODS - 1} periods before it."
            hint = f"it begins with {labels[0]}; add the {missing} before that one."
            raise ParameterError([Problem(self.origin, what, hint)])
        return Period(*kind[labels.index(label)], self)

    def before(self, period: Period) -> Period:
        """The period of the same kind that the table has before this one."""
        kind = [span for span in self.spans if _kind(span[0]) == _kind(period.label)]
        at = [span[0] for span in kind].index(period.label)
        if at == 0:
            raise ParameterError([Problem(self.origin, f"it has nothing before {period.label}.")])
        return Period(*kind[at - 1], self)


def _kind(label: str) -> str:
    return label[5:6]


def read_calendar(path: Path) -> TableCalendar:
    """Read a table of periods: a CSV file with `period`, `quarter`, `starts_on` and `ends_on`.

    One row per period, in order: `2026-P01,2026-Q1,2025-02-02,2025-03-01`. Each begins on the day
    after the one before it ends, and a quarter is made of periods that follow each other.

    Raises ParameterError with everything that is wrong, by line.
    """
    problems: list[Problem] = []

    def wrong(line: int, what: str, hint: str = "") -> None:
        problems.append(Problem(str(path), f"line {line}: {what}", hint))

    rows = _calendar_rows(path)
    spans: list[tuple[int, str, str, date, date]] = []
    for line, row in rows:
        labels = {key: row[key] for key in ("period", "quarter")}
        for key, label in labels.items():
            if not _LABEL.fullmatch(label) or _kind(label) != key[0].upper():
                example = "2026-P01" if key == "period" else "2026-Q1"
                wrong(line, f"'{label}' is not a {key}.", f"write it as {example}.")
        try:
            start, end = (date.fromisoformat(row[key]) for key in ("starts_on", "ends_on"))
        except ValueError:
            wrong(line, "a day cannot be read.", "write days as 2026-02-28.")
            continue
        if start > end:
            wrong(line, f"it ends on {end}, before it starts on {start}.")
        spans.append((line, labels["period"], labels["quarter"], start, end))
    _must_follow(spans, wrong)
    if problems:
        raise ParameterError(problems)
    quarters = [
        (label, periods[0][3], periods[-1][4])
        for label, group in groupby(spans, key=lambda span: span[2])
        for periods in [list(group)]
    ]
    return TableCalendar(str(path), (*((s[1], s[3], s[4]) for s in spans), *quarters))


def _calendar_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Each row with its line. Raises ParameterError when it is no such table at all."""
    columns = {"period", "quarter", "starts_on", "ends_on"}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error, OSError):
        raise ParameterError([Problem(str(path), "cannot be read as a CSV file.")]) from None
    if missing := sorted(columns - set(reader.fieldnames or ())):
        named = ", ".join(f"'{name}'" for name in missing)
        count = "1 column is" if len(missing) == 1 else f"{len(missing)} columns are"
        hint = "a calendar has period, quarter, starts_on and ends_on."
        raise ParameterError([Problem(str(path), f"{count} missing: {named}.", hint)])
    if not rows:
        raise ParameterError([Problem(str(path), "it has no periods.")])
    return [(line, {key: (row[key] or "").strip() for key in columns}) for line, row in rows]


def _must_follow(
    spans: Sequence[tuple[int, str, str, date, date]], wrong: Callable[[int, str, str], None]
) -> None:
    """Periods without gap or overlap, each label once, each quarter in one piece."""
    for (*_, before_end), (line, _, _, start, _) in pairwise(spans):
        due = before_end + timedelta(days=1)
        if start != due:
            what = "a gap" if start > due else "an overlap"
            wrong(line, f"there is {what} before it.", f"it should start on {due}.")
    for (_, before, *_), (line, label, *_) in pairwise(spans):
        if _LABEL.fullmatch(before) and _LABEL.fullmatch(label) and label <= before:
            wrong(line, f"{label} stands after {before}.", "write the periods in their order.")
    seen: set[str] = set()
    for quarter, group in groupby(spans, key=lambda span: span[2]):
        line = next(group)[0]
        if quarter in seen:
            wrong(line, f"{quarter} stands in two places.", "its periods follow each other.")
        seen.add(quarter)
