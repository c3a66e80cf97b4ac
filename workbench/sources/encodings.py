"""The text of a file, whatever its encoding."""

import codecs
from pathlib import Path
from typing import IO, Final

from workbench.errors import Problem, SourceError

_BYTE_ORDER_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What programs on Windows and on older Macs write; each is tried on a file that is not UTF-8.
_USUAL: Final = ("cp1252", "mac-roman")
_UTF8: Final = {"utf-8", "utf-8-sig"}
_BLOCK: Final = 1 << 20
_SHOWN: Final = 40


def encoding_of(path: Path, declared: str | None) -> str:
    """The encoding that the mapping declares, else that of a byte order mark, else UTF-8."""
    if declared is not None and codecs.lookup(declared).name not in _UTF8:
        return declared
    with path.open("rb") as file:
        start = file.read(4)
    return next(
        (name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8"
    )


def open_text(path: Path, encoding: str) -> IO[str]:
    """The file open for reading, its line breaks as they stand."""
    return path.open(encoding=encoding, newline="")


def must_decode(path: Path, encoding: str) -> None:
    """Raises SourceError with the first line that cannot be read in this encoding."""
    if not _decodes(path, encoding):
        raise SourceError([_undecodable(path, encoding)])


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with open_text(path, encoding) as file:
            while file.read(_BLOCK):
                pass
    except UnicodeError:
        return False
    return True


def _undecodable(path: Path, encoding: str) -> Problem:
    """What is wrong, and the encoding in which the file would make sense."""
    name = "UTF-8" if encoding in _UTF8 else encoding
    number, line = _first_undecodable_line(path, encoding)
    what = f"is not text in {name}, first in line {number}."
    for other in _USUAL:
        if other != encoding and _decodes(path, other):
            text = line.decode(other, errors="replace").strip()
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            hint = f"with 'encoding: {other}' under 'files' of the mapping that line is '{shown}'"
            return Problem(str(path), what, f"{hint}; or save the file as 'CSV UTF-8'.")
    return Problem(str(path), what, "save the file as 'CSV UTF-8'.")


def _first_undecodable_line(path: Path, encoding: str) -> tuple[int, bytes]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number, line
    return 1, b""  # an encoding of several bytes a character, whose lines end in the middle of one


def as_utf8(path: Path, encoding: str, into: Path) -> Path:
    """The file itself where it is UTF-8, else a copy in UTF-8, written into the folder `into`.

    Raises SourceError with the first line that cannot be read in this encoding.
    """
    if encoding in _UTF8:
        return path
    copy = into / "utf-8.txt"
    must_decode(path, encoding)
    with open_text(path, encoding) as text, copy.open("w", encoding="utf-8", newline="") as file:
        while block := text.read(_BLOCK):
            file.write(block)
    return copy
