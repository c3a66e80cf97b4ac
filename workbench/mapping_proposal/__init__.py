"""From unknown exports to a first mapping: guesses with their reasons, to be looked at."""

from workbench.mapping_proposal.proposal import Proposal, mapping_proposal, write_proposal

__all__ = ["Proposal", "mapping_proposal", "write_proposal"]
