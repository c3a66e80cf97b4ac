"""Partner names and merged opportunities, from the files of a source to its tables."""

from pathlib import Path

import polars as pl
import pytest

from tests.unit.test_ingest import OPPORTUNITIES, batch_rows, folder_of, params_of, tables_in
from workbench.contracts import (
    Handoffs,
    Opportunities,
    PartnerAliases,
    StageHistory,
    Touches,
)
from workbench.identity import write_alias_worklist
from workbench.ingest import Ingested, ingest, source_problems

__all__ = ["batch_rows"]  # every answer holds for tables in one batch and in many

TOUCHES = """\
touch_id,opportunity_id,partner_id,touch_type,touched_at,source_system
T1,O1,Acme Inc.,referral,2025-12-01,crm
T2,O2,ACME,co_sell,2026-02-02,crm
T3,O3,P1,co_sell,2026-02-03,crm
"""
NAMED = OPPORTUNITIES.replace("source_system\n", "source_system,crm_partner_id\n").replace(
    ",crm\n", ",crm,acme\n"
)
THREE = (
    OPPORTUNITIES
    + "O3,A1,expansion,Talk,open,2026-02-01,,5,USD,0.25,crm\n"
    + "O4,A1,expansion,Talk,open,2026-02-01,,7,USD,0.25,crm\n"
)
MERGES = "merged_opportunity_id,surviving_opportunity_id\nO3,O4\nO4,O2\n"


def read(folder: Path, **changes: object) -> Ingested:
    return ingest(params_of(folder, **changes), into=tables_in(folder))


def test_ingest__accepted_lines_of_the_list_are_aliases(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "source", touches=TOUCHES, opportunities=NAMED)
    first = read(source)
    listed = write_alias_worklist(first.tables, tmp_path, decisions=None)
    lines = pl.read_csv(listed, infer_schema=False)
    assert lines.select("alias", "partner_id", "rank").rows() == [
        ("ACME", "P1", "1"),
        ("Acme Inc.", "P1", "1"),
        ("acme", "P1", "1"),
    ]

    answers = pl.Series("accept", ["yes", "perhaps", "Yes"])
    decisions = tmp_path / "decided.csv"
    lines.with_columns(answers).write_csv(decisions)
    found = read(source, partner_aliases=decisions)

    assert found.tables[Touches]["partner_id"].to_list() == ["Acme Inc.", "P1", "P1"]
    assert found.tables[Opportunities]["crm_partner_id"].to_list() == ["P1", "P1"]
    assert found.tables[PartnerAliases].select("alias", "partner_id").rows() == [
        ("ACME", "P1"),
        ("acme", "P1"),
    ]
    # It is counted like any other file, and an answer that is none is not passed over.
    assert found.rejects.select("table", "source", "row_number", "reasons").rows() == [
        ("partner_aliases", "decided.csv (accepted)", 2, ["accept: neither yes nor no"])
    ]
    counts = found.summary.filter(pl.col("table") == "partner_aliases")
    assert counts.select("rows_read", "rows_accepted", "rows_rejected").rows() == [(3, 2, 1)]
    assert "touches: 1 row named a partner by an alias, now by its id." in found.notes
    assert "opportunities: 2 rows named a partner by an alias, now by its id." in found.notes


def test_ingest__another_file_in_place_of_the_list_is_found_by_check(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "source")
    (problem,) = source_problems(params_of(source, partner_aliases=source / "partners.csv"))
    assert problem.what == "there is no column 'alias', 'accept'."


@pytest.mark.parametrize(
    ("identity", "partners"), [("as_was", ["P1", "P2"]), ("as_is", ["P2", "P2"])]
)
def test_ingest__a_name_that_changed_hands(
    tmp_path: Path, identity: str, partners: list[str]
) -> None:
    source = folder_of(
        tmp_path,
        touches="touch_id,opportunity_id,partner_id,touch_type,touched_at,source_system\n"
        "T1,O1,Acme,referral,2025-12-01,crm\nT2,O2,Acme,co_sell,2026-02-02,crm\n",
        partners="partner_id,name,partner_type,active\nP1,One,reseller,yes\nP2,Two,reseller,yes\n",
        partner_aliases="alias,partner_id,valid_from,valid_to\n"
        "Acme,P1,,2025-12-31\nAcme,P2,2026-01-01,\n",
    )
    found = read(source, partner_identity=identity)
    assert found.tables[Touches]["partner_id"].to_list() == partners


def test_ingest__a_merged_opportunity_is_none_any_more(tmp_path: Path) -> None:
    source = folder_of(
        tmp_path,
        opportunities=THREE,
        touches=TOUCHES,
        opportunity_merges=MERGES,
        stage_history="opportunity_id,stage,entered_at\n"
        "O4,Talk,2026-02-01\nO2,Talk,2026-02-05\nO1,Won,2026-03-01\nO3,Talk,2026-02-01\n",
        handoffs="handoff_id,partner_id,account_id,opportunity_id,direction,sent_at,response\n"
        "H1,P1,A1,O3,partner_to_seller,2026-02-01,accepted\n"
        "H2,P1,A1,,partner_to_seller,2026-02-01,pending\n",
    )
    found = read(source)

    assert found.tables[Opportunities]["opportunity_id"].to_list() == ["O1", "O2"]
    assert found.rejects.select("table", "row_number", "reasons").rows() == [
        ("opportunities", 3, ["merged into O2"]),
        ("opportunities", 4, ["merged into O2"]),
        ("stage_history", 4, ["duplicate row"]),
    ]
    assert found.tables[Touches]["opportunity_id"].to_list() == ["O1", "O2", "O2"]
    assert found.tables[Handoffs]["opportunity_id"].to_list() == ["O2", None]
    assert found.tables[StageHistory].select("opportunity_id", "stage").rows() == [
        ("O1", "Won"),
        ("O2", "Talk"),
        ("O2", "Talk"),
    ]
    assert "touches: 1 row of merged opportunities, now of the others." in found.notes
    assert found.summary.filter(pl.col("table") == "opportunities")["rows_rejected"].item() == 2


def test_ingest__merged_opportunities_in_a_circle_are_rejected_and_stay(tmp_path: Path) -> None:
    merges = "merged_opportunity_id,surviving_opportunity_id\nO1,O2\nO2,O1\n"
    found = read(folder_of(tmp_path, opportunity_merges=merges))
    assert found.tables[Opportunities].height == 2
    assert (
        found.rejects.select("table", "reasons").rows()
        == [("opportunity_merges", ["merge goes in a circle"])] * 2
    )
