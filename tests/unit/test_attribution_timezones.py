"""Classes that turn when the touches' clock is up to a day off, written out."""

from typing import Any

import polars as pl
import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    definition,
    facts,
    frame,
    instant,
    opportunity,
    touch,
)
from workbench.attribution import attribution, flips_in_words, timezone_flips
from workbench.contracts import Touches


def flips(*touches: Row, timezone: str = "UTC", **changes: Any) -> pl.DataFrame:
    """Of O1, created on 10 March 2025 at noon and won on 20 May at noon for 100.00."""
    snapshot = facts([opportunity()], list(touches), timezone=timezone)
    rule = definition(rules=BEFORE_OR_AFTER, **changes)
    classes = attribution(snapshot, rule).opportunity_attribution
    table = frame(Touches, *touches)
    return timezone_flips(snapshot, rule, classes, touches=table, timezone=timezone)


def turned(found: pl.DataFrame) -> list[tuple[str, str, int]]:
    columns = ["classification", "other_classification", "shift_hours"]
    return found.select(columns).rows()


def at(moment: str, **changes: Any) -> Row:
    return touch("T1", moment[:10], touched_at=instant(moment), **changes)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-03-10T00:30", [("influenced", "sourced", -1)]),  # just after the midnight before
        ("2025-03-09T21:30", [("sourced", "influenced", 3)]),
        ("2025-03-09T12:00", [("sourced", "influenced", 12)]),
        ("2025-03-09T00:00", [("sourced", "influenced", 24)]),  # a date alone
        ("2025-03-08T23:59", []),  # a day more lies between
        ("2025-04-01T00:10", []),
        ("2025-05-20T23:30", [("influenced", "direct", 1)]),  # over the close
        ("2025-05-21T00:00", [("direct", "influenced", -1)]),
    ],
)
def test_timezone_flips__the_smallest_shift(moment, expected):
    assert turned(flips(at(moment))) == expected


def test_timezone_flips__days_are_those_of_the_reporting_zone():
    # 03:30 UTC is 23:30 of the evening before in New York: an hour later, another day
    assert turned(flips(at("2025-03-10T03:30"), timezone="America/New_York")) == [
        ("sourced", "influenced", 1)
    ]


def test_timezone_flips__another_touch_holds_the_class():
    safe = touch("T2", "2025-01-15")

    assert flips(at("2025-03-09T21:30"), safe).is_empty()


def test_timezone_flips__logged_after_the_close():
    late = at("2025-03-01T12:00", logged_at=instant("2025-05-21T02:00"))

    assert turned(flips(late, gates={"logged_before_close": True})) == [("direct", "sourced", -3)]


def test_timezone_flips__a_touch_on_the_account_reaches_another_opportunity():
    rows = [
        opportunity("O1", created_at=instant("2025-03-10T12:00")),
        opportunity("O2", created_at=instant("2025-04-10T12:00")),
    ]
    on_account = at("2025-03-09T23:00", opportunity_id=None, account_id="A1")
    snapshot = facts(rows, [on_account])
    rule = definition(rules=BEFORE_OR_AFTER[:1], account_touches="first")
    classes = attribution(snapshot, rule).opportunity_attribution

    found = timezone_flips(
        snapshot, rule, classes, touches=frame(Touches, on_account), timezone="UTC"
    )

    assert found.select(pl.exclude("amount_reporting")).rows() == [
        ("O1", "sourced", "direct", 1),  # on its own day the touch no longer comes before it
        ("O2", "direct", "sourced", 1),  # which is now the first that is created after it
    ]


def test_timezone_flips__the_crms_own_field_has_no_clock():
    snapshot = facts([opportunity(crm_classification="sourced")], [at("2025-03-09T21:30")])
    rule = definition(basis="crm_field", rules=[])
    classes = attribution(snapshot, rule).opportunity_attribution

    found = timezone_flips(
        snapshot, rule, classes, touches=frame(Touches, at("2025-03-09T21:30")), timezone="UTC"
    )

    assert found.is_empty()


def test_timezone_flips__empty_frame():
    assert flips().is_empty()


def test_flips_in_words__how_many_and_how_much():
    found = flips(at("2025-03-09T21:30"))

    assert flips_in_words(found, currency="EUR") == (
        "1 opportunity, EUR 100 in all, would have another class if the clock of the touches were "
        "up to a day off; 1 of them if it were less than half a day off."
    )
    assert flips_in_words(found.clear(), currency="EUR") == (
        "No class would turn if the clock of the touches were up to a day off."
    )
