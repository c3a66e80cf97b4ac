"""Confidence intervals of rates and of their difference, as expressions."""

from statistics import NormalDist
from typing import Final

import polars as pl

Z_95: Final = NormalDist().inv_cdf(0.975)


def wilson_interval(successes: pl.Expr, trials: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The lower and upper end of the Wilson score interval, 95 %; null where nothing was tried.

    With p = successes ÷ trials and z = 1.96: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) ÷ (1 + z²/n).
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927), 209–212; method 3 of R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872.
    """
    n = pl.when(trials > 0).then(trials.cast(pl.Float64))
    p = successes.cast(pl.Float64) / n
    shrink = 1 + Z_95**2 / n
    centre = (p + Z_95**2 / (2 * n)) / shrink
    half = Z_95 * (p * (1 - p) / n + Z_95**2 / (4 * n**2)).sqrt() / shrink
    return (centre - half).clip(0, 1), (centre + half).clip(0, 1)


def newcombe_interval(
    successes: pl.Expr, trials: pl.Expr, other_successes: pl.Expr, other_trials: pl.Expr
) -> tuple[pl.Expr, pl.Expr]:
    """The ends of Newcombe's 95 % interval of one rate minus another; null where one has no trial.

    With both rates' Wilson intervals (l, u): d − √((p₁ − l₁)² + (u₂ − p₂)²) and
    d + √((u₁ − p₁)² + (p₂ − l₂)²). Source: method 10 of R. G. Newcombe, Interval estimation for the
    difference between independent proportions, Statistics in Medicine 17 (1998), 873–890.
    """
    rate, other = successes / trials, other_successes / other_trials
    low, high = wilson_interval(successes, trials)
    other_low, other_high = wilson_interval(other_successes, other_trials)
    difference = rate - other
    below = ((rate - low) ** 2 + (other_high - other) ** 2).sqrt()
    above = ((high - rate) ** 2 + (other - other_low) ** 2).sqrt()
    return difference - below, difference + above
