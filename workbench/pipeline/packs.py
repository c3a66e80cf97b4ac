"""The partner packs of a run, from its tables; no notebook makes them."""

from workbench.partner_packs import CONTRACTS, partner_packs
from workbench.runs import Run


def write_packs(run: Run) -> None:
    """Write the pack of each partner into a folder of its own below `partners/`."""
    packs = partner_packs(
        run.read_present(*CONTRACTS),
        params=run.params,
        definition=run.definition,
        run_id=run.run_id,
    )
    for name, content in packs:
        run.write_file(f"partners/{name}", content)
