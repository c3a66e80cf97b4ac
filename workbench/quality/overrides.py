"""Rules that a company switches off or sets otherwise, each with its reason; a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Self

import polars as pl
from pydantic import BaseModel, Field, create_model, model_validator

from workbench.documents import Document, read_document
from workbench.quality.catalogue import RULES
from workbench.quality.rule import Rule
from workbench.vocabulary import Severity

Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
Whole = Annotated[int, Field(ge=1, strict=True)]
Number = Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1, strict=True)]


class Override(Document):
    """What is said of one rule: off, or other values, and why.

    The model of each rule has a field for each of its thresholds beside these.
    """

    off: bool = False
    severity: Severity | None = None
    days_to_mend: Whole | None = None
    because: Words
    by: Words | None = None

    @property
    def thresholds(self) -> dict[str, float]:
        """The thresholds that are set, by name."""
        own = set(type(self).model_fields) - set(Override.model_fields)
        return {name: value for name in own if (value := getattr(self, name)) is not None}

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        changes = bool(self.severity or self.days_to_mend or self.thresholds)
        if self.off and changes:
            raise ValueError("off, and set otherwise too.\nkeep 'off', or the other keys.")
        if not self.off and not changes:
            raise ValueError(
                "changes nothing.\nset 'off: true', 'severity', 'days_to_mend' or a threshold."
            )
        return self


def _model_of(rule: Rule) -> type[Override]:
    """The override of one rule: its thresholds, and what the rule makes impossible."""

    def fits(override: Override) -> Override:
        severity = override.severity or rule.severity
        days = override.days_to_mend or rule.days_to_mend
        if rule.stops and (override.off or severity != rule.severity):
            raise ValueError(
                "a later stage stops on it all the same.\nmend what it finds; only 'days_to_mend' "
                "can be set."
            )
        if severity == "info" and override.days_to_mend is not None:
            raise ValueError("a finding of severity info is never due.\ntake 'days_to_mend' out.")
        if severity != "info" and days is None:
            raise ValueError(f"'days_to_mend' is missing.\nan {severity} is due some day.")
        return override

    thresholds: dict[str, Any] = {
        one.name: ((Share if one.name == "share" else Number) | None, None)
        for one in rule.thresholds
    }
    validators: dict[str, Any] = {"fits": model_validator(mode="after")(fits)}
    return create_model(rule.id, __base__=Override, __validators__=validators, **thresholds)


def _file_model() -> type[BaseModel]:
    """The file: one optional key per rule of the catalogue."""
    rules: dict[str, Any] = {rule.id: (_model_of(rule) | None, None) for rule in RULES}
    return create_model("Overrides", __base__=Document, **rules)


_OVERRIDES: Final = _file_model()


def read_overrides(path: Path | None) -> dict[str, Override]:
    """Read a file of overrides, by rule; none where there is no file.

    Raises ParameterError that names the file, every rule, threshold and value that is wrong, every
    reason that is missing, and what is accepted.
    """
    if path is None:
        return {}
    document = read_document(path, _OVERRIDES)
    return {rule.id: said for rule in RULES if (said := getattr(document, rule.id)) is not None}


def rules_in_force(overrides: Mapping[str, Override]) -> tuple[Rule, ...]:
    """The catalogue without the rules that are off, the others as they are set."""
    return tuple(
        _overridden(rule, overrides[rule.id]) if rule.id in overrides else rule
        for rule in RULES
        if rule.id not in overrides or not overrides[rule.id].off
    )


def _overridden(rule: Rule, override: Override) -> Rule:
    severity = override.severity or rule.severity
    days = override.days_to_mend or rule.days_to_mend
    return replace(
        rule.with_thresholds(**override.thresholds),
        severity=severity,
        days_to_mend=None if severity == "info" else days,
    )


def overrides_table(overrides: Mapping[str, Override]) -> pl.DataFrame:
    """What is set otherwise than shipped: one row per rule, in the order of the catalogue.

    Columns: `rule`, `title`, `change` in words, `because`, `by`.
    """
    rows = [
        (rule.id, rule.title, _change(rule, said), said.because, said.by)
        for rule in RULES
        if (said := overrides.get(rule.id)) is not None
    ]
    columns = ("rule", "title", "change", "because", "by")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _change(rule: Rule, override: Override) -> str:
    """`switched off`, or `days 14 → 7; severity warning → error`."""
    if override.off:
        return "switched off"
    now = _overridden(rule, override)
    changes = [
        f"{then.name} {then.value:g} → {value.value:g}"
        for then, value in zip(rule.thresholds, now.thresholds, strict=True)
        if then != value
    ]
    changes += [
        f"{name.replace('_', ' ')} {_shown(getattr(rule, name))} → {_shown(getattr(now, name))}"
        for name in ("severity", "days_to_mend")
        if getattr(rule, name) != getattr(now, name)
    ]
    return "; ".join(changes) or "as shipped"


def _shown(value: object) -> str:
    return "never" if value is None else str(value)
