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
    PartnerAliases,
    Partners,
    ProgramCosts,
    StageHistory,
    Touches,
)
from workbench.contracts.results import (
    DefinitionComparison,
    IngestSummary,
    Metrics,
    OpportunityAttribution,
    PartnerCredit,
    QualityFindings,
    QualityScores,
    Rejects,
    RulingsApplied,
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
)
_RESULT_TABLES: Final[tuple[type[Contract], ...]] = (
    Rejects,
    IngestSummary,
    QualityFindings,
    QualityScores,
    TouchAudit,
    OpportunityAttribution,
    PartnerCredit,
    DefinitionComparison,
    RulingsApplied,
    Metrics,
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
    "DefinitionComparison",
    "FxRates",
    "Handoffs",
    "IngestSummary",
    "Metrics",
    "Opportunities",
    "OpportunityAttribution",
    "PartnerAliases",
    "PartnerCredit",
    "Partners",
    "ProgramCosts",
    "QualityFindings",
    "QualityScores",
    "Rejects",
    "RulingsApplied",
    "StageHistory",
    "TouchAudit",
    "Touches",
]
