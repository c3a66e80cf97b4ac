"""Findings, scores and the catalogue; the rules one by one stand in the files beside."""

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.unit.quality_frames import PARAMS, findings, instant, scores, source
from workbench.contracts import (
    Accounts,
    Opportunities,
    Partners,
    QualityFindings,
    QualityScores,
    Touches,
)
from workbench.quality import RULES, findings_by_owner, findings_by_rule, one_of_each_rule
from workbench.quality.words import sentence

# Findings


def test_quality_findings__one_finding_in_full():
    found = findings(source(touches=[{"touch_id": "T7", "evidence_url": None}]))
    assert found.filter(rule="touch_without_evidence").to_dicts() == [
        {
            "finding_id": "touch_without_evidence:T7",
            "rule": "touch_without_evidence",
            "severity": "warning",
            "table": "touches",
            "record_id": "T7",
            "owner": "Mia Manager",
            "message": "The co-sell by Nordwind on 2026-03-04 carries no link to its evidence.",
            "suggestion": "Add the link to the mail, meeting, registration or deal room.",
            "first_seen_on": date(2026, 11, 2),
            "due_on": date(2026, 11, 16),
        }
    ]


def test_quality_findings__first_seen_day_is_carried_forward():
    tables = source(
        touches=[
            {"touch_id": "T1", "evidence_url": None},
            {"touch_id": "T2", "evidence_url": None},
            {"touch_id": "T3", "partner_contact": None},
        ]
    )
    before = findings(tables, params=PARAMS.model_copy(update={"read_at": instant("2026-10-05")}))
    known = before.filter(pl.col("record_id").is_in(["T1", "T3"]))
    found = findings(tables, previous=known).filter(pl.col("rule") != "touch_duplicate")
    assert found.select("finding_id", "first_seen_on", "due_on").rows() == [
        ("touch_without_evidence:T1", date(2026, 10, 4), date(2026, 10, 18)),
        ("touch_without_evidence:T2", date(2026, 11, 2), date(2026, 11, 16)),
        ("touch_without_person:T3", date(2026, 10, 4), None),
    ]


def test_quality_findings__a_finding_that_was_mended_is_gone():
    before = findings(source(touches=[{"evidence_url": None}]))
    assert findings(source(touches=[{}]), previous=before).is_empty()


def test_quality_findings__a_record_that_names_nobody_has_no_owner():
    found = findings(source(opportunities=[{"amount": None, "owner": None}]))
    assert found["owner"].to_list() == [None]


def test_quality_findings__row_order_does_not_matter():
    tables = source(
        opportunities=[
            {"opportunity_id": f"O{number}", "crm_classification": crm, "currency": currency}
            for number, (crm, currency) in enumerate(
                [("direct", "USD"), ("sourced", "EUR"), ("direct", "GBP"), (None, "EUR")]
            )
        ],
        touches=[
            {
                "touch_id": f"T{number:02}",
                "opportunity_id": f"O{number % 6}",
                "partner_id": f"P{number % 4 // 3 + 1}",
                "evidence_url": None if number % 5 else "see mail",
            }
            for number in range(40)
        ],
        fx_rates=[{"currency": "GBP"}],
    )
    shuffled = {
        contract: frame.sample(fraction=1, shuffle=True, seed=3)
        for contract, frame in tables.items()
    }
    assert findings(tables).height > 50
    assert findings(shuffled).equals(findings(tables))
    assert scores(shuffled).equals(scores(tables))


def test_quality_findings__empty_frame():
    tables = {
        contract: contract.empty() for contract in (Accounts, Partners, Opportunities, Touches)
    }
    assert findings(tables).equals(QualityFindings.empty())


def test_sentence__a_frame_of_several_chunks():
    parts = [pl.DataFrame({"word": [f"{part}{row}" for row in range(500)]}) for part in "abc"]
    frame = pl.concat(parts, rechunk=False)
    said = (
        frame.lazy()
        .filter(pl.col("word").str.starts_with("c"))
        .select(sentence("The {} and {}.", "word", pl.lit(1)))
        .collect()
    )
    assert said.to_series().to_list() == [f"The c{row} and 1." for row in range(500)]


def test_sentence__as_many_parts_as_places():
    with pytest.raises(ValueError, match="zip"):
        sentence("{} and {}", "one")


# Scores


def test_quality_scores__checked_failed_and_the_share_that_kept_the_rule():
    tables = source(
        touches=[
            {"touch_id": "T1", "touch_type": "referral"},
            {"touch_id": "T2", "evidence_url": None},
            {"touch_id": "T3", "evidence_url": None, "touch_type": "champion"},
            {"touch_id": "T4", "touch_type": "reference"},
        ]
    )
    rows = {row["rule"]: row for row in scores(tables).to_dicts()}
    assert rows["touch_without_evidence"] == {
        "rule": "touch_without_evidence",
        "checked": 4,
        "failed": 2,
        "score": 0.5,
    }
    assert rows["opportunity_without_amount"]["checked"] == 1
    assert rows["opportunity_without_amount"]["score"] == 1


def test_quality_scores__a_rule_about_a_table_that_is_not_there_is_absent():
    without = set(scores(source())["rule"])
    optional = {
        "program_costs": {"cost_without_rate"},
        "account_merges": {"account_merge_chain", "account_merge_into_nothing"},
        "handoffs": {"handoff_answered_before_sent", "handoff_answer_undated"},
        "stage_history": {"opportunity_history_outside_life", "opportunity_history_ends_elsewhere"},
        "ingest_summary": {"rows_fell", "rows_round"},
    }
    assert without == {rule.id for rule in RULES} - set().union(*optional.values())
    for name, rules in optional.items():
        assert set(scores(source(**{name: [{}]}))["rule"]) - without == rules


def test_quality_scores__empty_frame():
    tables = {
        contract: contract.empty() for contract in (Accounts, Partners, Opportunities, Touches)
    }
    empty = scores(tables)
    assert empty.schema == QualityScores.empty().schema
    assert empty.select("checked", "failed", "score").unique().rows() == [(0, 0, 1.0)]


# What a person reads


def test_findings_by_rule__gravest_first_then_most():
    tables = source(
        opportunities=[{"currency": "EUR"}],
        touches=[
            {"touch_id": "T1", "partner_contact": None},
            {"touch_id": "T2", "evidence_url": None, "touch_type": "referral"},
            {"touch_id": "T3", "evidence_url": None, "touch_type": "champion"},
            {"touch_id": "T4", "logged_at": None, "touch_type": "reference"},
        ],
    )
    shown = findings_by_rule(findings(tables), scores(tables))
    assert shown.select("severity", "title", "stops", "checked", "failed", "score").rows() == [
        ("error", "Opportunity in a currency without a rate", True, 1, 1, 0.0),
        ("warning", "Touch without evidence", False, 4, 2, 0.5),
        ("warning", "Touch without a log date", False, 4, 1, 0.75),
        ("info", "Touch without a person", False, 4, 1, 0.75),
    ]
    assert shown.select("first_seen_on", "due_on").row(0) == (date(2026, 11, 2), date(2026, 11, 3))


def test_findings_by_rule__more_than_20_rules_end_in_a_row_of_the_others():
    all_scores = pl.DataFrame(
        [{"rule": rule.id, "checked": 10, "failed": 2, "score": 0.8} for rule in RULES]
    )
    found = pl.DataFrame(
        [
            {"rule": rule.id, "severity": rule.severity, "first_seen_on": None, "due_on": None}
            for rule in RULES
        ],
        schema_overrides={"first_seen_on": pl.Date, "due_on": pl.Date},
    )
    shown = findings_by_rule(found, all_scores)
    assert shown.height == 20
    assert shown["title"][-1] == f"{len(RULES) - 19} other rules"
    assert shown["failed"].sum() == 2 * len(RULES)


def test_findings_by_rule__empty_frame():
    assert findings_by_rule(QualityFindings.empty(), QualityScores.empty()).is_empty()


def test_findings_by_rule__a_severity_that_the_company_changed():
    tables = source(touches=[{"touch_id": "T1", "partner_contact": None}])
    found = findings(tables).with_columns(severity=pl.lit("error"))
    scores = pl.DataFrame(
        [{"rule": "touch_without_person", "checked": 1, "failed": 1, "score": 0.0}]
    )
    assert findings_by_rule(found, scores)["severity"].to_list() == ["error"]


def test_one_of_each_rule__gravest_first():
    tables = source(
        opportunities=[{"amount": None}],
        touches=[
            {"touch_id": "T1", "opportunity_id": "O9", "partner_contact": None},
            {"touch_id": "T2", "partner_contact": None},
        ],
    )
    assert one_of_each_rule(findings(tables)).select("severity", "record_id").rows() == [
        ("error", "T1"),
        ("warning", "O1"),
        ("info", "O1"),
        ("info", "T1"),
    ]


def test_one_of_each_rule__empty_frame():
    assert one_of_each_rule(QualityFindings.empty()).is_empty()


def test_findings_by_owner__most_errors_first():
    tables = source(
        opportunities=[{"amount": None}],
        touches=[
            {"touch_id": "T1", "opportunity_id": "O9", "partner_contact": None},
            {"touch_id": "T2", "logged_by": None, "evidence_url": None, "touch_type": "referral"},
        ],
    )
    assert findings_by_owner(findings(tables)).rows() == [
        ("Mia Manager", 1, 0, 1, date(2026, 11, 9)),
        ("Sam Seller", 0, 1, 1, date(2026, 11, 9)),
        ("nobody named", 0, 1, 0, date(2026, 11, 16)),
    ]


def test_findings_by_owner__more_than_20_owners_end_in_a_row_of_the_others():
    tables = source(
        opportunities=[
            {"opportunity_id": f"O{number}", "amount": None, "owner": f"Seller {number:02}"}
            for number in range(25)
        ]
    )
    shown = findings_by_owner(findings(tables))
    assert shown["owner"].to_list()[-2:] == ["Seller 18", "6 others"]
    assert shown["warnings"].sum() == 25


def test_findings_by_owner__empty_frame():
    assert findings_by_owner(QualityFindings.empty()).is_empty()


# The catalogue


def test_rules__ids_are_unique_and_texts_are_sentences():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert (rule.days_to_mend is None) == (rule.severity == "info"), rule.id
        assert all(text.endswith(".") for text in (rule.meaning, rule.why, rule.suggestion))
        assert not rule.title.endswith(".")
        if rule.owner_column is not None:
            assert rule.owner == f"the person in `{rule.owner_column}`"


def test_rules__only_errors_stop():
    assert [rule.id for rule in RULES if rule.stops] == [
        "opportunity_without_rate",
        "cost_without_rate",
    ]
    assert all(rule.severity == "error" for rule in RULES if rule.stops)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rules__each_has_a_test_of_its_own(rule):
    files = Path(__file__).parent.glob("test_quality_*.py")
    tests = "".join(path.read_text(encoding="utf-8") for path in files)
    assert re.search(rf"^def test_{rule.id}(__\w+)?\(", tests, flags=re.MULTILINE)


def test_rules__the_page_says_what_the_catalogue_says():
    page = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert page.count(rule_row(rule)) == 1, rule_row(rule)
    assert len(re.findall(r"^\| `\w+` \| (?:error|warning|info)", page, flags=re.MULTILINE)) == len(
        RULES
    )


def test_rules__the_page_says_what_can_be_tuned():
    page = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    row = r"^\| `(\w+)` \| `(\w+)` \| ([\d.]+) \| ([^|]+) \|$"
    rows = re.findall(row, page, flags=re.MULTILINE)
    assert rows == [
        (rule.id, one.name, f"{one.value:g}", one.unit) for rule in RULES for one in rule.thresholds
    ]


def rule_row(rule):
    """The rule as `docs/quality.md` has it."""
    return (
        f"| `{rule.id}` | {rule.severity}{', stops' if rule.stops else ''} | {rule.meaning} "
        f"| {rule.why} | {rule.owner} | {rule.days_to_mend or '–'} |"
    )
