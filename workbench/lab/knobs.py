"""The knobs of a definition: what the lab lets one turn, and the definition that they give."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from workbench.definitions import Bound, Definition
from workbench.documents import parse_document
from workbench.errors import ParameterError, Problem
from workbench.vocabulary import CREDIT_MODELS, CreditModel

HALF_LIFE_DAYS: Final = 90.0  # of a time decay that the starting definition does not speak of

_REQUIRED: Final = ("evidence", "partner_contact", "seller_acceptance")


@dataclass(frozen=True)
class Knobs:
    """Where every knob of a definition stands.

    `days_before` and `days_after` are the window of the definition's first sourced rule, in whole
    calendar days from the day on which the opportunity was created: its first day lies
    `days_before` days before, its last `days_after` days after (below 0: before). None leaves
    that end as wide as the rule has it without such a limit.
    """

    days_before: int | None
    days_after: int | None
    evidence: bool
    partner_contact: bool
    seller_acceptance: bool
    logged_within_days: int | None
    logged_before_close: bool
    account_touches: Literal["all", "first", "none"]
    primary_partner: Literal["first", "last", "ranked"]
    credit_model: CreditModel


def knobs_of(definition: Definition) -> Knobs:
    """Where the knobs of a definition stand.

    Raises ParameterError for a definition that asks the CRM's field: it has nothing to turn.
    """
    if definition.basis == "crm_field":
        what = "it asks the CRM's own field and has no knobs."
        hint = "start the lab from a definition with rules, such as timing."
        raise ParameterError([Problem(f"definition {definition.id}", what, hint)])
    rule, gates = definition.rules[turned_rule(definition)], definition.gates
    start = _days_from_created(rule.start)
    return Knobs(
        days_before=None if start is None else -start,
        days_after=_days_from_created(rule.end),
        evidence=gates.evidence == "required",
        partner_contact=gates.partner_contact == "required",
        seller_acceptance=gates.seller_acceptance == "required",
        logged_within_days=gates.logged_within_days,
        logged_before_close=gates.logged_before_close,
        account_touches=definition.account_touches,
        primary_partner=definition.primary_partner,
        credit_model=definition.credit.model,
    )


def turned_rule(definition: Definition) -> int:
    """The number of the rule whose window the knobs move: the first sourced one, else the first."""
    sourced = (number for number, rule in enumerate(definition.rules) if rule.role == "sourced")
    return next(sourced, 0)


def _days_from_created(bound: Bound | None) -> int | None:
    return bound.days if bound is not None and bound.anchor == "created" else None


def offered_partners(definition: Definition) -> tuple[str, ...]:
    """The ways to choose a primary partner that the definition has the words for."""
    return ("first", "last", "ranked") if definition.rank else ("first", "last")


def offered_models(definition: Definition) -> tuple[CreditModel, ...]:
    """The credit models that need nothing which the definition does not say."""
    has_weights = definition.credit.weights is not None
    return tuple(model for model in CREDIT_MODELS if model != "weighted" or has_weights)


def with_knobs(definition: Definition, knobs: Knobs) -> Definition:
    """The definition with its knobs turned; a knob left where it stood changes nothing.

    Raises ParameterError when the knobs contradict each other, as a window that can never hold.
    """
    content = definition.model_dump(mode="json", by_alias=True)
    before, after = asdict(knobs_of(definition)), asdict(knobs)
    turned = {name: value for name, value in after.items() if value != before[name]}
    rule = content["rules"][turned_rule(definition)]
    if "days_before" in turned:
        rule["from"] = _bound(turned["days_before"], sign=-1, otherwise=None)
    if "days_after" in turned:
        rule["to"] = _bound(turned["days_after"], sign=1, otherwise="closed")
    for name in _REQUIRED:
        if name in turned:
            content["gates"][name] = "required" if turned[name] else "optional"
    for name in ("logged_within_days", "logged_before_close"):
        if name in turned:
            content["gates"][name] = turned[name]
    if "account_touches" in turned:
        content["account_touches"] = turned["account_touches"]
    if "primary_partner" in turned:
        content["primary_partner"] = turned["primary_partner"]
        content["rank"] = definition.rank if turned["primary_partner"] == "ranked" else ()
    if "credit_model" in turned:
        content["credit"] = _credit(definition, turned["credit_model"])
    return parse_document(content, Definition, "the knobs")


def _bound(days: int | None, *, sign: int, otherwise: str | None) -> str | None:
    return otherwise if days is None else str(Bound(anchor="created", days=sign * days))


def _credit(definition: Definition, model: CreditModel) -> dict[str, Any]:
    own = {"time_decay": {"half_life_days": HALF_LIFE_DAYS}}
    if model == "weighted":
        return {"model": model, "weights": definition.credit.weights}
    return {"model": model, **own.get(model, {})}
