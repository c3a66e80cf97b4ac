"""What changed since the last report: the bridge from the sealed figure to the one of today."""

from decimal import Decimal
from typing import Any, Final

import polars as pl

from workbench.params import RunParams
from workbench.periods import period_title
from workbench.readout import formats
from workbench.readout.headline import Headline
from workbench.restatement import PART_TITLES
from workbench.vocabulary import ROLES, Role

LARGEST_PARTS: Final = 3
NOTHING_SEALED: Final = "No earlier report was sealed, so there is none to compare with."


def changes_in_words(
    restatement: pl.DataFrame | None,
    sealed_periods: pl.DataFrame | None,
    *,
    headline: Headline,
    params: RunParams,
) -> str:
    """The bookings of the last sealed period as reported and today, and the three largest parts.

    Sourced and influenced each have their own sentence; amounts are exact. `restatement` and
    `sealed_periods` are the tables of those names. Empty where the run does not keep them.
    """
    if restatement is None or sealed_periods is None:
        return ""
    if sealed_periods.is_empty():
        return NOTHING_SEALED
    last = sealed_periods.sort("period").row(-1, named=True)
    title, currency = period_title(last["period"]), last["reporting_currency"]
    if currency != params.reporting_currency:
        return f"{title} was reported in {currency}, and is not compared."
    moved = restatement.filter(period=last["period"], metric="bookings")
    roles = [
        _role_in_words(role, last, moved=moved.filter(classification=role), headline=headline)
        for role in ROLES
    ]
    lead = f"Bookings of {title}, {currency}, reported as of {formats.day(last['as_of'])}:"
    return f"{lead} {'; '.join(roles)}."


def _role_in_words(
    role: Role, sealed: dict[str, Any], *, moved: pl.DataFrame, headline: Headline
) -> str:
    """`sourced 900.00 then, 1,000.00 today (rulings +100.00 in 1 opportunity)`."""
    today = headline.row("bookings", role, period=sealed["period"])
    if today.value is None:
        return f"{role} not known today, because {today.reason}"
    now, change = formats.cents(today.value), Decimal(moved["change"].sum() or 0)
    if moved.is_empty():
        return f"{role} {formats.exact_amount(now)} then and today"
    said = f"{role} {formats.exact_amount(now - change)} then, {formats.exact_amount(now)} today"
    return f"{said} ({', '.join(_parts(moved))})"


def _parts(moved: pl.DataFrame) -> list[str]:
    parts = moved.group_by("part").agg(pl.col("change").sum(), opportunities=pl.len())
    parts = parts.sort(pl.col("change").abs(), "part", descending=[True, False])
    said = [
        f"{PART_TITLES[part]} {formats.signed_amount(change)} in "
        f"{formats.counted(count, 'opportunity', 'opportunities')}"
        for part, change, count in parts.head(LARGEST_PARTS).iter_rows()
    ]
    if rest := parts.slice(LARGEST_PARTS)["change"].to_list():
        others = formats.counted(len(rest), "other part")
        said.append(f"{others} {formats.signed_amount(sum(rest, Decimal(0)))}")
    return said
