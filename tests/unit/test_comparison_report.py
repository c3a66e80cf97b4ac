import re
from datetime import date
from decimal import Decimal
from typing import Any

from tests.unit.attribution_frames import definition, facts, instant, opportunity, touch
from workbench.attribution.comparison import Comparison, compared
from workbench.comparison_report import comparison_page, comparison_text
from workbench.periods import MonthCalendar

STRICT = {"id": "strict", "gates": {"evidence": "required"}}


def comparison(*definitions: dict[str, Any], closed: str = "2025-05-20") -> Comparison:
    """O1 is sourced by a touch without a link, O2 by one with a link, O3 has no amount."""
    at = instant(f"{closed}T12:00")
    snapshot = facts(
        [
            opportunity("O1", amount=Decimal("1234.60"), closed_at=at),
            opportunity("O2", closed_at=at),
            opportunity("O3", amount=None),
        ],
        [
            touch("T1", "2025-03-01", evidence_url=None),
            touch("T2", "2025-03-01", opportunity_id="O2"),
        ],
        as_of=date(2025, 6, 30),
    )
    return compared(
        snapshot,
        [definition(**changes) for changes in definitions],
        period=MonthCalendar(1).period("2025-Q2"),
        timezone="UTC",
    )


def page(*definitions: dict[str, Any]) -> str:
    return comparison_page(comparison(*definitions), currency="EUR").decode()


def test_comparison_text__totals_moves_and_what_makes_the_difference() -> None:
    assert comparison_text(comparison({}, STRICT), currency="EUR").splitlines() == [
        "Amounts in EUR. Bookings are what was won in Q2 FY2025, 2025-04-01 to 2025-06-30; "
        "opportunities and amounts are those of all time.",
        "1 opportunity has no known amount: counted, and in no sum.",
        "",
        "Totals by class",
        "  definition  class       opportunities  amount  won  bookings",
        "  any         sourced                 2   1,335    2     1,335",
        "  any         influenced              0       0    0         0",
        "  any         direct                  1       0    1         0",
        "  strict      sourced                 1     100    1       100",
        "  strict      influenced              0       0    0         0",
        "  strict      direct                  2   1,235    2     1,235",
        "",
        "Opportunities by class: any down, strict across",
        "              sourced  influenced  direct",
        "  sourced           1           0       1",
        "  influenced        0           0       0",
        "  direct            0           0       1",
        "",
        "Amount by class: any down, strict across",
        "              sourced  influenced  direct",
        "  sourced         100           0   1,235",
        "  influenced        0           0       0",
        "  direct            0           0       0",
        "",
        "Bookings by class: any down, strict across",
        "              sourced  influenced  direct",
        "  sourced         100           0   1,235",
        "  influenced        0           0       0",
        "  direct            0           0       0",
        "",
        "Sourced bookings: any 1,335, strict 100 (-1,235). 1 opportunity makes the difference.",
        "  O1  -1,235  sourced -> direct",
        "    any: sourced by the introduction of 2025-03-01 (T1, P1).",
        "    strict: direct; that touch is without a link to evidence.",
    ]


def test_comparison_text__without_bookings_that_move_it_looks_at_all_time() -> None:
    earlier = comparison({}, STRICT, closed="2025-03-31")

    said = comparison_text(earlier, currency="EUR")

    assert "No sourced booking moves. Sourced amount of all time: any 1,335, strict 100" in said
    assert "O1  -1,235  sourced -> direct" in said


def test_comparison_text__definitions_that_agree_differ_in_nothing() -> None:
    said = comparison_text(comparison({}, {"id": "same"}), currency="EUR")

    assert said.endswith("any 1,335, same 1,335 (+0). No opportunity makes a difference.")


def test_comparison_text__says_that_they_count_different_amounts() -> None:
    recurring = {"id": "recurring", "amount": "recurring_amount"}

    said = comparison_text(comparison({}, recurring), currency="EUR")

    assert "any counts the amount and recurring the recurring amount; the matrices show" in said


def test_comparison_page__has_what_the_text_has() -> None:
    words = re.sub(r"<[^>]+>", " ", page({}, STRICT))

    for expected in (
        "The same data under 2 definitions",
        "1 opportunity has no known amount",
        "Amount by class: any down, strict across",
        "1 opportunity makes the difference.",
        "that touch is without a link to evidence.",
    ):
        assert expected in words


def test_comparison_page__shows_names_as_text_and_fetches_nothing() -> None:
    html = page({"title": "<script>alert(1)</script>"}, STRICT)

    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert not re.search(r"https?:|src=", html)


def test_comparison_page__one_definition_is_shown_alone() -> None:
    html = page({})

    assert "The same data under one definition" in html
    assert "across" not in html


def test_comparison_page__empty_frame() -> None:
    nothing = compared(
        facts([], []),
        [definition(), definition(**STRICT)],
        period=MonthCalendar(1).period("2025-Q2"),
        timezone="UTC",
    )

    assert "No opportunity makes a difference" in comparison_page(nothing, currency="EUR").decode()
    assert "No opportunity makes a difference" in comparison_text(nothing, currency="EUR")
