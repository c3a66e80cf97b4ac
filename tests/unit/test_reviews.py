import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

import polars as pl

from tests.unit import readout_frames as frames
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
from workbench.attribution import attribution
from workbench.contracts import (
    Accounts,
    Contract,
    Handoffs,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    Partners,
    QualityFindings,
    RowChanges,
    RulingsApplied,
    SealedPeriods,
    TouchAudit,
    Touches,
)
from workbench.definitions import Definition
from workbench.metrics import MetricInputs, metrics
from workbench.params import RunParams
from workbench.reviews import Earlier, Review, monthly_review, review_page, weekly_pulse
from workbench.reviews.cells import evidence_cell, opportunity_cell
from workbench.reviews.movement import (
    Total,
    amount_changes,
    class_changes,
    largest,
    pipeline_walk,
    with_events,
)
from workbench.reviews.view import ROWS_SHOWN, Cell, shown
from workbench.reviews.weekly import (
    Week,
    pending_handoffs,
    unproven_claims,
    waiting_touches,
    week_of_touches,
)
from workbench.vocabulary import ROLES

TOUCHES_WAIT = "Touches that wait for a link or a person"
HOSTILE = "<script>alert(1)</script>\u202egnp"
AS_OF = date(2025, 6, 30)
PARAMS = frames.params(
    name="monthly",
    period="2025-06",
    as_of=AS_OF,
    read_at=instant("2025-07-02T08:00"),
    timezone="UTC",
    reporting_currency="EUR",
    fiscal_year_start=1,
)
WITH_LINK = {
    "rules": BEFORE_OR_AFTER,
    "gates": {"evidence": "required", "seller_acceptance": "required", "logged_before_close": True},
}
PARTNERS = frame(
    Partners,
    *(
        {
            "partner_id": partner,
            "name": f"Partner {partner}",
            "partner_type": "reseller",
            "manager": "Helen Q.",
            "active": True,
        }
        for partner in ("P1", "P2", "P3", "p1")
    ),
)


def tables(
    opportunities: list[Row],
    touches: list[Row],
    *,
    decided_by: Definition,
    params: RunParams = PARAMS,
    handoffs: list[Row] | None = None,
    findings: list[Row] | None = None,
    sealed: list[Row] | None = None,
) -> dict[type[Contract], pl.DataFrame]:
    """The tables of a run over a few records, as the stages would make them."""
    found = attribution(
        facts(opportunities, touches, as_of=params.as_of, timezone=params.timezone), decided_by
    )
    account = {"account_id": "A1", "name": "Account 1", "is_target": False}
    made: dict[type[Contract], pl.DataFrame] = {
        Accounts: frame(Accounts, account),
        Opportunities: frame(Opportunities, *opportunities),
        OpportunityAttribution: found.opportunity_attribution,
        Partners: PARTNERS,
        QualityFindings: frame(QualityFindings, *(findings or [])),
        RowChanges: RowChanges.empty(),
        RulingsApplied: RulingsApplied.empty(),
        SealedPeriods: frame(SealedPeriods, *(sealed or [])),
        TouchAudit: found.touch_audit,
        Touches: frame(Touches, *touches),
    }
    if handoffs is not None:
        made[Handoffs] = frame(Handoffs, *handoffs)
    inputs = MetricInputs.of(
        {
            **{contract: contract.empty() for contract in MetricInputs.contracts},
            **made,
        }
    )
    made[Metrics] = metrics(inputs, params=params, definition=decided_by)
    return made


def review(
    made: Mapping[type[Contract], pl.DataFrame], decided_by: Definition, **changes: Any
) -> Review:
    given: dict[str, Any] = {
        "params": PARAMS,
        "definition": decided_by,
        "run_id": "r1",
        "earlier": None,
        "is_read_anew": True,
        "pages": (),
    }
    return monthly_review(made, **(given | changes))


def pulse(
    made: Mapping[type[Contract], pl.DataFrame],
    decided_by: Definition,
    *,
    is_compared: bool = False,
    params: RunParams = PARAMS,
) -> Review:
    return weekly_pulse(
        made,
        touches=made[Touches].lazy(),
        audit=made[TouchAudit].lazy(),
        params=params,
        definition=decided_by,
        run_id="r1",
        is_compared=is_compared,
    )


def cells(of: Review, section: str, grid: str = "") -> list[tuple[str, ...]]:
    """The texts of a table of a section, row by row."""
    found = next(part for part in of.sections if part.title == section)
    table = next(table for table in found.grids if grid in table.title)
    return [tuple(cell.text for cell in row) for row in table.rows]


def says(of: Review, section: str) -> str:
    return " ".join(next(part for part in of.sections if part.title == section).says)


def handoff(handoff_id: str, sent_on: str, **changes: Any) -> Row:
    return {
        "handoff_id": handoff_id,
        "partner_id": "P1",
        "account_id": "A1",
        "direction": "partner_to_seller",
        "sent_at": instant(f"{sent_on}T12:00"),
        "response": "pending",
        "seller": "Mara K.",
    } | changes


def open_opportunity(key: str, **changes: Any) -> Row:
    usual = {"status": "open", "closed_at": None, "stage": "Proposal", "owner": "Mara K."}
    return opportunity(key, **(usual | changes))


def test_pipeline_walk__leads_from_one_end_of_the_period_to_the_other() -> None:
    events = with_events(frames.attribution(), params=frames.params())
    sourced, influenced = (pipeline_walk(events, role=role) for role in ROLES)

    assert sourced.open_before == Total(3, Decimal("1630500.55"), 0)
    assert sourced.created == Total(1, Decimal("650000.00"), 0)
    assert sourced.won == Total(2, Decimal("1540500.55"), 0)
    assert sourced.lost == Total(1, Decimal("90000.00"), 0)
    assert sourced.open_after == Total(1, Decimal("650000.00"), 0)
    assert influenced.created == Total(2, Decimal("480000.00"), 1)
    assert influenced.lost == Total(0, Decimal("0.00"), 0)
    assert influenced.open_after == Total(2, Decimal("480000.00"), 1)


def test_pipeline_walk__dates_that_contradict_each_other_have_a_step_of_their_own() -> None:
    sourced = ("sourced", "sourced", "evidenced")
    rows: list[tuple[str | None, ...]] = [
        ("o1", "a1", *sourced, "lost", "2026-09-01", "2026-06-01", "100"),
        ("o2", "a1", *sourced, "open", "2026-09-02", None, "10"),
    ]
    walk = pipeline_walk(
        with_events(frames.attribution(rows), params=frames.params()), role="sourced"
    )

    assert (walk.open_before.count, walk.lost.count) == (0, 0)
    assert walk.created == Total(2, Decimal("110.00"), 0)
    assert walk.contradicted == Total(1, Decimal("-100.00"), 0)
    assert walk.open_after == Total(1, Decimal("10.00"), 0)


def test_pipeline_walk__is_not_known_where_no_amount_is() -> None:
    rows: list[tuple[str | None, ...]] = [
        ("o1", "a1", "sourced", "sourced", "evidenced", "open", "2026-09-01", None, None)
    ]
    events = with_events(frames.attribution(rows), params=frames.params())
    assert pipeline_walk(events, role="sourced").open_after == Total(1, None, 1)


def test_pipeline_walk__empty_frame() -> None:
    events = with_events(frames.attribution([]), params=frames.params())
    assert pipeline_walk(events, role="sourced").open_after == Total(0, Decimal("0.00"), 0)


def test_largest__by_amount_and_those_without_one_last() -> None:
    events = with_events(frames.attribution(), params=frames.params())
    won = largest(events, event="won", role="sourced", rows=5)
    assert won["opportunity_id"].to_list() == ["o01", "o02"]
    created = largest(events, event="created", role="influenced", rows=5)
    assert created["opportunity_id"].to_list() == ["o07", "o08"]


def test_class_changes__names_both_classes() -> None:
    now = frames.attribution()
    before = now.with_columns(
        classification=pl.when(opportunity_id="o05")
        .then(pl.lit("direct"))
        .otherwise("classification")
    )
    moved = class_changes(now, before)
    assert moved.select("opportunity_id", "classification_before", "classification").rows() == [
        ("o05", "direct", "influenced")
    ]
    assert class_changes(now, now).is_empty()


def test_amount_changes__an_exchange_rate_is_no_edit() -> None:
    now = frames.attribution()
    other = pl.col("opportunity_id").is_in(["o01", "o02"])
    before = now.with_columns(
        amount_reporting=pl.when(other).then(pl.lit(Decimal("1.00"))).otherwise("amount_reporting")
    )
    changes = [
        ("opportunities", "o01", "changed", ["amount", "stage"]),
        ("opportunities", "o03", "changed", ["owner"]),
    ]
    edited = amount_changes(
        now,
        before,
        row_changes=pl.DataFrame(changes, schema=RowChanges.dtypes(), orient="row"),
    )
    assert edited.select("opportunity_id", "amount_before").rows() == [("o01", Decimal("1.00"))]


def june() -> tuple[dict[type[Contract], pl.DataFrame], Definition]:
    """A won, a lost and an open opportunity that partners moved in June, and one of April."""
    decided_by = definition(rules=BEFORE_OR_AFTER)
    rows = [
        opportunity("O1", closed_at=instant("2025-06-03T12:00"), name="One", owner="Mara K."),
        opportunity("O2", closed_at=instant("2025-06-20T12:00"), status="lost"),
        open_opportunity("O3", created_at=instant("2025-06-10T12:00"), amount=Decimal("70.00")),
        opportunity("O4", closed_at=instant("2025-04-03T12:00")),
    ]
    touches = [
        touch("T1", "2025-03-01"),
        touch("T2", "2025-04-01", opportunity_id="O2"),
        touch("T3", "2025-06-01", opportunity_id="O3", partner_id="P2"),
        touch("T4", "2025-03-02", opportunity_id="O4"),
        touch("T5", "2025-06-28", opportunity_id="O3", partner_id="P2"),
    ]
    findings = [
        {
            "finding_id": f"f{number}",
            "rule": "touch_orphan",
            "severity": severity,
            "table": "touches",
            "record_id": f"T{number}",
            "owner": owner,
            "message": "m",
            "first_seen_on": AS_OF,
            "due_on": due_on,
        }
        for number, (severity, owner, due_on) in enumerate(
            [
                ("error", "Helen Q.", date(2025, 7, 1)),
                ("error", "Helen Q.", date(2025, 7, 2)),
                ("warning", None, date(2025, 7, 9)),
                ("info", "Helen Q.", None),
            ]
        )
    ]
    return tables(rows, touches, decided_by=decided_by, findings=findings), decided_by


def test_monthly_review__what_moved_is_what_the_metrics_say() -> None:
    made, decided_by = june()
    steps = {row[0]: row[1:] for row in cells(review(made, decided_by), "Open pipeline")}

    space = "\u00a0"
    assert steps == {
        f"Open on 31{space}May{space}2025": (
            f"EUR{space}100",
            f"EUR{space}100",
        ),
        "+ created": (f"EUR{space}70", f"EUR{space}0"),
        "− won": (f"EUR{space}100", f"EUR{space}0"),
        "− lost": (f"EUR{space}0", f"EUR{space}100"),
        f"= open on 30{space}June{space}2025": (f"EUR{space}70", f"EUR{space}0"),
    }
    for name, metric in (("+ created", "created_pipeline"), ("− won", "bookings")):
        figures = made[Metrics].filter(metric=metric, period="2025-06", dimension="all")
        for role, text in zip(ROLES, steps[name], strict=True):
            (value,) = figures.filter(classification=role)["value"]
            assert text == f"EUR{space}{value:,.0f}"


def test_monthly_review__figures_lead_to_their_records_where_there_is_a_page() -> None:
    made, decided_by = june()
    html = review_page(review(made, decided_by, pages={"figures/bookings-sourced.html"}))
    assert html.count('href="figures/bookings-sourced.html"') == 2  # of the walk, and the bookings
    assert 'href="figures/bookings-influenced.html"' not in html


def test_monthly_review__names_who_moved_it() -> None:
    made, decided_by = june()
    found = review(made, decided_by)
    movers = "Which opportunities moved it"
    assert [row[:4] for row in cells(found, movers, "Sourced")] == [
        ("One", "won", "Partner P1", "Mara K."),
        ("O3", "created", "Partner P2", "Mara K."),
    ]
    assert [row[:2] for row in cells(found, movers, "Influenced")] == [("O2", "lost")]
    html = review_page(found)
    assert 'href="scorecard.html#case=O1"' in html
    assert "evidenced" in html


def test_monthly_review__findings_by_owner_lead_to_their_lists() -> None:
    made, decided_by = june()
    found = review(made, decided_by)
    section = "What there is to mend, by owner"

    assert [row[:5] for row in cells(found, section)] == [
        ("Helen Q.", "2", "0", "1", "1"),
        ("nobody named", "0", "1", "0", "0"),
    ]
    assert "3 findings have a deadline, 1 of them before 2\u00a0July\u00a02025" in says(
        found, section
    )
    html = review_page(found)
    assert 'href="../worklists/helen-q.xlsx"' in html
    assert 'href="../worklists/nobody_named.xlsx"' in html


def test_monthly_review__says_what_is_missing_and_never_zero() -> None:
    made, decided_by = june()
    found = review(made, decided_by)

    acceptance = next(row for row in cells(found, "Trust") if row[0] == "Handoffs accepted")
    assert acceptance[1] == "not known"
    assert "There is no earlier run" in says(found, "Changed since the last run")
    bare = {**made, QualityFindings: QualityFindings.empty()}
    assert "found nothing" in says(review(bare, decided_by), "What there is to mend, by owner")


def test_monthly_review__what_changed_since_the_last_run() -> None:
    made, decided_by = june()
    before = made[OpportunityAttribution].with_columns(
        classification=pl.when(opportunity_id="O2")
        .then(pl.lit("direct"))
        .otherwise("classification"),
        amount_reporting=pl.when(opportunity_id="O3")
        .then(pl.lit(Decimal("50.00")))
        .otherwise("amount_reporting"),
        definition_version=pl.lit(9, pl.Int64),
    )
    lost = before.filter(opportunity_id="O1").with_columns(opportunity_id=pl.lit("O9"))
    before = pl.concat([before, lost])
    changes = [
        ("opportunities", "O3", "changed", ["amount"]),
        ("opportunities", "O9", "removed", None),
        ("touches", "O1", "removed", None),
    ]
    made[RowChanges] = pl.DataFrame(changes, schema=RowChanges.dtypes(), orient="row")
    earlier = Earlier(before, as_of=date(2025, 5, 31), reporting_currency="EUR")
    section = "Changed since the last run"

    found = review(made, decided_by, earlier=earlier)
    assert cells(found, section, "class")[0][:2] == ("O2", "direct → influenced")
    assert cells(found, section, "amount")[0] == ("O3", "sourced", "Mara K.", "50.00", "70.00")
    assert [row[0] for row in cells(found, section, "any more")] == ["O9"]
    assert "1 opportunity is not in the data any more." in says(found, section)
    assert "1 opportunity has another class" in says(found, section)
    assert "That run went by any, version 9." in says(found, section)

    in_dollars = Earlier(before, as_of=date(2025, 5, 31), reporting_currency="USD")
    found = review(made, decided_by, earlier=in_dollars)
    assert "amounts are in USD: they are not compared" in says(found, section)
    found = review(made, decided_by, earlier=earlier, is_read_anew=False)
    assert "no amount was read anew" in says(found, section)


def test_monthly_review__says_when_a_trend_mixes_definitions() -> None:
    made, decided_by = june()
    assert "Reported under another" not in " ".join(review(made, decided_by).made)
    sealed = {
        "period": "2025-05",
        "run_id": "r0",
        "as_of": date(2025, 5, 31),
        "read_at": instant("2025-06-02T08:00"),
        "definition_id": "other",
        "definition_version": 1,
        "reporting_currency": "EUR",
        "fingerprint": "f",
    }
    made[SealedPeriods] = frame(SealedPeriods, sealed)
    said = " ".join(review(made, decided_by).made)
    assert "Reported under another definition: May 2025 under other, version 1." in said
    assert "DRAFT" in said


def test_monthly_review__empty_frame() -> None:
    decided_by = definition(rules=BEFORE_OR_AFTER)
    found = review(tables([], [], decided_by=decided_by), decided_by)
    html = review_page(found)
    assert "No partner’s opportunity was won, created or lost in the month." in html


def test_week_of_touches__counts_the_seven_days_and_what_came_late() -> None:
    rows = [
        touch("T1", "2025-06-23"),  # the day before the week
        touch("T2", "2025-06-24", evidence_url=None),
        touch("T3", "2025-06-30"),
        touch("T4", "2025-06-30", partner_id="P2"),
        touch("T5", "2025-07-01"),  # after the as-of day
    ]
    decided_by = definition(**WITH_LINK | {"gates": {"evidence": "required"}})
    made = tables([open_opportunity("O1")], rows, decided_by=decided_by)
    changes = [("touches", key, "added", None) for key in ("T1", "T4")]
    compared = pl.DataFrame(changes, schema=RowChanges.dtypes(), orient="row")

    def week(changes: pl.DataFrame | None) -> Week:
        touches, audit = made[Touches].lazy(), made[TouchAudit].lazy()
        return week_of_touches(touches, audit, PARTNERS, changes, params=PARAMS)

    found = week(compared)
    assert (found.touches, found.linked, found.accepted, found.late) == (3, 2, 2, 1)
    columns = ("partner", "manager", "touches", "linked", "accepted")
    assert found.by_partner.select(columns).rows() == [
        ("Partner P1", "Helen Q.", 2, 1, 1),
        ("Partner P2", "Helen Q.", 1, 1, 1),
    ]
    assert week(None).late is None


def test_unproven_claims__the_likeliest_to_close_comes_first() -> None:
    rows = [
        open_opportunity("O1", probability=0.1),
        open_opportunity("O2", probability=0.9, amount=None),
        open_opportunity("O3"),
        open_opportunity("O4", probability=0.9),
        opportunity("O5"),  # won: nothing to save any more
    ]
    touches = [
        touch(f"T{number}", "2025-03-01", opportunity_id=f"O{number}", evidence_url=None)
        for number in range(1, 6)
    ]
    decided_by = definition(rules=BEFORE_OR_AFTER, gates={"evidence": "required"})
    made = tables(rows, touches, decided_by=decided_by)
    found = unproven_claims(made[OpportunityAttribution], made[Opportunities])
    assert found["opportunity_id"].to_list() == ["O4", "O2", "O1", "O3"]

    said = says(pulse(made, decided_by), "Open claims without evidence")
    assert "4 open opportunities would have a stronger class" in said
    assert "2 of them at a probability of 50\u00a0% or more" in said


def test_waiting_touches__only_those_that_would_then_count() -> None:
    rows = [
        open_opportunity("O1"),
        open_opportunity("O2", amount=Decimal(900)),
        opportunity("O3"),
    ]
    lacking: Row = {"evidence_url": None, "accepted_by": None}
    touches = [
        touch("T1", "2025-03-01", **lacking),
        touch("T2", "2025-03-01", opportunity_id="O2", accepted_by=None),
        touch("T3", "2025-03-01", touch_type="co_sell", **lacking),  # before creation: no window
        touch("T4", "2025-03-01", opportunity_id="O3", **lacking),  # its opportunity is won
        touch("T5", "2025-03-01", accepted_by="Mara K."),  # lacks nothing
    ]
    decided_by = definition(**WITH_LINK)
    made = tables(rows, touches, decided_by=decided_by)
    found = waiting_touches(
        made, made[Touches].lazy(), made[TouchAudit].lazy(), params=PARAMS, definition=decided_by
    )
    assert found.select("touch_id", "opportunity_id", "role").rows() == [
        ("T2", "O2", "sourced"),
        ("T1", "O1", "sourced"),
    ]

    waits = [row[3] for row in cells(pulse(made, decided_by), TOUCHES_WAIT)]
    assert waits == [
        "a seller who accepts it",
        "a link to its evidence and a seller who accepts it",
    ]


def test_pending_handoffs__open_opportunities_first_and_closed_ones_last() -> None:
    rows = [
        open_opportunity("O1"),
        opportunity("O2"),
        open_opportunity("O3", amount=Decimal(900)),
    ]
    decided_by = definition()
    sent = [
        handoff("H1", "2025-06-29"),
        handoff("H2", "2025-06-28", opportunity_id="O2"),
        handoff("H3", "2025-01-01", opportunity_id="O1"),
        handoff("H4", "2025-06-01", opportunity_id="O3"),
        handoff("H5", "2025-07-01"),  # sent after the as-of day
        handoff("H6", "2025-06-01", response="rejected", responded_at=instant("2025-06-02T12:00")),
        handoff("H7", "2025-06-30", response="accepted", responded_at=instant("2025-07-01T12:00")),
    ]
    made = tables(rows, [], decided_by=decided_by, handoffs=sent)
    found = pending_handoffs(made[Handoffs], made[OpportunityAttribution], params=PARAMS)
    assert found.select("handoff_id", "days_waiting").rows() == [
        ("H4", 29),
        ("H3", 180),
        ("H7", 0),
        ("H1", 1),
        ("H2", 2),
    ]
    shown_cells = cells(pulse(made, decided_by), "Handoffs without an answer")
    assert [row[0] for row in shown_cells] == ["H4", "H3", "H7", "H1", "H2"]
    assert shown_cells[3][3] == "Account 1"


def test_weekly_pulse__a_quiet_week_says_so() -> None:
    decided_by = definition(**WITH_LINK)
    found = pulse(tables([], [], decided_by=decided_by, handoffs=[]), decided_by)
    said = " ".join(text for section in found.sections for text in section.says)

    assert "No partner did anything in these days" in said
    assert "No open opportunity would have a stronger class" in said
    assert "No touch on an open opportunity waits" in said
    assert "Every handoff was answered." in said
    assert not any(section.grids for section in found.sections)
    review_page(found)


def test_weekly_pulse__missing_inputs_are_said() -> None:
    decided_by = definition(rules=BEFORE_OR_AFTER)
    found = pulse(tables([], [], decided_by=decided_by), decided_by)
    assert "The source has no handoffs" in says(found, "Handoffs without an answer")
    assert "is not known" in says(found, "New touches")
    assert "asks for no link" in says(found, "Open claims without evidence")
    assert "asks for neither" in says(found, TOUCHES_WAIT)


def test_weekly_pulse__says_how_many_rows_are_elsewhere() -> None:
    decided_by = definition()
    sent = [handoff(f"H{number:02d}", "2025-06-01") for number in range(ROWS_SHOWN + 7)]
    html = review_page(pulse(tables([], [], decided_by=decided_by, handoffs=sent), decided_by))
    assert html.count("partner to seller") == ROWS_SHOWN
    assert "and 7 more in tables/handoffs.parquet" in html
    assert "27 handoffs wait" in html


def test_weekly_pulse__what_comes_from_data_is_harmless() -> None:
    decided_by = definition(**WITH_LINK).model_copy(update={"title": HOSTILE})
    rows = [open_opportunity("O'1\"><b>", name=HOSTILE, owner=HOSTILE, stage=HOSTILE)]
    touches = [
        touch("T1", "2025-06-25", opportunity_id=rows[0]["opportunity_id"], evidence_url=None)
        | {"touch_type": "co_sell", "logged_by": HOSTILE}
    ]
    params = PARAMS.model_copy(update={"record_url": "https://crm.example/{table}/{record_id}"})
    made = tables(rows, touches, decided_by=decided_by)
    html = review_page(pulse(made, decided_by, params=params))

    assert "<script" not in html
    assert "<b>" not in html
    assert "\u202e" not in html
    assert "⟨U+202E⟩" in html
    assert 'href="scorecard.html#case=O%271%22%3E%3Cb%3E"' in html
    assert 'href="https://crm.example/opportunities/O%271%22%3E%3Cb%3E"' in html


def test_pages__fetch_nothing_and_name_what_scrolls() -> None:
    made, decided_by = june()
    for found in (review(made, decided_by), pulse(made, decided_by)):
        html = review_page(found)
        regions = re.findall(r'<div class="scroll"([^>]*)>', html)
        assert regions
        assert all('tabindex="0"' in one and 'aria-label="' in one for one in regions)
        assert not re.findall(r"""(?:src|url)\s*[=(]\s*["']?(?!data:)[a-z]+:""", html)
        assert "default-src 'none'" in unescape(html)


def test_monthly_review__charts_say_in_words_what_they_draw() -> None:
    made, decided_by = june()
    html = unescape(review_page(review(made, decided_by)))
    described = re.findall(r'<svg role="img" aria-label="([^"]*)"', html)
    assert len(described) == 5
    assert any(text.startswith("Open pipeline, EUR") for text in described)
    rates = next(text for text in described if text.startswith("Win rate"))
    assert "Influenced: " in rates
    assert "June 2025 0 %" in rates


def test_evidence_cell__links_web_addresses_alone() -> None:
    grade = {"evidence_grade": "evidenced"}
    assert evidence_cell({**grade, "evidence_url": "https://a.example/1"}).href
    for url in ("javascript:alert(1)", "file:///etc/passwd", "C:\\notes", None):
        assert evidence_cell({**grade, "evidence_url": url}) == Cell("evidenced")


def test_opportunity_cell__an_id_stands_alone_without_a_name() -> None:
    row = {"opportunity_id": "O1", "name": None}
    assert opportunity_cell(row, record_url=None) == Cell("O1", "scorecard.html#case=O1")


def test_shown__says_what_it_leaves_out() -> None:
    rows = [(Cell(str(number)),) for number in range(ROWS_SHOWN + 1)]
    first, more = shown(rows, where="there")
    assert (len(first), more) == (ROWS_SHOWN, "and 1 more in there")
    assert shown(rows[:ROWS_SHOWN], where="there")[1] == ""
