"""The rows of one file as rows of a table: look-ups, selection, and each column in its type."""

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench.contracts import Contract
from workbench.errors import Problem, SourceError
from workbench.sources.columns import column_values, holds
from workbench.sources.mapping import SET_BY_INGEST, Part
from workbench.sources.plan import Plan
from workbench.sources.values import Reading, as_text

_NOT_PLAIN = {pl.Binary, pl.Duration}
FAULTS = {"index": pl.UInt32, "column": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class SourceFile:
    """A file as read, and the hash of its bytes."""

    rows: pl.DataFrame
    sha256: str


@dataclass(frozen=True)
class PartRows:
    """Rows that a file offers to a table, read but not yet judged by the contract.

    `values` has the contract's columns but `first_seen_at`; `position` is where each of its rows
    stands in `file`, from 0. `faults` (index into `values`, column, reason) is what could not be
    read; `excluded` has the same columns and holds the rows that the mapping sets aside.
    """

    source: str
    file: SourceFile
    position: pl.Series
    values: pl.DataFrame
    faults: pl.DataFrame
    excluded: pl.DataFrame
    notes: list[str] = field(default_factory=list)


def read_files(plan: Plan, into: Path) -> dict[str, SourceFile]:
    """Every file of a plan. Raises SourceError with what is wrong in any of them."""
    files: dict[str, SourceFile] = {}
    problems: list[Problem] = []
    for file in sorted(plan.files()):
        try:
            landed = plan.extract(file).land(into)
            files[file] = SourceFile(pl.read_parquet(landed.path), landed.sha256)
        except SourceError as error:
            problems += error.problems
    if problems:
        raise SourceError(problems)
    return files


def part_rows(
    part: Part,
    *,
    contract: type[Contract],
    reading: Reading,
    files: AnyMapping[str, SourceFile],
    source: str,
) -> PartRows:
    """Read one part of a table; see docs/sources.md for what each key does, in which order."""
    rows = files[part.file].rows
    joined, ambiguous, notes = _with_lookups(part, files)
    _must_be_plain(part, joined)
    position = pl.arange(rows.height, dtype=pl.UInt32, eager=True)
    if part.where:
        # A row whose look-up is ambiguous is not known to be none of ours: it is kept, to be
        # rejected with that reason.
        mask = holds(part.where, joined)
        for hit in ambiguous.values():
            mask |= hit
        joined, position = joined.filter(mask), position.filter(mask)
        ambiguous = {reason: hit.filter(mask) for reason, hit in ambiguous.items()}
    faults = [_marks(hit, "", reason) for reason, hit in ambiguous.items()]
    excluded = [_marks(holds(e.where, joined), "", e.reason) for e in part.exclude]
    values = []
    for name, dtype in contract.dtypes().items():
        if name == SET_BY_INGEST:
            continue
        if name not in part.columns:
            values.append(pl.repeat(None, joined.height, dtype=dtype, eager=True).alias(name))
            continue
        read = column_values(part.columns[name], joined, dtype=dtype, reading=reading)
        values.append(read.values.alias(name))
        faults += [_marks(mark, name, reason) for reason, mark in read.faults.items()]
    return PartRows(
        source=source,
        file=files[part.file],
        position=position,
        values=pl.DataFrame(values),
        faults=pl.concat([pl.DataFrame(schema=FAULTS), *faults]),
        excluded=pl.concat([pl.DataFrame(schema=FAULTS), *excluded]),
        notes=notes,
    )


def _must_be_plain(part: Part, rows: pl.DataFrame) -> None:
    problems = [
        Problem(part.file, f"'{name}' holds {dtype}, not single values.", "split it into columns.")
        for name in part.references()
        if (dtype := rows.schema[name]).is_nested() or dtype.base_type() in _NOT_PLAIN
    ]
    if problems:
        raise SourceError(problems)


def _with_lookups(
    part: Part, files: AnyMapping[str, SourceFile]
) -> tuple[pl.DataFrame, dict[str, pl.Series], list[str]]:
    """The rows with the columns of the look-ups, which rows met an ambiguous key, and notes."""
    joined = files[part.file].rows
    ambiguous: dict[str, pl.Series] = {}
    notes = []
    for name, lookup in part.lookups.items():
        other = files[lookup.file].rows
        other = other.rename({column: f"{name}.{column}" for column in other.columns})
        keys = as_text(other[f"{name}.{lookup.theirs}"])
        own = as_text(joined[lookup.own])
        once = other.with_columns(keys.alias("__key")).filter(keys.is_first_distinct())
        joined = (
            joined.with_columns(own.alias("__key"))
            .join(once, on="__key", how="left", maintain_order="left")
            .drop("__key")
        )
        twice = keys.filter(keys.is_duplicated()).drop_nulls().unique()
        if (hit := own.is_in(twice.implode()).fill_null(value=False)).any():
            ambiguous[f"{lookup.own}: stands in several rows of {lookup.file}"] = hit
        unknown = own.is_not_null() & ~own.is_in(keys.drop_nulls().unique().implode())
        if count := unknown.sum():
            rows = "1 row has" if count == 1 else f"{count} rows have"
            notes.append(
                f"{part.file}: {rows} a '{lookup.own}' that {lookup.file} lacks; "
                "what would come from there is missing."
            )
    return joined, ambiguous, notes


def _marks(mask: pl.Series, column: str, reason: str) -> pl.DataFrame:
    index = mask.arg_true().cast(pl.UInt32).alias("index")
    return pl.DataFrame(index).with_columns(
        pl.lit(column).alias("column"),
        pl.lit(f"{column}: {reason}" if column else reason).alias("reason"),
    )
