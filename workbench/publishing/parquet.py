"""A folder of Parquet files in hive partitions, as BI tools and query engines read them."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import polars as pl

from workbench.errors import Problem, PublishError
from workbench.publishing.run import NAME, PERIOD, Published, RunToPublish


def publish_to_folder(run: RunToPublish, folder: Path) -> Published:
    """`<folder>/<table>/published_name=…/published_period=…/<table>.parquet`, one file a table.

    All files are written before the first one takes its place, and each does so in one step. A
    table that this run has not loses the partition of its name and period.
    """
    partition = f"{NAME}={quote(run.name, safe='')}/{PERIOD}={quote(run.period, safe='')}"
    places = {t.name: folder / t.name / partition / f"{t.name}.parquet" for t in run.tables}
    stale = {*folder.glob(f"*/{partition}/*.parquet")} - {*places.values()}
    rows = {}
    with ExitStack() as parts:
        try:
            for table in run.tables:
                part = places[table.name].with_name(f".{table.name}.part")
                part.parent.mkdir(parents=True, exist_ok=True)
                parts.callback(part.unlink, missing_ok=True)
                table.rows.drop(NAME, PERIOD).sink_parquet(part, maintain_order=True)
                rows[table.name] = pl.scan_parquet(part).select(pl.len()).collect().item()
            for table in run.tables:
                place = places[table.name]
                place.with_name(f".{table.name}.part").replace(place)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise PublishError([Problem(str(folder), f"cannot be written: {error}")]) from None
        for file in stale:
            file.unlink()
    return Published(f"{folder}/<table>/{partition}", rows)
