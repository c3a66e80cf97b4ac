"""The five notebooks in sequence, from a parameter file to a finished run."""

from workbench.pipeline.checks import check_inputs
from workbench.pipeline.stages import FinishedRun, run_pipeline

__all__ = ["FinishedRun", "check_inputs", "run_pipeline"]
