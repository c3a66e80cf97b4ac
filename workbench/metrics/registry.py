"""What a metric is: its words, its breakdowns, and the function that measures it.

A metric is one function of the facts, under `@metric(...)`, in the module of its category; its
name is the function's, its meaning the docstring's first line.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from workbench.metrics.facts import Facts
from workbench.metrics.summaries import Summary

Category = Literal["pipeline", "motion", "coverage", "trust", "velocity", "programme"]
Unit = Literal["currency", "ratio", "days", "count"]


@dataclass(frozen=True)
class Measure:
    """The rows that a metric is taken over, and how a group of them becomes a figure.

    `rows` has `period`, one column per dimension, and `classification` when the metric has several.
    `credit_rows`, where given, takes the place of `rows` for the dimensions of partners.
    """

    rows: pl.LazyFrame
    summary: Summary
    credit_rows: pl.LazyFrame | None = None


@dataclass(frozen=True)
class Metric:
    """One metric of the catalogue.

    `meaning` is one sentence for a glossary. `needs` names what the source may lack: then the
    metric has no values, and its rows say why. `current_only` says why earlier periods have none.
    """

    name: str
    category: Category
    unit: Unit
    question: str
    meaning: str
    formula: str
    classifications: tuple[str, ...]
    dimensions: tuple[str, ...]
    needs: tuple[str, ...]
    current_only: str | None
    measure: Callable[[Facts], Measure]


def metric(
    *,
    category: Category,
    unit: Unit,
    question: str,
    formula: str,
    classifications: tuple[str, ...] = ("all",),
    dimensions: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    current_only: str | None = None,
) -> Callable[[Callable[[Facts], Measure]], Metric]:
    """Make a metric of the function that measures it."""

    def registered(measure: Callable[[Facts], Measure]) -> Metric:
        return Metric(
            name=measure.__name__,
            category=category,
            unit=unit,
            question=question,
            meaning=(inspect.getdoc(measure) or "").split("\n")[0],
            formula=formula,
            classifications=classifications,
            dimensions=dimensions,
            needs=needs,
            current_only=current_only,
            measure=measure,
        )

    return registered
