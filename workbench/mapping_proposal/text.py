"""A proposal as a mapping file: YAML in which each guess stands beside its reason."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from workbench.mapping_proposal.drafts import PartDraft, TableDraft
from workbench.mapping_proposal.guesses import Guess
from workbench.vocabulary import (
    COST_CATEGORIES,
    DIRECTIONS,
    OPPORTUNITY_TYPES,
    PARTNER_TYPES,
    PATHS,
    RESPONSES,
    STATUSES,
    TOUCH_TYPES,
)

_PLAIN: Final = re.compile(r"[^\W\d_][\w.]*(?:[ /()+&-]+[\w.()]+)*")
_TAKEN: Final = {"true", "false", "null", "yes", "no", "y", "n"}
_COMMENT_AT: Final = 58
_ACCEPTED: Final[Mapping[str, Sequence[str]]] = {
    "status": STATUSES,
    "opportunity_type": OPPORTUNITY_TYPES,
    "partner_type": PARTNER_TYPES,
    "touch_type": TOUCH_TYPES,
    "direction": DIRECTIONS,
    "response": RESPONSES,
    "category": COST_CATEGORIES,
    "path": PATHS,
}


def mapping_text(
    drafts: Sequence[TableDraft],
    *,
    formats: Mapping[str, Mapping[str, Any]],
    unused: Mapping[str, Sequence[str]],
    head: Sequence[str],
) -> str:
    """The mapping file. `formats` and `unused` are by file: its form, and columns nobody reads."""
    lines = [f"# {line}".rstrip() for line in head]
    if formats:
        lines += ["", "files:"]
        lines += [f"  {scalar(file)}: {flow(form)}" for file, form in formats.items()]
    lines += ["", "tables:"]
    for draft in drafts:
        lines += _table(draft)
    if unused:
        lines += ["", "# Columns that nothing above reads:"]
        lines += [f"#   {file}: {', '.join(names)}" for file, names in unused.items()]
    return "\n".join(lines) + "\n"


def scalar(value: Any) -> str:
    """A YAML scalar, in quotes where it would be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    return json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    return scalar(value)


def _table(draft: TableDraft) -> list[str]:
    remark = f"# ? {draft.remark}" if draft.remark else ""
    if not draft.parts:
        return ["", _beside(f"  {draft.name}: empty", remark)]
    lines = ["", _beside(f"  {draft.name}:", remark)]
    if draft.combine is not None:
        lines.append(f"    combine: {flow(draft.combine)}")
    lines.append("    from:")
    for part in draft.parts:
        body = _part(part)
        lines += [f"      - {body[0]}", *(f"        {line}".rstrip() for line in body[1:])]
    return lines


def _part(part: PartDraft) -> list[str]:
    lines = [f"file: {scalar(part.file)}"]
    if part.lookups:
        lines.append("lookups:")
        lines += [
            f"  {name}: {flow({'file': lookup.file, 'on': {lookup.own: lookup.theirs}})}"
            for name, lookup in part.lookups.items()
        ]
    if part.where:
        lines.append(f"where: {flow(part.where)}")
    if part.exclude:
        lines.append("exclude:")
        lines += [
            _beside(f"  - {flow({'where': where, 'reason': reason})}", "# ? no record of the table")
            for where, reason in part.exclude
        ]
    lines.append("columns:")
    for guess in part.guesses:
        lines += [f"  {line}" for line in _column(guess)]
    for column in part.missing:
        hint = f"one of {', '.join(_ACCEPTED[column])}" if column in _ACCEPTED else ""
        needed = f"needed, and no column looks like it{'; ' if hint else ''}{hint}"
        lines.append(f"  {_beside(f'# {column}:', f'# ? {needed}')}")
    return lines


def _column(guess: Guess) -> list[str]:
    words = guess.spec.get("words")
    comment = _reason(guess)
    if words is None:
        spec: Any = guess.spec
        if set(spec) == {"from"}:
            spec = guess.spec["from"]
        return [_beside(f"{guess.column}: {flow(spec)}", comment)]
    lines = [_beside(f"{guess.column}:", comment)]
    lines += [f"  {key}: {flow(value)}" for key, value in guess.spec.items() if key != "words"]
    lines.append("  words:" if words else "  words: {}")
    lines += [f"    {scalar(word)}: {scalar(ours)}" for word, ours in (words or {}).items()]
    accepted = f": one of {', '.join(_ACCEPTED[guess.column])}" if guess.column in _ACCEPTED else ""
    for word in guess.open_words:
        lines.append(f"    {_beside(f'# {scalar(word)}:', f'# ? say what it is{accepted}')}")
        accepted = ""  # once is enough
    return lines


def _reason(guess: Guess) -> str:
    mark = "" if guess.is_sure else "? "
    sure = "" if guess.confidence is None else f"{guess.confidence:.2f}: "
    doubt = f"; {guess.doubt}" if guess.doubt else ""
    return f"# {mark}{sure}{guess.reason}{doubt}"


def _beside(line: str, comment: str) -> str:
    return f"{line.ljust(_COMMENT_AT)}  {comment}" if comment else line
