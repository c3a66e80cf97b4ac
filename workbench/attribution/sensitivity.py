"""How much the sourced bookings depend on each choice that a definition makes."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

import polars as pl

from workbench.attribution.classification import classified
from workbench.attribution.comparison import is_booked_in
from workbench.attribution.facts import Snapshot
from workbench.definitions import Bound, Definition, Rule
from workbench.periods import Period

LIMITED_WINDOW_DAYS: Final = 365  # what a window without a first day is limited to
LOGGING_LIMITS_DAYS: Final = (14, 30)  # tried where the definition sets no limit
_ACCOUNT_TOUCHES: Final = {
    "all": "touches on the account count for each of its opportunities",
    "first": "touches on the account count for the open and the next opportunity",
    "none": "touches on the account count for no opportunity",
}


@dataclass(frozen=True)
class Variant:
    """A definition that differs from another in one knob; `change` says how."""

    knob: str
    change: str
    definition: Definition


@dataclass(frozen=True)
class Sensitivity:
    """The sourced bookings of a period under one definition, and under its variants.

    `variants`: one row per variant: `knob`, `change`, `definition_id`, `won_count` and
    `sourced_bookings` in the reporting currency, and their `difference` from the definition's.
    """

    definition: Definition
    period: Period
    bookings: Decimal
    variants: pl.DataFrame

    @property
    def low(self) -> Decimal:
        """The least under any variant; the definition's own where there is none."""
        lowest = self.variants["sourced_bookings"].min()
        return lowest if isinstance(lowest, Decimal) else self.bookings

    @property
    def high(self) -> Decimal:
        """The most under any variant; the definition's own where there is none."""
        highest = self.variants["sourced_bookings"].max()
        return highest if isinstance(highest, Decimal) else self.bookings

    def in_words(self, currency: str) -> str:
        """The range as one sentence, to stand beside the figure."""
        name, period = self.definition.id, self.period.title
        if self.variants.is_empty():
            return f"The definition {name} has no knob on which the sourced bookings depend."
        count = self.variants.height
        others = "1 other reasonable definition" if count == 1 else f"{count} other reasonable "
        others += "" if count == 1 else "definitions"
        return (
            f"Under {others} the sourced bookings of {period} lie between {currency} "
            f"{self.low:,.0f} and {currency} {self.high:,.0f}; {name} says {currency} "
            f"{self.bookings:,.0f}."
        )


def swept(facts: Snapshot, definition: Definition, *, period: Period, timezone: str) -> Sensitivity:
    """The sourced bookings of the period under the definition and each of its variants.

    One pass over the snapshot for each of them, without the audit. Raises RateError as
    `attribution` does.
    """
    _, bookings = _sourced_bookings(facts, definition, period=period, timezone=timezone)
    rows = []
    for variant in variants(definition):
        count, amount = _sourced_bookings(
            facts, variant.definition, period=period, timezone=timezone
        )
        rows.append((variant.knob, variant.change, variant.definition.id, count, amount))
    swings = pl.DataFrame(
        rows,
        schema={
            "knob": pl.String,
            "change": pl.String,
            "definition_id": pl.String,
            "won_count": pl.Int64,
            "sourced_bookings": pl.Decimal(18, 2),
        },
        orient="row",
    ).with_columns(
        (pl.col("sourced_bookings") - pl.lit(bookings, pl.Decimal(18, 2))).alias("difference")
    )
    return Sensitivity(
        definition=definition,
        period=period,
        bookings=bookings,
        variants=swings.sort(pl.col("difference").abs(), "definition_id", descending=[True, False]),
    )


def variants(definition: Definition) -> list[Variant]:
    """Other reasonable definitions: each with one knob turned, and valid like any other file.

    Empty where touches are not consulted, or no rule makes an opportunity sourced.
    """
    if not any(rule.role == "sourced" for rule in definition.rules):
        return []
    gates = definition.gates
    found = [
        *_windows(definition),
        _with(
            definition,
            "evidence_optional" if definition.evidence_required else "evidence_required",
            "evidence",
            "no link to evidence is asked for"
            if definition.evidence_required
            else "a link to evidence is required",
            gates=gates.model_copy(
                update={"evidence": "optional" if definition.evidence_required else "required"}
            ),
        ),
        *_logging_limits(definition),
        *(
            _with(definition, f"account_{value}", "account touches", words, account_touches=value)
            for value, words in _ACCOUNT_TOUCHES.items()
            if value != definition.account_touches
        ),
        *_same_day(definition),
    ]
    return [variant for variant in found if variant is not None]


def _with(
    definition: Definition, suffix: str, knob: str, change: str, /, **changes: Any
) -> Variant | None:
    """The definition with some keys changed, checked as a file would be; None if nothing differs.

    Nobody has approved it, whoever approved the definition itself.
    """
    content = definition.model_dump() | changes
    if content == definition.model_dump():
        return None
    content |= {"id": f"{definition.id}_{suffix}", "title": f"{definition.title}: {change}"}
    return Variant(knob, change, Definition.model_validate(content | {"approvals": ()}))


def _windows(definition: Definition) -> list[Variant | None]:
    knob = "window length"
    changed: list[Variant | None] = []
    if any(_reaches_back(rule) for rule in definition.rules):
        for factor, suffix, word in ((0.5, "half", "half"), (2.0, "double", "twice")):
            rules = _rules(definition, partial(_scaled, factor=factor))
            days = sorted({-_first_day(rule) for rule in rules if _reaches_back(rule)})
            words = f"window before creation {word} as long: {_or(days)} days"
            changed.append(_with(definition, f"window_{suffix}", knob, words, rules=rules))
    if any(rule.role == "sourced" and rule.start is None for rule in definition.rules):
        words = f"window limited to {LIMITED_WINDOW_DAYS} days before creation"
        rules = _rules(definition, _limited)
        changed.append(_with(definition, "window_limited", knob, words, rules=rules))
    return changed


def _first_day(rule: Rule) -> int:
    """Where the window starts, in days from creation; 0 where it does not start before it."""
    start = rule.start
    return min(start.days, 0) if start is not None and start.anchor == "created" else 0


def _reaches_back(rule: Rule) -> bool:
    """Whether the rule makes sourced, in a window that starts some days before creation."""
    return rule.role == "sourced" and _first_day(rule) < 0


def _scaled(rule: Rule, *, factor: float) -> Rule:
    if not _reaches_back(rule):
        return rule
    return _starting(rule, days=round(_first_day(rule) * factor))


def _starting(rule: Rule, *, days: int) -> Rule:
    """The rule with a window that starts on a day from creation, and never ends before it."""
    if rule.end is not None and rule.end.anchor == "created":
        days = min(days, rule.end.days)
    return rule.model_copy(update={"start": Bound(anchor="created", days=days)})


def _limited(rule: Rule) -> Rule:
    return rule if rule.start is not None else _starting(rule, days=-LIMITED_WINDOW_DAYS)


def _logging_limits(definition: Definition) -> list[Variant | None]:
    gates, knob = definition.gates, "late logging"

    def limited(days: int | None) -> Any:
        return gates.model_copy(update={"logged_within_days": days})

    changed = []
    limit = gates.logged_within_days
    tried = LOGGING_LIMITS_DAYS if limit is None else (limit // 2, limit * 2)
    for days in dict.fromkeys(tried):
        words = f"logged within {days} days"
        changed.append(_with(definition, f"logged_{days}d", knob, words, gates=limited(days)))
    if limit is not None:
        words = "logged at any time"
        changed.append(_with(definition, "logged_any_time", knob, words, gates=limited(None)))
    before_close = not gates.logged_before_close
    words = f"a touch logged after the close {'no longer counts' if before_close else 'counts too'}"
    moved = gates.model_copy(update={"logged_before_close": before_close})
    changed.append(_with(definition, "logged_after_close", knob, words, gates=moved))
    return changed


def _same_day(definition: Definition) -> list[Variant | None]:
    knob = "same-day touches"
    ends = {str(rule.end) for rule in definition.rules if rule.role == "sourced"}
    changed = []
    if "created - 1d" in ends:
        rules = _rules(definition, partial(_moved_end, before=-1, after=0))
        words = "a touch on the day of creation counts as before it"
        changed.append(_with(definition, "same_day_before", knob, words, rules=rules))
    if "created" in ends:
        rules = _rules(definition, partial(_moved_end, before=0, after=-1))
        words = "a touch on the day of creation counts as after it"
        changed.append(_with(definition, "same_day_after", knob, words, rules=rules))
    return changed


def _moved_end(rule: Rule, *, before: int, after: int) -> Rule:
    if rule.end != Bound(anchor="created", days=before):
        return rule
    start = rule.start
    if start is not None and start.anchor == "created" and start.days > after:
        return rule  # the window is this one day
    return rule.model_copy(update={"end": Bound(anchor="created", days=after)})


def _rules(definition: Definition, change: Callable[[Rule], Rule]) -> tuple[Rule, ...]:
    """The rules, those that make sourced changed."""
    return tuple(change(rule) if rule.role == "sourced" else rule for rule in definition.rules)


def _or(numbers: list[int]) -> str:
    return " or ".join(str(number) for number in numbers)


def _sourced_bookings(
    facts: Snapshot, definition: Definition, *, period: Period, timezone: str
) -> tuple[int, Decimal]:
    found = classified(facts, definition).opportunity_attribution
    sourced = found.filter(pl.col("classification") == "sourced", is_booked_in(period, timezone))
    return sourced.height, sourced.select(pl.col("amount_reporting").sum()).item()
