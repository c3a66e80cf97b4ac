"""Sealed runs: copies that show when a byte of them was changed; docs/sealing.md."""

from workbench.sealing.folder import Seal, seal_run
from workbench.sealing.lookup import run_folder
from workbench.sealing.periods import (
    as_reported,
    reported_in_words,
    sealed_periods,
    sealed_runs,
)
from workbench.sealing.verification import Verification, verify

__all__ = [
    "Seal",
    "Verification",
    "as_reported",
    "reported_in_words",
    "run_folder",
    "seal_run",
    "sealed_periods",
    "sealed_runs",
    "verify",
]
