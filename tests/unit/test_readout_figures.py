from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import polars as pl
import pytest

from tests.unit import readout_frames as frames
from workbench.contracts import Restatement, RulingsApplied, SealedPeriods
from workbench.definitions import Definition
from workbench.errors import ConservationError
from workbench.params import RunParams
from workbench.readout import ReadoutFigures, ReadoutTexts, readout_figures
from workbench.readout.figures import OTHER_PERIOD
from workbench.readout.lines import Line
from workbench.trace_report import figure_address
from workbench.vocabulary import ROLES


def figures(
    metrics: pl.DataFrame | None = None,
    attribution: pl.DataFrame | None = None,
    *,
    params: RunParams | None = None,
    definition: Definition | None = None,
    texts: ReadoutTexts | None = frames.TEXTS,
    findings: pl.DataFrame | None = None,
    rulings: pl.DataFrame | None = None,
    sensitivity: pl.DataFrame | None = None,
    restatement: pl.DataFrame | None = None,
    sealed_periods: pl.DataFrame | None = None,
    ingest_summary: pl.DataFrame | None = None,
    run_id: str = "quarterly-2026-Q4-a",
) -> ReadoutFigures:
    return readout_figures(
        frames.metrics() if metrics is None else metrics,
        frames.attribution() if attribution is None else attribution,
        params=params or frames.params(),
        definition=definition or frames.definition(),
        texts=texts,
        run_id=run_id,
        findings=findings,
        rulings=rulings,
        sensitivity=sensitivity,
        restatement=restatement,
        sealed_periods=sealed_periods,
        ingest_summary=ingest_summary,
    )


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def line(lines: tuple[Line, ...], label: str) -> tuple[str, str, str, str]:
    found = next(item for item in lines if item.label == label)
    return plain(found.value), plain(found.before), plain(found.change), plain(found.note)


def notes(page: ReadoutFigures) -> dict[str, str]:
    return {note.title: plain(note.said) for note in page.notes}


def test_readout_figures__sourced_and_influenced_stand_apart() -> None:
    sourced, influenced = figures().classes
    assert line(sourced.lines, "Bookings") == (
        "USD 1.54 m",
        "USD 1.31 m",
        "up 17.6 %",
        "2 opportunities won in the quarter",
    )
    assert line(influenced.lines, "Bookings") == (
        "USD 3.66 m",
        "USD 3.90 m",
        "down 6.2 %",
        "2 opportunities won in the quarter",
    )
    assert line(sourced.lines, "Win rate") == (
        "45.2 %",
        "38.2 %",
        "up 7.0 points",
        "95 % interval 33.9 to 57.6 %; 28 won, 34 lost; the intervals of both overlap",
    )
    assert sourced.definition.startswith("An introduction, referral, lead submission")


def test_readout_figures__nothing_adds_the_two() -> None:
    said = plain(repr(figures()))
    for total in ("5.20", "5,200,500.55", "1.13 m", "1,130,000"):
        assert total not in said


def test_readout_figures__how_far_the_bookings_hang_on_the_definition() -> None:
    said = plain(figures(sensitivity=frames.sensitivity()).sensitivity)
    assert said == (
        "Under 2 other reasonable definitions the sourced bookings of Q4 FY2026 lie between USD "
        "340,501 and USD 4,690,501; timing says USD 1,540,501."
    )


def test_readout_figures__no_range_where_no_choice_moves_it_or_no_run_worked_it_out() -> None:
    alone = frames.sensitivity().filter(pl.col("knob").is_null())
    assert figures(sensitivity=alone).sensitivity == ""
    assert figures().sensitivity == ""


def test_readout_figures__a_range_of_another_period_is_not_shown() -> None:
    other = frames.sensitivity(starts_on=date(2026, 5, 1))
    assert figures(sensitivity=other).sensitivity == OTHER_PERIOD


def test_readout_figures__evidence_behind_each_number() -> None:
    lines = {(e.role, e.number): e for e in figures().evidence}
    assert len(lines) == 6
    sourced = lines["sourced", "Bookings"]
    # o05 and o09 would be sourced if no link were asked for.
    assert (sourced.reported, sourced.floor, sourced.ceiling) == (
        "1,540,500.55",
        "1,540,500.55",
        "4,690,500.55",
    )
    assert (sourced.opportunities, sourced.accounts) == ("2 of 2", "2 of 2")
    assert (sourced.claimed, sourced.unsupported, sourced.unsupported_count) == ("2", "0.00", "0")
    influenced = lines["influenced", "Bookings"]
    assert (influenced.floor, influenced.ceiling) == ("3,660,000.00", "3,660,000.00")
    assert lines["influenced", "Open pipeline"].opportunities == "2 of 2"


def test_readout_figures__what_only_the_crm_says_is_in_neither_floor_nor_ceiling() -> None:
    rows = [("o1", "a1", "direct", "direct", "unsupported", "open", "2026-09-01", None, "250.10")]
    attribution = frames.attribution(rows).with_columns(crm_classification=pl.lit("sourced"))
    lines = {(e.role, e.number): e for e in figures(frames.metrics_table([]), attribution).evidence}
    sourced = lines["sourced", "Open pipeline"]
    assert (sourced.unsupported, sourced.unsupported_count) == ("250.10", "1")
    assert (sourced.floor, sourced.ceiling, sourced.claimed) == ("0.00", "0.00", "0")
    assert lines["influenced", "Open pipeline"].unsupported_count == "0"


def test_readout_figures__says_what_is_missing() -> None:
    findings = pl.DataFrame({"severity": ["error"] + ["warning"] * 41})
    said = notes(figures(findings=findings))
    assert said["Without an amount"] == (
        "1 in influenced open pipeline, 1 in influenced created pipeline: these opportunities are "
        "in no sum."
    )
    assert said["Data checks"] == "1 error and 41 warnings found in this run."


def test_readout_figures__a_count_is_the_same_in_the_headline_and_in_the_evidence() -> None:
    influenced = figures().classes[1]
    assert line(influenced.lines, "Open pipeline")[3] == (
        "2 opportunities open on 31 October 2026, 1 without an amount"
    )


def test_readout_figures__only_missing_amounts_are_not_zero() -> None:
    rows = [("o1", "a1", *("influenced",) * 2, "evidenced", "open", "2026-09-01", None, None)]
    lines = {
        (e.role, e.number): e
        for e in figures(frames.metrics_table([]), frames.attribution(rows)).evidence
    }
    assert lines["influenced", "Open pipeline"].reported == "not known"
    assert lines["influenced", "Open pipeline"].ceiling == "not known"
    assert lines["sourced", "Open pipeline"].reported == "0.00"


def test_readout_figures__a_headline_must_be_the_sum_of_its_opportunities() -> None:
    short = frames.attribution().filter(pl.col("opportunity_id") != "o02")
    with pytest.raises(
        ConservationError, match=r"sourced bookings is 1,540,500\.55 .*1,200,000\.00"
    ):
        figures(attribution=short)


def test_readout_figures__the_gate_is_open() -> None:
    page = figures()
    assert page.withheld == ""
    assert line(page.cost, "Cost per opportunity")[0] == "USD 9,817.35"
    assert line(page.cost, "Programme cost")[3] == (
        "people USD 247 k, events USD 124 k, market development USD 41 k"
    )


def test_readout_figures__a_draft_with_little_evidence_withholds_ratios() -> None:
    page = figures(
        frames.metrics(evidence=(213, 300)), definition=frames.definition(approved=False)
    )
    assert [item.label for item in page.cost] == ["Programme cost"]
    assert plain(page.withheld) == (
        "Left out: cost per sourced opportunity, because the definition is a draft, and 71.0 % of "
        "the quarter’s touches (213 of 300) carry a link to evidence, under the 90 % that a ratio "
        "needs."
    )
    assert page.is_draft


def test_readout_figures__exactly_ninety_percent_opens_the_gate() -> None:
    assert figures(frames.metrics(evidence=(270, 300))).withheld == ""
    assert figures(frames.metrics(evidence=(269, 300))).withheld != ""


def test_readout_figures__fractional_credit_waits_for_the_gate() -> None:
    credit = frames.definition().credit.model_copy(update={"model": "linear"})
    shown = figures(definition=frames.definition(credit=credit))
    kept = figures(definition=frames.definition(credit=credit, approved=False))
    assert line(shown.classes[0].lines, "Largest partner")[0] == "41.2 %"
    assert "Largest partner" not in [item.label for item in kept.classes[0].lines]
    assert "credit split between partners (model: linear)" in kept.withheld


def test_readout_figures__no_cost_table() -> None:
    cost = figures(frames.metrics(cost=False)).cost
    assert line(cost, "Programme cost") == (
        "not known",
        "not known",
        "–",
        "the source has no program_costs",
    )
    assert {item.records for item in cost} == {""}


def test_readout_figures__row_order_does_not_matter() -> None:
    metrics, attribution = frames.metrics(), frames.attribution()
    shuffled = figures(
        metrics.sample(fraction=1, shuffle=True, seed=1),
        attribution.sample(fraction=1, shuffle=True, seed=2),
    )
    assert shuffled == figures(metrics, attribution)


def test_readout_figures__another_definition_or_basis_is_not_read() -> None:
    metrics = frames.metrics()
    others = pl.concat(
        [
            metrics,
            metrics.with_columns(definition_id=pl.lit("causal"), value=pl.col("value") * 2),
            metrics.with_columns(basis=pl.lit("as_reported"), value=pl.col("value") * 3),
        ]
    )
    assert figures(others) == figures(metrics)


def test_readout_figures__a_quarter_that_is_not_over_says_so() -> None:
    day = frames.params().fiscal_period.end.replace(day=15)
    page = figures(frames.metrics_table([]), params=frames.params(as_of=day))
    assert "the quarter is not over, as of 15 October 2026" in plain(page.span)


def test_readout_figures__no_texts() -> None:
    page = figures(texts=None)
    assert page.no_texts == "No decisions, asks or learnings were written for this run."


def test_readout_figures__empty_frame() -> None:
    page = figures(frames.metrics_table([]), frames.attribution([]))
    assert {item.value for figures_ in page.classes for item in figures_.lines} == {"not known"}
    assert {entry.opportunities for entry in page.evidence} == {"0 of 0"}
    assert "the evidence rate is not known" in page.withheld


def test_readout_figures__counts_the_rulings_in_force() -> None:
    assert notes(figures(rulings=RulingsApplied.empty()))["Rulings"] == "No ruling is in force."


def test_readout_figures__each_figure_leads_to_its_records() -> None:
    page = figures()
    shown = [item for held in page.classes for item in held.lines] + [*page.cost, *page.trust]
    assert {item.records for item in shown} == {
        f"../html/{figure_address(*key)}"
        for key in [
            *product(("bookings", "open_pipeline", "created_pipeline", "win_rate"), ROLES),
            *product(("partner_concentration",), ROLES),
            ("program_cost", "all"),
            ("cost_per_sourced_opportunity", "sourced"),
            ("evidence_rate", "all"),
            ("logged_on_time_rate", "all"),
        ]
    }


def sealed(currency: str = "USD") -> pl.DataFrame:
    row = {
        "period": "2026-Q3",
        "run_id": "quarterly-2026-Q3-a",
        "as_of": date(2026, 7, 31),
        "read_at": datetime(2026, 8, 2, tzinfo=UTC),
        "definition_id": "timing",
        "definition_version": 1,
        "reporting_currency": currency,
        "fingerprint": "0" * 64,
    }
    return pl.DataFrame([row], schema=SealedPeriods.dtypes(), orient="row")


def moved(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """Part, class, opportunity, and by how much its amount in the bookings moved."""
    return pl.DataFrame(
        [
            ("2026-Q3", "bookings", role, part, opportunity, None, Decimal(by), Decimal(by))
            for part, role, opportunity, by in rows
        ],
        schema=Restatement.dtypes(),
        orient="row",
    )


def changes(restatement: pl.DataFrame, sealed_periods: pl.DataFrame) -> str:
    page = figures(restatement=restatement, sealed_periods=sealed_periods)
    return notes(page)["Since the last report"]


def test_readout_figures__the_three_largest_parts_of_what_changed_since_the_last_report() -> None:
    said = changes(
        moved(
            ("touches_added", "sourced", "o1", "-20000.50"),
            ("touches_added", "sourced", "o2", "-4000"),
            ("rulings", "sourced", "o3", "50000"),
            ("amounts", "sourced", "o1", "10000.25"),
            ("rates", "sourced", "o2", "0.25"),
            ("definition", "sourced", "o1", "-7.75"),
        ),
        sealed(),
    )
    assert said == (
        "Bookings of Q3 FY2026, USD, reported as of 31 July 2026: sourced 1,274,007.75 then, "
        "1,310,000.00 today (rulings +50,000.00 in 1 opportunity, touches that came later "
        "−24,000.50 in 2 opportunities, amounts that were edited +10,000.25 in 1 opportunity, "
        "2 other parts −7.50); influenced 3,900,000.00 then and today."
    )


def test_readout_figures__nothing_to_compare_with_is_said() -> None:
    assert changes(moved(), sealed().clear()) == (
        "No earlier report was sealed, so there is none to compare with."
    )
    assert changes(moved(), sealed("EUR")) == (
        "Q3 FY2026 was reported in EUR, and is not compared."
    )
    assert "Since the last report" not in notes(figures())


def test_notes__rows_that_could_not_be_used_are_named():
    columns = ("table", "source", "rows_read", "rows_accepted", "rows_rejected", "sha256")
    rows = [
        ("opportunities", "a.csv", 7, 4, 3, ""),
        ("opportunities", "b.csv", 5, 0, 5, ""),
        ("handoffs", "c.csv", 9, 8, 1, ""),
        ("touches", "d.csv", 40, 40, 0, ""),
    ]
    summary = pl.DataFrame(rows, schema=list(columns), orient="row")

    assert notes(figures(ingest_summary=summary))["Rows left out"] == (
        "8 of 12 opportunities, 1 of 9 handoffs could not be used and are in no figure."
    )
    unharmed = summary.filter(table="touches")
    assert "Rows left out" not in notes(figures(ingest_summary=unharmed))
