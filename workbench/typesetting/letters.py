"""Which letters the page can print: those of the typesetter's own fonts, alike on every machine."""

from functools import cache
from typing import Any, Final

import typst

STAND_IN: Final = "▯"
_PROBE: Final = b'#set document(title: "probe")\n#sys.inputs.letter'


def missing_letters(text: str) -> str:
    """The letters of a text that the page's fonts lack, each once, in the order of the text."""
    return "".join(letter for letter in dict.fromkeys(text) if not _is_in_a_font(letter))


@cache
def _is_in_a_font(letter: str) -> bool:
    """Whether the typesetter can show a letter: PDF/UA refuses one that no font has."""
    if letter.isascii():
        return True
    probe: Any = {"main.typ": _PROBE}
    given = {"letter": letter}
    try:
        typst.compile(
            probe, sys_inputs=given, ignore_system_fonts=True, format="pdf", pdf_standards="ua-1"
        )
    except typst.TypstError:
        return False
    return True
