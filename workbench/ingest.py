"""Stage 1: a source in, canonical tables out, every row accepted or rejected with its reasons."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import (
    IngestSummary,
    Opportunities,
    OpportunityMerges,
    PartnerAliases,
    Partners,
    Rejects,
    Touches,
)
from workbench.errors import ConservationError, SourceError
from workbench.identity import (
    resolve_aliases,
    resolve_field_aliases,
    surviving_opportunities,
)
from workbench.params import RunParams
from workbench.sources.extracts import Landed
from workbench.sources.mapping import SET_BY_INGEST, TABLES_BY_NAME
from workbench.sources.parts import PartRows, landed_files, lookup_rows, row_count
from workbench.sources.plan import Plan, plan_problems, read_plan, source_problems, unused_columns
from workbench.sources.repeats import accepted, all_faults, merged_away
from workbench.sources.rows import TableRows, read_rows
from workbench.sources.values import Reading
from workbench.tables import (
    Tables,
    checked,
    read_table,
    scan_table,
    table_file,
    write_batches,
    write_table,
)

__all__ = ["Ingested", "ingest", "source_problems"]


@dataclass(frozen=True)
class Ingested:
    """What a source gave: its canonical tables, as written; what they could not take; the counts.

    A table that the source does not have is not in `tables`.
    """

    tables: Tables
    rejects: DataFrame[Rejects]
    summary: DataFrame[IngestSummary]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Taken:
    """What one table did not take, its counts, and what is worth saying about it."""

    rejects: pl.DataFrame
    summary: pl.DataFrame
    notes: list[str]


def ingest(params: RunParams, *, into: Path, previous: Path | None = None) -> Ingested:
    """Read the source of a run into canonical tables, in the folder `into`.

    `previous` is the folder of the tables of the last finished run of the same name: a touch that
    it has keeps its `first_seen_at`, every other one gets `params.read_at`. A table is read in
    batches and never whole in memory; look-up files are.

    Raises ParameterError when the mapping is wrong, SourceError when a file is missing, is broken
    or lacks what a table needs; all problems at once.
    """
    plan = read_plan(params)
    if problems := plan_problems(plan):
        raise SourceError(problems)
    names = [name for name in TABLES_BY_NAME if name in plan.mapping.tables]
    with TemporaryDirectory() as folder:
        files = landed_files(plan, Path(folder))
        stage = _Stage(params, plan, files, aside=Path(folder), into=into, previous=previous)
        # From the last to the first: partners and their aliases come before what names them.
        taken = {name: stage.take(name) for name in reversed(names)}
    notes = _unused_notes(plan) + [note for landed in files.values() for note in landed.notes]
    notes += [note for name in names for note in taken[name].notes]
    rejects = checked(pl.concat([one.rejects for one in taken.values()]), Rejects)
    summary = checked(pl.concat([one.summary for one in taken.values()]), IngestSummary)
    write_table(into, rejects, Rejects)
    write_table(into, summary, IngestSummary)
    return Ingested(
        tables=Tables(into, [TABLES_BY_NAME[name] for name in names]),
        rejects=rejects,
        summary=summary,
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True)
class _Stage:
    """What every table is taken with."""

    params: RunParams
    plan: Plan
    files: Mapping[str, Landed]
    aside: Path
    into: Path
    previous: Path | None

    def take(self, name: str) -> _Taken:
        """Read, judge and write one table."""
        contract = TABLES_BY_NAME[name]
        combine = self.plan.mapping.tables[name].combine
        survivors = self._survivors()
        rows = read_rows(
            contract,
            self._parts(name),
            read_at=self.params.read_at,
            survivors=survivors,
            aside=self.aside,
        )
        faults = all_faults(rows, combine=combine)
        if contract is Opportunities:
            faults = pl.concat([faults, merged_away(rows, survivors)])
        summary = _summary(rows, faults)
        batches = accepted(rows, faults, combine=combine)
        aliases: Counter[str] = Counter()
        if contract is Touches:
            batches = map(self._first_seen, self._without_aliases(batches, aliases))
        if contract is Opportunities:
            batches = self._without_field_aliases(batches, aliases)
        written = write_batches(self.into, batches, contract)
        lines = int(summary["rows_accepted"].sum())
        if combine is None and lines != written:
            raise ConservationError([f"{name}: {lines} rows were accepted, {written} written."])
        notes = [*rows.notes]
        if lines > written:
            notes.append(f"{name}: {lines} lines were combined into {written} rows.")
        if count := aliases["rows"]:
            named = _counted(count, "row")
            notes.append(f"{name}: {named} named a partner by an alias, now by its id.")
        return _Taken(_rejects(rows, faults), summary, notes)

    def _survivors(self) -> pl.DataFrame:
        """The opportunities that were merged away; the table of merges is taken before others."""
        there = table_file(self.into, OpportunityMerges).exists()
        merges = read_table(self.into, OpportunityMerges) if there else OpportunityMerges.empty()
        return surviving_opportunities(merges)

    def _parts(self, name: str) -> list[PartRows]:
        mapped = self.plan.mapping.tables[name].parts
        times = Counter(part.file for part in mapped)
        seen: Counter[str] = Counter()
        parts: list[PartRows] = []
        start = 0
        for part in mapped:
            seen[part.file] += 1
            several = times[part.file] > 1
            parts.append(
                PartRows(
                    part=part,
                    contract=TABLES_BY_NAME[name],
                    reading=self._reading(part.file),
                    source=f"{part.file} (part {seen[part.file]})" if several else part.file,
                    landed=self.files[part.file],
                    start=start,
                    height=row_count(self.files[part.file]),
                    lookups={
                        own_name: lookup_rows(own_name, lookup, self.files[lookup.file])
                        for own_name, lookup in part.lookups.items()
                    },
                )
            )
            start += parts[-1].height
        return parts

    def _reading(self, file: str) -> Reading:
        form, mapping = self.plan.mapping.file_format(file), self.plan.mapping
        return Reading(
            timezone=form.timezone or mapping.timezone or self.params.timezone,
            numbers=form.number_format,
        )

    def _without_aliases(
        self, batches: Iterator[pl.DataFrame], resolved: Counter[str]
    ) -> Iterator[pl.DataFrame]:
        """The touches with partners by their ids; `resolved` counts those that had other names."""
        if "partner_aliases" not in self.plan.mapping.tables:
            yield from batches
            return
        aliases = read_table(self.into, PartnerAliases)
        partners = read_table(self.into, Partners)
        as_is = self.params.partner_identity == "as_is"
        for touches in batches:
            named = resolve_aliases(
                touches,
                aliases=aliases,
                partners=partners,
                timezone=self.params.timezone,
                as_is_on=self.params.as_of if as_is else None,
            )
            resolved["rows"] += int((touches["partner_id"] != named["partner_id"]).sum())
            yield named

    def _without_field_aliases(
        self, batches: Iterator[pl.DataFrame], resolved: Counter[str]
    ) -> Iterator[pl.DataFrame]:
        """The opportunities with the partner of the CRM's field, as it was read, by its id."""
        if "partner_aliases" not in self.plan.mapping.tables:
            yield from batches
            return
        aliases = read_table(self.into, PartnerAliases)
        partners = read_table(self.into, Partners)
        on = self.params.read_at.astimezone(self.params.zone).date()
        for opportunities in batches:
            named = resolve_field_aliases(opportunities, aliases=aliases, partners=partners, on=on)
            changed = opportunities["crm_partner_id"].ne_missing(named["crm_partner_id"])
            resolved["rows"] += int(changed.sum())
            yield named

    def _first_seen(self, touches: pl.DataFrame) -> pl.DataFrame:
        """The touches; one that the previous run had keeps when it was first seen."""
        if self.previous is None or not table_file(self.previous, Touches).exists():
            return touches
        lowest, highest = (
            pl.lit(key, pl.String) for key in (touches["touch_id"].min(), touches["touch_id"].max())
        )
        before = (
            scan_table(self.previous, Touches)
            .filter(pl.col("touch_id").is_between(lowest, highest))
            .select("touch_id", before=SET_BY_INGEST)
            .collect()
        )
        return (
            touches.join(before, on="touch_id", how="left")
            .with_columns(pl.coalesce("before", SET_BY_INGEST).alias(SET_BY_INGEST))
            .drop("before")
        )


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
    for part, read in zip(rows.parts, rows.offered, strict=True):
        end = part.start + part.height
        lost = int(rejected.is_between(part.start, end, closed="left").sum())
        name = rows.contract.table_name()
        counts.append((name, part.source, read, read - lost, lost, part.landed.sha256))
    return pl.DataFrame(counts, schema=IngestSummary.dtypes(), orient="row")


def _unused_notes(plan: Plan) -> list[str]:
    return [
        f"{file}: {_counted(len(names), 'column')} that no table uses: {', '.join(names)}."
        for file, names in unused_columns(plan).items()
    ]


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
