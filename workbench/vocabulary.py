"""The closed lists: every word that a column or a file may hold, in one place."""

from typing import Final, Literal, get_args

Classification = Literal["sourced", "influenced", "direct"]
Role = Literal["sourced", "influenced"]
OpportunityType = Literal["new_business", "expansion", "renewal"]
Status = Literal["open", "won", "lost"]
PartnerType = Literal[
    "reseller", "distributor", "referral", "affiliate", "technology", "services", "marketplace"
]
TouchType = Literal[
    "introduction",
    "referral",
    "lead_submission",
    "deal_registration",
    "event_meeting",
    "campaign_response",
    "overlap_detected",
    "intro_requested",
    "deal_room_created",
    "co_sell",
    "deal_review",
    "technical_validation",
    "reference",
    "champion",
    "marketplace_transaction",
    "resale",
    "service_delivery",
    "crm_tag",
]
Direction = Literal["partner_to_seller", "seller_to_partner"]
Response = Literal["pending", "accepted", "rejected"]
CostCategory = Literal["people", "market_development", "tooling", "incentives", "events", "other"]
Path = Literal["customer_overlap", "opportunity_overlap", "relationship"]
EvidenceGrade = Literal["evidenced", "claimed", "unsupported"]
Severity = Literal["error", "warning", "info"]
CreditModel = Literal[
    "primary",
    "equal",
    "linear",
    "first",
    "last",
    "position",
    "time_decay",
    "weighted",
    "full",
]
QualityDimension = Literal["rule", "source", "owner", "partner"]
MaturityDimension = Literal[
    "definitions", "data_model", "attribution", "reporting", "decision_making"
]
# In the order in which a bridge from a reported figure to today's replaces one input at a time.
RestatementPart = Literal[
    "software",
    "definition",
    "merges",
    "touches_added",
    "touches_changed",
    "touches_removed",
    "amounts",
    "status_or_dates",
    "other_fields",
    "rates",
    "opportunities_added",
    "opportunities_removed",
    "rulings",
    "as_of_day",
]
Stage = Literal["ingest", "data_quality", "attribution", "metrics", "readout"]

CLASSIFICATIONS: Final = get_args(Classification)
ROLES: Final = get_args(Role)
OPPORTUNITY_TYPES: Final = get_args(OpportunityType)
STATUSES: Final = get_args(Status)
PARTNER_TYPES: Final = get_args(PartnerType)
TOUCH_TYPES: Final = get_args(TouchType)
DIRECTIONS: Final = get_args(Direction)
RESPONSES: Final = get_args(Response)
COST_CATEGORIES: Final = get_args(CostCategory)
PATHS: Final = get_args(Path)
EVIDENCE_GRADES: Final = get_args(EvidenceGrade)
SEVERITIES: Final = get_args(Severity)
CREDIT_MODELS: Final = get_args(CreditModel)
QUALITY_DIMENSIONS: Final = get_args(QualityDimension)
MATURITY_DIMENSIONS: Final = get_args(MaturityDimension)
RESTATEMENT_PARTS: Final = get_args(RestatementPart)
STAGES: Final = get_args(Stage)

# The order is the order in which a definition tries them: the first that holds rejects the pair.
REJECTION_REASONS: Final = (
    "no_opportunity",
    "after_as_of",
    "unknown_partner",
    "opportunity_type_excluded",
    "touch_type_not_in_rules",
    "no_evidence",
    "no_partner_contact",
    "not_accepted_by_seller",
    "logged_late",
    "logged_after_close",
    "after_close",
    "outside_window",
    "not_consulted",
)
