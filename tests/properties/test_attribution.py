"""What must hold for any world and any definition, and agreement with the slow second opinion."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.attribution import attribution as reference_attribution
from tests.reference.cases import definitions, worlds
from workbench.attribution import (
    Attribution,
    Snapshot,
    attribution,
    check_conservation,
    snapshot,
    timezone_flips,
)
from workbench.contracts import (
    TABLES,
    OpportunityAttribution,
    PartnerCredit,
    TimezoneFlips,
    TouchAudit,
)
from workbench.definitions import Definition
from workbench.documents import parse_document
from workbench.errors import ConservationError
from workbench.tables import checked

World = dict[str, Any]
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
thorough = settings(quick, max_examples=250)


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the table's contract; columns that they lack are null."""
    dtypes = TABLES[table].dtypes()
    return pl.DataFrame(
        [{column: row.get(column) for column in dtypes} for row in rows], schema=dtypes
    )


def facts_of(world: World) -> Snapshot:
    tables = world["tables"]
    return snapshot(
        opportunities=frame("opportunities", tables["opportunities"]),
        touches=frame("touches", tables["touches"]),
        partners=frame("partners", tables["partners"]),
        account_merges=frame("account_merges", tables["account_merges"]),
        fx_rates=frame("fx_rates", tables["fx_rates"]),
        as_of=world["as_of"],
        timezone=world["timezone"],
        reporting_currency=world["reporting_currency"],
    )


def definition_of(content: dict[str, Any]) -> Definition:
    return parse_document(content, Definition, "drawn.yaml")


def attributed(world: World, content: dict[str, Any]) -> Attribution:
    return attribution(facts_of(world), definition_of(content))


def rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {key: round(value, 12) if isinstance(value, float) else value for key, value in row.items()}
        for row in table.to_dicts()
    ]


@thorough
@given(world=worlds(), content=definitions())
def test_attribution__agrees_with_the_reference(world: World, content: dict[str, Any]) -> None:
    expected = reference_attribution(
        world["tables"],
        content,
        as_of=world["as_of"],
        timezone=world["timezone"],
        reporting_currency=world["reporting_currency"],
    )

    result = attributed(world, content)

    shares = [{**row, "share": round(float(row["share"]), 12)} for row in expected.partner_credit]
    assert rows(result.touch_audit) == expected.touch_audit
    assert rows(result.opportunity_attribution) == expected.opportunity_attribution
    assert rows(result.partner_credit) == shares


@quick
@given(world=worlds(), content=definitions())
def test_attribution__keeps_contracts_and_conserves(world: World, content: dict[str, Any]) -> None:
    facts, definition = facts_of(world), definition_of(content)

    result = attribution(facts, definition)

    assert check_conservation(facts, definition, result)
    checked(result.touch_audit, TouchAudit)
    checked(result.opportunity_attribution, OpportunityAttribution)
    checked(result.partner_credit, PartnerCredit)


@quick
@given(world=worlds(), content=definitions(), data=st.data())
def test_attribution__row_order_does_not_matter(
    world: World, content: dict[str, Any], data: st.DataObject
) -> None:
    shuffled = {
        **world,
        "tables": {
            name: data.draw(st.permutations(table)) for name, table in world["tables"].items()
        },
    }

    one, other = attributed(world, content), attributed(shuffled, content)

    assert one.touch_audit.equals(other.touch_audit)
    assert one.opportunity_attribution.equals(other.opportunity_attribution)
    assert one.partner_credit.equals(other.partner_credit)


@quick
@given(world=worlds(), content=definitions())
def test_attribution__rejected_touches_change_nothing(
    world: World, content: dict[str, Any]
) -> None:
    """A touch with no pair that holds even without the evidence gate might as well not be there."""
    if "rules" not in content:
        return
    open_gate = {**content, "gates": {**content["gates"], "evidence": "optional"}}
    audit = attributed(world, open_gate).touch_audit
    accepted = set(audit.filter(pl.col("decision") == "accepted")["touch_id"])
    tables = world["tables"]
    kept = [touch for touch in tables["touches"] if touch["touch_id"] in accepted]

    before = attributed(world, content)
    after = attributed({**world, "tables": {**tables, "touches": kept}}, content)

    assert before.opportunity_attribution.equals(after.opportunity_attribution)
    assert before.partner_credit.equals(after.partner_credit)


@quick
@given(world=worlds(), content=definitions())
def test_attribution__looser_gates_never_remove_a_touch(
    world: World, content: dict[str, Any]
) -> None:
    if "rules" not in content:
        return
    strict = attributed(world, content).touch_audit.filter(pl.col("decision") == "accepted")

    loose = attributed(world, {**content, "gates": {}}).touch_audit

    kept = loose.filter(pl.col("decision") == "accepted")
    pair = ["touch_id", "opportunity_id"]
    assert strict.join(kept, on=pair, how="anti").is_empty()


@quick
@given(world=worlds(), content=definitions())
def test_attribution__one_touch_makes_all_additive_models_agree(
    world: World, content: dict[str, Any]
) -> None:
    if "rules" not in content:
        return
    tables = world["tables"]
    world = {**world, "tables": {**tables, "touches": tables["touches"][:1]}}
    weights = dict.fromkeys(definition_of(content).touch_types, 3)
    models: list[dict[str, Any]] = [
        {"model": name} for name in ("primary", "equal", "linear", "first", "last", "position")
    ]
    models += [{"model": "time_decay", "half_life_days": 7}]
    models += [{"model": "weighted", "weights": weights}]

    split = [
        attributed(world, {**content, "credit": credit}).partner_credit.drop("model")
        for credit in models
    ]

    assert all(credit.equals(split[0]) for credit in split)


@quick
@given(world=worlds(), content=definitions())
def test_attribution__as_of_in_the_past_equals_the_run_of_that_day(
    world: World, content: dict[str, Any]
) -> None:
    """What was created after the as-of day, or closed after it, had not happened then."""
    facts = facts_of(world)
    known = set(facts.opportunities["opportunity_id"])
    still_open = set(facts.opportunities.filter(pl.col("status") == "open")["opportunity_id"])
    then = [
        {**row, "status": "open", "closed_at": None} if row["opportunity_id"] in still_open else row
        for row in world["tables"]["opportunities"]
        if row["opportunity_id"] in known
    ]
    tables = world["tables"]

    today = attributed(world, content)
    that_day = attributed({**world, "tables": {**tables, "opportunities": then}}, content)

    assert today.opportunity_attribution.equals(that_day.opportunity_attribution)
    assert today.partner_credit.equals(that_day.partner_credit)


@quick
@given(world=worlds(), content=definitions())
def test_check_conservation__names_what_does_not_add_up(
    world: World, content: dict[str, Any]
) -> None:
    """Every identity notices when its figure is off by one row or one cent."""
    facts, definition = facts_of(world), definition_of(content)
    result = attribution(facts, definition)
    amount = pl.col("amount_reporting")
    one_cent = Decimal("0.01")
    worlds_apart = {
        "touches have a row": replace(result, touch_audit=result.touch_audit.clear()),
        "rows classify": replace(
            result, opportunity_attribution=result.opportunity_attribution.clear()
        ),
        "CRM's total": replace(
            result,
            opportunity_attribution=result.opportunity_attribution.with_columns(amount + one_cent),
        ),
    }

    for words, broken in worlds_apart.items():
        empty = facts.touches.is_empty() if "touches" in words else facts.opportunities.is_empty()
        no_amounts = facts.opportunities.select(pl.col(definition.amount).count()).item() == 0
        if empty or ("CRM" in words and no_amounts):
            continue
        with pytest.raises(ConservationError, match=words):
            check_conservation(facts, definition, broken)


def with_clock_moved(world: World, hours: int) -> World:
    """The world as it would be if all touches had happened and been logged some hours later."""
    moved = [
        {
            key: value + timedelta(hours=hours)
            if key in {"touched_at", "logged_at"} and value is not None
            else value
            for key, value in touch.items()
        }
        for touch in world["tables"]["touches"]
    ]
    return world | {"tables": world["tables"] | {"touches": moved}}


@settings(quick, max_examples=12)
@given(world=worlds(), content=definitions())
def test_timezone_flips__are_those_that_turn_when_the_clock_is_moved(
    world: World, content: dict[str, Any]
) -> None:
    facts, definition = facts_of(world), definition_of(content)
    classes = attribution(facts, definition).opportunity_attribution
    expected: dict[str, tuple[str, int]] = {}
    for hours in sorted(range(-24, 25), key=lambda hours: (abs(hours), hours)):
        moved = attributed(with_clock_moved(world, hours), content).opportunity_attribution
        others = dict(moved.select("opportunity_id", "classification").iter_rows())
        for opportunity, classification in classes.select(
            "opportunity_id", "classification"
        ).iter_rows():
            if others[opportunity] != classification:
                expected.setdefault(opportunity, (others[opportunity], hours))

    flips = timezone_flips(
        facts,
        definition,
        classes,
        touches=frame("touches", world["tables"]["touches"]),
        timezone=world["timezone"],
    )

    found = flips.select("opportunity_id", "other_classification", "shift_hours").iter_rows()
    assert {opportunity: (other, hours) for opportunity, other, hours in found} == expected
    checked(flips, TimezoneFlips)
