"""Data quality: rules as data, what breaks them, who mends it, and by when."""

from workbench.quality.breakdown import lowest_scores, quality_breakdown, quality_history
from workbench.quality.catalogue import RULES
from workbench.quality.findings import quality_findings, quality_scores
from workbench.quality.overrides import overrides_table, read_overrides, rules_in_force
from workbench.quality.rule import Rule
from workbench.quality.worklist import findings_by_owner, findings_by_rule, one_of_each_rule

__all__ = [
    "RULES",
    "Rule",
    "findings_by_owner",
    "findings_by_rule",
    "lowest_scores",
    "one_of_each_rule",
    "overrides_table",
    "quality_breakdown",
    "quality_findings",
    "quality_history",
    "quality_scores",
    "read_overrides",
    "rules_in_force",
]
