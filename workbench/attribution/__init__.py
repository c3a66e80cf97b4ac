"""Attribution: one definition over one snapshot; contract.md, section 2."""

from workbench.attribution.classification import Attribution, attribution, definition_comparison
from workbench.attribution.conservation import check_conservation
from workbench.attribution.facts import Snapshot, local_day, snapshot

__all__ = [
    "Attribution",
    "Snapshot",
    "attribution",
    "check_conservation",
    "definition_comparison",
    "local_day",
    "snapshot",
]
