"""Rules about how touches are logged, seen together."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.unit.quality_frames import PARAMS, broken, checked_by, findings, source
from workbench.params import RunParams


def logged(*days, **touch):
    """One touch a day, by its day of logging, which is its own day too."""
    return [
        {
            "touch_id": f"{touch.get('opportunity_id', 'O1')}-{number}",
            "touched_at": f"{day}T12:00",
            "logged_at": f"{day}T13:00",
        }
        | touch
        for number, day in enumerate(days)
    ]


WON = {"status": "won", "closed_at": "2026-06-30T12:00"}


def test_opportunity_touches_before_close__three_of_four_in_the_last_five_days():
    tables = source(
        opportunities=[
            *(WON | {"opportunity_id": f"O{number}"} for number in range(1, 5)),
            WON | {"opportunity_id": "O5", "created_at": "2026-06-01T12:00"},
        ],
        touches=[
            *logged("2026-04-01", "2026-06-26", "2026-06-30", "2026-06-30"),
            # 25 June is the sixth day
            *logged("2026-04-01", "2026-06-25", "2026-06-30", "2026-06-30", opportunity_id="O2"),
            # three are no burst
            *logged(*["2026-06-30"] * 3, opportunity_id="O3"),
            # a short sale has nothing but last days
            *logged(*["2026-06-30"] * 4, opportunity_id="O5"),
            # what was logged after the close is another matter
            *logged("2026-06-29", "2026-06-30", "2026-07-01", "2026-07-01", opportunity_id="O4"),
        ],
    )
    assert broken("opportunity_touches_before_close", tables) == {
        "O1": "Opportunity Acme renewal was won on 2026-06-30, and 3 of 4 touches on it were "
        "logged in its last 5 days."
    }
    assert checked_by("opportunity_touches_before_close", tables) == 2


def test_opportunity_touches_before_close__an_open_one_has_no_close():
    tables = source(
        opportunities=[{"closed_at": "2026-06-30T12:00"}], touches=logged(*["2026-06-30"] * 4)
    )
    assert checked_by("opportunity_touches_before_close", tables) == 0


LAST_WEEK = ["2026-03-25", "2026-03-31", "2026-06-24", "2026-06-30"]
BEFORE_IT = ["2026-03-24", "2026-01-01", "2026-06-23", "2026-04-01"]


def test_partner_touches_at_quarter_end__half_of_eight_in_the_last_seven_days():
    tables = source(
        partners=[{"partner_id": "P1"}, {"partner_id": "P2"}, {"partner_id": "P3"}],
        touches=[
            *logged(*LAST_WEEK, *BEFORE_IT),
            *logged(*LAST_WEEK, *BEFORE_IT, "2026-05-05", partner_id="P2", opportunity_id="O2"),
            *logged(*LAST_WEEK, partner_id="P3", opportunity_id="O3"),
        ],
    )
    assert broken("partner_touches_at_quarter_end", tables) == {
        "P1": "4 of 8 touches of Nordwind were logged in the last 7 days of a fiscal quarter."
    }
    assert checked_by("partner_touches_at_quarter_end", tables) == 2


@pytest.mark.parametrize(
    ("start", "month"), [(1, "2026-03"), (2, "2026-01"), (3, "2026-05"), (11, "2026-07")]
)
def test_partner_touches_at_quarter_end__quarters_are_fiscal(start, month):
    params = PARAMS.model_copy(update={"fiscal_year_start": start})
    tables = source(touches=logged(*[f"{month}-31"] * 8))
    before = source(touches=logged(*[f"{month}-24"] * 8))
    assert list(broken("partner_touches_at_quarter_end", tables, params=params)) == ["P1"]
    assert list(broken("partner_touches_at_quarter_end", before, params=params)) == []


def test_partner_touches_at_quarter_end__quarters_of_a_calendar_of_weeks():
    calendar = Path(__file__).parents[2] / "params" / "calendars" / "four_four_five.csv"
    params = RunParams(**PARAMS.model_dump() | {"calendar": calendar, "period": "2026-Q3"})
    end = params.fiscal_period.end
    days = {"end": end, "after": end + timedelta(days=1), "outside": date(2019, 12, 31)}
    found = {
        name: broken(
            "partner_touches_at_quarter_end", source(touches=logged(*[f"{day}"] * 8)), params=params
        )
        for name, day in days.items()
    }
    assert [list(messages) for messages in found.values()] == [["P1"], [], []]


def test_person_touches_at_quarter_end():
    tables = source(
        touches=[
            *logged(*LAST_WEEK, *LAST_WEEK),
            *logged(*LAST_WEEK, *BEFORE_IT, "2026-05-05", logged_by="Ann", opportunity_id="O2"),
            *logged(*LAST_WEEK, *LAST_WEEK, logged_by=None, opportunity_id="O3"),
        ]
    )
    rows = findings(tables).filter(pl.col("rule") == "person_touches_at_quarter_end")
    assert rows.select("table", "record_id", "owner", "message").rows() == [
        (
            "touches",
            "Mia Manager",
            "partner operations",
            "8 of 8 touches of Mia Manager were logged in the last 7 days of a fiscal quarter.",
        )
    ]
    assert checked_by("person_touches_at_quarter_end", tables) == 2


def test_person_logs_most__four_fifths_of_fifty():
    def shared(mine, others):
        return source(
            touches=[
                *logged(*["2026-05-05"] * mine),
                *logged(*["2026-05-05"] * others, logged_by="Ann", opportunity_id="O2"),
            ]
        )

    assert broken("person_logs_most", shared(40, 10)) == {
        "Mia Manager": "Mia Manager logged 40 of 50 touches that say who logged them and when."
    }
    assert broken("person_logs_most", shared(40, 11)) == {}
    assert checked_by("person_logs_most", shared(39, 10)) == 0
