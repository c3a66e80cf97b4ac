"""Partnered beside direct: estimates against published examples, refusals, partner groups."""

from math import log, sqrt

import polars as pl
import pytest

from tests.reference.metric_cases import (
    a_definition,
    account,
    credit,
    inputs,
    one,
    opportunity,
    partner,
    values,
)
from workbench.metrics import METRICS, comparison
from workbench.metrics.intervals import newcombe_interval
from workbench.metrics.partner_groups import CIRCLE, top_parents
from workbench.metrics.strata import (
    adjusted_mean_difference,
    adjusted_rate_difference,
    strata,
    with_amount_band,
)
from workbench.metrics.summaries import Summary
from workbench.metrics.survival import survival_median


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_interval__newcombe_1998_table_2(counts, low, high):
    # R. G. Newcombe, Interval estimation for the difference between independent proportions,
    # Statistics in Medicine 17 (1998), 873–890, table II, method 10.
    names = ("a", "m", "b", "n")
    frame = pl.DataFrame([counts], schema=names, orient="row")
    ends = newcombe_interval(*(pl.col(name) for name in names))
    assert frame.select(*(end.alias(f"{n}") for n, end in enumerate(ends))).row(0) == pytest.approx(
        (low, high), abs=5e-5
    )


def figure(rows: list[dict], summary: Summary, *by: str, value: str) -> dict:
    """The one figure of rows of one period and class."""
    frame = pl.LazyFrame(rows).with_columns(period=pl.lit("P"), classification=pl.lit("co_sell"))
    groups = strata(frame, *by, value=value).group_by("period").agg(summary.aggregates)
    return groups.select(summary.figure).collect().to_dicts()[0]


def flags(stratum: int, *, is_partnered: bool, won: int, lost: int) -> list[dict]:
    return [
        {"stratum": stratum, "is_partnered": is_partnered, "is_won": number < won}
        for number in range(won + lost)
    ]


def test_adjusted_rate_difference__eight_centres():
    # P. J. Beitler, J. R. Landis, Biometrics 41 (1985), 991–1000: a cream against its vehicle in
    # eight centres. A. Agresti, Categorical Data Analysis, 3rd ed. (2013), section 6.4, gives the
    # Mantel–Haenszel risk difference of these data as 0.130 with standard error 0.050.
    centres = [
        (11, 25, 10, 27),
        (16, 4, 22, 10),
        (14, 5, 7, 12),
        (2, 14, 1, 16),
        (6, 11, 0, 12),
        (1, 10, 0, 10),
        (1, 4, 1, 8),
        (4, 2, 6, 1),
    ]
    rows = [
        row
        for centre, (won, lost, other_won, other_lost) in enumerate(centres)
        for row in (
            *flags(centre, is_partnered=True, won=won, lost=lost),
            *flags(centre, is_partnered=False, won=other_won, lost=other_lost),
        )
    ]
    found = figure(rows, adjusted_rate_difference(counted="closed"), "stratum", value="is_won")
    assert found["value"] == pytest.approx(0.130, abs=5e-4)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((0.0313, 0.2284), abs=1e-4)
    assert (found["ci_high"] - found["ci_low"]) / 2 / 1.96 == pytest.approx(0.050, abs=5e-4)
    assert found["n"] == 273


def test_adjusted_rate_difference__a_mix_that_turns_the_sign():
    """Partners are called to the hard ones: worse over all, better among each kind."""
    rows = [
        *flags(0, is_partnered=True, won=18, lost=2),
        *flags(0, is_partnered=False, won=80, lost=20),
        *flags(1, is_partnered=True, won=30, lost=70),
        *flags(1, is_partnered=False, won=4, lost=16),
    ]
    found = figure(rows, adjusted_rate_difference(counted="closed"), "stratum", value="is_won")
    assert found["value"] == pytest.approx(0.1)
    assert 48 / 120 < 84 / 120


# A. R. Cushny, A. R. Peebles, in Student, Biometrika 6 (1908), 1–25: extra hours of sleep of ten
# patients under two drugs. As two samples t = −1.8608 on 18 degrees of freedom.
ONE_DRUG = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
OTHER_DRUG = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def sizes(stratum: int, *, is_partnered: bool, of: list[float]) -> list[dict]:
    return [{"stratum": stratum, "is_partnered": is_partnered, "size": size} for size in of]


def test_adjusted_mean_difference__one_stratum_is_students_two_samples():
    rows = [
        *sizes(0, is_partnered=True, of=ONE_DRUG * 2),
        *sizes(0, is_partnered=False, of=OTHER_DRUG * 2),
    ]
    found = figure(rows, adjusted_mean_difference(counted="won"), "stratum", value="size")
    assert found["value"] == pytest.approx(-1.58)
    # Each patient stands twice, so that there are enough: 38 degrees of freedom in place of 18.
    error = 1.58 / 1.8608 * sqrt(18 / 38)
    assert found["ci_high"] - found["value"] == pytest.approx(1.96 * error, rel=1e-4)


def test_adjusted_mean_difference__strata_that_agree_leave_no_doubt():
    rows = [
        *sizes(0, is_partnered=True, of=[30.0] * 15),
        *sizes(0, is_partnered=False, of=[20.0] * 5),
        *sizes(1, is_partnered=True, of=[110.0] * 5),
        *sizes(1, is_partnered=False, of=[100.0] * 15),
        *sizes(2, is_partnered=False, of=[7000.0] * 9),  # nothing to hold them against
    ]
    found = figure(rows, adjusted_mean_difference(counted="won"), "stratum", value="size")
    assert (found["value"], found["ci_low"], found["ci_high"]) == pytest.approx((10, 10, 10))
    assert found["n"] == 40


def test_adjusted_mean_difference__of_logarithms_is_a_ratio():
    rows = [
        *sizes(0, is_partnered=True, of=[log(300)] * 20),
        *sizes(0, is_partnered=False, of=[log(200)] * 20),
    ]
    summary = adjusted_mean_difference(counted="won", is_of_logarithms=True)
    assert figure(rows, summary, "stratum", value="size")["value"] == pytest.approx(1.5)


def test_with_amount_band__equal_amounts_stay_together():
    rows = pl.LazyFrame({"period": "P", "amount": [1, 2, 2, 2, 3, 9, None]})
    assert with_amount_band(rows).collect()["amount_band"].to_list() == [0, 0, 0, 0, 2, 2, None]


# E. J. Freireich et al., Blood 21 (1963), 699–716: weeks of remission of leukaemia, with 6-MP and
# without; a + is a patient still in remission. J. P. Klein, M. L. Moeschberger, Survival Analysis,
# 2nd ed., table 1.1.
WITH_6_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
WITHOUT = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def median_of(weeks: str) -> tuple:
    rows = [(int(word.rstrip("+")), not word.endswith("+")) for word in weeks.split()]
    frame = pl.DataFrame(rows, schema=["age", "has_ended"], orient="row").with_columns(count=1)
    names = ("median", "low", "high")
    ends = zip(names, survival_median("age", "has_ended", "count"), strict=True)
    return frame.select(end.alias(name) for name, end in ends).row(0)


@pytest.mark.parametrize(
    ("weeks", "expected"), [(WITH_6_MP, (23, 16, None)), (WITHOUT, (8, 4, 12))]
)
def test_survival_median__freireich_1963(weeks, expected):
    assert median_of(weeks) == expected


def test_survival_median__row_order_does_not_matter():
    backwards = " ".join(reversed(WITH_6_MP.split()))
    assert median_of(backwards) == median_of(WITH_6_MP)


def test_survival_median__nothing_has_ended():
    assert median_of("5+ 6+") == (None, None, None)


def closed(number: int, classification: str, *, won: int, **changes) -> list[dict]:
    return [
        opportunity(
            f"{classification}{index}",
            classification,
            partner=None if classification == "direct" else "P1",
            status="won" if index < won else "lost",
            **changes,
        )
        for index in range(number)
    ]


def test_win_rate_difference__refuses_below_twenty_on_a_side():
    given = inputs([*closed(19, "sourced", won=10), *closed(40, "direct", won=10)])
    row = one(given, "win_rate_difference", "co_sell")
    assert row["value"] is row["ci_low"] is row["ci_high"] is None
    assert row["n"] == 59
    assert row["reason"] == (
        "19 with a partner and 40 direct closed in the period; below 20 on a side no difference "
        "is said"
    )


def test_win_rate_difference__from_twenty_on():
    given = inputs([*closed(20, "influenced", won=10), *closed(40, "direct", won=10)])
    row = one(given, "win_rate_difference", "co_sell")
    assert row["value"] == pytest.approx(0.25)
    assert row["ci_low"] < 0.25 < row["ci_high"]
    assert row["reason"] is None


def test_win_rate_difference_adjusted__counts_those_with_their_like():
    given = inputs(
        [
            *closed(25, "sourced", won=10),
            *closed(25, "direct", won=10),
            *(row | {"opportunity_id": f"R{n}", "opportunity_type": "renewal"}
              for n, row in enumerate(closed(30, "direct", won=30))),
        ]
    )  # fmt: skip
    assert one(given, "win_rate_difference", "co_sell")["value"] == pytest.approx(0.4 - 40 / 55)
    row = one(given, "win_rate_difference_adjusted", "co_sell")
    assert (row["value"], row["n"]) == (pytest.approx(0), 50)


def test_days_to_decision__open_ones_count_as_long_as_they_are_open():
    lasting = [
        opportunity(f"L{number}", status="open", created="2025-11-15") for number in range(30)
    ]
    quick = closed(25, "direct", won=5, created="2026-08-01", closed="2026-08-11")
    assert one(inputs(quick), "days_to_decision", "direct")["value"] == 10
    both = one(inputs([*quick, *lasting]), "days_to_decision", "direct")
    assert both["value"] is None
    assert both["n"] == 55
    assert both["reason"] == (
        "more than half of these opportunities go on at the longest time known"
    )


def test_days_to_decision__refuses_below_twenty_closed():
    row = one(inputs(closed(19, "direct", won=5)), "days_to_decision", "direct")
    assert row["reason"] == "19 closed; below 20 no median is said"


def test_comparison__says_nothing_of_causes():
    words = " ".join(f"{m.question} {m.meaning} {m.formula}" for m in METRICS.values())
    for word in ("caus", "because of partner", "effect", "impact"):
        assert word not in words.lower()
        assert word not in (comparison.__doc__ or "").lower()


def test_renewal_rate__by_the_class_of_the_first_sale():
    def renewal(name: str, account_id: str, status: str) -> dict:
        return opportunity(name, account=account_id, kind="renewal", status=status)

    given = inputs(
        [
            opportunity("S1", "sourced", partner="P1", account="A1", closed="2025-01-10"),
            opportunity("S2", "direct", account="A1", closed="2025-02-10"),
            opportunity("S3", "direct", account="A2", closed="2025-01-10"),
            opportunity("S4", "sourced", partner="P1", account="A3", closed="2026-10-01"),
            renewal("R1", "A1", "won"),
            renewal("R2", "A2", "lost"),
            renewal("R3", "A3", "won"),  # before the account's first sale in the data
            renewal("R4", "A4", "won"),  # no sale in the data
        ]
    )
    found = values(given, "renewal_rate")
    assert found == {
        ("sourced", "all"): 1.0,
        ("influenced", "all"): None,
        ("co_sell", "all"): 1.0,
        ("direct", "all"): 0.0,
    }


def tops(*rows: dict) -> dict[str, str]:
    frame = pl.DataFrame(
        [(row["partner_id"], row["parent_partner_id"]) for row in rows],
        schema={"partner_id": pl.String, "parent_partner_id": pl.String},
        orient="row",
    )
    return dict(top_parents(frame).iter_rows())


def test_top_parents__parents_of_parents():
    found = tops(partner("A"), partner("B", parent="A"), partner("C", parent="B"))
    assert found == {"A": "A", "B": "A", "C": "A"}


def test_top_parents__a_circle_is_said_and_not_followed():
    found = tops(
        partner("A", parent="B"),
        partner("B", parent="A"),
        partner("C", parent="A"),
        partner("D", parent="D"),
        partner("E", parent="unknown"),
    )
    assert found == {"A": CIRCLE, "B": CIRCLE, "C": CIRCLE, "D": CIRCLE, "E": "unknown"}


def test_top_parents__empty_frame():
    assert tops() == {}


GROUPS = [partner("P1"), partner("P2", parent="P1"), partner("P3"), partner("P4")]


def test_bookings__by_parent_partner():
    won = [
        opportunity("O1", "sourced", "100", partner="P1"),
        opportunity("O2", "sourced", "50", partner="P2"),
        opportunity("O3", "sourced", "50", partner="P3"),
    ]
    found = values(inputs(won, partners=GROUPS), "bookings", "parent_partner")
    assert found == {("sourced", "P1"): 150.0, ("sourced", "P3"): 50.0}


def test_bookings__parents_are_not_summed_when_credit_does_not_add_up():
    won = [opportunity("O1", "sourced", "100", partner="P1")]
    full = [credit("O1", "P1", "100", model="full"), credit("O1", "P2", "100", model="full")]
    given = inputs(won, partners=GROUPS, credit=full)
    definition = a_definition(credit={"model": "full"})
    assert values(given, "bookings", "parent_partner", definition=definition) == {}
    row = one(given, "partner_concentration_index", "sourced", definition=definition)
    assert row["reason"] == "the credit of the model full does not add up over partners"


def test_concentration__over_partner_groups():
    won = [
        opportunity("O1", "sourced", "50", partner="P1"),
        opportunity("O2", "sourced", "30", partner="P2"),
        opportunity("O3", "sourced", "20", partner="P3"),
        opportunity("O4", "sourced", "-10", partner="P4"),
    ]
    given = inputs(won, partners=GROUPS)
    index = one(given, "partner_concentration_index", "sourced")
    assert (index["value"], index["n"]) == (pytest.approx(0.8**2 + 0.2**2), 2)
    assert one(given, "top_partners_share", "sourced")["value"] == 1.0


def test_top_partners_share__of_seven_groups():
    names = [f"P{number}" for number in range(7)]
    won = [opportunity(f"O{name}", "sourced", "10", partner=name) for name in names]
    given = inputs(won, partners=[partner(name) for name in names])
    row = one(given, "top_partners_share", "sourced")
    assert (row["value"], row["n"]) == (pytest.approx(5 / 7), 7)
    index = one(given, "partner_concentration_index", "sourced")
    assert index["value"] == pytest.approx(1 / 7)


def test_concentration__empty_frame():
    row = one(inputs(accounts=[account("A1")]), "top_partners_share", "sourced")
    assert row["reason"] == "no bookings above zero are credited to a partner"
