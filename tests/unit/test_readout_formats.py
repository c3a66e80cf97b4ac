from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from workbench.readout import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not known"),
        (0.0, "USD 0.00"),
        (0.01, "USD 0.01"),
        (9999.99, "USD 9,999.99"),
        (10_000, "USD 10 k"),
        (412_300, "USD 412 k"),
        (4_214_300, "USD 4.21 m"),
        (42_143_000, "USD 42.1 m"),
        (999_400_000, "USD 999 m"),
        (1_234_567_890.12, "USD 1.23 bn"),
        (9_876_543_210_987.65, "USD 9.88 tn"),
        (-412_300, "USD −412 k"),
    ],
)
def test_readable_amount__keeps_its_unit(value: float | None, text: str) -> None:
    assert formats.readable_amount(value, currency="USD").replace("\u00a0", " ") == text


def test_readable_amount__rounds_up_into_the_next_unit() -> None:
    amounts = [formats.readable_amount(value, currency="USD") for value in (999_600, 999_999_999)]
    assert [amount.replace("\u00a0", " ") for amount in amounts] == ["USD 1.00 m", "USD 1.00 bn"]


def test_exact_amount__to_the_cent() -> None:
    assert formats.exact_amount(Decimal("1540500.55")) == "1,540,500.55"
    assert formats.exact_amount(Decimal("-0.50")) == "−0.50"
    assert formats.exact_amount(Decimal("9876543210987.65")) == "9,876,543,210,987.65"
    assert formats.exact_amount(None) == "not known"
    assert formats.signed_amount(Decimal("1.5")) == "+1.50"
    assert formats.signed_amount(Decimal("-1.5")) == "−1.50"


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (110.0, 100.0, "up 10.0 %"),
        (90.0, 100.0, "down 10.0 %"),
        (100.0, 100.0, "unchanged"),
        (100.0, 0.0, "up USD 100.00"),
        (500.0, 100.0, "up USD 400.00"),
        (-50.0, 100.0, "down USD 150.00"),
        (None, 100.0, "–"),
        (100.0, None, "–"),
    ],
)
def test_amount_change__in_percent_only_where_that_means_something(
    now: float | None, before: float | None, text: str
) -> None:
    assert formats.amount_change(now, before, currency="USD").replace("\u00a0", " ") == text


def test_rate__and_its_change_in_points() -> None:
    assert formats.rate(0.4516) == "45.2\u00a0%"
    assert formats.rate_change(0.45, 0.38) == "up 7.0\u00a0points"
    assert formats.rate_change(0.45, None) == "–"
    assert formats.interval(0.22, 0.413) == "22.0 to 41.3\u00a0%"
    assert formats.interval(None, 0.4) == ""


def test_counted__one_and_many() -> None:
    assert formats.counted(1, "opportunity", "opportunities") == "1 opportunity"
    assert formats.counted(1204, "warning") == "1,204 warnings"


def test_day__and_instant() -> None:
    assert formats.day(date(2026, 10, 3)) == "3\u00a0October\u00a02026"
    assert formats.instant(datetime(2026, 11, 2, 8, 0, tzinfo=UTC)).endswith(", 08:00 UTC")


def test_printable__shows_what_cannot_be_seen() -> None:
    assert formats.printable("a\u202eb\nc") == "a⟨U+202E⟩b⟨U+000A⟩c"
    assert formats.printable("Ñandú Ωmega") == "Ñandú Ωmega"
