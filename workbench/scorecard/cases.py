"""The cases of all opportunities at once, read from the tables that the run has written.

`attribution.case.case` works one opportunity out anew, which takes some hundredths of a second;
here nothing is decided again. Both give the same case, but where a ruling stands over the rules.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final

import polars as pl

from workbench.attribution import local_day
from workbench.attribution.case import Case, CaseTables, CaseTouch, Verdict
from workbench.contracts import (
    Contract,
    OpportunityAttribution,
    PartnerCredit,
    StageHistory,
    TouchAudit,
)
from workbench.definitions import Definition
from workbench.identity import surviving_accounts
from workbench.params import RunParams

_OPPORTUNITIES_AT_ONCE: Final = 2_000  # bounds the memory, not what is said
_OF_TOUCH: Final = tuple(field.name for field in fields(CaseTouch))
_OF_VERDICT: Final = (
    "classification",
    "primary_partner_id",
    "deciding_touch_id",
    "evidence_grade",
    "amount_reporting",
)


@dataclass(frozen=True)
class WrittenTables:
    """The tables of a run behind its cases: what was read, and what was decided of it."""

    canonical: CaseTables
    attribution: pl.DataFrame
    credit: pl.DataFrame
    audit: pl.DataFrame

    contracts: ClassVar[tuple[type[Contract], ...]] = (
        *CaseTables.contracts,
        OpportunityAttribution,
        PartnerCredit,
        TouchAudit,
    )

    @classmethod
    def of(cls, tables: Mapping[type[Contract], pl.DataFrame]) -> "WrittenTables":
        """The tables among those of a run. Raises KeyError where a required one is missing."""
        return cls(
            canonical=CaseTables.of(tables),
            attribution=tables[OpportunityAttribution],
            credit=tables[PartnerCredit],
            audit=tables[TouchAudit],
        )


def written_cases(
    tables: WrittenTables, *, params: RunParams, definition: Definition
) -> Iterator[Case]:
    """The case of each opportunity under the run's definition, sorted by `opportunity_id`.

    The one verdict of each is what the tables say, a ruling's where one stands over the rules.
    """
    groups = _touches_by_group(tables)
    touch_counts = dict(groups.group_by("group").len().iter_rows())
    touches = _touches(tables, groups, timezone=params.timezone)
    stages = _stages(tables.canonical.stage_history, params=params)
    credit = tables.credit.select("opportunity_id", "partner_id", "share", "credited_amount")
    names = dict(tables.canonical.partners.select("partner_id", "name").iter_rows())
    opportunities = _opportunities(tables, definition=definition, timezone=params.timezone)
    for some in opportunities.iter_slices(_OPPORTUNITIES_AT_ONCE):
        touches_of, stages_of, credit_of = (
            _by_opportunity(rows, some) for rows in (touches, stages, credit)
        )
        for row in some.iter_rows(named=True):
            key, group = row["opportunity_id"], row.pop("group")
            decided = {name: row.pop(name) for name in _OF_VERDICT}
            paired = tuple(CaseTouch(*touch) for touch in touches_of[key])
            yield Case(
                **row,
                last_day=row["closed_on"] or params.as_of,
                as_of=params.as_of,
                timezone=params.timezone,
                reporting_currency=params.reporting_currency,
                partner_names=names,
                stages=tuple(stages_of[key]),
                touches=paired,
                touches_elsewhere=touch_counts.get(group, 0) - len(paired),
                verdicts=(Verdict(definition=definition, **decided, credit=tuple(credit_of[key])),),
            )


def _opportunities(tables: WrittenTables, *, definition: Definition, timezone: str) -> pl.DataFrame:
    """One row per opportunity of the run: what its case says of it, and its `group`."""
    known = tables.attribution.lazy().select(
        "opportunity_id",
        "status",
        local_day("created_at", timezone).alias("created_on"),
        local_day("closed_at", timezone).alias("closed_on"),
        *_OF_VERDICT,
    )
    given = tables.canonical.opportunities.lazy().select(
        "opportunity_id",
        "account_id",
        "name",
        "opportunity_type",
        "stage",
        "owner",
        pl.col(definition.amount).alias("amount"),
        "currency",
        "crm_classification",
        "crm_partner_id",
    )
    accounts = tables.canonical.accounts.lazy().select(
        "account_id", pl.col("name").alias("account_name")
    )
    rows = known.join(given, on="opportunity_id").join(accounts, on="account_id", how="left")
    return _with_group(rows, tables.canonical.account_merges).sort("opportunity_id").collect()


def _with_group(rows: pl.LazyFrame, account_merges: Any) -> pl.LazyFrame:
    """The rows with their `group`: the account into which theirs was merged, else their own."""
    if account_merges is None:
        return rows.with_columns(pl.col("account_id").alias("group"))
    merged = surviving_accounts(account_merges).lazy()
    return (
        rows.join(merged, on="account_id", how="left")
        .with_columns(pl.coalesce("surviving_account_id", "account_id").alias("group"))
        .drop("surviving_account_id")
    )


def _touches_by_group(tables: WrittenTables) -> pl.DataFrame:
    """One row per touch and group of accounts that it is about: `touch_id`, `group`.

    A touch is about the account that it names, and about the account of its opportunity.
    """
    touches = tables.canonical.touches.lazy().select("touch_id", "opportunity_id", "account_id")
    accounts = tables.canonical.opportunities.lazy().select("opportunity_id", "account_id")
    pairs = pl.concat(
        [
            touches.drop("opportunity_id").filter(pl.col("account_id").is_not_null()),
            touches.drop("account_id").join(accounts, on="opportunity_id").drop("opportunity_id"),
        ]
    )
    return (
        _with_group(pairs, tables.canonical.account_merges)
        .select("touch_id", "group")
        .unique()
        .collect()
    )


def _touches(tables: WrittenTables, groups: pl.DataFrame, *, timezone: str) -> pl.DataFrame:
    """One row per opportunity and touch of its case, in the order (`touched_at`, `touch_id`).

    First the opportunity, then the fields of a CaseTouch. A touch that belongs to no opportunity
    is in the case of each one of its account.
    """
    touches = tables.canonical.touches.lazy().with_columns(
        local_day("touched_at", timezone).alias("touched_on"),
        local_day("logged_at", timezone).alias("logged_on"),
        local_day("first_seen_at", timezone).alias("first_seen_on"),
    )
    audited = (
        tables.audit.lazy()
        .select(
            "touch_id",
            pl.col("opportunity_id").alias("case_of"),
            "decision",
            "role",
            "reason",
            "rule",
        )
        .join(touches, on="touch_id")
    )
    is_unpaired = (pl.col("reason") == "no_opportunity") | (
        (pl.col("reason") == "not_consulted") & pl.col("opportunity_id").is_null()
    )
    opportunities = tables.attribution.lazy().select(
        pl.col("opportunity_id").alias("case_of"), "account_id"
    )
    unpaired = (
        audited.filter(is_unpaired)
        .drop("case_of")
        .join(groups.lazy(), on="touch_id")
        .join(
            _with_group(opportunities, tables.canonical.account_merges).drop("account_id"),
            on="group",
        )
    )
    columns = ("case_of", "touched_at", *_OF_TOUCH)
    paired = audited.filter(is_unpaired.not_().fill_null(value=True))
    return (
        pl.concat([paired.select(columns), unpaired.select(columns)])
        .sort("case_of", "touched_at", "touch_id")
        .drop("touched_at")
        .collect()
    )


def _stages(stage_history: pl.DataFrame | None, *, params: RunParams) -> pl.DataFrame:
    """One row per entry into a stage up to the as-of day, in their order."""
    table = StageHistory.empty() if stage_history is None else stage_history
    return (
        table.sort("entered_at", "stage")
        .select("opportunity_id", local_day("entered_at", params.timezone), "stage")
        .filter(pl.col("entered_at") <= params.as_of)
    )


def _by_opportunity(
    rows: pl.DataFrame, some: pl.DataFrame
) -> defaultdict[str, list[tuple[Any, ...]]]:
    """The rows of some opportunities, by the id in the first column and without it."""
    first, last = (pl.lit(some["opportunity_id"][at]) for at in (0, -1))
    own = rows.filter(pl.col(rows.columns[0]).is_between(first, last))
    lists: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for opportunity_id, *values in own.iter_rows():
        lists[opportunity_id].append(tuple(values))
    return lists
