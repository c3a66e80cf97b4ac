"""The front page of a run's site: the figures of the period, then the ways into the rest."""

from collections.abc import Collection, Mapping
from datetime import UTC
from pathlib import Path
from typing import Final

import polars as pl

from workbench.contracts import (
    TABLES,
    IngestSummary,
    Maturity,
    Metrics,
    OpportunityAttribution,
    Partners,
    QualityFindings,
)
from workbench.maturity import PORTRAITS
from workbench.partner_packs import pack_folders
from workbench.pipeline.lists import LISTS
from workbench.quality import RULES
from workbench.readout.evidence import evidence_counts
from workbench.readout.formats import counted, day, instant, printable
from workbench.readout.gate import trust_gate
from workbench.readout.headline import Headline
from workbench.readout.lines import ClassFigures, class_figures
from workbench.runs import Run
from workbench.site import page
from workbench.tables import table_file
from workbench.vocabulary import ROLES, STAGES, Stage

FINDINGS_LISTED: Final = 5
# The pages beside the notebooks, where a run has them: who reads it, its name, what it answers.
READINGS: Final = {
    "maturity.html": (
        "leaders",
        "How mature the tracking is",
        "five dimensions in three stages, and what is missing for the next",
    ),
    "scorecard.html": (
        "sales",
        "The scorecard",
        "every opportunity, to filter, to sort, and to open with its touches",
    ),
    "monthly_review.html": (
        "sales",
        "The review of the period",
        "what moved, which opportunities moved it, and what there is to mend",
    ),
    "weekly_pulse.html": (
        "partners",
        "The partner week",
        "new touches, and what waits for a link, a person or an answer",
    ),
    "figures.html": (
        "reviewers",
        "Every figure of the period",
        "each with the records behind it",
    ),
    "comparison.html": (
        "reviewers",
        "The same data under each definition",
        "totals, moves, and the opportunities that make the difference",
    ),
}


def write_front_page(
    run: Run,
    titles: Mapping[Stage, str],
    *,
    picture: tuple[str, str] | None,
    stages: Collection[Stage],
    seconds: Mapping[str, float],
) -> None:
    """Write `html/index.html`, which leads to everything that the run has made by now.

    `titles` are those of the stages' pages, `picture` the address and the words of the leaders'
    page, where this run made it. `stages` are those that this run executed, and did not take over.
    """
    params, summary = run.params, run.read(IngestSummary)
    findings = run.read(QualityFindings)
    html = page(
        "workbench.pipeline",
        run=run,
        params=params,
        definition=run.definition,
        period=params.fiscal_period,
        before=params.fiscal_period.before().title,
        day=day,
        read_at=instant(params.read_at.astimezone(UTC)),
        classes=_classes(run),
        picture=picture,
        readout=[path.name for path in sorted((run.folder / "readout").iterdir())],
        readings=_readings(run),
        lists=[(name, said) for name, said in LISTS.items() if _has(run, f"worklists/{name}")],
        packs=_packs(run),
        titles=[(f"{STAGES.index(stage) + 1:02d}_{stage}.html", titles[stage]) for stage in titles],
        taken_over=[stage.replace("_", " ") for stage in STAGES if stage not in stages],
        maturity=_maturity(run.read(Maturity)),
        rows_read=summary["rows_read"].sum(),
        rows_rejected=summary["rows_rejected"].sum(),
        findings=[
            counted(findings.filter(severity=severity).height, word).split(" ")
            for severity, word in (("error", "error"), ("warning", "warning"), ("info", "note"))
        ],
        most_found=_most_found(findings),
        seconds=sum(seconds.values()),
        tables=sorted(path.stem for path in _tables(run)),
    )
    run.write_file("html/index.html", html.encode())


def _has(run: Run, path: str) -> bool:
    return (run.folder / path).exists()


def _classes(run: Run) -> list[ClassFigures]:
    """The figures of each class, as the page for the leaders prints them."""
    params, definition = run.params, run.definition
    own = run.read(Metrics).filter(definition_id=definition.id)
    headline = Headline(own, period=params.fiscal_period)
    counts = evidence_counts(run.read(OpportunityAttribution), params=params)
    return [
        class_figures(
            headline,
            role=role,
            params=params,
            definition=definition,
            gate=trust_gate(headline, definition=definition),
            without_amount={c.number: c.without_amount for c in counts if c.role == role},
        )
        for role in ROLES
    ]


def _readings(run: Run) -> dict[str, list[tuple[str, str, str]]]:
    """File, title and answer of each page that the run has, by reader."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for file, (reader, title, answers) in READINGS.items():
        if _has(run, f"html/{file}"):
            found.setdefault(reader, []).append((file, title, answers))
    return found


def _packs(run: Run) -> list[tuple[str, str]]:
    """The folder and the partner's name of each pack, by name."""
    partners = run.read(Partners)
    folders = pack_folders(partners)
    packs = [
        (folders[partner_id], printable(name))
        for partner_id, name in partners.sort("name").select("partner_id", "name").iter_rows()
    ]
    return [(folder, name) for folder, name in packs if _has(run, f"partners/{folder}")]


def _maturity(dimensions: pl.DataFrame) -> list[tuple[str, int]]:
    """The title and the stage of each dimension."""
    stages = dict(dimensions.select("dimension", "stage").iter_rows())
    return [(portrait[0], stages[dimension]) for dimension, portrait in PORTRAITS.items()]


def _most_found(findings: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Title, severity and count of the rules with most findings, errors before all others."""
    titles = {rule.id: rule.title for rule in RULES}
    per_rule = findings.filter(pl.col("severity") != "info").group_by("rule", "severity").len("n")
    per_rule = per_rule.sort("severity", "n", "rule", descending=[False, True, False])
    rows = per_rule.head(FINDINGS_LISTED).iter_rows()
    return [(titles.get(rule, rule), severity, count) for rule, severity, count in rows]


def _tables(run: Run) -> list[Path]:
    paths = [table_file(run.tables, contract) for contract in TABLES.values()]
    return [path for path in paths if path.exists()]
