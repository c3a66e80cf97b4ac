"""Numbers as the page prints them: the one place where a figure becomes text.

Nothing is ever printed for a value that is missing but `UNKNOWN`; its reason stands beside it.
"""

import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

UNKNOWN: Final = "not known"
NO_CHANGE_KNOWN: Final = "–"
SPACE: Final = "\u00a0"  # between a number and its unit: never broken at the end of a line
_SCALES: Final = (
    (Decimal(999_500_000_000), Decimal(1_000_000_000_000), "tn"),  # what would round to 1,000 bn
    (Decimal(999_500_000), Decimal(1_000_000_000), "bn"),
    (Decimal(999_500), Decimal(1_000_000), "m"),
    (Decimal(10_000), Decimal(1_000), "k"),
)
_MINUS: Final = "−"


def readable_amount(value: float | Decimal | None, *, currency: str, has_cents: bool = True) -> str:
    """An amount in three or more figures: `USD 4.21 m`, `USD 412 k`; below 10,000 to the cent.

    Without cents, where amounts stand in one row with larger ones: `USD 7,336`.
    """
    if value is None:
        return UNKNOWN
    amount = cents(value)
    size = abs(amount)
    sign = _MINUS if amount < 0 else ""
    for least, divisor, unit in _SCALES:
        if size >= least:
            scaled = size / divisor
            places = 0 if unit == "k" or scaled >= 100 else 1 if scaled >= 10 else 2
            return f"{currency}{SPACE}{sign}{_rounded(scaled, places):,}{SPACE}{unit}"
    if not has_cents:
        return f"{currency}{SPACE}{sign}{_rounded(size, 0):,}"
    return f"{currency}{SPACE}{exact_amount(amount)}"


def exact_amount(value: float | Decimal | None) -> str:
    """An amount to the cent, without its currency, for a column that names it: `4,214,300.00`."""
    if value is None:
        return UNKNOWN
    amount = cents(value)
    return f"{_MINUS if amount < 0 else ''}{abs(amount):,}"


def signed_amount(value: Decimal) -> str:
    """A change to the cent: `+4,214,300.00`, `−0.50`."""
    return f"{'+' if value > 0 else ''}{exact_amount(value)}"


def rate(value: float | None) -> str:
    """A ratio as a percentage with one decimal: `31.1 %`."""
    return UNKNOWN if value is None else f"{value * 100:.1f}{SPACE}%"


def interval(low: float | None, high: float | None) -> str:
    """The ends of a 95 % interval of a ratio: `22.0 to 41.3 %`; empty when there is none."""
    if low is None or high is None:
        return ""
    return f"{low * 100:.1f} to {high * 100:.1f}{SPACE}%"


def count(value: float | None) -> str:
    """A whole number with thousands marked: `1,204`."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun: `1 opportunity`, `14 opportunities`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def amount_change(now: float | None, before: float | None, *, currency: str) -> str:
    """How an amount moved: in percent, or by how much where a percentage would mislead.

    That is where either amount is not positive, or the later one more than four times the earlier.
    """
    if now is None or before is None:
        return NO_CHANGE_KNOWN
    moved = cents(now) - cents(before)
    if moved == 0:
        return "unchanged"
    if before <= 0 or now <= 0 or now > 4 * before:
        return f"{_direction(moved)} {readable_amount(abs(moved), currency=currency)}"
    return f"{_direction(moved)} {abs(now / before - 1) * 100:,.1f}{SPACE}%"


def rate_change(now: float | None, before: float | None) -> str:
    """How a ratio moved, in percentage points."""
    if now is None or before is None:
        return NO_CHANGE_KNOWN
    points = round((now - before) * 100, 1)
    if points == 0:
        return "unchanged"
    return f"{_direction(points)} {abs(points):.1f}{SPACE}points"


def day(value: date) -> str:
    """`31 October 2026`."""
    return f"{value.day}{SPACE}{value:%B}{SPACE}{value.year}"


def instant(value: datetime) -> str:
    """`31 October 2026, 08:00 UTC`, in the zone that the instant carries."""
    return f"{day(value)}, {value:%H:%M} {value.tzname()}"


def printable(text: str) -> str:
    """Text as it stands, with every invisible control shown by its code point.

    A right-to-left override or a line break in a name would otherwise change what the reader sees.
    """
    if text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(letter):04X}⟩" if unicodedata.category(letter) in {"Cc", "Cf", "Cs"} else letter
        for letter in text
    )


def _direction(moved: float | Decimal) -> str:
    return "up" if moved > 0 else "down"


def cents(value: float | Decimal) -> Decimal:
    """An amount as it is printed exactly."""
    return _rounded(Decimal(str(value)), 2)


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
