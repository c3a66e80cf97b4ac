"""Intervals against published examples."""

import polars as pl
import pytest

from workbench.metrics.intervals import wilson_interval


def interval(successes: int, trials: int) -> tuple[float | None, float | None]:
    ends = wilson_interval(pl.col("successes"), pl.col("trials"))
    counts = pl.DataFrame({"successes": [successes], "trials": [trials]})
    return counts.select(low=ends[0], high=ends[1]).row(0)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval__newcombe_1998_table_1(successes, trials, low, high):
    # R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in
    # Medicine 17 (1998), 857–872, table I, method 3.
    assert interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval__stays_between_0_and_1():
    assert interval(0, 1)[0] == 0
    assert interval(1, 1)[1] == 1


def test_wilson_interval__of_nothing_is_null():
    assert interval(0, 0) == (None, None)
