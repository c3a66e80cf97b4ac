import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.unit.attribution_frames import BEFORE_OR_AFTER, frame
from workbench.contracts import (
    IngestSummary,
    Metrics,
    OpportunityAttribution,
    QualityBreakdown,
    QualityHistory,
    QualityScores,
)
from workbench.definitions import Definition
from workbench.documents import parse_document
from workbench.maturity import MaturityFacts, maturity, maturity_page
from workbench.maturity.page import PORTRAITS
from workbench.params import RunParams
from workbench.readout.headline import Row
from workbench.readout.texts import ReadoutTexts
from workbench.vocabulary import MATURITY_DIMENSIONS

PARAMS = RunParams(
    name="monthly",
    period="2026-10",
    as_of=date(2026, 10, 31),
    read_at=datetime(2026, 11, 1, 2, tzinfo=UTC),  # still 31 October in New York
    timezone="America/New_York",
    source=Path("source"),
    definition=Path("definition.yaml"),
    compare_with=(Path("crm_field.yaml"),),
    readout=None,
    output_root=Path("outputs"),
)


def definition(**changes: Any) -> Definition:
    """Approved by two teams, with both roles, in force from a day."""
    content = {
        "id": "timing",
        "version": 2,
        "title": "Before or after",
        "effective_from": "2026-02-01",
        "approvals": [
            {"role": "sales", "name": "VP Sales", "on": "2026-01-20"},
            {"role": "finance", "name": "CFO", "on": "2026-01-21"},
        ],
        "rules": BEFORE_OR_AFTER,
    }
    return parse_document(content | changes, Definition, "timing.yaml")


CRM_FIELD = parse_document(
    {"id": "crm_field", "version": 1, "title": "The CRM's word", "basis": "crm_field"},
    Definition,
    "crm_field.yaml",
)


def facts(**changes: Any) -> MaturityFacts:
    """What lifts every dimension to stage 3, each number at its boundary."""
    content = {
        "definition": definition(),
        "compared": 1,
        "tables": frozenset({"touches", "handoffs", "stage_history", "program_costs"}),
        "systems": ("crm", "prm"),
        "scores": {"touch_orphan": 0.98, "touch_unknown_partner": 1.0},
        "opportunities": 20,
        "flagged": 12,
        "attributed": 10,
        "attributed_and_flagged": 9,
        "evidence_rate": Row(0.9),
        "logged_on_time_rate": Row(0.9),
        "rows_read": 100,
        "rows_rejected": 1,
        "months": 4,
        "decisions": 1,
    }
    return MaturityFacts(**content | changes)


def placed(dimension: str, **changes: Any) -> dict:
    return maturity(facts(**changes)).filter(dimension=dimension).to_dicts()[0]


def test_maturity__everything_at_its_boundary_is_stage_three():
    table = maturity(facts())

    assert dict(table.select("dimension", "stage").iter_rows()) == dict.fromkeys(
        MATURITY_DIMENSIONS, 3
    )
    assert table["missing_for_next"].null_count() == 5


NOTHING = {
    "definition": CRM_FIELD,
    "tables": frozenset(),
    "systems": (),
    "scores": {},
    "opportunities": 0,
    "flagged": 0,
    "attributed": 0,
    "attributed_and_flagged": 0,
    "evidence_rate": Row(None, "no touch in the period"),
    "logged_on_time_rate": Row(None, "no touch in the period has a log date"),
    "rows_read": 0,
    "rows_rejected": 0,
    "months": 1,
    "decisions": None,
    "compared": 0,
}


def test_maturity__nothing_is_stage_one_and_says_what_to_do_first():
    table = maturity(facts(**NOTHING))

    assert table["stage"].to_list() == [1] * 5
    missing = dict(table.select("dimension", "missing_for_next").iter_rows())
    assert missing["reporting"] == "Run it again next month under the same name."
    assert missing["decision_making"] == (
        "Put on the page what should be decided (docs/readouts.md)."
    )


@pytest.mark.parametrize(
    ("dimension", "stage", "changes"),
    [
        ("definitions", 1, {"definition": CRM_FIELD}),
        ("definitions", 2, {"definition": definition(approvals=[])}),
        ("definitions", 2, {"definition": definition(effective_from=None)}),
        ("definitions", 2, {"definition": definition(rules=BEFORE_OR_AFTER[:1])}),
        ("data_model", 1, {"tables": frozenset(), "flagged": 0}),
        ("data_model", 2, {"tables": frozenset()}),
        ("data_model", 2, {"systems": ("crm",)}),
        ("data_model", 2, {"attributed_and_flagged": 8}),
        ("data_model", 2, {"attributed": 0, "attributed_and_flagged": 0}),
        ("data_model", 2, {"scores": {"touch_orphan": 0.979, "touch_unknown_partner": 1.0}}),
        ("data_model", 2, {"scores": {"touch_unknown_partner": 1.0}}),  # switched off
        ("data_model", 2, {"tables": frozenset({"touches", "handoffs"})}),
        ("attribution", 1, {"tables": frozenset(), "flagged": 0}),
        ("attribution", 2, {"definition": CRM_FIELD}),
        ("attribution", 2, {"evidence_rate": Row(0.899)}),
        ("attribution", 2, {"evidence_rate": Row(None, "no touch in the period")}),
        ("attribution", 2, {"logged_on_time_rate": Row(0.899)}),
        ("attribution", 2, {"compared": 0}),
        ("reporting", 1, {"months": 1}),
        ("reporting", 2, {"months": 2}),
        ("reporting", 2, {"months": 3}),
        ("reporting", 2, {"rows_rejected": 2}),
        ("reporting", 2, {"decisions": None}),
        ("reporting", 3, {"decisions": 0}),
        ("decision_making", 1, {"decisions": 0}),
        ("decision_making", 1, {"decisions": None}),
        ("decision_making", 2, {"tables": frozenset({"touches"})}),
        ("decision_making", 2, {"evidence_rate": Row(0.899)}),
        ("decision_making", 2, {"definition": definition(approvals=[])}),
    ],
)
def test_maturity__one_thing_short_of_the_next_stage(dimension, stage, changes):
    row = placed(dimension, **changes)

    assert row["stage"] == stage
    assert (row["missing_for_next"] is None) == (stage == 3)


def test_maturity__one_team_is_not_across_teams():
    row = placed("definitions", definition=definition(approvals=[
        {"role": "sales", "name": "VP Sales", "on": "2026-01-20"},
        {"role": "sales", "name": "Head of Sales", "on": "2026-01-21"},
    ]))  # fmt: skip

    assert row["stage"] == 2
    assert row["missing_for_next"] == (
        "Let 2 teams approve it, such as sales and finance, and record who and when."
    )


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (("handoffs", "stage_history"), "Handoffs and the history of stages are among"),
        (("handoffs",), "Handoffs are among the tables; the history of stages is not."),
        (("stage_history",), "The history of stages is among the tables; handoffs are not."),
        ((), "Neither handoffs nor the history"),
    ],
)
def test_maturity__says_which_tables_are_there(tables, says):
    row = placed("data_model", tables=frozenset({"touches", *tables}))

    assert says in row["evidence"]


def test_maturity__evidence_says_the_numbers():
    row = placed("attribution", evidence_rate=Row(0.842), logged_on_time_rate=Row(None, "no log"))

    assert row["evidence"] == (
        "Rules over dated touches give each opportunity its class. The same rules hold for all of "
        "them, and every decision has its row in the audit. 84.2\u00a0% of the period's touches "
        "carry a link to evidence. How many were logged within 14 days is not known (no log). "
        "It is compared with 1 other definition."
    )
    assert row["not_in_the_data"].startswith("Whether credit is still argued over")


# From the tables


def reads(*instants: str) -> pl.DataFrame:
    return frame(
        QualityHistory,
        *(
            {
                "run_id": f"r{number}",
                "read_at": datetime.fromisoformat(text).replace(tzinfo=UTC),
                "dimension": "rule",
                "member": "touch_orphan",
                "checked": 1,
                "failed": 0,
                "score": 1.0,
            }
            for number, text in enumerate(instants)
        ),
    )


def facts_of(
    *, texts: ReadoutTexts | None = None, history: pl.DataFrame | None = None
) -> MaturityFacts:
    tables = {
        IngestSummary: frame(
            IngestSummary,
            *(
                {
                    "table": table,
                    "source": f"{table}.csv",
                    "rows_read": accepted + 1,
                    "rows_accepted": accepted,
                    "rows_rejected": 1,
                    "sha256": "0" * 64,
                }
                for table, accepted in (("touches", 3), ("handoffs", 0))
            ),
        ),
        QualityScores: frame(
            QualityScores, {"rule": "touch_orphan", "checked": 3, "failed": 0, "score": 1.0}
        ),
        QualityBreakdown: frame(
            QualityBreakdown,
            *(
                {"dimension": kind, "member": name, "checked": 1, "failed": 0, "score": 1.0}
                for kind, name in (
                    ("source", "prm"),
                    ("source", "file partners.csv"),
                    ("source", "crm"),
                    ("owner", "Ann"),
                )
            ),
        ),
        QualityHistory: reads() if history is None else history,
        OpportunityAttribution: attributed(),
        Metrics: frame(
            Metrics,
            {
                "metric": "evidence_rate",
                "category": "trust",
                "definition_id": "timing",
                "period": "2026-10",
                "classification": "all",
                "dimension": "all",
                "member": "all",
                "value": 0.75,
                "unit": "ratio",
                "numerator": 3.0,
                "denominator": 4.0,
                "n": 4,
                "basis": "current",
            },
        ),
    }
    return MaturityFacts.of(tables, params=PARAMS, definition=definition(), texts=texts)


def attributed() -> pl.DataFrame:
    classes = [
        ("sourced", "sourced"),
        ("influenced", "direct"),
        ("direct", "sourced"),
        ("influenced", None),
        ("direct", None),
    ]
    rows = [
        {"opportunity_id": f"O{number}", "classification": ours, "crm_classification": crm}
        for number, (ours, crm) in enumerate(classes)
    ]
    return frame(OpportunityAttribution, *rows)


def test_facts__counted_from_the_tables():
    known = facts_of(texts=ReadoutTexts(decisions=("Hire one.",), asks=(), learned=()))

    assert known.tables == {"touches"}
    assert known.systems == ("crm", "prm")
    assert known.scores == {"touch_orphan": 1.0}
    assert (known.opportunities, known.flagged) == (5, 3)
    assert (known.attributed, known.attributed_and_flagged) == (3, 1)
    assert known.evidence_rate.value == 0.75
    assert known.logged_on_time_rate.value is None
    assert (known.rows_read, known.rows_rejected) == (5, 2)
    assert (known.compared, known.decisions) == (1, 1)


@pytest.mark.parametrize(
    ("instants", "months"),
    [
        ((), 1),
        (("2026-10-05T09:00", "2026-10-20T09:00"), 1),
        (("2026-11-01T02:00",), 1),  # this run's own
        (("2026-09-30T22:00", "2026-08-01T02:00"), 3),  # 31 July in New York
        (("2025-11-01T01:00",), 1),  # a year and an hour ago
        (("2025-11-01T05:00",), 2),
        (("2026-12-01T09:00",), 1),  # a run of a later read does not count yet
    ],
)
def test_facts__months_in_which_the_data_was_read(instants, months):
    assert facts_of(history=reads(*instants)).months == months


# The page


def test_page__says_where_each_dimension_is():
    table = maturity(facts(months=2, decisions=0))

    html = maturity_page(table, params=PARAMS, run_id="demo-<1>")

    assert html.count('class="here"') == 5
    assert re.findall(r"<h2>([^<]+)</h2>", html) == [
        "Definitions: stage 3",
        "Data model: stage 3",
        "Attribution: stage 3",
        "Reporting: stage 2",
        "Decision-making: stage 1",
    ]
    assert html.count("<dt>A person must say</dt>") == 5
    assert html.count("<dt>Missing for stage") == 2
    assert "demo-&lt;1&gt;" in html
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!index\.html)", html)


def test_page__has_a_portrait_of_each_dimension():
    assert tuple(PORTRAITS) == MATURITY_DIMENSIONS
