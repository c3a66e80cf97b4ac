"""An attribution definition: what its file may say, and the same in plain English."""

from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from workbench.definitions.parts import Approval, Credit, Gates, Rule, when
from workbench.definitions.words import conjunction, day_in_words, kind_in_words
from workbench.documents import Document
from workbench.vocabulary import OPPORTUNITY_TYPES, OpportunityType, Role, TouchType

Text = Annotated[str, Field(min_length=1)]

_NO_RULES: Final = {"properties": {"rules": {"maxItems": 0}}}
_SOME_RULES: Final = {"properties": {"rules": {"minItems": 1}}, "required": ["rules"]}
_NO_RANK: Final = {"properties": {"rank": {"maxItems": 0}}}
_SOME_RANK: Final = {"properties": {"rank": {"minItems": 1}}, "required": ["rank"]}


class Definition(Document):
    """One attribution definition; docs/definitions.md says how it decides.

    `rules` is empty exactly when `basis` is `crm_field`: then the CRM's own field is the class.
    `title`, `approvals`, `purpose`, `origin` and `blind_to` are for its readers and decide nothing.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                when("basis", "crm_field", then=_NO_RULES, otherwise=_SOME_RULES),
                when("primary_partner", "ranked", then=_SOME_RANK, otherwise=_NO_RANK),
            ]
        }
    )

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = Field(
        description="The name of the file without its ending."
    )
    version: Annotated[int, Field(ge=1)] = Field(
        description="Raise it whenever the content changes."
    )
    title: str = Field(description="The definition in one line.")
    effective_from: date | None = Field(default=None, description="The day it comes into force.")
    approvals: tuple[Approval, ...] = Field(
        default=(), description="Who agreed, and when; empty means draft."
    )
    purpose: Text | None = Field(default=None, description="What it is for.")
    origin: Text | None = Field(default=None, description="Where the idea comes from.")
    blind_to: tuple[Text, ...] = Field(
        default=(), description="What it cannot see, one sentence each."
    )
    basis: Literal["rules", "crm_field"] = Field(
        default="rules", description="The rules below, or the CRM's own field alone."
    )
    amount: Literal["amount", "recurring_amount"] = Field(
        default="amount", description="The column of opportunities that is counted and credited."
    )
    opportunity_types: tuple[OpportunityType, ...] = Field(
        default=OPPORTUNITY_TYPES,
        json_schema_extra={"minItems": 1},
        description="The types whose touches count; an opportunity of another type is direct.",
    )
    account_touches: Literal["all", "first", "none"] = Field(
        default="none",
        description="What a touch on the account alone attaches to: every opportunity, those open "
        "on that day and the next one created, or nothing.",
    )
    gates: Gates = Field(default=Gates(), description="What every touch must carry to count.")
    rules: tuple[Rule, ...] = Field(
        default=(), description="The first rule that fits gives the role."
    )
    primary_partner: Literal["first", "last", "ranked"] = Field(
        default="first", description="Whose touch names the partner that stands for it."
    )
    rank: tuple[TouchType, ...] = Field(
        default=(),
        json_schema_extra={"uniqueItems": True},
        description="With primary_partner: ranked: touch types, strongest first.",
    )
    credit: Credit = Field(
        default=Credit(), description="How the amount is split between the partners."
    )

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
    def status_in_words(self) -> str:
        """Who approved it, and on what day; or that it is a draft."""
        if not self.approvals:
            return "DRAFT: nobody has approved it."
        agreed = [f"{a.name} ({a.role}) on {day_in_words(a.on)}" for a in self.approvals]
        return f"Approved by {conjunction(agreed)}."

    @property
    def is_approved(self) -> bool:
        return bool(self.approvals)

    @property
    def evidence_required(self) -> bool:
        return self.gates.evidence == "required"

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
        return f"A touch counts only if {conjunction(clauses)}."

    def in_words(self) -> str:
        """The whole definition as a sales leader would read it: one paragraph."""
        kinds = conjunction([kind_in_words(kind) for kind in self.opportunity_types])
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
