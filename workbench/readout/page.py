"""The page: figures in, a PDF of exactly one page out, or the same as a picture."""

import json
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import typst

from workbench.errors import Problem, ReadoutError
from workbench.readout.figures import ReadoutFigures
from workbench.typesetting import typeset

_TOO_LONG: Final = "panicked with: too long by "
_PICTURE_DOTS_PER_INCH: Final = 170


def readout_page(figures: ReadoutFigures) -> bytes:
    """Set the figures on one page, as a tagged PDF (PDF/UA-1) with the fonts of the typesetter.

    The same figures give the same bytes on every platform. Every text reaches the template as
    data, so that no name can act as markup. A letter that is in none of the fonts is shown as ▯,
    and the foot of the page says so.

    Raises ReadoutError when the page would need more than one sheet: by how much, which texts are
    to blame, and how many of their characters are too many.
    """
    return _set(figures)


def readout_picture(figures: ReadoutFigures) -> bytes:
    """The same page as PNG, for a notebook to show. Too long is a ReadoutError, as there.

    It has the fonts of the page on every machine, which letters in an SVG would not.
    """
    return _set(figures, format="png", ppi=_PICTURE_DOTS_PER_INCH)


def _set(figures: ReadoutFigures, **output: Any) -> bytes:
    content = json.loads(json.dumps(asdict(figures), default=str))
    pictures = {f"{name}.svg": content[name].pop("svg") for name in ("trend", "win_rates")}

    def typeset_page(**output: Any) -> bytes:
        return typeset(
            "workbench.readout", content, pictures=pictures, made=figures.read_at, **output
        )

    def fits() -> bool:
        try:
            typeset_page()
        except typst.TypstError:
            return False
        return True

    try:
        return typeset_page(**output)
    except typst.TypstError as error:
        where = f"the readout of {figures.period}"
        if _TOO_LONG not in error.message:
            what = f"the page cannot be set: {error.message}."
            raise ReadoutError([Problem(where, what)]) from None
        over = error.message.partition(_TOO_LONG)[2].strip('"')
        what = f"it does not fit on one page: it is {over} too long."
        raise ReadoutError([Problem(where, what), *_too_long(_texts(content), fits)]) from None


@dataclass(frozen=True)
class _Text:
    """A text of the page that people wrote: where, and its place in the page's content."""

    where: str
    hint: str
    holder: Any
    key: str | int
    said: str


def _texts(content: dict[str, Any]) -> list[_Text]:
    hint = "shorten it in the readout's texts (see docs/readouts.md)."
    texts = [
        _Text(f"'{key}.{number}' of the readout's texts", hint, content[key], number, said)
        for key in ("decisions", "asks", "learned")
        for number, said in enumerate(content[key])
    ]
    hint = "shorten it in the definition's file."
    texts += [
        _Text(f"the {held['role']} rules of the definition, in words", hint, held, "definition",
              held["definition"])
        for held in content["classes"]
    ]  # fmt: skip
    held = content["footer"]
    return [*texts, _Text("title and approvals of the definition", hint, held, 0, held[0])]


def _too_long(texts: list[_Text], fits: Callable[[], bool]) -> list[Problem]:
    """The texts that are longer than they may be for the page to fit, and by how many characters.

    None may be longer than any other: so it is the long ones that are to blame.
    """

    def fits_without(characters: int) -> bool:
        for text in texts:
            text.holder[text.key] = text.said[: longest - characters]
        return fits()

    longest = max(len(text.said) for text in texts)
    most = longest - bisect_left(range(longest), True, key=fits_without)  # noqa: FBT003
    return [
        Problem(
            text.where,
            f"'{text.said[:40]}…' is {len(text.said) - most:,} characters too long "
            f"({len(text.said):,} of at most {most:,}).",
            text.hint,
        )
        for text in texts
        if len(text.said) > most
    ]
