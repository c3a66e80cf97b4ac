"""The shell of every page of the site: one look, nothing fetched, all that is shown escaped."""

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape


def page(package: str, **shown: Any) -> str:
    """The template `page.html.j2` of a package, which extends `shell.html.j2`, as one HTML page.

    Values reach the page escaped, except those that are Markup already.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("workbench.site", ".")]),
        autoescape=select_autoescape(("j2",)),
        undefined=StrictUndefined,
    )
    return environment.get_template("page.html.j2").render(**shown)


__all__ = ["page"]
