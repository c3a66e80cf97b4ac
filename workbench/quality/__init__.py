"""Data quality: rules as data, what breaks them, who mends it, and by when."""

from workbench.quality.findings import RULES, quality_findings, quality_scores
from workbench.quality.rule import Rule
from workbench.quality.worklist import findings_by_owner, findings_by_rule

__all__ = [
    "RULES",
    "Rule",
    "findings_by_owner",
    "findings_by_rule",
    "quality_findings",
    "quality_scores",
]
