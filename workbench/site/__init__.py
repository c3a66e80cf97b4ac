"""The shell of every page of the site: one look, nothing fetched, all that is shown escaped."""

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape


def page(package: str, template: str = "page.html.j2", /, **shown: Any) -> str:
    """A template of a package, which extends `shell.html.j2`, as one HTML page.

    Values reach the page escaped, except those that are Markup already.
    """
    return _environment(package).get_template(template).render(**shown)


@cache  # a template is compiled once, however many pages are made of it
def _environment(package: str) -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("workbench.site", ".")]),
        autoescape=select_autoescape(("j2",)),
        undefined=StrictUndefined,
    )


__all__ = ["page"]
