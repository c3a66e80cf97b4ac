"""An attribution definition: the file, what it may say, and the same in plain English."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from workbench.documents import Document, read_document
from workbench.vocabulary import (
    OPPORTUNITY_TYPES,
    TOUCH_TYPES,
    CreditModel,
    OpportunityType,
    Role,
    TouchType,
)

Anchor = Literal["created", "closed"]


class Bound(Document):
    """One end of a window: an anchor day moved by whole calendar days."""

    anchor: Anchor
    days: int

    @classmethod
    def parse(cls, text: str) -> "Bound":
        """Read `created`, `closed - 30d` or `created + 14d`."""
        found = re.fullmatch(r"\s*([a-z_]+)\s*(?:([+-])\s*([0-9]{1,5})\s*d)?\s*", text)
        if found is None or found[1] not in ("created", "closed"):
            raise ValueError(
                f"'{text}' is not a day of a window.\n"
                "write an anchor, created or closed, moved by days if need be: created - 365d."
            )
        days = int(found[3] or 0)
        anchor: Anchor = "created" if found[1] == "created" else "closed"
        return cls(anchor=anchor, days=-days if found[2] == "-" else days)

    def __str__(self) -> str:
        if self.days == 0:
            return self.anchor
        return f"{self.anchor} {'-' if self.days < 0 else '+'} {abs(self.days)}d"

    def in_words(self) -> str:
        """The day as a reader would say it."""
        event = {"created": "it was created", "closed": "it closed"}[self.anchor]
        if self.days == 0:
            return f"the day {event}"
        side = "before" if self.days < 0 else "after"
        count = "the day" if abs(self.days) == 1 else f"{abs(self.days)} days"
        return f"{count} {side} {event}"


class Rule(Document):
    """A role for touches of some types inside a window; both ends of the window belong to it.

    `start` or `end` that is None leaves that side open.
    """

    role: Role
    touch_types: tuple[TouchType, ...]
    start: Bound | None = Field(default=None, alias="from")
    end: Bound | None = Field(default=None, alias="to")

    @field_validator("touch_types", mode="before")
    @classmethod
    def _any_is_all(cls, value: Any) -> Any:
        if value == "any":
            return TOUCH_TYPES
        if isinstance(value, str):
            raise ValueError(f"'{value}' is not a list.\nwrite a list of touch types, or any.")
        if value == []:
            raise ValueError("the list is empty.\nname at least one touch type, or any.")
        return value

    @field_validator("start", "end", mode="before")
    @classmethod
    def _parse_bound(cls, value: Any) -> Any:
        if value is None or isinstance(value, Bound | dict):
            return value
        return Bound.parse(str(value))

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        start, end = self.start, self.end
        if start and start.anchor == "closed" and start.days > 0:
            raise ValueError(
                f"the window starts at '{start}', and no touch after the close ever counts.\n"
                "let it start at closed or before."
            )
        same_side = start and end and start.anchor in {end.anchor, "closed"}
        if start and end and same_side and start.days > end.days:
            raise ValueError(
                f"the window from '{start}' to '{end}' can never hold.\n"
                "its first day must not come after its last."
            )
        return self

    @property
    def any_type(self) -> bool:
        return set(self.touch_types) == set(TOUCH_TYPES)

    def in_words(self) -> str:
        """The rule as one sentence."""
        kinds = "any partner touch" if self.any_type else _alternatives(self.touch_types)
        if self.start is None and self.end is None:
            return f"{kinds} at any time up to the close"
        if self.start is None:
            return f"{kinds} at any time up to {self.end.in_words()}" if self.end else kinds
        if self.end is None:
            return f"{kinds} from {self.start.in_words()} on"
        if str(self.start) == "created" and str(self.end) == "closed":
            return f"{kinds} while it was open"
        return f"{kinds} from {self.start.in_words()} to {self.end.in_words()}"


class Gates(Document):
    """What every touch must carry to count, whatever its rule; a gate not named stands open."""

    evidence: Literal["required", "optional"] = "optional"
    partner_contact: Literal["required", "optional"] = "optional"
    seller_acceptance: Literal["required", "optional"] = "optional"
    logged_within_days: Annotated[int, Field(ge=0)] | None = None
    logged_before_close: bool = False

    def in_words(self) -> list[str]:
        """One clause for each gate that is shut."""
        clauses = {
            "it carries a link to its evidence": self.evidence == "required",
            "it names the partner's person": self.partner_contact == "required",
            "a seller accepted it": self.seller_acceptance == "required",
            f"it was logged within {self.logged_within_days} days": self.logged_within_days
            is not None,
            "it was not logged after the close": self.logged_before_close,
        }
        return [clause for clause, shut in clauses.items() if shut]


class Credit(Document):
    """How an opportunity's amount is split between its partners."""

    model: CreditModel = "primary"
    half_life_days: Annotated[float, Field(ge=0.01, allow_inf_nan=False)] | None = None
    weights: dict[TouchType, Annotated[float, Field(gt=0, le=1_000_000)]] | None = None

    @field_validator("weights")
    @classmethod
    def _six_decimals(cls, weights: dict[TouchType, float] | None) -> dict[TouchType, float] | None:
        """Few enough decimals for exact arithmetic with whole numbers."""
        finer = [kind for kind, weight in (weights or {}).items() if round(weight, 6) != weight]
        if finer:
            raise ValueError(f"the weight of {', '.join(finer)} has more than 6 decimals.")
        return weights

    @model_validator(mode="after")
    def _own_keys(self) -> Self:
        for key, model in (("half_life_days", "time_decay"), ("weights", "weighted")):
            given = getattr(self, key) is not None
            if given and self.model != model:
                raise ValueError(f"'{key}' belongs to the model {model}, not to {self.model}.")
            if not given and self.model == model:
                raise ValueError(f"the model {model} needs '{key}'.")
        return self

    @property
    def is_additive(self) -> bool:
        """Whether the credits of one opportunity add up to its amount."""
        return self.model != "full"


class Approval(Document):
    """Who agreed to a definition, in what role, and when."""

    role: str
    name: str
    on: date


class Definition(Document):
    """One attribution definition; contract.md, section 2, says how it decides.

    `rules` is empty exactly when `basis` is `crm_field`: then the CRM's own field is the class.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    version: Annotated[int, Field(ge=1)]
    title: str
    effective_from: date | None = None
    approvals: tuple[Approval, ...] = ()
    basis: Literal["rules", "crm_field"] = "rules"
    amount: Literal["amount", "recurring_amount"] = "amount"
    opportunity_types: tuple[OpportunityType, ...] = OPPORTUNITY_TYPES
    account_touches: Literal["all", "first", "none"] = "none"
    gates: Gates = Gates()
    rules: tuple[Rule, ...] = ()
    primary_partner: Literal["first", "last", "ranked"] = "first"
    rank: tuple[TouchType, ...] = ()
    credit: Credit = Credit()

    @field_validator("approvals", mode="before")
    @classmethod
    def _no_approvals(cls, value: Any) -> Any:
        return value or ()

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.basis == "crm_field" and self.rules:
            raise ValueError("'rules' and 'basis: crm_field' exclude each other.")
        if self.basis == "rules" and not self.rules:
            raise ValueError("'rules' is missing.\nwrite at least one rule, or basis: crm_field.")
        if not self.opportunity_types:
            raise ValueError(
                "'opportunity_types' is empty.\nname one, or leave the key out for all."
            )
        if (self.primary_partner == "ranked") != bool(self.rank):
            raise ValueError("'rank' goes with 'primary_partner: ranked', and only with it.")
        if len(set(self.rank)) < len(self.rank):
            raise ValueError("'rank' names a touch type twice.")
        if self.credit.weights is not None:
            bare = sorted(self.touch_types - set(self.credit.weights))
            if bare:
                raise ValueError(f"'credit.weights' lacks {', '.join(bare)}, which the rules list.")
        return self

    @property
    def touch_types(self) -> set[str]:
        """Every touch type that some rule lists."""
        return {kind for rule in self.rules for kind in rule.touch_types}

    @property
    def is_approved(self) -> bool:
        return bool(self.approvals)

    @property
    def evidence_required(self) -> bool:
        return self.gates.evidence == "required"

    def without_evidence_gate(self) -> "Definition":
        """The same definition with the evidence gate open: what is claimed."""
        gates = self.gates.model_copy(update={"evidence": "optional"})
        return self.model_copy(update={"gates": gates})

    def role_in_words(self, role: Role) -> str:
        """What makes an opportunity sourced, or influenced, under this definition: one sentence."""
        if self.basis == "crm_field":
            return f"The CRM's own field says {role}; no touch is consulted."
        rules = [rule.in_words() for rule in self.rules if rule.role == role]
        if not rules:
            return f"No rule makes an opportunity {role}."
        sentence = "; or ".join(rules)
        if role == "influenced" and any(rule.role == "sourced" for rule in self.rules):
            sentence += ", and nothing makes it sourced"
        return f"{sentence[0].upper()}{sentence[1:]}."

    def gates_in_words(self) -> str:
        """What a touch must carry to count at all: one sentence."""
        if self.basis == "crm_field":
            return "Touches are not consulted."
        clauses = self.gates.in_words()
        if not clauses:
            return "Every touch counts, with or without evidence."
        return f"A touch counts only if {_conjunction(clauses)}."

    def in_words(self) -> str:
        """The whole definition as a sales leader would read it: one paragraph."""
        kinds = _conjunction([kind.replace("_", " ") for kind in self.opportunity_types])
        attached = {
            "all": "A touch on the account alone attaches to every opportunity of the account.",
            "first": "A touch on the account alone attaches to the opportunities open on that "
            "day and to the next one created.",
            "none": "A touch on the account alone attaches to nothing.",
        }[self.account_touches]
        parts = [
            f"Sourced: {self.role_in_words('sourced')}",
            f"Influenced: {self.role_in_words('influenced')}",
            "Everything else is direct.",
        ]
        if self.basis == "rules":
            parts += [self.gates_in_words(), attached, f"It speaks about {kinds} opportunities."]
        return " ".join(parts)


def _alternatives(kinds: Iterable[str]) -> str:
    words = [kind.replace("_", " ") for kind in kinds]
    joined = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    article = "an" if joined[0] in "aeiou" else "a"
    return f"{article} {joined}"


def _conjunction(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def read_definition(path: Path) -> Definition:
    """Read a definition file.

    Raises ParameterError that names the file, the key, and what would be accepted.
    """
    return read_document(path, Definition)
