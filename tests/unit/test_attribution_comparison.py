from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    definition,
    facts,
    instant,
    opportunity,
    touch,
)
from workbench.attribution.comparison import (
    Comparison,
    class_changes,
    class_moves,
    class_totals,
    compared,
    swing_opportunities,
)
from workbench.attribution.explanations import REASONS_IN_WORDS, with_reasons
from workbench.errors import ParameterError
from workbench.periods import MonthCalendar
from workbench.rulings import Ruling
from workbench.vocabulary import REJECTION_REASONS

QUARTER = MonthCalendar(1).period("2025-Q2")
STRICT = {"id": "strict", "gates": {"evidence": "required"}}
CRM = {"id": "crm", "basis": "crm_field", "rules": []}
BEFORE = {"id": "before", "rules": BEFORE_OR_AFTER}


def comparison(
    opportunities: list[dict[str, Any]],
    touches: list[dict[str, Any]],
    *definitions: dict[str, Any],
    as_of: date = date(2025, 6, 30),
    rulings: tuple[Ruling, ...] = (),
) -> Comparison:
    return compared(
        facts(opportunities, touches, as_of=as_of),
        [definition(**changes) for changes in definitions],
        period=QUARTER,
        timezone="UTC",
        rulings=rulings,
    )


def world(*definitions: dict[str, Any]) -> Comparison:
    """O1 won in the quarter, touched without a link; O2 open, without a known amount; O3 won before
    the quarter, touched with a link."""
    return comparison(
        [
            opportunity("O1", crm_classification="influenced"),
            opportunity("O2", status="open", closed_at=None, amount=None),
            opportunity("O3", closed_at=instant("2025-03-31T12:00"), amount=Decimal("30.55")),
        ],
        [
            touch("T1", "2025-03-01", evidence_url=None),
            touch("T2", "2025-03-05", opportunity_id="O2", evidence_url=None),
            touch("T3", "2025-03-05", opportunity_id="O3"),
        ],
        *definitions,
    )


def test_class_totals__every_class_of_every_definition_in_the_order_given() -> None:
    totals = class_totals(world(STRICT, {}))

    assert totals.rows() == [
        ("strict", "sourced", 1, Decimal("30.55"), 0, 0, Decimal("0.00")),
        ("strict", "influenced", 0, Decimal("0.00"), 0, 0, Decimal("0.00")),
        ("strict", "direct", 2, Decimal("100.00"), 1, 1, Decimal("100.00")),
        ("any", "sourced", 3, Decimal("130.55"), 1, 1, Decimal("100.00")),
        ("any", "influenced", 0, Decimal("0.00"), 0, 0, Decimal("0.00")),
        ("any", "direct", 0, Decimal("0.00"), 0, 0, Decimal("0.00")),
    ]


def test_class_totals__empty_frame() -> None:
    totals = class_totals(comparison([], [], {}, CRM))

    assert totals["opportunity_count"].to_list() == [0] * 6
    assert totals["bookings"].sum() == 0


def test_class_moves__cells_of_a_row_add_up_to_the_first_definitions_total() -> None:
    compared_two = world({}, STRICT)

    moves = class_moves(class_changes(compared_two))

    assert moves.rows() == [
        ("strict", "sourced", "sourced", 1, Decimal("30.55"), 0, Decimal("0.00")),
        ("strict", "sourced", "direct", 2, Decimal("100.00"), 1, Decimal("100.00")),
    ]
    totals = class_totals(compared_two).filter(definition_id="any", classification="sourced")
    assert moves["amount_before"].sum() == totals["amount_reporting"].item()


def test_class_moves__empty_frame() -> None:
    assert class_moves(class_changes(comparison([], [], {}, CRM))).is_empty()


def test_class_changes__add_up_to_the_difference_in_sourced_amount() -> None:
    """To the cent, though the two count different amounts."""
    recurring = {"id": "recurring", "amount": "recurring_amount"}
    two = comparison(
        [
            opportunity("O1", recurring_amount=Decimal("40.01")),
            opportunity("O2", recurring_amount=Decimal("7.00")),
        ],
        [touch("T1", "2025-03-01"), touch("T2", "2025-06-01", opportunity_id="O2")],
        {},
        recurring,
    )

    changes = class_changes(two)

    assert changes["sourced_change"].to_list() == [Decimal("-59.99"), Decimal("0.00")]
    sourced = class_totals(two).filter(classification="sourced")["amount_reporting"]
    assert changes["sourced_change"].sum() == sourced[1] - sourced[0]
    said = with_reasons(swing_opportunities(changes), two)
    assert said["first_says"].to_list() == ["sourced, and it counts the amount."]
    assert said["other_says"].to_list() == ["sourced, and it counts the recurring amount."]


def test_compared__two_definitions_of_one_id_are_an_error() -> None:
    with pytest.raises(ParameterError, match="2 compared files have this id"):
        comparison([], [], {}, {})


def test_compared__one_pass_gives_the_table_of_the_contract() -> None:
    assert world({}, CRM).table.rows() == [
        ("O1", "any", "sourced", "P1", Decimal("100.00")),
        ("O1", "crm", "influenced", None, Decimal("100.00")),
        ("O2", "any", "sourced", "P1", None),
        ("O2", "crm", "direct", None, None),
        ("O3", "any", "sourced", "P1", Decimal("30.55")),
        ("O3", "crm", "direct", None, Decimal("30.55")),
    ]


RULED = Ruling(
    opportunity_id="O1",
    classification="influenced",
    partner_id="P2",
    by="VP Sales",
    on=date(2025, 6, 1),
    why="Both sides confirm the call.",
)


def test_compared__rulings_stand_over_every_definition() -> None:
    """O1 is sourced by the one, direct by the other, and influenced for P2 by the ruling."""
    found = comparison(
        [opportunity("O1"), opportunity("O2")],
        [touch("T1", "2025-03-01", evidence_url=None)],
        {"id": "loose", "credit": {"model": "full"}},
        STRICT,
        CRM,
        rulings=(RULED,),
    )

    columns = ["opportunity_id", "definition_id", "classification", "primary_partner_id"]
    assert found.table.select(columns).rows() == [
        ("O1", "crm", "influenced", "P2"),
        ("O1", "loose", "influenced", "P2"),
        ("O1", "strict", "influenced", "P2"),
        ("O2", "crm", "direct", None),
        ("O2", "loose", "direct", None),
        ("O2", "strict", "direct", None),
    ]
    for result in found.results:
        assert result.partner_credit.select("partner_id", "share").rows() == [("P2", 1.0)]


def test_compared__a_ruling_on_what_is_not_there_is_an_error() -> None:
    with pytest.raises(ParameterError, match="there is no opportunity 'O1'"):
        comparison([], [], {}, STRICT, rulings=(RULED,))


def test_with_reasons__of_one_ruled_class_they_say_what_they_count() -> None:
    """Only the amount still differs; the touches and the CRM's field have no say."""
    found = comparison(
        [opportunity("O1", crm_classification="sourced", recurring_amount=Decimal(40))],
        [],
        {"id": "whole"},
        CRM | {"amount": "recurring_amount"},
        rulings=(RULED.model_copy(update={"classification": "sourced"}),),
    )

    assert with_reasons(class_changes(found), found).select("first_says", "other_says").rows() == [
        ("sourced, and it counts the amount.", "sourced, and it counts the recurring amount.")
    ]


def changes(*amounts: int, other: str = "strict") -> pl.DataFrame:
    """Opportunities that are sourced under the first definition only, or the other, by the sign."""
    return pl.DataFrame(
        {
            "definition_id": [other] * len(amounts),
            "opportunity_id": [f"O{number}" for number in range(len(amounts))],
            "sourced_change": pl.Series(amounts, dtype=pl.Decimal(18, 2)),
        }
    )


def test_swing_opportunities__are_as_few_as_make_most_of_the_difference() -> None:
    few = swing_opportunities(changes(5, -50, 0, 35, 10))

    assert few.select("opportunity_id", "gross_share").rows() == [("O1", 0.5), ("O3", 0.35)]


def test_swing_opportunities__of_equal_size_come_by_id_and_at_most_so_many() -> None:
    few = swing_opportunities(changes(1, 1, -1, 1), at_most=2)

    assert few["opportunity_id"].to_list() == ["O0", "O1"]


def test_swing_opportunities__each_definition_has_its_own() -> None:
    both = pl.concat([changes(1, 100), changes(7, other="loose")])

    few = swing_opportunities(both)

    assert few.select("definition_id", "opportunity_id", "gross_share").rows() == [
        ("loose", "O0", 1.0),
        ("strict", "O1", 100 / 101),
    ]


def test_swing_opportunities__an_unknown_amount_is_none_of_them() -> None:
    unknown = changes(1, 2).with_columns(
        pl.when(opportunity_id="O1").then(None).otherwise("sourced_change").alias("sourced_change")
    )

    assert swing_opportunities(unknown)["opportunity_id"].to_list() == ["O0"]


def test_swing_opportunities__empty_frame() -> None:
    assert swing_opportunities(changes()).is_empty()


def said(first: dict[str, Any], other: dict[str, Any], *touches: Any, **crm: Any) -> list[str]:
    """What the two definitions say of one opportunity that moves between them."""
    two = comparison([opportunity(**crm)], list(touches), first, other)
    return list(with_reasons(class_changes(two), two).select("first_says", "other_says").row(0))


def test_with_reasons__names_the_touch_that_decides_and_why_it_does_not_count() -> None:
    assert said({}, STRICT, touch("T1", "2025-03-01", evidence_url=None)) == [
        "sourced by the introduction of 2025-03-01 (T1, P1).",
        "direct; that touch is without a link to evidence.",
    ]


def test_with_reasons__the_other_may_be_the_stronger_one() -> None:
    assert said(STRICT, {}, touch("T1", "2025-03-01", evidence_url=None)) == [
        "direct; that touch is without a link to evidence.",
        "sourced by the introduction of 2025-03-01 (T1, P1).",
    ]


def test_with_reasons__counts_what_became_of_several_touches() -> None:
    after = touch("T2", "2025-04-01", "P2", evidence_url=None)
    strict_before = BEFORE | {"gates": {"evidence": "required"}}

    assert said({}, strict_before, touch("T1", "2025-03-10"), after) == [
        "sourced by the introduction of 2025-03-10 (T1, P1).",
        "influenced; of those 2 touches, 1 is counted as influenced, outside the window that "
        "sources, 1 is without a link to evidence.",
    ]


def test_with_reasons__tells_the_kind_from_the_day() -> None:
    kind = touch("T1", "2025-03-10", touch_type="co_sell")

    assert said({}, BEFORE, kind)[1] == (
        "influenced; that touch is counted as influenced, of a kind that sources nothing."
    )


def test_with_reasons__the_crm_field_speaks_for_itself() -> None:
    one = touch("T1", "2025-03-01", evidence_url=None)
    two = touch("T2", "2025-03-02", evidence_url=None)

    assert said(CRM, STRICT, one, two, crm_classification="sourced") == [
        "the CRM's own field says sourced.",
        "direct; both of its touches are without a link to evidence.",
    ]
    assert (
        said(CRM, STRICT, crm_classification="sourced")[1] == "direct; no touch is logged for it."
    )
    assert said({}, CRM, one)[1] == "the CRM's own field is empty."


def test_with_reasons__a_touch_on_the_account_may_attach_to_nothing() -> None:
    on_account = touch("T1", "2025-03-01", opportunity_id=None, account_id="A1")

    assert said({"account_touches": "all"}, {"id": "none"}, on_account)[1] == (
        "direct; that touch is attached to no opportunity."
    )


def test_with_reasons__empty_frame() -> None:
    two = world({}, STRICT)

    assert with_reasons(class_changes(two).clear(), two).columns[-2:] == [
        "first_says",
        "other_says",
    ]


def test_reasons__each_has_its_words() -> None:
    assert set(REASONS_IN_WORDS) == set(REJECTION_REASONS)
