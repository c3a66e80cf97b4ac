"""A template of a package, filled with data and set."""

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import typst

from workbench.typesetting.letters import STAND_IN, missing_letters

_STAND_INS: Final = f"{STAND_IN} stands for a letter that the page's fonts lack; the site shows it."


def typeset(
    package: str,
    content: Mapping[str, Any],
    *,
    pictures: Mapping[str, str],
    made: datetime,
    **output: Any,
) -> bytes:
    """The template `page.typ` of a package, set with `content`; a PDF/UA-1 unless `output` differs.

    The template reads the content from `figures.json` and may import `style.typ`. `pictures` are
    SVG texts by file name. A letter that is in none of the fonts is shown as ▯, and a sentence that
    says so is added to the list `footer` of the content. The same content, made at the same
    instant, gives the same bytes on every platform.

    Raises typst.TypstError where the template panics or cannot be set.
    """
    shown = _with_known_letters(dict(content))
    sheet: Any = {  # the wheel takes virtual files, which its type stub does not know
        "main.typ": files(package).joinpath("page.typ").read_bytes(),
        "style.typ": files(__package__).joinpath("style.typ").read_bytes(),
        "figures.json": json.dumps(shown, default=str).encode(),
        **{name: svg.encode() for name, svg in pictures.items()},
    }
    as_pdf = {"format": "pdf", "pdf_standards": "ua-1"}
    return bytes(
        typst.compile(
            sheet,
            ignore_system_fonts=True,
            timestamp=int(made.timestamp()),
            **(output or as_pdf),
        )
    )


def _with_known_letters(content: dict[str, Any]) -> dict[str, Any]:
    """The content as the page's fonts can show it."""
    said = json.dumps(content, ensure_ascii=False, default=str)
    stand_ins = {ord(letter): STAND_IN for letter in missing_letters(said)}
    if not stand_ins:
        return content
    shown = _translated(content, stand_ins)
    return {**shown, "footer": [*shown["footer"], _STAND_INS]}


def _translated(part: Any, stand_ins: Mapping[int, str]) -> Any:
    """Every text inside a part of the content, with the letters of `stand_ins` replaced."""
    if isinstance(part, str):
        return part.translate(stand_ins)
    if isinstance(part, dict):
        return {key: _translated(value, stand_ins) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_translated(value, stand_ins) for value in part]
    return part
