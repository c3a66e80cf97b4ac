"""The workbook in which people look through a write-back before anything is imported."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from workbench.worklists.workbook import Sheet, about_sheet, workbook


def review_workbook(
    write_back: pl.DataFrame, *, created: datetime, about: Mapping[str, str]
) -> bytes:
    """Every row of a write-back, what the CRM says beside what it should say; reviews first."""
    shown = write_back.sort("action", "opportunity_id").select(
        pl.col("action").alias("Action"),
        pl.col("opportunity_id").alias("Opportunity"),
        pl.col("owner").alias("Owner"),
        pl.col("reason").alias("Why"),
        pl.col("crm_classification").alias("Class in the CRM"),
        pl.col("classification").alias("Class shown"),
        pl.col("partner_sourced").alias("Sourced"),
        pl.col("crm_partner_name").alias("Partner in the CRM"),
        pl.col("partner_name").alias("Partner shown"),
        pl.col("crm_influence_type").alias("Type in the CRM"),
        pl.col("partner_influence_type").alias("Type shown"),
        pl.col("co_sell_room_created_on").alias("Co-sell room"),
        pl.col("evidence_grade").alias("Evidence grade"),
        pl.col("evidence_url").alias("Evidence"),
    )
    last = about_sheet(about, rows=shown.height, table="crm_write_back")
    return workbook([Sheet("Partner fields", shown), last], created=created)
