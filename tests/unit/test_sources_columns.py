"""One column of a table from the columns of a file, row by row."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from workbench.documents import parse_document
from workbench.sources.columns import column_values
from workbench.sources.mapping import Column
from workbench.sources.values import Parsed, Reading

MONEY = pl.Decimal(18, 2)


def made(
    content: object, rows: dict[str, list], dtype: pl.DataType | type[pl.DataType] = pl.String
) -> Parsed:
    column = parse_document({"from": content} if isinstance(content, list) else content, Column, "")
    reading = Reading(timezone="UTC")
    return column_values(
        column, pl.DataFrame(rows), dtype=pl.Series(dtype=dtype).dtype, reading=reading
    )


def values(content: object, rows: dict[str, list], dtype: object = pl.String) -> list:
    found = made(content, rows, dtype)
    assert found.faults == {}
    return found.values.to_list()


def test_column_values__the_first_of_several_that_is_not_empty():
    rows = {"A": ["1", " ", None, ""], "B": ["x", "2", None, "3"]}
    assert values(["A", "B"], rows) == ["1", "2", None, "3"]
    assert values(["B", "A"], rows) == ["x", "2", None, "3"]


def test_column_values__of_several_columns_each_in_its_own_type():
    rows = {"A": [7, None], "B": ["x", "2"]}
    assert values(["A", "B"], rows) == ["7", "2"]


def test_column_values__join_puts_a_colon_between_and_needs_all():
    rows = {"A": ["O-1", "O-2", None, "O-4"], "B": ["P-1", None, "P-3", ""]}
    assert values({"join": ["A", "B"]}, rows) == ["O-1:P-1", None, None, None]
    assert values({"join": ["A"]}, rows) == ["O-1", "O-2", None, "O-4"]


def test_column_values__join_makes_one_word_of_two():
    rows = {"closed": [True, True, False, None], "won": [True, False, False, True]}
    words = {"true:true": "won", "true:false": "lost", "false:false": "open"}
    assert values({"join": ["closed", "won"], "words": words}, rows) == [
        *("won", "lost", "open"),
        None,
    ]


def test_column_values__missing_fills_only_what_is_missing():
    rows = {"A": ["EUR", None, " ", "none"]}
    assert values({"from": "A", "missing": "USD"}, rows) == ["EUR", "USD", "USD", "none"]
    words = {"from": "A", "words": {"EUR": "EUR", "none": None}, "missing": "USD"}
    assert values(words, rows) == ["EUR", "USD", "USD", "USD"]


def test_column_values__missing_stays_so_where_when_leaves_a_row_out():
    rows = {"A": [None, None, "x"], "kind": ["yes", "no", "no"]}
    content = {"from": "A", "missing": "none", "when": {"kind": "yes"}}
    assert values(content, rows) == ["none", None, None]


def test_column_values__missing_does_not_hide_what_cannot_be_read():
    found = made({"from": "A", "missing": 0}, {"A": ["1.50", "much", None]}, MONEY)
    assert found.values.to_list() == [Decimal("1.50"), None, Decimal("0.00")]
    assert {reason: mark.to_list() for reason, mark in found.faults.items()} == {
        "not a number": [False, True, False]
    }


def test_column_values__missing_that_its_type_cannot_hold():
    found = made({"from": "A", "missing": "later"}, {"A": ["2026-01-01", None]}, pl.Date)
    assert {reason: mark.to_list() for reason, mark in found.faults.items()} == {
        "not a date": [False, True]
    }


def test_column_values__missing_is_not_divided():
    rows = {"A": ["5", None]}
    assert values({"from": "A", "divide_by": 100, "missing": 1}, rows, pl.Float64) == [0.05, 1.0]


@pytest.mark.parametrize(
    ("text", "hundredth"),
    [
        ("1250050", "12500.50"),
        ("1", "0.01"),
        ("-7", "-0.07"),
        ("1.5e3", "15.00"),
        ("0", "0.00"),
        ("12345678901234567", "123456789012345.67"),
    ],
)
def test_column_values__cents_are_divided_exactly(text, hundredth):
    content = {"from": "A", "divide_by": 100}
    assert values(content, {"A": [text]}, MONEY) == [Decimal(hundredth)]


def test_column_values__what_is_divided_still_has_two_decimals():
    found = made({"from": "A", "divide_by": 100}, {"A": ["12.5", "much", None]}, MONEY)
    assert found.values.to_list() == [None, None, None]
    assert {reason: mark.to_list() for reason, mark in found.faults.items()} == {
        "not a number": [False, True, False],
        "more than 2 decimals": [True, False, False],
    }


def test_column_values__percent_of_numbers_and_of_text():
    content = {"from": "A", "divide_by": 100}
    assert values(content, {"A": ["29", "12.5"]}, pl.Float64) == [0.29, 0.125]
    assert values(content, {"A": [29.0, 0.7]}, pl.Float64) == [0.29, 0.007]
    assert values(content, {"A": [1250050, None]}, MONEY) == [Decimal("12500.50"), None]


def test_column_values__a_column_of_its_own_time_zone():
    rows = {"A": ["2026-03-31 00:00"]}
    instant = pl.Datetime("us", "UTC")
    assert values({"from": "A"}, rows, instant) == [datetime(2026, 3, 31, tzinfo=UTC)]
    assert values({"from": "A", "timezone": "America/New_York"}, rows, instant) == [
        datetime(2026, 3, 31, 4, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    "content",
    [
        ["A", "B"],
        {"join": ["A", "B"]},
        {"from": "A", "missing": "1"},
        {"from": "A", "divide_by": 10},
    ],
)
def test_column_values__empty_frame(content):
    found = made(content, {"A": [], "B": []}, pl.Float64)
    assert found.values.dtype == pl.Float64
    assert (found.values.to_list(), found.faults) == ([], {})
