"""Rules that are switched off or set otherwise, with their reasons."""

from pathlib import Path

import polars as pl
import pytest

from tests.unit.quality_frames import broken, findings, scores, source
from workbench.errors import ParameterError
from workbench.quality import RULES, overrides_table, read_overrides, rules_in_force

PROJECT = Path(__file__).parents[2]
LATE = [
    {"touch_id": "T1", "touched_at": "2026-03-04T12:00", "logged_at": "2026-03-12T12:00"},
    {"touch_id": "T2", "touched_at": "2026-03-05T12:00", "logged_at": "2026-03-12T12:00"},
]


@pytest.fixture
def overrides(tmp_path):
    """The overrides that a file of this text gives."""

    def read(text):
        path = tmp_path / "quality.yaml"
        path.write_text(text, encoding="utf-8")
        return read_overrides(path)

    return read


def in_force(rule, overrides):
    return next(one for one in rules_in_force(overrides) if one.id == rule)


def problems(overrides, text):
    with pytest.raises(ParameterError) as error:
        overrides(text)
    return [f"{one.what} {one.hint}".strip() for one in error.value.problems]


def test_read_overrides__no_file_leaves_the_catalogue_as_it_is():
    assert rules_in_force(read_overrides(None)) == RULES
    assert overrides_table({}).is_empty()


def test_rules_in_force__a_threshold_changes_findings_and_words(overrides):
    said = overrides("touch_logged_late: {days: 7, because: Agreed.}")
    rule = in_force("touch_logged_late", said)
    assert rule.meaning == "The touch was logged more than 7 days after its day."
    assert "within 7 days from now on" in rule.suggestion
    tables = source(touches=LATE)
    assert broken("touch_logged_late", tables) == {}
    assert list(broken("touch_logged_late", tables, rules=rules_in_force(said))) == ["T1"]


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.thresholds], ids=lambda rule: rule.id
)
def test_rules_in_force__every_threshold_makes_the_same_rule_with_another_number(rule):
    for one in rule.thresholds:
        other = rule.with_thresholds(**{one.name: one.value / 2})
        assert (other.id, other.table, other.severity) == (rule.id, rule.table, rule.severity)
        values = {threshold.name: threshold.value for threshold in other.thresholds}
        assert values == {t.name: t.value for t in rule.thresholds} | {one.name: one.value / 2}
        assert other.meaning != rule.meaning
        told = (other.applies.meta.serialize(), other.fails.meta.serialize())
        assert told != (rule.applies.meta.serialize(), rule.fails.meta.serialize())


def test_rules_in_force__a_rule_that_is_off_finds_nothing_and_has_no_score(overrides):
    rules = rules_in_force(overrides("touch_without_seller: {off: true, because: Not logged.}"))
    tables = source(touches=[{"accepted_by": None}])
    assert "touch_without_seller" in set(findings(tables)["rule"])
    assert "touch_without_seller" not in set(findings(tables, rules=rules)["rule"])
    assert set(scores(tables)["rule"]) - set(scores(tables, rules=rules)["rule"]) == {
        "touch_without_seller"
    }


def test_rules_in_force__severity_and_days(overrides):
    said = overrides(
        "touch_without_person: {severity: error, days_to_mend: 3, because: Policy.}\n"
        "touch_without_evidence: {severity: info, because: A pilot.}\n"
        "opportunity_without_rate: {days_to_mend: 5, because: Finance closes weekly.}\n"
    )
    rules = rules_in_force(said)
    tables = source(touches=[{"partner_contact": None, "evidence_url": None}])
    found = findings(tables, rules=rules).filter(
        pl.col("rule").is_in(["touch_without_person", "touch_without_evidence"])
    )
    assert found.select("rule", "severity", "due_on").rows() == [
        ("touch_without_evidence", "info", None),
        ("touch_without_person", "error", found["first_seen_on"][0].replace(day=5)),
    ]
    assert in_force("opportunity_without_rate", said).days_to_mend == 5


def test_overrides_table__what_changes_why_and_by_whom(overrides):
    said = overrides(
        "touch_without_person: {off: true, because: Unknown there., by: VP Sales}\n"
        "opportunity_touches_before_close: {days: 3, share: 0.5, because: Short sales.}\n"
        "touch_logged_late: {severity: error, days_to_mend: 3, because: Agreed.}\n"
    )
    assert overrides_table(said).drop("title").rows() == [
        ("touch_logged_late", "severity warning → error; days to mend 14 → 3", "Agreed.", None),
        (
            "opportunity_touches_before_close",
            "share 0.75 → 0.5; days 5 → 3",
            "Short sales.",
            None,
        ),
        ("touch_without_person", "switched off", "Unknown there.", "VP Sales"),
    ]


def test_read_overrides__all_problems_at_once(overrides):
    said = problems(
        overrides,
        "touch_loged_late: {days: 7, because: x}\n"
        "touch_logged_late: {day: 7, because: x}\n"
        "touch_without_person: {off: true}\n"
        "rows_fell: {share: 20, because: x}\n"
        "touch_in_future: {severity: grave, because: ' '}\n",
    )
    assert said == [
        "'rows_fell.share': input should be less than or equal to 1 (given: 20).",
        "'touch_in_future.because': string should match pattern '\\S' (given: ' ').",
        "'touch_in_future.severity' is none of the accepted words (given: 'grave'). "
        "known are error, info, warning.",
        "'touch_loged_late' is not a key. did you mean 'touch_logged_late'?",
        "'touch_logged_late.day' is not a key. did you mean 'days'?",
        "'touch_without_person.because' is missing.",
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("touch_in_future: {because: x}", "changes nothing"),
        ("touch_in_future: {off: true, severity: info, because: x}", "set otherwise too"),
        ("touch_without_person: {severity: error, because: x}", "'days_to_mend' is missing"),
        ("touch_without_person: {days_to_mend: 3, because: x}", "is never due"),
        ("cost_without_rate: {off: true, because: x}", "stops on it all the same"),
        ("cost_without_rate: {severity: info, because: x}", "stops on it all the same"),
        ("touch_logged_late: {days: seven, because: x}", "valid number"),
        ("touch_logged_late: {days: -1, because: x}", "greater than or equal to 0"),
    ],
)
def test_read_overrides__what_cannot_be_said(overrides, rule, said):
    (problem,) = problems(overrides, rule)
    assert said in problem


def test_read_overrides__the_shipped_file_can_be_used():
    path = PROJECT / "params" / "quality.yaml"
    assert set(read_overrides(path)) == {"touch_without_opportunity"}


def test_read_overrides__every_example_in_the_shipped_file_can_be_used(overrides):
    lines = (PROJECT / "params" / "quality.yaml").read_text(encoding="utf-8").splitlines()
    examples = [line.removeprefix("# ") for line in lines if ": {" in line]
    assert len(overrides("\n".join(examples))) == len(examples) == 4
