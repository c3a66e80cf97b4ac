"""How an opportunity's amount is split between its partners, to the cent."""

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

import polars as pl

from workbench.attribution.money import in_currency
from workbench.definitions import Definition
from workbench.vocabulary import CreditModel, TouchType

# Weights of a position-based split: the first and the last touch get 40 % each, those between them
# share 20 %; two touches get half each.
_END_SHARE, _MIDDLE_SHARE = 40, 20
_WHOLE_MODELS = ("primary", "first", "last")  # one partner has all
_SHARE_PARTS = 2**53  # as fine as a float can tell shares apart
_TIE_PARTS = 2**17  # remainders are equal within this part of a cent


def partner_shares(pairs: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """How much of an opportunity's credit each of its partners has.

    `pairs`: the accepted pairs of each opportunity's class, in the order (`opportunity`,
    `touched_at`, `touch`). One row per opportunity and partner, in this order: `weight` and
    `total_weight`, whose ratio is the share; `turn`, the place of the partner's first pair, which
    settles ties.
    """
    weighted = pair_weights(pairs, definition)
    if definition.credit.model in _WHOLE_MODELS:
        return weighted.with_columns(pl.lit(1, pl.Int64).alias("total_weight"))
    counts_once = definition.credit.model in {"equal", "full"}
    by_partner = weighted.select("opportunity", "partner", "role", "weight", "turn").sort(
        "opportunity", "partner", maintain_order=True
    )
    run = pl.struct("opportunity", "partner").rle_id().alias("run")  # cheaper than two keys
    shares = by_partner.group_by(run, maintain_order=True).agg(
        pl.col("opportunity", "partner", "role", "turn").first(),
        pl.col("weight").first() if counts_once else pl.col("weight").sum(),
    )
    total = pl.col("weight").sum().over("opportunity")
    if not definition.credit.is_additive:
        total = pl.col("weight")
    return shares.drop("run").with_columns(total.alias("total_weight"))


def pair_weights(pairs: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """The pairs that count, in their order, each with its `weight` and its `turn`, from 0.

    `pairs` as in `partner_shares`. A pair's part of the credit is its weight, of the sum of those
    of its opportunity; only `equal` and `full` count a partner's pairs once.
    """
    if definition.credit.model in _WHOLE_MODELS:
        return _whole_weights(pairs, definition.credit.model)
    touch_counts = pairs["opportunity"].rle().struct.field("len")
    return pairs.with_columns(
        pl.int_ranges(pl.lit(touch_counts)).explode().alias("turn"),
        touch_counts.repeat_by(touch_counts).explode().alias("touch_count"),
    ).with_columns(_weight(definition).alias("weight"))


def _whole_weights(pairs: pl.DataFrame, model: CreditModel) -> pl.DataFrame:
    """One pair an opportunity where one partner has all: the first's, the last's or the primary."""
    neighbour = pl.col("opportunity").shift(-1 if model == "last" else 1)
    return pairs.filter(pl.col("opportunity").ne_missing(neighbour)).select(
        "opportunity",
        pl.col("primary_partner" if model == "primary" else "partner").alias("partner"),
        "role",
        pl.lit(1, pl.Int64).alias("weight"),
        pl.lit(0, pl.Int64).alias("turn"),
    )


def _weight(definition: Definition) -> pl.Expr:
    """The weight of one pair within its opportunity."""
    credit = definition.credit
    turn, count = pl.col("turn"), pl.col("touch_count")
    if credit.model == "position":
        is_end = (turn == 0) | (turn == count - 1)
        end_weight = _END_SHARE * (count.cast(pl.Int64) - 2)
        several = pl.when(is_end).then(end_weight).otherwise(_MIDDLE_SHARE)
        weight = pl.when(count > 2).then(several).otherwise(1)
    elif credit.half_life_days is not None:
        anchor = pl.when(pl.col("role") == "sourced").then("from_created").otherwise("from_closed")
        days = (-anchor).clip(lower_bound=0)
        nearest = days.min().over("opportunity")  # a common factor: no weight vanishes to 0
        weight = pl.lit(2.0).pow((nearest - days) / credit.half_life_days)
    elif credit.weights is not None:
        weight = pl.col("touch_type").replace_strict(
            whole_weights(credit.weights), return_dtype=pl.Int64
        )
    else:  # equal, linear and full: one touch, or one partner, counts like another
        weight = pl.lit(1, pl.Int64)
    return weight


def whole_weights(weights: Mapping[TouchType, float]) -> dict[str, int]:
    """The same weights as whole numbers in the same proportion, so that shares are exact."""
    exact = {kind: Fraction(str(weight)) for kind, weight in weights.items()}
    scale = lcm(*(weight.denominator for weight in exact.values()))
    return {kind: int(weight * scale) for kind, weight in exact.items()}


def credited_amounts(shares: pl.DataFrame) -> pl.DataFrame:
    """Shares turned into cents by largest remainder, which add up to the amount exactly.

    `shares` has `amount_reporting` beside what `partner_shares` gives. Every partner gets the whole
    cents of its share; the cents left over go one each to the largest remainders, and among equals
    to the partner whose first pair comes earlier. A negative amount is split like its opposite; a
    null amount gives null credit. The rows stay in their order.
    """
    cents = pl.col("amount_reporting").to_physical().cast(pl.Int64)
    weight, total = pl.col("weight"), pl.col("total_weight")
    if is_float := shares["weight"].dtype.is_float():  # whole parts of a share: no cent is lost
        weight = (weight / total * _SHARE_PARTS).round().cast(pl.Int64)
        total = weight.sum().over("opportunity")
    product, total = cents.abs().cast(pl.Int128) * weight, total.cast(pl.Int128)
    remainder = product % total
    if is_float:  # equal remainders may differ by what a float cannot hold
        remainder = (remainder * _TIE_PARTS + total // 2) // total
    counted = shares.with_columns((product // total).cast(pl.Int64).alias("whole")).with_columns(
        (cents.abs() - pl.col("whole").sum().over("opportunity")).alias("left_over")
    )
    ranked = (
        counted.with_row_index("row")
        .filter(pl.col("left_over") > 0)
        .sort("opportunity", remainder, "turn", descending=[False, True, False])
        .with_row_index("place")
    )
    place = pl.col("place") - pl.col("place").first().over("opportunity")
    winners = ranked.filter(place < pl.col("left_over"))["row"]
    extra = pl.zeros(shares.height, dtype=pl.Int64, eager=True).scatter(winners, 1)
    return counted.with_columns(
        in_currency((pl.col("whole") + extra) * cents.sign()).alias("credited_amount")
    ).drop("whole", "left_over")


def partner_credit(shares: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """One row per opportunity and partner: its share and its credited amount."""
    if definition.credit.is_additive:
        credited = credited_amounts(shares)
    else:
        credited = shares.with_columns(pl.col("amount_reporting").alias("credited_amount"))
    return credited.with_columns(
        (pl.col("weight") / pl.col("total_weight")).cast(pl.Float64).alias("share"),
        pl.lit(definition.credit.model).alias("model"),
    )
