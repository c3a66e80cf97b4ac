"""docs/tables.md, made from the contracts: `uv run python -m tests.tables_page` prints it."""

from collections.abc import Iterable

import polars as pl

from workbench.contracts import CANONICAL_TABLES, REQUIRED_TABLES, TABLES, Contract

TYPES = {
    pl.String(): "text",
    pl.Int64(): "whole number",
    pl.Float64(): "number",
    pl.Boolean(): "true or false",
    pl.Date(): "day",
    pl.Datetime("us", "UTC"): "instant",
    pl.Decimal(18, 2): "money",
    pl.Decimal(38, 18): "rate",
    pl.List(pl.String): "list of text",
}
HEAD = """# Tables

What ingest takes and writes, and what the later stages write. This page is made from the contracts
in `workbench/contracts/`, where each column is declared once; a test fails when the two differ.

An *instant* is stored in UTC; in a CSV file write `2026-10-31T17:30:00Z`, with an offset, or
without one in the source's time zone. A day alone is midnight of the source's time zone. *Money*
has two decimals and is in the row's own currency. An id is text and is compared exactly. A column
that may be empty may be left out of a file.
"""


def tables_page() -> str:
    """The whole page."""
    results = [contract for contract in TABLES.values() if contract not in CANONICAL_TABLES]
    parts = [
        HEAD,
        "## What ingest takes\n",
        *_tables(CANONICAL_TABLES),
        "## What the stages write\n",
        *_tables(results),
    ]
    return "\n".join(parts)


def _tables(contracts: Iterable[type[Contract]]) -> Iterable[str]:
    for contract in contracts:
        kind = ""
        if contract in CANONICAL_TABLES:
            kind = " (required)" if contract in REQUIRED_TABLES else " (optional)"
        yield f"### `{contract.table_name()}`{kind}\n\n{_grain(contract)}\n\n{_columns(contract)}"


def _grain(contract: type[Contract]) -> str:
    return "\n".join(line.strip() for line in (contract.__doc__ or "").strip().splitlines())


def _columns(contract: type[Contract]) -> str:
    schema = contract.to_schema()
    lines = ["| column | type | may be empty | accepted |", "|---|---|---|---|"]
    dtypes = contract.dtypes()
    for name, column in schema.columns.items():
        words = [w for c in column.checks for w in c.statistics.get("allowed_values", ())]
        accepted = ", ".join(str(word) for word in words)
        if column.unique:
            accepted = "unique"
        if name == "first_seen_at":
            accepted = "set by ingest, never read"
        empty = "yes" if column.nullable else ""
        lines.append(f"| `{name}` | {TYPES[dtypes[name]]} | {empty} | {accepted} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(tables_page(), end="")  # noqa: T201
