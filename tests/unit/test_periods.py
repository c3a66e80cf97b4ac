from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from workbench.errors import ParameterError
from workbench.periods import MonthCalendar, read_calendar


@pytest.mark.parametrize(
    ("label", "fiscal_year_start", "start", "end"),
    [
        ("2026-10", 1, date(2026, 10, 1), date(2026, 10, 31)),
        ("2026-10", 4, date(2026, 10, 1), date(2026, 10, 31)),  # a month is a calendar month
        ("2024-02", 1, date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-12", 12, date(2025, 12, 1), date(2025, 12, 31)),
        ("2026-Q3", 1, date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q4", 1, date(2026, 10, 1), date(2026, 12, 31)),
        # the year is named by the calendar year in which it ends
        ("2026-Q1", 2, date(2025, 2, 1), date(2025, 4, 30)),
        ("2026-Q4", 2, date(2025, 11, 1), date(2026, 1, 31)),
        ("2026-Q1", 7, date(2025, 7, 1), date(2025, 9, 30)),
        ("2026-Q1", 11, date(2025, 11, 1), date(2026, 1, 31)),
        ("2024-Q1", 12, date(2023, 12, 1), date(2024, 2, 29)),
        ("2026-Q4", 12, date(2026, 9, 1), date(2026, 11, 30)),
    ],
)
def test_month_calendar__first_and_last_day(label, fiscal_year_start, start, end):
    period = MonthCalendar(fiscal_year_start).period(label)

    assert (period.start, period.end) == (start, end)
    assert period.label == label
    assert period.noun == ("quarter" if "Q" in label else "month")


@pytest.mark.parametrize(
    "label",
    ["2026", "2026-13", "2026-00", "2026-1", "2026-Q0", "2026-Q5", "2026-q1", "2026Q1", "Q1-2026",
     "26-10", " 2026-10", "2026-10\n", "2026-10-01", "", "0000-01", "9999-12", "٢٠٢٦-10"],
)  # fmt: skip
def test_month_calendar__anything_else_is_an_error(label):
    with pytest.raises(ParameterError) as error:
        MonthCalendar(1).period(label)

    assert str(error.value) == (
        f"period: '{label}' is not a period.\n"
        "Hint: write a calendar month such as 2026-10 or a fiscal quarter such as 2026-Q3."
    )


@pytest.mark.parametrize("fiscal_year_start", range(1, 13))
def test_period_before__quarters_join_without_gap_or_overlap(fiscal_year_start):
    period = MonthCalendar(fiscal_year_start).period("2026-Q2")

    labels = []
    for _ in range(5):
        before = period.before()
        assert (period.start - before.end).days == 1
        assert MonthCalendar(fiscal_year_start).period(before.label) == before
        period = before
        labels.append(period.label)

    assert labels == ["2026-Q1", "2025-Q4", "2025-Q3", "2025-Q2", "2025-Q1"]


def test_period_before__month_over_the_new_year():
    assert MonthCalendar(4).period("2026-01").before() == MonthCalendar(4).period("2025-12")


def test_period_trail__this_one_last():
    trail = MonthCalendar(1).period("2026-02").trail(4)

    assert [period.label for period in trail] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert [period.label for period in MonthCalendar(1).period("2026-Q1").trail(1)] == ["2026-Q1"]


@pytest.mark.parametrize(
    ("label", "title"), [("2026-10", "October 2026"), ("2026-Q3", "Q3 FY2026")]
)
def test_period_title__as_a_page_is_headed(label, title):
    assert MonthCalendar(11).period(label).title == title


SHIPPED = Path(__file__).parents[2] / "params" / "calendars" / "four_four_five.csv"


def calendar_of(folder: Path, *rows: str, header: str = "period,quarter,starts_on,ends_on") -> Path:
    path = folder / "calendar.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_table_calendar__weeks_of_a_quarter():
    calendar = read_calendar(SHIPPED)

    quarter = calendar.period("2026-Q2")
    weeks = [
        ((period.end - period.start).days + 1) / 7
        for label in ("2026-P04", "2026-P05", "2026-P06")
        for period in [calendar.period(label)]
    ]
    assert weeks == [4, 4, 5]
    assert (quarter.start, quarter.end) == (date(2025, 5, 4), date(2025, 8, 2))
    assert quarter.start == calendar.period("2026-P04").start
    assert quarter.end == calendar.period("2026-P06").end
    assert (quarter.title, quarter.noun) == ("Q2 FY2026", "quarter")
    assert calendar.period("2026-P04").title == "P04 FY2026"
    assert calendar.period("2026-P04").noun == "period"


@pytest.mark.parametrize("label", ["2028-Q4", "2028-P12"])
def test_table_calendar__trail_has_no_gap_or_overlap(label):
    trail = read_calendar(SHIPPED).period(label).trail(9)

    assert len(trail) == 9
    assert trail[-1].label == label
    for before, after in pairwise(trail):
        assert after.start - before.end == timedelta(days=1)


def test_table_calendar__years_end_on_the_saturday_nearest_the_end_of_january():
    calendar = read_calendar(SHIPPED)

    ends = [calendar.period(f"{year}-Q4").end for year in range(2026, 2029)]
    assert ends == [date(2026, 1, 31), date(2027, 1, 30), date(2028, 1, 29)]


def test_table_calendar__a_period_it_lacks():
    with pytest.raises(ParameterError) as error:
        read_calendar(SHIPPED).period("2031-P02")

    assert str(error.value) == (
        f"{SHIPPED}: there is no period '2031-P02'.\nHint: it has 2023-P01 to 2028-P12."
    )


def test_table_calendar__a_calendar_month_is_no_period_of_a_table():
    with pytest.raises(ParameterError, match="there is no period '2026-10'") as error:
        read_calendar(SHIPPED).period("2026-10")

    assert "it has 2023-P01, 2023-P02, 2023-P03, …; write such a label." in str(error.value)


def test_table_calendar__too_short_for_the_trend():
    with pytest.raises(ParameterError) as error:
        read_calendar(SHIPPED).period("2024-Q4")

    assert str(error.value) == (
        f"{SHIPPED}: the trend of 2024-Q4 needs 8 periods before it.\n"
        "Hint: it begins with 2023-Q1; add the 1 before that one."
    )


def test_read_calendar__everything_that_is_wrong_at_once(tmp_path):
    path = calendar_of(
        tmp_path,
        "2026-P01,2026-Q1,2026-01-01,2026-01-28",
        "2026-P02,2026-Q2,2026-01-30,2026-02-25",
        "2026-P03,2026-Q1,2026-02-20,2026-03-25",
        "2026-3,2026-Q5,2026-03-26,2026-03-01",
        "2026-P14,2026-Q2,26 March,2026-04-22",
    )

    with pytest.raises(ParameterError) as error:
        read_calendar(path)

    assert [str(problem).removeprefix(f"{path}: ") for problem in error.value.problems] == [
        "line 3: there is a gap before it.\n    Hint: it should start on 2026-01-29.",
        "line 4: 2026-Q1 stands in two places.\n    Hint: its periods follow each other.",
        "line 4: there is an overlap before it.\n    Hint: it should start on 2026-02-26.",
        "line 5: '2026-3' is not a period.\n    Hint: write it as 2026-P01.",
        "line 5: '2026-Q5' is not a quarter.\n    Hint: write it as 2026-Q1.",
        "line 5: it ends on 2026-03-01, before it starts on 2026-03-26.",
        "line 6: '2026-P14' is not a period.\n    Hint: write it as 2026-P01.",
        "line 6: a day cannot be read.\n    Hint: write days as 2026-02-28.",
    ]


def test_read_calendar__a_column_is_missing(tmp_path):
    row, header = "2026-P01,2026-01-01,2026-01-28", "period,starts_on,ends_on"
    path = calendar_of(tmp_path, row, header=header)

    with pytest.raises(ParameterError, match="1 column is missing: 'quarter'"):
        read_calendar(path)


def test_read_calendar__no_periods(tmp_path):
    with pytest.raises(ParameterError, match="it has no periods"):
        read_calendar(calendar_of(tmp_path))
