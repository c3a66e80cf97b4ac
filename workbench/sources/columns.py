"""What one column of a table is made of, row by row, from the columns of a file."""

from collections.abc import Mapping as AnyMapping
from dataclasses import replace

import polars as pl

from workbench.sources.mapping import Choice, Column, Conditions
from workbench.sources.values import NumberFormat, Parsed, Reading, as_text, parsed, whole_numbers


def holds(conditions: Conditions, rows: pl.DataFrame) -> pl.Series:
    """Which rows meet all conditions."""
    mask = pl.repeat(value=True, n=rows.height, dtype=pl.Boolean, eager=True)
    for name, choice in conditions.items():
        mask &= _meets(choice, as_text(rows[name]))
    return mask


def _meets(choice: Choice, text: pl.Series) -> pl.Series:
    listed = choice.accepted if choice.accepted is not None else choice.refused or ()
    words = pl.Series([word for word in listed if word is not None], dtype=pl.String)
    among = text.is_in(words.implode()).fill_null(value=False)
    if None in listed:
        among |= text.is_null()
    return among if choice.accepted is not None else ~among


def column_values(
    column: Column, rows: pl.DataFrame, *, dtype: pl.DataType, reading: Reading
) -> Parsed:
    """The values of one column in its type, with what could not be read; see docs/sources.md."""
    raw = _raw(column, rows)
    meant = holds(column.when, rows)
    if column.when:
        raw = raw.zip_with(meant, pl.Series([None], dtype=raw.dtype))
    faults: dict[str, pl.Series] = {}
    if column.integer:
        whole = whole_numbers(raw)
        raw, faults = whole.values, whole.faults
    if column.words is not None:
        translated = _translated(column, as_text(raw), column.words)
        raw, faults = translated.values, faults | translated.faults
    # A constant and a translated word are written in the mapping, not by the file.
    plain = column.value is not None or column.words is not None
    own = replace(
        reading,
        timezone=column.timezone or reading.timezone,
        numbers=None if plain else _numbers(column, reading),
        formats=column.formats,
        divide_by=column.divide_by,
    )
    read = parsed(raw, dtype=dtype, reading=own)
    faults = faults | read.faults
    if column.missing is None:
        return Parsed(read.values, faults)
    constant = parsed(
        pl.Series([column.missing]), dtype=dtype, reading=Reading(timezone=reading.timezone)
    )
    empty = as_text(raw).is_null() & meant
    for mark in faults.values():
        empty &= ~mark
    faults |= {reason: empty for reason in constant.faults if empty.any()}
    return Parsed(read.values.zip_with(~empty, constant.values), faults)


def _numbers(column: Column, reading: Reading) -> NumberFormat | None:
    return NumberFormat.like(column.numbers) if column.numbers else reading.numbers


def _raw(column: Column, rows: pl.DataFrame) -> pl.Series:
    """What the column is made of, before anything is read into a type."""
    if column.value is not None:
        return pl.repeat(column.value, rows.height, dtype=pl.String, eager=True)
    if len(column.source) == 1:
        return rows[column.source[0]]
    texts = pl.DataFrame([as_text(rows[name]) for name in column.source or column.join])
    together = pl.coalesce(pl.all()) if column.source else pl.concat_str(pl.all(), separator=":")
    return texts.select(together.alias("together")).to_series()


def _translated(column: Column, text: pl.Series, words: AnyMapping[str, str | None]) -> Parsed:
    """Each word as the mapping translates it; a missing value stays missing."""
    known = text.is_in(pl.Series(list(words), dtype=pl.String).implode()) | text.is_null()
    translated = text.replace_strict(
        list(words), list(words.values()), default=column.otherwise, return_dtype=pl.String
    )
    translated = translated.zip_with(text.is_not_null(), pl.Series([None], dtype=pl.String))
    if "otherwise" in column.model_fields_set or known.all():
        return Parsed(translated, {})
    return Parsed(translated, {"not one of the words of the mapping": ~known})
