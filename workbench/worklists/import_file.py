"""The file that the CRM's own import tool takes."""

import polars as pl

from workbench.definitions import Definition


def import_file(write_back: pl.DataFrame, *, definition: Definition, run_id: str) -> bytes | None:
    """CSV in UTF-8: the rows of a write-back that are to be written; None under a draft.

    Columns: the opportunity's id, the four partner fields and the partner's id as they should be,
    and the run and the definition that say so. Flags are `true` or `false`, days ISO 8601, and an
    empty field is to be cleared. No text is changed against spreadsheet programs, for the CRM would
    take the change for data: rows with a text that could run there are not in it, see `reason`.
    """
    if not definition.is_approved:
        return None
    rows = write_back.filter(pl.col("action") == "write").select(
        "opportunity_id",
        "partner_sourced",
        "partner_id",
        "partner_name",
        "partner_influence_type",
        "co_sell_room_created_on",
        pl.lit(run_id).alias("attribution_run"),
        pl.lit(f"{definition.id} version {definition.version}").alias("attribution_definition"),
    )
    return rows.write_csv().encode()
