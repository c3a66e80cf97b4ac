"""The maturity of a run as one HTML page that needs nothing else."""

from typing import Final

import polars as pl

from workbench.params import RunParams
from workbench.readout.formats import day
from workbench.site import page
from workbench.vocabulary import MATURITY_DIMENSIONS, MaturityDimension

STAGES: Final = ("Gut feel and spreadsheets", "Basic tracking in the CRM", "Revenue-grade")
# What each dimension is like at each stage, and who would take it on.
PORTRAITS: Final[dict[MaturityDimension, tuple[str, str, str, str]]] = {
    "definitions": (
        "Definitions",
        "Everyone means something else by sourced.",
        "There are rules, and exceptions to argue over.",
        "One written definition that several teams have approved.",
    ),
    "data_model": (
        "Data model",
        "Partners stand in notes and private sheets.",
        "The CRM has partner fields; who fills them varies.",
        "The same fields and words in every system that knows partners.",
    ),
    "attribution": (
        "Attribution",
        "Credit is given by hand, and fought over.",
        "Flags or rules, with evidence for some of it.",
        "The same rules for all, with evidence and an audit of each decision.",
    ),
    "reporting": (
        "Reporting",
        "Somebody counts when somebody asks.",
        "Figures come at intervals, and are reconciled elsewhere.",
        "A steady rhythm of pages that leaders and partners look up themselves.",
    ),
    "decision_making": (
        "Decision-making",
        "Relationships decide where money goes.",
        "Figures inform some decisions.",
        "Sourced revenue decides tiers, incentives and the shape of the programme.",
    ),
}


def maturity_page(dimensions: pl.DataFrame, *, params: RunParams, run_id: str) -> str:
    """The page: where each dimension stands, why, what is missing, and what only people know."""
    found = {row["dimension"]: row for row in dimensions.to_dicts()}
    return page(
        "workbench.maturity",
        stages=STAGES,
        dimensions=[
            (PORTRAITS[dimension][0], PORTRAITS[dimension][1:], found[dimension])
            for dimension in MATURITY_DIMENSIONS
        ],
        as_of=day(params.as_of),
        name=params.name,
        run_id=run_id,
    )
