"""Rules about when things happened, when they were logged, and when runs first saw them."""

import pytest

from tests.unit.quality_frames import broken, checked_by, source


def test_touch_logged_late__more_than_14_days():
    tables = source(
        touches=[
            # 14 days in New York, where the second one lies on the evening of the 18th
            {"touch_id": "T1", "logged_at": "2026-03-19T03:00"},
            {"touch_id": "T2", "logged_at": "2026-03-19T05:00"},
            {"touch_id": "T3", "logged_at": None},
        ]
    )
    assert broken("touch_logged_late", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 was logged on 2026-03-19, 15 days later."
    }
    assert checked_by("touch_logged_late", tables) == 2


def test_touch_logged_after_close__the_day_of_the_close_is_not_after():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "status": "won", "closed_at": "2026-06-01T12:00"},
            {"opportunity_id": "O2", "status": "open", "closed_at": "2026-06-01T12:00"},
        ],
        touches=[
            {"touch_id": "T1", "logged_at": "2026-06-01T23:00"},
            {"touch_id": "T2", "logged_at": "2026-06-02T12:00"},
            {"touch_id": "T3", "logged_at": "2026-06-02T12:00", "opportunity_id": "O2"},
            {"touch_id": "T4", "logged_at": None},
            # what took place after the close can only be logged after it
            {
                "touch_id": "T5",
                "touched_at": "2026-06-02T12:00",
                "logged_at": "2026-06-02T12:00",
            },
        ],
    )
    assert broken("touch_logged_after_close", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 was logged on 2026-06-02, 1 day after "
        "opportunity O1 closed on 2026-06-01."
    }
    assert checked_by("touch_logged_after_close", tables) == 2


def test_touch_without_log_date():
    tables = source(touches=[{"touch_id": "T1"}, {"touch_id": "T2", "logged_at": None}])
    assert broken("touch_without_log_date", tables) == {
        "T2": "The co-sell by Nordwind on 2026-03-04 does not say when it was logged."
    }


def test_touch_in_future__the_day_of_reading_is_not_the_future():
    tables = source(
        touches=[
            {"touch_id": "T1", "touched_at": "2026-11-03T04:59"},
            {"touch_id": "T2", "touched_at": "2026-11-03T05:00"},
        ]
    )
    assert broken("touch_in_future", tables) == {
        "T2": "The co-sell by Nordwind on 2026-11-03 is dated 1 day after the sources were read "
        "on 2026-11-02."
    }


def test_touch_day_month_swapped():
    tables = source(
        touches=[
            # meant was 11 March, logged the day after
            {
                "touch_id": "T1",
                "touched_at": "2026-11-03T12:00",
                "logged_at": "2026-03-12T12:00",
            },
            # exchanged it would still lie after the log day
            {
                "touch_id": "T2",
                "touched_at": "2026-11-03T12:00",
                "logged_at": "2026-03-10T12:00",
            },
            # there is no month 13
            {
                "touch_id": "T3",
                "touched_at": "2026-03-13T12:00",
                "logged_at": "2026-03-12T12:00",
            },
            # the date needs no exchange
            {
                "touch_id": "T4",
                "touched_at": "2026-03-11T12:00",
                "logged_at": "2026-03-11T12:00",
            },
        ]
    )
    assert broken("touch_day_month_swapped", tables) == {
        "T1": "The co-sell by Nordwind on 2026-11-03 was logged before that, on 2026-03-12; with "
        "day and month exchanged it took place on 2026-03-11."
    }
    assert checked_by("touch_day_month_swapped", tables) == 3


def test_opportunity_closed_before_created__the_same_day_is_not_before():
    tables = source(
        opportunities=[
            # a close date is midnight, earlier than the instant of creation
            {"opportunity_id": "O1", "status": "won", "closed_at": "2026-03-10T04:00"},
            {"opportunity_id": "O2", "status": "lost", "closed_at": "2026-03-08T12:00"},
            {"opportunity_id": "O3", "status": "open", "closed_at": "2026-03-08T12:00"},
        ]
    )
    assert broken("opportunity_closed_before_created", tables) == {
        "O2": "Opportunity Acme renewal was lost on 2026-03-08, 2 days before it was created on "
        "2026-03-10."
    }


def test_opportunity_open_past_close():
    tables = source(
        opportunities=[
            {"opportunity_id": "O1", "closed_at": "2026-11-02T12:00"},
            {"opportunity_id": "O2", "closed_at": "2026-11-01T12:00"},
            {"opportunity_id": "O3", "closed_at": None},
            {"opportunity_id": "O4", "closed_at": "2026-11-01T12:00", "status": "won"},
        ]
    )
    assert broken("opportunity_open_past_close", tables) == {
        "O2": "Opportunity Acme renewal is open in stage Proposal, and was to close on 2026-11-01, "
        "1 day before the sources were read."
    }
    assert checked_by("opportunity_open_past_close", tables) == 2


def test_touch_day_month_doubtful__late_as_dated_and_prompt_if_exchanged():
    tables = source(
        touches=[
            # meant was 3 November, logged the day after
            {
                "touch_id": "T1",
                "touched_at": "2026-03-11T12:00",
                "logged_at": "2026-11-04T15:00",
            },
            # exchanged it would be 8 days
            {
                "touch_id": "T2",
                "touched_at": "2026-03-11T12:00",
                "logged_at": "2026-11-11T15:00",
            },
            # late, and with no other date that it could bear
            {
                "touch_id": "T3",
                "touched_at": "2026-03-13T12:00",
                "logged_at": "2026-11-04T15:00",
            },
            # exchanged it would be dated after its log
            {
                "touch_id": "T4",
                "touched_at": "2026-03-11T12:00",
                "logged_at": "2026-11-02T15:00",
            },
            # not late
            {
                "touch_id": "T5",
                "touched_at": "2026-05-04T12:00",
                "logged_at": "2026-05-08T12:00",
            },
        ]
    )
    assert broken("touch_day_month_doubtful", tables) == {
        "T1": "The co-sell by Nordwind on 2026-03-11 was logged on 2026-11-04, 238 days later; "
        "with day and month exchanged it took place on 2026-11-03."
    }


def read_thrice(**touch):
    """A touch that the third of three runs first saw; they read in May, July and September."""
    first, second = "2026-05-01T12:00", "2026-07-01T12:00"
    return [
        {"touch_id": "T1", "first_seen_at": first, "touch_type": "referral"},
        {"touch_id": "T2", "first_seen_at": second, "touch_type": "champion"},
        {"touch_id": "T3", "first_seen_at": "2026-09-01T12:00"} | touch,
    ]


def won_on(day):
    return [{"status": "won", "closed_at": f"{day}T12:00"}]


def test_touch_appeared_after_close__an_earlier_run_after_the_close_did_not_have_it():
    tables = source(opportunities=won_on("2026-06-30"), touches=read_thrice())
    assert broken("touch_appeared_after_close", tables) == {
        "T3": "The co-sell by Nordwind on 2026-03-04 was not there when the sources were read on "
        "2026-07-01, 1 day after opportunity O1 closed; it was first read on 2026-09-01."
    }
    assert checked_by("touch_appeared_after_close", tables) == 2  # the first run accuses nothing


@pytest.mark.parametrize(
    ("closed", "touch"),
    [
        ("2026-07-01", {}),  # the run before may have read before it was logged
        ("2026-06-30", {"logged_at": "2026-07-02T12:00"}),  # says itself that it is late
        ("2026-06-30", {"touched_at": "2026-07-02T12:00", "logged_at": None}),
    ],
)
def test_touch_appeared_after_close__not_accused(closed, touch):
    tables = source(opportunities=won_on(closed), touches=read_thrice(**touch))
    assert broken("touch_appeared_after_close", tables) == {}


def test_touch_appeared_after_close__one_run_accuses_nobody():
    tables = source(
        opportunities=won_on("2026-02-28"), touches=[{"touched_at": "2026-02-01T12:00"}]
    )
    assert checked_by("touch_appeared_after_close", tables) == 0


def test_touch_appeared_after_report__more_than_14_days_before_a_run_that_did_not_have_it():
    near = {"touched_at": "2026-06-17T12:00"}
    far = {"touched_at": "2026-06-16T12:00"}
    assert broken("touch_appeared_after_report", source(touches=read_thrice(**near))) == {
        "T2": "The champion by Nordwind on 2026-03-04 was not there when the sources were read on "
        "2026-05-01, 58 days later; it was first read on 2026-07-01."
    }
    messages = broken("touch_appeared_after_report", source(touches=read_thrice(**far)))
    assert list(messages) == ["T2", "T3"]
    assert "15 days later" in messages["T3"]


def history(*entries):
    return [{"stage": stage, "entered_at": f"{day}T12:00"} for stage, day in entries]


def test_opportunity_history_outside_life__before_creation_and_after_close():
    won = {"status": "won", "closed_at": "2026-06-01T04:00"}  # midnight in New York
    tables = source(
        opportunities=[
            won | {"opportunity_id": "O1"},
            won | {"opportunity_id": "O2"},
            won | {"opportunity_id": "O3"},
            {"opportunity_id": "O4", "closed_at": "2026-05-01T12:00"},
            {"opportunity_id": "O5"},
        ],
        stage_history=[
            {"opportunity_id": "O1", "entered_at": "2026-03-10T09:00"},
            {"opportunity_id": "O1", "entered_at": "2026-06-01T20:00"},
            {"opportunity_id": "O2", "entered_at": "2026-03-09T12:00"},
            {"opportunity_id": "O3", "entered_at": "2026-06-02T12:00"},
            {"opportunity_id": "O4", "entered_at": "2026-06-02T12:00"},
        ],
    )
    assert broken("opportunity_history_outside_life", tables) == {
        "O2": "Opportunity Acme renewal was created on 2026-03-10 and won on 2026-06-01, but "
        "entered a stage on 2026-03-09.",
        "O3": "Opportunity Acme renewal was created on 2026-03-10 and won on 2026-06-01, but "
        "entered a stage on 2026-06-02.",
    }
    assert checked_by("opportunity_history_outside_life", tables) == 4


def test_opportunity_history_ends_elsewhere__the_latest_entry_decides():
    tables = source(
        stage_history=history(
            ("Proposal", "2026-04-01"), ("Discovery", "2026-03-10"), ("Closed Lost", "2026-05-01")
        )
    )
    assert broken("opportunity_history_ends_elsewhere", tables) == {
        "O1": "Opportunity Acme renewal is in stage Proposal; its history ends in Closed Lost on "
        "2026-05-01."
    }


def test_opportunity_history_ends_elsewhere__two_entries_at_one_instant():
    both = history(("Discovery", "2026-04-01"), ("Proposal", "2026-04-01"))
    assert broken("opportunity_history_ends_elsewhere", source(stage_history=both)) == {}


def test_handoff_answered_before_sent__the_same_day_is_not_before():
    tables = source(
        handoffs=[
            {"handoff_id": "H1", "responded_at": "2026-03-04T06:00"},
            {"handoff_id": "H2", "responded_at": "2026-03-02T12:00", "response": "rejected"},
            {"handoff_id": "H3", "responded_at": None, "response": "pending"},
        ]
    )
    assert broken("handoff_answered_before_sent", tables) == {
        "H2": "The handoff with Nordwind sent on 2026-03-04 was rejected on 2026-03-02, 2 days "
        "before."
    }
    assert checked_by("handoff_answered_before_sent", tables) == 2


def test_handoff_answer_undated():
    tables = source(
        handoffs=[
            {"handoff_id": "H1"},
            {"handoff_id": "H2", "responded_at": None},
            {"handoff_id": "H3", "response": "pending"},
            {"handoff_id": "H4", "response": "pending", "responded_at": None},
        ]
    )
    assert broken("handoff_answer_undated", tables) == {
        "H2": "The handoff with Nordwind sent on 2026-03-04 is accepted, and nothing says since "
        "when.",
        "H3": "The handoff with Nordwind sent on 2026-03-04 is pending, but was answered on "
        "2026-03-05.",
    }
