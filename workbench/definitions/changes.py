"""What a definition decides by, key by key, and what has changed in it."""

from typing import Any, Final

from workbench.definitions.model import Definition
from workbench.definitions.parts import Rule
from workbench.documents import changes, flat
from workbench.vocabulary import OPPORTUNITY_TYPES, TOUCH_TYPES

# For its readers: these decide no opportunity, and may change within a version.
TEXT_KEYS: Final = ("title", "approvals", "purpose", "origin", "blind_to")


def definition_content(definition: Definition) -> dict[str, str]:
    """What the definition decides by: the keys of its file, nested ones with dots, and values.

    A key that the file leaves out has its default; the order in which a rule lists its touch types,
    which decides nothing, does not show.
    """
    content = definition.model_dump(mode="json", exclude={"rules", *TEXT_KEYS})
    content["opportunity_types"] = [
        kind for kind in OPPORTUNITY_TYPES if kind in definition.opportunity_types
    ]
    content["rules"] = {str(number): _rule(rule) for number, rule in enumerate(definition.rules)}
    return flat(content)


def definition_changes(before: Definition, now: Definition) -> list[str]:
    """One line for each key whose value differs: `gates.evidence: required -> optional`."""
    return changes(definition_content(before), definition_content(now))


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "role": rule.role,
        "touch_types": "any"
        if rule.any_type
        else [k for k in TOUCH_TYPES if k in rule.touch_types],
        "from": "open" if rule.start is None else str(rule.start),
        "to": "open" if rule.end is None else str(rule.end),
    }
