"""A run of the small sample company up to its metrics, with a scorecard: made without notebooks."""

from pathlib import Path

import polars as pl

from tests.project import Project
from workbench.attribution import attribution, with_rulings
from workbench.attribution.case import CaseTables
from workbench.contracts import (
    Accounts,
    Contract,
    Metrics,
    Opportunities,
    OpportunityAttribution,
    PartnerCredit,
    Partners,
    TouchAudit,
    Touches,
)
from workbench.documents import dump_yaml
from workbench.ingest import ingest
from workbench.metrics import MetricInputs, metrics
from workbench.params import read_params
from workbench.pipeline.scorecard import write_scorecard
from workbench.runs import Run, create_run
from workbench.sample import write_sample

# Names as nobody should choose them. What each shows of itself is the same text, made visible.
HOSTILE = {
    "OPP-00001": "<script>window.hacked = 1</script>",
    "OPP-00002": "=cmd|' /C calc'!A0",
    "OPP-00003": "]]></script><!--\u2028",
    "OPP-00004": "x" * 300,
    "OPP-00005": "\u202eevil \u0000 name",
    "OPP-00006": '"quoted", and a comma',
    "OPP-00007": "@SUM(A1)",
    "OPP-00008": "名前 – ünïcödé 🙂",
}
RULED = "OPP-00010"


def scorecard_run(folder: Path) -> Run:
    """The run, with hostile names for some opportunities, accounts and partners, and one ruling."""
    project = Project.in_folder(folder)
    write_sample(project.folder / "outputs" / "sample", opportunities=600, touches=3000)
    ruling = {
        "opportunity_id": RULED,
        "classification": "sourced",
        "partner_id": "PAR-001",
        "by": "VP Sales",
        "on": "2026-10-20",
        "why": "Both sides confirm the introduction.",
    }
    rulings = project.folder / "params" / "rulings.yaml"
    rulings.write_text(dump_yaml({"rulings": [ruling]}), encoding="utf-8")
    file = project.params("scored", rulings="params/rulings.yaml")
    run = create_run(read_params(project.folder / file), "scored-1")
    ingest(run.params, into=run.tables, previous=None)
    _rename(run, Opportunities, "opportunity_id", HOSTILE)
    _rename(run, Accounts, "account_id", {"ACC-00001": "<img src=x onerror=window.hacked=1>"})
    _rename(run, Partners, "partner_id", {"PAR-001": "+1 \u202e& <b>Sons</b>"})
    _link(run, "javascript:window.hacked=1")
    _attribute(run)
    inputs = MetricInputs.of(run.read_present(*MetricInputs.contracts))
    run.write(metrics(inputs, params=run.params, definition=run.definition), Metrics)
    write_scorecard(run)
    return run


def _attribute(run: Run) -> None:
    tables = CaseTables.of(run.read_present(*CaseTables.contracts))
    found = attribution(tables.snapshot(run.params), run.definition)
    ruled, _ = with_rulings(
        found,
        run.rulings,
        definition=run.definition,
        partners=tables.partners,
        as_of=run.params.as_of,
    )
    run.write(ruled.touch_audit, TouchAudit)
    run.write(ruled.opportunity_attribution, OpportunityAttribution)
    run.write(ruled.partner_credit, PartnerCredit)


def _rename(run: Run, contract: type[Contract], key: str, names: dict[str, str]) -> None:
    name = pl.col(key).replace_strict(names, default=pl.col("name"))
    run.write(run.read(contract).with_columns(name=name), contract)


def _link(run: Run, address: str) -> None:
    """An address that is none of the web's, on the first touch that names an opportunity."""
    touches = run.read(Touches)
    first = touches.filter(pl.col("opportunity_id").is_not_null())["touch_id"][0]
    link = pl.when(pl.col("touch_id") == first).then(pl.lit(address)).otherwise("evidence_url")
    run.write(touches.with_columns(evidence_url=link), Touches)
