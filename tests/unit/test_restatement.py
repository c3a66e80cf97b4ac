"""The bridge from a reported figure to today's: what moved is told apart, and adds up."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    definition,
    frame,
    instant,
    opportunity,
    touch,
)
from workbench.contracts import (
    AccountMerges,
    FxRates,
    Opportunities,
    OpportunityMerges,
    Partners,
    Touches,
)
from workbench.periods import MonthCalendar
from workbench.restatement import PART_TITLES, bridge_between
from workbench.restatement.steps import Inputs, amounts, classes
from workbench.rulings import Ruling
from workbench.vocabulary import RESTATEMENT_PARTS

Q2 = MonthCalendar(1).period("2025-Q2")
BEFORE = touch("T1", "2025-03-01")


def inputs(
    opportunities: list[Row],
    touches: list[Row],
    *,
    rates: dict[str, str] | None = None,
    account_merges: list[Row] | None = None,
    opportunity_merges: list[Row] | None = None,
    rulings: tuple[Ruling, ...] = (),
    as_of: date = date(2025, 6, 30),
    **definition_changes: Any,
) -> Inputs:
    """The second quarter of 2025 in euros, with the partners P1 and P2."""
    partners = [
        {"partner_id": partner, "name": partner, "partner_type": "reseller", "active": True}
        for partner in ("P1", "P2")
    ]
    fx_rates = [
        {"currency": currency, "valid_from": date(2025, 1, 1), "rate": Decimal(rate)}
        for currency, rate in (rates or {}).items()
    ]
    return Inputs(
        definition=definition(**{"rules": BEFORE_OR_AFTER, **definition_changes}),
        opportunities=frame(Opportunities, *opportunities),
        touches=frame(Touches, *touches),
        partners=frame(Partners, *partners),
        account_merges=frame(AccountMerges, *(account_merges or [])),
        opportunity_merges=frame(OpportunityMerges, *(opportunity_merges or [])),
        fx_rates=frame(FxRates, *fx_rates),
        rulings=rulings,
        ruled_on=as_of,
        as_of=as_of,
        timezone="UTC",
        period=Q2,
        reporting_currency="EUR",
    )


def moved(reported: Inputs, today: Inputs, metric: str = "bookings") -> list[tuple[Any, ...]]:
    """Classification, part, opportunity and change of each row of the bridge."""
    bridge = bridge_between(reported, classes(reported), today, classes(today))
    rows = bridge.table.filter(metric=metric)
    return rows.select("classification", "part", "opportunity_id", "change").rows()


def ruled(classification: str, on: str, **changes: Any) -> Ruling:
    content = {"opportunity_id": "O1", "by": "VP Sales", "why": "Agreed.", "on": on, **changes}
    return Ruling.model_validate(content | {"classification": classification})


def test_restatement__nothing_changed_moves_nothing() -> None:
    world = inputs([opportunity()], [BEFORE])

    bridge = bridge_between(world, classes(world), world, classes(world))

    assert bridge.table.is_empty()
    assert bridge.reported == bridge.today
    assert bridge.today["bookings", "sourced"] == Decimal("100.00")


def test_restatement__empty_frame() -> None:
    world = inputs([], [])

    assert moved(world, world) == []


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ({"opportunities": [opportunity(amount=Decimal("130.00"))]}, [("amounts", 30)]),
        ({"opportunities": [opportunity(amount=None)]}, [("amounts", -100)]),
        ({"opportunities": [opportunity(currency="USD")]}, [("amounts", -50)]),
        ({"opportunities": [opportunity(status="lost")]}, [("status_or_dates", -100)]),
        ({"opportunities": [opportunity(closed_at=instant("2025-07-01T12:00"))],
          "as_of": date(2025, 7, 31)}, [("status_or_dates", -100)]),
        ({"opportunities": [opportunity(created_at=instant("2025-03-01T09:00"))]},
         [("status_or_dates", -100)]),
        ({"opportunities": [opportunity(opportunity_type="renewal")],
          "opportunity_types": ["new_business"]}, [("other_fields", -100)]),
        ({"touches": []}, [("touches_removed", -100)]),
        ({"touches": [touch("T1", "2025-03-20")]}, [("touches_changed", -100)]),
        ({"opportunities": []}, [("opportunities_removed", -100)]),
        ({"rules": [{**BEFORE_OR_AFTER[0], "from": "created - 5d"}], "version": 2},
         [("definition", -100)]),
        ({"rulings": (ruled("direct", "2025-06-01"),)}, [("rulings", -100)]),
        ({"rulings": (ruled("direct", "2025-08-01"),), "as_of": date(2025, 9, 30)},
         [("rulings", -100)]),
    ],
)  # fmt: skip
def test_restatement__each_input_is_its_own_part(
    today: dict[str, Any], expected: list[tuple[str, int]]
) -> None:
    usual = {"opportunities": [opportunity()], "touches": [BEFORE], "rates": {"USD": "0.5"}}
    kinds = {"opportunity_types": ["new_business"]} if "opportunity_types" in today else {}

    found = moved(inputs(**usual, **kinds), inputs(**{**usual, **today}))

    sourced = [(part, change) for role, part, _, change in found if role == "sourced"]
    assert sourced == [(part, Decimal(change)) for part, change in expected]


def test_restatement__a_moved_rate_and_an_edited_amount_are_told_apart() -> None:
    """100 USD at 0.5; then 120 USD: + 10 at the old rate; then at 0.6: + 12."""
    reported = inputs([opportunity(currency="USD")], [BEFORE], rates={"USD": "0.5"})
    edited = opportunity(currency="USD", amount=Decimal("120.00"))
    today = inputs([edited], [BEFORE], rates={"USD": "0.6"})

    assert moved(reported, today) == [
        ("sourced", "amounts", "O1", Decimal("10.00")),
        ("sourced", "rates", "O1", Decimal("12.00")),
    ]


def test_restatement__a_late_touch_takes_it_from_one_class_to_the_other() -> None:
    reported = inputs([opportunity()], [touch("T2", "2025-04-01")])
    today = inputs([opportunity()], [touch("T2", "2025-04-01"), BEFORE])

    assert moved(reported, today) == [
        ("influenced", "touches_added", "O1", Decimal("-100.00")),
        ("sourced", "touches_added", "O1", Decimal("100.00")),
    ]


def test_restatement__what_was_merged_away_is_a_merge() -> None:
    reported = inputs(
        [opportunity("O1"), opportunity("O2")], [touch("T1", "2025-03-01", opportunity_id="O2")]
    )
    merged = {"merged_opportunity_id": "O2", "surviving_opportunity_id": "O1"}
    today = inputs([opportunity("O1")], [BEFORE], opportunity_merges=[merged])

    assert moved(reported, today) == [
        ("sourced", "merges", "O1", Decimal("100.00")),
        ("sourced", "merges", "O2", Decimal("-100.00")),
    ]


def test_restatement__a_ruling_on_what_came_later_does_not_stop_the_steps_before() -> None:
    added = ruled("sourced", "2025-06-01", opportunity_id="O2", partner_id="P1")
    reported = inputs([opportunity()], [BEFORE])
    today = inputs([opportunity(), opportunity("O2")], [BEFORE], rulings=(added,))

    assert moved(reported, today) == [("sourced", "rulings", "O2", Decimal("100.00"))]


def test_restatement__a_currency_that_has_its_rate_only_today_is_no_error() -> None:
    reported = inputs([opportunity()], [BEFORE])
    today = inputs([opportunity(currency="CHF")], [BEFORE], rates={"CHF": "1.1"})

    assert moved(reported, today) == [("sourced", "amounts", "O1", Decimal("10.00"))]


def test_restatement__open_pipeline_of_a_later_as_of_day() -> None:
    """Open at the end of June when it was reported; won in July, and still open at that end."""
    still_open = opportunity(status="open", closed_at=None)
    reported = inputs([still_open], [BEFORE])
    won = opportunity(closed_at=instant("2025-07-10T12:00"))
    today = inputs([won], [BEFORE, touch("T2", "2025-07-05")], as_of=date(2025, 9, 30))

    assert moved(reported, today, "open_pipeline") == []


def test_restatement__the_workbench_itself_is_a_part() -> None:
    """The sealed table says 90, and these inputs give 100 under today's code."""
    world = inputs([opportunity()], [BEFORE])
    sealed = classes(world).with_columns(amount_reporting=pl.lit("90.00").cast(pl.Decimal(18, 2)))

    bridge = bridge_between(world, sealed, world, classes(world))

    assert bridge.parts("bookings", "sourced").rows() == [("software", Decimal("10.00"), 1)]


def test_restatement__adds_up_whatever_changes() -> None:
    """Two unrelated worlds: the parts of each figure add up to the cent, in the fixed order."""
    for seed in range(25):
        dice = random.Random(seed)
        reported, today = (_any_world(dice) for _ in range(2))

        bridge = bridge_between(reported, classes(reported), today, classes(today))

        for metric in ("bookings", "open_pipeline"):
            for role in ("sourced", "influenced"):
                parts = bridge.parts(metric, role)
                assert [p for p in PART_TITLES if p in parts["part"].to_list()] == [*parts["part"]]
                was, now = (
                    amounts(classes(w), w)
                    .filter(metric=metric, classification=role)["amount"]
                    .sum()
                    for w in (reported, today)
                )
                assert was + parts["change"].sum() == now, seed


def _any_world(dice: random.Random) -> Inputs:
    ids = dice.sample(["O1", "O2", "O3", "O4", "O5"], k=4)
    opportunities = [
        opportunity(
            one,
            amount=dice.choice([None, Decimal("33.33"), Decimal("100.01"), Decimal("-5.55")]),
            currency=dice.choice(["EUR", "USD", "CHF"]),
            created_at=instant(f"2025-03-{dice.randint(1, 28):02d}T12:00"),
            closed_at=instant(f"2025-{dice.randint(4, 7):02d}-15T12:00"),
            status=dice.choice(["won", "won", "lost", "open"]),
        )
        for one in ids
    ]
    touches = [
        touch(
            f"T{number}",
            f"2025-0{dice.randint(2, 6)}-10",
            dice.choice(["P1", "P2", "P9"]),
            opportunity_id=dice.choice(["O1", "O2", "O3", "O4", "O5"]),
        )
        for number in dice.sample(range(9), k=6)
    ]
    rulings = (ruled("influenced", "2025-05-01", opportunity_id=ids[0], partner_id="P1"),)
    world = inputs(
        opportunities,
        touches,
        rates={"USD": f"0.{dice.randint(5, 9)}", "CHF": f"1.{dice.randint(0, 9)}"},
        rulings=rulings if dice.random() < 0.5 else (),
        version=dice.randint(1, 2),
        as_of=dice.choice([date(2025, 6, 30), date(2025, 9, 30)]),
    )
    return replace(world, timezone=dice.choice(["UTC", "America/New_York"]))


def test_restatement__every_part_has_a_title() -> None:
    assert tuple(PART_TITLES) == RESTATEMENT_PARTS
