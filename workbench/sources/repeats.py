"""What is wrong between rows of a table: the same twice, two with one key, merges in a circle."""

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from workbench.contracts import AccountMerges, Contract, OpportunityMerges
from workbench.identity import merges_in_a_circle
from workbench.sources.combine import combined, disagreements
from workbench.sources.faults import faults_of
from workbench.sources.mapping import Combination, table_key
from workbench.sources.parts import FAULTS
from workbench.sources.rows import TableRows

DUPLICATE: Final = "duplicate row"
_MERGES: Final[Mapping[type[Contract], str]] = {
    AccountMerges: "account_id",
    OpportunityMerges: "opportunity_id",
}


def all_faults(rows: TableRows, *, combine: Mapping[str, Combination] | None) -> pl.DataFrame:
    """Every fault of every row, alone and between rows; a row without any is accepted.

    A row that the mapping excludes takes no part in judging others.
    """
    found = [rows.faults, _circles(rows), _repetitions(rows, combine=combine)]
    if combine is not None:
        found.append(_line_faults(rows, pl.concat(found), rules=combine))
    return pl.concat(found)


def accepted(
    rows: TableRows, faults: pl.DataFrame, *, combine: Mapping[str, Combination] | None
) -> Iterator[pl.DataFrame]:
    """The rows without a fault, lines of one key combined, in batches of ascending keys."""
    rejected = faults.select(pl.col("index").unique())
    for bucket in rows.buckets():
        kept = bucket.join(rejected, on="index", how="anti").drop("index")
        if combine is not None:
            kept = combined(kept, contract=rows.contract, rules=combine)
        yield kept


def merged_away(rows: TableRows, survivors: pl.DataFrame) -> pl.DataFrame:
    """The opportunities that were merged into another, which are none any more."""
    found = [keys.join(survivors, on="opportunity_id") for keys in rows.buckets("opportunity_id")]
    return faults_of(pl.concat(found), "merged into " + pl.col("surviving_opportunity_id"))


def _circles(rows: TableRows) -> pl.DataFrame:
    """Merges that lead back to where they began."""
    if rows.contract not in _MERGES:
        return pl.DataFrame(schema=FAULTS)
    record = _MERGES[rows.contract]
    merged = pl.col(f"merged_{record}")
    merges = pl.concat(rows.buckets()).sort("index")
    merges = merges.filter(merged != pl.col(f"surviving_{record}"))
    circle = merges_in_a_circle(merges.unique(f"merged_{record}", keep="none"), record)
    return faults_of(merges.filter(merged.is_in(circle.implode())), "merge goes in a circle")


def _repetitions(rows: TableRows, *, combine: Mapping[str, Combination] | None) -> pl.DataFrame:
    """Rows that stand again as read, all but one of each; and rows of one key that differ.

    Where lines of a key are combined they may differ. A table without a key has no rows that
    differ: only the same row again is too much.
    """
    key = table_key(rows.contract)
    by = key or list(rows.contract.dtypes())
    keys = pl.concat(_repeated(keys, by) for keys in rows.buckets(*by))
    keys = keys.drop_nulls(key) if key else keys.join(rows.unread, on="index", how="anti")
    keys = keys.sort("index")
    if keys.is_empty():
        return pl.DataFrame(schema=FAULTS)
    content = rows.as_read(keys["index"])["row"] if key else pl.lit("")
    keys = keys.with_columns(content.alias("row"))
    again = pl.when(~pl.struct(*by, "row").is_first_distinct()).then(pl.lit(DUPLICATE))
    differ = (pl.col("row").n_unique().over(by) > 1) & (combine is None)
    count = pl.len().over(by).cast(pl.String)
    text = f"{', '.join(key)}: stands in " + count + " rows that differ"
    said = pl.when(differ).then(text).otherwise(again)
    return faults_of(keys, said).drop_nulls("reason")


def _repeated(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    values = rows[by[0]] if len(by) == 1 else rows.select(by)
    return rows.filter(values.is_duplicated())


def _line_faults(
    rows: TableRows, faults: pl.DataFrame, *, rules: Mapping[str, Combination]
) -> pl.DataFrame:
    """Lines of one key that do not agree, and lines that lost one they belong with."""
    key = table_key(rows.contract)
    named = ", ".join(key)
    again = faults.filter(pl.col("reason") == DUPLICATE)
    found = [pl.DataFrame(schema=FAULTS)]
    for bucket in rows.buckets():
        lines = bucket.join(again, on="index", how="anti").drop_nulls(key)
        lines = lines.filter(pl.struct(key).is_duplicated())
        faulty = lines.join(faults, on="index", how="semi")
        bereft = lines.join(faulty, on=key, how="semi").join(faulty, on="index", how="anti")
        found.append(faults_of(bereft, f"another line of this {named} is rejected"))
        differing = disagreements(lines, contract=rows.contract, rules=rules)
        found += [
            faults_of(lines.filter(mask), f"{column}: differs between lines of one {named}")
            for column, mask in differing.items()
        ]
    return pl.concat(found)
