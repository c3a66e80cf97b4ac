from datetime import date

import polars as pl
import pytest

from tests.unit import readout_frames as frames
from workbench.contracts import RulingsApplied
from workbench.definitions import Definition
from workbench.errors import ConservationError
from workbench.params import RunParams
from workbench.readout import ReadoutFigures, ReadoutTexts, readout_figures
from workbench.readout.figures import OTHER_PERIOD
from workbench.readout.lines import Line


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
) -> ReadoutFigures:
    return readout_figures(
        frames.metrics() if metrics is None else metrics,
        frames.attribution() if attribution is None else attribution,
        params=params or frames.params(),
        definition=definition or frames.definition(),
        texts=texts,
        run_id="quarterly-2026-Q4-a",
        findings=findings,
        rulings=rulings,
        sensitivity=sensitivity,
    )


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def line(lines: tuple[Line, ...], label: str) -> tuple[str, str, str]:
    found = next(item for item in lines if item.label == label)
    return plain(found.value), plain(found.change), plain(found.note)


def test_readout_figures__sourced_and_influenced_stand_apart() -> None:
    sourced, influenced = figures().classes
    assert line(sourced.lines, "Bookings") == (
        "USD 1.54 m",
        "up 17.6 %",
        "2 opportunities won in the quarter; Q3 FY2026: USD 1.31 m",
    )
    assert line(influenced.lines, "Bookings") == (
        "USD 3.66 m",
        "down 6.2 %",
        "2 opportunities won in the quarter; Q3 FY2026: USD 3.90 m",
    )
    value, change, note = line(sourced.lines, "Win rate")
    assert (value, change) == ("45.2 %", "up 7.0 points")
    assert note == (
        "95 % interval 33.9 to 57.6 %; 28 won, 34 lost; the intervals of both overlap; "
        "Q3 FY2026: 38.2 %"
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
    influenced = lines["influenced", "Bookings"]
    assert (influenced.floor, influenced.ceiling) == ("3,660,000.00", "3,660,000.00")
    assert lines["influenced", "Open pipeline"].opportunities == "2 of 2"


def test_readout_figures__says_what_is_missing() -> None:
    findings = pl.DataFrame({"severity": ["error"] + ["warning"] * 41})
    notes = " ".join(figures(findings=findings).evidence_notes)
    assert "1 opportunity in influenced open pipeline without an amount: not in any sum." in notes
    assert "found 1 error and 41 warnings." in notes


def test_readout_figures__a_count_is_the_same_in_the_headline_and_in_the_evidence() -> None:
    influenced = figures().classes[1]
    assert line(influenced.lines, "Open pipeline")[2].startswith(
        "2 opportunities open on 31 October 2026, 1 without an amount; "
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
    assert line(page.cost, "Programme cost")[2] == (
        "people USD 247 k, events USD 124 k, market development USD 41 k; Q3 FY2026: USD 412 k"
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
    value, change, note = line(figures(frames.metrics(cost=False)).cost, "Programme cost")
    assert (value, change) == ("not known", "–")
    assert note == "the source has no program_costs; Q3 FY2026: not known"


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
    notes = figures(rulings=RulingsApplied.empty()).evidence_notes

    assert notes[-1] == "No ruling is in force."
