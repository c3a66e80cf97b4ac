from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import polars as pl
import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    facts,
    frame,
    instant,
    opportunity,
    touch,
)
from workbench.attribution import attribution, with_rulings
from workbench.contracts import Opportunities, Partners
from workbench.definitions import Definition
from workbench.documents import parse_document
from workbench.rulings import Ruling
from workbench.vocabulary import TOUCH_TYPES
from workbench.worklists import crm_write_back, import_file, review_workbook

AS_OF = date(2025, 6, 30)
PARTNERS = {"P1": "Nordwind", "P2": "Südwind"}
APPROVED = ({"role": "sales", "name": "VP Sales", "on": "2025-01-20"},)


def definition(**changes: Any) -> Definition:
    content = {
        "id": "timing",
        "version": 3,
        "title": "Before or after",
        "rules": BEFORE_OR_AFTER,
        "approvals": APPROVED,
        "gates": {"evidence": "required"},
    }
    return parse_document(content | changes, Definition, "timing.yaml")


def written_back(
    opportunities: list[Row],
    touches: list[Row],
    *,
    names: dict[str, str] = PARTNERS,
    by: Definition | None = None,
    rulings: tuple[Ruling, ...] = (),
    timezone: str = "UTC",
) -> pl.DataFrame:
    """The write-back of what the definition makes of the rows."""
    partners = frame(
        Partners,
        *(
            {"partner_id": key, "name": name, "partner_type": "reseller", "active": True}
            for key, name in names.items()
        ),
    )
    by = by or definition()
    snapshot = facts(opportunities, touches, as_of=AS_OF, timezone=timezone)
    result, applied = with_rulings(
        attribution(snapshot, by),
        rulings,
        definition=by,
        partners=partners,
        as_of=AS_OF,
    )
    return crm_write_back(
        result.opportunity_attribution,
        opportunities=frame(Opportunities, *opportunities),
        partners=partners,
        touch_audit=result.touch_audit,
        rulings_applied=applied,
        definition=by,
        timezone=timezone,
    )


FIELDS = ["action", "partner_sourced", "partner_name", "partner_influence_type"]
BEFORE, DURING = "2025-03-01", "2025-04-01"


# What differs


def test_write_back__fields_that_nobody_filled_in():
    rows = written_back(
        [opportunity("O1"), opportunity("O2"), opportunity("O3")],
        [touch("T1", BEFORE), touch("T2", DURING, "P2", opportunity_id="O2", touch_type="co_sell")],
    )

    assert rows.select("opportunity_id", *FIELDS).rows() == [
        ("O1", "write", True, "Nordwind", "sourced"),
        ("O2", "write", False, "Südwind", "co-sell"),
    ]
    assert rows["reason"].to_list() == [
        "The introduction of 2025-03-01.",
        "The co-sell of 2025-04-01.",
    ]


def test_write_back__what_the_crm_says_already_is_left_alone():
    said = {"crm_classification": "sourced", "crm_partner_id": "P1"}
    rows = written_back(
        [
            opportunity("O1", **said, crm_influence_type="Sourced"),
            opportunity("O2", crm_partner_id="P1", crm_influence_type="Co Sell"),
            opportunity("O3", crm_classification="direct"),
        ],
        [touch("T1", BEFORE), touch("T2", DURING, opportunity_id="O2", touch_type="co_sell")],
    )

    assert rows.is_empty()


@pytest.mark.parametrize(
    "before",
    [
        {"crm_classification": "influenced", "crm_influence_type": "sourced"},
        {"crm_classification": "sourced", "crm_influence_type": "reference"},
        {"crm_classification": "sourced"},
    ],
)
def test_write_back__one_field_that_differs_is_enough(before):
    rows = written_back([opportunity(**before, crm_partner_id="P1")], [touch("T1", BEFORE)])

    assert rows.select(FIELDS).rows() == [("write", True, "Nordwind", "sourced")]
    assert rows["crm_partner_name"].to_list() == ["Nordwind"]
    assert rows["crm_classification"].to_list() == [before["crm_classification"]]


@pytest.mark.parametrize(
    ("touch_type", "word"),
    [("introduction", "intro"), ("reference", "reference"), ("deal_review", "co-sell")],
)
def test_write_back__the_picklists_word_follows_the_deciding_touch(touch_type, word):
    rows = written_back([opportunity()], [touch("T1", DURING, touch_type=touch_type)])

    assert rows["partner_influence_type"].to_list() == [word]


@pytest.mark.parametrize("touch_type", TOUCH_TYPES)
def test_write_back__every_touch_type_has_a_word_but_the_tag(touch_type):
    rows = written_back(
        [opportunity(crm_influence_type="Other")], [touch("T1", DURING, touch_type=touch_type)]
    )

    word = rows["partner_influence_type"][0]
    assert word == "Other" if touch_type == "crm_tag" else word in {"intro", "reference", "co-sell"}


def test_write_back__the_rooms_day_is_that_of_the_reporting_time_zone():
    night = instant("2025-04-02T02:00")
    room = {"touch_type": "deal_room_created", "evidence_url": None}
    rows = written_back(
        [opportunity("O1"), opportunity("O2")],
        [
            touch("T1", BEFORE),
            touch("T2", DURING, **room | {"touched_at": night}),
            touch("T3", "2025-04-09", **room),
            touch("T4", BEFORE, opportunity_id="O2"),
            touch("T5", "2026-02-01", opportunity_id="O2", **room),  # after the as-of day
        ],
        timezone="America/New_York",
    )

    assert rows["co_sell_room_created_on"].to_list() == [date(2025, 4, 1), None]


def test_write_back__a_room_alone_makes_no_row():
    """What the CRM has for the room's day is in no table, so nobody can say that it differs."""
    room = touch("T2", DURING, touch_type="deal_room_created", evidence_url=None)

    assert written_back([opportunity()], [room]).is_empty()


def test_write_back__empty_frame():
    assert written_back([], []).is_empty()


def test_write_back__nothing_to_tell_the_crm_from_its_own_field():
    by = parse_document(
        {"id": "crm_field", "version": 1, "title": "The CRM", "basis": "crm_field"}, Definition, ""
    )

    assert written_back([opportunity(crm_partner_id="P1")], [], by=by).is_empty()


# What a person looks at first


def review_reasons(opportunities: list[Row], touches: list[Row], **given: Any) -> list[str]:
    rows = written_back(opportunities, touches, **given)
    return rows.filter(pl.col("action") == "review")["reason"].to_list()


def test_write_back__a_claim_that_nothing_shows_is_not_taken_away():
    said = {"crm_classification": "sourced", "crm_partner_id": "P1"}

    rows = written_back([opportunity(**said)], [])

    assert rows["evidence_grade"].to_list() == ["unsupported"]
    assert rows.select("action", "reason").rows() == [
        ("review", "The CRM says more than any touch shows: ask the owner.")
    ]


def test_write_back__sourced_is_not_lowered_to_influenced():
    said = {"crm_classification": "sourced", "crm_partner_id": "P1"}

    assert review_reasons([opportunity(**said)], [touch("T1", DURING)]) == [
        "The CRM says more than any touch shows: ask the owner."
    ]


@pytest.mark.parametrize("crm", ["sourced", "influenced", None])
def test_write_back__a_touch_that_only_lacks_its_link(crm):
    said = {"crm_classification": crm, "crm_partner_id": "P1"}

    assert review_reasons([opportunity(**said)], [touch("T1", BEFORE, evidence_url=None)]) == [
        "A touch would make it sourced, but has no link to evidence: find the link first."
    ]


def test_write_back__another_partners_name_is_not_written_over():
    said = {"crm_classification": "sourced", "crm_partner_id": "P2"}

    assert review_reasons([opportunity(**said)], [touch("T1", BEFORE)]) == [
        "The CRM names another partner: ask the owner which one it was."
    ]


def test_write_back__a_class_that_holds_without_a_link_is_written_where_the_gate_is_open():
    by = definition(gates={"evidence": "optional"})

    rows = written_back([opportunity()], [touch("T1", BEFORE, evidence_url=None)], by=by)

    assert rows.select("evidence_grade", "action").rows() == [("claimed", "write")]


@pytest.mark.parametrize("classification", ["sourced", "direct"])
def test_write_back__what_people_ruled_is_written_even_where_it_lowers(classification):
    is_direct = classification == "direct"
    ruling = Ruling(
        opportunity_id="O1",
        classification=classification,
        partner_id=None if is_direct else "P2",
        by="VP Sales",
        on=date(2025, 6, 1),
        why="Both sides confirm it.",
    )
    said = {"crm_classification": "influenced", "crm_partner_id": "P1"}

    rows = written_back([opportunity(**said)], [touch("T1", DURING)], rulings=(ruling,))

    assert rows.select(FIELDS).rows() == [
        ("write", False, None, None) if is_direct else ("write", True, "Südwind", "sourced")
    ]
    assert rows["reason"].to_list() == ["Ruled by VP Sales on 2025-06-01."]


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+Plus", "-Minus", "@Home", " =1", "\t=1", "\rx", "a;=1", 'a","=1', "a\n=1", "a|-1"],
)
def test_write_back__a_name_that_could_run_is_entered_by_hand(name):
    rows = written_back([opportunity()], [touch("T1", BEFORE)], names={"P1": name})

    assert rows.select("action", "partner_name").rows() == [("review", name)]
    content = import_file(rows, definition=definition(), run_id="demo-1")
    assert content.decode().count("\n") == 1  # the header


@pytest.mark.parametrize("name", ["Co-Op", "A+B", "Q = A", "O'Neil", "x@y", "Süd, West"])
def test_write_back__a_usual_name_is_written(name):
    rows = written_back([opportunity()], [touch("T1", BEFORE)], names={"P1": name})

    assert rows.select("action", "partner_name").rows() == [("write", name)]


def test_write_back__an_id_that_could_run_is_entered_by_hand():
    rows = written_back([opportunity("=O1")], [touch("T1", BEFORE, opportunity_id="=O1")])

    assert rows["action"].to_list() == ["review"]


# The files


def test_import_file__holds_what_is_to_be_written():
    rows = written_back(
        [opportunity("O1"), opportunity("O2", crm_classification="sourced")],
        [touch("T1", BEFORE), touch("T2", DURING, touch_type="deal_room_created")],
        names={"P1": 'Nord "wind", Inc.'},
    )

    content = import_file(rows, definition=definition(), run_id="demo-1")

    assert content.decode() == (
        "opportunity_id,partner_sourced,partner_id,partner_name,partner_influence_type,"
        "co_sell_room_created_on,attribution_run,attribution_definition\n"
        'O1,true,P1,"Nord ""wind"", Inc.",sourced,2025-04-01,demo-1,timing version 3\n'
    )


def test_import_file__none_under_a_draft():
    rows = written_back([opportunity()], [touch("T1", BEFORE)])

    assert import_file(rows, definition=definition(approvals=[]), run_id="demo-1") is None


def test_review_workbook__old_beside_new_and_reviews_first():
    rows = written_back(
        [opportunity("O1"), opportunity("O2", crm_classification="sourced", crm_partner_id="P2")],
        [touch("T1", BEFORE)],
    )
    created = datetime(2026, 11, 3, tzinfo=UTC)

    content = review_workbook(rows, created=created, about={"Run": "demo-1"})

    shown = pl.read_excel(BytesIO(content), sheet_name="Partner fields")
    columns = ["Action", "Opportunity", "Class in the CRM", "Class shown", "Partner in the CRM"]
    assert shown.select(*columns, "Partner shown", "Sourced").rows() == [
        ("review", "O2", "sourced", "direct", "Südwind", None, "no"),
        ("write", "O1", None, "sourced", None, "Nordwind", "yes"),
    ]
