"""Recommended tiers: what each partner reached, and what is between it and the next tier."""

from decimal import Decimal
from typing import Final

import polars as pl

from workbench.attribution import local_day
from workbench.contracts import TierRecommendations
from workbench.definitions import Definition
from workbench.metrics import MetricInputs
from workbench.params import RunParams
from workbench.programme.terms import Programme
from workbench.programme.year import in_year, sourced_wins

MEASURES: Final = ("sourced_bookings", "sourced_wins", "evidence_rate")


def tier_recommendations(
    programme: Programme | None,
    inputs: MetricInputs,
    *,
    definition: Definition,
    params: RunParams,
) -> pl.DataFrame:
    """One row per active partner: the highest tier all of whose thresholds it reached.

    The figures are of the twelve months to the as-of day. A figure that is not known reaches no
    threshold above nothing. No rows without a programme, or under another definition than its own.
    """
    if programme is None or programme.definition != definition.id:
        return TierRecommendations.empty()
    thresholds = _thresholds(programme)
    reached = _reached(inputs, params).join(thresholds, how="cross").filter(_reaches_all())
    best = reached.group_by("partner_id").agg(pl.col("place").min())
    near = programme.near_percent
    own = thresholds.rename({f"{name}_threshold": f"{name}_own" for name in MEASURES})
    above = thresholds.rename(
        {f"{name}_threshold": f"{name}_for_next" for name in MEASURES} | {"tier": "next_tier"}
    )
    return (
        _reached(inputs, params)
        .join(best, on="partner_id")
        .join(own.rename({"tier": "recommended_tier"}), on="place")
        .join(above.with_columns(pl.col("place") + 1), on="place", how="left")
        .with_columns(
            _move(programme).alias("move"),
            *(
                _distance(name)
                .cast(TierRecommendations.dtypes()[f"{name}_to_next"])
                .alias(f"{name}_to_next")
                for name in MEASURES
            ),
            pl.when(_is_near_next(near))
            .then(pl.lit("next"))
            .when(_is_near_own(near))
            .then(pl.lit("lower"))
            .alias("near"),
            pl.lit(programme.is_draft_under(definition)).alias("is_draft"),
        )
        .select(list(TierRecommendations.dtypes()))
        .sort(TierRecommendations.row_order())
    )


def tiers_in_words(recommended: pl.DataFrame) -> str:
    """How many partners the recommendation moves, and how many are near a threshold.

    A tier of the partner table that the programme has not, such as one in other letters, is named:
    no rate for a tier holds for its partners.
    """
    if recommended.is_empty():
        return "No tier is recommended: no programme is named, or it goes by another definition."
    moves = dict(recommended.group_by("move").len().iter_rows())
    near = recommended.filter(pl.col("near") == "next").height
    falling = recommended.filter(pl.col("near") == "lower").height
    status = "DRAFT: " if recommended["is_draft"].any() else ""
    unknown = (
        recommended.filter(pl.col("move") == "assign")["current_tier"]
        .drop_nulls()
        .value_counts()
        .sort("count", "current_tier", descending=[True, False])
    )
    strange = ", ".join(f"'{tier}' ({count:,})" for tier, count in unknown.iter_rows())
    return (
        f"{status}{recommended.height:,} active partners: {moves.get('promote', 0):,} reached a "
        f"higher tier than they have, {moves.get('demote', 0):,} a lower one, "
        f"{moves.get('assign', 0):,} had none. Near the next tier: {near:,}; near losing theirs: "
        f"{falling:,}."
        + (f" Counted as none, since the programme has no such tier: {strange}." if strange else "")
    )


def _thresholds(programme: Programme) -> pl.DataFrame:
    """One row per tier: its place from the top, and what it asks for."""
    return pl.DataFrame(
        [
            (place, tier.tier, tier.sourced_bookings, tier.sourced_wins, tier.evidence_rate)
            for place, tier in enumerate(programme.tiers)
        ],
        schema={
            "place": pl.Int64,
            "tier": pl.String,
            "sourced_bookings_threshold": pl.Decimal(18, 2),
            "sourced_wins_threshold": pl.Int64,
            "evidence_rate_threshold": pl.Float64,
        },
        orient="row",
    )


def _reached(inputs: MetricInputs, params: RunParams) -> pl.DataFrame:
    """One row per active partner; no win is none, and no touch leaves the evidence unknown."""
    touched_on = local_day("touched_at", params.timezone)
    evidence = (
        inputs.touches.filter(in_year(touched_on, params.as_of))
        .group_by("partner_id")
        .agg(pl.col("evidence_url").is_not_null().mean().alias("evidence_rate"))
    )
    wins = sourced_wins(inputs, as_of=params.as_of, timezone=params.timezone)
    nothing = pl.col("sourced_wins").is_null()
    return (
        inputs.partners.filter("active")
        .select("partner_id", pl.col("tier").alias("current_tier"))
        .join(wins, on="partner_id", how="left")
        .join(evidence, on="partner_id", how="left")
        .with_columns(
            pl.when(nothing)
            .then(pl.lit(Decimal("0.00")).cast(pl.Decimal(18, 2)))
            .otherwise("sourced_bookings")
            .alias("sourced_bookings"),
            pl.col("sourced_wins").fill_null(0),
            pl.col("unknown_amount_count").fill_null(0),
        )
    )


def _reaches_all() -> pl.Expr:
    return pl.all_horizontal(
        (pl.col(f"{name}_threshold") == 0)
        | (pl.col(name) >= pl.col(f"{name}_threshold")).fill_null(value=False)
        for name in MEASURES
    )


def _move(programme: Programme) -> pl.Expr:
    """From the tier that the partner table has; a tier that the programme does not know is none."""
    places = {tier.tier: place for place, tier in enumerate(programme.tiers)}
    now = pl.col("current_tier").replace_strict(places, default=None, return_dtype=pl.Int64)
    return (
        pl.when(now.is_null())
        .then(pl.lit("assign"))
        .when(now > pl.col("place"))
        .then(pl.lit("promote"))
        .when(now < pl.col("place"))
        .then(pl.lit("demote"))
        .otherwise(pl.lit("keep"))
    )


def _distance(name: str) -> pl.Expr:
    """What is missing for the next tier: 0 where it is reached, null where nothing is known."""
    return (pl.col(f"{name}_for_next") - pl.col(name)).clip(lower_bound=0)


def _is_near_next(percent: int) -> pl.Expr:
    """Every figure is at most so many percent of its threshold short of the next tier."""
    return pl.all_horizontal(
        (pl.col(f"{n}_for_next") == 0)
        | (_distance(n) * 100 <= pl.col(f"{n}_for_next") * percent).fill_null(value=False)
        for n in MEASURES
    ).fill_null(value=False)


def _is_near_own(percent: int) -> pl.Expr:
    """Some figure is at most so many percent above the threshold of the recommended tier."""
    return pl.any_horizontal(
        (pl.col(f"{n}_own") > 0)
        & ((pl.col(n) - pl.col(f"{n}_own")) * 100 <= pl.col(f"{n}_own") * percent)
        for n in MEASURES
    ).fill_null(value=False)
