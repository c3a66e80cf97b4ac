"""The published figures of Microsoft's Opportunity Tracking Sample, through the shipped mapping."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from workbench.contracts import Accounts, Opportunities, Partners, Touches
from workbench.ingest import Ingested, ingest, source_problems
from workbench.params import RunParams

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT.parent / "shared" / "data" / "msft_opportunity_tracking"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"Microsoft's tables are not at {DATA}: published figures unchecked"
)


def microsoft_params() -> RunParams:
    return RunParams(
        name="microsoft",
        period="2014-12",
        as_of=date(2014, 12, 31),
        read_at=datetime(2026, 1, 1, tzinfo=UTC),
        source=PROJECT / "params" / "sources" / "microsoft_opportunity_tracking.yaml",
        source_folder=DATA,
        definition=PROJECT / "params" / "definitions" / "crm_field.yaml",
        readout=None,
        output_root=PROJECT / "outputs",
    )


@pytest.fixture(scope="module")
def microsoft(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    return ingest(microsoft_params(), into=tmp_path_factory.mktemp("tables"))


def test_source_problems__microsoft_mapping_has_none():
    assert source_problems(microsoft_params()) == []


def test_ingest__microsoft_tables_have_their_rows(microsoft):
    rows = {contract: table.height for contract, table in microsoft.tables.items()}
    assert rows == {Opportunities: 486, Touches: 0, Partners: 100, Accounts: 357}
    assert set(microsoft.tables[Opportunities]["status"]) == {"open"}


def test_ingest__microsoft_direct_is_no_partner(microsoft):
    assert microsoft.rejects.select("table", "reasons").to_dicts() == [
        {"table": "partners", "reasons": ["Direct is not a partner"]}
    ]
    opportunities = microsoft.tables[Opportunities]
    named = opportunities.filter(pl.col("crm_partner_id").is_not_null())
    assert set(named["crm_classification"]) == {"sourced"}
    assert named.join(
        microsoft.tables[Partners], left_on="crm_partner_id", right_on="partner_id", how="anti"
    ).is_empty()


def test_ingest__microsoft_amounts_are_the_published_ones(microsoft):
    weighted = pl.col("amount").cast(pl.Float64) * pl.col("probability")
    found = (
        microsoft.tables[Opportunities]
        .group_by("crm_classification")
        .agg(amount=pl.col("amount").cast(pl.Float64).sum(), weighted=weighted.sum().round(2))
        .sort("crm_classification")
    )
    assert found.rows() == [
        ("direct", 644_889_741.00, 166_245_226.00),
        ("sourced", 1_466_015_386.00, 294_875_654.80),
    ]
    assert microsoft.tables[Opportunities]["amount"].sum() == 2_110_905_127
