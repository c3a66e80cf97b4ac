"""The lab in a notebook: sliders and switches on the left, what moves on the right.

Here are only widgets: what they mean is in `knobs`, what they show in `changes`.
"""

import time
from typing import Any, Final

import ipywidgets as widgets

from workbench.definitions import Definition
from workbench.display import sentences, table
from workbench.errors import WorkbenchError
from workbench.lab.bench import Bench
from workbench.lab.changes import SCOPES, Changes, Scope
from workbench.lab.files import new_definition, write_definition
from workbench.lab.knobs import Knobs, knobs_of, offered_models, offered_partners, turned_rule
from workbench.lab.knobs import with_knobs as definition_with

SWING_ROWS: Final = 10
CREDIT_ROWS: Final = 8

_LONGEST_WINDOW: Final = 730
_EARLIEST_END, _LATEST_END = -30, 180
_LONGEST_LOGGING: Final = 180
_LABELS: Final = widgets.Layout(width="360px")
_STYLE: Final = {"description_width": "165px"}


class Limit:
    """A number of days that may also be no limit at all: a slider and a switch."""

    def __init__(self, label: str, days: int | None, *, least: int, most: int, usual: int) -> None:
        value = usual if days is None else days
        self.slider = widgets.IntSlider(
            value=value,
            min=min(least, value),
            max=max(most, value),
            description=label,
            continuous_update=False,
            disabled=days is None,
            layout=_LABELS,
            style=_STYLE,
        )
        self.switch = _switch("no such limit", on=days is None)
        self.switch.observe(self._enable, names="value")
        self.box = widgets.VBox([self.slider, self.switch])

    @property
    def days(self) -> int | None:
        return None if self.switch.value else self.slider.value

    def _enable(self, change: Any) -> None:
        self.slider.disabled = change["new"]


class Panel(widgets.HBox):  # type: ignore[misc]
    """The knobs of a definition beside what moves when they are turned."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        knobs = knobs_of(bench.definition)
        self.days_before = Limit(
            "Days before creation", knobs.days_before, least=0, most=_LONGEST_WINDOW, usual=365
        )
        self.days_after = Limit(
            "Last day, from creation",
            knobs.days_after,
            least=_EARLIEST_END,
            most=_LATEST_END,
            usual=0,
        )
        self.logged_within = Limit(
            "Logged within days", knobs.logged_within_days, least=0, most=_LONGEST_LOGGING, usual=30
        )
        self.evidence = _switch("evidence required", on=knobs.evidence)
        self.partner_contact = _switch("partner's person required", on=knobs.partner_contact)
        self.seller_acceptance = _switch("seller's acceptance required", on=knobs.seller_acceptance)
        self.before_close = _switch("logged before the close", on=knobs.logged_before_close)
        self.account_touches = _choice(
            "Account touches", ("first", "all", "none"), knobs.account_touches
        )
        self.primary_partner = _choice(
            "Primary partner", offered_partners(bench.definition), knobs.primary_partner
        )
        self.credit_model = _choice(
            "Credit model", offered_models(bench.definition), knobs.credit_model
        )
        self.scope = _choice("Counted", SCOPES, "bookings of all time")
        self.id = widgets.Text(
            description="New id", placeholder="timing_180d", layout=_LABELS, style=_STYLE
        )
        self.title = widgets.Text(description="Its title", layout=_LABELS, style=_STYLE)
        self.button = widgets.Button(
            description="Write the definition file", icon="save", layout=_LABELS
        )
        self.said = widgets.HTML()
        self.shown = widgets.HTML()
        self.update_ms = 0.0
        for control in self._controls():
            control.observe(self._turned, names="value")
        self.button.on_click(self._write)
        super().__init__([self._left(), self.shown])
        self.update()

    def _controls(self) -> list[Any]:
        limits = (self.days_before, self.days_after, self.logged_within)
        return [
            *(part for limit in limits for part in (limit.slider, limit.switch)),
            self.evidence,
            self.partner_contact,
            self.seller_acceptance,
            self.before_close,
            self.account_touches,
            self.primary_partner,
            self.credit_model,
            self.scope,
        ]

    def _left(self) -> widgets.VBox:
        rule = self.bench.definition.rules[turned_rule(self.bench.definition)]
        return widgets.VBox(
            [
                _heading(f"Window of the first {rule.role} rule"),
                self.days_before.box,
                self.days_after.box,
                _heading("Gates"),
                self.evidence,
                self.partner_contact,
                self.seller_acceptance,
                self.before_close,
                self.logged_within.box,
                _heading("Links and credit"),
                self.account_touches,
                self.primary_partner,
                self.credit_model,
                _heading("Shown"),
                self.scope,
                _heading("Keep it"),
                self.id,
                self.title,
                self.button,
                self.said,
            ],
            layout=widgets.Layout(min_width="400px"),
        )

    def knobs(self) -> Knobs:
        """Where the controls stand."""
        return Knobs(
            days_before=self.days_before.days,
            days_after=self.days_after.days,
            evidence=self.evidence.value,
            partner_contact=self.partner_contact.value,
            seller_acceptance=self.seller_acceptance.value,
            logged_within_days=self.logged_within.days,
            logged_before_close=self.before_close.value,
            account_touches=self.account_touches.value,
            primary_partner=self.primary_partner.value,
            credit_model=self.credit_model.value,
        )

    def update(self) -> None:
        """Compute and show what moves; knobs that contradict each other are a sentence instead."""
        began = time.perf_counter()
        try:
            definition = definition_with(self.bench.definition, self.knobs())
            found = self.bench.changes(definition, scope=self.scope.value)
            self.shown.value = self._page(definition, found)
        except WorkbenchError as error:
            self.shown.value = str(sentences(str(error).splitlines()).data)
        except BaseException:  # figures that do not belong to the knobs must not stay
            self.shown.value = ""
            raise
        self.update_ms = (time.perf_counter() - began) * 1000

    def _turned(self, _: Any) -> None:
        self.update()

    def _page(self, definition: Definition, found: Changes) -> str:
        scope: Scope = self.scope.value
        currency = self.bench.params.reporting_currency
        period = self.bench.params.fiscal_period.title
        counted = scope.replace("the period", period)
        notes = []
        if found.unknown_amounts:
            notes.append(f"Counted but in no sum, without an amount: {found.unknown_amounts:,}.")
        if self.credit_model.value == "full":
            notes.append("The model full credits each partner with the whole: never add them up.")
        parts = [
            sentences([definition.in_words()]),
            table(found.totals, title=f"By class, {counted}, {currency}"),
            *([sentences(notes)] if notes else []),
            table(found.moves, title=f"What moved, {currency}"),
            table(found.swing, title=f"Swing opportunities, {currency}", rows=SWING_ROWS),
            table(found.credit, title=f"Credit by partner, {currency}", rows=CREDIT_ROWS),
        ]
        return "".join(str(part.data) for part in parts)

    def _write(self, _: Any) -> None:
        """Write what the knobs give to a file of its own; say where, or what is wrong."""
        try:
            definition = new_definition(
                definition_with(self.bench.definition, self.knobs()),
                definition_id=self.id.value.strip(),
                title=self.title.value,
            )
            path = write_definition(definition, self.bench.shelf)
        except WorkbenchError as error:
            said = str(error).splitlines()
        else:
            said = [f"Written: {path.parent.name}/{path.name}, version 1, approved by nobody yet."]
        self.said.value = str(sentences(said).data)


def _switch(label: str, *, on: bool) -> widgets.Checkbox:
    return widgets.Checkbox(value=on, description=label, indent=False, layout=_LABELS)


def _choice(label: str, options: tuple[str, ...], value: str) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=options, value=value, description=label, layout=_LABELS, style=_STYLE
    )


def _heading(text: str) -> widgets.HTML:
    return widgets.HTML(f"<b>{text}</b>")
