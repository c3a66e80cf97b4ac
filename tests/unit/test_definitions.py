from datetime import date
from pathlib import Path

import pytest

from workbench.definitions import Bound, Definition, Rule, read_definition
from workbench.documents import dump_yaml, load_yaml, parse_document
from workbench.errors import ParameterError
from workbench.vocabulary import OPPORTUNITY_TYPES, TOUCH_TYPES

SHIPPED = sorted((Path(__file__).parents[2] / "params" / "definitions").glob("*.yaml"))
CONTENT = {
    "id": "timing",
    "version": 1,
    "title": "Before or after",
    "rules": [{"role": "sourced", "touch_types": ["introduction", "referral"]}],
}


def parsed(**changes) -> Definition:
    return parse_document(CONTENT | changes, Definition, "timing.yaml")


def with_rule(**changes) -> Definition:
    return parsed(rules=[CONTENT["rules"][0] | changes])


def problem_of(**changes) -> str:
    """What is wrong, without the file's name."""
    with pytest.raises(ParameterError) as error:
        parsed(**changes)
    return str(error.value).removeprefix("timing.yaml: ")


def rule_problem(**changes) -> str:
    return problem_of(rules=[CONTENT["rules"][0] | changes])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_read_definition__every_shipped_file_carries_its_own_id(path):
    definition = read_definition(path)

    assert definition.id == path.stem
    assert definition.in_words()


def test_read_definition__what_a_short_file_leaves_out(tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text(dump_yaml(CONTENT | {"approvals": None}), encoding="utf-8")

    definition = read_definition(path)

    assert definition.opportunity_types == OPPORTUNITY_TYPES
    assert definition.account_touches == "none"
    assert definition.gates.evidence == "optional"
    assert definition.gates.logged_within_days is None
    assert definition.amount == "amount"
    assert definition.primary_partner == "first"
    assert definition.credit.model == "primary"
    assert not definition.is_approved
    assert not definition.evidence_required


def test_read_definition__missing_file(tmp_path):
    with pytest.raises(ParameterError, match=r"there is no such file\."):
        read_definition(tmp_path / "none.yaml")


def test_definition__approvals_have_a_name_and_a_day(tmp_path):
    path = tmp_path / "approved.yaml"
    path.write_text(
        dump_yaml(CONTENT) + "approvals:\n  - {role: sales, name: VP Sales, on: 2025-01-20}\n",
        encoding="utf-8",
    )

    definition = read_definition(path)

    assert definition.is_approved
    assert definition.approvals[0].on == date(2025, 1, 20)


def test_definition__a_dump_gives_the_same_definition_again():
    definition = with_rule(**{"from": "created - 365d", "to": "closed"})

    dumped = definition.model_dump(mode="json", by_alias=True)

    assert parse_document(dumped, Definition, "manifest") == definition


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rule": []}, "'rule' is not a key.\nHint: did you mean 'rules'?"),
        ({"gates": {"evidnce": "required"}}, "'gates.evidnce' is not a key.\n"
         "Hint: did you mean 'evidence'?"),
        ({"gates": {"evidence": "must"}}, "'gates.evidence' is none of the accepted words "
         "(given: 'must').\nHint: known are optional, required."),
        ({"gates": {"logged_within_days": -1}}, "'gates.logged_within_days': input should be "
         "greater than or equal to 0 (given: -1)."),
        ({"gates": None}, "'gates' holds no keys (given: None).\n"
         "Hint: write 'key: value' below it."),
        ({"version": 0}, "'version': input should be greater than or equal to 1 (given: 0)."),
        ({"id": "My Timing"}, "'id': string should match pattern '^[A-Za-z0-9][A-Za-z0-9_.-]*$' "
         "(given: 'My Timing')."),
        ({"amount": "arr"}, "'amount' is none of the accepted words (given: 'arr').\n"
         "Hint: known are amount, recurring_amount."),
        ({"account_touches": "next"}, "'account_touches' is none of the accepted words "
         "(given: 'next').\nHint: known are all, first, none."),
        ({"opportunity_types": ["newbusiness"]}, "'opportunity_types.0' is none of the accepted "
         "words (given: 'newbusiness').\nHint: did you mean 'new_business'?"),
        ({"opportunity_types": []}, "'opportunity_types' is empty.\n"
         "Hint: name one, or leave the key out for all."),
        ({"basis": "crm"}, "'basis' is none of the accepted words (given: 'crm').\n"
         "Hint: known are crm_field, rules."),
        ({"basis": "crm_field"}, "'rules' and 'basis: crm_field' exclude each other."),
        ({"rules": []}, "'rules' is missing.\nHint: write at least one rule, or basis: crm_field."),
        ({"rules": None}, "'rules' is not a list (given: None).\nHint: write [one, another]."),
        ({"primary_partner": "ranked"}, "'rank' goes with 'primary_partner: ranked', and only with "
         "it."),
        ({"rank": ["referral"]}, "'rank' goes with 'primary_partner: ranked', and only with it."),
        ({"primary_partner": "ranked", "rank": ["referral", "introduction", "referral"]},
         "'rank' names a touch type twice."),
        ({"primary_partner": "ranked", "rank": ["intro"]}, "'rank.0' is none of the accepted words "
         "(given: 'intro')."),
        ({"approvals": [{"role": "sales", "on": "2025-01-20"}]}, "'approvals.0.name' is missing."),
        ({"effective_from": "soon"}, "'effective_from': input should be a valid date"),
    ],
)  # fmt: skip
def test_definition__says_what_is_wrong(changes, expected):
    assert problem_of(**changes).startswith(expected)


@pytest.mark.parametrize("key", ["id", "version", "title"])
def test_definition__missing_key(key):
    with pytest.raises(ParameterError, match=rf"timing\.yaml: '{key}' is missing\."):
        parse_document({k: v for k, v in CONTENT.items() if k != key}, Definition, "timing.yaml")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"role": "direct"}, "'rules.0.role' is none of the accepted words (given: 'direct').\n"
         "Hint: known are influenced, sourced."),
        ({"touch_types": ["referal"]}, "'rules.0.touch_types.0' is none of the accepted words "
         "(given: 'referal').\nHint: did you mean 'referral'?"),
        ({"touch_types": "referral"}, "'rules.0.touch_types': 'referral' is not a list.\n"
         "Hint: write a list of touch types, or any."),
        ({"touch_types": []}, "'rules.0.touch_types': the list is empty.\n"
         "Hint: name at least one touch type, or any."),
        ({"touch_types": None}, "'rules.0.touch_types' is not a list (given: None)."),
        ({"form": "created"}, "'rules.0.form' is not a key.\nHint: did you mean 'from'?"),
    ],
)  # fmt: skip
def test_rule__says_what_is_wrong(changes, expected):
    assert rule_problem(**changes).startswith(expected)


@pytest.mark.parametrize(
    "text",
    ["opened", "Created", "created - 30", "created - 30w", "created 30d", "30d", "created - -3d",
     "created + 1.5d", "created - 999999d", "created - closed", "", 5, 2.5, True, ["created"]],
)  # fmt: skip
def test_rule__a_day_of_a_window_is_an_anchor_moved_by_days(text):
    for key in ("from", "to"):
        assert rule_problem(**{key: text}) == (
            f"'rules.0.{key}': '{text}' is not a day of a window.\n"
            "Hint: write an anchor, created or closed, moved by days if need be: created - 365d."
        )


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("created", Bound(anchor="created", days=0)),
        (" closed ", Bound(anchor="closed", days=0)),
        ("created - 365d", Bound(anchor="created", days=-365)),
        ("created-365d", Bound(anchor="created", days=-365)),
        ("closed  +  14 d", Bound(anchor="closed", days=14)),
        ("closed - 0d", Bound(anchor="closed", days=0)),
    ],
)
def test_bound_parse__spaces_do_not_matter(text, bound):
    assert Bound.parse(text) == bound
    assert Bound.parse(str(bound)) == bound


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("created", "created - 1d"),
        ("created + 2d", "created + 1d"),
        ("closed", "closed - 1d"),
        ("closed - 1d", "closed - 2d"),
        ("closed", "created - 1d"),  # the close never comes before the creation
        ("closed - 5d", "created - 6d"),
    ],
)
def test_rule__a_window_that_ends_before_it_starts_is_an_error(start, end):
    assert rule_problem(**{"from": start, "to": end}) == (
        f"'rules.0': the window from '{start}' to '{end}' can never hold.\n"
        "Hint: its first day must not come after its last."
    )


@pytest.mark.parametrize("end", [None, "closed + 9d", "created", "created + 9d"])
def test_rule__a_window_after_the_close_is_an_error(end):
    assert rule_problem(**{"from": "closed + 1d", "to": end}) == (
        "'rules.0': the window starts at 'closed + 1d', and no touch after the close ever counts.\n"
        "Hint: let it start at closed or before."
    )


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (None, "created - 365d"),
        ("created + 90d", None),
        ("created", "created"),
        ("closed", "closed"),
        ("closed", "created"),  # created and closed on one day
        ("created + 30d", "closed - 30d"),  # open for 60 days or more
        ("closed - 9d", "created - 9d"),
        ("created - 1d", "closed + 9d"),
    ],
)
def test_rule__a_window_that_can_hold_is_none(start, end):
    rule = with_rule(**{"from": start, "to": end}).rules[0]

    assert str(rule.start) == str(start)
    assert str(rule.end) == str(end)


@pytest.mark.parametrize(
    ("credit", "expected"),
    [
        ({"model": "time-decay"}, "'credit.model' is none of the accepted words "
         "(given: 'time-decay').\nHint: did you mean 'time_decay'?"),
        ({"model": "time_decay"}, "'credit': the model time_decay needs 'half_life_days'."),
        ({"model": "weighted"}, "'credit': the model weighted needs 'weights'."),
        ({"model": "linear", "half_life_days": 7}, "'credit': 'half_life_days' belongs to the "
         "model time_decay, not to linear."),
        ({"model": "linear", "weights": {"referral": 1}}, "'credit': 'weights' belongs to the "
         "model weighted, not to linear."),
        ({"model": "time_decay", "half_life_days": 0}, "'credit.half_life_days': input should be "
         "greater than or equal to 0.01 (given: 0)."),
        ({"model": "time_decay", "half_life_days": float("inf")}, "'credit.half_life_days': input "
         "should be a finite number (given: inf)."),
        ({"model": "weighted", "weights": {"referral": 2}}, "'credit.weights' lacks introduction, "
         "which the rules list."),
        ({"model": "weighted", "weights": {"referal": 2}}, "'credit.weights.referal' is none of "
         "the accepted words (given: 'referal').\nHint: did you mean 'referral'?"),
        ({"model": "weighted", "weights": {"referral": 0}}, "'credit.weights.referral': input "
         "should be greater than 0 (given: 0)."),
        ({"model": "weighted", "weights": {"referral": float("inf")}}, "'credit.weights.referral':"
         " input should be less than or equal to 1000000 (given: inf)."),
        ({"model": "weighted", "weights": {"referral": float("nan")}}, "'credit.weights.referral'"),
        ({"model": "weighted", "weights": {"introduction": 1, "referral": 1 / 3}},
         "'credit.weights': the weight of referral has more than 6 decimals."),
    ],
)  # fmt: skip
def test_credit__says_what_is_wrong(credit, expected):
    assert problem_of(credit=credit).startswith(expected)


def test_credit__weights_of_other_types_than_the_rules_list_do_no_harm():
    weights = dict.fromkeys(TOUCH_TYPES, 1)

    assert parsed(credit={"model": "weighted", "weights": weights}).credit.is_additive
    assert not parsed(credit={"model": "full"}).credit.is_additive


def test_touch_types__of_all_rules():
    rules = [
        {"role": "sourced", "touch_types": ["referral", "champion"]},
        {"role": "influenced", "touch_types": ["referral", "resale"]},
    ]

    assert parsed(rules=rules).touch_types == {"referral", "champion", "resale"}
    assert with_rule(touch_types="any").touch_types == set(TOUCH_TYPES)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"touch_types": "any"}, "any partner touch at any time up to the close"),
        ({"touch_types": ["introduction"]}, "an introduction at any time up to the close"),
        (
            {"touch_types": ["referral"], "to": "created - 1d"},
            "a referral at any time up to the day before it was created",
        ),
        (
            {"touch_types": ["co_sell", "resale"], "from": "created + 14d"},
            "a co-sell or resale from 14 days after it was created on",
        ),
        ({"touch_types": "any", "from": "created", "to": "closed"},
         "any partner touch while it was open"),
        (
            {"touch_types": ["referral", "resale", "champion"], "from": "created - 365d",
             "to": "closed"},
            "a referral, resale or champion from 365 days before it was created to the day it "
            "closed",
        ),
    ],
)  # fmt: skip
def test_rule_in_words__as_a_sales_leader_says_it(content, words):
    rule = parse_document({"role": "sourced"} | content, Rule, "rule")

    assert rule.in_words() == words


def test_definition_in_words__the_whole_of_it():
    definition = parsed(
        opportunity_types=["new_business", "expansion"],
        account_touches="first",
        gates={"evidence": "required", "logged_within_days": 14, "logged_before_close": True},
        rules=[
            {"role": "sourced", "touch_types": ["referral"], "to": "created - 1d"},
            {"role": "influenced", "touch_types": "any", "from": "created", "to": "closed"},
        ],
    )

    assert definition.in_words() == (
        "Sourced: A referral at any time up to the day before it was created. "
        "Influenced: Any partner touch while it was open, and nothing makes it sourced. "
        "Everything else is direct. "
        "A touch counts only if it carries a link to its evidence, it was logged within 14 days "
        "and it was not logged after the close. "
        "A touch on the account alone attaches to the opportunities open on that day and to the "
        "next one created. "
        "It speaks about new business and expansion opportunities."
    )


def test_definition_in_words__without_gates_or_a_role_and_by_the_crm_alone():
    open_gates = parsed()
    baseline = parsed(basis="crm_field", rules=[])

    assert open_gates.gates_in_words() == "Every touch counts, with or without evidence."
    assert open_gates.role_in_words("influenced") == "No rule makes an opportunity influenced."
    assert baseline.gates_in_words() == "Touches are not consulted."
    assert baseline.in_words() == (
        "Sourced: The CRM's own field says sourced; no touch is consulted. "
        "Influenced: The CRM's own field says influenced; no touch is consulted. "
        "Everything else is direct."
    )


def test_load_yaml__definition_file_with_a_key_written_twice(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text(dump_yaml(CONTENT) + "title: Another\n", encoding="utf-8")

    with pytest.raises(ParameterError, match="found duplicate key"):
        read_definition(path)
    with pytest.raises(ParameterError, match="found duplicate key"):
        load_yaml(path)
