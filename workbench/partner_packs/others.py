"""Whether a text names a partner other than the one who reads it."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import polars as pl

from workbench.identity import normalised_name
from workbench.readout.formats import printable

# A run of letters and digits; scripts that set no blanks between words are read letter by letter.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


class PartnerNames:
    """What every partner is called: its id, its name and its aliases, with and without legal form.

    A name is found as whole words, whatever stands between them, in any case, with or without
    accents, also run together (`kaldentsupply`) and percent-encoded as in a link. A partner's own
    names, and those of its parents, are not another's; nor is what is only part of such a name.
    """

    def __init__(self, partners: pl.DataFrame, aliases: pl.DataFrame | None) -> None:
        self._bearers: defaultdict[str, set[str]] = defaultdict(set)
        for partner_id, name in _names(partners, aliases):
            if joined := "".join(_words(name)):
                self._bearers[joined].add(partner_id)
        self._longest = max(map(len, self._bearers), default=0)
        self._parents = dict(partners.select("partner_id", "parent_partner_id").iter_rows())
        self._found: dict[str, list[tuple[range, set[str]]]] = {}

    def names_another(self, text: str, partner_id: str) -> bool:
        """Whether a text names any partner but this one and its parents."""
        if text not in self._found:
            self._found[text] = list(self._occurrences(text))
        found = self._found[text]
        own = {partner_id, *self._parents_of(partner_id)}
        own_places = [place for place, bearers in found if own & bearers]
        return any(
            not any(own.start <= place.start and place.stop <= own.stop for own in own_places)
            for place, _ in found
        )

    def _occurrences(self, text: str) -> Iterator[tuple[range, set[str]]]:
        """Which words of a text are a name, and whose."""
        words = _words(text)
        for first in range(len(words)):
            joined = ""
            for last in range(first, len(words)):
                joined += words[last]
                if len(joined) > self._longest:
                    break
                if joined in self._bearers:
                    yield range(first, last + 1), self._bearers[joined]

    def _parents_of(self, partner_id: str) -> set[str]:
        above: set[str] = set()
        parent = self._parents.get(partner_id)
        while parent is not None and parent not in above:
            above.add(parent)
            parent = self._parents.get(parent)
        return above


@dataclass(frozen=True)
class Reader:
    """The partner for whom a pack is: everything in it that comes from data passes here."""

    partner_id: str
    names: PartnerNames

    def shown(self, text: str | None, what: str) -> str:
        """The text with its invisible signs shown; `<what> withheld` where it names another.

        Empty where there is no text.
        """
        if text is None:
            return ""
        if self.names.names_another(text, self.partner_id):
            return self.withheld(what)
        return printable(text)

    def withheld(self, what: str) -> str:
        """What stands in place of a text."""
        return f"{what} withheld"


def _names(partners: pl.DataFrame, aliases: pl.DataFrame | None) -> Iterable[tuple[str, str]]:
    """Every id, name and alias with the partner that bears it, each name also without legal form.

    A link may carry a Salesforce id in its form of 15 characters.
    """
    ids = pl.col("partner_id")
    named = [partners.select(ids, text="name")]
    if aliases is not None:
        named.append(aliases.select(ids, text="alias"))
    names = pl.concat(named)
    short_ids = partners.filter(ids.str.len_chars() == 18).select(ids, text=ids.str.head(15))
    bare = names.select(ids, text=normalised_name(pl.col("text"))).drop_nulls()
    return pl.concat([names, bare, partners.select(ids, text=ids), short_ids]).iter_rows()


def _words(text: str) -> list[str]:
    """The words of a text as they compare: small letters, no accents, nothing invisible."""
    while (plain := unquote(text)) != text:
        text = plain
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (letter for letter in letters if unicodedata.category(letter) not in {"Mn", "Cf"})
    return _WORD.findall("".join(kept))
