"""The pages of a run's figures, each with the records behind it."""

from workbench.contracts import Metrics
from workbench.metrics import MetricInputs, traces
from workbench.runs import Run
from workbench.trace_report import figure_address, figure_page, figures_page


def write_figures(run: Run) -> None:
    """Write the page of every figure of the run's period, and one for the records behind each."""
    figures = run.read(Metrics).filter(
        basis="current", period=run.params.fiscal_period.label, dimension="all"
    )
    inputs = MetricInputs.of(run.read_present(*MetricInputs.contracts))
    traced = []
    for found in traces(inputs, figures, params=run.params, definition=run.definition):
        key = (found.metric.name, found.key.classification)
        html = figure_page(found, params=run.params, run_id=run.run_id)
        run.write_file(f"html/{figure_address(*key)}", html.encode())
        traced.append(key)
    html = figures_page(
        figures,
        traced=traced,
        params=run.params,
        definition=run.definition,
        run_id=run.run_id,
    )
    run.write_file("html/figures.html", html.encode())
