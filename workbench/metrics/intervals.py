"""Confidence intervals of rates, as expressions."""

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
