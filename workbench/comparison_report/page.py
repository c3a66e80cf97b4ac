"""A comparison as a page of the site, which fetches nothing."""

from workbench.attribution.comparison import Comparison
from workbench.comparison_report.view import comparison_view
from workbench.site import page


def comparison_page(comparison: Comparison, *, currency: str) -> bytes:
    """The comparison as HTML in UTF-8; the names in it are shown as text."""
    view = comparison_view(comparison, currency=currency)
    return page("workbench.comparison_report", view=view).encode("utf-8")
