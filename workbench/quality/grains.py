"""Records that rules look at and that are no row of a single table.

Their `name` is the table in which somebody mends them, so that a finding leads there.
"""

import pandera.polars as pa

from workbench.contracts import Contract


class People(Contract):
    """One row per person who logs touches."""

    logged_by: str = pa.Field(unique=True)

    class Config(Contract.Config):
        name = "touches"


class Spellings(Contract):
    """One row per column of the opportunities and value in it, as in `stage:Closed Won`."""

    spelling: str = pa.Field(unique=True)

    class Config(Contract.Config):
        name = "opportunities"


class Histories(Contract):
    """One row per opportunity that has a stage history."""

    opportunity_id: str = pa.Field(unique=True)

    class Config(Contract.Config):
        name = "opportunities"


class Imports(Contract):
    """One row per table and source file, of this run or the last one, as in `touches:log.csv`."""

    import_id: str = pa.Field(unique=True)

    class Config(Contract.Config):
        name = "ingest_summary"
