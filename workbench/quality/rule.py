"""What a rule of the catalogue is."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from workbench.contracts import Contract
from workbench.vocabulary import Severity

EVERY_RECORD = pl.lit(value=True)


@dataclass(frozen=True)
class Threshold:
    """A number on which a rule turns, and what it counts; a parameter file may set another."""

    name: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value:g} ({self.unit})"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule about the records of one table, as data.

    `applies`, `fails` and `message` speak about the columns of the table and those that
    `workbench.quality.facts` adds. A record that `applies` leaves out is not checked; one on which
    `fails` is null keeps the rule. `message` is a sentence about the record, never null. `table`
    may also be one of `workbench.quality.grains`: records that are no row of a single table.

    `owner` says who mends it, in words; where that is a person whom a column of the record names,
    it is `owner_column`. `days_to_mend` is None exactly where `severity` is info. `stops` marks
    what no later stage can count past: it raises an error rather than show a wrong number.

    A rule with `thresholds` is made by the function `made_by`, which takes them by name.
    """

    id: str
    table: type[Contract]
    severity: Severity
    title: str
    meaning: str
    why: str
    owner: str
    days_to_mend: int | None
    suggestion: str
    fails: pl.Expr = field(compare=False)
    message: pl.Expr = field(compare=False)
    applies: pl.Expr = field(default=EVERY_RECORD, compare=False)
    owner_column: str | None = None
    stops: bool = False
    thresholds: tuple[Threshold, ...] = ()
    made_by: Callable[..., "Rule"] | None = field(default=None, compare=False, repr=False)

    def with_thresholds(self, **values: float) -> "Rule":
        """The rule with other values in place of some of its thresholds."""
        if self.made_by is None or not values:
            return self
        return self.made_by(**{one.name: one.value for one in self.thresholds} | values)
