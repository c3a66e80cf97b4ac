"""The scorecard's page: a frame of words and controls, which its script fills from the data."""

from importlib.resources import files

from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.readout.formats import day
from workbench.site import page
from workbench.site.vega import VEGA_SCRIPT


def scorecard_page(*, params: RunParams, definition: Definition, run_id: str) -> str:
    """The HTML page. It loads the runtime of the charts, its script and its data from beside it."""
    return page(
        "workbench.scorecard",
        params=params,
        definition=definition,
        run_id=run_id,
        vega_script=VEGA_SCRIPT,
        noun=params.fiscal_period.noun,
        as_of=day(params.as_of),
    )


def page_script() -> str:
    """The script of the page; the same for every run."""
    return files("workbench.scorecard").joinpath("scorecard.js").read_text(encoding="utf-8")
