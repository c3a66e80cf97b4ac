"""How long something takes when some of it is not over yet: the Kaplan–Meier median."""

from typing import Final

import polars as pl

from workbench.metrics.intervals import Z_95

_HALF: Final = 0.5 + 1e-9  # a product of fractions may miss one half by a hair


def survival_median(age: str, has_ended: str, count: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """The Kaplan–Meier median of an age and the ends of its 95 % interval, over a group's rows.

    A row stands for `count` of the same `age`. Those whose time `has_ended` are events at that age;
    the others were at risk up to it and say no more. The median is the first age at which no more
    than half go on; null where more than half do at the last age known. An end of the interval is
    the first age at which that end of the interval of the survival (Greenwood's variance, on the
    log scale) is no more than one half.

    Sources: E. L. Kaplan, P. Meier, JASA 53 (1958), 457–481; R. Brookmeyer, J. Crowley, Biometrics
    38 (1982), 29–41.
    """
    # Events before those that only left: at the last row of an age the products and sums are those
    # of all its events at once, 1 − d/n and d/(n (n − d)).
    order = [pl.col(age), ~pl.col(has_ended), pl.col(count)]
    ages, is_event, rows = (pl.col(name).sort_by(order) for name in (age, has_ended, count))
    rows = rows.cast(pl.Float64)
    at_risk = rows.sum() - rows.cum_sum() + rows
    goes_on = pl.when(is_event).then(1 - rows / at_risk).otherwise(1.0).cum_prod()
    greenwood = rows / (at_risk * (at_risk - rows))
    greenwood = pl.when(is_event & (at_risk > rows)).then(greenwood).otherwise(0.0)
    spread = (Z_95 * greenwood.cum_sum().sqrt()).exp()
    is_last_of_age = (ages != ages.shift(-1)).fill_null(value=True)

    def first_age(survival: pl.Expr) -> pl.Expr:
        return ages.filter(is_last_of_age & (survival <= _HALF)).min().cast(pl.Float64)

    upper = pl.when(goes_on > 0).then(goes_on * spread)
    return first_age(goes_on), first_age(goes_on / spread), first_age(upper)
