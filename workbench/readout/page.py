"""The page: figures in, a PDF of exactly one page out, or the same as a picture."""

import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import typst

from workbench.errors import Problem, ReadoutError
from workbench.readout.figures import ReadoutFigures

_TOO_LONG = "panicked with: too long by "
_HINT = "shorten the decisions, asks or learnings (see docs/readouts.md)."


def readout_page(figures: ReadoutFigures) -> bytes:
    """Set the figures on one page, as a tagged PDF (PDF/UA-1) with the fonts of the typesetter.

    The same figures give the same bytes on every platform. Every text reaches the template as
    data, so that no name can act as markup.

    Raises ReadoutError when the page would need more than one sheet, or when a letter of a text is
    in none of the fonts.
    """
    return _set(figures, format="pdf", pdf_standards="ua-1")


def readout_picture(figures: ReadoutFigures) -> str:
    """The same page as SVG, for a notebook to show. Too long is a ReadoutError, as there."""
    return _set(figures, format="svg").decode()


def _set(figures: ReadoutFigures, **output: Any) -> bytes:
    content = asdict(figures)
    sheet: Any = {  # the wheel takes virtual files, which its type stub does not know
        "main.typ": files("workbench.readout").joinpath("page.typ").read_bytes(),
        "trend.svg": content["trend"].pop("svg").encode(),
        "win_rates.svg": content["win_rates"].pop("svg").encode(),
        "figures.json": json.dumps({**content, "read_at": figures.read_at.isoformat()}).encode(),
    }
    made = int(figures.read_at.timestamp())
    try:
        return bytes(typst.compile(sheet, ignore_system_fonts=True, timestamp=made, **output))
    except typst.TypstError as error:
        raise ReadoutError([_problem(error, figures)]) from None


def _problem(error: typst.TypstError, figures: ReadoutFigures) -> Problem:
    where = f"the readout of {figures.period}"
    if _TOO_LONG in error.message:
        over = error.message.partition(_TOO_LONG)[2].strip('"')
        return Problem(where, f"it does not fit on one page: it is {over} too long.", _HINT)
    if "could not be displayed" in error.message:
        letter = error.message.partition("the text ")[2].partition(" could not")[0].strip('`"')
        return Problem(
            where,
            f"the fonts of the page have no '{letter}'.",
            "write it in Latin, Greek, Cyrillic or Hebrew letters.",
        )
    return Problem(where, f"the page cannot be set: {error.message}.")
