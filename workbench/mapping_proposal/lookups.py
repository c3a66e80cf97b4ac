"""Files that explain a column of another file: stages by their id, companies by theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from workbench.mapping_proposal.fits import ENOUGH, share_true
from workbench.mapping_proposal.looks import FileLook
from workbench.mapping_proposal.names import plain, tokens

_KEY_WORDS: Final = ("id", "key", "code")
_SOME: Final = 0.5  # columns of one name explain each other even where keys are missing


@dataclass(frozen=True)
class LookupDraft:
    """A file joined by one column: `own` of the part's file, `theirs` of this one."""

    file: str
    own: str
    theirs: str


def lookups_of(look: FileLook, looks: Sequence[FileLook]) -> dict[str, LookupDraft]:
    """The files in which values of a column of `look` stand once each, by a name for each."""
    found: dict[str, LookupDraft] = {}
    for other in looks:
        if other.name == look.name:
            continue
        pairs = [
            (own, theirs)
            for own in look.rows.columns
            for theirs in other.rows.columns
            if _explains(look.rows[own], other.rows[theirs])
        ]
        for own, theirs in pairs[:1]:
            found[_name(own, taken=found)] = LookupDraft(other.name, own, theirs)
    return found


def joined(
    look: FileLook, lookups: Mapping[str, LookupDraft], looks: Sequence[FileLook]
) -> pl.DataFrame:
    """The rows of a file with the columns of its look-ups, `<lookup>.<column>`."""
    rows = look.rows
    by_name = {other.name: other.rows for other in looks}
    for name, lookup in lookups.items():
        other = by_name[lookup.file].unique(lookup.theirs, keep="first", maintain_order=True)
        other = other.select(pl.all().name.prefix(f"{name}."))
        rows = rows.with_columns(pl.col(lookup.own).alias("__key")).join(
            other.with_columns(pl.col(f"{name}.{lookup.theirs}").alias("__key")),
            on="__key",
            how="left",
            maintain_order="left",
        )
        rows = rows.drop("__key")
    return rows


def _explains(own: pl.Series, theirs: pl.Series) -> bool:
    """Whether `theirs` is a key that `own` points at: alike in name, and holding its values."""
    mine, other = plain(own.name), plain(theirs.name)
    if mine == "id" or not mine.endswith(other) or not other.endswith(_KEY_WORDS):
        return False
    keys = theirs.drop_nulls()
    if keys.is_empty() or keys.n_unique() < len(theirs):
        return False
    values = own.drop_nulls().unique()
    enough = _SOME if mine == other else ENOUGH
    return len(values) > 0 and share_true(values.is_in(keys.implode())) >= enough


def _name(own: str, *, taken: Mapping[str, LookupDraft]) -> str:
    """A short name for what a column points at: the last word of its own that is not `id`."""
    words = [word for word in tokens(own) if word not in _KEY_WORDS] or ["other"]
    return words[-1] if words[-1] not in taken else f"{words[-1]}{len(taken) + 1}"
