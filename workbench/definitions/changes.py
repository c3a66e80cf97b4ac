"""What a definition decides by, key by key, and what has changed in it."""

from collections.abc import Iterator
from typing import Any, Final

from workbench.definitions.model import Definition
from workbench.definitions.parts import Rule
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
    return dict(_flat(content))


def definition_changes(before: Definition, now: Definition) -> list[str]:
    """One line for each key whose value differs: `gates.evidence: required -> optional`."""
    old, new = definition_content(before), definition_content(now)
    return [
        f"{key}: {old.get(key, 'not there')} -> {new.get(key, 'not there')}"
        for key in sorted({**old, **new})
        if old.get(key) != new.get(key)
    ]


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "role": rule.role,
        "touch_types": "any"
        if rule.any_type
        else [k for k in TOUCH_TYPES if k in rule.touch_types],
        "from": "open" if rule.start is None else str(rule.start),
        "to": "open" if rule.end is None else str(rule.end),
    }


def _flat(content: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)
