"""A case in words: every reason with its facts, the answer, and nothing that acts as markup."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.unit.attribution_frames import (
    BEFORE_OR_AFTER,
    Row,
    definition,
    frame,
    instant,
    opportunity,
    touch,
)
from tests.unit.case_frames import case_tables, params
from workbench.attribution.case import case
from workbench.attribution.turning import turning_fact
from workbench.case_report import CaseView, case_page, case_text, case_view
from workbench.case_report.reasons import _PLAIN_REASONS, _REASONS
from workbench.case_report.view import web_address
from workbench.contracts import Accounts, IngestSummary, OpportunityAttribution, Rejects
from workbench.definitions import Definition
from workbench.documents import dump_yaml
from workbench.errors import InputError, RunError
from workbench.params import read_params
from workbench.pipeline.cases import opportunity_case
from workbench.rulings import Ruling
from workbench.runs import create_run, finish_run, finished_run
from workbench.vocabulary import REJECTION_REASONS

SOURCED_FIRST = BEFORE_OR_AFTER[:1]


def view_of(
    *touches: Row,
    rows: dict[str, Any] | None = None,
    ruling: Ruling | None = None,
    compared: tuple[Definition, ...] = (),
    **rules: Any,
) -> CaseView:
    tables = case_tables(list(touches), **(rows or {}))
    own = definition(**{"rules": BEFORE_OR_AFTER} | rules)
    return case_view(
        case(tables, "O1", params=params(), definitions=(own, *compared)),
        turning=turning_fact(tables, "O1", params=params(), definition=own),
        ruling=ruling,
        run_id="monthly-1",
    )


LATE = {"logged_at": instant("2025-05-23T12:00")}
ON_ACCOUNT = {"opportunity_id": None, "account_id": "A1"}


@pytest.mark.parametrize(
    ("reason", "given", "rules", "sentence"),
    [
        ("no_opportunity", {"opportunity_id": "O9", "account_id": "A1"}, {},
         "It names the opportunity O9, which is not in the data as of 2025-06-30."),
        ("no_opportunity", ON_ACCOUNT, {},
         "It names the account and no opportunity, and this definition attaches such a touch to "
         "nothing."),
        ("no_opportunity", ON_ACCOUNT | {"touched_at": instant("2025-06-01T12:00")},
         {"account_touches": "first"},
         "It names the account and no opportunity; on its day none of the account's was open, and "
         "none was created after it."),
        ("after_as_of", {"touched_at": instant("2025-07-01T12:00")}, {},
         "It happened on 2025-07-01, after the as-of day, 2025-06-30."),
        ("unknown_partner", {"partner_id": "P9"}, {},
         "Its partner, 'P9', is not among the partners."),
        ("opportunity_type_excluded", {}, {"opportunity_types": ["expansion", "renewal"]},
         "The definition speaks about expansion and renewal opportunities, and this is a new "
         "business one."),
        ("touch_type_not_in_rules", {"touch_type": "co_sell"}, {"rules": SOURCED_FIRST},
         "No rule takes a co-sell; they take an introduction."),
        ("no_evidence", {"evidence_url": None}, {"gates": {"evidence": "required"}},
         "It carries no link to its evidence, and the definition requires one."),
        ("no_partner_contact", {}, {"gates": {"partner_contact": "required"}},
         "It does not name the partner's person, and the definition requires it."),
        ("not_accepted_by_seller", {}, {"gates": {"seller_acceptance": "required"}},
         "No seller accepted it, and the definition requires one who did."),
        ("logged_late", LATE, {"gates": {"logged_within_days": 14}},
         "It was logged on 2025-05-23, 83 days after it happened; at most 14 days count."),
        ("logged_late", {}, {"gates": {"logged_within_days": 1}},
         "No day is known on which it was logged, and at most 1 day may lie between."),
        ("logged_after_close", LATE, {"gates": {"logged_before_close": True}},
         "It was logged on 2025-05-23, 3 days after the close on 2025-05-20."),
        ("after_close", {"touched_at": instant("2025-05-21T12:00")}, {},
         "It happened on 2025-05-21, 1 day after the close on 2025-05-20."),
        ("outside_window", {"touched_at": instant("2025-03-10T08:00")}, {"rules": SOURCED_FIRST},
         "It happened on 2025-03-10, on the day of the creation, outside every window: rule 1 "
         "(sourced) takes it up to 2025-03-09."),
        ("not_consulted", {}, {"basis": "crm_field", "rules": []},
         "The CRM's own field decides: no touch is consulted."),
    ],
)  # fmt: skip
def test_case_view__each_reason_with_its_facts(
    reason: str, given: Row, rules: dict[str, Any], sentence: str
) -> None:
    tables = case_tables([touch("T1", "2025-03-01") | given])
    own = definition(**{"rules": BEFORE_OR_AFTER} | rules)

    found = case(tables, "O1", params=params(), definitions=[own])

    assert [one.reason for one in found.touches] == [reason]
    assert sentence in case_text(view_of(touch("T1", "2025-03-01") | given, **rules)).replace(
        "\n              ", " "
    )


def test_case_view__knows_every_reason() -> None:
    assert {*_REASONS, *_PLAIN_REASONS} == set(REJECTION_REASONS)


def test_case_view__the_answer_and_what_would_turn_it() -> None:
    view = view_of(touch("T1", "2025-03-01", evidence_url=None), gates={"evidence": "required"})

    assert view.answer == ("Direct, claimed.", "The one touch below does not count.")
    assert view.turning == (
        "If T1 (the introduction by Nordwind on 2025-03-01) carried a link to its evidence, the "
        "opportunity would be sourced by Nordwind (P1)."
    )


def test_case_view__accepted_names_its_rule_and_the_deciding_touch() -> None:
    view = view_of(touch("T1", "2025-03-01"))

    assert view.answer == (
        "Sourced by Nordwind (P1), evidenced.",
        "It rests on T1 (the introduction by Nordwind on 2025-03-01).",
    )
    assert view.events[0].what == "T1, introduction by Nordwind (P1): accepted as sourced"
    assert view.events[0].details[0].startswith("Rule 1 makes it sourced: an introduction")


def test_case_view__nothing_turns_it() -> None:
    view = view_of()

    assert view.answer == ("Direct.", "No touch is logged for it.")
    assert view.turning == "No single fact about one touch would turn the class."


def test_case_view__the_crm_field_decides() -> None:
    view = view_of(touch("T1", "2025-03-01"), basis="crm_field", rules=[])

    assert view.turning == "The CRM's own field decides: no fact about a touch can turn the class."


def test_case_view__a_ruling_stands_over_the_rules() -> None:
    ruling = Ruling(
        opportunity_id="O1",
        classification="sourced",
        partner_id="P2",
        by="VP Sales",
        on=date(2025, 6, 1),
        why="Both sides confirm the call.",
    )
    view = view_of(touch("T1", "2025-03-12"), ruling=ruling)

    assert view.answer[:3] == (
        "Sourced by Südlicht (P2), by a ruling that stands over the rules.",
        "VP Sales ruled on 2025-06-01 that it is sourced for P2: Both sides confirm the call.",
        "By the rules: influenced by Nordwind (P1), evidenced.",
    )
    assert view.turning.endswith(
        "would be sourced by Nordwind (P1) by the rules; the ruling would stand."
    )


def test_case_view__timeline_is_in_order_with_what_was_known_when() -> None:
    seen = instant("2025-06-02T12:00")
    late = touch("T1", "2025-03-12", logged_at=instant("2025-03-13T12:00"), logged_by="Ana B.")
    view = view_of(late | {"first_seen_at": seen})

    assert [event.what for event in view.events] == [
        "Created",
        "T1, introduction by Nordwind (P1): accepted as influenced",
        "Closed: won",
    ]
    assert view.events[1].details[1] == (
        "Logged on 2025-03-13, 1 day later, by Ana B.; first seen by a run on 2025-06-02, after "
        "the close; partner's person: nobody; accepted by: nobody"
    )


def test_case_view__credit_under_every_definition() -> None:
    both = [touch("T1", "2025-03-01"), touch("T2", "2025-03-02", "P2")]
    view = view_of(*both, compared=(definition(id="split", credit={"model": "equal"}),))

    assert [(r.definition, r.partner, r.credit) for r in view.readings] == [
        ("any, version 1", "Nordwind (P1)", "Nordwind (P1) 100.0 %, EUR 100.00"),
        (
            "split, version 1",
            "Nordwind (P1)",
            "Nordwind (P1) 50.0 %, EUR 50.00; Südlicht (P2) 50.0 %, EUR 50.00",
        ),
    ]


def test_case_view__an_amount_in_another_currency_and_one_that_is_not_known() -> None:
    rates = [{"currency": "USD", "valid_from": date(2025, 1, 1), "rate": 2}]
    dollars = {"opportunities": [opportunity(currency="USD")], "fx_rates": rates}
    unknown = {"opportunities": [opportunity(amount=None)]}

    assert "Amount: USD 100.00, EUR 200.00 in the reporting currency" in view_of(rows=dollars).about
    assert "Amount: not known" in view_of(rows=unknown).about


NASTY = "<script>alert(1)</script>\x1b[31m\u202e"


def test_case_page__shows_every_text_as_text() -> None:
    rows = {"opportunities": [opportunity(name=NASTY, stage=NASTY, owner=NASTY)]}
    nasty = touch("T1", "2025-03-01", NASTY, logged_by=NASTY, evidence_url="javascript:alert(1)")

    view = view_of(nasty, rows=rows)

    html, text = case_page(view), case_text(view)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "href=" not in html
    assert "javascript:alert(1)" in html
    for page in (html, text):
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_case_page__links_web_addresses_and_loads_nothing() -> None:
    html = case_page(view_of(touch("T1", "2025-03-01", evidence_url='https://a.example/?q="x"&y')))

    assert 'href="https://a.example/?q=&#34;x&#34;&amp;y" rel="noopener noreferrer"' in html
    for loading in ("<script", "<img", "<link", "<iframe", "url(", "@import"):
        assert loading not in html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https:///nothing", ""),
        ("//a.example", ""),
        ("http://[", ""),
        ("https://a.example/\n", ""),
        ("email of 3 May", ""),
        (None, ""),
    ],
)
def test_web_address__http_and_https_only(text: str | None, expected: str) -> None:
    assert web_address(text) == expected


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a parameter file, a definition, and no run."""
    (tmp_path / "data").mkdir()
    (tmp_path / "params" / "definitions").mkdir(parents=True)
    content = {"period": "2025-06", "source": "data", "definition": "any", "readout": "none",
               "reporting_currency": "EUR", "rulings": "params/rulings.yaml"}  # fmt: skip
    rules = {"id": "any", "version": 1, "title": "Any touch", "rules": BEFORE_OR_AFTER}
    ruling = {"opportunity_id": "O1", "classification": "direct", "by": "VP Sales",
              "on": date(2025, 6, 1), "why": "A mistake."}  # fmt: skip
    for name, text in {
        "monthly": content,
        "definitions/any": rules,
        "rulings": {"rulings": [ruling]},
    }.items():
        (tmp_path / "params" / f"{name}.yaml").write_text(dump_yaml(text), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def finish(run_id: str) -> None:
    run = create_run(read_params("params/monthly.yaml"), run_id)
    tables = case_tables([touch("T1", "2025-03-01")])
    contracts = dict(
        zip(["opportunities", "touches", "partners"], type(tables).contracts, strict=False)
    )
    for name, contract in contracts.items():
        run.write(getattr(tables, name), contract)
    run.write(tables.accounts, Accounts)
    for contract in (IngestSummary, Rejects, OpportunityAttribution):
        run.write(frame(contract), contract)
    finish_run(run, {})


def test_opportunity_case__by_the_last_finished_run_and_its_own_rules(project: Path) -> None:
    finish("a")
    (project / "params" / "definitions" / "any.yaml").write_text(
        dump_yaml({"id": "any", "version": 2, "title": "Other", "rules": SOURCED_FIRST})
    )
    (project / "params" / "rulings.yaml").write_text("rulings: []\n")

    view = opportunity_case("params/monthly.yaml", "O1")

    assert view.answer[0] == "Direct, by a ruling that stands over the rules."
    assert view.readings[0].definition == "any, version 1"
    assert view.basis.startswith("Run a, as of 2025-06-30")
    with pytest.raises(InputError, match="did you mean O1"):
        opportunity_case("params/monthly.yaml", "o1")


def test_finished_run__none_is_an_error_with_a_hint(project: Path) -> None:
    with pytest.raises(RunError, match="workbench run"):
        finished_run(read_params("params/monthly.yaml"))
