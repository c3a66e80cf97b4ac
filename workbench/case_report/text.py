"""A case as text for the terminal."""

from textwrap import wrap

from workbench.case_report.view import CaseView, Event, Reading

_WIDTH = 100


def case_text(view: CaseView) -> str:
    """The case as aligned text of at most 100 columns, but for names and links that are longer."""
    parts = [
        view.title,
        *(f"  {text}" for text in view.about),
        "",
        *_wrapped(" ".join(view.answer)),
        "",
        "The smallest fact that would turn the class:",
        *_wrapped(view.turning),
        "",
        "Timeline",
        *(line for event in view.events for line in _event(event)),
        *([f"  {view.elsewhere}"] if view.elsewhere else []),
        "",
        "Under each definition, by the rules",
        *(line for reading in view.readings for line in _reading(reading)),
        "",
        *_wrapped(view.basis, indent=0),
    ]
    return "\n".join(parts)


def _event(event: Event) -> list[str]:
    lines = [f"  {event.on}  {event.what}"]
    for detail in event.details:
        lines += _wrapped(detail, indent=14)
    if event.evidence:
        lines.append(f"{' ' * 14}Evidence: {event.evidence}")
    return lines


def _reading(reading: Reading) -> list[str]:
    graded = f", {reading.grade}" if reading.grade else ""
    return [
        f"  {reading.definition}: {reading.classification}, {reading.partner}{graded}",
        f"    Credit: {reading.credit}",
    ]


def _wrapped(text: str, *, indent: int = 2) -> list[str]:
    space = " " * indent
    return wrap(
        text,
        _WIDTH,
        initial_indent=space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )
