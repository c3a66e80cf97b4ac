"""Rulings: what people decided about single opportunities, over the rules; a file."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from workbench.documents import Document, read_document
from workbench.vocabulary import Classification

Words = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Ruling(Document):
    """One decision about one opportunity: what, by whom, when, why, and until when.

    It is in force from the day `on`, and to the end of the day `until` where there is one.
    """

    opportunity_id: Words
    classification: Classification
    partner_id: Words | None = None
    by: Words
    on: date
    why: Words
    until: date | None = None

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.classification == "direct" and self.partner_id is not None:
            raise ValueError(
                f"direct, and yet partner {self.partner_id}.\n"
                "nobody has credit for a direct opportunity: take 'partner_id' out."
            )
        if self.classification != "direct" and self.partner_id is None:
            raise ValueError(
                f"'partner_id' is missing.\nname the partner that makes it {self.classification}."
            )
        if self.until is not None and self.until < self.on:
            raise ValueError(
                f"it ends on {self.until}, before it begins on {self.on}.\n"
                "let 'until' be the last day on which it holds."
            )
        return self

    def is_in_force(self, as_of: date) -> bool:
        return self.on <= as_of and (self.until is None or as_of <= self.until)


class Rulings(Document):
    """The file: any number of rulings; a later one about an opportunity supersedes an earlier."""

    rulings: tuple[Ruling, ...]

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        counts = Counter((ruling.opportunity_id, ruling.on) for ruling in self.rulings)
        twice = sorted(f"{one} on {day}" for (one, day), count in counts.items() if count > 1)
        if twice:
            raise ValueError(
                f"more than one ruling of the same day: {', '.join(twice)}.\n"
                "keep the one that holds, or give the later one its own day."
            )
        return self


def read_rulings(path: Path) -> tuple[Ruling, ...]:
    """Read a file of rulings.

    Raises ParameterError that names the file, every ruling that is wrong, and what is accepted.
    """
    return read_document(path, Rulings).rulings


def rulings_in_force(rulings: Iterable[Ruling], *, as_of: date) -> list[Ruling]:
    """One ruling per opportunity, sorted by its id: the latest of those in force on a day."""
    latest: dict[str, Ruling] = {}
    for ruling in sorted(rulings, key=lambda ruling: ruling.on):
        if ruling.is_in_force(as_of):
            latest[ruling.opportunity_id] = ruling
    return [latest[opportunity_id] for opportunity_id in sorted(latest)]
