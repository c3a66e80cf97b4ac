"""Blocks into part files, part files into one file per table: memory stays that of one block."""

import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from workbench.errors import Problem, SourceError
from workbench.sample import accounts as accounts_of
from workbench.sample import finance, partners
from workbench.sample import opportunities as opportunities_of
from workbench.sample import touches as touches_of
from workbench.sample.handoffs import handoffs_table
from workbench.sample.plan import Plan
from workbench.sample.soiling import NO_FAULTS, soiled_opportunities, soiled_touches

Format = Literal["parquet", "csv"]
CANONICAL = (
    "accounts",
    "partners",
    "opportunities",
    "touches",
    "stage_history",
    "handoffs",
    "program_costs",
    "account_paths",
    "fx_rates",
    "partner_aliases",
    "account_merges",
)
TRUTH = ("truth", "truth_partners", "truth_soiling")
INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class SampleSummary:
    """What was written: rows per table, the planted truth included."""

    folder: Path
    rows: dict[str, int]

    def __str__(self) -> str:
        counts = {name: f"{count:,} {name.replace('_', ' ')}" for name, count in self.rows.items()}
        shown = ", ".join(counts[name] for name in ("accounts", "partners", "opportunities"))
        return f"{shown} and {counts['touches']} in {self.folder.name}/"


class _Parts:
    """Part files of tables in a temporary folder, combined in the order of (rank, arrival)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, int] = defaultdict(int)
        self._files: dict[str, list[tuple[int, Path]]] = defaultdict(list)

    def add(self, table: str, frame: pl.DataFrame, rank: int = 0) -> None:
        """Keep a part; parts of a lower rank come first in the table."""
        path = self.folder / f"{table}-{len(self._files[table]):06d}.parquet"
        frame.write_parquet(path, compression="lz4", statistics=False)
        self._files[table].append((rank, path))
        self.rows[table] += frame.height

    def combine(self, table: str, target: Path) -> None:
        """Write the table whole, then move it to its place."""
        whole = self.folder / target.name
        files = [path for _, path in sorted(self._files[table])]
        frame = pl.scan_parquet(files)
        if target.suffix == ".csv":
            frame.sink_csv(whole, datetime_format=INSTANT_FORMAT)
        else:
            frame.sink_parquet(whole)
        for path in files:
            path.unlink()
        whole.replace(target)


def write_sample(
    folder: Path,
    *,
    opportunities: int = 1500,
    touches: int = 7000,
    seed: int = 7,
    format: Literal["parquet", "csv"] = "parquet",  # noqa: A002
    soiled: bool = True,
) -> SampleSummary:
    """Write the sample company, 2023-11-01 to 2026-10-31: its canonical tables, and the truth.

    `opportunities` and `touches` are the exact row counts of those two files; accounts and
    partners grow with them. Amounts are in the row's currency, instants in UTC. The same numbers
    and seed give the same rows everywhere. Unless `soiled`, the log is complete and right, and
    the definition `timing` finds every planted class and origin. Where touches are too few to
    give each partner opportunity its own, the later ones are direct.

    Beside the tables stand, always as Parquet: `truth` (one row per opportunity: its class and
    origin partner), `truth_partners` (one row per partner: what it truly adds to the chance to
    win, 0 to 1) and `truth_soiling` (one row per soiled record and fault).

    Raises ParameterError where a count or the seed is too low, SourceError where the folder holds
    the tables in the other format, because a reader could not tell which of them counts.
    """
    plan = Plan(opportunities=opportunities, touches=touches, seed=seed)
    return write_plan(folder, plan, format=format, soiled=soiled)


def write_plan(
    folder: Path,
    plan: Plan,
    *,
    format: Format,  # noqa: A002
    soiled: bool,
) -> SampleSummary:
    """Write the sample that a plan describes; see `write_sample`."""
    other = "csv" if format == "parquet" else "parquet"
    in_the_way = [table for table in CANONICAL if (folder / f"{table}.{other}").exists()]
    if in_the_way:
        raise SourceError(
            Problem(str(folder / f"{table}.{other}"), "is in the way.", "choose an empty folder.")
            for table in in_the_way
        )
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        parts = _Parts(temporary)
        _add_all(parts, plan, soiled=soiled)
        for table in CANONICAL:
            parts.combine(table, folder / f"{table}.{format}")
        for table in TRUTH:
            parts.combine(table, folder / f"{table}.parquet")
    finally:
        shutil.rmtree(temporary)
    return SampleSummary(folder, {table: parts.rows[table] for table in (*CANONICAL, *TRUTH)})


def _add_all(parts: _Parts, plan: Plan, *, soiled: bool) -> None:
    book = partners.partners(plan)
    parts.add("partners", partners.partners_table(plan, book))
    parts.add("partner_aliases", partners.partner_aliases_table(book))
    parts.add("truth_partners", partners.truth_partners(book))
    parts.add("program_costs", finance.program_costs_table(plan, book))
    parts.add("fx_rates", finance.fx_rates_table(plan))
    twice = plan.touches
    for block in range(plan.blocks):
        twice += _add_block(parts, plan, block, book, soiled=soiled, twice=twice)


def _add_block(
    parts: _Parts, plan: Plan, block: int, book: partners.Partners, *, soiled: bool, twice: int
) -> int:
    """Add the block's parts; return how many touches it wrote twice, numbered from `twice` + 1."""
    accounts = accounts_of.accounts(plan, block, book)
    parts.add("accounts", accounts_of.accounts_table(plan, block, accounts))
    parts.add("account_paths", accounts_of.account_paths_table(plan, block, accounts, book))

    rows = opportunities_of.opportunities(plan, block, accounts, book)
    table = opportunities_of.opportunities_table(plan, block, rows, accounts, book)
    parts.add("stage_history", opportunities_of.stage_history_table(plan, block, rows))
    parts.add("truth", opportunities_of.truth(plan, rows, book))

    touches = touches_of.touches(plan, block, rows, accounts, book)
    origins = touches.taken(touches.is_origin.nonzero()[0])
    sent_before = parts.rows["handoffs"]
    parts.add(
        "handoffs",
        handoffs_table(
            plan,
            block,
            rows,
            origins=origins,
            book=accounts,
            partners=book,
            sent_before=sent_before,
        ),
    )
    if block == 0:
        merged = accounts_of.merges(plan, accounts)
        parts.add("account_merges", accounts_of.account_merges_table(plan, merged))
        touches = touches_of.under_merged_accounts(plan, touches, merged)

    if soiled:
        table, record = soiled_opportunities(plan, block, table, rows, book)
        parts.add("truth_soiling", record, rank=0)
        dirty = soiled_touches(plan, block, touches, opportunities=rows, partners=book, twice=twice)
        touches = dirty.touches
        parts.add("touches", touches_of.touches_table(plan, dirty.twice, rows, book), rank=1)
        parts.add("truth_soiling", dirty.record, rank=1)
        parts.add("truth_soiling", dirty.twice_record, rank=2)
    else:
        parts.add("truth_soiling", NO_FAULTS)
    parts.add("opportunities", table)
    parts.add("touches", touches_of.touches_table(plan, touches, rows, book))
    return dirty.twice.number.size if soiled else 0
