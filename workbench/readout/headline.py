"""The rows of the metrics table that the page quotes."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.periods import Period


@dataclass(frozen=True)
class Row:
    """One value of the metrics table; null has a reason."""

    value: float | None
    reason: str = ""
    numerator: float | None = None
    denominator: float | None = None
    n: int | None = None
    ci_low: float | None = None
    ci_high: float | None = None

    def overlaps(self, other: "Row") -> bool:
        """Whether the two 95 % intervals have a point in common; false when one is missing."""
        ends = (self.ci_low, self.ci_high, other.ci_low, other.ci_high)
        low, high, other_low, other_high = ends
        if low is None or high is None or other_low is None or other_high is None:
            return False
        return low <= other_high and other_low <= high


class Headline:
    """Looks values up in the current basis of a metrics table of one definition."""

    def __init__(self, metrics: pl.DataFrame, *, period: Period) -> None:
        self.metrics = metrics.filter(pl.col("basis") == "current")
        self.period = period
        self.noun = period.noun
        wanted = self.metrics.filter(dimension="all")
        self._rows = {
            (row["metric"], row["classification"], row["period"]): row for row in wanted.to_dicts()
        }

    def row(self, metric: str, classification: str = "all", *, period: str | None = None) -> Row:
        """The value about everything; `period` is this one unless said."""
        label = period or self.period.label
        found: dict[str, Any] | None = self._rows.get((metric, classification, label))
        if found is None:
            return Row(None, f"the metrics table has no {metric} for {label}")
        return Row(
            value=found["value"],
            reason=found["reason"] or "",
            numerator=found["numerator"],
            denominator=found["denominator"],
            n=found["n"],
            ci_low=found["ci_low"],
            ci_high=found["ci_high"],
        )

    def pair(self, metric: str, classification: str = "all") -> tuple[Row, Row]:
        """The value of this period, and of the one before it."""
        before = self.period.before().label
        return self.row(metric, classification), self.row(metric, classification, period=before)

    def members(self, metric: str, *, dimension: str) -> list[tuple[str, float]]:
        """The known values by member of a dimension in this period, largest first."""
        found = self.metrics.filter(
            (pl.col("metric") == metric)
            & (pl.col("dimension") == dimension)
            & (pl.col("period") == self.period.label)
            & pl.col("value").is_not_null()
        ).sort("value", "member", descending=[True, False])
        return list(found.select("member", "value").iter_rows())
