"""A comparison as text for the terminal."""

from collections.abc import Iterable

from workbench.attribution.comparison import Comparison
from workbench.comparison_report.view import Grid, Side, comparison_view


def comparison_text(comparison: Comparison, *, currency: str) -> str:
    """The comparison as aligned text: totals, moves, and what makes the difference."""
    view = comparison_view(comparison, currency=currency)
    parts = [view.basis, *view.notes, "", *_lines(view.totals)]
    for side in view.sides:
        parts += ["", *_side(side)]
    return "\n".join(parts)


def _side(side: Side) -> Iterable[str]:
    for grid in side.matrices:
        yield from (*_lines(grid), "")
    yield side.difference
    for swing in side.swings:
        yield f"  {swing.opportunity_id}  {swing.change}  {swing.before} -> {swing.after}"
        for definition_id, sentence in swing.says:
            yield f"    {definition_id}: {sentence}"


def _lines(grid: Grid) -> list[str]:
    """The title and the rows, words to the left and figures to the right."""
    rows = [grid.columns, *grid.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(grid.columns))]

    def line(row: tuple[str, ...]) -> str:
        cells = [
            cell.ljust(width) if place < grid.word_columns else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"  {'  '.join(cells)}".rstrip()

    return [grid.title, *(line(row) for row in rows)]
