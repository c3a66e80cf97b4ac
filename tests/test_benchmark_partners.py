"""The sample's partners that truly help are told from those that only show up, as the page says."""

from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.partners import measured, printed, ranked_above

PAGE = Path(__file__).parent.parent / "docs" / "programme.md"


def test_ranked_above__pairs_counted_by_hand() -> None:
    """Helpers at 3 and 1, others at 2 and 1: above in 2 pairs of 4, equal in one."""
    scores, helps = pl.Series([3, 2, 1, 1]), pl.Series([True, False, True, False])

    assert ranked_above(scores, helps) == 2.5 / 4
    assert ranked_above(scores, pl.Series([True] * 4)) is None


@pytest.mark.parametrize("soiled", [True, False])
def test_effort__tells_who_truly_helps_on_the_sample(tmp_path: Path, *, soiled: bool) -> None:
    found = measured(tmp_path, opportunities=1500, soiled=soiled)

    assert (found["early_rate"] or 0) > 0.9
    assert (found["right"] or 0) >= 0.85 * (found["told"] or 0) > 10
    line = printed([found], [f"1,500 opportunities, {'soiled' if soiled else 'clean'}"])
    assert line.splitlines()[-1] in PAGE.read_text(encoding="utf-8")
