"""One pandera model per table: the one place where a column is declared."""

from typing import Final

from workbench.contracts.attribution import (
    DefinitionComparison,
    DefinitionSensitivity,
    OpportunityAttribution,
    PartnerCredit,
    RulingsApplied,
    TimezoneFlips,
    TouchAudit,
)
from workbench.contracts.base import Contract
from workbench.contracts.canonical import (
    AccountMerges,
    AccountPaths,
    Accounts,
    FxRates,
    Handoffs,
    Opportunities,
    OpportunityMerges,
    PartnerAliases,
    Partners,
    ProgramCosts,
    StageHistory,
    Touches,
)
from workbench.contracts.ingest import (
    IngestSummary,
    Rejects,
    RowChanges,
    RowMemory,
)
from workbench.contracts.metrics import (
    Metrics,
    Restatement,
    SealedPeriods,
)
from workbench.contracts.quality import (
    QualityBreakdown,
    QualityFindings,
    QualityHistory,
    QualityScores,
)
from workbench.contracts.readout import (
    CrmWriteBack,
    Maturity,
    PartnerEffort,
    PayoutLedger,
    TierRecommendations,
)

REQUIRED_TABLES: Final[tuple[type[Contract], ...]] = (Opportunities, Touches, Partners, Accounts)
CANONICAL_TABLES: Final[tuple[type[Contract], ...]] = (
    *REQUIRED_TABLES,
    StageHistory,
    Handoffs,
    ProgramCosts,
    AccountPaths,
    FxRates,
    PartnerAliases,
    AccountMerges,
    OpportunityMerges,
)
_RESULT_TABLES: Final[tuple[type[Contract], ...]] = (
    Rejects,
    IngestSummary,
    RowMemory,
    RowChanges,
    QualityFindings,
    QualityScores,
    QualityBreakdown,
    QualityHistory,
    TouchAudit,
    OpportunityAttribution,
    PartnerCredit,
    DefinitionComparison,
    DefinitionSensitivity,
    RulingsApplied,
    TimezoneFlips,
    Metrics,
    SealedPeriods,
    Restatement,
    CrmWriteBack,
    Maturity,
    TierRecommendations,
    PayoutLedger,
    PartnerEffort,
)
TABLES: Final[dict[str, type[Contract]]] = {
    contract.table_name(): contract for contract in (*CANONICAL_TABLES, *_RESULT_TABLES)
}

__all__ = [
    "CANONICAL_TABLES",
    "REQUIRED_TABLES",
    "TABLES",
    "AccountMerges",
    "AccountPaths",
    "Accounts",
    "Contract",
    "CrmWriteBack",
    "DefinitionComparison",
    "DefinitionSensitivity",
    "FxRates",
    "Handoffs",
    "IngestSummary",
    "Maturity",
    "Metrics",
    "Opportunities",
    "OpportunityAttribution",
    "OpportunityMerges",
    "PartnerAliases",
    "PartnerCredit",
    "PartnerEffort",
    "Partners",
    "PayoutLedger",
    "ProgramCosts",
    "QualityBreakdown",
    "QualityFindings",
    "QualityHistory",
    "QualityScores",
    "Rejects",
    "Restatement",
    "RowChanges",
    "RowMemory",
    "RulingsApplied",
    "SealedPeriods",
    "StageHistory",
    "TierRecommendations",
    "TimezoneFlips",
    "TouchAudit",
    "Touches",
]
