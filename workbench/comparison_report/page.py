"""A comparison as a page of the site, which fetches nothing."""

from jinja2 import Environment, PackageLoader, select_autoescape

from workbench.attribution.comparison import Comparison
from workbench.comparison_report.view import comparison_view


def comparison_page(comparison: Comparison, *, currency: str) -> bytes:
    """The comparison as HTML in UTF-8; the names in it are shown as text."""
    environment = Environment(
        loader=PackageLoader("workbench.comparison_report", "."),
        autoescape=select_autoescape(("j2",)),
    )
    view = comparison_view(comparison, currency=currency)
    html = environment.get_template("page.html.j2").render(view=view)
    return html.encode("utf-8")
