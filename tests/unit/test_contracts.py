"""The columns of contract.md, sections 1 and 3, written out: a contract never changes unnoticed."""

import polars as pl
import pytest

from workbench.contracts import (
    CANONICAL_TABLES,
    REQUIRED_TABLES,
    TABLES,
    Opportunities,
    Partners,
    Touches,
)
from workbench.contracts.base import Contract

INSTANT = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(18, 2)
TEXT = pl.String()
NUMBER = pl.Float64()
COUNT = pl.Int64()
DAY = pl.Date()
BOOL = pl.Boolean()

# `?` as in the contract: the column may be null.
COLUMNS = {
    "accounts": "account_id name parent_account_id? domain? segment? industry? region? is_target "
    "owner?",
    "partners": "partner_id name partner_type tier? region? parent_partner_id? manager? active",
    "opportunities": "opportunity_id account_id name? opportunity_type stage status created_at "
    "closed_at? amount? recurring_amount? currency probability? owner? crm_classification? "
    "crm_partner_id? crm_influence_type? source_system",
    "touches": "touch_id opportunity_id? account_id? partner_id partner_contact? touch_type "
    "touched_at logged_at? logged_by? accepted_by? evidence_url? campaign_id? source_system "
    "first_seen_at",
    "stage_history": "opportunity_id stage entered_at amount?",
    "handoffs": "handoff_id partner_id account_id opportunity_id? direction sent_at response "
    "responded_at? seller? first_meeting_at?",
    "program_costs": "cost_id incurred_on partner_id? category amount currency",
    "account_paths": "account_id partner_id path observed_at evidence_url?",
    "fx_rates": "currency valid_from rate",
    "partner_aliases": "alias partner_id valid_from? valid_to?",
    "account_merges": "merged_account_id surviving_account_id merged_at?",
    "opportunity_merges": "merged_opportunity_id surviving_opportunity_id merged_at?",
    "rejects": "table source row_number reasons row",
    "ingest_summary": "table source rows_read rows_accepted rows_rejected sha256",
    "row_memory": "table record_id first_seen_at changed_at",
    "row_changes": "table record_id change columns?",
    "quality_findings": "finding_id rule severity table record_id owner? message suggestion? "
    "first_seen_on due_on?",
    "quality_scores": "rule checked failed score",
    "quality_breakdown": "dimension member checked failed score",
    "quality_history": "run_id read_at dimension member checked failed score",
    "touch_audit": "touch_id opportunity_id? partner_id touch_type touched_at decision role? "
    "reason? rule?",
    "opportunity_attribution": "opportunity_id account_id classification claimed_classification "
    "crm_classification? evidence_grade? primary_partner_id? deciding_touch_id? evidence_url? "
    "days_to_created? partner_count status stage opportunity_type owner? created_at closed_at? "
    "amount_reporting? definition_id definition_version",
    "partner_credit": "opportunity_id partner_id classification model share credited_amount?",
    "definition_comparison": "opportunity_id definition_id classification primary_partner_id? "
    "amount_reporting?",
    "definition_sensitivity": "definition_id knob? change? starts_on ends_on won_count "
    "sourced_bookings difference",
    "rulings_applied": "opportunity_id before after partner_id? by on why until?",
    "timezone_flips": (
        "opportunity_id classification other_classification shift_hours amount_reporting?"
    ),
    "metrics": "metric category definition_id period classification dimension member value? unit "
    "numerator? denominator? n? ci_low? ci_high? reason? basis",
    "sealed_periods": "period run_id as_of read_at definition_id definition_version "
    "reporting_currency fingerprint",
    "restatement": "period metric classification part opportunity_id before? after? change",
    "crm_write_back": "opportunity_id action reason partner_sourced partner_id? partner_name? "
    "partner_influence_type? co_sell_room_created_on? crm_classification? crm_partner_name? "
    "crm_influence_type? classification evidence_grade? evidence_url? owner?",
    "maturity": "dimension stage evidence missing_for_next? not_in_the_data",
    "tier_recommendations": "partner_id current_tier? recommended_tier move near? "
    "sourced_bookings? sourced_wins unknown_amount_count evidence_rate? next_tier? "
    "sourced_bookings_for_next? sourced_wins_for_next? evidence_rate_for_next? "
    "sourced_bookings_to_next? sourced_wins_to_next? evidence_rate_to_next? is_draft",
    "payout_ledger": "entry_id kind reverses_entry_id? booked_on period opportunity_id partner_id "
    "partner_type tier? classification closed_on base_amount rate is_capped amount reason "
    "evidence_url? definition_id definition_version programme_version is_draft",
    "partner_effort": "partner_id sourced_bookings? program_cost? opportunity_count early_count "
    "won_count early_rate? early_low_rate? early_high_rate? early_chance? win_rate? win_low_rate? "
    "win_high_rate? involvement",
}

# Every column that is not text.
TYPES = {
    "is_target": BOOL,
    "active": BOOL,
    "partner_sourced": BOOL,
    "is_capped": BOOL,
    "is_draft": BOOL,
    "created_at": INSTANT,
    "closed_at": INSTANT,
    "touched_at": INSTANT,
    "logged_at": INSTANT,
    "first_seen_at": INSTANT,
    "entered_at": INSTANT,
    "sent_at": INSTANT,
    "responded_at": INSTANT,
    "first_meeting_at": INSTANT,
    "observed_at": INSTANT,
    "merged_at": INSTANT,
    "read_at": INSTANT,
    "changed_at": INSTANT,
    "incurred_on": DAY,
    "first_seen_on": DAY,
    "co_sell_room_created_on": DAY,
    "due_on": DAY,
    "booked_on": DAY,
    "closed_on": DAY,
    "valid_from": DAY,
    "valid_to": DAY,
    "on": DAY,
    "as_of": DAY,
    "until": DAY,
    "amount": MONEY,
    "recurring_amount": MONEY,
    "amount_reporting": MONEY,
    "credited_amount": MONEY,
    "base_amount": MONEY,
    "program_cost": MONEY,
    **dict.fromkeys([f"sourced_bookings{part}" for part in ("", "_for_next", "_to_next")], MONEY),
    "change": MONEY,
    "probability": NUMBER,
    **dict.fromkeys([f"evidence_rate{part}" for part in ("", "_for_next", "_to_next")], NUMBER),
    **dict.fromkeys(
        [f"{kind}_{end}" for kind in ("early", "win") for end in ("rate", "low_rate", "high_rate")],
        NUMBER,
    ),
    "early_chance": NUMBER,
    "score": NUMBER,
    "share": NUMBER,
    "value": NUMBER,
    "numerator": NUMBER,
    "denominator": NUMBER,
    "ci_low": NUMBER,
    "ci_high": NUMBER,
    "rate": pl.Decimal(38, 18),
    "row_number": COUNT,
    "rows_read": COUNT,
    "rows_accepted": COUNT,
    "rows_rejected": COUNT,
    "checked": COUNT,
    "failed": COUNT,
    "days_to_created": COUNT,
    "partner_count": COUNT,
    "definition_version": COUNT,
    "programme_version": COUNT,
    "entry_id": COUNT,
    "reverses_entry_id": COUNT,
    **dict.fromkeys([f"sourced_wins{part}" for part in ("", "_for_next", "_to_next")], COUNT),
    "unknown_amount_count": COUNT,
    "opportunity_count": COUNT,
    "early_count": COUNT,
    "n": COUNT,
    "shift_hours": COUNT,
    "difference": MONEY,
    "sourced_bookings": MONEY,
    "won_count": COUNT,
    "ends_on": DAY,
    "starts_on": DAY,
    "reasons": pl.List(pl.String),
    "columns": pl.List(pl.String),
}
KEYS = {
    "accounts": ["account_id"],
    "partners": ["partner_id"],
    "opportunities": ["opportunity_id"],
    "touches": ["touch_id"],
    "handoffs": ["handoff_id"],
    "program_costs": ["cost_id"],
    "fx_rates": ["currency", "valid_from"],
    "account_merges": ["merged_account_id"],
    "opportunity_merges": ["merged_opportunity_id"],
    "rejects": ["table", "source", "row_number"],
    "ingest_summary": ["table", "source"],
    "row_memory": ["table", "record_id"],
    "row_changes": ["table", "record_id"],
    "quality_findings": ["finding_id"],
    "quality_scores": ["rule"],
    "quality_breakdown": ["dimension", "member"],
    "quality_history": ["run_id", "dimension", "member"],
    "crm_write_back": ["opportunity_id"],
    "maturity": ["dimension"],
    "tier_recommendations": ["partner_id"],
    "payout_ledger": ["entry_id"],
    "partner_effort": ["partner_id"],
    "touch_audit": ["touch_id", "opportunity_id"],
    "opportunity_attribution": ["opportunity_id"],
    "partner_credit": ["opportunity_id", "partner_id"],
    "definition_comparison": ["opportunity_id", "definition_id"],
    "definition_sensitivity": ["definition_id"],
    "rulings_applied": ["opportunity_id"],
    "timezone_flips": ["opportunity_id"],
    "metrics": ["metric", "definition_id", "period", "classification", "dimension", "member",
                "basis"],
    "sealed_periods": ["period"],
    "restatement": ["period", "metric", "classification", "part", "opportunity_id"],
}  # fmt: skip


def column_type(table: str, column: str) -> pl.DataType:
    if (table, column) == ("touch_audit", "rule"):
        return COUNT  # the number of a rule; elsewhere the name of one
    if (table, column) == ("maturity", "stage"):
        return COUNT  # of maturity; elsewhere the name of a stage of a sale
    if table == "restatement" and column in {"before", "after"}:
        return MONEY  # elsewhere classes
    if column == "change" and table in {"row_changes", "definition_sensitivity"}:
        return TEXT  # added, removed or changed; what was changed
    return TYPES.get(column, TEXT)


def test_tables__are_those_of_the_contract():
    assert set(TABLES) == set(COLUMNS)
    assert [contract.table_name() for contract in REQUIRED_TABLES] == [
        "opportunities",
        "touches",
        "partners",
        "accounts",
    ]
    assert [contract.table_name() for contract in CANONICAL_TABLES] == [
        *(contract.table_name() for contract in REQUIRED_TABLES),
        "stage_history",
        "handoffs",
        "program_costs",
        "account_paths",
        "fx_rates",
        "partner_aliases",
        "account_merges",
        "opportunity_merges",
    ]


@pytest.mark.parametrize("table", COLUMNS)
def test_contract__has_the_columns_of_the_contract(table):
    contract = TABLES[table]
    columns = [column.rstrip("?") for column in COLUMNS[table].split()]

    assert list(contract.dtypes()) == columns
    assert contract.dtypes() == {column: column_type(table, column) for column in columns}
    assert contract.required_columns() == [c for c in COLUMNS[table].split() if "?" not in c]


@pytest.mark.parametrize("table", COLUMNS)
def test_row_order__is_the_key_or_every_column(table):
    contract = TABLES[table]

    assert contract.row_order() == KEYS.get(table, list(contract.dtypes()))


@pytest.mark.parametrize("table", COLUMNS)
def test_contract__first_line_says_what_a_row_is(table):
    assert (TABLES[table].__doc__ or "").startswith("One row per ")


@pytest.mark.parametrize(
    ("contract", "column", "words"),
    [
        (Partners, "partner_type",
         "reseller distributor referral affiliate technology services marketplace"),
        (Opportunities, "opportunity_type", "new_business expansion renewal"),
        (Opportunities, "status", "open won lost"),
        (Opportunities, "crm_classification", "sourced influenced direct"),
        (Touches, "touch_type",
         "introduction referral lead_submission deal_registration event_meeting campaign_response "
         "overlap_detected intro_requested deal_room_created co_sell deal_review "
         "technical_validation reference champion marketplace_transaction resale service_delivery "
         "crm_tag"),
        (TABLES["handoffs"], "direction", "partner_to_seller seller_to_partner"),
        (TABLES["handoffs"], "response", "pending accepted rejected"),
        (TABLES["program_costs"], "category",
         "people market_development tooling incentives events other"),
        (TABLES["account_paths"], "path", "customer_overlap opportunity_overlap relationship"),
        (TABLES["quality_findings"], "severity", "error warning info"),
        (TABLES["touch_audit"], "decision", "accepted rejected"),
        (TABLES["touch_audit"], "role", "sourced influenced"),
        (TABLES["touch_audit"], "reason",
         "no_opportunity after_as_of unknown_partner opportunity_type_excluded "
         "touch_type_not_in_rules no_evidence no_partner_contact not_accepted_by_seller "
         "logged_late logged_after_close after_close outside_window not_consulted"),
        (TABLES["opportunity_attribution"], "evidence_grade", "evidenced claimed unsupported"),
        (TABLES["partner_credit"], "classification", "sourced influenced"),
        (TABLES["partner_credit"], "model",
         "primary equal linear first last position time_decay weighted full"),
        (TABLES["metrics"], "classification", "sourced influenced co_sell direct all"),
        (TABLES["metrics"], "unit", "currency ratio days count"),
        (TABLES["metrics"], "basis", "current as_reported"),
    ],
)  # fmt: skip
def test_contract__accepts_the_words_of_the_contract(
    contract: type[Contract], column: str, words: str
):
    checks = contract.to_schema().columns[column].checks

    accepted = [check.statistics["allowed_values"] for check in checks]
    assert [list(allowed) for allowed in accepted] == [words.split()]
