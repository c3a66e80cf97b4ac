"""Stage 1: a source in, canonical tables out, every row accepted or rejected with its reasons."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import (
    Contract,
    IngestSummary,
    PartnerAliases,
    Partners,
    Rejects,
    Touches,
)
from workbench.errors import SourceError
from workbench.identity import is_short_salesforce_id, resolve_aliases, salesforce_id
from workbench.params import RunParams
from workbench.sources.combine import combined
from workbench.sources.faults import TableRows, row_faults
from workbench.sources.mapping import SET_BY_INGEST, TABLES_BY_NAME
from workbench.sources.parts import PartRows, SourceFile, part_rows, read_files
from workbench.sources.plan import Plan, plan_problems, read_plan, source_problems, unused_columns
from workbench.sources.values import Reading
from workbench.tables import checked

__all__ = ["Ingested", "ingest", "source_problems"]


@dataclass(frozen=True)
class Ingested:
    """What a source gave: its canonical tables, sorted; what they could not take; the counts."""

    tables: dict[type[Contract], pl.DataFrame]
    rejects: DataFrame[Rejects]
    summary: DataFrame[IngestSummary]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Taken:
    """One table, its rejects, its counts, and what is worth saying about it."""

    table: pl.DataFrame
    rejects: pl.DataFrame
    summary: pl.DataFrame
    notes: list[str]


def ingest(params: RunParams, *, previous_touches: pl.DataFrame | None) -> Ingested:
    """Read the source of a run into canonical tables.

    `previous_touches` are the touches of the last finished run of the same name: a touch that it
    has keeps its `first_seen_at`, every other one gets `params.read_at`. A table that the source
    does not have is not in `tables`.

    Raises ParameterError when the mapping is wrong, SourceError when a file is missing, is broken
    or lacks what a table needs; all problems at once.
    """
    plan = read_plan(params)
    if problems := plan_problems(plan):
        raise SourceError(problems)
    with TemporaryDirectory() as folder:
        files = read_files(plan, Path(folder))
    taken = {
        TABLES_BY_NAME[name]: _take(name, plan=plan, files=files, params=params)
        for name in TABLES_BY_NAME
        if name in plan.mapping.tables
    }
    tables = {contract: one.table for contract, one in taken.items()}
    notes = _unused_notes(plan) + [note for one in taken.values() for note in one.notes]
    if PartnerAliases in tables:
        tables[Touches], note = _without_aliases(tables, timezone=params.timezone)
        notes += note
    tables[Touches] = _first_seen(tables[Touches], previous_touches)
    return Ingested(
        tables=tables,
        rejects=checked(pl.concat([one.rejects for one in taken.values()]), Rejects),
        summary=checked(pl.concat([one.summary for one in taken.values()]), IngestSummary),
        notes=tuple(dict.fromkeys(notes)),
    )


def _take(name: str, *, plan: Plan, files: Mapping[str, SourceFile], params: RunParams) -> _Taken:
    contract = TABLES_BY_NAME[name]
    parts = _parts(name, plan=plan, files=files, params=params)
    empty = contract.empty().drop(SET_BY_INGEST, strict=False)
    values = pl.concat([empty, *(part.values for part in parts)])
    if zone_aware := contract.dtypes().get(SET_BY_INGEST):
        values = values.with_columns(pl.lit(params.read_at, dtype=zone_aware).alias(SET_BY_INGEST))
    values, notes = _completed_ids(name, values)
    notes += [note for part in parts for note in part.notes]
    rows = TableRows(contract, parts, values)
    combine = plan.mapping.tables[name].combine
    faults = row_faults(rows, combine=combine)
    table = rows.at(rows.without(faults))
    if combine is not None:
        lines = table.height
        table = combined(table, contract=contract, rules=combine)
        if lines > table.height:
            notes.append(f"{name}: {lines} lines were combined into {table.height} rows.")
    return _Taken(
        table=table.sort(contract.row_order()),
        rejects=_rejects(rows, faults),
        summary=_summary(rows, faults),
        notes=notes,
    )


def _parts(
    name: str, *, plan: Plan, files: Mapping[str, SourceFile], params: RunParams
) -> list[PartRows]:
    mapped = plan.mapping.tables[name].parts
    times = Counter(part.file for part in mapped)
    seen: Counter[str] = Counter()
    read = []
    for part in mapped:
        seen[part.file] += 1
        label = f"{part.file} (part {seen[part.file]})" if times[part.file] > 1 else part.file
        form = plan.mapping.file_format(part.file)
        reading = Reading(
            timezone=form.timezone or plan.mapping.timezone or params.timezone,
            decimal_comma=form.decimal == ",",
        )
        contract = TABLES_BY_NAME[name]
        read.append(part_rows(part, contract=contract, reading=reading, files=files, source=label))
    return read


def _completed_ids(name: str, values: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Short Salesforce ids in their long form, and a note that counts them."""
    text = [column for column, dtype in values.schema.items() if dtype == pl.String]
    ids = [column for column in text if column.endswith("_id") or column == "alias"]
    counts = [values.select(is_short_salesforce_id(pl.col(c)).sum()).item() for c in ids]
    short = {column: count for column, count in zip(ids, counts, strict=True) if count}
    notes = [
        f"{name}: {_counted(count, '15-character id')} in {column} completed to 18 characters."
        for column, count in short.items()
    ]
    return values.with_columns(salesforce_id(pl.col(column)) for column in short), notes


def _rejects(rows: TableRows, faults: pl.DataFrame) -> pl.DataFrame:
    if faults.is_empty():
        return Rejects.empty()
    reasons = faults.group_by("index").agg(pl.col("reason").unique().sort().alias("reasons"))
    return (
        rows.as_read(reasons["index"].sort())
        .join(reasons, on="index")
        .with_columns(pl.lit(rows.contract.table_name()).alias("table"))
        .select(list(Rejects.dtypes()))
    )


def _summary(rows: TableRows, faults: pl.DataFrame) -> pl.DataFrame:
    rejected = faults["index"].unique()
    counts = []
    for start, part in zip(rows.starts(), rows.parts, strict=True):
        read = part.values.height
        lost = int(rejected.is_between(start, start + read, closed="left").sum())
        name = rows.contract.table_name()
        counts.append((name, part.source, read, read - lost, lost, part.file.sha256))
    return pl.DataFrame(counts, schema=IngestSummary.dtypes(), orient="row")


def _unused_notes(plan: Plan) -> list[str]:
    return [
        f"{file}: {_counted(len(names), 'column')} that no table uses: {', '.join(names)}."
        for file, names in unused_columns(plan).items()
    ]


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _without_aliases(
    tables: Mapping[type[Contract], pl.DataFrame], *, timezone: str
) -> tuple[pl.DataFrame, list[str]]:
    touches = tables[Touches]
    resolved = resolve_aliases(
        touches,
        aliases=cast(DataFrame[PartnerAliases], tables[PartnerAliases]),
        partners=cast(DataFrame[Partners], tables[Partners]),
        timezone=timezone,
    )
    count = int((touches["partner_id"] != resolved["partner_id"]).sum())
    named = f"touches: {_counted(count, 'row')} named a partner by an alias, now by its id."
    return resolved, [named] if count else []


def _first_seen(touches: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    if previous is None or previous.is_empty():
        return touches
    before = previous.select("touch_id", before=SET_BY_INGEST)
    return (
        touches.join(before, on="touch_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("before", SET_BY_INGEST).alias(SET_BY_INGEST))
        .drop("before")
    )
