"""Rulings: the file, and what it does to what the rules decided."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.project import Project
from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    attributed,
    definition,
    facts,
    frame,
    opportunity,
    touch,
)
from workbench.attribution import (
    Attribution,
    check_conservation,
    ruling_in_words,
    rulings_in_words,
    with_rulings,
)
from workbench.contracts import (
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    RulingsApplied,
    TouchAudit,
)
from workbench.documents import dump_yaml
from workbench.errors import InputError, ParameterError
from workbench.pipeline import check_inputs
from workbench.rulings import Ruling, read_rulings, rulings_in_force
from workbench.tables import checked

PARTNERS = frame(
    Partners,
    *(
        {"partner_id": key, "name": key, "partner_type": "reseller", "active": True}
        for key in ("P1", "P2", "P3")
    ),
)
AS_OF = date(2025, 6, 30)
SOURCED_BY_TWO = [touch("T1", "2025-03-01"), touch("T2", "2025-03-02", "P2")]


def row(**changes: Any) -> Row:
    """The opportunity O1 is P3's, says the VP Sales on 1 June 2025."""
    return {
        "opportunity_id": "O1",
        "classification": "sourced",
        "partner_id": "P3",
        "by": "VP Sales",
        "on": date(2025, 6, 1),
        "why": "Both sides confirm the call.",
    } | changes


def ruling(**changes: Any) -> Ruling:
    return Ruling.model_validate(row(**changes))


def ruled(
    touches: list[Row], *rulings: Ruling, opportunities: list[Row] | None = None, **rules: Any
) -> tuple[Attribution, pl.DataFrame]:
    """What the rulings make of a snapshot, known to keep its contracts and to conserve."""
    given = facts(opportunities or [opportunity()], touches)
    rules = {"rules": BEFORE_OR_AFTER} | rules
    result, applied = with_rulings(
        attributed(given, **rules),
        rulings,
        definition=definition(**rules),
        partners=PARTNERS,
        as_of=AS_OF,
    )
    checked(result.touch_audit, TouchAudit)
    checked(result.opportunity_attribution, OpportunityAttribution)
    checked(result.partner_credit, PartnerCredit)
    assert check_conservation(given, definition(**rules), result)
    return result, checked(applied, RulingsApplied)


def only(result: Attribution) -> Row:
    return result.opportunity_attribution.row(0, named=True)


def test_with_rulings__moves_class_partner_and_the_whole_credit() -> None:
    result, applied = ruled(
        SOURCED_BY_TWO, ruling(classification="influenced"), credit={"model": "equal"}
    )

    found = only(result)
    assert (found["classification"], found["claimed_classification"]) == ("influenced",) * 2
    assert (found["primary_partner_id"], found["partner_count"]) == ("P3", 1)
    assert found["deciding_touch_id"] is found["evidence_url"] is found["days_to_created"] is None
    assert found["evidence_grade"] == "claimed"
    assert result.partner_credit.rows() == [
        ("O1", "P3", "influenced", "equal", 1.0, Decimal("100.00"))
    ]
    assert applied.rows() == [
        ("O1", "sourced", "influenced", "P3", "VP Sales", date(2025, 6, 1),
         "Both sides confirm the call.", None)
    ]  # fmt: skip


def test_with_rulings__direct_has_no_credit() -> None:
    result, _ = ruled(SOURCED_BY_TWO, ruling(classification="direct", partner_id=None))

    found = only(result)
    assert (found["classification"], found["partner_count"]) == ("direct", 0)
    assert found["primary_partner_id"] is found["evidence_grade"] is None
    assert result.partner_credit.is_empty()


def test_with_rulings__direct_against_the_crm_field_is_unsupported() -> None:
    result, _ = ruled(
        SOURCED_BY_TWO,
        ruling(classification="direct", partner_id=None),
        opportunities=[opportunity(crm_classification="sourced")],
    )

    assert only(result)["evidence_grade"] == "unsupported"


def test_with_rulings__one_that_confirms_the_rules_keeps_what_shows_them() -> None:
    result, _ = ruled(SOURCED_BY_TWO, ruling(partner_id="P1"), credit={"model": "equal"})

    found = only(result)
    assert (found["deciding_touch_id"], found["evidence_grade"]) == ("T1", "evidenced")
    assert result.partner_credit["partner_id"].to_list() == ["P1"]


def test_with_rulings__another_partner_of_the_same_class_loses_the_evidence() -> None:
    """The link shows what the first partner did, not what the second is ruled to have done."""
    result, _ = ruled(SOURCED_BY_TWO, ruling(partner_id="P2"))

    found = only(result)
    assert (found["classification"], found["primary_partner_id"]) == ("sourced", "P2")
    assert (found["deciding_touch_id"], found["evidence_grade"]) == (None, "claimed")


def test_with_rulings__the_audit_keeps_what_the_rules_decided() -> None:
    before, _ = ruled(SOURCED_BY_TWO)

    after, _ = ruled(SOURCED_BY_TWO, ruling(classification="direct", partner_id=None))

    assert after.touch_audit.equals(before.touch_audit)


def test_with_rulings__others_stay_as_they_are() -> None:
    two = [opportunity(), opportunity("O2", amount=None)]
    touches = [*SOURCED_BY_TWO, touch("T3", "2025-03-01", opportunity_id="O2")]
    before, _ = ruled(touches, opportunities=two)

    after, applied = ruled(touches, ruling(), opportunities=two)

    other = pl.col("opportunity_id") == "O2"
    assert applied.height == 1
    for name in ("opportunity_attribution", "partner_credit"):
        kept = getattr(after, name).filter(other)
        assert kept.equals(getattr(before, name).filter(other))


def test_with_rulings__an_unknown_amount_stays_unknown() -> None:
    result, _ = ruled([], ruling(), opportunities=[opportunity(amount=None)])

    assert result.partner_credit["credited_amount"].to_list() == [None]


def test_with_rulings__outside_its_days_changes_nothing() -> None:
    before, _ = ruled(SOURCED_BY_TWO)

    for days in ({"on": date(2025, 7, 1)}, {"until": date(2025, 6, 29)}):
        after, applied = ruled(SOURCED_BY_TWO, ruling(**days))
        assert applied.is_empty()
        assert after.opportunity_attribution.equals(before.opportunity_attribution)


def test_with_rulings__both_ends_belong_to_it() -> None:
    _, applied = ruled(SOURCED_BY_TWO, ruling(on=AS_OF, until=AS_OF))

    assert applied.height == 1


def test_with_rulings__names_every_opportunity_and_partner_that_is_not_there() -> None:
    with pytest.raises(ParameterError) as error:
        ruled(SOURCED_BY_TWO, ruling(partner_id="P9"), ruling(opportunity_id="O9"))

    said = str(error.value)
    assert said.startswith("2 problems:")
    assert "the ruling of 2025-06-01 on O1: there is no partner 'P9'." in said
    assert "there is no opportunity 'O9'" in said


def test_with_rulings__empty_frame() -> None:
    given = facts([], [])
    before = attributed(given)

    after, applied = with_rulings(
        before, (), definition=definition(), partners=PARTNERS, as_of=AS_OF
    )

    assert after == before
    assert checked(applied, RulingsApplied).is_empty()


def test_rulings_in_force__the_later_one_supersedes() -> None:
    first, second = ruling(), ruling(on=date(2025, 6, 2), classification="influenced")
    over = ruling(on=date(2025, 6, 3), until=date(2025, 6, 4))

    assert rulings_in_force([over, second, first], as_of=AS_OF) == [second]


def test_rulings_in_words__counts_and_says_what_moved() -> None:
    _, none = ruled(SOURCED_BY_TWO)
    _, one = ruled(SOURCED_BY_TWO, ruling(classification="influenced"))
    _, confirmed = ruled(SOURCED_BY_TWO, ruling(partner_id="P1"))

    assert rulings_in_words(none) == "No ruling is in force."
    assert rulings_in_words(one) == (
        "1 ruling is in force over the rules and moved 1 from sourced to influenced."
    )
    assert rulings_in_words(confirmed) == "1 ruling is in force over the rules and moved no class."


def test_ruling_in_words__who_what_when_why_and_until_when() -> None:
    assert ruling_in_words(ruling(until=date(2025, 12, 31))) == (
        "VP Sales ruled on 2025-06-01 that it is sourced for P3, until 2025-12-31: "
        "Both sides confirm the call."
    )


def written(folder: Path, *rows: Row) -> Path:
    path = folder / "rulings.yaml"
    path.write_text(dump_yaml({"rulings": list(rows)}), encoding="utf-8")
    return path


def test_read_rulings__what_was_written(tmp_path: Path) -> None:
    assert read_rulings(written(tmp_path, row())) == (ruling(),)


def test_read_rulings__the_example_that_comes_with_it_is_empty() -> None:
    assert read_rulings(Path(__file__).parents[2] / "params" / "rulings.yaml") == ()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(partner_id=None)], "name the partner that makes it sourced"),
        ([row(classification="direct")], "direct, and yet partner P3"),
        ([row(classification="direkt")], "did you mean 'direct'?"),
        ([row(until=date(2025, 5, 1))], "it ends on 2025-05-01, before it begins on 2025-06-01"),
        ([row(why=" ")], "'rulings.0.why'"),
        ([row(becuse="x")], "'rulings.0.becuse' is not a key"),
        ([row(), row(partner_id="P1")], "more than one ruling of the same day: O1 on 2025-06-01"),
    ],
)
def test_read_rulings__says_what_is_wrong(tmp_path: Path, rows: list[Row], words: str) -> None:
    with pytest.raises(ParameterError) as error:
        read_rulings(written(tmp_path, *rows))

    assert words in str(error.value)
    assert "rulings.yaml" in str(error.value)


def test_check_inputs__reads_the_rulings(tmp_path: Path) -> None:
    project = Project.in_folder(tmp_path)
    written(project.folder / "params", row(classification="direct"))
    params = project.params("ruled", rulings="params/rulings.yaml", source="params")

    with pytest.raises(InputError, match="direct, and yet partner P3"):
        check_inputs(str(project.folder / params))
