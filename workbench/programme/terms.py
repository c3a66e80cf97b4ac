"""A partner programme: what its file may say of tiers, rates, caps and clawback."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from workbench.definitions import Definition
from workbench.definitions.parts import Approval
from workbench.documents import Document, flat, read_document, suggestion
from workbench.vocabulary import PARTNER_TYPES, PartnerType, Role

Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)]


class Tier(Document):
    """A tier, and what a partner must have reached in twelve months to belong to it.

    `sourced_bookings` is in the reporting currency; a threshold that is not named asks nothing.
    """

    tier: Words
    sourced_bookings: Amount = Decimal(0)
    sourced_wins: Annotated[int, Field(ge=0)] = 0
    evidence_rate: Annotated[float, Field(ge=0, le=1)] = 0


class Rate(Document):
    """What share of the credited amount is paid; who and what it is for.

    Partner types and tiers that are not named are all of them; `tiers: null` includes a partner
    that has none.
    """

    classification: Role
    partner_types: tuple[PartnerType, ...] = PARTNER_TYPES
    tiers: tuple[Words, ...] | None = None
    rate: Share


class Terms(Document):
    """What is paid for an opportunity that closed on the day `effective_from` or later.

    Terms hold until the next ones of the file. The first rate that fits counts; where none does,
    nothing is paid. `cap_per_partner_year` is for twelve months, counted from `effective_from`.
    A booking is settled when more than `clawback_days` have passed since the closed day.
    """

    effective_from: date
    evidence: Literal["required", "optional"]
    rates: tuple[Rate, ...]
    cap_per_opportunity: Amount
    cap_per_partner_year: Amount
    clawback_days: Annotated[int, Field(ge=0, le=36_500)]

    @field_validator("rates")
    @classmethod
    def _some(cls, rates: tuple[Rate, ...]) -> tuple[Rate, ...]:
        if not rates:
            raise ValueError("the list is empty.\nwrite at least one rate.")
        return rates


class Programme(Document):
    """Tiers, highest first, and terms, earliest first; without approvals it is a draft.

    `definition` is the id of the definition whose credit is paid. `near_percent` is how close to
    a threshold counts as near it.
    """

    version: Annotated[int, Field(ge=1)]
    title: Words
    definition: Words
    approvals: tuple[Approval, ...] = ()
    near_percent: Annotated[int, Field(ge=0, le=100)]
    tiers: tuple[Tier, ...]
    terms: tuple[Terms, ...]

    @field_validator("approvals", mode="before")
    @classmethod
    def _no_approvals(cls, value: Any) -> Any:
        return value or ()

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        wrong = [*self._tier_faults(), *self._term_faults()]
        if wrong:
            raise ValueError(" ".join(wrong))
        return self

    def _tier_faults(self) -> list[str]:
        names = [tier.tier for tier in self.tiers]
        if not names:
            return ["'tiers' is empty: name at least one."]
        faults = []
        if len(set(names)) < len(names):
            faults.append("'tiers' names a tier twice.")
        faults += [
            f"'{higher.tier}' asks for less than '{lower.tier}' below it: the highest comes first."
            for higher, lower in pairwise(self.tiers)
            if higher.sourced_bookings < lower.sourced_bookings
            or higher.sourced_wins < lower.sourced_wins
            or higher.evidence_rate < lower.evidence_rate
        ]
        lowest = self.tiers[-1]
        if lowest.sourced_bookings or lowest.sourced_wins or lowest.evidence_rate:
            faults.append(
                f"'{names[-1]}', the lowest tier, must ask nothing: every partner has one."
            )
        return faults

    def _term_faults(self) -> list[str]:
        if not self.terms:
            return ["'terms' is empty: write at least one entry."]
        days = [terms.effective_from for terms in self.terms]
        faults = []
        if any(later <= earlier for earlier, later in pairwise(days)):
            faults.append("'terms' must follow each other by 'effective_from', the earliest first.")
        known = [tier.tier for tier in self.tiers]
        named = {tier for terms in self.terms for rate in terms.rates for tier in rate.tiers or ()}
        return faults + [
            f"a rate is for the tier '{tier}', which is none: {suggestion(tier, known)}"
            for tier in sorted(named - set(known))
        ]

    def content(self) -> dict[str, str]:
        """What the programme pays by, key by key; its title and who approved it are not of it."""
        return flat(self.model_dump(mode="json", exclude={"title", "approvals", "version"}))

    def is_draft_under(self, definition: Definition) -> bool:
        """Whether the programme or the definition lacks approval: then nothing is payable."""
        return not (self.approvals and definition.is_approved)


def read_programme(path: Path) -> Programme:
    """Read a programme file.

    Raises ParameterError that names the file, every key that is wrong, and what is accepted.
    """
    return read_document(path, Programme)
