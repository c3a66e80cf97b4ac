"""Attribution: one definition over one snapshot; contract.md, section 2."""

from workbench.attribution.classification import (
    Attribution,
    Classified,
    Reading,
    attribution,
    classified,
    credited,
    reading,
)
from workbench.attribution.comparison import Comparison, class_changes, class_totals, compared
from workbench.attribution.conservation import check_conservation
from workbench.attribution.decisions import touch_audit
from workbench.attribution.facts import Snapshot, local_day, snapshot
from workbench.attribution.overlap import (
    double_count_in_words,
    partner_claims,
    partner_overlap,
)
from workbench.attribution.rulings import (
    ruled,
    ruled_reading,
    ruling_in_words,
    rulings_in_words,
    rulings_over_all_in_words,
    with_rulings,
)
from workbench.attribution.sensitivity import Sensitivity, swept
from workbench.attribution.timezones import flips_in_words, timezone_flips

__all__ = [
    "Attribution",
    "Classified",
    "Comparison",
    "Reading",
    "Sensitivity",
    "Snapshot",
    "attribution",
    "check_conservation",
    "class_changes",
    "class_totals",
    "classified",
    "compared",
    "credited",
    "double_count_in_words",
    "flips_in_words",
    "local_day",
    "partner_claims",
    "partner_overlap",
    "reading",
    "ruled",
    "ruled_reading",
    "ruling_in_words",
    "rulings_in_words",
    "rulings_over_all_in_words",
    "snapshot",
    "swept",
    "timezone_flips",
    "touch_audit",
    "with_rulings",
]
