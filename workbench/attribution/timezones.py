"""Classes that hang on a time zone: what a shift of the touches' clock would turn.

Touches and opportunities often come from two systems, and a date alone does not say in which zone
it was a date. Where their clocks are apart, a touch moves over midnight and may leave its window.
"""

from dataclasses import replace
from typing import Final

import polars as pl

from workbench.attribution.decisions import claimed_pairs
from workbench.attribution.facts import ACCOUNT_ANY, ACCOUNT_FIRST, OWN_LINK, Snapshot, local_day
from workbench.contracts import TimezoneFlips
from workbench.definitions import Definition

DAY_HOURS: Final = 24
_SHIFTS: Final = [hours for size in range(1, DAY_HOURS + 1) for hours in (-size, size)]


def timezone_flips(
    facts: Snapshot,
    definition: Definition,
    attributed: pl.DataFrame,
    *,
    touches: pl.DataFrame,
    timezone: str,
) -> pl.DataFrame:
    """The opportunities that have another class when the touches' clock is up to a day off.

    One row per such opportunity, the columns of `TimezoneFlips`: `shift_hours` is the smallest
    shift that turns it, whole hours that are added to the days and log days of all touches while
    those of the opportunities stay, and `other_classification` what it then is. Of two shifts of
    one size the earlier clock is tried first. None of the others turns under any whole hour.

    `attributed` is what the rules say of the snapshot, and `touches` the table that it was made of.
    Only pairs that lie within a day of a bound are decided again.
    """
    shown = attributed.select("opportunity_id", "classification", "amount_reporting")
    found: list[pl.DataFrame] = [TimezoneFlips.empty()]
    if definition.basis == "crm_field":
        return found[0]
    pairs = _movable_pairs(facts, definition, touches)
    if not pairs.is_empty():
        settled = _settled_roles(facts, definition, pairs)
        left = _opportunities_of(facts, pairs).join(shown, on="opportunity_id")
        for hours in _SHIFTS:
            moved = replace(facts, pairs=_moved(pairs, hours=hours, timezone=timezone))
            roles = pl.concat([settled, _accepted_roles(moved, definition)])
            turned = (
                left.join(_classes(roles), on="opportunity", how="left")
                .with_columns(pl.col("other_classification").fill_null("direct"))
                .filter(pl.col("other_classification") != pl.col("classification"))
                .with_columns(pl.lit(hours, pl.Int64).alias("shift_hours"))
            )
            found.append(turned.select(TimezoneFlips.empty().columns))
            left = left.join(turned, on="opportunity", how="anti")
    return pl.concat(found).sort("opportunity_id")


def flips_in_words(flips: pl.DataFrame, *, currency: str) -> str:
    """How many opportunities hang on a time zone, and how much they are worth, in one sentence."""
    if flips.is_empty():
        return "No class would turn if the clock of the touches were up to a day off."
    amount = flips["amount_reporting"].sum()
    soon = flips.filter(pl.col("shift_hours").abs() < DAY_HOURS / 2).height
    are = "1 opportunity" if flips.height == 1 else f"{flips.height:,} opportunities"
    return (
        f"{are}, {currency} {amount:,.0f} in all, would have another class if the clock of the "
        f"touches were up to a day off; {soon:,} of them if it were less than half a day off."
    )


def _movable_pairs(facts: Snapshot, definition: Definition, touches: pl.DataFrame) -> pl.DataFrame:
    """The pairs whose decision a shift could change, with the instants and days that it moves.

    With a touch on the account that may reach another opportunity, all pairs of that touch.
    """
    near = pl.any_horizontal(_near_bounds(definition))
    by_account = pl.col("reach") > OWN_LINK
    pairs = facts.pairs
    if definition.account_touches == "none":
        pairs = pairs.filter(~by_account)
    if definition.account_touches == "first":
        at_an_end = pl.col("from_created").is_between(-1, 1) | pl.col("from_closed").is_between(
            -1, 1
        )
        near = (near | (by_account & at_an_end)).any().over("touch") & by_account | near
    if definition.gates.logged_before_close:
        logged_from_closed = pl.col("from_closed") + pl.col("days_to_log")
        near = near | logged_from_closed.is_between(0, 1)
    pairs = pairs.filter(near)
    in_order = touches if touches["touch_id"].is_sorted() else touches.sort("touch_id")
    of_opportunity = facts.opportunities.select(
        "created_day",
        "last_day",
        pl.struct("created_at", "opportunity").rank("ordinal").alias("turn"),
    )[pairs["opportunity"]]
    instants = in_order.select("touched_at", "logged_at")[pairs["touch"]]
    return pairs.hstack(instants).hstack(of_opportunity)


def _near_bounds(definition: Definition) -> list[pl.Expr]:
    """Whether a pair's days lie within one of a bound that the definition compares them with."""
    bounds = {("from_closed", 0)}
    columns = {"created": "from_created", "closed": "from_closed"}
    for rule in definition.rules:
        bounds |= {(columns[b.anchor], b.days) for b in (rule.start, rule.end) if b is not None}
    if (limit := definition.gates.logged_within_days) is not None:
        bounds.add(("days_to_log", limit))
    return [pl.col(name).is_between(days - 1, days + 1) for name, days in sorted(bounds)]


def _moved(pairs: pl.DataFrame, *, hours: int, timezone: str) -> pl.DataFrame:
    """The pairs as they would be with the touches' clock some hours later."""
    shift = pl.duration(hours=hours)
    touched, created = pl.col("touched_day"), pl.col("created_day")
    came_later = pl.when(created > touched).then("turn")
    is_next = pl.col("turn") == came_later.min().over("touch")
    was_open = touched.is_between("created_day", "last_day")
    reach = (
        pl.when(pl.col("reach") == OWN_LINK)
        .then(pl.lit(OWN_LINK, pl.UInt8))
        .when(was_open | is_next.fill_null(value=False))
        .then(pl.lit(ACCOUNT_FIRST, pl.UInt8))
        .otherwise(pl.lit(ACCOUNT_ANY, pl.UInt8))
    )
    return (
        pairs.with_columns(pl.col("touched_at", "logged_at") + shift)
        .with_columns(
            local_day("touched_at", timezone).alias("touched_day"),
            local_day("logged_at", timezone).alias("logged_day"),
        )
        .with_columns(
            (touched - created).dt.total_days().alias("from_created"),
            (touched - pl.col("last_day")).dt.total_days().alias("from_closed"),
            (pl.col("logged_day") - touched).dt.total_days().alias("days_to_log"),
            (pl.col("logged_day") > pl.col("last_day"))
            .fill_null(value=False)
            .alias("is_logged_after_close"),
            # A touch after the as-of day is one after the last day of whatever it is paired with.
            pl.lit(value=False).alias("is_after_as_of"),
            reach.alias("reach"),
        )
    )


def _accepted_roles(facts: Snapshot, definition: Definition) -> pl.DataFrame:
    return claimed_pairs(facts, definition).filter("is_accepted").select("opportunity", "role")


def _settled_roles(facts: Snapshot, definition: Definition, movable: pl.DataFrame) -> pl.DataFrame:
    """The roles of accepted pairs that no shift changes, of opportunities that have others."""
    same = facts.pairs.filter(
        pl.col("opportunity").is_in(movable["opportunity"].unique().implode())
    )
    same = same.join(movable, on=["touch", "opportunity"], how="anti")
    return _accepted_roles(replace(facts, pairs=same), definition)


def _opportunities_of(facts: Snapshot, pairs: pl.DataFrame) -> pl.DataFrame:
    numbers = pairs["opportunity"].unique().sort()
    return facts.opportunities.select("opportunity", "opportunity_id")[numbers]


def _classes(roles: pl.DataFrame) -> pl.DataFrame:
    """One row per opportunity with an accepted pair; sourced is the first of the roles."""
    return roles.group_by("opportunity").agg(
        pl.col("role").min().cast(pl.String).alias("other_classification")
    )
