"""The partners of the sample company: who they are, what they bring, under which names."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from workbench.sample import columns, names
from workbench.sample.days import day_number
from workbench.sample.draws import Marks, Numbers, Stream, Topic, Uniforms, position
from workbench.sample.plan import Plan

REGIONS: Final = ("AMER", "EMEA", "APAC")
PARTNER_TYPES: Final = tuple(names.PARTNER_DESCRIPTORS)
TIERS: Final = ("platinum", "gold", "silver", "registered")

# By rank of weight, repeated: every type is among the first seven, every region among the first 3.
_TYPE_BY_RANK = np.array([0, 5, 4, 2, 1, 6, 3, 0, 2, 5, 4, 0, 5, 2, 0, 3, 1, 4, 0, 5])
_REGION_BY_RANK = np.array([0, 1, 0, 2, 1, 0, 0, 1])
_HELPS_BY_RANK = np.array([True, False, True, False, True, False, True, True, False, True])
_HOME_FACTOR = 6


@dataclass(frozen=True)
class Partners:
    """All partners; a partner's position in the arrays is its id's number less one.

    `weight` is how much it brings; `lift` the hundredths of win chance that its early
    involvement adds, 0 for one that only shows up.
    """

    name: list[str]
    stem: list[str]
    rank: Numbers
    partner_type: Numbers
    region: Numbers
    weight: Numbers
    lift: Numbers
    aliases: list[list[str]]
    width: int

    def drawn(self, uniforms: Uniforms, regions: Numbers) -> Numbers:
        """A partner for each row, by weight; those of the row's region are likelier."""
        chosen = np.zeros(len(uniforms), dtype=np.int64)
        for region in range(len(REGIONS)):
            here = regions == region
            edges = np.cumsum(self.weight * np.where(self.region == region, _HOME_FACTOR, 1))
            chosen[here] = position(uniforms[here], edges)
        return chosen

    def ids(self, at: Numbers, known: Marks | None = None) -> pl.Series:
        return columns.ids("PAR-", at + 1, self.width, known)


def partners(plan: Plan) -> Partners:
    """Draw the partners: a few bring most, and some of the big ones only show up."""
    count = plan.partners
    stream = Stream(plan.seed, 0, Topic.COMPANY)
    rank = np.argsort(stream.order(count), kind="stable")
    partner_type = _TYPE_BY_RANK[rank % len(_TYPE_BY_RANK)]
    region = _REGION_BY_RANK[rank % len(_REGION_BY_RANK)]
    helps = _HELPS_BY_RANK[rank % len(_HELPS_BY_RANK)]
    lift = np.where(helps, 10 + stream.below(count, 13), 0)
    word = stream.below(count, 3)
    stems = names.partner_stems(count)
    full = [
        f"{stem} {names.PARTNER_DESCRIPTORS[PARTNER_TYPES[kind]][at]}"
        for stem, kind, at in zip(stems, partner_type.tolist(), word.tolist(), strict=True)
    ]
    has_short, has_old = stream.chance(count, 0.45), stream.chance(count, 0.2)
    aliases = [
        [name + names.LEGAL_FORMS[REGIONS[where]]]
        + ([stem] if short else [])
        + ([f"{stem} Group"] if old else [])
        for name, stem, where, short, old in zip(
            full, stems, region.tolist(), has_short.tolist(), has_old.tolist(), strict=True
        )
    ]
    return Partners(
        name=full,
        stem=stems,
        rank=rank,
        partner_type=partner_type,
        region=region,
        weight=1_000_000 // (rank + 3),
        lift=lift,
        aliases=aliases,
        width=max(3, len(str(count))),
    )


def partners_table(plan: Plan, book: Partners) -> pl.DataFrame:
    """One row per partner."""
    count = plan.partners
    stream = Stream(plan.seed, 1, Topic.COMPANY)
    standing = book.rank * 10 + stream.below(count, count)
    tier = np.searchsorted(
        np.array([count, count * 28 // 10, count * 62 // 10]), standing, side="right"
    )
    parent = np.argsort(book.rank, kind="stable")[book.rank % 7]
    has_parent = (book.rank >= 10) & stream.chance(count, 0.06)
    return pl.DataFrame(
        {
            "partner_id": book.ids(np.arange(count)),
            "name": pl.Series(book.name),
            "partner_type": columns.words(PARTNER_TYPES, book.partner_type),
            "tier": columns.words(TIERS, tier),
            "region": columns.words(REGIONS, book.region),
            "parent_partner_id": book.ids(parent, has_parent),
            "manager": columns.words(names.MANAGERS, stream.below(count, len(names.MANAGERS))),
            "active": pl.Series((book.rank < 8) | ~stream.chance(count, 0.08)),
        }
    )


def partner_aliases_table(book: Partners) -> pl.DataFrame:
    """One row per listed other name; the names of old carry the day they came into the log."""
    rows = [
        (alias, at, alias.endswith(" Group"))
        for at, aliases in enumerate(book.aliases)
        for alias in aliases
    ]
    at = np.array([row[1] for row in rows])
    dated = np.array([row[2] for row in rows])
    since = np.full(len(rows), day_number(date(2021, 2, 1)))
    return pl.DataFrame(
        {
            "alias": pl.Series([row[0] for row in rows]),
            "partner_id": book.ids(at),
            "valid_from": columns.dates(since, dated),
            "valid_to": columns.dates(since, np.zeros(len(rows), dtype=np.bool_)),
        }
    ).sort("alias")


def truth_partners(book: Partners) -> pl.DataFrame:
    """One row per partner: what its early involvement truly adds to the chance to win, 0 to 1."""
    return pl.DataFrame(
        {
            "partner_id": book.ids(np.arange(len(book.name))),
            "truly_helps": pl.Series(book.lift > 0),
            "win_lift": pl.Series(book.lift / 100),
        }
    )
