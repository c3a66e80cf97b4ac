"""From a figure as it was reported to the same figure as worked out today; docs/sealing.md."""

from workbench.restatement.bridge import (
    PART_TITLES,
    Bridge,
    bridge_between,
    restatement,
    restatement_in_words,
)

__all__ = ["PART_TITLES", "Bridge", "bridge_between", "restatement", "restatement_in_words"]
