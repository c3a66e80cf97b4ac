"""The examples of a definition say what the engine says."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.reference.cases import definitions
from tests.unit.attribution_frames import definition, facts, opportunity, touch
from workbench.attribution import attribution
from workbench.definitions import (
    Definition,
    Example,
    definition_examples,
    definition_page,
    examples_in_words,
    find_definition_file,
    read_definition,
)
from workbench.documents import parse_document

SHIPPED = sorted(file.stem for file in find_definition_file("timing").parent.glob("*.yaml"))


def shipped(definition_id: str) -> Definition:
    return read_definition(find_definition_file(definition_id))


def noon(day) -> datetime:
    return datetime.combine(day, time(12), UTC)


def decision(definition: Definition, example: Example) -> tuple[str | None, int | None, str]:
    """Role, rule and class by the engine: one opportunity, and the example's touch alone."""
    touched_at = noon(example.touched_on)
    snapshot = facts(
        [
            opportunity(
                opportunity_type=definition.opportunity_types[0],
                created_at=noon(example.created_on),
                closed_at=noon(example.closed_on),
            )
        ],
        [
            touch(
                "T1",
                f"{example.touched_on}",
                touch_type=example.touch_type,
                logged_at=touched_at,
                partner_contact="A. Person",
                accepted_by="A. Seller",
            )
        ],
        as_of=max(example.closed_on, example.touched_on),
    )
    result = attribution(snapshot, definition)
    audit = result.touch_audit.row(0, named=True)
    classification = result.opportunity_attribution["classification"].item()
    return audit["role"], audit["rule"], classification


def check_examples(definition: Definition) -> None:
    """Every example is what the engine says; the first of a rule counts, the others do not."""
    examples = definition_examples(definition)
    for example in examples:
        role, rule, classification = decision(definition, example)
        assert rule == example.decided_by, example
        assert classification == (role or "direct"), example
    for number in range(len(definition.rules)):
        own = [example for example in examples if example.rule == number]
        if own:
            assert [e.counts for e in own] == [True, *(False for _ in own[1:])]
            assert len(own) > 1
        else:
            assert not is_reached(definition, number)


def is_reached(definition: Definition, number: int) -> bool:
    """Whether a rule ever decides, by trying days and lengths far and near."""
    steps = sorted({sign * days + near for days in (0, 1, 2, 7, 14, 30, 90, 365, 500)
                    for near in (-1, 0, 1) for sign in (-1, 1)})  # fmt: skip
    return any(
        day <= length and first_rule(definition, kind, day=day, length=length) == number
        for kind in definition.rules[number].touch_types
        for length in (0, 1, 2, 15, 31, 91, 120, 366, 800)
        for day in (*steps, *(length + step for step in steps))
    )


def first_rule(definition: Definition, kind: str, *, day: int, length: int) -> int | None:
    since = {"created": day, "closed": day - length}
    for number, rule in enumerate(definition.rules):
        begun = rule.start is None or since[rule.start.anchor] >= rule.start.days
        over = rule.end is not None and since[rule.end.anchor] > rule.end.days
        if kind in rule.touch_types and begun and not over:
            return number
    return None


@pytest.mark.parametrize("definition_id", SHIPPED)
def test_examples__of_shipped_files_are_what_the_engine_says(definition_id):
    check_examples(shipped(definition_id))


@pytest.mark.parametrize("definition_id", [name for name in SHIPPED if name != "crm_field"])
def test_examples__every_rule_of_a_shipped_file_has_one_that_counts(definition_id):
    chosen = shipped(definition_id)

    counting = [example.rule for example in definition_examples(chosen) if example.counts]

    assert counting == list(range(len(chosen.rules)))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(content=definitions())
def test_examples__of_any_definition_are_what_the_engine_says(content: dict[str, Any]):
    check_examples(parse_document(content, Definition, "drawn.yaml"))


def test_examples__the_baseline_asks_the_crm_alone():
    baseline = shipped("crm_field")
    flagged = opportunity(crm_classification="sourced", crm_partner_id="P1")
    introduced = [touch("T1", "2025-03-09")]

    classes = [
        attribution(facts([row], touches), baseline).opportunity_attribution["classification"]
        for row, touches in ((flagged, []), (opportunity(), introduced))
    ]

    assert definition_examples(baseline) == []
    assert [column.item() for column in classes] == ["sourced", "direct"]


def test_examples__of_timing_lie_on_both_sides_of_the_creation():
    assert examples_in_words(shipped("timing")) == [
        "An opportunity was created on 10 June 2025 and closed on 8 September 2025; each touch "
        "below carries all that it must.",
        "Rule 1: an introduction on 9 June 2025, the day before it was created, makes it sourced.",
        "An introduction on 10 June 2025, the day it was created, falls under rule 2 instead, and "
        "makes it influenced.",
        "An introduction on 9 June 2024, 366 days before it was created, counts for nothing: it "
        "lies outside the window.",
        "Rule 2: a co-sell on 10 June 2025, the day it was created, makes it influenced.",
        "A co-sell on 9 June 2025, the day before it was created, counts for nothing: it lies "
        "outside the window.",
        "A co-sell on 9 September 2025, the day after it closed, counts for nothing: no touch "
        "after the close ever counts.",
    ]


def test_examples__an_opportunity_as_long_as_the_windows_ask():
    rules = [
        {"role": "sourced", "touch_types": ["referral"], "from": "created + 90d",
         "to": "closed - 30d"},
        {"role": "influenced", "touch_types": ["resale"], "from": "closed", "to": "created"},
    ]  # fmt: skip

    lengths = [
        (example.closed_on - example.created_on).days
        for example in definition_examples(definition(rules=rules))
        if example.counts
    ]

    assert lengths == [120, 0]


def test_examples__a_rule_that_never_decides_says_so():
    rules = [
        {"role": "sourced", "touch_types": "any"},
        {"role": "influenced", "touch_types": ["resale"], "from": "created", "to": "closed"},
    ]

    said = examples_in_words(definition(rules=rules))

    assert said[-1] == (
        "Rule 2, influenced, never decides: the rules before it take every touch that it would."
    )


def test_definition_page__reads_from_title_to_blind_spots():
    page = definition_page(shipped("registration_strict"))

    headings = [
        "registration_strict, version 1. DRAFT: nobody has approved it.",
        "Sourced: A deal registration from 180 days before it closed to the day before it was",
        "What it is for: ",
        "Where the idea comes from: ",
        "What a touch must carry to count\n  - it carries a link to its evidence\n",
        "Who is credited\n",
        "Examples\n",
        "What it does not see\n",
    ]
    places = [page.index(heading) for heading in headings]
    assert places == sorted(places)
    assert max(len(line) for line in page.splitlines()) <= 96


def test_definition_page__approvals_and_the_day_from_which_it_is_in_force():
    approvals = [
        {"role": "sales", "name": "VP Sales", "on": "2025-01-20"},
        {"role": "finance", "name": "CFO", "on": "2025-01-22"},
    ]

    page = definition_page(definition(approvals=approvals, effective_from="2025-02-01"))

    assert page.splitlines()[1:3] == [
        "any, version 1, in force from 1 February 2025. Approved by VP Sales (sales) on 20 January "
        "2025 and CFO (finance) on 22 January 2025.",
        "",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "all of it goes to the primary partner"),
        ({"credit": {"model": "time_decay", "half_life_days": 30}}, "for every 30 days"),
        ({"credit": {"model": "weighted", "weights": dict.fromkeys(["co_sell"], 2)},
          "rules": [{"role": "sourced", "touch_types": ["co_sell"]}]}, "weighs: co-sell 2"),
        ({"credit": {"model": "full"}, "amount": "recurring_amount"},
         "Credit for the recurring amount: every partner is shown the whole of it"),
        ({"primary_partner": "ranked", "rank": ["resale", "co_sell"]},
         "the strongest touch, in this order: resale, co-sell."),
    ],
)  # fmt: skip
def test_definition_page__who_is_credited(changes, expected):
    assert expected in " ".join(definition_page(definition(**changes)).split())
