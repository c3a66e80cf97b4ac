"""The words that sentences about a definition are made of."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

# Where the word of the closed list, with blanks for its underscores, is not what people say.
_KINDS: Final = {
    "overlap_detected": "detected overlap",
    "intro_requested": "requested introduction",
    "deal_room_created": "new deal room",
    "co_sell": "co-sell",
    "crm_tag": "CRM tag",
}


def kind_in_words(kind: str) -> str:
    """A touch type or an opportunity type as people say it."""
    return _KINDS.get(kind, kind.replace("_", " "))


def with_article(words: str) -> str:
    """`an introduction`, `a referral`."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def alternatives(kinds: Iterable[str]) -> str:
    """`a referral, resale or champion`."""
    words = [kind_in_words(kind) for kind in kinds]
    return with_article(f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0])


def conjunction(words: Sequence[str]) -> str:
    """`one, another and a third`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def day_in_words(day: date) -> str:
    """`9 June 2025`."""
    return f"{day.day} {day:%B} {day.year}"
