"""What accounts payable gets: the payable entries of the period's payout ledger, as CSV."""

from pathlib import Path
from typing import Final

import polars as pl

from workbench.contracts import Partners, PayoutLedger
from workbench.errors import Problem, PublishError
from workbench.programme import read_programme
from workbench.publishing.run import Published, RunToPublish

# What a spreadsheet program would run: at the start of a field, or of what it takes for one where
# its own separator is another.
_RUNNABLE: Final = r"""(^|[\t\r\n,;|"'])(\s*[=+\-@])"""


def publish_payouts(run: RunToPublish, path: Path) -> Published:
    """One row per entry that was booked in the run's period, reversals with their minus.

    Amounts in the reporting currency. A text that a spreadsheet program would run gets an
    apostrophe before it. Raises PublishError where there is no programme, or one that is a draft or
    under a draft: then nothing is payable.
    """
    if reasons := _why_nothing_is_payable(run):
        hint = "nothing was written; docs/programme.md tells what makes an entry payable."
        raise PublishError(Problem(run.run.run_id, reason, hint) for reason in reasons)
    entries = payable_entries(
        run.run.read(PayoutLedger),
        partners=run.run.read(Partners),
        period=run.period,
        currency=run.run.params.reporting_currency,
        run_id=run.run.run_id,
    )
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(entries.write_csv(), encoding="utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return Published(str(path), {PayoutLedger.table_name(): entries.height})


def payable_entries(
    ledger: pl.DataFrame, *, partners: pl.DataFrame, period: str, currency: str, run_id: str
) -> pl.DataFrame:
    """One row per payable entry of a ledger that was booked in a period, by its number."""
    texts = pl.selectors.string()
    inert = texts.str.replace_all(_RUNNABLE, "$1'$2").str.replace(r"^([\t\r\n])", "'$1")
    return (
        ledger.filter(pl.col("period") == period, ~pl.col("is_draft"))
        .join(
            partners.select("partner_id", pl.col("name").alias("partner_name")),
            on="partner_id",
            how="left",
        )
        .sort("entry_id")
        .select(
            "entry_id",
            "kind",
            "reverses_entry_id",
            "booked_on",
            "partner_id",
            "partner_name",
            "opportunity_id",
            "closed_on",
            "classification",
            "base_amount",
            pl.col("rate").cast(pl.String).str.strip_chars_end("0").str.strip_chars_end("."),
            "amount",
            pl.lit(currency).alias("currency"),
            "reason",
            "evidence_url",
            pl.lit(run_id).alias("run_id"),
        )
        .with_columns(inert)
    )


def _why_nothing_is_payable(run: RunToPublish) -> list[str]:
    if run.run.params.programme is None:
        return ["its parameter file names no programme, so nothing is paid."]
    programme, definition = read_programme(run.run.folder / "programme.yaml"), run.run.definition
    reasons = []
    if not programme.approvals:
        reasons.append("the programme is a DRAFT: nobody has approved it.")
    if not definition.is_approved:
        reasons.append(f"the definition {definition.id} is a DRAFT: nobody has approved it.")
    return reasons
