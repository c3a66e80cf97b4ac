"""Names that are no partner's, each with the partners that it may mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from workbench.contracts import Contract, Opportunities, PartnerAliases, Partners, Touches
from workbench.identity.decisions import LIST_COLUMNS, AliasDecisions, guarded
from workbench.identity.names import normalised_name

_NEAR: Final = 60  # of 100; below it, names of one trade ("Systems", "Consulting") look alike
_SHOWN: Final = 3
_SUBSET_WEIGHT: Final = 0.9  # "Brindle Germany" holds all words of "Brindle", yet is not the same


def alias_suggestions(tables: Mapping[type[Contract], pl.DataFrame]) -> pl.DataFrame:
    """The names in touches and in the CRM's partner field that are no partner, and who they may be.

    One row per name and suggested partner, at most 3 a name: `alias`, `partner_id`,
    `partner_name`, `score` (0 to 1, of the names without legal form, words in any order), `touches`
    and `opportunities` that carry the name, `rank` from 1. A name that is like no partner has one
    row, without partner, score and rank. The names that most touches carry come first.
    """
    unknown = _unknown_names(tables)
    candidates = _candidates(tables)
    return (
        unknown.join(_scores(unknown["alias"], candidates), on="alias", how="left")
        .join(
            tables[Partners].select("partner_id", partner_name="name"), on="partner_id", how="left"
        )
        .select("alias", "partner_id", "partner_name", "score", "touches", "opportunities", "rank")
        .sort("touches", "opportunities", "alias", "rank", descending=[True, True, False, False])
    )


def write_alias_worklist(
    tables: Mapping[type[Contract], pl.DataFrame], run_folder: Path, *, decisions: Path | None
) -> Path:
    """Write `worklists/partner_aliases.csv` into a run's folder, to be filled in line by line.

    `decisions` is the list that the run was given: its answered lines come first, as they stand, so
    that the new list can take its place, and are not asked again. Cells that a spreadsheet program
    would take for a formula are written with an apostrophe before them.
    """
    suggested = alias_suggestions(tables).with_columns(
        pl.col("score", "touches", "opportunities", "rank").cast(pl.String),
        pl.lit(None, dtype=pl.String).alias("accept"),
    )
    lines = suggested
    if decisions is not None:
        answered = AliasDecisions(decisions).answered()
        still_open = suggested.join(
            answered,
            on=["alias", "partner_id"],
            how="anti",
            nulls_equal=True,
            maintain_order="left",
        )
        lines = pl.concat([answered, still_open])
    path = run_folder / "worklists" / "partner_aliases.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines.select(guarded(pl.col(name)).alias(name) for name in LIST_COLUMNS).write_csv(
        path, include_bom=True
    )
    return path


def _unknown_names(tables: Mapping[type[Contract], pl.DataFrame]) -> pl.DataFrame:
    """One row per name that is no partner's id: `alias`, and how many records carry it."""
    known = tables[Partners].select("partner_id")
    in_touches = _carried(tables[Touches]["partner_id"], known, "touches")
    in_field = _carried(tables[Opportunities]["crm_partner_id"], known, "opportunities")
    return in_touches.join(in_field, on="alias", how="full", coalesce=True).with_columns(
        pl.col("touches", "opportunities").fill_null(0)
    )


def _carried(names: pl.Series, known: pl.DataFrame, count: str) -> pl.DataFrame:
    return (
        names.drop_nulls()
        .value_counts(name=count)
        .join(known, left_on=names.name, right_on="partner_id", how="anti")
        .select(pl.col(names.name).alias("alias"), pl.col(count).cast(pl.Int64))
    )


def _candidates(tables: Mapping[type[Contract], pl.DataFrame]) -> pl.DataFrame:
    """Every name that a partner is known by: `partner_id`, `key` as it compares."""
    own = tables[Partners].select("partner_id", "name")
    others = tables.get(PartnerAliases, PartnerAliases.empty()).select("partner_id", name="alias")
    return (
        pl.concat([own, others.join(own, on="partner_id", how="semi")])
        .select("partner_id", key=normalised_name(pl.col("name")))
        .drop_nulls()
        .unique()
        .sort("partner_id", "key")
    )


def _scores(names: pl.Series, candidates: pl.DataFrame) -> pl.DataFrame:
    """The best partners of each name: `alias`, `partner_id`, `score`, `rank`."""
    aliases = pl.DataFrame({"alias": names}).select(
        "alias", key=normalised_name(pl.col("alias")).fill_null("")
    )
    queries, choices = aliases["key"].to_list(), candidates["key"].to_list()
    likeness = np.maximum(
        process.cdist(queries, choices, scorer=fuzz.token_sort_ratio, workers=-1),
        process.cdist(
            queries,
            choices,
            scorer=fuzz.token_set_ratio,
            score_multiplier=_SUBSET_WEIGHT,
            workers=-1,
        ),
    )
    row, column = np.nonzero(likeness >= _NEAR)
    return (
        pl.DataFrame(
            {
                "alias": aliases["alias"].gather(row),
                "partner_id": candidates["partner_id"].gather(column),
                "score": pl.Series(likeness[row, column], dtype=pl.Float64) / 100,
            }
        )
        .group_by("alias", "partner_id")
        .agg(pl.col("score").max().round(2))
        .sort("alias", "score", "partner_id", descending=[False, True, False])
        .with_columns(pl.int_range(1, pl.len() + 1).over("alias").cast(pl.Int64).alias("rank"))
        .filter(pl.col("rank") <= _SHOWN)
    )
