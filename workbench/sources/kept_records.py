"""The records of a CRM object, kept between runs so that the next one asks only for changes."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

# Of every record; a CRM's own names never begin with this sign.
ID: Final = "$id"
CHANGED_AT: Final = "$changed_at"

# Records may become visible a little after the instant that they bear.
_OVERLAP: Final = timedelta(minutes=10)
# A recycle bin forgets what was deleted after 15 days or more.
_WHOLE_AGAIN: Final = timedelta(days=14)


@dataclass(frozen=True)
class Kept:
    """The records as of the last reading, and since when changes must be asked for.

    `whole_at` is when all of them were asked for.
    """

    records: pl.DataFrame
    since: datetime
    whole_at: datetime


@dataclass(frozen=True)
class KeptRecords:
    """Where the records of one CRM object stay: one Parquet file, replaced whole or not at all.

    One row per record, text in every column, sorted by `$id`; `$changed_at` is an instant in UTC,
    ISO 8601. `asked` is what was asked for: another question finds nothing kept. `read_at` is when
    this run reads.
    """

    path: Path
    asked: str
    read_at: datetime

    def last(self) -> Kept | None:
        """What the last reading left; None when everything must be asked for."""
        try:
            noted = json.loads(pl.read_parquet_metadata(self.path)["workbench"])
            records = pl.read_parquet(self.path)
        except (OSError, KeyError, ValueError, pl.exceptions.PolarsError):
            return None
        whole_at = datetime.fromisoformat(noted["whole_at"])
        newest = records[CHANGED_AT].max()
        too_old = abs(self.read_at - whole_at) > _WHOLE_AGAIN
        if noted["asked"] != self.asked or newest is None or too_old:
            return None
        # A record that changed while the last reading went on may bear an earlier instant than
        # the newest one that was read.
        since = min(datetime.fromisoformat(str(newest)), datetime.fromisoformat(noted["read_at"]))
        return Kept(records, since - _OVERLAP, whole_at)

    def keep(self, records: pl.DataFrame, *, after: Kept | None) -> None:
        """Put all records in the place of what was kept; `after` is the state they follow."""
        noted = {
            "asked": self.asked,
            "read_at": self.read_at.isoformat(),
            "whole_at": (after.whole_at if after else self.read_at).isoformat(),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}-{os.getpid()}")
        records.write_parquet(part, metadata={"workbench": json.dumps(noted)})
        part.replace(self.path)


def newest_states(pages: Iterable[pl.DataFrame], *, after: Kept | None) -> pl.DataFrame:
    """One row per record, sorted by id: as it was read last, else as it was kept."""
    before = [after.records] if after else []
    return pl.concat([*before, *pages]).unique(ID, keep="last", maintain_order=True).sort(ID)
