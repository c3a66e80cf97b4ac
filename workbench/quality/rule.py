"""What a rule of the catalogue is."""

from dataclasses import dataclass, field

import polars as pl

from workbench.contracts import Contract
from workbench.vocabulary import Severity

EVERY_RECORD = pl.lit(value=True)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule about the records of one table, as data.

    `applies`, `fails` and `message` speak about the columns of the table and those that
    `workbench.quality.facts` adds. A record that `applies` leaves out is not checked; one on which
    `fails` is null keeps the rule. `message` is a sentence about the record, never null.

    `owner` says who mends it, in words; where that is a person whom a column of the record names,
    it is `owner_column`. `days_to_mend` is None exactly where `severity` is info. `stops` marks
    what no later stage can count past: it raises an error rather than show a wrong number.
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
