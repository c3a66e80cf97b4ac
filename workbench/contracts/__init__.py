"""One pandera model per table: the one place where a column is declared."""

from typing import Final

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
from workbench.contracts.results import (
    CrmWriteBack,
    DefinitionComparison,
    IngestSummary,
    Maturity,
    Metrics,
    OpportunityAttribution,
    PartnerCredit,
    QualityBreakdown,
    QualityFindings,
    QualityHistory,
    QualityScores,
    Rejects,
    RowChanges,
    RowMemory,
    RulingsApplied,
    TimezoneFlips,
    TouchAudit,
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
    RulingsApplied,
    TimezoneFlips,
    Metrics,
    CrmWriteBack,
    Maturity,
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
    "Partners",
    "ProgramCosts",
    "QualityBreakdown",
    "QualityFindings",
    "QualityHistory",
    "QualityScores",
    "Rejects",
    "RowChanges",
    "RowMemory",
    "RulingsApplied",
    "StageHistory",
    "TimezoneFlips",
    "TouchAudit",
    "Touches",
]
