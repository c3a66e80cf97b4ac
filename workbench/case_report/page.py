"""A case as one HTML page that needs nothing else: to send, to print, to argue over."""

from jinja2 import Environment, PackageLoader, select_autoescape

from workbench.case_report.view import CaseView


def case_page(view: CaseView) -> str:
    """The page. Every text of the data is escaped; only web addresses of evidence are links."""
    environment = Environment(
        loader=PackageLoader("workbench.case_report", "."), autoescape=select_autoescape(("j2",))
    )
    return environment.get_template("page.html.j2").render(view=view)
