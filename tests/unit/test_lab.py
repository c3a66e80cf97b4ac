from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.project import REPOSITORY, Project
from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    definition,
    facts,
    instant,
    opportunity,
    touch,
)
from workbench.attribution import attribution, reading
from workbench.contracts import Touches
from workbench.definitions import Definition, read_definition
from workbench.documents import dump_yaml
from workbench.errors import ParameterError
from workbench.ingest import ingest
from workbench.lab import (
    SCOPES,
    Changes,
    Knobs,
    Panel,
    Scope,
    changes,
    knobs_of,
    new_definition,
    open_bench,
    with_knobs,
    write_definition,
)
from workbench.lab.knobs import offered_models, offered_partners
from workbench.params import read_params
from workbench.periods import MonthCalendar
from workbench.runs import create_run, finish_run
from workbench.sample import write_sample

MAY = MonthCalendar(1).period("2025-05")
SHIPPED = [
    read
    for path in sorted((REPOSITORY / "params" / "definitions").glob("*.yaml"))
    if (read := read_definition(path)).basis == "rules"
]
TIMING = read_definition(REPOSITORY / "params" / "definitions" / "timing.yaml")


def moved(before: Definition, after: Definition, *, scope: Scope = "all opportunities") -> Changes:
    """What moves in a world of three: a late link, a missing amount, and an open one."""
    world = facts(
        [
            opportunity("O1", amount=Decimal("100.01")),
            opportunity("O2", amount=None),
            opportunity("O3", amount=Decimal("-30.00"), status="open", closed_at=None),
        ],
        [
            touch("T1", "2025-03-01", "P1"),
            touch("T2", "2025-03-02", "P2", evidence_url=None),
            touch("T3", "2025-03-02", "P2", opportunity_id="O2", evidence_url=None),
            touch("T4", "2025-01-01", "P3", opportunity_id="O3", evidence_url=None),
        ],
    )
    return changes(
        reading(world, before),
        reading(world, after),
        scope=scope,
        period=MAY,
        timezone="UTC",
    )


STRICT = definition(rules=BEFORE_OR_AFTER, gates={"evidence": "required"})
LOOSE = definition(rules=BEFORE_OR_AFTER, credit={"model": "equal"})


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.id)
def test_with_knobs__left_alone_they_change_nothing(shipped: Definition) -> None:
    assert with_knobs(shipped, knobs_of(shipped)) == shipped


def test_knobs_of__where_a_definition_has_them() -> None:
    assert knobs_of(TIMING) == Knobs(
        days_before=365,
        days_after=-1,
        evidence=True,
        partner_contact=False,
        seller_acceptance=False,
        logged_within_days=None,
        logged_before_close=True,
        account_touches="first",
        primary_partner="first",
        credit_model="primary",
    )


def test_knobs_of__the_crm_field_has_none() -> None:
    with pytest.raises(ParameterError, match="has no knobs"):
        knobs_of(definition(basis="crm_field", rules=[]))


def test_with_knobs__every_knob_turned() -> None:
    turned = with_knobs(
        TIMING,
        Knobs(
            days_before=90,
            days_after=14,
            evidence=False,
            partner_contact=True,
            seller_acceptance=True,
            logged_within_days=7,
            logged_before_close=False,
            account_touches="all",
            primary_partner="last",
            credit_model="time_decay",
        ),
    )

    first, second = turned.rules
    assert (str(first.start), str(first.end)) == ("created - 90d", "created + 14d")
    assert second == TIMING.rules[1]
    assert turned.gates.model_dump() == {
        "evidence": "optional",
        "partner_contact": "required",
        "seller_acceptance": "required",
        "logged_within_days": 7,
        "logged_before_close": False,
    }
    assert (turned.account_touches, turned.primary_partner) == ("all", "last")
    assert (turned.credit.model, turned.credit.half_life_days) == ("time_decay", 90)


def test_with_knobs__no_limit_opens_the_window() -> None:
    rule = with_knobs(TIMING, replace(knobs_of(TIMING), days_before=None, days_after=None)).rules[0]

    assert (rule.start, str(rule.end)) == (None, "closed")


def test_with_knobs__the_first_sourced_rule_moves_and_no_other() -> None:
    two = definition(
        rules=[
            {"role": "influenced", "touch_types": ["co_sell"], "from": "created - 5d"},
            {"role": "sourced", "touch_types": ["referral"], "from": "created - 9d"},
            {"role": "sourced", "touch_types": ["resale"], "from": "closed - 3d"},
        ]
    )

    turned = with_knobs(two, replace(knobs_of(two), days_before=4))

    assert [str(rule.start) for rule in turned.rules] == [
        "created - 5d",
        "created - 4d",
        "closed - 3d",
    ]


def test_with_knobs__a_window_that_can_never_hold_is_an_error() -> None:
    with pytest.raises(ParameterError, match="can never hold"):
        with_knobs(TIMING, replace(knobs_of(TIMING), days_before=3, days_after=-30))


def test_with_knobs__a_rank_goes_and_comes_back() -> None:
    ranked = definition(primary_partner="ranked", rank=["referral"])

    last = with_knobs(ranked, replace(knobs_of(ranked), primary_partner="last"))

    assert last.rank == ()
    assert offered_partners(ranked) == ("first", "last", "ranked")
    assert offered_partners(TIMING) == ("first", "last")


def test_offered_models__weights_only_where_the_definition_has_them() -> None:
    weights = {"introduction": 2.0, "referral": 1.0}
    rules = [{"role": "sourced", "touch_types": list(weights)}]
    weighted = definition(rules=rules, credit={"model": "weighted", "weights": weights})

    assert "weighted" in offered_models(weighted)
    assert "weighted" not in offered_models(TIMING)


@pytest.mark.parametrize("model", offered_models(TIMING))
def test_with_knobs__every_model_offered_is_valid(model: str) -> None:
    assert with_knobs(TIMING, replace(knobs_of(TIMING), credit_model=model)).credit.model == model


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.id)
def test_reading__says_what_attribution_says(shipped: Definition) -> None:
    world = facts([opportunity()], [touch("T1", "2025-03-01"), touch("T2", "2025-04-01", "P2")])

    read, attributed = reading(world, shipped), attribution(world, shipped)

    assert read.opportunity_attribution.equals(attributed.opportunity_attribution)
    assert read.partner_credit.equals(attributed.partner_credit)


def test_changes__totals_moves_and_swing() -> None:
    found = moved(STRICT, LOOSE)

    assert found.totals.rows() == [
        ("sourced", 1, Decimal("100.01"), 3, Decimal("70.01"), Decimal("-30.00")),
        ("influenced", 0, Decimal("0.00"), 0, Decimal("0.00"), Decimal("0.00")),
        ("direct", 2, Decimal("-30.00"), 0, Decimal("0.00"), Decimal("30.00")),
    ]
    assert found.moves.rows() == [("direct", "sourced", 2, Decimal("-30.00"))]
    assert found.swing.rows() == [
        ("O3", "A1", "direct", "sourced", Decimal("-30.00"), None, "T4"),
        ("O2", "A1", "direct", "sourced", None, None, "T3"),
    ]
    assert found.unknown_amounts == 1


def test_changes__credit_by_partner_largest_change_first() -> None:
    found = moved(STRICT, LOOSE)

    assert found.credit.rows() == [
        ("P1", "sourced", Decimal("100.01"), Decimal("50.01"), Decimal("-50.00")),
        ("P2", "sourced", Decimal("0.00"), Decimal("50.00"), Decimal("50.00")),
        ("P3", "sourced", Decimal("0.00"), Decimal("-30.00"), Decimal("-30.00")),
    ]


def test_changes__an_amount_that_nobody_knows_is_not_zero() -> None:
    found = moved(STRICT, LOOSE, scope="bookings of all time")

    assert found.moves.rows() == [("direct", "sourced", 1, None)]
    direct = found.totals.filter(classification="direct")
    assert direct.select("opportunities_before", "amount_before", "amount_now").rows() == [
        (1, None, Decimal("0.00"))
    ]


@pytest.mark.parametrize(
    ("scope", "counted"),
    [
        ("bookings of the period", ["O2"]),
        ("bookings of all time", ["O1", "O2"]),
        ("pipeline", ["O3"]),
        ("all opportunities", ["O1", "O2", "O3", "O4"]),
    ],
)
def test_changes__count_the_opportunities_of_the_scope(scope: Scope, counted: list[str]) -> None:
    """The period's days are those of the reporting time zone: O1 closes on 30 April there."""
    world = facts(
        [
            opportunity("O1", closed_at=instant("2025-05-01T02:00")),
            opportunity("O2", closed_at=instant("2025-06-01T02:00")),
            opportunity("O3", status="open", closed_at=None),
            opportunity("O4", status="lost"),
        ],
        [touch(f"T{n}", "2025-03-01", opportunity_id=f"O{n}") for n in range(1, 5)],
        as_of=date(2025, 6, 30),
        timezone="America/New_York",
    )
    nothing = reading(world, definition(rules=[{"role": "sourced", "touch_types": ["resale"]}]))

    found = changes(
        nothing,
        reading(world, definition()),
        scope=scope,
        period=MAY,
        timezone="America/New_York",
    )

    assert sorted(found.swing["opportunity_id"]) == counted


def test_changes__the_same_definition_moves_nothing() -> None:
    found = moved(STRICT, STRICT)

    assert found.moves.is_empty()
    assert found.swing.is_empty()
    assert set(found.credit["credit_change"]) == {Decimal("0.00")}
    assert set(found.totals["amount_change"]) == {Decimal("0.00")}


@pytest.mark.parametrize("scope", SCOPES)
def test_changes__empty_frame(scope: Scope) -> None:
    nothing = reading(facts([], []), definition())

    found = changes(nothing, nothing, scope=scope, period=MAY, timezone="UTC")

    assert found.totals["opportunities_now"].to_list() == [0, 0, 0]
    assert found.moves.is_empty()
    assert found.swing.is_empty()
    assert found.credit.is_empty()
    assert found.unknown_amounts == 0


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.id)
def test_write_definition__reads_back_to_the_same(shipped: Definition, tmp_path: Path) -> None:
    new = new_definition(shipped, definition_id="ours", title="Our own: it's “agreed”")

    path = write_definition(new, tmp_path / "definitions")

    assert path == tmp_path / "definitions" / "ours.yaml"
    assert read_definition(path) == new
    assert (new.version, new.approvals, new.effective_from) == (1, (), None)
    assert shipped.id in str(new.origin)
    assert new.rules == shipped.rules


def test_write_definition__never_over_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text("kept", encoding="utf-8")

    with pytest.raises(ParameterError, match="exists already"):
        write_definition(new_definition(TIMING, definition_id="ours", title="Ours"), tmp_path)

    assert (tmp_path / "ours.yaml").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize(
    ("definition_id", "title", "said"),
    [("", "Ours", "'id'"), ("../ours", "Ours", "'id'"), ("ours", " ", "'title' is missing")],
)
def test_new_definition__needs_an_id_and_a_title(definition_id: str, title: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        new_definition(TIMING, definition_id=definition_id, title=title)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.in_folder(tmp_path_factory.mktemp("project"))
    write_sample(project.folder / "outputs" / "sample", opportunities=120, touches=600)
    return project


def test_open_bench__reads_the_source_where_there_is_no_run(project: Project) -> None:
    bench = open_bench(str(project.folder / "params" / "demo.yaml"), "latest")

    assert bench.tables_from == "the source, read now"
    assert bench.facts.touches.height == 600
    assert "from the source, read now" in bench.in_words()[-1]
    assert not (project.folder / "outputs" / "runs").exists()


def test_open_bench__takes_the_tables_of_a_finished_run_of_the_same_source(
    project: Project,
) -> None:
    params = project.params("labbed", readout="none")
    run = create_run(read_params(project.folder / params), "first")
    ingest(run.params, into=run.tables)
    finish_run(run, {})
    write_sample(project.folder / "outputs" / "other", opportunities=60, touches=200)

    latest = open_bench(str(project.folder / params), "latest")
    project.params("labbed", readout="none", source="outputs/other")
    other = open_bench(str(project.folder / params), "first")

    assert latest.tables_from == "the tables of the run first"
    assert latest.facts.touches.height == run.read(Touches).height
    assert other.tables_from == "the source, read now"
    assert other.facts.touches.height == 200


def test_open_bench__rulings_stand_over_every_definition_that_is_tried(project: Project) -> None:
    plain = open_bench(str(project.folder / "params" / "demo.yaml"), "latest")
    sourced = plain.result.opportunity_attribution.filter(classification="sourced")
    ruled_id = sourced["opportunity_id"][0]
    ruling = {"opportunity_id": ruled_id, "classification": "direct"}
    ruling |= {"by": "VP Sales", "on": date(2026, 10, 1), "why": "No partner was in it."}
    (project.folder / "params" / "ruled.yaml").write_text(
        dump_yaml({"rulings": [ruling]}), encoding="utf-8"
    )
    params = project.params("ruled_lab", readout="none", rulings="params/ruled.yaml")

    bench = open_bench(str(project.folder / params), "latest")
    loose = with_knobs(bench.definition, replace(knobs_of(bench.definition), evidence=False))
    swing = bench.changes(loose, scope="all opportunities").swing

    classes = bench.result.opportunity_attribution.filter(opportunity_id=ruled_id)
    assert classes["classification"].to_list() == ["direct"]
    assert ruled_id not in swing["opportunity_id"]
    assert ruled_id not in bench.result.partner_credit["opportunity_id"]
    assert bench.in_words()[-1] == "1 ruling is in force over the rules of every definition."


def test_panel__a_knob_changes_what_is_shown_and_the_button_writes(project: Project) -> None:
    panel = Panel(open_bench(str(project.folder / "params" / "demo.yaml"), "latest"))
    at_the_start = panel.shown.value

    panel.days_before.slider.value = 5

    assert panel.shown.value != at_the_start
    assert panel.knobs() == replace(knobs_of(TIMING), days_before=5)

    panel.days_after.slider.value = -20
    assert "can never hold" in panel.shown.value
    assert "<table" not in panel.shown.value

    panel.days_after.slider.value = -1
    panel.button.click()
    assert "2 problems" in panel.said.value

    panel.id.value, panel.title.value = "timing_5d", "Five days before"
    panel.button.click()
    written = read_definition(project.folder / "params" / "definitions" / "timing_5d.yaml")
    assert "Written: definitions/timing_5d.yaml" in panel.said.value
    assert str(written.rules[0].start) == "created - 5d"


def test_panel__says_that_whole_credits_do_not_add_up(project: Project) -> None:
    panel = Panel(open_bench(str(project.folder / "params" / "demo.yaml"), "latest"))

    panel.credit_model.value = "full"

    assert "never add them up" in panel.shown.value
