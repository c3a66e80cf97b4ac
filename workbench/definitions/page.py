"""A definition as a sales leader reads it: one paragraph, its gates, and examples with dates."""

from textwrap import fill
from typing import Final

from workbench.definitions.examples import Example, definition_examples
from workbench.definitions.model import Definition
from workbench.definitions.words import day_in_words, kind_in_words, with_article

_WIDTH: Final = 96
_CRM_EXAMPLES: Final = (
    "An opportunity whose CRM field says sourced is sourced, though nobody logged a touch.",
    "An opportunity whose CRM field is empty is direct, though an introduction came before it.",
)
_CREDIT: Final = {
    "primary": "all of it goes to the primary partner",
    "equal": "every partner has the same share",
    "linear": "every touch has the same share",
    "first": "all of it goes to the partner of the first touch",
    "last": "all of it goes to the partner of the last touch",
    "position": "40 % go to the first touch, 40 % to the last, 20 % to those between them",
    "time_decay": "a touch weighs half as much for every {half_life_days:g} days that it is older",
    "weighted": "a touch weighs what its type weighs: {weights}",
    "full": "every partner is shown the whole of it, so these amounts are never added up",
}


def definition_page(definition: Definition) -> str:
    """The definition in words, as text for a terminal."""
    in_force = definition.effective_from
    since = f", in force from {day_in_words(in_force)}" if in_force else ""
    parts = [
        definition.title,
        f"{definition.id}, version {definition.version}{since}. {definition.status_in_words}",
        "",
        _wrapped(definition.in_words()),
    ]
    for heading, text in (
        ("What it is for", definition.purpose),
        ("Where the idea comes from", definition.origin),
    ):
        parts += ["", _wrapped(f"{heading}: {text}")] if text else []
    if definition.basis == "rules":
        gates = definition.gates.in_words() or ["nothing: every touch counts"]
        parts += ["", "What a touch must carry to count", *_listed(gates)]
        parts += ["", "Who is credited", *_listed(credit_in_words(definition))]
    parts += ["", "Examples", *_listed(examples_in_words(definition))]
    if definition.blind_to:
        parts += ["", "What it does not see", *_listed(definition.blind_to)]
    return "\n".join(parts)


def credit_in_words(definition: Definition) -> list[str]:
    """Who stands for an opportunity, and how its amount is split: a sentence each."""
    if definition.primary_partner == "ranked":
        strongest = ", ".join(kind_in_words(kind) for kind in definition.rank)
        which = f"the strongest touch, in this order: {strongest}"
    else:
        which = {"first": "the earliest touch", "last": "the latest touch"}[
            definition.primary_partner
        ]
    weights = definition.credit.weights or {}
    split = _CREDIT[definition.credit.model].format(
        half_life_days=definition.credit.half_life_days or 0,
        weights=", ".join(f"{kind_in_words(kind)} {weight:g}" for kind, weight in weights.items()),
    )
    return [
        f"Among the touches that made the class, the primary partner is that of {which}.",
        f"Credit for the {definition.amount.replace('_', ' ')}: {split}.",
    ]


def examples_in_words(definition: Definition) -> list[str]:
    """For each rule one touch that counts and those that just do not, a sentence each."""
    if definition.basis == "crm_field":
        return list(_CRM_EXAMPLES)
    examples = definition_examples(definition)
    sentences: list[str] = []
    closed_on = None
    for number, rule in enumerate(definition.rules):
        own = [example for example in examples if example.rule == number]
        if own and own[0].closed_on != closed_on:
            closed_on = own[0].closed_on
            sentences.append(
                f"An opportunity was created on {day_in_words(own[0].created_on)} and closed on "
                f"{day_in_words(closed_on)}; each touch below carries all that it must."
            )
        if not own:
            why = "the rules before it take every touch that it would"
            sentences.append(f"Rule {number + 1}, {rule.role}, never decides: {why}.")
        sentences += [_sentence(definition, example) for example in own]
    return sentences


def _sentence(definition: Definition, example: Example) -> str:
    kind = with_article(kind_in_words(example.touch_type))
    touch = f"{kind} on {day_in_words(example.touched_on)}, {example.when_in_words()},"
    if example.counts:
        return f"Rule {example.rule + 1}: {touch} makes it {definition.rules[example.rule].role}."
    if example.decided_by is not None:
        other = definition.rules[example.decided_by]
        verdict = f"falls under rule {example.decided_by + 1} instead, and makes it {other.role}"
    elif example.touched_on > example.closed_on:
        verdict = "counts for nothing: no touch after the close ever counts"
    else:
        verdict = "counts for nothing: it lies outside the window"
    return f"{touch[0].upper()}{touch[1:]} {verdict}."


def _wrapped(text: str) -> str:
    return fill(text, _WIDTH)


def _listed(texts: list[str] | tuple[str, ...]) -> list[str]:
    return [fill(text, _WIDTH, initial_indent="  - ", subsequent_indent="    ") for text in texts]
