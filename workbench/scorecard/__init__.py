"""The scorecard: every opportunity of a run on one page, to filter, sort and open its case."""

from workbench.scorecard.cases import WrittenTables, written_cases
from workbench.scorecard.charts import bookings_chart, win_rate_chart
from workbench.scorecard.data import TOUCHES_AT_MOST, case_scripts, data_script, period_about
from workbench.scorecard.page import page_script, scorecard_page
from workbench.scorecard.rows import RowTables, scorecard_rows

__all__ = [
    "TOUCHES_AT_MOST",
    "RowTables",
    "WrittenTables",
    "bookings_chart",
    "case_scripts",
    "data_script",
    "page_script",
    "period_about",
    "scorecard_page",
    "scorecard_rows",
    "win_rate_chart",
    "written_cases",
]
