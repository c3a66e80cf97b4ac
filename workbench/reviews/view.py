"""What a review shows, as plain data, and the page that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from markupsafe import Markup

from workbench.charts import chart_svg
from workbench.charts.theme import AnyChart
from workbench.definitions import Definition
from workbench.params import RunParams
from workbench.readout import formats
from workbench.site import page

ROWS_SHOWN: Final = 20


Rows = tuple[tuple["Cell", ...], ...]


@dataclass(frozen=True)
class Cell:
    """One cell: a text that may lead somewhere, and a quieter one below it that may too."""

    text: str
    href: str = ""
    note: str = ""
    note_href: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: its first column names the row, those from `figures_from` on are numbers.

    `more` says where the rows are that are not shown.
    """

    title: str
    columns: tuple[str, ...]
    rows: Rows
    figures_from: int
    more: str = ""


@dataclass(frozen=True)
class Section:
    """A heading, what is said below it, and the tables and the chart, as SVG, behind that."""

    title: str
    says: tuple[str, ...]
    grids: tuple[Grid, ...] = ()
    picture: Markup | None = None


@dataclass(frozen=True)
class Review:
    """One page: every number is formatted and every sentence whole."""

    title: str
    about: tuple[str, ...]
    is_draft: bool
    sections: tuple[Section, ...]
    made: tuple[str, ...]


def review_page(review: Review) -> str:
    """The page. Every text of the data is escaped; only web addresses are links out of the site."""
    return page("workbench.reviews", review=review)


def picture(chart: AnyChart) -> Markup:
    """The chart as SVG that carries its own words; the texts in it are escaped."""
    return Markup(chart_svg(chart))  # noqa: S704


def shown(cells: Sequence[tuple[Cell, ...]], *, where: str) -> tuple[Rows, str]:
    """The first rows of a list, and where the others are: `and 12 more in tables/touches`."""
    more = len(cells) - ROWS_SHOWN
    return tuple(cells[:ROWS_SHOWN]), f"and {more:,} more in {where}" if more > 0 else ""


def definition_in_a_line(definition: Definition) -> str:
    """Which definition decided, and whether anyone has agreed to it."""
    named = f"Definition {definition.id}, version {definition.version}: {definition.title}."
    return formats.printable(f"{named} {definition.status_in_words}")


def made_in_a_line(params: RunParams, *, run_id: str) -> str:
    """From what the page was made."""
    read_at = formats.instant(params.read_at.astimezone(UTC))
    return f"Days in {params.timezone}; sources read {read_at}. Run {formats.printable(run_id)}."
