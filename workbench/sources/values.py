"""Values as a file writes them, into the types of a contract.

A value that cannot be read becomes null and is marked with the reason; nothing is repaired.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

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
_EXAMPLE: Final = re.compile(
    r"\(?(?P<before>[^\d\s.,'’()+-]{0,4})\s?1(?P<thousands>[., '’]?)250(?:(?P<decimal>[.,])50)?"
    r"\s?(?P<behind>[^\d\s.,'’()+-]{0,4})\)?"
)
_BLANKS: Final = " \u00a0\u2009\u202f"
_EPOCHS: Final = {"epoch_s": (11, 1_000_000), "epoch_ms": (14, 1_000)}  # digits, microseconds
_EXCEL_DAYS: Final = (61, 2_958_466)  # from March 1900, before which Excel counts wrong, to 9999
NUMBERED_DATES: Final = ("excel", *_EPOCHS)
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

NOT_A_NUMBER: Final = "not a number"
AMBIGUOUS: Final = "fits several of the formats, which read it differently"


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written: the sign of the decimals, of the thousands, and of a currency.

    The last two may be empty, and may be left out where a number is written. A number in brackets
    is negative.
    """

    decimal: str
    thousands: str = ""
    sign: str = ""

    @classmethod
    def like(cls, example: str) -> Self:
        """The format in which `example` is written; it must be 1250 or 1250.50 in its own way.

        Raises ValueError, with a hint, when it is not.
        """
        found = _EXAMPLE.fullmatch(example)
        thousands, decimal = (found["thousands"], found["decimal"]) if found else ("", "")
        if found is None or (found["before"] and found["behind"]) or thousands == (decimal or " "):
            raise ValueError(
                f"'{example}' is no example of a number.\n"
                "write 1250.50 as the file would, such as '1,250.50', '1.250,50 €' or '$1,250'."
            )
        return cls(
            decimal=decimal or ("," if thousands == "." else "."),
            thousands=thousands,
            sign=found["before"] or found["behind"],
        )

    @property
    def pattern(self) -> str:
        """What a number looks like; its groups are a sign, the whole part, and the decimals."""
        groups = {"": "", " ": f"[{_BLANKS}]", "'": "['’]", "’": "['’]"}
        between = groups.get(self.thousands, re.escape(self.thousands))
        whole = rf"[0-9]+|[0-9]{{1,3}}(?:{between}[0-9]{{3}})+" if between else "[0-9]+"
        sign = rf"(?:{re.escape(self.sign)}[{_BLANKS}]?)?" if self.sign else ""
        behind = rf"(?:[{_BLANKS}]?{re.escape(self.sign)})?" if self.sign else ""
        minus = rf"(?:([+−-]){sign}|{sign}([+−-])?)"
        return rf"^{minus}({whole})(?:{re.escape(self.decimal)}([0-9]+))?{behind}$"


@dataclass(frozen=True)
class Reading:
    """How a column is written: the zone of its local times, its numbers, the formats of its dates.

    Without `numbers` only plain ones are read, such as 1250.5.

    A number stands for itself divided by `divide_by`, a power of ten: 100 for cents or percent.
    """

    timezone: str
    numbers: NumberFormat | None = None
    formats: tuple[str, ...] = ()
    divide_by: int = 1


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
    if reading.divide_by > 1 and raw.dtype.is_numeric():
        raw = as_text(raw)
    elif raw.dtype == dtype and not dtype.is_float() and dtype != pl.String:
        return Parsed(raw, {})
    if dtype == pl.String:
        return Parsed(as_text(raw), {})
    read = _READERS[dtype.base_type()](raw, dtype, reading)
    return _within_the_calendar(read) if dtype.is_temporal() else read


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


def _within_the_calendar(read: Parsed) -> Parsed:
    """The instants and days of the years 1 to 9999, which is all that Python can say."""
    within = read.values.dt.year().is_between(1, 9999)
    marked = _marked(read.values, {"outside the years 1 to 9999": ~within})
    return Parsed(marked.values, read.faults | marked.faults)


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
    if not reading.formats:
        local, offset = _iso_instants(text)
        return _in_utc(local, offset, given=text.is_not_null(), reading=reading)
    local, offset, several = _by_formats(text, reading.formats)
    read = _in_utc(local, offset, given=text.is_not_null(), reading=reading)
    return _marked(read.values, read.faults | {AMBIGUOUS: several})


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


def _by_formats(
    text: pl.Series, formats: tuple[str, ...]
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Local time, offset from UTC where the format has one, and which texts several formats fit.

    A text that two formats read alike is no such one. A year of fewer than four digits fits none.
    """
    read = pl.DataFrame([_by_format(text, form).alias(form) for form in dict.fromkeys(formats)])
    read = read.with_columns(pl.when(pl.all().dt.year() >= 1000).then(pl.all()))
    in_utc = pl.any_horizontal(
        pl.lit(value=False),
        *(pl.col(name).is_not_null() for name in read.columns if name in _EPOCHS),
    )
    local = pl.any_horizontal(
        pl.lit(value=False),
        *(pl.col(name).is_not_null() for name in read.columns if name not in _EPOCHS),
    )
    found = read.select(
        pl.coalesce(pl.all()).alias("local"),
        pl.when(in_utc).then(pl.duration(microseconds=0)).alias("offset"),
        ((pl.min_horizontal(pl.all()) != pl.max_horizontal(pl.all())) | (in_utc & local))
        .fill_null(value=False)
        .alias("several"),
    )
    return found["local"], found["offset"].cast(pl.Duration("us")), found["several"]


def _by_format(text: pl.Series, form: str) -> pl.Series:
    """Each text read in one format; the time is local, but that of an epoch is in UTC."""
    if form in _EPOCHS:
        digits, factor = _EPOCHS[form]
        count = text.str.extract(rf"^(-?[0-9]{{1,{digits}}})(?:\.0*)?$").cast(pl.Int64)
        return (count * factor).cast(pl.Datetime("us"))
    if form == "excel":
        first, end = _EXCEL_DAYS
        days = text.str.extract(r"^([0-9]{2,7}(?:\.[0-9]+)?)$").cast(pl.Float64)
        days = days.set(~days.is_between(first, end, closed="left"), None)
        counted = (days * 86_400_000).round().cast(pl.Int64).cast(pl.Duration("ms"))
        return (counted + pl.Series([datetime(1899, 12, 30)])).cast(pl.Datetime("us"))  # noqa: DTZ001
    return text.str.to_datetime(form, strict=False, time_unit="us")


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
    several = pl.Series([False]).new_from_index(0, len(raw))
    text = _trimmed(raw.dt.to_string("iso") if raw.dtype.is_temporal() else raw)
    if reading.formats and not raw.dtype.is_temporal():
        local, offset, several = _by_formats(text, reading.formats)
        there = local.dt.replace_time_zone("UTC").dt.convert_time_zone(reading.timezone)
        read = local.dt.date().zip_with(offset.is_null(), there.dt.date())
    else:
        read = text.str.extract(_DATE).str.to_date("%Y-%m-%d", strict=False)
    wrong = {"not a date": text.is_not_null() & read.is_null(), AMBIGUOUS: several}
    return _marked(read.cast(dtype), wrong)


def _plain_numbers(raw: pl.Series, reading: Reading) -> tuple[pl.Series, pl.Series]:
    """Numbers as text with a decimal point, and which values are none."""
    text = _trimmed(raw)
    if reading.numbers is not None and raw.dtype == pl.String:
        text, number = _in_format(text, reading.numbers)
    else:
        number = text.str.contains(_NUMBER)
    return _divided(text.set(~number, None), reading.divide_by), ~number


def _in_format(text: pl.Series, form: NumberFormat) -> tuple[pl.Series, pl.Series]:
    """Numbers in a declared format as plain ones, and which texts are in it."""
    bracketed = text.str.contains(r"^\(.*\)$")
    inner = text.str.strip_prefix("(").str.strip_suffix(")").zip_with(bracketed, text)
    sign = pl.coalesce(pl.col("1"), pl.col("2"), pl.lit(""))
    plain = (
        inner.str.extract_groups(form.pattern)
        .struct.unnest()
        .select(
            whole=pl.when(~bracketed | (sign == "")).then(
                pl.when(bracketed | sign.is_in(["-", "−"])).then(pl.lit("-")).otherwise(pl.lit(""))
                + pl.col("3").str.replace_all(r"[^0-9]", "")
                + "."
                + pl.col("4").fill_null("0")
            )
        )
        .to_series()
    )
    return plain, plain.is_not_null() | text.is_null()


def _divided(text: pl.Series, divisor: int) -> pl.Series:
    """Numbers as text, divided exactly: the power of ten goes into the exponent."""
    if divisor == 1:
        return text
    power = pl.col("2").cast(pl.Int64).fill_null(0) - (len(str(divisor)) - 1)
    parts = text.str.extract_groups(r"^([^eE]+)(?:[eE](.+))?$").struct.unnest()
    return parts.select(pl.col("1") + "e" + power.cast(pl.String)).to_series()


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
