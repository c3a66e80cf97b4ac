"""Which records are behind a figure, and what each of them adds to it.

A trace takes the rows that the metric itself is taken over, by the same steps: it is not a second
way of counting.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isclose
from typing import Any, Final

import polars as pl

from workbench.contracts import Handoffs
from workbench.definitions import Definition
from workbench.errors import ConservationError, InputError, Problem
from workbench.metrics.catalogue import KEY, METRICS, metrics, rows_of_figures
from workbench.metrics.facts import MetricInputs, facts
from workbench.metrics.registry import Measure, Metric
from workbench.params import RunParams
from workbench.periods import TREND_PERIODS

# What a row may be about, by the column of its id; the first that a row has is what it is.
_IDS: Final = {
    "cost": "cost_id",
    "handoff": "handoff_id",
    "touch": "touch_id",
    "opportunity": "opportunity_id",
    "account": "account_id",
    "partner group": "parent_partner",
}
_HALF_A_CENT: Final = 0.00501  # a weighted sum is rounded to cents once


@dataclass(frozen=True)
class FigureKey:
    """Which figure of a metric: its period, classification, and member of a dimension."""

    period: str
    classification: str
    dimension: str = "all"
    member: str = "all"

    def __str__(self) -> str:
        of = "" if self.dimension == "all" else f", {self.dimension} {self.member}"
        return f"{self.classification}, {self.period}{of}"


@dataclass(frozen=True)
class Trace:
    """A figure with the records behind it.

    `figure` has `value`, `numerator`, `denominator` and `n` as in the metrics table. `records` has
    one row per record and partner credited, most first: `kind`, `record_id`, `name`, `partner`,
    `evidence_url`, and `adds`: what it adds to the value, or above the fraction line where `below`
    says what it adds below it. Of a median `adds` is the record's value.
    """

    metric: Metric
    key: FigureKey
    figure: Mapping[str, float | None]
    records: pl.DataFrame
    is_median: bool


def trace(
    inputs: MetricInputs,
    metric_name: str,
    *,
    params: RunParams,
    definition: Definition,
    period: str | None = None,
    classification: str | None = None,
    dimension: str = "all",
    member: str = "all",
    catalogue: Mapping[str, Metric] = METRICS,
) -> Trace:
    """The records behind one figure of a catalogue; the period is that of `params` unless said.

    Raises InputError for a figure that there is not or that has no value, with what there is, and
    for a metric that is not made of its rows one by one.
    """
    metric = _known_metric(metric_name, catalogue)
    key = _known_key(
        metric, params=params, period=period, classification=classification, dimension=dimension,
        member=member,
    )  # fmt: skip
    table = metrics(inputs, params=params, definition=definition, catalogue={metric.name: metric})
    figure = _known_figure(table, metric, key)
    known = facts(inputs, params=params, definition=definition)
    measure = metric.measure(known)
    if measure.summary.adds is None:
        hint = "'workbench trace' takes sums, counts, means, medians and rates."
        what = "is worked out over groups, not by adding up records."
        raise InputError([Problem(metric.name, what, hint)])
    return _traced(measure, metric, key, figure, _descriptions(inputs))


def traces(
    inputs: MetricInputs,
    figures: pl.DataFrame,
    *,
    params: RunParams,
    definition: Definition,
) -> Iterator[Trace]:
    """The trace of each figure of the metrics table that is known and made of its records.

    `figures` are rows of the table with basis `current`, each of a metric of the catalogue, under
    `definition`; the traces come in their order. Raises ConservationError as `trace` does.
    """
    known = facts(inputs, params=params, definition=definition)
    descriptions = _descriptions(inputs)
    for row in figures.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        metric = METRICS[row["metric"]]
        measure = metric.measure(known)
        if measure.summary.adds is not None:
            key = FigureKey(*(row[name] for name in KEY))
            yield _traced(measure, metric, key, _figure(row), descriptions)


def _traced(
    measure: Measure,
    metric: Metric,
    key: FigureKey,
    figure: Mapping[str, float | None],
    descriptions: pl.DataFrame,
) -> Trace:
    summary = measure.summary
    below = pl.lit(None, pl.Float64) if summary.below is None else summary.below
    rows = rows_of_figures(measure, metric, key.dimension).filter(
        period=key.period,
        classification=key.classification,
        dimension=key.dimension,
        member=key.member,
    )
    counted = rows.with_columns(adds=summary.adds, below=below).collect()
    found = Trace(metric, key, figure, _records(counted, descriptions), summary.is_median)
    _add_up(found)
    return found


def _records(counted: pl.DataFrame, descriptions: pl.DataFrame) -> pl.DataFrame:
    """The rows as records, described; those that add nothing known come last."""
    present = [(kind, name) for kind, name in _IDS.items() if name in counted.columns]
    kind = pl.coalesce(pl.when(pl.col(name).is_not_null()).then(pl.lit(k)) for k, name in present)
    partner = pl.col("partner") if "partner" in counted.columns else pl.lit(None, pl.String)
    names = descriptions.filter(kind="partner").select(partner_id="record_id", partner="name")
    return (
        counted.select(
            kind.alias("kind"),
            pl.coalesce(name for _, name in present).alias("record_id"),
            partner.alias("partner_id"),
            "adds",
            "below",
        )
        .join(descriptions, on=["kind", "record_id"], how="left")
        .join(names, on="partner_id", how="left")
        .select("kind", "record_id", "name", "partner", "adds", "below", "evidence_url")
        .sort(
            ["adds", "below", "kind", "record_id", "partner"],
            descending=[True, True, False, False, False],
            nulls_last=True,
        )
    )


def _descriptions(inputs: MetricInputs) -> pl.DataFrame:
    """What people call a record, and its link: one row per kind and record."""
    links = inputs.attribution.select("opportunity_id", "evidence_url")
    handoffs = Handoffs.empty() if inputs.handoffs is None else inputs.handoffs
    tables = [
        ("opportunity", inputs.opportunities.join(links, on="opportunity_id"), "name"),
        ("touch", inputs.touches, "touch_type"),
        ("handoff", handoffs, "direction"),
        ("account", inputs.accounts, "name"),
        ("partner", inputs.partners, "name"),
        ("partner group", inputs.partners.rename({"partner_id": "parent_partner"}), "name"),
    ]
    if inputs.program_costs is not None:
        tables.append(("cost", inputs.program_costs, "category"))
    link = {True: pl.col("evidence_url"), False: pl.lit(None, pl.String).alias("evidence_url")}
    return pl.concat(
        table.select(
            pl.lit(kind).alias("kind"),
            pl.col(_IDS.get(kind, "partner_id")).alias("record_id"),
            pl.col(name).alias("name"),
            link["evidence_url" in table.columns],
        )
        for kind, table, name in tables
    )


def _add_up(found: Trace) -> None:
    """Raises ConservationError where the records do not give the figure."""
    records, figure = found.records, found.figure
    adds, below = records["adds"], records["below"]
    if found.is_median:
        middle = pl.DataFrame({"value": adds.cast(pl.Float64)}).median()
        made = {"value": float(middle.item())}
    elif below.null_count() == records.height:
        made = {"value": float(adds.sum())}
    elif figure["denominator"] is None:
        made = {"value": float(adds.sum()) / float(below.sum())}
    else:
        made = {"numerator": float(adds.sum()), "denominator": float(below.sum())}
    wrong = [
        f"The records behind {name} give {value}, the figure is {figure[name]}."
        for name, value in made.items()
        if not isclose(value, figure[name] or 0, rel_tol=1e-9, abs_tol=_HALF_A_CENT)
    ]
    if wrong:
        raise ConservationError(wrong)


def _known_metric(name: str, catalogue: Mapping[str, Metric]) -> Metric:
    if name in catalogue:
        return catalogue[name]
    near = get_close_matches(name, catalogue, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else f"there are {_listed(catalogue)}."
    raise InputError([Problem(f"'{name}'", "is no metric.", hint)])


def _known_key(
    metric: Metric,
    *,
    params: RunParams,
    period: str | None,
    classification: str | None,
    dimension: str,
    member: str,
) -> FigureKey:
    """The key that was asked for, once each part of it is one that the metric has."""
    periods = [one.label for one in params.fiscal_period.trail(TREND_PERIODS)]
    classes = metric.classifications
    if classification is None and (len(classes) == 1 or "all" in classes):
        classification = classes[0] if len(classes) == 1 else "all"
    period = period or periods[-1]
    asked = (
        ("period", period, periods),
        ("classification", classification, classes),
        ("dimension", dimension, ("all", *metric.dimensions)),
    )
    problems = [
        Problem(
            f"{metric.name}: {name}",
            "say which." if given is None else f"there is none '{given}'.",
            f"there are {_listed(choices)}.",
        )
        for name, given, choices in asked
        if given not in choices
    ]
    if dimension != "all" and member == "all":
        problems.append(Problem(f"{metric.name}: member", f"say which {dimension}."))
    if dimension == "all" and member != "all":
        problems.append(
            Problem(f"{metric.name}: dimension", f"say of what '{member}' is a member.")
        )
    if problems or classification is None:
        raise InputError(problems)
    return FigureKey(period, classification, dimension, member)


def _known_figure(
    table: pl.DataFrame, metric: Metric, key: FigureKey
) -> Mapping[str, float | None]:
    """The figure itself. Raises InputError where there is none, or none is known."""
    place = {"period": key.period, "classification": key.classification, "dimension": key.dimension}
    own = table.filter(**place)
    row = own.filter(member=key.member)
    if row.is_empty():
        members = own["member"].to_list()
        near = get_close_matches(key.member, members, n=3) or members[:10]
        hint = f"there is {_listed(near)}." if near else "no member has one here."
        raise InputError([Problem(metric.name, f"there is no figure for {key}.", hint)])
    found = row.row(0, named=True)
    if found["value"] is None:
        what = f"the figure for {key} is not known: {found['reason']}."
        raise InputError([Problem(metric.name, what)])
    return _figure(found)


def _figure(row: Mapping[str, Any]) -> Mapping[str, float | None]:
    return {name: row[name] for name in ("value", "numerator", "denominator", "n")}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
