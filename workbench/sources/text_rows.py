"""Rows of text, one by one, into a Parquet file."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

_ROWS_AT_ONCE: Final = 20_000


def write_rows(
    rows: Iterator[Sequence[str | None]], *, columns: Sequence[str], landed: Path
) -> None:
    """Write rows of texts, a few at a time, so that memory does not grow with the file."""
    schema = dict.fromkeys(columns, pl.String())

    def batches(*_whole: object) -> Iterator[pl.DataFrame]:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            yield pl.DataFrame(batch, schema=schema, orient="row")

    register_io_source(batches, schema=schema).sink_parquet(landed)
