"""The partner programme over small tables with their answers: tiers, payouts, where effort pays."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.metric_cases import (
    Row,
    a_definition,
    audit,
    cost,
    credit,
    inputs,
    opportunity,
    partner,
    run_params,
    touch,
)
from workbench.charts import effort_intervals
from workbench.contracts import PartnerEffort, PayoutLedger, TierRecommendations
from workbench.documents import dump_yaml
from workbench.errors import ParameterError
from workbench.metrics import MetricInputs
from workbench.params import RunParams
from workbench.programme import (
    Payouts,
    Programme,
    effort_in_words,
    partner_effort,
    payouts,
    read_programme,
    tier_recommendations,
    tiers_in_words,
)
from workbench.programme.rates import prior_of_rates, shrunken_rates
from workbench.tables import checked

PROJECT = Path(__file__).resolve().parents[2]
AGREED = {"role": "finance", "name": "CFO", "on": date(2025, 10, 1)}
APPROVED = a_definition(approvals=[AGREED])
TERMS: Row = {
    "effective_from": date(2025, 11, 1),
    "evidence": "optional",
    "rates": [
        {"classification": "sourced", "tiers": ["gold"], "rate": 0.2},
        {"classification": "sourced", "rate": 0.1},
        {"classification": "influenced", "partner_types": ["services"], "rate": 0.01},
    ],
    "cap_per_opportunity": 1000,
    "cap_per_partner_year": 1500,
    "clawback_days": 180,
}


def a_programme(**changes: Any) -> Programme:
    """Approved; `terms` and `tiers` in changes replace single keys of the terms, or all tiers."""
    terms = TERMS | changes.pop("terms", {})
    content = {
        "version": 1,
        "title": "A programme",
        "definition": "timing",
        "approvals": [AGREED],
        "near_percent": 10,
        "tiers": [
            {"tier": "gold", "sourced_bookings": 1000, "sourced_wins": 2, "evidence_rate": 0.5},
            {"tier": "silver", "sourced_bookings": 500},
            {"tier": "registered"},
        ],
        "terms": [terms],
    }
    return Programme.model_validate(content | changes)


def sourced(opportunity_id: str, amount: str | None = "5000", **changes: Any) -> Row:
    """Won on 1 September 2026 and sourced by P1, with a link unless changed."""
    shown = {"evidence_url": f"https://example.com/{opportunity_id}"}
    row = opportunity(opportunity_id, "sourced", amount, partner=changes.pop("partner", "P1"))
    return row | shown | changes


def booked(
    given_inputs: MetricInputs,
    before: pl.DataFrame | None = None,
    *,
    programme: Programme | None = None,
    definition: Any = APPROVED,
    params: RunParams | None = None,
) -> Payouts:
    """The payouts of a run whose ledger keeps its contract."""
    done = payouts(
        programme or a_programme(),
        given_inputs,
        before=before,
        definition=definition,
        params=params or run_params(),
    )
    assert done.ledger.equals(checked(done.ledger, PayoutLedger))
    return done


def entries(ledger: pl.DataFrame) -> list[tuple[str, str, str, str]]:
    return [
        (row["kind"], row["opportunity_id"], row["partner_id"], f"{row['amount']}")
        for row in ledger.sort("entry_id").iter_rows(named=True)
    ]


# ---- the file


def test_programme__the_shipped_file_is_a_draft() -> None:
    programme = read_programme(PROJECT / "params" / "programme.yaml")

    assert programme.is_draft_under(APPROVED)
    assert [tier.tier for tier in programme.tiers] == ["platinum", "gold", "silver", "registered"]


def test_programme__says_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    shipped = a_programme().model_dump(mode="json")
    shipped["terms"][0] |= {"rates": [{"classification": "direct", "rate": 2}], "cap": 3}
    path = tmp_path / "programme.yaml"
    path.write_text(dump_yaml(shipped), encoding="utf-8")

    with pytest.raises(ParameterError) as caught:
        read_programme(path)

    said = str(caught.value)
    assert said.startswith("3 problems:")
    assert "'terms.0.rates.0.classification' is none of the accepted words" in said
    assert "'terms.0.rates.0.rate'" in said
    assert "'terms.0.cap' is not a key" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tiers": [{"tier": "a", "sourced_wins": 1}]}, "must ask nothing"),
        (
            {"tiers": [{"tier": "a"}, {"tier": "b", "sourced_wins": 1}, {"tier": "c"}]},
            "asks for less",
        ),
        ({"tiers": [{"tier": "a"}, {"tier": "a"}]}, "names a tier twice"),
        (
            {"terms": {"rates": [{"classification": "sourced", "tiers": ["gol"], "rate": 0}]}},
            "'gold'",
        ),
        ({"terms": {"rates": []}}, "at least one rate"),
    ],
)
def test_programme__parts_that_do_not_agree(changes: Row, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        a_programme(**changes)


# ---- tiers


def test_tier_recommendations__each_figure_and_what_is_missing() -> None:
    given_inputs = inputs(
        [
            sourced("O1", "600"),
            sourced("O2", "400"),
            sourced("O3", "450", partner="P2"),
            sourced(
                "O4", "9999", partner="P2", closed_at=run_params().read_at - timedelta(days=400)
            ),
            sourced("O5", None, partner="P3"),
        ],
        partners=[
            partner("P1", tier="silver"),
            partner("P2", tier="gold"),
            partner("P3"),
            partner("P4", tier="registered") | {"active": False},
        ],
        touches=[touch("T1", evidence=True), touch("T2"), touch("T3", partner_id="P2")],
    )

    found = tier_recommendations(
        a_programme(), given_inputs, definition=APPROVED, params=run_params()
    )

    assert found.equals(checked(found, TierRecommendations))
    shown = found.select("partner_id", "recommended_tier", "move", "near", "sourced_bookings")
    assert [(*row[:4], str(row[4])) for row in shown.rows()] == [
        ("P1", "gold", "promote", "lower", "1000.00"),
        ("P2", "registered", "demote", "next", "450.00"),
        ("P3", "registered", "assign", None, "None"),
    ]
    assert found["sourced_bookings_to_next"].to_list() == [None, Decimal("50.00"), None]
    assert found["evidence_rate"].to_list() == [0.5, 0.0, None]
    assert found["unknown_amount_count"].to_list() == [0, 0, 1]
    assert tiers_in_words(found) == (
        "3 active partners: 1 reached a higher tier than they have, 1 a lower one, 1 had none. "
        "Near the next tier: 1; near losing theirs: 1."
    )


def test_tiers_in_words__a_tier_that_the_programme_has_not_is_named() -> None:
    people = [partner("P1", tier="Gold"), partner("P2", tier="Gold"), partner("P3", tier="A")]
    found = tier_recommendations(
        a_programme(), inputs(partners=people), definition=APPROVED, params=run_params()
    )

    assert tiers_in_words(found).endswith(
        "3 had none. Near the next tier: 0; near losing theirs: 0. "
        "Counted as none, since the programme has no such tier: 'Gold' (2), 'A' (1)."
    )


def test_tier_recommendations__empty_frame() -> None:
    other = APPROVED.model_copy(update={"id": "other"})
    people = inputs(partners=[partner("P1")])
    found = tier_recommendations(None, people, definition=APPROVED, params=run_params())
    elsewhere = tier_recommendations(a_programme(), people, definition=other, params=run_params())

    assert elsewhere.equals(TierRecommendations.empty())
    assert found.equals(TierRecommendations.empty())
    assert tiers_in_words(found) == (
        "No tier is recommended: no programme is named, or it goes by another definition."
    )


# ---- the ledger


def test_payouts__rate_by_tier_type_and_class() -> None:
    given_inputs = inputs(
        [
            sourced("O1", "1234.56"),
            sourced("O2", "1234.56", partner="P2"),
            sourced("O3", "900", partner="P2", classification="influenced"),
            sourced("O4", "900", partner="P3", classification="influenced"),
            sourced("O5", None),
            opportunity("O6"),
            sourced("O7", status="lost"),
        ],
        credit=[
            credit("O1", "P1", "1234.56"),
            credit("O2", "P2", "1234.56"),
            credit("O3", "P2", "900", classification="influenced"),
            credit("O4", "P3", "900", classification="influenced"),
            credit("O5", "P1", None),
        ],
        partners=[partner("P1", tier="gold"), partner("P2"), partner("P3", "services")],
    )

    done = booked(given_inputs)

    assert entries(done.ledger) == [
        ("accrual", "O1", "P1", "246.91"),
        ("accrual", "O2", "P2", "123.46"),
        ("accrual", "O4", "P3", "9.00"),
    ]
    first = done.ledger.row(0, named=True)
    assert first["reason"] == "won, sourced: 20 % of the credited amount"
    assert (first["evidence_url"], first["booked_on"]) == (
        "https://example.com/O1",
        date(2026, 10, 31),
    )
    assert done.said == (
        "This run books 3 accruals of 379.37 USD and 0 reversals of 0.00 USD; with what was booked "
        "before, the ledger adds up to 379.37 USD.",
    )


def test_payouts__partners_share_the_cap_of_an_opportunity_to_the_cent() -> None:
    shared = [credit("O1", name, "10000") for name in ("P1", "P2", "P3")]
    given_inputs = inputs(
        [sourced("O1", "30000")],
        credit=shared,
        partners=[partner(name) for name in ("P1", "P2", "P3")],
    )

    ledger = booked(given_inputs).ledger

    assert entries(ledger) == [
        ("accrual", "O1", "P1", "333.34"),
        ("accrual", "O1", "P2", "333.33"),
        ("accrual", "O1", "P3", "333.33"),
    ]
    assert ledger["is_capped"].all()


def test_payouts__the_cap_of_a_year_takes_the_first_closed_and_a_credit_note_frees_it() -> None:
    """Cap 1,500: 900 + 600 of 900 − 100 back, then 100 of 200; the next year begins at 0."""
    given_inputs = inputs(
        [
            sourced("O1", "9000", closed_at=run_params().read_at - timedelta(days=100)),
            sourced("O2", "9000", closed_at=run_params().read_at - timedelta(days=90)),
            sourced("O3", "-1000", closed_at=run_params().read_at - timedelta(days=80)),
            sourced("O4", "2000", closed_at=run_params().read_at - timedelta(days=70)),
        ],
        partners=[partner("P1")],
    )

    amounts = [row[3] for row in entries(booked(given_inputs).ledger)]

    assert amounts == ["900.00", "600.00", "-100.00", "100.00"]


def test_payouts__a_change_is_reversed_and_booked_anew_and_nothing_is_edited() -> None:
    people = [partner("P1"), partner("P2")]
    first = booked(inputs([sourced("O1"), sourced("O2", "700")], partners=people)).ledger
    refunded = inputs([sourced("O1", "4000"), sourced("O2", "700", partner="P2")], partners=people)

    second = booked(refunded, first).ledger

    assert second.head(2).equals(first)
    assert entries(second)[2:] == [
        ("reversal", "O1", "P1", "-500.00"),
        ("accrual", "O1", "P1", "400.00"),
        ("reversal", "O2", "P1", "-70.00"),
        ("accrual", "O2", "P2", "70.00"),
    ]
    assert second["reverses_entry_id"].to_list() == [None, None, 1, None, 2, None]
    assert second["reason"][2] == "credited amount: 5000.00 before, now 4000.00"
    assert second["reason"][4] == "the credit is another partner's now"
    assert booked(refunded, second).ledger.equals(second)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ([], "the opportunity is gone from the data"),
        ([sourced("O1", status="lost")], "no longer won"),
        ([opportunity("O1")], "class: direct now"),
        ([sourced("O1", None)], "its amount is no longer known"),
        (
            [sourced("O1", classification="influenced")],
            "no rate of the terms fits it now, or its evidence is gone",
        ),
    ],
)
def test_payouts__says_why_nothing_is_due_any_more(now: list[Row], reason: str) -> None:
    people = [partner("P1")]
    first = booked(inputs([sourced("O1")], partners=people)).ledger
    shares = [
        credit("O1", "P1", None if row["amount_reporting"] is None else "5000")
        | {"classification": row["classification"]}
        for row in now
        if row["classification"] != "direct"
    ]

    second = booked(inputs(now, credit=shares, partners=people), first).ledger

    assert entries(second)[1:] == [("reversal", "O1", "P1", "-500.00")]
    assert second["reason"][1] == reason


def test_payouts__a_later_tier_pays_nothing_again() -> None:
    first = booked(inputs([sourced("O1")], partners=[partner("P1")])).ledger
    promoted = inputs([sourced("O1"), sourced("O2", "1000")], partners=[partner("P1", tier="gold")])

    second = booked(promoted, first).ledger

    assert entries(second) == [
        ("accrual", "O1", "P1", "500.00"),
        ("accrual", "O2", "P1", "200.00"),
    ]


def test_payouts__nothing_is_clawed_back_after_the_days_of_the_terms() -> None:
    people, gone = [partner("P1")], inputs(partners=[partner("P1")])
    first = booked(inputs([sourced("O1")], partners=people)).ledger  # closed on 1 September 2026

    last_day = booked(gone, first, params=run_params(as_of=date(2027, 2, 28))).ledger
    after = booked(gone, first, params=run_params(as_of=date(2027, 3, 1))).ledger

    assert last_day["amount"].sum() == 0
    assert after.equals(first)


def test_payouts__evidence_and_the_first_day_of_the_terms() -> None:
    given_inputs = inputs(
        [
            sourced("O1", evidence_url=None),
            sourced("O4", evidence_url="in my mailbox"),
            sourced("O5", evidence_url="javascript:alert(1)"),
            sourced("O2", closed_at=run_params().read_at - timedelta(days=366)),
            sourced("O3"),
        ],
        partners=[partner("P1")],
    )

    done = booked(given_inputs, programme=a_programme(terms={"evidence": "required"}))

    assert [row[1] for row in entries(done.ledger)] == ["O3"]


def test_payouts__a_draft_proposes_and_is_forgotten() -> None:
    given_inputs = inputs([sourced("O1")], partners=[partner("P1")])

    drafted = booked(given_inputs, programme=a_programme(approvals=[]), definition=a_definition())
    later = booked(given_inputs, drafted.ledger)

    assert drafted.ledger["is_draft"].all()
    assert drafted.said[0] == (
        "DRAFT: nobody has approved the programme or the definition. These entries are proposals, "
        "and nothing of them is payable."
    )
    assert entries(later.ledger) == [("accrual", "O1", "P1", "500.00")]
    assert not later.ledger["is_draft"].any()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"definition": APPROVED.model_copy(update={"id": "other"})}, "by the definition timing"),
        (
            {"definition": a_definition(approvals=[AGREED], credit={"model": "full"})},
            "adds up to more than the amount",
        ),
        ({"params": run_params(as_of=date(2026, 9, 30))}, "the ledger goes to 2026-10-31"),
    ],
)
def test_payouts__refused_with_the_reason_and_the_ledger_stays(changes: Row, said: str) -> None:
    people = [partner("P1")]
    first = booked(inputs([sourced("O1")], partners=people)).ledger

    refused = booked(inputs(partners=people), first, **changes)

    assert refused.ledger.equals(first)
    assert said in " ".join(refused.said)


def test_payouts__without_a_programme_the_ledger_is_kept() -> None:
    people = [partner("P1")]
    first = booked(inputs([sourced("O1")], partners=people)).ledger

    kept = payouts(None, inputs(), before=first, definition=APPROVED, params=run_params())

    assert kept.ledger.equals(first)
    assert kept.said == ("No programme is named, so nothing is paid.",)


def test_payouts__empty_frame() -> None:
    assert booked(inputs()).ledger.equals(PayoutLedger.empty())


amounts = st.one_of(st.none(), st.integers(-300_000, 3_000_000).map(lambda c: f"{c / 100:.2f}"))
one_opportunity = st.fixed_dictionaries(
    {
        "amount": amounts,
        "classification": st.sampled_from(["sourced", "influenced", "direct"]),
        "status": st.sampled_from(["won", "won", "lost", "open"]),
        "partners": st.sampled_from([("P1",), ("P2",), ("P1", "P2"), ("P3", "P1", "P2")]),
        "days": st.integers(0, 200),
        "has_evidence": st.booleans(),
    }
)
a_state = st.dictionaries(st.sampled_from(["O1", "O2", "O3", "O4", "O5"]), one_opportunity)


def state_inputs(state: dict[str, Row]) -> MetricInputs:
    """A snapshot in which the partners of an opportunity share its credit, the first most."""
    rows, shares = [], []
    for name, now in state.items():
        closed = None if now["status"] == "open" else run_params().read_at
        link = f"https://example.com/{name}" if now["has_evidence"] else None
        rows.append(
            opportunity(name, now["classification"], now["amount"], status=now["status"])
            | {
                "evidence_url": link,
                "closed_at": closed and closed - timedelta(days=now["days"] + 2),
            }
        )
        if now["classification"] == "direct":
            continue
        left = None if now["amount"] is None else Decimal(now["amount"])
        for place, one in enumerate(now["partners"], start=1):
            is_last = place == len(now["partners"])
            part = left if left is None or is_last else (left / 2).quantize(Decimal("0.01"))
            left = None if left is None or part is None else left - part
            share = credit(name, one, None, classification=now["classification"])
            shares.append(share | {"credited_amount": part})
    people = [partner("P1", "services", "gold"), partner("P2"), partner("P3", "services")]
    return inputs(rows, credit=shares, partners=people)


@settings(max_examples=60, deadline=None)
@given(states=st.lists(a_state, min_size=3, max_size=4))
def test_payouts__whatever_happens_the_ledger_adds_up_to_what_is_due(
    states: list[dict[str, Row]],
) -> None:
    """Edits, refunds, reclassifications, reopened and deleted opportunities, in any order."""
    programme = a_programme(terms={"evidence": "required", "clawback_days": 400})
    before = PayoutLedger.empty()
    for number, state in enumerate(states):
        params = run_params(as_of=date(2026, 10, 31) + timedelta(days=number))
        now = state_inputs(state)
        ledger = booked(now, before, programme=programme, params=params).ledger
        due = booked(now, programme=programme, params=params).ledger

        assert ledger.head(before.height).equals(before)
        assert sums(ledger, "opportunity_id", "partner_id") == sums(
            due, "opportunity_id", "partner_id"
        )
        assert all(abs(total) <= 1000 for total in sums(ledger, "opportunity_id").values())
        assert all(total <= 1500 for total in sums(ledger, "partner_id").values())
        before = ledger


def sums(ledger: pl.DataFrame, *keys: str) -> dict[Any, Decimal]:
    """What the entries add up to, by key; what cancels out is left out."""
    totals = ledger.group_by(*keys).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0)
    return {row[:-1]: row[-1] for row in totals.rows()}


# ---- where effort pays

RATS = """
0/20 0/20 0/20 0/20 0/20 0/20 0/20 0/19 0/19 0/19 0/19 0/18 0/18 0/17 1/20 1/20 1/20 1/20 1/19 1/19
1/18 1/18 2/25 2/24 2/23 2/20 2/20 2/20 2/20 2/20 2/20 1/10 5/49 2/19 5/46 3/27 2/17 7/49 7/47 3/20
3/20 2/13 9/48 10/50 4/20 4/20 4/20 4/20 4/20 4/20 4/20 10/48 4/19 4/19 4/19 5/22 11/46 12/49 5/20
5/20 6/23 5/19 6/22 6/20 6/20 6/20 16/52 15/46 15/47 9/24 4/14
"""


def test_prior_of_rates__the_published_example() -> None:
    """Rat tumours, 71 experiments (Tarone, 1982): Gelman et al. (2013), section 5.3, table 5.1.

    There E(α | y) = 2.4 and E(β | y) = 14.3.
    """
    counts = [tuple(map(int, pair.split("/"))) for pair in RATS.split()]
    successes, trials = (pl.Series(column) for column in zip(*counts, strict=True))

    alpha, beta, weight = prior_of_rates(successes, trials)

    assert (len(counts), round(weight @ alpha, 1), round(weight @ beta, 1)) == (71, 2.4, 14.3)


def test_shrunken_rates__three_of_three_do_not_outrank_forty_of_sixty() -> None:
    rates = shrunken_rates(pl.Series([3, 40, 20, 12, 0]), pl.Series([3, 60, 60, 60, 0]))

    lows = rates["low"].to_list()
    assert lows[1] == max(lows)
    assert rates["rate"][0] < 0.9
    assert (rates["low"] < rates["rate"]).all()
    assert (rates["rate"] < rates["high"]).all()
    assert rates["high"][4] - rates["low"][4] == max(rates["high"] - rates["low"])


def test_shrunken_rates__a_chance_is_never_below_nothing() -> None:
    """Where nearly nobody succeeds, rounding alone once made the chance -4e-16."""
    chance = shrunken_rates(pl.Series([4, 7, 31, 3]), pl.Series([69, 292, 392, 33]))["chance"]
    assert chance.is_between(0, 1).all()


def test_shrunken_rates__nobody_tried_is_not_known() -> None:
    assert shrunken_rates(pl.Series([0, 0]), pl.Series([0, 0])).row(0) == (None,) * 4


def test_partner_effort__counts_who_was_there_in_the_first_half() -> None:
    """Created on 1 August, closed on 1 September at noon: the middle is 17 August, 0:00."""
    given_inputs = inputs(
        [
            sourced("O1", "900"),
            sourced("O2", status="lost"),
            sourced("O3", status="open", closed_at=None),
        ],
        audit=[
            audit("T1", "O1", "2026-08-17T00:00"),
            audit("T2", "O1", "2026-08-30"),
            audit("T3", "O2", "2026-08-16"),
            audit("T4", "O2", "2026-08-02", accepted=False),
            audit("T5", "O1", "2026-08-18", partner_id="P2"),
            audit("T6", "O3", "2026-08-02", partner_id="P2"),
        ],
        partners=[partner("P1"), partner("P2"), partner("P3") | {"active": False}],
        program_costs=[
            cost("C1", "2026-09-01", "30", partner_id="P1"),
            cost("C2", "2025-10-31", "40", partner_id="P1"),
            cost("C3", "2026-09-01", "50"),
        ],
    )

    found = partner_effort(given_inputs, params=run_params())

    assert found.equals(checked(found, PartnerEffort))
    counts = found.select("partner_id", "opportunity_count", "early_count", "won_count")
    assert counts.rows() == [("P1", 2, 2, 1), ("P2", 1, 0, 0)]
    assert found["program_cost"].to_list() == [Decimal("30.00"), None]
    assert found["sourced_bookings"].to_list() == [Decimal("900.00"), None]
    assert effort_in_words(found) == (
        "Of 2 active partners, 0 are there in the first half of an opportunity more often than not "
        "and 0 are not, each with 90% certainty; of 2 the data cannot tell."
    )
    chart = effort_intervals(found, names={"P1": "One"}, as_of=date(2026, 10, 31))
    assert chart is not None
    assert "One, there in the first half: 2 of 2" in str(chart.to_dict()["description"])


def test_partner_effort__empty_frame() -> None:
    found = partner_effort(inputs(partners=[]), params=run_params())

    assert found.equals(PartnerEffort.empty())
    assert effort_intervals(found, names={}, as_of=date(2026, 10, 31)) is None
