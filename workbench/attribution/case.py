"""The case of one opportunity: what is known, what each touch was worth, and what would turn it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, ClassVar, Final

import polars as pl

from workbench.attribution.classification import Attribution, attribution
from workbench.attribution.facts import Snapshot, snapshot
from workbench.contracts import (
    AccountMerges,
    Accounts,
    Contract,
    FxRates,
    Opportunities,
    Partners,
    StageHistory,
    Touches,
)
from workbench.definitions import Definition
from workbench.errors import InputError, Problem
from workbench.identity import surviving_accounts
from workbench.params import RunParams

_MOST_COMPARED: Final = 2000  # ids that a misspelt one is compared with


@dataclass(frozen=True)
class CaseTables:
    """The canonical tables behind a case; an optional one is None where the source has none."""

    opportunities: pl.DataFrame
    touches: pl.DataFrame
    partners: pl.DataFrame
    accounts: pl.DataFrame
    stage_history: pl.DataFrame | None = None
    account_merges: Any = None
    fx_rates: pl.DataFrame | None = None

    contracts: ClassVar[tuple[type[Contract], ...]] = (
        Opportunities,
        Touches,
        Partners,
        Accounts,
        StageHistory,
        AccountMerges,
        FxRates,
    )

    @classmethod
    def of(cls, tables: Mapping[type[Contract], pl.DataFrame]) -> "CaseTables":
        """The tables among those of a run. Raises KeyError where a required one is missing."""
        return cls(
            opportunities=tables[Opportunities],
            touches=tables[Touches],
            partners=tables[Partners],
            accounts=tables[Accounts],
            stage_history=tables.get(StageHistory),
            account_merges=tables.get(AccountMerges),
            fx_rates=tables.get(FxRates),
        )

    def snapshot(self, params: RunParams) -> Snapshot:
        return snapshot(
            opportunities=self.opportunities,
            touches=self.touches,
            partners=self.partners,
            account_merges=self.account_merges,
            fx_rates=self.fx_rates,
            as_of=params.as_of,
            timezone=params.timezone,
            reporting_currency=params.reporting_currency,
        )


@dataclass(frozen=True)
class CaseTouch:
    """A touch with its days in the reporting time zone, and what a definition decided about it."""

    touch_id: str
    touch_type: str
    partner_id: str
    partner_contact: str | None
    opportunity_id: str | None
    account_id: str | None
    touched_on: date
    logged_on: date | None
    logged_by: str | None
    accepted_by: str | None
    first_seen_on: date
    evidence_url: str | None
    decision: str
    role: str | None
    reason: str | None
    rule: int | None


@dataclass(frozen=True)
class Verdict:
    """What one definition says of the opportunity; `credit` holds partner, share and amount."""

    definition: Definition
    classification: str
    primary_partner_id: str | None
    deciding_touch_id: str | None
    evidence_grade: str | None
    amount_reporting: Decimal | None
    credit: tuple[tuple[str, float, Decimal | None], ...]


@dataclass(frozen=True)
class Case:
    """Everything about one opportunity on the as-of day; days are days of the reporting time zone.

    `status` and `closed_on` are as of that day; `last_day` is the closed day or else the as-of
    day. `touches` are those that the definition pairs with the opportunity, and those of its
    account that belong to none; `touches_elsewhere` counts the account's others. `verdicts` start
    with the run's own definition.
    """

    opportunity_id: str
    name: str | None
    account_id: str
    account_name: str | None
    opportunity_type: str
    stage: str
    status: str
    owner: str | None
    created_on: date
    closed_on: date | None
    last_day: date
    amount: Decimal | None
    currency: str
    crm_classification: str | None
    crm_partner_id: str | None
    as_of: date
    timezone: str
    reporting_currency: str
    partner_names: Mapping[str, str]
    stages: tuple[tuple[date, str], ...]
    touches: tuple[CaseTouch, ...]
    touches_elsewhere: int
    verdicts: tuple[Verdict, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the run's own definition."""
        return self.verdicts[0]

    @property
    def definition(self) -> Definition:
        return self.verdict.definition


def case(
    tables: CaseTables,
    opportunity_id: str,
    *,
    params: RunParams,
    definitions: Sequence[Definition],
) -> Case:
    """The case of one opportunity under several definitions, the run's own first; by the rules.

    Only rows of the opportunity's account are looked at, accounts merged with it included: nothing
    else can bear on it. Raises InputError, with ids that are near, when there is no such
    opportunity or when it did not yet exist on the as-of day.
    """
    own = account_tables(tables, opportunity_id)
    facts = own.snapshot(params)
    results = [attribution(facts, definition) for definition in definitions]
    known = results[0].opportunity_attribution.filter(opportunity_id=opportunity_id)
    if known.is_empty():
        what = f"it was created after the as-of day, {params.as_of}."
        raise InputError([Problem(opportunity_id, what)])
    given = own.opportunities.filter(opportunity_id=opportunity_id).row(0, named=True)
    status, closed_at = known.select("status", "closed_at").row(0)
    closed_on = None if closed_at is None else local_date(closed_at, params)
    touches = _touches(own, results[0], opportunity_id, params=params)
    account = own.accounts.filter(account_id=given["account_id"])
    return Case(
        opportunity_id=opportunity_id,
        name=given["name"],
        account_id=given["account_id"],
        account_name=None if account.is_empty() else account["name"][0],
        opportunity_type=given["opportunity_type"],
        stage=given["stage"],
        status=status,
        owner=given["owner"],
        created_on=local_date(given["created_at"], params),
        closed_on=closed_on,
        last_day=closed_on or params.as_of,
        amount=given[definitions[0].amount],
        currency=given["currency"],
        crm_classification=given["crm_classification"],
        crm_partner_id=given["crm_partner_id"],
        as_of=params.as_of,
        timezone=params.timezone,
        reporting_currency=params.reporting_currency,
        partner_names=dict(tables.partners.select("partner_id", "name").iter_rows()),
        stages=_stages(own, opportunity_id, params=params),
        touches=touches,
        touches_elsewhere=own.touches.height - len(touches),
        verdicts=tuple(
            _verdict(result, definition, opportunity_id)
            for result, definition in zip(results, definitions, strict=True)
        ),
    )


def account_tables(tables: CaseTables, opportunity_id: str) -> CaseTables:
    """The tables with only those rows that can bear on one opportunity: its account's.

    Raises InputError, with ids that are near, when there is no such opportunity.
    """
    found = tables.opportunities.filter(opportunity_id=opportunity_id)
    if found.is_empty():
        near = near_ids(opportunity_id, tables.opportunities["opportunity_id"])
        hint = f"did you mean {', '.join(near)}?" if near else "ids are compared exactly."
        raise InputError([Problem(opportunity_id, "there is no such opportunity.", hint)])
    accounts = _same_account(found["account_id"][0], tables.account_merges)
    opportunities = tables.opportunities.filter(pl.col("account_id").is_in(accounts))
    ids = opportunities["opportunity_id"].implode()
    is_own = pl.col("opportunity_id").is_in(ids) | pl.col("account_id").is_in(accounts)
    history = tables.stage_history
    return CaseTables(
        opportunities=opportunities,
        touches=tables.touches.filter(is_own),
        partners=tables.partners,
        accounts=tables.accounts.filter(pl.col("account_id").is_in(accounts)),
        stage_history=None if history is None else history.filter(opportunity_id=opportunity_id),
        account_merges=None
        if tables.account_merges is None
        else tables.account_merges.filter(pl.col("merged_account_id").is_in(accounts)),
        fx_rates=tables.fx_rates,
    )


def near_ids(word: str, ids: pl.Series) -> list[str]:
    """At most three ids that look like a misspelt one."""
    folded = ids.str.to_lowercase()
    same = ids.filter(folded == word.strip().lower())
    if not same.is_empty():
        return same.sort().head(3).to_list()
    for length in range(len(word), 0, -1):
        start = ids.filter(folded.str.starts_with(word[:length].lower()))
        if not start.is_empty():
            break
    else:
        start = ids
    close = ids.filter(folded.str.contains(word.lower(), literal=True))
    choices = pl.concat([close, start.sort()]).head(_MOST_COMPARED)
    by_folded = {choice.lower(): choice for choice in choices}
    return [by_folded[near] for near in get_close_matches(word.lower(), by_folded, n=3)]


def _same_account(account_id: str, account_merges: Any) -> list[str]:
    """The account and all that were merged into the account into which it was merged."""
    if account_merges is None or account_merges.is_empty():
        return [account_id]
    survivors = surviving_accounts(account_merges)
    own = survivors.filter(account_id=account_id)
    survivor = account_id if own.is_empty() else own["surviving_account_id"][0]
    merged = survivors.filter(surviving_account_id=survivor)["account_id"].to_list()
    return sorted({account_id, survivor, *merged})


def local_date(instant: datetime, params: RunParams) -> date:
    """The calendar day of an instant in the reporting time zone."""
    return instant.astimezone(params.zone).date()


def _touches(
    own: CaseTables, result: Attribution, opportunity_id: str, *, params: RunParams
) -> tuple[CaseTouch, ...]:
    """The touches of the case, in the order (`touched_at`, `touch_id`)."""
    unpaired = (pl.col("reason") == "no_opportunity") | (
        (pl.col("reason") == "not_consulted") & pl.col("opportunity_id").is_null()
    )
    audit = (
        result.touch_audit.filter((pl.col("opportunity_id") == opportunity_id) | unpaired)
        .select("touch_id", "decision", "role", "reason", "rule")
        .join(own.touches, on="touch_id")
        .sort("touched_at", "touch_id")
    )
    kept = set(CaseTouch.__dataclass_fields__) & set(audit.columns)
    return tuple(
        CaseTouch(
            touched_on=local_date(row["touched_at"], params),
            logged_on=None if row["logged_at"] is None else local_date(row["logged_at"], params),
            first_seen_on=local_date(row["first_seen_at"], params),
            **{column: row[column] for column in kept},
        )
        for row in audit.iter_rows(named=True)
    )


def _stages(
    own: CaseTables, opportunity_id: str, *, params: RunParams
) -> tuple[tuple[date, str], ...]:
    """The entries into a stage up to the as-of day, in their order."""
    if own.stage_history is None:
        return ()
    entries = own.stage_history.filter(opportunity_id=opportunity_id).sort("entered_at", "stage")
    days = [
        (local_date(entered_at, params), stage)
        for entered_at, stage in entries.select("entered_at", "stage").iter_rows()
    ]
    return tuple(entry for entry in days if entry[0] <= params.as_of)


def _verdict(result: Attribution, definition: Definition, opportunity_id: str) -> Verdict:
    row = result.opportunity_attribution.filter(opportunity_id=opportunity_id).row(0, named=True)
    credit = result.partner_credit.filter(opportunity_id=opportunity_id)
    return Verdict(
        definition=definition,
        classification=row["classification"],
        primary_partner_id=row["primary_partner_id"],
        deciding_touch_id=row["deciding_touch_id"],
        evidence_grade=row["evidence_grade"],
        amount_reporting=row["amount_reporting"],
        credit=tuple(credit.select("partner_id", "share", "credited_amount").iter_rows()),
    )
