"""For each rule a touch that counts, and those next to it that just do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Final

from workbench.definitions.model import Definition
from workbench.definitions.parts import Anchor, Bound, Rule
from workbench.vocabulary import TouchType

CREATED_ON: Final = date(2025, 6, 10)
_USUAL_LENGTH: Final = 90  # days from creation to close, where the windows leave the choice
_PLAIN_TYPE: Final = "co_sell"  # stands for any type, where a rule takes them all


@dataclass(frozen=True)
class Example:
    """One touch that passes every gate, on one opportunity that it names.

    `rule` is the rule that it illustrates and `decided_by` the one that takes it, both numbered
    from 0; null where no rule does. `anchor` is the day from which its words count.
    """

    rule: int
    touch_type: TouchType
    created_on: date
    closed_on: date
    touched_on: date
    decided_by: int | None
    anchor: Anchor

    @property
    def counts(self) -> bool:
        """Whether the rule that it illustrates takes it."""
        return self.decided_by == self.rule

    def when_in_words(self) -> str:
        """The day as seen from the anchor: `the day before it was created`."""
        anchor_day = self.created_on if self.anchor == "created" else self.closed_on
        return Bound(anchor=self.anchor, days=(self.touched_on - anchor_day).days).in_words()


def definition_examples(definition: Definition) -> list[Example]:
    """The examples of each rule in turn: a touch that counts, then its neighbours that do not.

    The first lies on an edge of the window, the others one day outside. A rule that no touch can
    reach, because earlier ones take all of them, has none; nor has the CRM's own field.
    """
    return list(
        chain.from_iterable(
            _rule_examples(definition, number) for number in range(len(definition.rules))
        )
    )


def _rule_examples(definition: Definition, number: int) -> Iterator[Example]:
    rule = definition.rules[number]
    found = next(_reached(definition, number), None)
    if found is None:
        return
    kind, day, length = found

    def example(day: int, anchor: Anchor) -> Example:
        closed_on = CREATED_ON + timedelta(days=length)
        touched_on = CREATED_ON + timedelta(days=day)
        decided_by = _deciding_rule(definition, kind, day=day, length=length)
        return Example(number, kind, CREATED_ON, closed_on, touched_on, decided_by, anchor)

    first, last = _window(rule, length)
    start_anchor: Anchor = rule.start.anchor if rule.start else "created"
    ends_early = rule.end is not None and last < length
    end_anchor: Anchor = rule.end.anchor if rule.end and ends_early else "closed"
    after = example(last + 1, end_anchor)
    if first is None:
        yield from (example(day, end_anchor), after)
    elif day == last and first != last:
        yield from (example(day, end_anchor), after, example(first - 1, start_anchor))
    else:
        yield from (example(day, start_anchor), example(first - 1, start_anchor), after)


def _reached(definition: Definition, number: int) -> Iterator[tuple[TouchType, int, int]]:
    """Touch type, day from creation and length of an opportunity by which a rule is reached.

    The plainest come first: a usual length, a type that no other rule lists, an edge of the window.
    """
    rule = definition.rules[number]
    others = definition.rules[:number] + definition.rules[number + 1 :]
    elsewhere = {kind for other in others for kind in other.touch_types}
    kinds = sorted(
        rule.touch_types,
        key=lambda kind: (kind in elsewhere, rule.any_type and kind != _PLAIN_TYPE),
    )
    for length in _lengths(definition):
        first, last = _window(rule, length)
        ends_by_creation = rule.end is not None and rule.end.anchor == "created"
        edges = [last if ends_by_creation or first is None else first]
        edges += [
            day + step
            for other in definition.rules
            for day in _window(other, length)
            if day is not None
            for step in (0, -1, 1)
        ]
        for kind in kinds:
            for day in edges:
                if _deciding_rule(definition, kind, day=day, length=length) == number:
                    yield kind, day, length


def _lengths(definition: Definition) -> list[int]:
    """The days from creation to close that are worth trying: the shortest that windows allow."""
    days = [bound.days for rule in definition.rules for bound in (rule.start, rule.end) if bound]
    apart = {abs(one - other) for one in [0, *days] for other in [0, *days]}
    return [_USUAL_LENGTH, *sorted(apart | {gap + 1 for gap in apart})]


def _window(rule: Rule, length: int) -> tuple[int | None, int]:
    """First and last day of a window, counted from creation; it never goes beyond the close."""

    def day(bound: Bound) -> int:
        return bound.days + (length if bound.anchor == "closed" else 0)

    first = day(rule.start) if rule.start else None
    return first, min(day(rule.end), length) if rule.end else length


def _deciding_rule(definition: Definition, kind: TouchType, *, day: int, length: int) -> int | None:
    """The first rule that lists the type and whose window holds the day, counted from creation."""
    for number, rule in enumerate(definition.rules):
        first, last = _window(rule, length)
        if kind in rule.touch_types and (first is None or first <= day) and day <= last:
            return number
    return None
