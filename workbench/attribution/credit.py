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
_SHARE_PARTS = 2**53  # as fine as a float can tell shares apart
_TIE_PARTS = 2**17  # remainders are equal within this part of a cent


def partner_shares(pairs: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """How much of an opportunity's credit each of its partners has.

    `pairs`: the accepted pairs of each opportunity's class, in the order (`opportunity`,
    `touched_at`, `touch`). One row per opportunity and partner: `weight` and `total_weight`, whose
    ratio is the share; `turn`, the place of the partner's first pair, which settles ties.
    """
    if definition.credit.model in {"primary", "first", "last"}:
        return _whole_shares(pairs, definition.credit.model)
    touch_counts = pairs["opportunity"].rle().struct.field("len")
    weighted = pairs.with_columns(
        pl.int_ranges(pl.lit(touch_counts)).explode().alias("turn"),
        touch_counts.repeat_by(touch_counts).explode().alias("touch_count"),
    ).with_columns(_weight(definition).alias("weight"))
    counts_once = definition.credit.model in {"equal", "full"}
    shares = weighted.group_by("opportunity", "partner", maintain_order=True).agg(
        pl.col("role").first(),
        pl.col("weight").first() if counts_once else pl.col("weight").sum(),
        pl.col("turn").first(),
    )
    total = pl.col("weight").sum().over("opportunity")
    if not definition.credit.is_additive:
        total = pl.col("weight")
    return shares.with_columns(total.alias("total_weight"))


def _whole_shares(pairs: pl.DataFrame, model: CreditModel) -> pl.DataFrame:
    """The shares where one partner has all: that of the first or the last pair, or the primary."""
    neighbour = pl.col("opportunity").shift(-1 if model == "last" else 1)
    return pairs.filter(pl.col("opportunity").ne_missing(neighbour)).select(
        "opportunity",
        pl.col("primary_partner" if model == "primary" else "partner").alias("partner"),
        "role",
        pl.lit(1, pl.Int64).alias("weight"),
        pl.lit(0, pl.Int64).alias("turn"),
        pl.lit(1, pl.Int64).alias("total_weight"),
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
    null amount gives null credit.
    """
    cents = pl.col("amount_reporting").to_physical().cast(pl.Int128)
    weight, total = pl.col("weight").cast(pl.Int128), pl.col("total_weight")
    if shares["weight"].dtype.is_float():  # whole parts of a share, so that no cent is lost
        parts = pl.col("weight") / pl.col("total_weight") * _SHARE_PARTS
        weight = parts.round().cast(pl.Int128)
        total = weight.sum().over("opportunity")
    product = cents.abs() * weight
    whole, remainder = product // total, product % total
    if shares["weight"].dtype.is_float():  # equal remainders may differ by what a float cannot hold
        remainder = (remainder * _TIE_PARTS + total // 2) // total
    left_over = cents.abs() - pl.col("whole").sum().over("opportunity")
    place = pl.int_range(pl.len()).over("opportunity")
    return (
        shares.with_columns(whole.alias("whole"), remainder.alias("remainder"))
        .sort("opportunity", "remainder", "turn", descending=[False, True, False])
        .with_columns((place < left_over).cast(pl.Int128).alias("extra"))
        .with_columns(
            in_currency((pl.col("whole") + pl.col("extra")) * cents.sign()).alias("credited_amount")
        )
        .drop("whole", "remainder", "extra")
    )


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
