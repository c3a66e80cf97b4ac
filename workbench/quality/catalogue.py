"""Every rule that the data is held against, in the order of the page that explains them."""

from typing import Final

from workbench.quality.classification import CLASSIFICATION_RULES
from workbench.quality.evidence import EVIDENCE_RULES
from workbench.quality.identity import IDENTITY_RULES
from workbench.quality.imports import IMPORT_RULES
from workbench.quality.money import MONEY_RULES
from workbench.quality.patterns import PATTERN_RULES
from workbench.quality.rule import Rule
from workbench.quality.timing import TIMING_RULES

RULES: Final[tuple[Rule, ...]] = (
    *IDENTITY_RULES,
    *TIMING_RULES,
    *PATTERN_RULES,
    *EVIDENCE_RULES,
    *MONEY_RULES,
    *CLASSIFICATION_RULES,
    *IMPORT_RULES,
)
