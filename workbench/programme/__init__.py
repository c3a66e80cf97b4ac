"""The partner programme: recommended tiers, the payout ledger, where effort pays; see
docs/programme.md.
"""

from workbench.programme.effort import effort_in_words, partner_effort
from workbench.programme.ledger import Payouts, payouts
from workbench.programme.terms import Programme, read_programme
from workbench.programme.tiers import MEASURES, tier_recommendations, tiers_in_words

__all__ = [
    "MEASURES",
    "Payouts",
    "Programme",
    "effort_in_words",
    "partner_effort",
    "payouts",
    "read_programme",
    "tier_recommendations",
    "tiers_in_words",
]
