"""The scorecard's rows, cases and files, before a browser opens them."""

import gzip
import json
import re
from base64 import b64decode
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import vl_convert

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
from workbench.attribution import attribution
from workbench.attribution.case import CaseTables, case
from workbench.case_report import case_view
from workbench.charts.theme import COLOURS
from workbench.contracts import Accounts, Partners
from workbench.definitions import Definition
from workbench.periods import MonthCalendar
from workbench.scorecard import (
    RowTables,
    WrittenTables,
    bookings_chart,
    case_scripts,
    data_script,
    page_script,
    period_about,
    scorecard_page,
    scorecard_rows,
    win_rate_chart,
    written_cases,
)
from workbench.scorecard.data import CASES_AT_ONCE

TIMING = definition(rules=BEFORE_OR_AFTER)
LATER = {"created_at": instant("2025-06-20T12:00"), "closed_at": None, "status": "open"}


def written(tables: CaseTables, using: Definition = TIMING) -> WrittenTables:
    """The tables as a run writes them, without rulings."""
    found = attribution(tables.snapshot(params()), using)
    return WrittenTables(
        canonical=tables,
        attribution=found.opportunity_attribution,
        credit=found.partner_credit,
        audit=found.touch_audit,
    )


def row_tables(tables: CaseTables, **others: pl.DataFrame) -> RowTables:
    attributed = written(tables).attribution
    whole = {"accounts": tables.accounts, "partners": tables.partners} | others
    return RowTables(attributed, tables.opportunities, **whole)


def told(*names: str, amounts: tuple[str | None, ...] = ()) -> dict[str, Any]:
    """What the page is told of opportunities with these names."""
    rows = [
        opportunity(f"O{n}", name=name, amount=None if amount is None else Decimal(amount))
        for n, (name, amount) in enumerate(
            zip(names, amounts or ("1.00",) * len(names), strict=True), start=1
        )
    ]
    tables = row_tables(case_tables([], opportunities=rows))
    script = data_script(scorecard_rows(tables, timezone="UTC"), about={"currency": "EUR"})
    return unpacked(script)


def unpacked(script: str) -> dict[str, Any]:
    found = re.fullmatch(r"scorecard\.data\((.*)\);\n", script)
    assert found is not None
    return json.loads(found[1])


def unpacked_cases(script: str) -> list[dict[str, Any]]:
    found = re.fullmatch(r'scorecard\.cases\(\d+, "([A-Za-z0-9+/=]+)"\);\n', script)
    assert found is not None
    return json.loads(gzip.decompress(b64decode(found[1])))


def test_scorecard_rows__have_the_partner_and_the_days_of_the_zone() -> None:
    partner = {"partner_id": "P1", "name": "Nordwind", "partner_type": "reseller", "active": True}
    account = {"account_id": "A1", "name": "Acme", "region": "EMEA", "is_target": False}
    early = {"created_at": instant("2025-03-10T23:30"), "closed_at": instant("2025-05-20T22:30")}
    tables = row_tables(
        case_tables([touch("T1", "2025-03-01")], opportunities=[opportunity(**early)]),
        partners=frame(Partners, partner | {"tier": "gold"}),
        accounts=frame(Accounts, account),
    )

    rows = scorecard_rows(tables, timezone="Europe/Berlin")

    assert rows.to_dicts() == [
        {
            "opportunity_id": "O1",
            "name": None,
            "account_id": "A1",
            "account": "Acme",
            "classification": "sourced",
            "evidence_grade": "evidenced",
            "partner_id": "P1",
            "partner": "Nordwind",
            "partner_type": "reseller",
            "tier": "gold",
            "region": "EMEA",
            "owner": None,
            "status": "won",
            "created_on": date(2025, 3, 11),
            "closed_on": date(2025, 5, 21),
            "amount": Decimal("100.00"),
        }
    ]


def test_scorecard_rows__empty_frame() -> None:
    tables = row_tables(case_tables([]))
    none = RowTables(tables.attribution.clear(), *(t.clear() for t in (
        tables.opportunities, tables.accounts, tables.partners)))  # fmt: skip

    assert scorecard_rows(none, timezone="UTC").is_empty()
    nothing = unpacked(data_script(scorecard_rows(none, timezone="UTC"), about={}))
    assert nothing["opportunity_id"] == []


SOME_NIGHT = instant("2025-05-09T01:00")
MERGE = {"merged_account_id": "A2", "surviving_account_id": "A1"}
ON_ACCOUNT: Row = {"opportunity_id": None, "account_id": "A1"}


@pytest.mark.parametrize(
    "rules",
    [
        {"account_touches": "all", "credit": {"model": "equal"}},
        {"account_touches": "first", "credit": {"model": "linear"}},
        {"account_touches": "none"},
        {"basis": "crm_field", "rules": []},
    ],
)
def test_written_cases__are_those_that_why_works_out(rules: dict[str, Any]) -> None:
    tables = case_tables(
        [
            touch("T1", "2025-03-01"),
            touch("T2", "2025-04-02", "P2", touch_type="co_sell", evidence_url=None),
            touch("T3", "2025-02-01", "P9"),
            touch("T4", "2025-01-05", **ON_ACCOUNT),
            touch("T5", "2025-06-28", **ON_ACCOUNT),
            touch("T6", "2025-04-01", opportunity_id=None, account_id="A2"),
            touch("T7", "2025-05-01", "P3", opportunity_id="O2", logged_at=SOME_NIGHT),
            touch("T8", "2025-07-05", "P3", opportunity_id="O3"),
            touch("T9", "2025-05-01", "P3", opportunity_id=None, account_id="A7"),
            touch("T0", "2025-05-01", "P3", opportunity_id="O9", account_id="A1"),
        ],
        opportunities=[
            opportunity(amount=Decimal("0.01"), crm_classification="sourced", crm_partner_id="P2"),
            opportunity("O2", account_id="A2", owner="Mara", name="Second", amount=None),
            opportunity("O3", account_id="A3", **LATER),
            opportunity("O4", account_id="A1", created_at=instant("2025-07-02T12:00")),
        ],
        stages=[
            {"opportunity_id": "O1", "stage": "Won", "entered_at": instant("2025-05-20T09:00")},
            {"opportunity_id": "O1", "stage": "Late", "entered_at": instant("2025-07-01T09:00")},
            {"opportunity_id": "O1", "stage": "Lead", "entered_at": instant("2025-03-10T09:00")},
        ],
        account_merges=[MERGE],
    )  # fmt: skip
    using = definition(**{"rules": BEFORE_OR_AFTER} | rules)

    found = list(written_cases(written(tables, using), params=params(), definition=using))

    assert [one.opportunity_id for one in found] == ["O1", "O2", "O3"]
    assert found == [
        case(tables, one.opportunity_id, params=params(), definitions=(using,)) for one in found
    ]


def test_written_cases__empty_frame() -> None:
    given = written(case_tables([]))
    nothing = CaseTables(*(
        table.clear() for table in (
            given.canonical.opportunities, given.canonical.touches, given.canonical.partners,
            given.canonical.accounts,
        )
    ))  # fmt: skip
    tables = WrittenTables(
        nothing, given.attribution.clear(), given.credit.clear(), given.audit.clear()
    )

    assert list(written_cases(tables, params=params(), definition=TIMING)) == []


def test_case_scripts__hold_the_words_of_the_case_in_files_of_250() -> None:
    tables = written(case_tables([touch("T1", "2025-03-01")]))
    (one,) = written_cases(tables, params=params(), definition=TIMING)
    view = case_view(one, turning=None, ruling=None, run_id="r")

    scripts = list(case_scripts([view] * (CASES_AT_ONCE + 1)))

    assert [script.split(",")[0] for script in scripts] == [
        "scorecard.cases(0",
        "scorecard.cases(1",
    ]
    assert len(unpacked_cases(scripts[0])) == CASES_AT_ONCE
    (last,) = unpacked_cases(scripts[1])
    assert last["answer"] == list(view.answer)
    assert last["events"][0] == [
        "2025-03-01",
        "T1, introduction by Nordwind (P1): accepted as sourced",
        list(view.events[0].details),
        "https://proof/T1",
        "https://proof/T1",
    ]
    assert scripts == list(case_scripts([view] * (CASES_AT_ONCE + 1)))
    assert list(case_scripts([])) == []


def test_data_script__columns_are_places_in_lists_of_words() -> None:
    data = told("beta", "Alpha", "beta", amounts=("0.10", "-12.34", None))

    assert data["opportunity_id"] == ["O1", "O2", "O3"]
    assert data["words"]["name"] == {"texts": ["Alpha", "beta"], "places": [1, 0, 1]}
    assert data["words"]["account"] == {"texts": ["Acme"], "ids": ["A1"], "places": [0, 0, 0]}
    assert data["words"]["partner"] == {"texts": [], "ids": [], "places": [-1, -1, -1]}
    assert data["numbers"]["amount"] == [10, -1234, None]
    assert data["numbers"]["created_on"] == [(date(2025, 3, 10) - date(1970, 1, 1)).days] * 3
    assert data["about"] == {"currency": "EUR", "cases_at_once": CASES_AT_ONCE}


def test_data_script__two_of_one_name_stay_two() -> None:
    people = [
        {"partner_id": key, "name": "Twin", "partner_type": "reseller", "active": True}
        for key in ("P2", "P1")
    ]
    tables = row_tables(
        case_tables(
            [touch("T1", "2025-03-01", "P2"), touch("T2", "2025-03-01", opportunity_id="O2")],
            opportunities=[opportunity(), opportunity("O2")],
        ),
        partners=frame(Partners, *people),
    )

    data = unpacked(data_script(scorecard_rows(tables, timezone="UTC"), about={}))

    assert data["words"]["partner"] == {
        "texts": ["Twin", "Twin"], "ids": ["P1", "P2"], "places": [1, 0]
    }  # fmt: skip


HOSTILE = ("</script><!--", "\u2028]]>", "\u202egnp", "nul\x00l", "名前 🙂", "\u2029\ufeff")


def test_data_script__no_name_ends_the_script_or_hides_in_it() -> None:
    rows = scorecard_rows(
        row_tables(case_tables([], opportunities=[
            opportunity(f"O{n}", name=name) for n, name in enumerate(HOSTILE)])), timezone="UTC"
    )  # fmt: skip

    script = data_script(rows, about={})

    assert script.isascii()
    assert "<" not in script
    texts = unpacked(script)["words"]["name"]["texts"]
    assert {"</script><!--", "⟨U+202E⟩gnp", "nul⟨U+0000⟩l", "名前 🙂"} <= set(texts)
    assert script == data_script(rows, about={})


@pytest.mark.parametrize(
    ("label", "as_of", "short", "title", "last"),
    [
        ("2026-Q4", date(2026, 9, 30), "Q4 FY26", "Q4 FY2026", date(2026, 9, 30)),
        ("2026-Q3", date(2026, 9, 30), "Q3 FY26", "Q3 FY2026", date(2026, 7, 31)),
        ("2026-05", date(2026, 9, 30), "May 2026", "May 2026", date(2026, 5, 31)),
    ],
)
def test_period_about__ends_with_the_as_of_day(
    label: str, as_of: date, short: str, title: str, last: date
) -> None:
    said = period_about(MonthCalendar(11).period(label), as_of=as_of)

    assert (said["label"], said["short"], said["title"]) == (label, short, title)
    assert date.fromordinal(date(1970, 1, 1).toordinal() + said["end"]) == last


def test_charts__draw_what_the_page_gives_them_in_the_colours_of_all_charts() -> None:
    bars = bookings_chart(
        periods=["Q3 FY26", "Q4 FY26"], noun="quarter", currency="EUR", as_of=date(2026, 10, 31)
    )
    bar = {"period": "2026-Q4", "when": "Q4 FY26", "is_chosen": True, "label": "1.00", "said": "1"}
    bars["datasets"] = {
        "bookings": [
            bar | {"classification": name, "class": name.capitalize(), "amount": amount}
            for name, amount in (("sourced", 1.0), ("influenced", -1.0), ("direct", None))
        ]
    }
    rates = win_rate_chart(as_of=date(2026, 10, 31))
    rate = {"classification": "direct", "class": "Direct", "label": "50.0 %, 1 of 2"}
    rates["datasets"] = {
        "win_rates": [rate | {"rate": 0.5, "low": 0.1, "high": 0.9, "starts_at": 0.1}]
    }

    for spec, name in ((bars, "sourced"), (rates, "direct")):
        svg = vl_convert.vegalite_to_svg(spec)
        assert COLOURS[name] in svg
        assert "as of 31 October 2026" in svg
    assert "EUR" in vl_convert.vegalite_to_svg(bars)


def test_scorecard_page__fetches_nothing_and_labels_every_control() -> None:
    html = scorecard_page(params=params(), definition=TIMING, run_id="<r>")

    assert "&lt;r&gt;" in html
    assert "http:" not in html
    assert "https:" not in html
    controls = re.findall(r'<(?:select|input)[^>]* id="(\w+)"', html)
    assert len(controls) == 10
    assert all(f'<label for="{name}">' in html for name in controls)


def test_page_script__makes_no_markup_of_texts() -> None:
    script = page_script()

    for door in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("):
        assert door not in script
