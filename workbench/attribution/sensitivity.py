"""How much the sourced bookings depend on each choice that a definition makes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

import polars as pl

from workbench.attribution.comparison import is_booked_in
from workbench.attribution.facts import Snapshot
from workbench.attribution.rulings import ruled_reading
from workbench.contracts import DefinitionSensitivity
from workbench.definitions import Bound, Definition, Rule
from workbench.periods import Period
from workbench.rulings import Ruling

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

    `table`: the rows of `definition_sensitivity`. Bookings are in the reporting currency.
    """

    definition: Definition
    period: Period
    table: pl.DataFrame

    @classmethod
    def of(
        cls, table: pl.DataFrame, *, definition: Definition, period: Period
    ) -> "Sensitivity | None":
        """What a table that a run keeps says of a period; None where it is about another one."""
        days = table.select("starts_on", "ends_on").unique().rows()
        return cls(definition, period, table) if days == [(period.start, period.end)] else None

    @property
    def bookings(self) -> Decimal:
        """Those under the definition itself."""
        return Decimal(self.table.filter(pl.col("knob").is_null())["sourced_bookings"].item())

    @property
    def variants(self) -> pl.DataFrame:
        """The rows of the variants, the largest differences first."""
        return self.table.filter(pl.col("knob").is_not_null()).sort(
            pl.col("difference").abs(), "definition_id", descending=[True, False]
        )

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
        own, low, high = (
            f"{currency} {amount:,.0f}" for amount in (self.bookings, self.low, self.high)
        )
        bookings = f"Under {others} the sourced bookings of {period}"
        if low == high == own:
            return f"{bookings} are the same as under {name}, {own}."
        return f"{bookings} lie between {low} and {high}; {name} says {own}."


def swept(
    facts: Snapshot,
    definition: Definition,
    *,
    period: Period,
    timezone: str,
    rulings: Sequence[Ruling] = (),
) -> Sensitivity:
    """The sourced bookings of the period under the definition and each of its variants.

    One pass over the snapshot for each of them, without the audit. `rulings`, those in force on
    the as-of day, stand over the rules of every one. Raises RateError as `attribution` does, and
    ParameterError for every opportunity and partner of a ruling that is not there.
    """
    tried: list[tuple[str | None, str | None, Definition]] = [
        (None, None, definition),
        *((variant.knob, variant.change, variant.definition) for variant in variants(definition)),
    ]
    rows = []
    for knob, change, one in tried:
        attributed = ruled_reading(facts, one, rulings).opportunity_attribution
        sourced = attributed.filter(
            pl.col("classification") == "sourced", is_booked_in(period, timezone)
        )
        bookings = sourced["amount_reporting"].sum()
        rows.append((one.id, knob, change, period.start, period.end, sourced.height, bookings))
    columns = DefinitionSensitivity.dtypes()
    known = {name: dtype for name, dtype in columns.items() if name != "difference"}
    added = pl.col("sourced_bookings") - pl.col("sourced_bookings").first()
    table = pl.DataFrame(rows, schema=known, orient="row").with_columns(
        added.cast(columns["difference"]).alias("difference")
    )
    return Sensitivity(definition, period, table.select(list(columns)))


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
