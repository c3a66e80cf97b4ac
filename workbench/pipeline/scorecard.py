"""The scorecard of a run: the page, and its script, data and cases beside it."""

from collections.abc import Iterator

from workbench.attribution.case import case
from workbench.case_report import CaseView, case_view
from workbench.periods import TREND_PERIODS
from workbench.rulings import rulings_in_force
from workbench.runs import Run
from workbench.scorecard import (
    TOUCHES_AT_MOST,
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
from workbench.site.vega import write_vega

PAGE = "scorecard.html"


def write_scorecard(run: Run) -> None:
    """Write `html/scorecard.html`, and what it loads into `html/scorecard/` and `html/assets/`."""
    params = run.params
    tables = run.read_present(*RowTables.contracts, *WrittenTables.contracts)
    rows = scorecard_rows(RowTables.of(tables), timezone=params.timezone)
    written = WrittenTables.of(tables)
    has_cases = written.audit.height <= TOUCHES_AT_MOST
    periods = [
        period_about(period, as_of=params.as_of)
        for period in params.fiscal_period.trail(TREND_PERIODS)
    ]
    about = {
        "run": run.run_id,
        "params": f"params/{params.name}.yaml",
        "currency": params.reporting_currency,
        "as_of": str(params.as_of),
        "noun": params.fiscal_period.noun,
        "period": params.period,
        "periods": periods,
        "has_cases": has_cases,
        "charts": {
            "bookings": bookings_chart(
                periods=[period["short"] for period in periods],
                noun=params.fiscal_period.noun,
                currency=params.reporting_currency,
                as_of=params.as_of,
            ),
            "win_rates": win_rate_chart(as_of=params.as_of),
        },
    }
    html = scorecard_page(params=params, definition=run.definition, run_id=run.run_id)
    run.write_file(f"html/{PAGE}", html.encode())
    run.write_file("html/scorecard/scorecard.js", page_script().encode())
    run.write_file("html/scorecard/data.js", data_script(rows, about=about).encode())
    for number, script in enumerate(case_scripts(_views(run, written) if has_cases else ())):
        run.write_file(f"html/scorecard/cases-{number}.js", script.encode())
    write_vega(run)


def _views(run: Run, written: WrittenTables) -> Iterator[CaseView]:
    """The cases in words; one that a ruling decided is worked out anew, for its rules' verdict."""
    rulings = {
        ruling.opportunity_id: ruling
        for ruling in rulings_in_force(run.rulings, as_of=run.params.as_of)
    }
    for found in written_cases(written, params=run.params, definition=run.definition):
        ruling = rulings.get(found.opportunity_id)
        if ruling is not None:
            found = case(  # noqa: PLW2901  by the rules, without the ruling
                written.canonical, found.opportunity_id, params=run.params,
                definitions=(run.definition,),
            )  # fmt: skip
        yield case_view(found, turning=None, ruling=ruling, run_id=run.run_id)
