"""Names of files for owners, that every file system takes."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

LONGEST_NAME: Final = 50  # letters; 4 bytes each at most, of the 255 that a name may have
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
)


def file_names(owners: Iterable[str], *, taken: Iterable[str]) -> dict[str, str]:
    """One name for each owner, without its ending: `Maria W.` is `maria-w`.

    Letters and digits of any script stay, in lower case; a run of anything else is one hyphen. A
    name that would be empty, is one of those `taken`, belongs to a device of Windows, or would
    serve two owners, ends in the first letters of the owner's SHA-256.
    """
    plain = {owner: _plain(owner) for owner in owners}
    uses = Counter(plain.values())
    refused = {"", *taken, *_DEVICES}
    return {
        owner: _marked(name, owner) if name in refused or uses[name] > 1 else name
        for owner, name in plain.items()
    }


def _plain(owner: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", owner).casefold())
    kept = (letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in folded)
    return "-".join("".join(kept).split())[:LONGEST_NAME].strip("-")


def _marked(name: str, owner: str) -> str:
    return f"{name or 'owner'}-{sha256(owner.encode()).hexdigest()[:8]}"
