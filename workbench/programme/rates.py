"""Rates of success of many partners, each as sure as its own few cases and all the others allow."""

from math import lgamma
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.float64]

_MEANS: Final = 100
_SPREADS: Final = 40
_EDGES: Final = np.arange(1_001) / 1_000
_RATE: Final = (_EDGES[1:] + _EDGES[:-1]) / 2
_ENDS: Final = (0.025, 0.975)
_COLUMNS: Final = ("rate", "low", "high", "chance")
_NEGLIGIBLE: Final = 1e-6  # a prior so much less likely than the best one is left out
_log_gamma = np.vectorize(lgamma, otypes=[np.float64])


def shrunken_rates(successes: pl.Series, trials: pl.Series) -> pl.DataFrame:
    """Each member's own rate: posterior mean `rate`, 95 % interval from `low` to `high`.

    `chance` is the probability that the rate is above one half.

    The hierarchical beta-binomial model: the members' rates come from one beta distribution, which
    is itself learnt from all of them. Few trials leave a member near the others with a wide
    interval, many let it speak for itself. Null throughout where nobody has a trial.

    Source: A. Gelman et al., Bayesian Data Analysis, 3rd edition (2013), section 5.3: α/(α + β)
    and (α + β)^(−1/2) uniform, here the latter between 0 and 1, and the posterior summed on a grid.
    """
    if trials.sum() == 0:
        nothing = pl.Series([None] * trials.len(), dtype=pl.Float64)
        return pl.DataFrame(dict.fromkeys(_COLUMNS, nothing))
    alpha, beta, weight = prior_of_rates(successes, trials)
    counts = pl.DataFrame({"y": successes, "n": trials}).cast(pl.Float64)
    kinds = counts.unique().sort("n", "y")
    alone = _log_beta(alpha, beta)
    prior = np.exp(
        np.outer(alpha - 1, np.log(_RATE)) + np.outer(beta - 1, np.log1p(-_RATE)) - alone[:, None]
    )
    rows = []
    for y, n in kinds.rows():
        a, b = alpha + y, beta + n - y
        fit = alone - _log_beta(a, b)
        seen = y * np.log(_RATE) + (n - y) * np.log1p(-_RATE)
        density = np.exp(seen - seen.max()) * ((weight * np.exp(fit - fit.max())) @ prior)
        reached = np.cumsum(density)
        below = np.concatenate([[0.0], reached / reached[-1]])  # the last is 1, to the bit
        ends, at_half = np.interp(_ENDS, below, _EDGES), np.interp(0.5, _EDGES, below)
        rows.append([weight @ (a / (a + b)), *ends, 1 - at_half])
    found = pl.DataFrame(rows, schema=list(_COLUMNS), orient="row")
    return counts.join(
        pl.concat([kinds, found], how="horizontal"),
        on=["y", "n"],
        how="left",
        maintain_order="left",
    ).select(_COLUMNS)


def prior_of_rates(successes: pl.Series, trials: pl.Series) -> tuple[Numbers, Numbers, Numbers]:
    """The likely beta distributions of all rates: α, β, and how likely each is, in all 1."""
    mean = (np.arange(_MEANS) + 0.5) / _MEANS
    spread = (np.arange(_SPREADS) + 0.5) / _SPREADS
    strength = np.repeat(spread**-2.0, _MEANS)
    alpha = np.tile(mean, _SPREADS) * strength
    beta = strength - alpha
    kinds = pl.DataFrame({"y": successes, "n": trials}).cast(pl.Float64).group_by("y", "n").len()
    alone = _log_beta(alpha, beta)
    logs = np.zeros(len(alpha))
    for y, n, count in kinds.sort("n", "y").iter_rows():
        logs += count * (_log_beta(alpha + y, beta + n - y) - alone)
    weight = np.exp(logs - logs.max())
    is_likely = weight > _NEGLIGIBLE
    weight = weight[is_likely]
    return alpha[is_likely], beta[is_likely], weight / weight.sum()


def _log_beta(alpha: Numbers, beta: Numbers) -> Numbers:
    logs: Numbers = _log_gamma(alpha) + _log_gamma(beta) - _log_gamma(alpha + beta)
    return logs
