"""What is wrong with each row of a table: all of it at once, said so that a person can mend it.

A fault is a row of a frame with the columns of `FAULTS`: `index` into the table's rows, `column`
(empty when the fault lies in the whole row) and `reason`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from workbench.contracts import AccountMerges, Contract
from workbench.errors import ContractError
from workbench.identity import merges_in_a_circle
from workbench.sources.combine import disagreements
from workbench.sources.mapping import Combination, table_key
from workbench.sources.parts import FAULTS, PartRows
from workbench.tables import WHOLE_TABLE, breaches

DUPLICATE: Final = "duplicate row"
_UNIQUENESS: Final = ("field_uniqueness", "multiple_fields_uniqueness")
_CHECKS_IN_WORDS: Final = {
    "not_nullable": "missing",
    "isin": "not an accepted word",
    "str_matches": "not of the accepted form",
    "greater_than": "must be above",
    "greater_than_or_equal_to": "must be at least",
    "less_than_or_equal_to": "must be at most",
}


@dataclass(frozen=True)
class TableRows:
    """The rows that all parts offer to a table, one part after the other, in its types."""

    contract: type[Contract]
    parts: list[PartRows]
    values: pl.DataFrame

    def as_read(self, index: pl.Series) -> pl.DataFrame:
        """Rows as their files have them: `index`, `source`, `row_number` from 1, `row` in JSON."""
        found = []
        for start, part in zip(self.starts(), self.parts, strict=True):
            own = index.filter(index.is_between(start, start + part.values.height, closed="left"))
            position = part.position.gather(own - start)
            rows = part.file.rows[position]
            exact = rows.select(
                pl.col(pl.Decimal, pl.Float32, pl.Float64).cast(pl.String),
                pl.col(pl.Binary).bin.encode("hex"),
            )
            found.append(
                rows.with_columns(exact).select(
                    own.alias("index"),
                    pl.lit(part.source).alias("source"),
                    (position.cast(pl.Int64) + 1).alias("row_number"),
                    pl.struct(pl.all()).struct.json_encode().alias("row"),
                )
            )
        return pl.concat(found)

    def starts(self) -> list[int]:
        """Where the rows of each part begin."""
        heights = [part.values.height for part in self.parts]
        return [sum(heights[:number]) for number in range(len(heights))]

    def without(self, faults: pl.DataFrame) -> pl.Series:
        """The index of each row that has none of the faults."""
        index = pl.arange(self.values.height, dtype=pl.UInt32, eager=True).alias("index")
        if faults.is_empty():
            return index
        return pl.DataFrame(index).join(faults, on="index", how="anti")["index"].sort()

    def at(self, index: pl.Series) -> pl.DataFrame:
        """The values of some rows, in order; no copy when they are all."""
        return self.values if index.len() == self.values.height else self.values[index]


def row_faults(rows: TableRows, *, combine: Mapping[str, Combination] | None) -> pl.DataFrame:
    """Every fault of every row; a row without any is accepted.

    A row that the mapping excludes has that reason alone, and takes no part in judging others.
    Raises ContractError when the values are not of the contract's types, which no file can cause.
    """
    excluded = _stacked(rows, [part.excluded for part in rows.parts])
    unread = _stacked(rows, [part.faults for part in rows.parts])
    unread = unread.join(excluded, on="index", how="anti")
    live = rows.without(excluded)
    found = [unread, _contract_faults(rows, live, unread=unread)]
    if rows.contract is AccountMerges:
        found.append(_circles(rows, live))
    found.append(_repetitions(rows, live, unread=unread, combine=combine))
    if combine is not None:
        found.append(_line_faults(rows, live, pl.concat(found), rules=combine))
    return pl.concat([*found, excluded])


def _faults(rows: pl.DataFrame, reason: pl.Expr | str, column: str = "") -> pl.DataFrame:
    said = pl.lit(reason) if isinstance(reason, str) else reason
    return rows.select("index", pl.lit(column).alias("column"), said.alias("reason"))


def _stacked(rows: TableRows, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Faults of the parts, their index counted over the whole table."""
    shifted = [
        frame.with_columns((pl.col("index") + start).cast(pl.UInt32))
        for start, frame in zip(rows.starts(), frames, strict=True)
    ]
    return pl.concat([pl.DataFrame(schema=FAULTS), *shifted])


def _contract_faults(rows: TableRows, live: pl.Series, *, unread: pl.DataFrame) -> pl.DataFrame:
    """What the contract says about each row, but for keys, which are judged by the row as read.

    A column that could not be read has no second fault, and an identity between columns is only
    judged where all could be read.
    """
    broken = breaches(rows.at(live), rows.contract).filter(~pl.col("check").is_in(_UNIQUENESS))
    if broken["index"].null_count():
        whole_table = broken.filter(pl.col("index").is_null())["check"]
        raise ContractError(rows.contract.table_name(), whole_table)
    broken = broken.with_columns(live.gather(broken["index"]).alias("index"))
    whole = pl.col("column") == WHOLE_TABLE
    identities = broken.filter(whole).join(unread, on="index", how="anti")
    columns = broken.filter(~whole).join(unread, on=["index", "column"], how="anti")
    words = {check: _in_words(check) for check in columns["check"].unique()}
    said = columns.select(
        "index", "column", reason=pl.col("column") + ": " + pl.col("check").replace(words)
    )
    return pl.concat([said, _faults(identities, pl.col("check"))])


def _in_words(check: str) -> str:
    name, _, argument = check.partition("(")
    said = _CHECKS_IN_WORDS.get(name, name)
    return f"{said} {argument[:-1]}" if said.startswith("must") else said


def _circles(rows: TableRows, live: pl.Series) -> pl.DataFrame:
    """Merges that lead back to where they began."""
    merges = rows.at(live).with_columns(live.alias("index"))
    merges = merges.filter(pl.col("merged_account_id") != pl.col("surviving_account_id"))
    circle = merges_in_a_circle(merges.unique("merged_account_id", keep="none"))
    circling = merges.filter(pl.col("merged_account_id").is_in(circle.implode()))
    return _faults(circling, "merge goes in a circle")


def _repetitions(
    rows: TableRows,
    live: pl.Series,
    *,
    unread: pl.DataFrame,
    combine: Mapping[str, Combination] | None,
) -> pl.DataFrame:
    """Rows that stand again as read, all but one of each; and rows of one key that differ.

    Where lines of a key are combined they may differ. A table without a key has no rows that
    differ: only the same row again is too much.
    """
    key = table_key(rows.contract)
    by = key or rows.values.columns
    keys = rows.at(live).select(by).with_columns(live.alias("index"))
    keys = keys.drop_nulls(key) if key else keys.join(unread, on="index", how="anti")
    repeated = keys[by[0]] if len(by) == 1 else keys.select(by)
    keys = keys.filter(repeated.is_duplicated()).sort("index")
    if keys.is_empty():
        return pl.DataFrame(schema=FAULTS)
    content = rows.as_read(keys["index"])["row"] if key else pl.lit("")
    keys = keys.with_columns(content.alias("row"))
    again = pl.when(~pl.struct(*by, "row").is_first_distinct()).then(pl.lit(DUPLICATE))
    differ = (pl.col("row").n_unique().over(by) > 1) & (combine is None)
    count = pl.len().over(by)
    text = pl.format("{}: stands in {} rows that differ", pl.lit(", ".join(key)), count)
    said = pl.when(differ).then(text).otherwise(again)
    return _faults(keys, said).drop_nulls("reason")


def _line_faults(
    rows: TableRows, live: pl.Series, faults: pl.DataFrame, *, rules: Mapping[str, Combination]
) -> pl.DataFrame:
    """Lines of one key that do not agree, and lines that lost one they belong with."""
    key = table_key(rows.contract)
    named = ", ".join(key)
    again = faults.filter(pl.col("reason") == DUPLICATE)
    lines = rows.at(live).with_columns(live.alias("index")).join(again, on="index", how="anti")
    lines = lines.drop_nulls(key).filter(pl.struct(key).is_duplicated())
    differing = disagreements(lines, contract=rows.contract, rules=rules)
    faulty = lines.join(faults, on="index", how="semi")
    bereft = lines.join(faulty, on=key, how="semi").join(faulty, on="index", how="anti")
    return pl.concat(
        [
            _faults(bereft, f"another line of this {named} is rejected"),
            *(
                _faults(lines.filter(mask), f"{column}: differs between lines of one {named}")
                for column, mask in differing.items()
            ),
        ]
    )
