from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from tests.unit.attribution_frames import attributed, definition, facts, opportunity, touch
from workbench.attribution import Attribution, check_conservation
from workbench.errors import ConservationError

CENT = pl.lit("0.01").cast(pl.Decimal(18, 2))
EQUAL = {"credit": {"model": "equal"}}
FACTS = facts(
    [
        opportunity("O1", amount=Decimal("100.01")),
        opportunity("O2", amount=None),
        opportunity("O3", amount=Decimal("-50.00")),
    ],
    [
        touch("T1", "2025-03-01", "P1"),
        touch("T2", "2025-03-02", "P2"),
        touch("T3", "2025-03-02", "P2", opportunity_id="O2"),
    ],
)


def changed(result: Attribution, table: str, change: Callable) -> Attribution:
    return replace(result, **{table: change(getattr(result, table))})


def set_to(column: str, value: object, where: pl.Expr) -> Callable:
    return lambda frame: frame.with_columns(
        pl.when(where).then(pl.lit(value)).otherwise(column).cast(frame[column].dtype).alias(column)
    )


def test_check_conservation__says_each_identity_with_its_figures():
    assert check_conservation(FACTS, definition(**EQUAL), attributed(FACTS, **EQUAL)) == [
        "3 of 3 touches have a row in the audit.",
        "3 rows classify 3 opportunities.",
        "Sourced, influenced and direct add up to 50.01; the CRM's total is 50.01, "
        "and 3 of 3 opportunities keep its amount.",
        "Credit adds up to the amount in 2 of 2 opportunities.",
        "The partners' credit adds up to 100.01; their opportunities to 100.01.",
    ]


def test_check_conservation__leaves_the_credit_of_a_model_that_is_not_additive_alone():
    full = {"credit": {"model": "full"}}

    assert len(check_conservation(FACTS, definition(**full), attributed(FACTS, **full))) == 3


O1, O2, O3 = (pl.col("opportunity_id") == name for name in ("O1", "O2", "O3"))


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("touch_audit", lambda t: t.filter(pl.col("touch_id") != "T2"), "2 of 3 touches"),
        ("touch_audit", set_to("touch_id", "T9", pl.col("touch_id") == "T2"), "3 of 3 touches"),
        ("opportunity_attribution", lambda t: t.filter(~O3), "2 rows classify 3"),
        ("opportunity_attribution", lambda t: pl.concat([t, t.filter(O3)]), "4 rows classify 3"),
        ("opportunity_attribution", lambda t: t.clear(), "add up to 0"),
        ("opportunity_attribution", set_to("classification", "co_sell", O1), "add up to -50.00"),
        ("opportunity_attribution", set_to("amount_reporting", 0, O2), "2 of 3 opportunities keep"),
        ("opportunity_attribution", set_to("amount_reporting", None, O3), "add up to 100.01"),
        (
            "opportunity_attribution",
            lambda t: t.with_columns(pl.col("amount_reporting").reverse()),
            "1 of 3 opportunities keep",
        ),
        ("opportunity_attribution", set_to("classification", "direct", O1), "in 1 of 2"),
        ("partner_credit", lambda t: t.clear(), "in 0 of 2 opportunities"),
        ("partner_credit", lambda t: t.filter(O1), "in 1 of 2 opportunities"),
        ("partner_credit", lambda t: t.filter(~O1), "in 1 of 2 opportunities"),
        ("partner_credit", lambda t: pl.concat([t, t.filter(O1)]), "adds up to 200.02"),
        ("partner_credit", set_to("credited_amount", 0, O2), "in 1 of 2 opportunities"),
        (
            "partner_credit",
            set_to("credited_amount", None, O1 & (pl.col("partner_id") == "P1")),
            "in 1 of 2 opportunities",
        ),
        ("partner_credit", set_to("share", 0.6, O1), "in 1 of 2 opportunities"),
        (
            "partner_credit",
            lambda t: t.with_columns(pl.col("credited_amount") + CENT),
            "adds up to 100.03; their opportunities to 100.01",
        ),
    ],
)  # fmt: skip
def test_check_conservation__stops_on_what_does_not_add_up(table, change, said):
    broken = changed(attributed(FACTS, **EQUAL), table, change)

    with pytest.raises(ConservationError) as error:
        check_conservation(FACTS, definition(**EQUAL), broken)

    assert said in str(error.value)
    assert error.value.exit_code == 1


def test_check_conservation__empty_frame():
    nothing = facts([], [])

    said = check_conservation(nothing, definition(), attributed(nothing))

    assert said[0] == "0 of 0 touches have a row in the audit."
    assert len(said) == 5
