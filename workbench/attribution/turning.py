"""The smallest fact that would turn an opportunity's class: one change to one touch.

Every candidate is a fact that people could have recorded otherwise; none changes what kind of
touch it was. The engine decides each on a copy of the account's rows, all copies in one pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, get_args

import polars as pl

from workbench.attribution.case import CaseTables, account_tables, local_date
from workbench.attribution.classification import attribution
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.vocabulary import CLASSIFICATIONS

# Smallest first: what can still be supplied, then what lies in the past, by days; last, what
# another opportunity would lose.
FactKind = Literal[
    "evidence",
    "partner_contact",
    "seller_acceptance",
    "link",
    "logged",
    "touched",
    "link_from_another",
]
_KINDS: Final = get_args(FactKind)
_ANYTHING: Final = "https://evidence.invalid/"  # stands for what would be supplied


@dataclass(frozen=True)
class TurningFact:
    """One fact about one touch, and the class that the opportunity would have with it.

    `days` is how much earlier (negative) or later it would have been, `on` the day it would then
    bear; both only for `logged` and `touched`, and `days` null where no log day is known.
    """

    kind: FactKind
    touch_id: str
    touch_type: str
    partner_id: str
    touched_on: date
    days: int | None
    on: date | None
    classification: str
    primary_partner_id: str | None


@dataclass(frozen=True)
class _Candidate:
    kind: FactKind
    touch_id: str
    changes: dict[str, Any]
    days: int | None = None
    on: date | None = None


def turning_fact(
    tables: CaseTables, opportunity_id: str, *, params: RunParams, definition: Definition
) -> TurningFact | None:
    """The smallest single fact that would give the opportunity another class by the rules.

    Smaller is what can still be supplied (a link, a person, an acceptance, a link to the
    opportunity), then fewer days, then the stronger class, then the touch's id. None when no
    single fact turns it, as under a definition that consults no touch.
    """
    own = account_tables(tables, opportunity_id)
    facts = own.snapshot(params)
    result = attribution(facts, definition)
    current = result.opportunity_attribution.filter(opportunity_id=opportunity_id)
    if definition.basis == "crm_field" or current.is_empty():
        return None
    known = current.row(0, named=True)
    closed_at = known["closed_at"]
    anchors = {
        "created": local_date(known["created_at"], params),
        "closed": params.as_of if closed_at is None else local_date(closed_at, params),
    }
    candidates = [
        candidate
        for touch in own.touches.sort("touch_id").iter_rows(named=True)
        for candidate in _candidates(
            touch, opportunity_id, own, anchors=anchors, params=params, definition=definition
        )
    ]
    accepted = result.touch_audit.filter(opportunity_id=opportunity_id, decision="accepted")
    classes = _classes(
        candidates,
        own,
        opportunity_id,
        accepted=accepted["touch_id"],
        params=params,
        definition=definition,
    )
    before = current["classification"][0]
    turning = [
        (candidate, found)
        for candidate, found in zip(candidates, classes, strict=True)
        if found != before
    ]
    for candidate, _ in sorted(turning, key=lambda pair: _size(*pair)):
        whole = replace(own, touches=_changed(own.touches, candidate))
        verdict = attribution(whole.snapshot(params), definition).opportunity_attribution
        row = verdict.filter(opportunity_id=opportunity_id).row(0, named=True)
        if row["classification"] != before:
            touch = own.touches.filter(touch_id=candidate.touch_id).row(0, named=True)
            return TurningFact(
                kind=candidate.kind,
                touch_id=candidate.touch_id,
                touch_type=touch["touch_type"],
                partner_id=touch["partner_id"],
                touched_on=local_date(touch["touched_at"], params),
                days=candidate.days,
                on=candidate.on,
                classification=row["classification"],
                primary_partner_id=row["primary_partner_id"],
            )
    return None


def _size(candidate: _Candidate, found: str) -> tuple[int, int, int, str]:
    return (
        _KINDS.index(candidate.kind),
        abs(candidate.days or 0),
        CLASSIFICATIONS.index(found),
        candidate.touch_id,
    )


def _candidates(
    touch: dict[str, Any],
    opportunity_id: str,
    own: CaseTables,
    *,
    anchors: dict[str, date],
    params: RunParams,
    definition: Definition,
) -> Iterator[_Candidate]:
    touch_id = touch["touch_id"]
    supplied: tuple[tuple[FactKind, str], ...] = (
        ("evidence", "evidence_url"),
        ("partner_contact", "partner_contact"),
        ("seller_acceptance", "accepted_by"),
    )
    for kind, column in supplied:
        if touch[column] is None:
            yield _Candidate(kind, touch_id, {column: _ANYTHING})
    if touch["opportunity_id"] != opportunity_id:
        is_known = touch["opportunity_id"] in own.opportunities["opportunity_id"]
        link: FactKind = "link_from_another" if is_known else "link"
        yield _Candidate(link, touch_id, {"opportunity_id": opportunity_id})
    yield from _logged_earlier(touch, anchors=anchors, params=params, definition=definition)
    yield from _touched_otherwise(touch, own, anchors=anchors, params=params, definition=definition)


def _logged_earlier(
    touch: dict[str, Any],
    *,
    anchors: dict[str, date],
    params: RunParams,
    definition: Definition,
) -> Iterator[_Candidate]:
    """Logged as late as each gate allows, and never before it happened."""
    touched_on = local_date(touch["touched_at"], params)
    limit = definition.gates.logged_within_days
    days = {anchors["closed"]} if definition.gates.logged_before_close else set()
    if limit is not None:
        days.add(touched_on + timedelta(days=limit))
    if touch["logged_at"] is None:
        if limit is not None:
            logged_at = {"logged_at": touch["touched_at"]}
            yield _Candidate("logged", touch["touch_id"], logged_at, on=touched_on)
        return
    logged_on = local_date(touch["logged_at"], params)
    for day in sorted(day for day in days if touched_on <= day < logged_on):
        moved = (day - logged_on).days
        logged_at = {"logged_at": _moved(touch["logged_at"], moved, params)}
        yield _Candidate("logged", touch["touch_id"], logged_at, moved, day)


def _touched_otherwise(
    touch: dict[str, Any],
    own: CaseTables,
    *,
    anchors: dict[str, date],
    params: RunParams,
    definition: Definition,
) -> Iterator[_Candidate]:
    """Touched on each day at which a decision may change; its log is never earlier than itself."""
    touched_on = local_date(touch["touched_at"], params)
    edges = {*anchors.values(), params.as_of}
    for rule in definition.rules:
        for bound in (rule.start, rule.end):
            if bound is not None:
                edges.add(anchors[bound.anchor] + timedelta(days=bound.days))
    if touch["opportunity_id"] is None:
        edges |= {
            local_date(instant, params)
            for column in ("created_at", "closed_at")
            for instant in own.opportunities[column].drop_nulls()
        }
    if touch["logged_at"] is not None and definition.gates.logged_within_days is not None:
        limit = timedelta(days=definition.gates.logged_within_days)
        edges.add(local_date(touch["logged_at"], params) - limit)
    days = {edge + timedelta(days=beside) for edge in edges for beside in (-1, 0, 1)}
    for day in sorted(day for day in days if day != touched_on and day <= params.as_of):
        moved = (day - touched_on).days
        changes = {"touched_at": _moved(touch["touched_at"], moved, params)}
        if touch["logged_at"] is not None and changes["touched_at"] > touch["logged_at"]:
            changes["logged_at"] = changes["touched_at"]
        yield _Candidate("touched", touch["touch_id"], changes, moved, day)


def _moved(instant: datetime, days: int, params: RunParams) -> datetime:
    """The same time of day in the reporting time zone, some days earlier or later."""
    moved = instant.astimezone(params.zone) + timedelta(days=days)
    return moved.astimezone(instant.tzinfo)


def _changed(touches: pl.DataFrame, candidate: _Candidate) -> pl.DataFrame:
    """The touches with the candidate's fact."""
    is_it = pl.col("touch_id") == candidate.touch_id
    return touches.with_columns(
        pl.when(is_it)
        .then(pl.lit(value, touches.schema[column]))
        .otherwise(pl.col(column))
        .alias(column)
        for column, value in candidate.changes.items()
    )


def _classes(
    candidates: list[_Candidate],
    own: CaseTables,
    opportunity_id: str,
    *,
    accepted: pl.Series,
    params: RunParams,
    definition: Definition,
) -> list[str]:
    """The opportunity's class with each candidate's fact, every one in a copy of the account.

    A copy has, of the touches, those that count already and the changed one: pairs are decided one
    by one, so that no other can bear on the class.
    """
    if not candidates:
        return []
    copies = pl.DataFrame(
        {"copy": [f"{number}:" for number in range(len(candidates))]},
    ).with_columns(pl.Series("changed", [candidate.touch_id for candidate in candidates]))
    schema = own.touches.schema
    rows = {row["touch_id"]: row for row in own.touches.iter_rows(named=True)}
    changed = pl.DataFrame(
        [rows[candidate.touch_id] | candidate.changes for candidate in candidates], schema=schema
    )
    standing = own.touches.filter(pl.col("touch_id").is_in(accepted.implode()))
    unchanged = standing.join(copies, how="cross").filter(pl.col("touch_id") != pl.col("changed"))
    touches = pl.concat([unchanged.drop("changed"), changed.with_columns(copies["copy"])])
    many = replace(
        own,
        opportunities=_copied(own.opportunities.join(copies, how="cross"), own.opportunities),
        touches=_copied(touches, own.touches),
        account_merges=None
        if own.account_merges is None
        else _copied(own.account_merges.join(copies, how="cross"), own.account_merges),
    )
    classes = attribution(many.snapshot(params), definition).opportunity_attribution
    by_id = dict(classes.select("opportunity_id", "classification").iter_rows())
    return [by_id[f"{copy}{opportunity_id}"] for copy in copies["copy"]]


def _copied(rows: pl.DataFrame, original: pl.DataFrame) -> pl.DataFrame:
    """Rows whose ids, but for the partner's, belong to one copy alone."""
    ids = [
        column
        for column in original.columns
        if column in {"opportunity_id", "touch_id"} or column.endswith("account_id")
    ]
    return rows.with_columns(pl.concat_str("copy", column).alias(column) for column in ids).select(
        original.columns
    )
