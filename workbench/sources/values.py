"""Values as a file writes them, into the types of a contract.

A value that cannot be read becomes null and is marked with the reason; nothing is repaired.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

_INSTANT: Final = (
    r"^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?"
    r" ?([Zz]|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?$"
)
_DATE: Final = (
    r"^(\d{4}-\d{2}-\d{2})(?:[Tt ]00:00(?::00(?:\.0+)?)?"
    r" ?(?:[Zz]|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?)?$"
)
_NUMBER: Final = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?$"
_DECIMAL_COMMA: Final = r"^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$"
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

NOT_A_NUMBER: Final = "not a number"


@dataclass(frozen=True)
class Reading:
    """How a column is written: the zone of its local times, its decimal sign, its formats."""

    timezone: str
    decimal_comma: bool = False
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """A column in its type, null where it could not be read, and which rows that were, and why."""

    values: pl.Series
    faults: dict[str, pl.Series]


def parsed(raw: pl.Series, *, dtype: pl.DataType, reading: Reading) -> Parsed:
    """Read a column into `dtype`; one value per value, an empty or blank text is null.

    Instants are ISO 8601: a date alone is midnight, a time without offset is of `reading.timezone`;
    where the clock shows a time twice it is the earlier one, and a time that the clock skips is
    not read (a skipped midnight is the first moment of that day). Money has at most two decimals.
    """
    if raw.dtype == dtype and not dtype.is_float() and dtype != pl.String:
        return Parsed(raw, {})
    if dtype == pl.String:
        return Parsed(as_text(raw), {})
    read = _READERS[dtype.base_type()]
    return read(raw, dtype, reading)


def as_text(raw: pl.Series) -> pl.Series:
    """A column as text, exactly as it stands; empty or blank text is null."""
    text = raw if raw.dtype == pl.String else raw.cast(pl.String, strict=False)
    empty = text.str.strip_chars() == ""
    return text.set(empty, None) if empty.any() else text


def whole_numbers(raw: pl.Series) -> Parsed:
    """Ids that a program wrote as numbers: `84.0` and `84` are the id 84."""
    text = as_text(raw)
    whole = text.str.contains(r"^[+-]?\d+(?:\.0*)?$")
    return _marked(text.str.replace(r"\.0*$", ""), {"not a whole number": ~whole})


def _marked(values: pl.Series, wrong: dict[str, pl.Series]) -> Parsed:
    """The values, null where any mark stands; marks without a row fall away."""
    faults = {reason: mark.fill_null(value=False) for reason, mark in wrong.items() if mark.any()}
    for mark in faults.values():
        values = values.set(mark, None)
    return Parsed(values, faults)


def _trimmed(raw: pl.Series) -> pl.Series:
    return as_text(as_text(raw).str.strip_chars())


def _instants(raw: pl.Series, dtype: pl.DataType, reading: Reading) -> Parsed:
    if isinstance(raw.dtype, pl.Datetime):
        if raw.dtype.time_zone is not None:
            return Parsed(raw.cast(dtype), {})
        local = raw.cast(pl.Datetime("us"))
        offset = pl.Series([None], dtype=pl.Duration("us")).new_from_index(0, len(raw))
        return _in_utc(local, offset, given=local.is_not_null(), reading=reading)
    if raw.dtype == pl.Date:
        local = raw.cast(pl.Datetime("us"))
        offset = pl.Series([None], dtype=pl.Duration("us")).new_from_index(0, len(raw))
        return _in_utc(local, offset, given=local.is_not_null(), reading=reading)
    text = _trimmed(raw)
    if reading.formats:
        local = _by_formats(text, reading.formats)
        offset = pl.Series([None], dtype=pl.Duration("us")).new_from_index(0, len(raw))
    else:
        local, offset = _iso_instants(text)
    return _in_utc(local, offset, given=text.is_not_null(), reading=reading)


def _iso_instants(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Local time and offset from UTC; the offset is null where none is written."""
    day, minute, second, zone = (pl.col(name) for name in ("1", "2", "3", "4"))
    number = zone.str.replace(":", "", literal=True).str.slice(1)
    minutes = number.str.slice(0, 2).cast(pl.Int64, strict=False) * 60
    minutes += number.str.slice(2, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    in_utc = zone.is_in(["Z", "z", "UTC"])
    clock = minute.fill_null("00:00") + second.fill_null(":00")
    parts = text.str.extract_groups(_INSTANT).struct.unnest().lazy()
    read = parts.select(
        (day + "T" + clock)
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
        .alias("local"),
        pl.duration(minutes=pl.when(in_utc).then(0).otherwise(sign * minutes)).alias("offset"),
    ).collect()
    return read["local"], read["offset"].cast(pl.Duration("us"))


def _by_formats(text: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """The first format that fits; a year of fewer than four digits fits none."""
    tried = [
        text.str.to_datetime(form, strict=False, time_unit="us").alias(str(number))
        for number, form in enumerate(formats)
    ]
    found = pl.DataFrame(tried).select(pl.coalesce(pl.all())).to_series()
    return found.set(found.dt.year() < 1000, None)


def _in_utc(local: pl.Series, offset: pl.Series, *, given: pl.Series, reading: Reading) -> Parsed:
    zone = reading.timezone
    in_zone = pl.col("local").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    midnight = pl.col("local").dt.time() == pl.time(0)
    first_moment = (pl.col("local") + pl.duration(hours=1)).dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )
    read = (
        pl.DataFrame({"local": local, "offset": offset})
        .lazy()
        .select(
            pl.when(pl.col("offset").is_not_null())
            .then((pl.col("local") - pl.col("offset")).dt.replace_time_zone("UTC"))
            .when(midnight & in_zone.is_null())
            .then(first_moment.dt.convert_time_zone("UTC"))
            .otherwise(in_zone.dt.convert_time_zone("UTC"))
            .alias("instant")
        )
        .collect()
        .to_series()
    )
    skipped = local.is_not_null() & read.is_null()
    wrong = {
        "not a date or time": given & local.is_null(),
        f"a time that the clock skips in {zone}": skipped,
    }
    return _marked(read, wrong)


def _dates(raw: pl.Series, dtype: pl.DataType, reading: Reading) -> Parsed:
    text = _trimmed(raw.dt.to_string("iso") if raw.dtype.is_temporal() else raw)
    if reading.formats:
        read = _by_formats(text, reading.formats).dt.date()
    else:
        read = text.str.extract(_DATE).str.to_date("%Y-%m-%d", strict=False)
    return _marked(read.cast(dtype), {"not a date": text.is_not_null() & read.is_null()})


def _plain_numbers(raw: pl.Series, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """Numbers as text with a decimal point, and which values are none."""
    text = _trimmed(raw)
    if reading.decimal_comma and raw.dtype == pl.String:
        number = text.str.contains(_DECIMAL_COMMA)
        text = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    else:
        number = text.str.contains(_NUMBER)
    return text.set(~number, None), ~number


def _decimals(raw: pl.Series, dtype: pl.DataType, reading: Reading) -> Parsed:
    scale = dtype.scale if isinstance(dtype, pl.Decimal) else 0
    text, not_a_number = _plain_numbers(raw, reading)
    wide = text.cast(pl.Decimal(38, 18), strict=False)
    exact = text.cast(dtype, strict=False)
    powered = text.str.contains(r"[eE]")
    finer = (~powered & text.str.contains(rf"\.\d{{{scale}}}\d*[1-9]")) | (
        powered & ((wide != wide.cast(pl.Decimal(38, scale))) | _vanished(text, wide))
    )
    wrong = {
        NOT_A_NUMBER: not_a_number,
        f"more than {scale} decimals": finer,
        "too large": text.is_not_null() & exact.is_null(),
    }
    return _marked(exact, wrong)


def _vanished(text: pl.Series, wide: pl.Series) -> pl.Series:
    """Numbers too small to be seen at all, which would read as zero."""
    return (wide == 0) & text.str.contains(r"^[+-]?[0.]*[1-9]")


def _floats(raw: pl.Series, dtype: pl.DataType, reading: Reading) -> Parsed:
    if raw.dtype.is_numeric():
        read = raw.cast(dtype)
        return _marked(read, {NOT_A_NUMBER: ~read.is_finite()})
    text, not_a_number = _plain_numbers(raw, reading)
    return _marked(text.cast(dtype, strict=False), {NOT_A_NUMBER: not_a_number})


def _booleans(raw: pl.Series, dtype: pl.DataType, reading: Reading) -> Parsed:  # noqa: ARG001
    text = _trimmed(raw).str.to_lowercase()
    read = text.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    return _marked(read, {"neither yes nor no": text.is_not_null() & read.is_null()})


_READERS: Final[dict[type[pl.DataType], Callable[[pl.Series, pl.DataType, Reading], Parsed]]] = {
    pl.Datetime: _instants,
    pl.Date: _dates,
    pl.Decimal: _decimals,
    pl.Float64: _floats,
    pl.Boolean: _booleans,
}
