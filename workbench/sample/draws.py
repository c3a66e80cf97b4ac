"""Random draws that give the same rows everywhere.

Only uniforms are drawn (PCG64); integer arithmetic, look-ups and straight lines make values of
them, because the platforms' logarithms and powers differ in the last digit.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Uniforms = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


class Topic(IntEnum):
    """What a stream is for: one topic's draws never move another's."""

    COMPANY = 1
    ACCOUNTS = 2
    OPPORTUNITIES = 3
    STAGES = 4
    TOUCHES = 5
    HANDOFFS = 6
    PATHS = 7
    SOILED_OPPORTUNITIES = 8
    SOILED_TOUCHES = 9


class Stream:
    """The uniforms of one seed, block and topic."""

    def __init__(self, seed: int, block: int, topic: Topic) -> None:
        self._rng = np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([seed, block, topic]))
        )

    def uniforms(self, count: int) -> Uniforms:
        return self._rng.random(count)

    def chance(self, count: int, probability: float | Uniforms) -> Marks:
        return self._rng.random(count) < probability

    def below(self, count: int, limit: int | Numbers) -> Numbers:
        """Whole numbers from 0 to limit - 1."""
        drawn: Numbers = (self._rng.random(count) * limit).astype(np.int64)
        return drawn

    def choice(self, count: int, weights: Sequence[int] | Numbers) -> Numbers:
        """Positions in `weights`, drawn by weight."""
        return position(self._rng.random(count), np.cumsum(np.asarray(weights, dtype=np.int64)))

    def spread(self, count: int, at: Sequence[float], values: Sequence[int]) -> Numbers:
        """Whole numbers whose quantiles `at` are `values`, straight lines between."""
        return quantile(self._rng.random(count), at, values)

    def order(self, count: int) -> Numbers:
        """The numbers from 0 to count - 1, shuffled."""
        return np.argsort(self._rng.random(count), kind="stable")


def position(uniforms: Uniforms, edges: Numbers) -> Numbers:
    """Where each uniform falls among cumulative weights."""
    ticket = (uniforms * edges[-1]).astype(np.int64)
    drawn: Numbers = np.searchsorted(edges, ticket, side="right").astype(np.int64)
    return drawn


def quantile(uniforms: Uniforms, at: Sequence[float], values: Sequence[int]) -> Numbers:
    """The whole number at each quantile of a piecewise-linear distribution."""
    drawn: Numbers = np.interp(uniforms, at, values).astype(np.int64)
    return drawn
