"""The page: figures in, a PDF of exactly one page out, or the same as a picture."""

import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import typst

from workbench.errors import Problem, ReadoutError
from workbench.readout.figures import ReadoutFigures
from workbench.readout.letters import STAND_IN, missing_letters

_TOO_LONG = "panicked with: too long by "
_HINT = "shorten the decisions, asks or learnings (see docs/readouts.md)."
_STAND_INS = f"{STAND_IN} stands for a letter that the page's fonts lack; the site shows it."
_PICTURE_DOTS_PER_INCH = 170


def readout_page(figures: ReadoutFigures) -> bytes:
    """Set the figures on one page, as a tagged PDF (PDF/UA-1) with the fonts of the typesetter.

    The same figures give the same bytes on every platform. Every text reaches the template as
    data, so that no name can act as markup. A letter that is in none of the fonts is shown as ▯,
    and the foot of the page says so.

    Raises ReadoutError when the page would need more than one sheet.
    """
    return _set(figures, format="pdf", pdf_standards="ua-1")


def readout_picture(figures: ReadoutFigures) -> bytes:
    """The same page as PNG, for a notebook to show. Too long is a ReadoutError, as there.

    It has the fonts of the page on every machine, which letters in an SVG would not.
    """
    return _set(figures, format="png", ppi=_PICTURE_DOTS_PER_INCH)


def _set(figures: ReadoutFigures, **output: Any) -> bytes:
    content, has_stand_ins = _with_known_letters(asdict(figures))
    if has_stand_ins:
        content["footer"] = [*content["footer"], _STAND_INS]
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


def _with_known_letters(content: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The content as the page's fonts can show it, and whether a letter had to be replaced."""
    said = json.dumps(content, ensure_ascii=False, default=str)
    shown = {ord(letter): STAND_IN for letter in missing_letters(said)}
    return _translated(content, shown), bool(shown)


def _translated(part: Any, shown: dict[int, str]) -> Any:
    """Every text inside a part of the content, with the letters of `shown` replaced."""
    if isinstance(part, str):
        return part.translate(shown)
    if isinstance(part, dict):
        return {key: _translated(value, shown) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_translated(value, shown) for value in part]
    return part


def _problem(error: typst.TypstError, figures: ReadoutFigures) -> Problem:
    where = f"the readout of {figures.period}"
    if _TOO_LONG in error.message:
        over = error.message.partition(_TOO_LONG)[2].strip('"')
        return Problem(where, f"it does not fit on one page: it is {over} too long.", _HINT)
    return Problem(where, f"the page cannot be set: {error.message}.")
