"""Several lines of one key into one row."""

from collections.abc import Mapping

import polars as pl

from workbench.contracts import Contract
from workbench.sources.mapping import Combination, table_key


def disagreements(
    lines: pl.DataFrame, *, contract: type[Contract], rules: Mapping[str, Combination]
) -> dict[str, pl.Series]:
    """The columns in which the lines of one key differ though no rule combines them.

    Column → which lines belong to such a key.
    """
    key = table_key(contract)
    free = [c for c in lines.columns if c in contract.dtypes() and c not in key and c not in rules]
    differ = lines.select((pl.col(c).n_unique() > 1).over(key) for c in free)
    return {c: differ[c] for c in free if differ[c].any()}


def combined(
    lines: pl.DataFrame, *, contract: type[Contract], rules: Mapping[str, Combination]
) -> pl.DataFrame:
    """One row per key, whatever the order of the lines.

    A sum with a missing part is missing. A mean by amount is the sum of value × amount over the sum
    of the amounts; unless all values are the same, it is missing where a part is missing, where the
    amounts add up to nothing, or where some are credits and some are not.
    """
    key = table_key(contract)
    repeated = lines.select(pl.struct(key).is_duplicated()).to_series()
    if not repeated.any():
        return lines
    several = lines.filter(repeated)
    one = (
        several.sort(several.columns)
        .group_by(key, maintain_order=True)
        .agg(
            _combination(column, rules.get(column)) for column in lines.columns if column not in key
        )
        .select(lines.columns)
        .cast(lines.schema)
    )
    return pl.concat([lines.filter(~repeated), one])


def _combination(name: str, rule: Combination | None) -> pl.Expr:
    column, amount = pl.col(name), pl.col("amount")
    match rule:
        case None:
            return column.first()
        case "sum":
            return pl.when(column.null_count() == 0).then(column.sum())
        case "earliest":
            return column.min()
        case "latest":
            return column.max()
        case "of_largest_amount":
            return column.sort_by(
                amount, descending=True, nulls_last=True, maintain_order=True
            ).first()
        case "mean_by_amount":
            weight = amount.cast(pl.Float64)
            complete = (column.null_count() + amount.null_count() == 0) & (weight.sum() != 0)
            complete &= (weight.min() >= 0) | (weight.max() <= 0)
            mean = (column * weight).sum() / weight.sum()
            mean = mean.clip(column.min(), column.max())
            return pl.when(column.n_unique() == 1).then(column.first()).when(complete).then(mean)
