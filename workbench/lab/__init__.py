"""The definition lab: turn the knobs of a definition, and see at once which numbers move."""

from workbench.lab.bench import Bench, open_bench
from workbench.lab.changes import SCOPES, Changes, Scope, changes
from workbench.lab.files import new_definition, write_definition
from workbench.lab.knobs import Knobs, knobs_of, with_knobs
from workbench.lab.panel import Panel

__all__ = [
    "SCOPES",
    "Bench",
    "Changes",
    "Knobs",
    "Panel",
    "Scope",
    "changes",
    "knobs_of",
    "new_definition",
    "open_bench",
    "with_knobs",
    "write_definition",
]
