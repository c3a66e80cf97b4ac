from datetime import date

import pytest

from workbench.errors import ParameterError
from workbench.periods import parse_period


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
def test_parse_period__first_and_last_day(label, fiscal_year_start, start, end):
    period = parse_period(label, fiscal_year_start)

    assert (period.start, period.end) == (start, end)
    assert period.label == label
    assert period.is_quarter == ("Q" in label)


@pytest.mark.parametrize(
    "label",
    ["2026", "2026-13", "2026-00", "2026-1", "2026-Q0", "2026-Q5", "2026-q1", "2026Q1", "Q1-2026",
     "26-10", " 2026-10", "2026-10\n", "2026-10-01", "", "0000-01", "9999-12", "٢٠٢٦-10"],
)  # fmt: skip
def test_parse_period__anything_else_is_an_error(label):
    with pytest.raises(ParameterError) as error:
        parse_period(label, 1)

    assert str(error.value) == (
        f"period: '{label}' is not a period.\n"
        "Hint: write a calendar month such as 2026-10 or a fiscal quarter such as 2026-Q3."
    )


@pytest.mark.parametrize("fiscal_year_start", range(1, 13))
def test_period_before__quarters_join_without_gap_or_overlap(fiscal_year_start):
    period = parse_period("2026-Q2", fiscal_year_start)

    labels = []
    for _ in range(5):
        before = period.before()
        assert (period.start - before.end).days == 1
        assert parse_period(before.label, fiscal_year_start) == before
        period = before
        labels.append(period.label)

    assert labels == ["2026-Q1", "2025-Q4", "2025-Q3", "2025-Q2", "2025-Q1"]


def test_period_before__month_over_the_new_year():
    assert parse_period("2026-01", 4).before() == parse_period("2025-12", 4)


def test_period_trail__this_one_last():
    trail = parse_period("2026-02", 1).trail(4)

    assert [period.label for period in trail] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert [period.label for period in parse_period("2026-Q1", 1).trail(1)] == ["2026-Q1"]


@pytest.mark.parametrize(
    ("label", "title"), [("2026-10", "October 2026"), ("2026-Q3", "Q3 FY2026")]
)
def test_period_title__as_a_page_is_headed(label, title):
    assert parse_period(label, 11).title == title
