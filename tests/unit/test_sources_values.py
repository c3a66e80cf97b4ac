"""Texts and typed columns into the types of a contract."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from workbench.sources.values import AMBIGUOUS, NumberFormat, Reading, parsed, whole_numbers

INSTANT = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(18, 2)
BERLIN = Reading("Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def local(*parts: int) -> datetime:
    return utc(*parts).replace(tzinfo=None)


def read(value, dtype, reading=BERLIN):
    """One value read, and what is wrong with it."""
    raw = value if isinstance(value, pl.Series) else pl.Series([value], dtype=pl.String)
    found = parsed(raw, dtype=dtype, reading=reading)
    return found.values[0], list(found.faults)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-02", utc(2026, 1, 1, 23)),
        ("2026-01-02T03:04", utc(2026, 1, 2, 2, 4)),
        (" 2026-01-02 03:04:05 ", utc(2026, 1, 2, 2, 4, 5)),
        ("2026-01-02T03:04:05.25Z", utc(2026, 1, 2, 3, 4, 5, 250_000)),
        ("2026-01-02 03:04:05 UTC", utc(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05+02:00", utc(2026, 1, 2, 1, 4, 5)),
        ("2026-01-02T03:04:05-0230", utc(2026, 1, 2, 5, 34, 5)),
        ("2015-11-20 10:59:00.000000018", utc(2015, 11, 20, 9, 59)),
        ("2026-10-25T02:30", utc(2026, 10, 25, 0, 30)),  # shown twice: the earlier one
    ],
)
def test_parsed__instants(text, instant):
    assert read(text, INSTANT) == (instant, [])


@pytest.mark.parametrize(
    "text", ["x", "2026-13-01", "2026-02-30", "01.02.2026", "2026-01-02T25:00"]
)
def test_parsed__no_instant(text):
    assert read(text, INSTANT) == (None, ["not a date or time"])


def test_parsed__a_time_that_the_clock_skips():
    assert read("2026-03-29T02:30", INSTANT) == (
        None,
        ["a time that the clock skips in Europe/Berlin"],
    )
    beirut = Reading("Asia/Beirut")  # its clock goes from 24:00 on 28 March to 01:00
    assert read("2026-03-29", INSTANT, beirut) == (utc(2026, 3, 28, 22), [])


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        (pl.Series([date(2026, 1, 2)]), utc(2026, 1, 1, 23)),
        (pl.Series([local(2026, 1, 2, 3)], dtype=pl.Datetime("ns")), utc(2026, 1, 2, 2)),
        (
            pl.Series([local(2026, 1, 2, 3)]).dt.replace_time_zone("America/New_York"),
            utc(2026, 1, 2, 8),
        ),
    ],
)
def test_parsed__instants_of_parquet(raw, instant):
    assert read(raw, INSTANT) == (instant, [])


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("9999-12-31T23:59:59-14:00", INSTANT),  # in UTC, the year 10000
        ("0001-01-01", INSTANT),  # in UTC, the year 0
        ("0000-06-01", pl.Date()),
    ],
)
def test_parsed__nothing_outside_the_years_that_python_has(text, dtype):
    assert read(text, dtype) == (None, ["outside the years 1 to 9999"])


def test_parsed__the_first_and_the_last_day():
    assert read("0001-01-01", pl.Date()) == (date(1, 1, 1), [])
    assert read("9999-12-31", pl.Date()) == (date(9999, 12, 31), [])
    assert read("9999-12-31T23:59:59Z", INSTANT) == (utc(9999, 12, 31, 23, 59, 59), [])


def test_parsed__formats_are_tried_in_turn():
    reading = Reading("UTC", formats=("%d.%m.%Y %H:%M", "%d.%m.%Y"))
    assert read("03.02.2026 14:30", INSTANT, reading)[0] == utc(2026, 2, 3, 14, 30)
    assert read("03.02.2026", INSTANT, reading)[0] == utc(2026, 2, 3)
    assert read("03.02.2026", pl.Date(), reading) == (date(2026, 2, 3), [])
    assert read("03.02.26", pl.Date(), reading) == (None, ["not a date"])


@pytest.mark.parametrize(
    ("formats", "text", "instant"),
    [
        (["excel"], "46021", utc(2025, 12, 29, 23)),
        (["excel"], "46021.5", utc(2025, 12, 30, 11)),
        (["excel"], "46021.4375", utc(2025, 12, 30, 9, 30)),
        (["excel", "%d.%m.%Y"], "30.12.2025", utc(2025, 12, 29, 23)),
        (["excel", "%d.%m.%Y"], "46021", utc(2025, 12, 29, 23)),
        (["epoch_s"], "1767225600", utc(2026, 1, 1)),
        (["epoch_ms"], "1767225600250", utc(2026, 1, 1, 0, 0, 0, 250_000)),
        (["epoch_ms"], "1767225600000.0", utc(2026, 1, 1)),
        (["epoch_ms", "%Y"], "1767225600000", utc(2026, 1, 1)),
        (["%m/%d/%Y", "%d/%m/%Y"], "03/03/2026", utc(2026, 3, 2, 23)),
        (["%m/%d/%Y", "%d/%m/%Y"], "03/31/2026", utc(2026, 3, 30, 22)),
        (["%m/%d/%y", "%m/%d/%Y"], "03/31/26", utc(2026, 3, 30, 22)),
    ],
)
def test_parsed__formats_of_programs(formats, text, instant):
    reading = Reading("Europe/Berlin", formats=tuple(formats))
    assert read(text, INSTANT, reading) == (instant, [])
    day = instant.astimezone(ZoneInfo("Europe/Berlin")).date()
    assert read(text, pl.Date(), reading) == (day, [])


@pytest.mark.parametrize(
    "raw", [pl.Series([46021.5]), pl.Series([1767092400]), pl.Series([1767092400000.0])]
)
def test_parsed__formats_of_programs_in_numbers(raw):
    formats = ("excel", "epoch_s") if raw[0] < 1e10 else ("epoch_ms",)
    expected = utc(2025, 12, 30, 12) if raw[0] < 1e5 else utc(2025, 12, 30, 11)
    assert read(raw, INSTANT, Reading("UTC", formats=formats)) == (expected, [])


@pytest.mark.parametrize("text", ["0", "60", "2958466", "46021,5", "-1", "1e5", "2026-01-01"])
def test_parsed__no_day_of_excel(text):
    assert read(text, pl.Date(), Reading("UTC", formats=("excel",))) == (None, ["not a date"])


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (("%m/%d/%Y", "%d/%m/%Y"), "03/04/2026"),
        (("%d/%m/%Y", "%m/%d/%Y"), "03/04/2026"),
        (("excel", "epoch_s"), "46021"),
        (("epoch_s", "epoch_ms"), "1767225600"),
    ],
)
def test_parsed__what_two_formats_read_differently_is_not_guessed(formats, text):
    reading = Reading("UTC", formats=formats)
    assert read(text, INSTANT, reading) == (None, [AMBIGUOUS])
    assert read(text, pl.Date(), reading) == (None, [AMBIGUOUS])


def test_parsed__formats_are_of_texts_and_say_nothing_about_dates():
    reading = Reading("UTC", formats=("%d.%m.%Y",))
    assert read(pl.Series([local(2026, 1, 2)]), INSTANT, reading) == (utc(2026, 1, 2), [])
    assert read(pl.Series([date(2026, 1, 2)]), pl.Date(), reading) == (date(2026, 1, 2), [])
    assert read(pl.Series([local(2026, 1, 2)]), pl.Date(), reading) == (date(2026, 1, 2), [])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-02", date(2026, 1, 2)),
        ("2026-01-02T00:00:00Z", date(2026, 1, 2)),
        ("2026-01-02 00:00:00.000000+00:00", date(2026, 1, 2)),  # an instant in a Parquet file
        ("2026-01-02 00:00+05:30", date(2026, 1, 2)),
        ("2026-01-02 13:00:00", None),
        ("2026-01-02 05:30+05:30", None),
        ("x", None),
    ],
)
def test_parsed__dates(text, day):
    assert read(text, pl.Date()) == (day, [] if day else ["not a date"])


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12.00"),
        (" -12.5 ", "-12.50"),
        ("+1.230", "1.23"),
        (".5", "0.50"),
        ("1e5", "100000.00"),
        ("1.25E+1", "12.50"),
        ("9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_parsed__money(text, amount):
    assert read(text, MONEY) == (Decimal(amount), [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "not a number"),
        ("nan", "not a number"),
        ("inf", "not a number"),
        ("1,234", "not a number"),
        ("$5", "not a number"),
        ("12.345", "more than 2 decimals"),
        ("1.00000000000000000000001", "more than 2 decimals"),
        ("1e-3", "more than 2 decimals"),
        ("1e-30", "more than 2 decimals"),
        ("99999999999999999", "too large"),
        ("1e30", "too large"),
    ],
)
def test_parsed__money_is_never_rounded(text, reason):
    assert read(text, MONEY) == (None, [reason])


@pytest.mark.parametrize(
    ("text", "amount"), [("1.234.567,5", "1234567.50"), ("1234,56", "1234.56"), ("-7", "-7.00")]
)
def test_parsed__decimal_comma(text, amount):
    assert read(text, MONEY, Reading("UTC", numbers=NumberFormat.like("1.250,50"))) == (
        Decimal(amount),
        [],
    )


@pytest.mark.parametrize("text", ["1.23", "1,234.5", "1.2345,6", "x"])
def test_parsed__no_decimal_comma(text):
    assert read(text, MONEY, Reading("UTC", numbers=NumberFormat.like("1.250,50"))) == (
        None,
        ["not a number"],
    )


@pytest.mark.parametrize(
    ("example", "text", "amount"),
    [
        ("1,250.50", "1,234,567.5", "1234567.50"),
        ("1,250.50", "1234567.5", "1234567.50"),
        ("1,250", "12,345", "12345.00"),
        ("1.250", "12.345,6", "12345.60"),
        ("1 250,50", "1 234 567,5", "1234567.50"),
        ("1 250,50", "1\u00a0234\u202f567,5", "1234567.50"),
        ("1'250.50", "1'234’567.5", "1234567.50"),
        ("$1,250.50", "$1,234.5", "1234.50"),
        ("$1,250.50", "-$1,234.5", "-1234.50"),
        ("$1,250.50", "$-1,234.5", "-1234.50"),
        ("$1,250.50", "($1,234.5)", "-1234.50"),
        ("$1,250.50", "1234", "1234.00"),
        ("1.250,50 €", "1.234,5 €", "1234.50"),
        ("1.250,50 €", "−1.234,5\u00a0€", "-1234.50"),
        ("USD 1,250", "USD 1,234.50", "1234.50"),
        ("1250.50 CHF", "1234.5CHF", "1234.50"),
        ("1,250.50", "(1,234.50)", "-1234.50"),
        ("1,250.50", "+7", "7.00"),
    ],
)
def test_parsed__numbers_in_a_declared_format(example, text, amount):
    reading = Reading("UTC", numbers=NumberFormat.like(example))
    assert read(text, MONEY, reading) == (Decimal(amount), [])
    assert read(text, pl.Float64(), reading) == (float(amount), [])


@pytest.mark.parametrize(
    ("example", "text"),
    [
        ("1,250.50", "1.234,5"),
        ("1,250.50", "12,34"),
        ("1,250.50", "1,2345"),
        ("1,250.50", "$5"),
        ("1,250.50", "(-5)"),
        ("1,250.50", "(5"),
        ("1,250.50", "--5"),
        ("1,250.50", "()"),
        ("1,250.50", "1e5"),
        ("$1,250.50", "€5"),
        ("$1,250.50", "-$-5"),
        ("$1,250.50", "$"),
        ("USD 1,250", "EUR 5"),
        ("1250,50", "1.250,50"),
        ("1 250,50", "1  250"),
    ],
)
def test_parsed__a_number_in_another_format_or_currency(example, text):
    reading = Reading("UTC", numbers=NumberFormat.like(example))
    assert read(text, MONEY, reading) == (None, ["not a number"])


def test_parsed__a_declared_format_says_nothing_about_what_is_missing_or_typed():
    reading = Reading("UTC", numbers=NumberFormat.like("1.250,50"))
    assert read(" ", MONEY, reading) == (None, [])
    assert read(pl.Series([1.5]), MONEY, reading) == (Decimal("1.50"), [])
    assert read("1,234", MONEY, reading) == (None, ["more than 2 decimals"])


@pytest.mark.parametrize(
    "example", ["", "1", "1234", "1,250,50", "1.250.50", "$1,250 €", "x", "1'25"]
)
def test_number_format__no_example(example):
    with pytest.raises(ValueError, match="is no example of a number"):
        NumberFormat.like(example)


def test_parsed__money_of_parquet():
    floats = parsed(
        pl.Series([0.1, 0.1 + 0.2, 1e15, float("nan"), None]), dtype=MONEY, reading=BERLIN
    )
    assert floats.values.to_list() == [Decimal("0.10"), None, Decimal(10**15), None, None]
    assert {reason: mark.arg_true().to_list() for reason, mark in floats.faults.items()} == {
        "more than 2 decimals": [1],
        "not a number": [3],
    }
    wide = pl.Series(["1.5000", "1.2345"]).cast(pl.Decimal(38, 4))
    assert parsed(wide, dtype=MONEY, reading=BERLIN).values.to_list() == [Decimal("1.50"), None]


def test_parsed__yes_and_no():
    raw = pl.Series(["TRUE", "yes", "1", "False", "NO", "0", "", None, "maybe"])
    found = parsed(raw, dtype=pl.Boolean(), reading=BERLIN)
    assert found.values.to_list() == [True, True, True, False, False, False, None, None, None]
    assert found.faults["neither yes nor no"].arg_true().to_list() == [8]


def test_parsed__floats():
    assert read("0.25", pl.Float64()) == (0.25, [])
    assert read("nan", pl.Float64()) == (None, ["not a number"])
    assert read(pl.Series([float("inf")]), pl.Float64()) == (None, ["not a number"])
    assert read(pl.Series([1]), pl.Float64()) == (1.0, [])


def test_parsed__text_is_not_trimmed_and_empty_text_is_missing():
    assert read(" a ", pl.String()) == (" a ", [])
    assert read("", pl.String()) == (None, [])
    assert read(pl.Series([84]), pl.String()) == ("84", [])


def test_whole_numbers__ids_that_were_written_as_numbers():
    found = whole_numbers(pl.Series(["84.0", "84", "84.", "84.5", "x", None]))
    assert found.values.to_list() == ["84", "84", "84", None, None, None]
    assert found.faults["not a whole number"].arg_true().to_list() == [3, 4]


@pytest.mark.parametrize(
    "dtype", [INSTANT, MONEY, pl.Date(), pl.Boolean(), pl.Float64(), pl.String()]
)
def test_parsed__empty_frame(dtype):
    found = parsed(pl.Series([], dtype=pl.String), dtype=dtype, reading=BERLIN)
    assert found.values.dtype == dtype
    assert found.faults == {}


@pytest.mark.parametrize("blank", ["", " ", "\t \n"])
def test_parsed__nothing_but_blanks_is_empty(blank: str) -> None:
    assert read(blank, pl.String()) == (None, [])
    assert read(f"{blank}x{blank}", pl.String()) == (f"{blank}x{blank}", [])
