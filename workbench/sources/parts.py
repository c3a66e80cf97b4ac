"""The rows of one file as rows of a table: look-ups, selection, and each column in its type."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from workbench.contracts import Contract
from workbench.errors import Problem, SourceError
from workbench.sources.columns import column_values, holds
from workbench.sources.extracts import Landed
from workbench.sources.mapping import SET_BY_INGEST, Lookup, Part
from workbench.sources.plan import Plan
from workbench.sources.values import Reading, as_text

BATCH_ROWS = 250_000
FAULTS: Final = {"index": pl.UInt32, "column": pl.String, "reason": pl.String}
_NOT_PLAIN: Final = {pl.Binary, pl.Duration}


@dataclass(frozen=True)
class LookupRows:
    """A look-up file, whole in memory: one row per key, and the keys that several rows have.

    `once` has the key as text in `__key`, beside the columns under the look-up's name.
    """

    lookup: Lookup
    once: pl.DataFrame
    repeated: pl.Series


@dataclass(frozen=True)
class Batch:
    """Rows that a part offers to a table, read but not yet judged by the contract.

    `values` has `index` and the contract's columns but `first_seen_at`. `faults` (index, column,
    reason) is what could not be read; `excluded` has the same columns and holds the rows that the
    mapping sets aside. `unknown` counts by look-up the rows whose key it lacks.
    """

    values: pl.DataFrame
    faults: pl.DataFrame
    excluded: pl.DataFrame
    unknown: Counter[str]


@dataclass(frozen=True)
class PartRows:
    """One part of a table, to be read batch by batch; see docs/sources.md for what each key does.

    A row's `index` is `start` and its place in the file, from 0: so it tells part and row.
    """

    part: Part
    contract: type[Contract]
    reading: Reading
    source: str
    landed: Landed
    start: int
    height: int
    lookups: Mapping[str, LookupRows]

    def batches(self) -> Iterator[Batch]:
        """All rows in the order of the file; one batch without rows when it has none.

        Raises SourceError when a column that is used does not hold single values.
        """
        for offset in range(0, self.height or 1, BATCH_ROWS):
            yield self._batch(self._rows(offset), start=self.start + offset)

    def as_read(self, index: pl.Series) -> Iterator[pl.DataFrame]:
        """Rows as the file has them: `index`, `source`, `row_number` from 1, `row` in JSON."""
        for offset in range(0, self.height, BATCH_ROWS):
            start = self.start + offset
            end = min(start + BATCH_ROWS, self.start + self.height)
            own = index.filter(index.is_between(start, end, closed="left"))
            if own.is_empty():
                continue
            rows = self._rows(offset)[own - start]
            exact = rows.select(
                pl.col(pl.Decimal, pl.Float32, pl.Float64).cast(pl.String),
                pl.col(pl.Binary).bin.encode("hex"),
            )
            yield rows.with_columns(exact).select(
                own.alias("index"),
                pl.lit(self.source).alias("source"),
                (own.cast(pl.Int64) - self.start + 1).alias("row_number"),
                pl.struct(pl.all()).struct.json_encode().alias("row"),
            )

    def unknown_note(self, name: str, count: int) -> str:
        """Says how many rows have a key that a look-up lacks."""
        lookup = self.part.lookups[name]
        rows = "1 row has" if count == 1 else f"{count} rows have"
        return (
            f"{self.part.file}: {rows} a '{lookup.own}' that {lookup.file} lacks; "
            "what would come from there is missing."
        )

    def _rows(self, offset: int) -> pl.DataFrame:
        return pl.scan_parquet(self.landed.path).slice(offset, BATCH_ROWS).collect()

    def _batch(self, rows: pl.DataFrame, *, start: int) -> Batch:
        joined, ambiguous, unknown = self._with_lookups(rows)
        _must_be_plain(self.part, joined)
        index = pl.arange(start, start + rows.height, dtype=pl.UInt32, eager=True).alias("index")
        if self.part.where:
            # A row whose look-up is ambiguous is not known to be none of ours: it is kept, to be
            # rejected with that reason.
            mask = holds(self.part.where, joined)
            for hit in ambiguous.values():
                mask |= hit
            joined, index = joined.filter(mask), index.filter(mask)
            ambiguous = {reason: hit.filter(mask) for reason, hit in ambiguous.items()}
        faults = [_marks(index, hit, "", reason) for reason, hit in ambiguous.items()]
        excluded = [_marks(index, holds(e.where, joined), "", e.reason) for e in self.part.exclude]
        values = [index]
        for name, dtype in self.contract.dtypes().items():
            if name == SET_BY_INGEST:
                continue
            if name not in self.part.columns:
                missing = pl.repeat(None, joined.height, dtype=dtype, eager=True)
                values.append(missing.alias(name))
                continue
            column = self.part.columns[name]
            read = column_values(column, joined, dtype=dtype, reading=self.reading)
            values.append(read.values.alias(name))
            faults += [_marks(index, mark, name, reason) for reason, mark in read.faults.items()]
        return Batch(
            values=pl.DataFrame(values),
            faults=pl.concat([pl.DataFrame(schema=FAULTS), *faults]),
            excluded=pl.concat([pl.DataFrame(schema=FAULTS), *excluded]),
            unknown=unknown,
        )

    def _with_lookups(
        self, rows: pl.DataFrame
    ) -> tuple[pl.DataFrame, dict[str, pl.Series], Counter[str]]:
        """The rows with the columns of the look-ups, which of them met an ambiguous key, and how
        many met none, by look-up."""
        ambiguous: dict[str, pl.Series] = {}
        unknown: Counter[str] = Counter()
        for name, other in self.lookups.items():
            lookup, keys = other.lookup, other.once["__key"].drop_nulls()
            own = as_text(rows[lookup.own])
            rows = (
                rows.with_columns(own.alias("__key"))
                .join(other.once, on="__key", how="left", maintain_order="left")
                .drop("__key")
            )
            if (hit := own.is_in(other.repeated.implode()).fill_null(value=False)).any():
                ambiguous[f"{lookup.own}: stands in several rows of {lookup.file}"] = hit
            unknown[name] += int((own.is_not_null() & ~own.is_in(keys.implode())).sum())
        return rows, ambiguous, unknown


def landed_files(plan: Plan, into: Path) -> dict[str, Landed]:
    """Every file of a plan. Raises SourceError with what is wrong in any of them."""
    files: dict[str, Landed] = {}
    problems: list[Problem] = []
    for file in sorted(plan.files()):
        try:
            files[file] = plan.extract(file).land(into)
        except SourceError as error:
            problems += error.problems
    if problems:
        raise SourceError(problems)
    return files


def lookup_rows(name: str, lookup: Lookup, landed: Landed) -> LookupRows:
    """Read the rows of a look-up file that count; of several with one key the first one stands."""
    rows = pl.read_parquet(landed.path)
    rows = rows.filter(holds(lookup.where, rows))
    rows = rows.rename({column: f"{name}.{column}" for column in rows.columns})
    keys = as_text(rows[f"{name}.{lookup.theirs}"])
    return LookupRows(
        lookup=lookup,
        once=rows.with_columns(keys.alias("__key")).filter(keys.is_first_distinct()),
        repeated=keys.filter(keys.is_duplicated()).drop_nulls().unique(),
    )


def row_count(landed: Landed) -> int:
    """How many rows a landed file has."""
    return int(pl.scan_parquet(landed.path).select(pl.len()).collect().item())


def _must_be_plain(part: Part, rows: pl.DataFrame) -> None:
    problems = [
        Problem(part.file, f"'{name}' holds {dtype}, not single values.", "split it into columns.")
        for name in part.references()
        if (dtype := rows.schema[name]).is_nested() or dtype.base_type() in _NOT_PLAIN
    ]
    if problems:
        raise SourceError(problems)


def _marks(index: pl.Series, mask: pl.Series, column: str, reason: str) -> pl.DataFrame:
    return pl.DataFrame(index.filter(mask)).with_columns(
        pl.lit(column).alias("column"),
        pl.lit(f"{column}: {reason}" if column else reason).alias("reason"),
    )
