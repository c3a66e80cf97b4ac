"""Why a touch counts or does not, as a sentence with its facts: days, limits, windows."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from workbench.attribution.case import Case, CaseTouch
from workbench.definitions import Bound, Rule
from workbench.definitions.words import alternatives, conjunction, kind_in_words, with_article
from workbench.readout import formats


def decision_in_words(touch: CaseTouch, case: Case) -> str:
    """Why the run's definition accepted or rejected a touch: whole sentences."""
    if touch.reason in _PLAIN_REASONS:
        return _PLAIN_REASONS[touch.reason]
    if touch.reason is not None:
        return _REASONS[touch.reason](touch, case)
    number = touch.rule or 0
    rule = case.definition.rules[number]
    return f"Rule {number + 1} makes it {rule.role}: {rule.in_words()}."


def day_count(days: int) -> str:
    """`1 day`, `12 days`."""
    return formats.counted(abs(days), "day")


def beside(days: int, event: str) -> str:
    """`3 days before <event>`, `the day of <event>`, `1 day after <event>`."""
    if days == 0:
        return f"on the day of {event}"
    return f"{day_count(days)} {'before' if days < 0 else 'after'} {event}"


def _no_opportunity(touch: CaseTouch, case: Case) -> str:
    if touch.opportunity_id is not None:
        return (
            f"It names the opportunity {touch.opportunity_id}, which is not in the data as of "
            f"{case.as_of}."
        )
    if case.definition.account_touches == "none":
        return (
            "It names the account and no opportunity, and this definition attaches such a touch "
            "to nothing."
        )
    return (
        "It names the account and no opportunity; on its day none of the account's was open, and "
        "none was created after it."
    )


def _after_as_of(touch: CaseTouch, case: Case) -> str:
    return f"It happened on {touch.touched_on}, after the as-of day, {case.as_of}."


def _unknown_partner(touch: CaseTouch, _case: Case) -> str:
    return f"Its partner, '{touch.partner_id}', is not among the partners."


def _opportunity_type_excluded(_touch: CaseTouch, case: Case) -> str:
    kinds = conjunction([kind_in_words(kind) for kind in case.definition.opportunity_types])
    own = with_article(kind_in_words(case.opportunity_type))
    return f"The definition speaks about {kinds} opportunities, and this is {own} one."


def _touch_type_not_in_rules(touch: CaseTouch, case: Case) -> str:
    kinds = alternatives(sorted(case.definition.touch_types))
    return f"No rule takes {with_article(kind_in_words(touch.touch_type))}; they take {kinds}."


def _logged_late(touch: CaseTouch, case: Case) -> str:
    limit = day_count(case.definition.gates.logged_within_days or 0)
    if touch.logged_on is None:
        return f"No day is known on which it was logged, and at most {limit} may lie between."
    late = day_count((touch.logged_on - touch.touched_on).days)
    return f"It was logged on {touch.logged_on}, {late} after it happened; at most {limit} count."


def _logged_after_close(touch: CaseTouch, case: Case) -> str:
    assert touch.logged_on is not None  # noqa: S101  a null log day passes this gate
    days = (touch.logged_on - case.last_day).days
    return f"It was logged on {touch.logged_on}, {beside(days, _last_day(case))}."


def _after_close(touch: CaseTouch, case: Case) -> str:
    days = (touch.touched_on - case.last_day).days
    return f"It happened on {touch.touched_on}, {beside(days, _last_day(case))}."


def _outside_window(touch: CaseTouch, case: Case) -> str:
    days = (touch.touched_on - case.created_on).days
    windows = [
        f"rule {number} ({rule.role}) takes it {_window(rule, case)}"
        for number, rule in enumerate(case.definition.rules, start=1)
        if touch.touch_type in rule.touch_types
    ]
    takes = "; ".join(windows)
    return (
        f"It happened on {touch.touched_on}, {beside(days, 'the creation')}, outside every window: "
        f"{takes}."
    )


def _last_day(case: Case) -> str:
    if case.closed_on is None:
        return f"the as-of day, {case.as_of}"
    return f"the close on {case.closed_on}"


def _window(rule: Rule, case: Case) -> str:
    first, last = _day(rule.start, case), _day(rule.end, case)
    if first is None:
        return f"up to {last or case.last_day}"
    return f"from {first} to {last}" if last else f"from {first} on"


def _day(bound: Bound | None, case: Case) -> date | None:
    if bound is None:
        return None
    anchor = case.created_on if bound.anchor == "created" else case.last_day
    return anchor + timedelta(days=bound.days)


# Together one for each of vocabulary.REJECTION_REASONS.
_PLAIN_REASONS: Final = {
    "no_evidence": "It carries no link to its evidence, and the definition requires one.",
    "no_partner_contact": "It does not name the partner's person, and the definition requires it.",
    "not_accepted_by_seller": "No seller accepted it, and the definition requires one who did.",
    "not_consulted": "The CRM's own field decides: no touch is consulted.",
}
_REASONS: Final[dict[str, Callable[[CaseTouch, Case], str]]] = {
    "no_opportunity": _no_opportunity,
    "after_as_of": _after_as_of,
    "unknown_partner": _unknown_partner,
    "opportunity_type_excluded": _opportunity_type_excluded,
    "touch_type_not_in_rules": _touch_type_not_in_rules,
    "logged_late": _logged_late,
    "logged_after_close": _logged_after_close,
    "after_close": _after_close,
    "outside_window": _outside_window,
}
