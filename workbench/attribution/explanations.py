"""Why two definitions disagree about an opportunity, in words, from what became of its touches."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from workbench.attribution.comparison import Comparison
from workbench.attribution.facts import local_day
from workbench.definitions import Definition
from workbench.vocabulary import CLASSIFICATIONS

REASONS_IN_WORDS: Final[Mapping[str, str]] = {
    "no_opportunity": "attached to no opportunity",
    "after_as_of": "made after the as-of day",
    "unknown_partner": "by a partner that is not in the list",
    "opportunity_type_excluded": "on a type of opportunity that is left out",
    "touch_type_not_in_rules": "of a kind that no rule lists",
    "no_evidence": "without a link to evidence",
    "no_partner_contact": "without the partner's person",
    "not_accepted_by_seller": "not accepted by a seller",
    "logged_late": "logged too late",
    "logged_after_close": "logged after the close",
    "after_close": "made after the close",
    "outside_window": "outside every window",
    "not_consulted": "not consulted",
}
_AMOUNT_IN_WORDS: Final = {"amount": "the amount", "recurring_amount": "the recurring amount"}


def with_reasons(changes: pl.DataFrame, comparison: Comparison) -> pl.DataFrame:
    """The changes with `first_says` and `other_says`: a sentence each on why its class holds.

    Meant for the few opportunities that are shown: it looks at them one by one.
    """
    ids = changes["opportunity_id"].unique()
    cases = {
        definition.id: _cases(comparison, number, ids)
        for number, definition in enumerate(comparison.definitions)
    }
    first = comparison.definitions[0]
    by_id = {definition.id: definition for definition in comparison.definitions}
    said = []
    for row in changes.to_dicts():
        other = by_id[row["definition_id"]]
        one, two = (cases[d.id][row["opportunity_id"]] for d in (first, other))
        said.append((_says(first, one, other, two), _says(other, two, first, one)))
    sentences = pl.DataFrame(
        said, schema={"first_says": pl.String, "other_says": pl.String}, orient="row"
    )
    return changes.hstack(sentences)


def _cases(comparison: Comparison, number: int, ids: pl.Series) -> dict[str, dict[str, Any]]:
    """What one definition says of each of the opportunities, and what became of their touches."""
    result = comparison.results[number]
    chosen = pl.col("opportunity_id").is_in(ids.implode())
    audit = result.touch_audit.filter(chosen).with_columns(
        local_day("touched_at", comparison.timezone).alias("touched_on")
    )
    cases = result.opportunity_attribution.filter(chosen).select(
        "opportunity_id", "classification", "crm_classification", "deciding_touch_id"
    )
    found = {row["opportunity_id"]: {**row, "touches": {}} for row in cases.to_dicts()}
    for touch in audit.sort("touched_at", "touch_id").to_dicts():
        found[touch["opportunity_id"]]["touches"][touch["touch_id"]] = touch
    return found


def _says(
    definition: Definition,
    case: dict[str, Any],
    other: Definition,
    other_case: dict[str, Any],
) -> str:
    """Why the class holds under `definition`, next to a reading that may be stronger."""
    classification = case["classification"]
    if classification == other_case["classification"]:
        return f"{classification}, and it counts {_AMOUNT_IN_WORDS[definition.amount]}."
    if definition.basis == "crm_field":
        given = case["crm_classification"]
        return f"the CRM's own field {f'says {given}' if given else 'is empty'}."
    rank = CLASSIFICATIONS.index
    if rank(classification) < rank(other_case["classification"]):
        return f"{classification} by {_touch(case['touches'][case['deciding_touch_id']])}."
    if other.basis == "crm_field":
        touches = list(case["touches"].values())
        return f"{classification}; {_became(touches, definition, whose='its')}."
    counted = [
        touch_id
        for touch_id, touch in other_case["touches"].items()
        if touch["role"] == other_case["classification"]
    ]
    unpaired = {"decision": "rejected", "reason": "no_opportunity"}
    touches = [case["touches"].get(touch_id, unpaired) for touch_id in counted]
    return f"{classification}; {_became(touches, definition, whose='those')}."


def _touch(touch: dict[str, Any]) -> str:
    kind = touch["touch_type"].replace("_", " ")
    return f"the {kind} of {touch['touched_on']} ({touch['touch_id']}, {touch['partner_id']})"


def _became(touches: list[dict[str, Any]], definition: Definition, *, whose: str) -> str:
    """`that touch is logged too late`, `of its 3 touches, 2 are …, 1 is …`."""
    if not touches:
        return "no touch is logged for it"
    count = len(touches)
    tally = Counter(_fate(touch, definition) for touch in touches)
    if count == 1:
        return f"{'its one' if whose == 'its' else 'that'} touch is {next(iter(tally))}"
    if len(tally) == 1:
        every = "both" if count == 2 else f"all {count}"
        return f"{every} of {whose} touches are {next(iter(tally))}"
    parts = [f"{n} {'is' if n == 1 else 'are'} {what}" for what, n in tally.most_common()]
    return f"of {whose} {count} touches, {', '.join(parts)}"


def _fate(touch: dict[str, Any], definition: Definition) -> str:
    """What became of a touch, to be said after `is`."""
    if touch["decision"] == "rejected":
        return REASONS_IN_WORDS[touch["reason"]]
    sourcing = {
        kind for rule in definition.rules if rule.role == "sourced" for kind in rule.touch_types
    }
    if touch["touch_type"] in sourcing:
        return f"counted as {touch['role']}, outside the window that sources"
    return f"counted as {touch['role']}, of a kind that sources nothing"
