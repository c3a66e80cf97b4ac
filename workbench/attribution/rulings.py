"""What people ruled, put over what the rules decided; docs/cases.md says what a ruling does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

import polars as pl

from workbench.attribution.classification import Attribution, Reading, reading
from workbench.attribution.facts import Snapshot
from workbench.contracts import OpportunityAttribution, PartnerCredit, RulingsApplied
from workbench.definitions import Definition
from workbench.documents import suggestion
from workbench.errors import ParameterError, Problem
from workbench.rulings import Ruling, rulings_in_force

_HINT = "mend the file that the parameter 'rulings' names."
_MOST_NAMES = 20  # so many known partners are worth listing
AnyReading = TypeVar("AnyReading", bound=Reading)


def with_rulings(
    result: Attribution,
    rulings: Sequence[Ruling],
    *,
    definition: Definition,
    partners: pl.DataFrame,
    as_of: date,
) -> tuple[Attribution, pl.DataFrame]:
    """The attribution once the rulings in force on the as-of day are obeyed, and what they changed.

    Without rulings nothing changes; see `ruled`.
    """
    in_force = rulings_in_force(rulings, as_of=as_of)
    return ruled(result, in_force, definition=definition, partner_ids=partners["partner_id"])


def ruled(
    result: AnyReading,
    in_force: Sequence[Ruling],
    *,
    definition: Definition,
    partner_ids: pl.Series,
) -> tuple[AnyReading, pl.DataFrame]:
    """What a definition says once rulings are obeyed, one per opportunity, and what they changed.

    The second frame is `rulings_applied`: one row per opportunity with a ruling in force. The touch
    audit stays what the rules made of the touches. The credit goes wholly to the ruled partner,
    whatever the model. What shows the class stays only where the ruling confirms class and primary
    partner: a ruling is not evidence.

    Raises ParameterError that names every opportunity and partner of a ruling that is not there.
    """
    if not in_force:
        return result, RulingsApplied.empty()
    _check_names(in_force, result, set(partner_ids))
    given = pl.DataFrame(
        [ruling.model_dump() for ruling in in_force],
        schema={
            name: RulingsApplied.dtypes().get(name, pl.String()) for name in Ruling.model_fields
        },
    ).rename({"classification": "after"})
    judged = result.opportunity_attribution.join(given, on="opportunity_id")
    applied = judged.select(pl.col("classification").alias("before"), *given.columns).select(
        list(RulingsApplied.dtypes())
    )
    return (
        replace(
            result,
            opportunity_attribution=_replaced(
                result.opportunity_attribution, _ruled_classes(judged), OpportunityAttribution
            ),
            partner_credit=_replaced(
                result.partner_credit, _ruled_credit(judged, definition), PartnerCredit, applied
            ),
        ),
        applied.sort(RulingsApplied.row_order()),
    )


def ruled_reading(facts: Snapshot, definition: Definition, in_force: Sequence[Ruling]) -> Reading:
    """What a definition says of a snapshot once rulings are obeyed, without the audit."""
    read = reading(facts, definition)
    return ruled(read, in_force, definition=definition, partner_ids=facts.partner_ids)[0]


def rulings_in_words(applied: pl.DataFrame) -> str:
    """How many rulings are in force, and what they moved: one sentence, without names."""
    if applied.is_empty():
        return "No ruling is in force."
    moves = applied.filter(pl.col("before") != pl.col("after")).group_by("before", "after").len()
    parts = [
        f"{count:,} from {before} to {after}"
        for before, after, count in moves.sort("before", "after").iter_rows()
    ]
    moved = f"moved {_listed(parts)}" if parts else "moved no class"
    counted = "1 ruling is" if applied.height == 1 else f"{applied.height:,} rulings are"
    return f"{counted} in force over the rules and {moved}."


def rulings_over_all_in_words(in_force: Sequence[Ruling]) -> str:
    """How many rulings stand over every definition that is compared; empty where there is none."""
    if not in_force:
        return ""
    counted = "1 ruling is" if len(in_force) == 1 else f"{len(in_force):,} rulings are"
    return f"{counted} in force over the rules of every definition."


def ruling_in_words(ruling: Ruling) -> str:
    """Who ruled what, when, why and until when: one sentence."""
    partner = f" for {ruling.partner_id}" if ruling.partner_id else ""
    until = f", until {ruling.until}" if ruling.until else ""
    why = ruling.why.strip().rstrip(".")
    return (
        f"{ruling.by} ruled on {ruling.on} that it is {ruling.classification}{partner}{until}: "
        f"{why}."
    )


def _check_names(in_force: Sequence[Ruling], result: Reading, partner_ids: set[str]) -> None:
    ids = pl.Series([ruling.opportunity_id for ruling in in_force])
    known = set(ids.filter(ids.is_in(result.opportunity_attribution["opportunity_id"].implode())))
    problems = []
    for ruling in in_force:
        where = f"the ruling of {ruling.on} on {ruling.opportunity_id}"
        if ruling.opportunity_id not in known:
            what = f"on the as-of day there is no opportunity '{ruling.opportunity_id}'."
            problems.append(Problem(where, what, _HINT))
        if ruling.partner_id is not None and ruling.partner_id not in partner_ids:
            near = suggestion(ruling.partner_id, partner_ids)
            is_short = near.startswith("did") or len(partner_ids) <= _MOST_NAMES
            what = f"there is no partner '{ruling.partner_id}'."
            problems.append(Problem(where, what, near if is_short else _HINT))
    if problems:
        raise ParameterError(problems)


def _ruled_classes(judged: pl.DataFrame) -> pl.DataFrame:
    """The rows of the ruled opportunities; a ruling holds with the evidence gate off, too."""
    is_direct = pl.col("after") == "direct"
    is_confirmed = (pl.col("classification") == pl.col("after")) & pl.col(
        "primary_partner_id"
    ).eq_missing(pl.col("partner_id"))
    crm_claims = pl.col("crm_classification").is_in(["sourced", "influenced"])
    grade = (
        pl.when(is_direct & crm_claims)
        .then(pl.lit("unsupported"))
        .when(~is_direct & is_confirmed)
        .then("evidence_grade")
        .when(~is_direct)
        .then(pl.lit("claimed"))
    )
    return judged.with_columns(
        grade.alias("evidence_grade"),
        pl.col("after").alias("classification"),
        pl.col("after").alias("claimed_classification"),
        pl.col("partner_id").alias("primary_partner_id"),
        *(
            pl.when(is_confirmed).then(column).alias(column)
            for column in ("deciding_touch_id", "evidence_url", "days_to_created")
        ),
        (~is_direct).cast(pl.Int64).alias("partner_count"),
    )


def _ruled_credit(judged: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    return judged.filter(pl.col("partner_id").is_not_null()).select(
        "opportunity_id",
        "partner_id",
        pl.col("after").alias("classification"),
        pl.lit(definition.credit.model).alias("model"),
        pl.lit(1.0).alias("share"),
        pl.col("amount_reporting").alias("credited_amount"),
    )


def _replaced(
    rows: pl.DataFrame,
    by: pl.DataFrame,
    contract: type[OpportunityAttribution] | type[PartnerCredit],
    ruled: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The rows, with those of the ruled opportunities replaced, in the contract's order."""
    ids = by if ruled is None else ruled
    columns = list(contract.dtypes())
    kept = rows.join(ids.select("opportunity_id"), on="opportunity_id", how="anti")
    return pl.concat([kept.select(columns), by.select(columns)]).sort(contract.row_order())


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
