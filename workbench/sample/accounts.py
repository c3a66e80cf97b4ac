"""The accounts of one block, the few that were merged, and who could reach them."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.sample import columns, names
from workbench.sample.days import FIRST, LAST, day_number, instant
from workbench.sample.draws import Marks, Numbers, Stream, Topic
from workbench.sample.partners import REGIONS, Partners
from workbench.sample.plan import Plan

SEGMENTS: Final = ("small business", "mid-market", "enterprise")
CURRENCIES: Final = ("USD", "EUR", "GBP")
PATHS: Final = ("customer_overlap", "opportunity_overlap", "relationship")
PREFERRED = 3  # partners that know an account

# Merged account, by count from the last real one; the survivor, by rank of busyness, or the
# merged account that survived it for a while; the day.
MERGES = (
    (1, None, 0, date(2025, 3, 17)),
    (2, 1, 0, date(2024, 6, 10)),
    (3, None, 1, date(2025, 9, 22)),
    (4, None, 2, date(2026, 2, 5)),
    (5, None, 3, date(2026, 7, 14)),
)


@dataclass(frozen=True)
class Accounts:
    """One block's accounts; `number` is the id's number, `by_busyness` the positions, most first.

    `preferred` holds, for each account, the positions of the partners that know it.
    """

    number: Numbers
    region: Numbers
    segment: Numbers
    currency: Numbers
    industry: Numbers
    word: Numbers
    owner: Numbers
    is_customer: Marks
    by_busyness: Numbers
    preferred: npt.NDArray[np.int64]

    def names(self) -> pl.Series:
        descriptor = columns.words(
            names.DESCRIPTORS, self.industry * names.PER_INDUSTRY + self.word
        )
        return names.account_stems(self.number - 1) + " " + descriptor


def accounts(plan: Plan, block: int, book: Partners) -> Accounts:
    """Draw the accounts of one block."""
    first, count = plan.share(plan.accounts, block)
    stream = Stream(plan.seed, block, Topic.ACCOUNTS)
    region = stream.choice(count, (52, 32, 16))
    european = np.where(stream.chance(count, 0.66), 1, 2)
    return Accounts(
        number=np.arange(first + 1, first + count + 1),
        region=region,
        segment=stream.choice(count, (40, 37, 23)),
        currency=np.where(REGIONS.index("EMEA") == region, european, 0),
        industry=stream.choice(count, (17, 14, 13, 14, 12, 10, 11, 9)),
        word=stream.below(count, names.PER_INDUSTRY),
        owner=stream.below(count, len(names.SELLERS)),
        is_customer=stream.chance(count, 0.35),
        by_busyness=stream.order(count),
        preferred=np.stack(
            [book.drawn(stream.uniforms(count), region) for _ in range(PREFERRED)], axis=1
        ),
    )


def account_ids(plan: Plan, numbers: Numbers, known: Marks | None = None) -> pl.Series:
    return columns.ids("ACC-", numbers, plan.width(plan.accounts + len(MERGES)), known)


def accounts_table(plan: Plan, block: int, book: Accounts) -> pl.DataFrame:
    """One row per account of the block."""
    count = len(book.number)
    stream = Stream(plan.seed, block, Topic.PATHS)
    has_parent = stream.chance(count, 0.05) & (book.number > book.number[0])
    parent = book.number[0] + stream.below(count, np.arange(count))
    name = book.names()
    domain = name.str.to_lowercase().str.replace_all(" ", "-", literal=True) + ".example"
    return pl.DataFrame(
        {
            "account_id": account_ids(plan, book.number),
            "name": name,
            "parent_account_id": account_ids(plan, parent, has_parent),
            "domain": columns.only(domain, ~stream.chance(count, 0.02)),
            "segment": columns.words(SEGMENTS, book.segment),
            "industry": columns.words(names.INDUSTRY_NAMES, book.industry),
            "region": columns.words(REGIONS, book.region),
            "is_target": pl.Series(stream.chance(count, np.array([0.12, 0.3, 0.6])[book.segment])),
            "owner": columns.words(names.SELLERS, book.owner),
        }
    )


@dataclass(frozen=True)
class Merges:
    """The few merged accounts: all numbers are those of ids, the last survivor included."""

    merged: Numbers
    surviving: Numbers
    last: Numbers
    merged_at: Numbers


def merges(plan: Plan, book: Accounts) -> Merges:
    """The accounts that were merged into the busiest ones of the first block."""
    busiest = book.number[book.by_busyness]
    last = [int(busiest[rank % len(busiest)]) for _, _, rank, _ in MERGES]
    return Merges(
        merged=np.array([plan.accounts + at for at, _, _, _ in MERGES]),
        surviving=np.array(
            [
                survivor if into is None else plan.accounts + into
                for (_, into, _, _), survivor in zip(MERGES, last, strict=True)
            ]
        ),
        last=np.array(last),
        merged_at=instant(
            np.array([day_number(day) for _, _, _, day in MERGES]),
            np.full(len(MERGES), 11 * 3_600),
        ),
    )


def account_merges_table(plan: Plan, merged: Merges) -> pl.DataFrame:
    """One row per merged account; two of them form a chain."""
    return pl.DataFrame(
        {
            "merged_account_id": account_ids(plan, merged.merged),
            "surviving_account_id": account_ids(plan, merged.surviving),
            "merged_at": columns.instants(merged.merged_at),
        }
    )


def account_paths_table(plan: Plan, block: int, book: Accounts, partners: Partners) -> pl.DataFrame:
    """One row per account, partner and way in which the partner could reach the account."""
    count = len(book.number)
    stream = Stream(plan.seed, block + plan.blocks, Topic.PATHS)
    frames = []
    for column, chance in enumerate((0.62, 0.4, 0.22)):
        seen = stream.chance(count, chance)
        path = stream.choice(count, (50, 28, 22))
        day = FIRST + stream.below(count, LAST - FIRST + 1)
        observed_at = instant(day, stream.below(count, 36_000) + 8 * 3_600)
        at = np.flatnonzero(seen)
        partner = book.preferred[:, column]
        with_evidence = stream.chance(count, 0.64)
        account = account_ids(plan, book.number)
        partner_id = partners.ids(partner)
        link = "https://evidence.example/paths/" + account + "-" + partner_id
        frames.append(
            pl.DataFrame(
                {
                    "account_id": account,
                    "partner_id": partner_id,
                    "path": columns.words(PATHS, path),
                    "observed_at": columns.instants(observed_at),
                    "evidence_url": columns.only(link, with_evidence),
                }
            )[at]
        )
    key = ["account_id", "partner_id", "path"]
    return pl.concat(frames).unique(key, keep="first", maintain_order=True).sort(key)
