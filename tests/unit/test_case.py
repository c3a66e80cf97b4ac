"""The case of an opportunity: its facts, and the smallest one that would turn its class."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from tests.reference.attribution import attribution as reference_attribution
from tests.reference.cases import definitions, worlds
from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    definition,
    frame,
    instant,
    opportunity,
    touch,
)
from tests.unit.case_frames import case_tables, params
from workbench.attribution.case import Case, CaseTables, case, near_ids
from workbench.attribution.turning import TurningFact, turning_fact
from workbench.contracts import TABLES
from workbench.definitions import Definition
from workbench.documents import parse_document
from workbench.errors import InputError

REQUIRED = {"evidence": "required"}


def case_of(tables: CaseTables, *compared: Definition, **rules: Any) -> Case:
    own = definition(**{"rules": BEFORE_OR_AFTER} | rules)
    return case(tables, "O1", params=params(), definitions=(own, *compared))


def turned(*touches: Row, rows: dict[str, Any] | None = None, **rules: Any) -> TurningFact | None:
    own = definition(**{"rules": BEFORE_OR_AFTER} | rules)
    tables = case_tables(list(touches), **(rows or {}))
    return turning_fact(tables, "O1", params=params(), definition=own)


def smallest(fact: TurningFact | None) -> tuple[Any, ...]:
    assert fact is not None
    return fact.kind, fact.touch_id, fact.days, fact.classification, fact.primary_partner_id


def test_case__facts_of_the_opportunity_and_of_its_touches() -> None:
    stages = [
        {"opportunity_id": "O1", "stage": "Discovery", "entered_at": instant("2025-03-10T12:00")},
        {"opportunity_id": "O1", "stage": "After", "entered_at": instant("2025-07-10T12:00")},
    ]
    found = case_of(
        case_tables(
            [touch("T1", "2025-03-01", logged_at=instant("2025-03-04T12:00"))], stages=stages
        )
    )

    assert (found.account_name, found.status, found.stages) == (
        "Acme", "won", ((date(2025, 3, 10), "Discovery"),)
    )  # fmt: skip
    assert (found.created_on, found.closed_on) == (date(2025, 3, 10), date(2025, 5, 20))
    one = found.touches[0]
    assert (one.touched_on, one.logged_on) == (date(2025, 3, 1), date(2025, 3, 4))
    assert (one.decision, one.role, one.rule) == ("accepted", "sourced", 0)
    assert found.verdict.credit[0][0] == "P1"


def test_case__compared_definitions_follow_the_own_one() -> None:
    strict = definition(id="strict", gates=REQUIRED)
    found = case_of(case_tables([touch("T1", "2025-03-01", evidence_url=None)]), strict)

    assert [(v.definition.id, v.classification) for v in found.verdicts] == [
        ("any", "sourced"),
        ("strict", "direct"),
    ]


def test_case__a_close_after_the_as_of_day_has_not_happened() -> None:
    later = opportunity(closed_at=instant("2025-07-01T12:00"))
    found = case_of(case_tables([], opportunities=[later]))

    assert (found.status, found.closed_on, found.last_day) == ("open", None, date(2025, 6, 30))


def test_case__touches_of_the_account_that_belong_elsewhere_are_counted() -> None:
    touches = [
        touch("T1", "2025-03-01"),
        touch("T2", "2025-03-01", opportunity_id="O2"),
        touch("T3", "2025-03-01", opportunity_id=None, account_id="A1"),
        touch("T4", "2025-03-01", opportunity_id="O9", account_id="A9"),
    ]
    found = case_of(case_tables(touches, opportunities=[opportunity(), opportunity("O2")]))

    assert [t.touch_id for t in found.touches] == ["T1", "T3"]
    assert found.touches[1].reason == "no_opportunity"
    assert found.touches_elsewhere == 1


def test_case__a_merged_account_belongs_to_it() -> None:
    merges = [{"merged_account_id": "A0", "surviving_account_id": "A1"}]
    lone = touch("T1", "2025-03-01", opportunity_id=None, account_id="A0")
    found = case_of(case_tables([lone], account_merges=merges), account_touches="first")

    assert found.verdict.classification == "sourced"


def test_case__an_unknown_opportunity_brings_near_ids() -> None:
    tables = case_tables([], opportunities=[opportunity("OPP-0012"), opportunity("OPP-0013")])

    with pytest.raises(InputError, match="did you mean OPP-0012"):
        case(tables, "opp-0012", params=params(), definitions=[definition()])


def test_case__created_after_the_as_of_day_is_an_error() -> None:
    tables = case_tables([], opportunities=[opportunity(created_at=instant("2025-07-01T12:00"))])

    with pytest.raises(InputError, match="after the as-of day, 2025-06-30"):
        case_of(tables)


def test_case__empty_frame() -> None:
    with pytest.raises(InputError, match="there is no such opportunity"):
        case(
            CaseTables.of({TABLES[n]: TABLES[n].empty() for n in REQUIRED_TABLE_NAMES}),
            "O1",
            params=params(),
            definitions=[definition()],
        )


REQUIRED_TABLE_NAMES = ("opportunities", "touches", "partners", "accounts")


def test_near_ids__none_where_nothing_is_like_it() -> None:
    ids = frame(TABLES["opportunities"], {"opportunity_id": "OPP-1"})["opportunity_id"]

    assert near_ids("zzzzzzzz", ids) == []
    assert near_ids("zz", ids.clear()) == []


def test_turning_fact__a_link() -> None:
    fact = turned(touch("T1", "2025-03-01", evidence_url=None), gates=REQUIRED)

    assert smallest(fact) == ("evidence", "T1", None, "sourced", "P1")


def test_turning_fact__a_person_and_an_acceptance() -> None:
    bare = touch("T1", "2025-03-01")

    person = turned(bare, gates={"partner_contact": "required"})
    seller = turned(bare, gates={"seller_acceptance": "required"})

    assert smallest(person) == ("partner_contact", "T1", None, "sourced", "P1")
    assert smallest(seller) == ("seller_acceptance", "T1", None, "sourced", "P1")


def test_turning_fact__two_missing_facts_are_not_one() -> None:
    gates = {"evidence": "required", "partner_contact": "required"}

    assert turned(touch("T1", "2025-03-01", evidence_url=None), gates=gates) is None


def test_turning_fact__linked_to_the_opportunity() -> None:
    lone = touch("T1", "2025-03-01", opportunity_id=None, account_id="A1")
    others = {"opportunities": [opportunity(), opportunity("O2")]}

    assert smallest(turned(lone)) == ("link", "T1", None, "sourced", "P1")
    assert smallest(turned(lone | {"opportunity_id": "O2"}, rows=others)) == (
        "link_from_another", "T1", None, "sourced", "P1"
    )  # fmt: skip


def test_turning_fact__logged_as_late_as_the_gate_allows() -> None:
    late = touch("T1", "2025-03-01", logged_at=instant("2025-03-20T12:00"))

    fact = turned(late, gates={"logged_within_days": 14})

    assert smallest(fact) == ("logged", "T1", -5, "sourced", "P1")
    assert fact is not None
    assert fact.on == date(2025, 3, 15)


def test_turning_fact__logged_before_the_close() -> None:
    late = touch("T1", "2025-03-01", logged_at=instant("2025-05-23T12:00"))

    fact = turned(late, gates={"logged_before_close": True})

    assert smallest(fact) == ("logged", "T1", -3, "sourced", "P1")


def test_turning_fact__a_log_day_that_nobody_knows() -> None:
    fact = turned(touch("T1", "2025-03-01"), gates={"logged_within_days": 14})

    assert smallest(fact) == ("logged", "T1", None, "sourced", "P1")


def test_turning_fact__the_least_days_of_the_touch_itself() -> None:
    """Sourced needs the day before creation; T2 is nearer to it than T1."""
    fact = turned(touch("T1", "2025-03-20"), touch("T2", "2025-03-12", "P2"))

    assert smallest(fact) == ("touched", "T2", -3, "sourced", "P2")


def test_turning_fact__one_that_takes_the_class_away() -> None:
    fact = turned(touch("T1", "2025-03-07"), rules=BEFORE_OR_AFTER[:1])

    assert smallest(fact) == ("touched", "T1", 3, "direct", None)


def test_turning_fact__what_can_be_supplied_comes_before_days() -> None:
    fact = turned(
        touch("T1", "2025-03-10"), touch("T2", "2025-03-01", evidence_url=None), gates=REQUIRED
    )

    assert smallest(fact) == ("evidence", "T2", None, "sourced", "P1")


def test_turning_fact__never_another_touch_type_nor_a_day_after_the_as_of_day() -> None:
    assert (
        turned(touch("T1", "2025-03-01", touch_type="co_sell"), rules=BEFORE_OR_AFTER[:1]) is None
    )
    future = [{"role": "sourced", "touch_types": "any", "from": "created + 200d"}]
    assert turned(touch("T1", "2025-03-01"), rules=future) is None


def test_turning_fact__none_where_no_touch_is_consulted() -> None:
    crm = {"basis": "crm_field", "rules": []}

    assert turned(touch("T1", "2025-03-01"), **crm) is None


def test_turning_fact__empty_frame() -> None:
    assert turned() is None


SUPPLIED = {
    "evidence": {"evidence_url": "https://link"},
    "partner_contact": {"partner_contact": "someone"},
    "seller_acceptance": {"accepted_by": "someone"},
}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(world=worlds(), content=definitions())
def test_turning_fact__nothing_smaller_turns_it_by_the_reference(
    world: dict[str, Any], content: dict[str, Any]
) -> None:
    """Every missing fact supplied, and every touch moved by up to 12 days, one change at a time."""
    tables, zone, as_of = world["tables"], ZoneInfo(world["timezone"]), world["as_of"]
    settings_of = {key: world[key] for key in ("as_of", "timezone", "reporting_currency")}
    rows = {
        name: frame(TABLES[name], *tables[name])
        for name in ("opportunities", "touches", "partners", "accounts", "account_merges",
                     "fx_rates")
    }  # fmt: skip
    by_contract = CaseTables.of({TABLES[name]: table for name, table in rows.items()})

    def classes(touches: list[Row]) -> dict[str, str]:
        result = reference_attribution({**tables, "touches": touches}, content, **settings_of)
        return {
            row["opportunity_id"]: row["classification"] for row in result.opportunity_attribution
        }

    before = classes(tables["touches"])
    for opportunity_id in before:
        fact = turning_fact(
            by_contract,
            opportunity_id,
            params=params(**settings_of),
            definition=parse_document(content, Definition, "drawn.yaml"),
        )
        kinds = list(SUPPLIED)
        smaller = kinds[: kinds.index(fact.kind)] if fact and fact.kind in SUPPLIED else kinds
        reach = 0 if fact and fact.kind in SUPPLIED else 12
        if fact and fact.kind not in {*SUPPLIED, "touched", "link_from_another"}:
            reach = 0
        if fact and fact.kind == "touched":
            reach = min(12, abs(fact.days or 0) - 1)
        for number, one in enumerate(tables["touches"]):
            changes = [SUPPLIED[k] for k in smaller if one[next(iter(SUPPLIED[k]))] is None]
            for days in (*range(-reach, 0), *range(1, reach + 1)):
                at = moved(one["touched_at"], days, zone)
                logged_at = one["logged_at"] and max(one["logged_at"], at)
                if at.astimezone(zone).date() <= as_of:
                    changes.append({"touched_at": at, "logged_at": logged_at})
            for change in changes:
                touches = [*tables["touches"]]
                touches[number] = one | change
                assert classes(touches)[opportunity_id] == before[opportunity_id], (fact, change)


def moved(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    return (at.astimezone(zone) + timedelta(days=days)).astimezone(at.tzinfo)
