"""How mature the tracking of partner-sourced revenue is: five dimensions, three stages."""

from workbench.maturity.dimensions import maturity
from workbench.maturity.facts import MaturityFacts
from workbench.maturity.page import PORTRAITS, maturity_page

__all__ = ["PORTRAITS", "MaturityFacts", "maturity", "maturity_page"]
