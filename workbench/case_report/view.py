"""A case as sentences, before they are set as text or as a page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from workbench.attribution import ruling_in_words
from workbench.attribution.case import Case, CaseTouch, Verdict
from workbench.attribution.turning import TurningFact
from workbench.case_report.reasons import day_count, decision_in_words
from workbench.definitions.words import kind_in_words
from workbench.readout import formats
from workbench.rulings import Ruling

_LINKED_SCHEMES: Final = {"http", "https"}


@dataclass(frozen=True)
class Event:
    """One thing that happened, with its day; `link` is a web address that a page may link to."""

    on: str
    what: str
    details: tuple[str, ...] = ()
    evidence: str = ""
    link: str = ""


@dataclass(frozen=True)
class Reading:
    """What one definition makes of the opportunity, in words."""

    definition: str
    classification: str
    partner: str
    grade: str
    credit: str


@dataclass(frozen=True)
class CaseView:
    """One opportunity's case: every sentence whole, every text from the data made visible."""

    title: str
    about: tuple[str, ...]
    answer: tuple[str, ...]
    turning: str
    events: tuple[Event, ...]
    elsewhere: str
    readings: tuple[Reading, ...]
    basis: str


def case_view(
    case: Case, *, turning: TurningFact | None, ruling: Ruling | None, run_id: str
) -> CaseView:
    """The case in words: what it is, why it has its class, what would turn it, what happened.

    `ruling` is the one in force on the as-of day, or None.
    """
    show = formats.printable
    name = f", {case.name}" if case.name else ""
    return CaseView(
        title=show(f"{case.opportunity_id}{name}"),
        about=tuple(show(text) for text in _about(case)),
        answer=tuple(show(text) for text in _answer(case, ruling)),
        turning=show(_turning(case, turning, ruling)),
        events=tuple(_events(case)),
        elsewhere=_elsewhere(case),
        readings=tuple(_reading(verdict, case) for verdict in case.verdicts),
        basis=show(
            f"Run {run_id}, as of {case.as_of}; days in {case.timezone}. "
            f"Definition {case.definition.id}, version {case.definition.version}: "
            f"{case.definition.title}."
        ),
    )


def _about(case: Case) -> list[str]:
    account = f"{case.account_name} ({case.account_id})" if case.account_name else case.account_id
    own = f"{case.currency} {formats.exact_amount(case.amount)}"
    amount = f"{own}, {_amount(case.verdict, case)} in the reporting currency"
    if case.currency == case.reporting_currency:
        amount = own
    if case.closed_on is None:
        ended = f"open on {case.as_of}"
    else:
        ended = f"{case.status} on {case.closed_on}"
    owner = f", owner {case.owner}" if case.owner else ""
    said = case.crm_classification or "nothing"
    partner = f", {partner_in_words(case.crm_partner_id, case)}" if case.crm_partner_id else ""
    return [
        f"Account: {account}",
        f"Amount: {amount if case.amount is not None else 'not known'}",
        f"Type and stage: {kind_in_words(case.opportunity_type)}, {case.stage}{owner}",
        f"Created on {case.created_on}, {ended}",
        f"The CRM's own field says: {said}{partner}",
    ]


def _answer(case: Case, ruling: Ruling | None) -> list[str]:
    verdict = case.verdict
    by_rules = [f"{_class(verdict, case)}.", _because(case)]
    if ruling is None:
        return by_rules
    ruled = _sentence(_outcome(ruling.classification, ruling.partner_id, case))
    return [
        f"{ruled}, by a ruling that stands over the rules.",
        ruling_in_words(ruling),
        f"By the rules: {by_rules[0][0].lower()}{by_rules[0][1:]}",
        by_rules[1],
    ]


def _class(verdict: Verdict, case: Case) -> str:
    outcome = _outcome(verdict.classification, verdict.primary_partner_id, case)
    grade = f", {verdict.evidence_grade}" if verdict.evidence_grade else ""
    return f"{_sentence(outcome)}{grade}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _because(case: Case) -> str:
    verdict = case.verdict
    if case.definition.basis == "crm_field":
        return "The CRM's own field decides; no touch is consulted."
    deciding = [t for t in case.touches if t.touch_id == verdict.deciding_touch_id]
    if deciding:
        return f"It rests on {_touch(deciding[0], case)}."
    if not case.touches:
        return "No touch is logged for it."
    if len(case.touches) == 1:
        return "The one touch below does not count."
    return f"None of the {len(case.touches):,} touches below counts."


def _outcome(classification: str, partner_id: str | None, case: Case) -> str:
    if partner_id is None:
        return classification
    return f"{classification} by {partner_in_words(partner_id, case)}"


def _turning(case: Case, fact: TurningFact | None, ruling: Ruling | None) -> str:
    if case.definition.basis == "crm_field":
        return "The CRM's own field decides: no fact about a touch can turn the class."
    if fact is None:
        return "No single fact about one touch would turn the class."
    named = _touch(fact, case)
    outcome = _outcome(fact.classification, fact.primary_partner_id, case)
    by_rules = " by the rules; the ruling would stand" if ruling else ""
    return f"If {_fact(fact, named)}, the opportunity would be {outcome}{by_rules}."


def _fact(fact: TurningFact, named: str) -> str:
    if fact.kind in {"logged", "touched"}:
        verb = "been logged" if fact.kind == "logged" else "happened"
        if fact.days is None:
            return f"{named} had been logged when it happened"
        side = "earlier" if fact.days < 0 else "later"
        return f"{named} had {verb} {day_count(fact.days)} {side}, on {fact.on}"
    return {
        "evidence": f"{named} carried a link to its evidence",
        "partner_contact": f"{named} named the partner's person",
        "seller_acceptance": f"a seller had accepted {named}",
        "link": f"{named} were linked to this opportunity",
        "link_from_another": f"{named} were linked to this opportunity and not to another",
    }[fact.kind]


def _touch(touch: CaseTouch | TurningFact, case: Case) -> str:
    partner = case.partner_names.get(touch.partner_id, touch.partner_id)
    kind = kind_in_words(touch.touch_type)
    return f"{touch.touch_id} (the {kind} by {partner} on {touch.touched_on})"


def _events(case: Case) -> list[Event]:
    """Creation, stages, touches and close, by day; creation first of its day, the close last."""
    dated = [(case.created_on, 0, Event(str(case.created_on), "Created"))]
    dated += [
        (day, 1, Event(str(day), formats.printable(f"Stage: {stage}")))
        for day, stage in case.stages
    ]
    dated += [(touch.touched_on, 2, _touch_event(touch, case)) for touch in case.touches]
    if case.closed_on is not None:
        dated.append((case.closed_on, 3, Event(str(case.closed_on), f"Closed: {case.status}")))
    return [event for _, _, event in sorted(dated, key=lambda entry: entry[:2])]


def _touch_event(touch: CaseTouch, case: Case) -> Event:
    show = formats.printable
    partner = partner_in_words(touch.partner_id, case)
    kind = kind_in_words(touch.touch_type)
    decision = f"accepted as {touch.role}" if touch.role else "rejected"
    evidence = show(touch.evidence_url) if touch.evidence_url else "none"
    return Event(
        on=str(touch.touched_on),
        what=show(f"{touch.touch_id}, {kind} by {partner}: {decision}"),
        details=(show(decision_in_words(touch, case)), show(_known_when(touch, case))),
        evidence=evidence,
        link=web_address(touch.evidence_url),
    )


def _known_when(touch: CaseTouch, case: Case) -> str:
    """When it was logged, by whom, who accepted it, and when a run first saw it."""
    person = touch.partner_contact or "nobody"
    if touch.logged_on is None:
        logged = "No log day is known"
    else:
        days = (touch.logged_on - touch.touched_on).days
        when = {0: "the same day"}.get(days, f"{day_count(days)} {_side(days)}")
        logged = f"Logged on {touch.logged_on}, {when}"
    by = f", by {touch.logged_by}" if touch.logged_by else ""
    late = ""
    if case.closed_on is not None and touch.first_seen_on > case.closed_on:
        late = ", after the close"
    return (
        f"{logged}{by}; first seen by a run on {touch.first_seen_on}{late}; partner's person: "
        f"{person}; accepted by: {touch.accepted_by or 'nobody'}"
    )


def _side(days: int) -> str:
    return "later" if days > 0 else "before it happened"


def _elsewhere(case: Case) -> str:
    if not case.touches_elsewhere:
        return ""
    count = formats.counted(case.touches_elsewhere, "more touch", "more touches")
    verb = "belongs" if case.touches_elsewhere == 1 else "belong"
    return f"{count} of the account {verb} to other opportunities."


def _reading(verdict: Verdict, case: Case) -> Reading:
    show = formats.printable
    partner = verdict.primary_partner_id
    shares = [
        f"{show(partner_in_words(partner_id, case))} {formats.rate(share)}, "
        f"{case.reporting_currency} {formats.exact_amount(amount)}"
        for partner_id, share, amount in verdict.credit
    ]
    return Reading(
        definition=f"{verdict.definition.id}, version {verdict.definition.version}",
        classification=verdict.classification,
        partner=show(partner_in_words(partner, case)) if partner else "no partner",
        grade=verdict.evidence_grade or "",
        credit="; ".join(shares).replace(formats.SPACE, " ") or "no credit",
    )


def partner_in_words(partner_id: str, case: Case) -> str:
    """The partner's name with its id; the id alone where there is no such partner."""
    name = case.partner_names.get(partner_id)
    return f"{name} ({partner_id})" if name else partner_id


def _amount(verdict: Verdict, case: Case) -> str:
    return f"{case.reporting_currency} {formats.exact_amount(verdict.amount_reporting)}"


def web_address(text: str | None) -> str:
    """The text where a browser may be sent there: http or https with a host; else nothing."""
    if text is None or formats.printable(text) != text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:  # an address such as http://[
        return ""
    return text if parts.scheme in _LINKED_SCHEMES and parts.hostname else ""
