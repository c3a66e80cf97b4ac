"""A file landed as ingest does it, and what was said about it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest

from workbench.errors import SourceError
from workbench.sources.files import FileExtract
from workbench.sources.mapping import FileFormat


def landed(path: Path, **form: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows of a file, and the notes. Its header says the same columns."""
    extract = FileExtract(path, FileFormat(**form))
    with TemporaryDirectory() as folder:
        found = extract.land(Path(folder))
        rows = pl.read_parquet(found.path)
    assert extract.header() == rows.columns
    return rows, found.notes


def rows_of(path: Path, **form: Any) -> list[dict[str, Any]]:
    return landed(path, **form)[0].to_dicts()


def refusal(path: Path, **form: Any) -> str:
    """The one sentence in which a file is refused."""
    with pytest.raises(SourceError) as raised:
        landed(path, **form)
    assert len(raised.value.problems) == 1
    assert path.name in raised.value.problems[0].where
    return str(raised.value)
