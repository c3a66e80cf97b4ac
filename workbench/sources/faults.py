"""What is wrong with each row, taken alone: all of it at once, said so that a person can mend it.

A fault is a row of a frame with the columns of `FAULTS`: `index` of the row, `column` (empty when
the fault lies in the whole row) and `reason`. See `repeats` for what is wrong between rows.
"""

from typing import Final

import polars as pl

from workbench.contracts import Contract
from workbench.errors import ContractError
from workbench.tables import WHOLE_TABLE, breaches

_UNIQUENESS: Final = ("field_uniqueness", "multiple_fields_uniqueness")
_CHECKS_IN_WORDS: Final = {
    "not_nullable": "missing",
    "isin": "not an accepted word",
    "str_matches": "not of the accepted form",
    "greater_than": "must be above",
    "greater_than_or_equal_to": "must be at least",
    "less_than_or_equal_to": "must be at most",
}


def faults_of(rows: pl.DataFrame, reason: pl.Expr | str, column: str = "") -> pl.DataFrame:
    """The same fault for each of some rows, which have an `index`."""
    said = pl.lit(reason) if isinstance(reason, str) else reason
    return rows.select("index", pl.lit(column).alias("column"), said.alias("reason"))


def contract_faults(
    rows: pl.DataFrame, contract: type[Contract], *, unread: pl.DataFrame
) -> pl.DataFrame:
    """What the contract says about each row, but for keys, which are judged by the row as read.

    A column that could not be read (`unread`, which are faults) has no second fault, and an
    identity between columns is only judged where all could be read. Raises ContractError when the
    values are not of the contract's types, which no file can cause.
    """
    broken = breaches(rows.drop("index"), contract).filter(~pl.col("check").is_in(_UNIQUENESS))
    if broken["index"].null_count():
        whole_table = broken.filter(pl.col("index").is_null())["check"]
        raise ContractError(contract.table_name(), whole_table)
    broken = broken.with_columns(rows["index"].gather(broken["index"]).alias("index"))
    whole = pl.col("column") == WHOLE_TABLE
    identities = broken.filter(whole).join(unread, on="index", how="anti")
    columns = broken.filter(~whole).join(unread, on=["index", "column"], how="anti")
    words = {check: _in_words(check) for check in columns["check"].unique()}
    said = columns.select(
        "index", "column", reason=pl.col("column") + ": " + pl.col("check").replace(words)
    )
    return pl.concat([said, faults_of(identities, pl.col("check"))])


def _in_words(check: str) -> str:
    name, _, argument = check.partition("(")
    said = _CHECKS_IN_WORDS.get(name, name)
    return f"{said} {argument[:-1]}" if said.startswith("must") else said
