"""The parts of an attribution definition: windows, rules, gates, credit, approvals."""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from workbench.definitions.words import alternatives
from workbench.documents import Document
from workbench.vocabulary import (
    TOUCH_TYPES,
    CreditModel,
    Role,
    TouchType,
)

Anchor = Literal["created", "closed"]
Choice = Literal["required", "optional"]

_BOUND_PATTERN: Final = r"\s*(created|closed)\s*(?:([+-])\s*([0-9]{1,5})\s*d)?\s*"


def when(key: str, value: str, *, then: dict[str, Any], otherwise: dict[str, Any]) -> Any:
    """A condition of a JSON Schema: what holds where a key has a value, and where it has not."""
    holds = {"properties": {key: {"const": value}}, "required": [key]}
    return {"if": holds, "then": then, "else": otherwise}


def _given(key: str) -> dict[str, Any]:
    return {"properties": {key: {"not": {"type": "null"}}}, "required": [key]}


def _not_given(key: str) -> dict[str, Any]:
    return {"properties": {key: {"type": "null"}}}


class Bound(Document):
    """One end of a window: an anchor day moved by whole calendar days."""

    anchor: Anchor
    days: int

    @classmethod
    def parse(cls, text: str) -> "Bound":
        """Read `created`, `closed - 30d` or `created + 14d`."""
        found = re.fullmatch(_BOUND_PATTERN, text)
        if found is None:
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


# What an editor is told of a window's end and of a list of touch types; the validators say more.
_BoundText = Annotated[
    Bound | None,
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^{_BOUND_PATTERN}$"}, {"type": "null"}]}
    ),
]
_TouchTypes = Annotated[
    tuple[TouchType, ...],
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "any"},
                {"type": "array", "items": {"enum": list(TOUCH_TYPES)}, "minItems": 1},
            ]
        }
    ),
]


class Rule(Document):
    """A role for touches of some types inside a window; both ends of the window belong to it.

    `start` or `end` that is None leaves that side open.
    """

    role: Role = Field(description="What an accepted touch makes of its opportunity.")
    touch_types: _TouchTypes = Field(description="A list of touch types, or any.")
    start: _BoundText = Field(
        default=None,
        alias="from",
        description="First day of the window: created or closed, moved by days: created - 365d.",
    )
    end: _BoundText = Field(
        default=None, alias="to", description="Last day of the window; it belongs to it."
    )

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
        kinds = "any partner touch" if self.any_type else alternatives(self.touch_types)
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

    evidence: Choice = Field(default="optional", description="A link that lets anyone check it.")
    partner_contact: Choice = Field(default="optional", description="The partner's person.")
    seller_acceptance: Choice = Field(default="optional", description="The seller who accepted it.")
    logged_within_days: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Calendar days from the touch to its log entry, at most."
    )
    logged_before_close: bool = Field(
        default=False, description="Whether an entry made after the closed day is refused."
    )

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

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                when("model", model, then=_given(key), otherwise=_not_given(key))
                for model, key in (("time_decay", "half_life_days"), ("weighted", "weights"))
            ]
        }
    )

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
