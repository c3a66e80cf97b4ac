"""Partner packs: what a partner manager takes to a review with one partner, and nothing else."""

from workbench.partner_packs.packs import CONTRACTS, pack_folders, partner_packs

__all__ = ["CONTRACTS", "pack_folders", "partner_packs"]
