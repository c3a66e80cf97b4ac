"""The five dimensions, and what the data must show for the second and the third stage of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl
from pandera.typing.polars import DataFrame

from workbench.contracts import Maturity
from workbench.maturity.facts import MaturityFacts
from workbench.readout import formats
from workbench.readout.gate import LEAST_EVIDENCE_RATE
from workbench.readout.headline import Row
from workbench.tables import checked
from workbench.vocabulary import MaturityDimension

LEAST_ON_TIME_RATE: Final = 0.9
LEAST_FLAGGED_SHARE: Final = 0.9
LEAST_NAMING_SCORE: Final = 0.98  # of the rules by which a touch names a record and a partner
MOST_REJECTED_SHARE: Final = 0.01
LEAST_TEAMS: Final = 2
LEAST_SYSTEMS: Final = 2
MONTHS_OF_A_RHYTHM: Final = 4
_NAMING_RULES: Final = ("touch_orphan", "touch_unknown_partner")
_STEPS_IN_WORDS: Final = {
    (True, True): "Handoffs and the history of stages are among the tables.",
    (True, False): "Handoffs are among the tables; the history of stages is not.",
    (False, True): "The history of stages is among the tables; handoffs are not.",
    (False, False): "Neither handoffs nor the history of stages are among the tables.",
}


@dataclass(frozen=True)
class Requirement:
    """What a stage asks for: whether the data shows it, what it shows, and what would be missing.

    `shows` is true either way; `missing` is what somebody would have to do.
    """

    stage: int
    is_met: bool
    shows: str
    missing: str


def maturity(facts: MaturityFacts) -> DataFrame[Maturity]:
    """The stage of each dimension: one row per dimension, in the order of their names.

    A dimension is at stage 3 where everything that stages 2 and 3 ask for is met, at stage 2 where
    everything that stage 2 asks for is, else at stage 1. `evidence` says what the data shows about
    the stage reached and the next one.
    """
    rows = [
        _row(dimension, requirements(facts), NOT_IN_THE_DATA[dimension])
        for dimension, requirements in _REQUIREMENTS.items()
    ]
    return checked(pl.DataFrame(rows, schema=Maturity.dtypes()), Maturity)


def _row(
    dimension: MaturityDimension, requirements: list[Requirement], not_in_the_data: str
) -> dict[str, object]:
    unmet = [one for one in requirements if not one.is_met]
    stage = min((one.stage - 1 for one in unmet), default=3)
    return {
        "dimension": dimension,
        "stage": stage,
        "evidence": " ".join(one.shows for one in requirements if one.stage <= stage + 1),
        "missing_for_next": " ".join(one.missing for one in unmet if one.stage == stage + 1)
        or None,
        "not_in_the_data": not_in_the_data,
    }


def _definitions(facts: MaturityFacts) -> list[Requirement]:
    definition = facts.definition
    teams = sorted({approval.role for approval in definition.approvals})
    roles = {rule.role for rule in definition.rules}
    both = roles == {"sourced", "influenced"}
    has_rules = definition.basis == "rules"
    named = f"{definition.id}, version {definition.version}"
    return [
        Requirement(
            2,
            has_rules,
            f"Written rules decide ({named})."
            if has_rules
            else f"The CRM's own field decides ({named}); no rule is written down.",
            "Write down in a definition file what makes an opportunity sourced and influenced.",
        ),
        Requirement(
            3,
            both,
            "Sourced and influenced have a rule each."
            if both
            else "Sourced and influenced do not have a rule each.",
            "Give sourced and influenced a rule each.",
        ),
        Requirement(
            3,
            len(teams) >= LEAST_TEAMS,
            f"Approved by: {', '.join(teams)}." if teams else "Nobody has approved it.",
            f"Let {LEAST_TEAMS} teams approve it, such as sales and finance, and record who and "
            "when.",
        ),
        Requirement(
            3,
            definition.effective_from is not None,
            f"It holds from {formats.day(definition.effective_from)}."
            if definition.effective_from
            else "It does not say from which day it holds.",
            "Set the day from which it holds.",
        ),
    ]


def _data_model(facts: MaturityFacts) -> list[Requirement]:
    has_touches = "touches" in facts.tables
    naming = [facts.scores[rule] for rule in _NAMING_RULES if rule in facts.scores]
    is_naming_known = len(naming) == len(_NAMING_RULES) and has_touches
    share = facts.attributed_and_flagged / facts.attributed if facts.attributed else 0.0
    return [
        Requirement(
            2,
            has_touches or facts.flagged > 0,
            f"The CRM's own field is set on {facts.flagged:,} of {facts.opportunities:,} "
            f"opportunities, and {'there are' if has_touches else 'there are no'} dated touches.",
            "Set partner fields on opportunities in the CRM, or log touches with their dates.",
        ),
        Requirement(
            3,
            len(facts.systems) >= LEAST_SYSTEMS,
            f"Records come from {formats.counted(len(facts.systems), 'system')}"
            f"{': ' + ', '.join(facts.systems) if facts.systems else ''}.",
            "Bring in a second system beside the CRM, such as partner registrations or a "
            "marketplace.",
        ),
        Requirement(
            3,
            share >= LEAST_FLAGGED_SHARE,
            f"The CRM's own field names a partner's part in {facts.attributed_and_flagged:,} of "
            f"the {facts.attributed:,} opportunities that are sourced or influenced.",
            f"Have the field set on {_percent(LEAST_FLAGGED_SHARE)} of them: the write-back says "
            "which.",
        ),
        Requirement(
            3,
            is_naming_known and min(naming) >= LEAST_NAMING_SCORE,
            f"{formats.rate(naming[0])} of the touches name a record that is there, and "
            f"{formats.rate(naming[1])} a partner that is."
            if is_naming_known
            else "Whether touches name records and partners that are there was not checked.",
            f"Let {_percent(LEAST_NAMING_SCORE)} of the touches name a known record, and as many a "
            "known partner.",
        ),
        Requirement(
            3,
            facts.tables >= {"handoffs", "stage_history"},
            _STEPS_IN_WORDS["handoffs" in facts.tables, "stage_history" in facts.tables],
            "Bring in handoffs between partners and sellers, and the history of stages.",
        ),
    ]


def _attribution(facts: MaturityFacts) -> list[Requirement]:
    has_rules = facts.definition.basis == "rules"
    decided = has_rules and "touches" in facts.tables
    return [
        Requirement(
            2,
            decided or facts.flagged > 0,
            "Rules over dated touches give each opportunity its class."
            if decided
            else f"The class is a field that people set, on {facts.flagged:,} opportunities."
            if facts.flagged
            else "There are neither touches under rules nor fields that people set.",
            "Set a sourced or influenced field on opportunities, or log touches.",
        ),
        Requirement(
            3,
            decided,
            "The same rules hold for all of them, and every decision has its row in the audit."
            if decided
            else "No rules over touches hold for all of them.",
            "Let rules over touches decide in place of a field.",
        ),
        _rate_requirement(
            facts.evidence_rate,
            LEAST_EVIDENCE_RATE,
            "of the period's touches carry a link to evidence",
            "How many of the period's touches carry a link is not known",
            "Have links on {} of the touches: the work lists name those without.",
        ),
        _rate_requirement(
            facts.logged_on_time_rate,
            LEAST_ON_TIME_RATE,
            "of them were logged within 14 days",
            "How many were logged within 14 days is not known",
            "Log {} of the touches within 14 days.",
        ),
        Requirement(
            3,
            facts.compared > 0,
            f"It is compared with {formats.counted(facts.compared, 'other definition')}."
            if facts.compared
            else "It is compared with no other definition.",
            "Compare with another definition, so that everyone sees what hangs on the choice.",
        ),
    ]


def _reporting(facts: MaturityFacts) -> list[Requirement]:
    rejected = facts.rows_rejected / facts.rows_read if facts.rows_read else 0.0
    months = f"Runs of this name read the data in {formats.counted(facts.months, 'month')}"
    return [
        Requirement(
            2,
            facts.months > 1,
            f"{months} of the last year.",
            "Run it again next month under the same name.",
        ),
        Requirement(
            3,
            facts.months >= MONTHS_OF_A_RHYTHM,
            f"A rhythm takes {MONTHS_OF_A_RHYTHM} months.",
            f"Keep to it until runs stand in {MONTHS_OF_A_RHYTHM} months of a year.",
        ),
        Requirement(
            3,
            rejected <= MOST_REJECTED_SHARE,
            f"{facts.rows_rejected:,} of {facts.rows_read:,} rows were rejected.",
            f"Mend the sources until at most {_percent(MOST_REJECTED_SHARE)} of the rows are "
            "rejected.",
        ),
        Requirement(
            3,
            facts.decisions is not None,
            "The page for leaders has texts that people wrote."
            if facts.decisions is not None
            else "The page for leaders has no texts of its own.",
            "Write the texts of the page for leaders (docs/readouts.md).",
        ),
    ]


def _decision_making(facts: MaturityFacts) -> list[Requirement]:
    evidence = facts.evidence_rate.value
    is_trusted = facts.definition.is_approved and (evidence or 0.0) >= LEAST_EVIDENCE_RATE
    has_costs = "program_costs" in facts.tables
    return [
        Requirement(
            2,
            bool(facts.decisions),
            f"The page asks for {formats.counted(facts.decisions, 'decision')}."
            if facts.decisions
            else "The page asks for no decision.",
            "Put on the page what should be decided (docs/readouts.md).",
        ),
        Requirement(
            3,
            has_costs,
            "What the programme costs is among the tables."
            if has_costs
            else "What the programme costs is not among the tables.",
            "Bring in the costs of the programme.",
        ),
        Requirement(
            3,
            is_trusted,
            "The figures can carry a ratio of cost to result."
            if is_trusted
            else "The figures cannot carry a ratio of cost to result yet.",
            "Approve the definition, and have links on "
            f"{_percent(LEAST_EVIDENCE_RATE)} of the touches.",
        ),
    ]


def _rate_requirement(row: Row, least: float, says: str, unknown: str, do: str) -> Requirement:
    shows = (
        f"{unknown} ({row.reason})." if row.value is None else f"{formats.rate(row.value)} {says}."
    )
    return Requirement(3, (row.value or 0.0) >= least, shows, do.format(_percent(least)))


def _percent(share: float) -> str:
    return f"{share * 100:.0f}{formats.SPACE}%"


_REQUIREMENTS: Final[dict[MaturityDimension, Callable[[MaturityFacts], list[Requirement]]]] = {
    "definitions": _definitions,
    "data_model": _data_model,
    "attribution": _attribution,
    "reporting": _reporting,
    "decision_making": _decision_making,
}
NOT_IN_THE_DATA: Final[dict[MaturityDimension, str]] = {
    "definitions": "Whether sales, finance and partners would classify the same example alike.",
    "data_model": "Which partner details live on in notes and sheets that no export reads.",
    "attribution": "Whether credit is still argued over elsewhere, and who wins then.",
    "reporting": "Who reads the pages, and whether figures are still reconciled elsewhere.",
    "decision_making": "Whether a tier, an incentive or a budget was changed because of a figure.",
}
