"""A case as one HTML page that needs nothing else: to send, to print, to argue over."""

from workbench.case_report.view import CaseView
from workbench.site import page


def case_page(view: CaseView) -> str:
    """The page. Every text of the data is escaped; only web addresses of evidence are links."""
    return page("workbench.case_report", view=view)
