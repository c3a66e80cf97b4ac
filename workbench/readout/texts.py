"""What people write for the page: decisions, asks, and what was learned."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator

from workbench.documents import Document, read_document
from workbench.readout.formats import printable
from workbench.typesetting import missing_letters

MOST_TEXTS: Final = 4
LONGEST_TEXT: Final = 200


def _fits(text: str) -> str:
    text = text.strip()
    start = f"'{text[:40]}…'"
    if not text:
        raise ValueError("the text is empty.\nwrite one, or take the line out.")
    if "\n" in text:
        raise ValueError(f"{start} holds a line break.\nwrite it as one paragraph.")
    if (over := len(text) - LONGEST_TEXT) > 0:
        raise ValueError(
            f"{start} is {over} characters too long ({len(text)} of at most {LONGEST_TEXT}).\n"
            "say it shorter: the page has room for a sentence or two."
        )
    if missing := missing_letters(printable(text)):
        raise ValueError(
            f"{start} has letters that the fonts of the page lack: {', '.join(missing[:10])}.\n"
            "write it in Latin, Greek, Cyrillic, Hebrew or Arabic letters."
        )
    return text


def _few(texts: tuple[str, ...]) -> tuple[str, ...]:
    if (over := len(texts) - MOST_TEXTS) > 0:
        extra = f"is {over} text" if over == 1 else f"are {over} texts"
        raise ValueError(
            f"there {extra} too many ({len(texts)} of at most {MOST_TEXTS}).\n"
            "keep those that the reader must know."
        )
    return texts


Text = Annotated[str, AfterValidator(_fits)]
Texts = Annotated[tuple[Text, ...], AfterValidator(_few)]


class ReadoutTexts(Document):
    """One file a period. A list may be empty, and then the page says so; none may be left out."""

    decisions: Texts
    asks: Texts
    learned: Texts


def read_readout_texts(path: Path) -> ReadoutTexts:
    """Read the texts of a readout.

    Raises ParameterError that names every text that is too long, and by how many characters, or
    that has letters which the page cannot print.
    """
    return read_document(path, ReadoutTexts)
