from datetime import UTC, date, datetime

import polars as pl
import pytest

from tests.unit.attribution_frames import frame, opportunity, touch
from workbench.charts import quality_trend
from workbench.contracts import (
    Accounts,
    IngestSummary,
    Opportunities,
    Partners,
    QualityBreakdown,
    QualityFindings,
    QualityHistory,
    QualityScores,
    Touches,
)
from workbench.quality import RULES, lowest_scores, quality_breakdown, quality_history

SUMMARY = frame(
    IngestSummary,
    *(
        {
            "table": table,
            "source": f"{table}.csv",
            "rows_read": 1,
            "rows_accepted": 1,
            "rows_rejected": 0,
            "sha256": "0" * 64,
        }
        for table in ("accounts", "partners", "opportunities", "touches")
    ),
)
TABLES = {
    Opportunities: frame(
        Opportunities,
        opportunity("O1", owner="Ann", source_system="crm", crm_partner_id="P1"),
        opportunity("O2", owner="Ben", source_system="crm"),
    ),
    Touches: frame(
        Touches,
        touch("T1", "2025-03-01", "P1", logged_by="Ann", source_system="prm"),
        touch("T2", "2025-03-02", "P2", logged_by="Ann", source_system="prm"),
        touch("T3", "2025-03-03", "P2", logged_by=None, source_system="crm"),
    ),
    Partners: frame(
        Partners,
        *(
            {"partner_id": key, "name": key, "partner_type": "reseller", "active": True}
            for key in ("P1", "P2")
        ),
    ),
    Accounts: frame(Accounts, {"account_id": "A1", "name": "Acme", "is_target": False}),
}


def finding(rule: str, record_id: str, owner: str | None, **changes: object) -> dict:
    return {
        "finding_id": f"{rule}:{record_id}",
        "rule": rule,
        "severity": "warning",
        "table": "opportunities" if record_id.startswith("O") else "touches",
        "record_id": record_id,
        "owner": owner,
        "message": "It is wrong.",
        "first_seen_on": date(2025, 6, 1),
    } | changes


def breakdown(*findings: dict, scores: tuple[dict, ...] = (), **given: object) -> pl.DataFrame:
    return quality_breakdown(
        frame(QualityFindings, *findings),
        frame(QualityScores, *scores),
        tables=TABLES,
        ingest_summary=SUMMARY,
        **given,
    )


def members(table: pl.DataFrame, dimension: str) -> dict[str, tuple[int, int]]:
    own = table.filter(dimension=dimension).select("member", "checked", "failed")
    return {member: (checked, failed) for member, checked, failed in own.iter_rows()}


def test_breakdown__each_record_counts_once_for_source_owner_and_partner():
    table = breakdown(
        finding("touch_logged_late", "T1", "Ann"),
        finding("touch_without_evidence", "T1", "Ann"),
        finding("touch_logged_late", "T3", None),
        finding("opportunity_without_amount", "O1", "Ann"),
    )

    assert members(table, "source") == {
        "crm": (3, 2), "prm": (2, 1), "file partners.csv": (2, 0), "file accounts.csv": (1, 0),
    }  # fmt: skip
    people = {m: found for m, found in members(table, "owner").items() if m in {"Ann", "Ben"}}
    assert people == {"Ann": (3, 2), "Ben": (1, 0)}
    assert members(table, "partner") == {"P1": (3, 2), "P2": (3, 1)}
    ann = table.filter(dimension="owner", member="Ann")["score"].item()
    assert ann == pytest.approx(1 / 3)


def test_breakdown__a_role_fails_only_by_what_it_has_to_mend():
    table = breakdown(
        finding("touch_logged_late", "T1", "Ann"),
        finding("touch_unknown_partner", "T2", "partner operations"),
    )

    _, failed = members(table, "owner")["partner operations"]
    assert failed == 1
    assert members(table, "owner")["Ann"] == (3, 1)
    assert members(table, "source")["prm"] == (2, 2)


def test_breakdown__a_note_counts_against_nobody():
    note = finding("touch_without_person", "T1", "Ann", severity="info")

    table = breakdown(note, scores=({"rule": "touch_without_person", "checked": 3, "failed": 1, "score": 2 / 3},))  # noqa: E501  # fmt: skip

    assert table.filter(dimension="rule").rows() == [
        ("rule", "touch_without_person", 3, 1, pytest.approx(2 / 3))
    ]
    assert table.filter(pl.col("dimension") != "rule")["failed"].sum() == 0


def test_breakdown__what_is_no_record_is_in_its_rule_alone():
    table = breakdown(
        finding("rows_round", "touches:touches.csv", "RevOps", table="ingest_summary"),
        finding("people", "Ann", "partner operations", table="touches"),
    )

    assert table.filter(pl.col("dimension") != "rule")["failed"].sum() == 0


def test_breakdown__only_tables_that_rules_in_force_look_at():
    one = [rule for rule in RULES if rule.id == "touch_without_evidence"]

    table = breakdown(rules=one)

    assert members(table, "source") == {"crm": (1, 0), "prm": (2, 0)}
    assert members(table, "owner") == {"Ann": (2, 0)}


def test_breakdown__no_rule_in_force():
    assert breakdown(rules=()).is_empty()


def test_breakdown__empty_frame():
    table = quality_breakdown(
        QualityFindings.empty(),
        QualityScores.empty(),
        tables={contract: contract.empty() for contract in TABLES},
        ingest_summary=IngestSummary.empty(),
    )

    assert table.is_empty()


# Over runs


def scored(rule: str, failed: int, dimension: str = "rule") -> dict:
    return {
        "dimension": dimension,
        "member": rule,
        "checked": 10,
        "failed": failed,
        "score": 1 - failed / 10,
    }


def history(*runs: tuple[dict, ...]) -> pl.DataFrame:
    """Runs `r0`, `r1` and so on, a month apart."""
    kept = None
    for number, rows in enumerate(runs):
        kept = quality_history(
            frame(QualityBreakdown, *rows),
            run_id=f"r{number}",
            read_at=datetime(2025, 1 + number, 2, 3, tzinfo=UTC),
            previous=kept,
        )
    return kept


def test_history__each_run_adds_its_own_rows():
    table = history((scored("touch_orphan", 4),), (scored("touch_orphan", 1),))

    assert table.select("run_id", "read_at", "failed").rows() == [
        ("r0", datetime(2025, 1, 2, 3, tzinfo=UTC), 4),
        ("r1", datetime(2025, 2, 2, 3, tzinfo=UTC), 1),
    ]


def test_history__empty_frame():
    assert history(()).equals(QualityHistory.empty())


def test_lowest_scores__five_of_each_with_what_they_were_before():
    owners = tuple(scored(f"Owner {number}", number, "owner") for number in range(7))
    table = history(
        (scored("Owner 6", 9, "owner"), scored("touch_orphan", 9)),
        (scored("Owner 5", 1, "owner"),),
        (*owners, scored("crm", 2, "source"), scored("touch_orphan", 9)),
    )

    lowest = lowest_scores(table, run_id="r2")

    assert lowest.select("dimension", "member", "failed", "previous_score").rows() == [
        ("owner", "Owner 6", 6, pytest.approx(0.1)),
        ("owner", "Owner 5", 5, pytest.approx(0.9)),
        ("owner", "Owner 4", 4, None),
        ("owner", "Owner 3", 3, None),
        ("owner", "Owner 2", 2, None),
        ("source", "crm", 2, None),
    ]


def test_quality_trend__rules_over_runs_lowest_first():
    table = history(
        (scored("touch_orphan", 4), scored("touch_in_future", 0), scored("touch_duplicate", 3)),
        (scored("touch_orphan", 1), scored("touch_in_future", 0), scored("touch_duplicate", 2)),
    )

    chart = quality_trend(table, run_id="r1")

    assert chart is not None
    assert chart.to_dict()["description"] == (
        "Score by rule over the last runs, lowest first, % of the records that keep the rule; "
        "2 runs since 2025-01-02, as of 2 February 2025. Touch logged twice: 70.0 %, 80.0 %; "
        "Touch that hangs on nothing: 60.0 %, 90.0 %."
    )


@pytest.mark.parametrize(
    "runs", [((),), ((scored("touch_orphan", 4),),), ((scored("touch_orphan", 0),),) * 2]
)
def test_quality_trend__nothing_to_compare(runs):
    assert quality_trend(history(*runs), run_id=f"r{len(runs) - 1}") is None
