"""The monthly review and the weekly pulse of a run, from its tables."""

import json
from datetime import date

from workbench.contracts import OpportunityAttribution, TouchAudit, Touches
from workbench.reviews import Earlier, monthly, monthly_review, review_page, weekly, weekly_pulse
from workbench.runs import MANIFEST, Run, latest_run
from workbench.tables import scan_table
from workbench.vocabulary import Stage


def write_reviews(run: Run, stages: tuple[Stage, ...]) -> None:
    """Write the two pages, once those of the figures are there.

    `stages` are those that this run executed, and did not take over.
    """
    earlier, site = _earlier(run), run.folder / "html"
    review = monthly_review(
        run.read_present(*monthly.CONTRACTS),
        params=run.params,
        definition=run.definition,
        run_id=run.run_id,
        earlier=earlier,
        is_read_anew="ingest" in stages,
        pages={page.relative_to(site).as_posix() for page in site.rglob("*.html")},
    )
    pulse = weekly_pulse(
        run.read_present(*weekly.CONTRACTS),
        touches=scan_table(run.tables, Touches),
        audit=scan_table(run.tables, TouchAudit),
        params=run.params,
        definition=run.definition,
        run_id=run.run_id,
        is_compared=earlier is not None and "ingest" in stages,
    )
    run.write_file("html/monthly_review.html", review_page(review).encode())
    run.write_file("html/weekly_pulse.html", review_page(pulse).encode())


def _earlier(run: Run) -> Earlier | None:
    """What the last finished run of the same name said; None without one."""
    folder = latest_run(run.params)
    attribution = run.previous_table(OpportunityAttribution)
    if folder is None or attribution is None:
        return None
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    given = manifest["parameters"]
    as_of = date.fromisoformat(given["as_of"])
    return Earlier(attribution, as_of=as_of, reporting_currency=given["reporting_currency"])
