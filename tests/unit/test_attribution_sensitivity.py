from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    definition,
    facts,
    instant,
    opportunity,
    touch,
)
from workbench.attribution.sensitivity import Sensitivity, swept, variants
from workbench.contracts import DefinitionSensitivity
from workbench.definitions import Definition, read_definition
from workbench.documents import parse_document
from workbench.periods import MonthCalendar
from workbench.rulings import Ruling
from workbench.tables import checked

QUARTER = MonthCalendar(1).period("2025-Q2")
SHIPPED = sorted((Path(__file__).parents[2] / "params" / "definitions").glob("*.yaml"))
YEAR_BEFORE = [
    {
        "role": "sourced",
        "touch_types": ["introduction"],
        "from": "created - 100d",
        "to": "created - 1d",
    },
    {"role": "influenced", "touch_types": "any", "from": "created", "to": "closed"},
]


def ids(changed: dict[str, Any]) -> list[str]:
    return [variant.definition.id for variant in variants(definition(**changed))]


def rule_bounds(changed: dict[str, Any], suffix: str) -> list[str]:
    """The windows of the sourcing rules of one variant."""
    found = {v.definition.id: v.definition for v in variants(definition(**changed))}
    rules = found[f"any_{suffix}"].rules
    return [f"{rule.start} to {rule.end}" for rule in rules if rule.role == "sourced"]


def test_swept__rulings_stand_over_every_variant() -> None:
    """O1 is ruled direct: no variant makes it sourced."""
    world = facts(
        [opportunity("O1", amount=Decimal(100)), opportunity("O2", amount=Decimal(7))],
        [touch("T1", "2025-03-01"), touch("T2", "2025-03-01", opportunity_id="O2")],
    )
    ruling = Ruling(
        opportunity_id="O1", classification="direct", by="Sales", on=date(2025, 5, 1), why="No."
    )

    found = swept(
        world, definition(rules=YEAR_BEFORE), period=QUARTER, timezone="UTC", rulings=[ruling]
    )

    assert found.bookings == 7
    assert found.high == 7


def test_sensitivity__is_read_back_from_its_table_for_its_own_period() -> None:
    world = facts([opportunity()], [touch("T1", "2025-03-01", evidence_url=None)])
    by = definition(rules=YEAR_BEFORE)

    found = swept(world, by, period=QUARTER, timezone="UTC")
    table = checked(found.table, DefinitionSensitivity)
    again = Sensitivity.of(table, definition=by, period=QUARTER)

    assert table.height == 1 + len(variants(by))
    assert again is not None
    assert again.in_words("EUR") == found.in_words("EUR")
    assert Sensitivity.of(table, definition=by, period=QUARTER.before()) is None


def test_variants__turn_one_knob_each() -> None:
    assert ids({"rules": YEAR_BEFORE}) == [
        "any_window_half",
        "any_window_double",
        "any_evidence_required",
        "any_logged_14d",
        "any_logged_30d",
        "any_logged_after_close",
        "any_account_all",
        "any_account_first",
        "any_same_day_before",
    ]


def test_variants__a_window_without_a_first_day_is_limited() -> None:
    assert rule_bounds({"rules": BEFORE_OR_AFTER}, "window_limited") == [
        "created - 365d to created - 1d"
    ]


def test_variants__move_both_ends_of_the_window_by_themselves() -> None:
    assert rule_bounds({"rules": YEAR_BEFORE}, "window_half") == ["created - 50d to created - 1d"]
    assert rule_bounds({"rules": YEAR_BEFORE}, "window_double") == [
        "created - 200d to created - 1d"
    ]
    assert rule_bounds({"rules": YEAR_BEFORE}, "same_day_before") == ["created - 100d to created"]


def test_variants__a_window_never_ends_before_it_starts() -> None:
    late = [YEAR_BEFORE[0] | {"to": "created - 80d"}]

    assert rule_bounds({"rules": late}, "window_half") == ["created - 80d to created - 80d"]


def test_variants__a_logging_limit_is_halved_doubled_and_lifted() -> None:
    limited = {"gates": {"logged_within_days": 10, "logged_before_close": True}}

    found = [name for name in ids(limited) if "logged" in name]

    assert found == [
        "any_logged_5d",
        "any_logged_20d",
        "any_logged_any_time",
        "any_logged_after_close",
    ]


def test_variants__nobody_has_approved_them() -> None:
    approved = {"approvals": [{"role": "sales", "name": "VP Sales", "on": date(2025, 1, 20)}]}

    assert not any(variant.definition.is_approved for variant in variants(definition(**approved)))


def test_variants__none_where_no_touch_can_source() -> None:
    assert ids({"basis": "crm_field", "rules": []}) == []
    assert ids({"rules": BEFORE_OR_AFTER[1:]}) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_variants__of_a_shipped_definition_are_valid_files(path: Path) -> None:
    original = read_definition(path)

    found = variants(original)

    contents = [v.definition.model_dump(exclude={"id", "title", "approvals"}) for v in found]
    own = original.model_dump(exclude={"id", "title", "approvals"})
    assert own not in contents
    assert all(contents.count(content) == 1 for content in contents)
    for variant in found:
        content = variant.definition.model_dump(mode="json", by_alias=True)
        assert parse_document(content, Definition, variant.change) == variant.definition


def swept_world(**changed: Any) -> Sensitivity:
    """O1 is sourced 90 days before; O2 would be by a touch of 150 days before, O3 by one that
    carries a link but came on the day itself."""
    later = {"created_at": instant("2025-04-10T12:00")}
    snapshot = facts(
        [
            opportunity("O1", amount=Decimal("10.00"), **later),
            opportunity("O2", amount=Decimal("200.50"), **later),
            opportunity("O3", amount=Decimal("7.00"), **later),
        ],
        [
            touch("T1", "2025-01-10", evidence_url=None),
            touch("T2", "2024-11-11", opportunity_id="O2"),
            touch("T3", "2025-04-10", opportunity_id="O3"),
        ],
    )
    return swept(snapshot, definition(**changed), period=QUARTER, timezone="UTC")


def test_swept__gives_the_bookings_of_each_variant_largest_difference_first() -> None:
    found = swept_world(rules=YEAR_BEFORE)

    assert found.bookings == Decimal("10.00")
    columns = ["definition_id", "won_count", "sourced_bookings", "difference"]
    assert found.variants.select(columns).rows()[:5] == [
        ("any_window_double", 2, Decimal("210.50"), Decimal("200.50")),
        ("any_evidence_required", 0, Decimal("0.00"), Decimal("-10.00")),
        ("any_logged_14d", 0, Decimal("0.00"), Decimal("-10.00")),
        ("any_logged_30d", 0, Decimal("0.00"), Decimal("-10.00")),
        ("any_window_half", 0, Decimal("0.00"), Decimal("-10.00")),
    ]
    assert (found.low, found.high) == (Decimal("0.00"), Decimal("210.50"))


def test_swept__the_day_of_creation_may_count_as_before_it() -> None:
    variants_found = swept_world(rules=YEAR_BEFORE).variants

    same_day = variants_found.filter(definition_id="any_same_day_before")
    assert same_day["difference"].to_list() == [Decimal("7.00")]


def test_in_words__says_the_range_and_the_figure() -> None:
    assert swept_world(rules=YEAR_BEFORE).in_words("EUR") == (
        "Under 9 other reasonable definitions the sourced bookings of Q2 FY2025 lie between EUR 0 "
        "and EUR 210; any says EUR 10."
    )


def test_in_words__where_nothing_moves_there_is_one_figure() -> None:
    nothing = swept(facts([], []), definition(rules=YEAR_BEFORE), period=QUARTER, timezone="UTC")

    assert nothing.in_words("EUR") == (
        "Under 9 other reasonable definitions the sourced bookings of Q2 FY2025 are the same as "
        "under any, EUR 0."
    )


def test_in_words__without_a_knob_there_is_no_range() -> None:
    found = swept_world(basis="crm_field", rules=[])

    assert (found.low, found.high) == (found.bookings, found.bookings)
    assert found.in_words("EUR") == (
        "The definition any has no knob on which the sourced bookings depend."
    )


def test_swept__empty_frame() -> None:
    found = swept(facts([], []), definition(rules=YEAR_BEFORE), period=QUARTER, timezone="UTC")

    assert found.bookings == 0
    assert found.variants["sourced_bookings"].to_list() == [0] * 9
