"""A definition that changed under the same version is an error that shows the difference."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.attribution_frames import definition, frame
from workbench.contracts import IngestSummary
from workbench.definitions import definition_changes, definition_content
from workbench.documents import dump_yaml, load_yaml
from workbench.errors import InputError
from workbench.params import read_params
from workbench.pipeline import check_inputs
from workbench.runs import create_run, finish_run
from workbench.sample import write_sample

PROJECT = Path(__file__).parents[2]
TIMING = "params/definitions/timing.yaml"
WINDOW = {"role": "sourced", "touch_types": ["referral", "introduction"], "from": "created - 365d"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a finished run of `params/monthly.yaml`."""
    shutil.copytree(PROJECT / "params", tmp_path / "params")
    write_sample(tmp_path / "outputs" / "sample", opportunities=20, touches=60)
    monkeypatch.chdir(tmp_path)
    run = create_run(read_params("params/monthly.yaml"), "before")
    run.write(frame(IngestSummary), IngestSummary)
    finish_run(run, {})
    return tmp_path


def edit(project: Path, **changes: Any) -> None:
    content = load_yaml(project / TIMING)
    (project / TIMING).write_text(dump_yaml(content | changes), encoding="utf-8")


def problem() -> str:
    with pytest.raises(InputError) as error:
        check_inputs("params/monthly.yaml")
    return str(error.value)


def test_check_inputs__a_change_under_the_same_version_shows_the_difference(project):
    gates = {"evidence": "optional", "logged_within_days": 14, "logged_before_close": True}
    rules = load_yaml(project / TIMING)["rules"]
    rules[0]["from"] = "created - 180d"
    edit(project, gates=gates, rules=rules)

    assert problem() == (
        f"{project / TIMING}: version 1 said something else in the run before:\n"
        "      gates.evidence: required -> optional\n"
        "      gates.logged_within_days: null -> 14\n"
        "      rules.0.from: created - 365d -> created - 180d\n"
        "Hint: raise the version to 2, or take the change back."
    )


def test_check_inputs__a_compared_definition_is_held_to_its_version_too(project):
    path = project / "params" / "definitions" / "crm_field.yaml"
    path.write_text(dump_yaml(load_yaml(path) | {"amount": "recurring_amount"}), encoding="utf-8")

    assert "amount: amount -> recurring_amount" in problem()


def test_check_inputs__a_raised_version_or_another_id_may_say_what_it_likes(project):
    edit(project, version=2, account_touches="all")
    assert check_inputs("params/monthly.yaml").definition.name == "timing.yaml"

    edit(project, version=1, id="mine")
    assert check_inputs("params/monthly.yaml").definition.name == "timing.yaml"


def test_check_inputs__approvals_and_texts_are_no_content(project):
    approvals = [{"role": "sales", "name": "VP Sales", "on": "2026-11-01"}]

    edit(project, approvals=approvals, title="Before or after", purpose="To agree.", blind_to=[])

    assert check_inputs("params/monthly.yaml").definition.name == "timing.yaml"


def test_check_inputs__another_parameter_file_has_a_memory_of_its_own(project):
    edit(project, account_touches="all")

    assert check_inputs("params/quarterly.yaml").definition.name == "timing.yaml"


def test_check_inputs__a_programme_is_held_to_its_version_too(project):
    path = project / "params" / "programme.yaml"
    monthly = project / "params" / "monthly.yaml"
    monthly.write_text(f"{monthly.read_text('utf-8')}\nprogramme: params/programme.yaml\n", "utf-8")
    run = create_run(read_params("params/monthly.yaml"), "paid")
    run.write(frame(IngestSummary), IngestSummary)
    finish_run(run, {})
    content = load_yaml(path)
    content["terms"][0]["rates"][2]["rate"] = "0.06"
    content["title"] = "Another title"
    path.write_text(dump_yaml(content), encoding="utf-8")

    assert problem() == (
        f"{path}: version 1 said something else in the run paid:\n"
        "      terms.0.rates.2.rate: 0.05 -> 0.06\n"
        "Hint: raise the version to 2, or take the change back."
    )
    path.write_text(dump_yaml(content | {"version": 2}), encoding="utf-8")
    assert check_inputs("params/monthly.yaml").programme == path


def test_definition_changes__none_where_nothing_decides_otherwise():
    reordered = {**WINDOW, "touch_types": ["introduction", "referral"], "from": "created-365d"}
    explicit = {"gates": {"evidence": "optional"}, "opportunity_types":
                ["renewal", "expansion", "new_business"]}  # fmt: skip

    assert definition_changes(definition(), definition()) == []
    assert definition_changes(
        definition(rules=[WINDOW]), definition(rules=[reordered], **explicit)
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"effective_from": "2025-02-01"}, ["effective_from: null -> 2025-02-01"]),
        ({"credit": {"model": "time_decay", "half_life_days": 30}},
         ["credit.half_life_days: null -> 30.0", "credit.model: primary -> time_decay"]),
        ({"primary_partner": "ranked", "rank": ["resale", "referral"]},
         ["primary_partner: first -> ranked", "rank: [] -> [resale, referral]"]),
        ({"rules": [{**WINDOW, "touch_types": "any"}]},
         ["rules.0.touch_types: [introduction, referral] -> any"]),
        ({"rules": [WINDOW, {"role": "influenced", "touch_types": ["co_sell"], "to": "closed"}]},
         ["rules.1.from: not there -> open", "rules.1.role: not there -> influenced",
          "rules.1.to: not there -> closed", "rules.1.touch_types: not there -> [co_sell]"]),
        ({"basis": "crm_field", "rules": []},
         ["basis: rules -> crm_field", "rules.0.from: created - 365d -> not there",
          "rules.0.role: sourced -> not there", "rules.0.to: open -> not there",
          "rules.0.touch_types: [introduction, referral] -> not there"]),
    ],
)  # fmt: skip
def test_definition_changes__one_line_for_each_key(changes, expected):
    before = definition(rules=[WINDOW])

    assert definition_changes(before, definition(**{"rules": [WINDOW]} | changes)) == expected


def test_definition_content__is_all_that_decides():
    content = definition_content(definition(rules=[WINDOW], gates={"logged_before_close": True}))

    assert content["gates.logged_before_close"] == "true"
    assert content["rules.0.to"] == "open"
    assert not {"title", "approvals", "purpose", "origin", "blind_to"} & set(content)
