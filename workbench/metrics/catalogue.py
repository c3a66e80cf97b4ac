"""The registry of metrics, and the tidy table of all of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl
import polars.selectors as cs
from pandera.typing.polars import DataFrame

from workbench.contracts import Metrics
from workbench.definitions import Definition
from workbench.metrics import (
    comparison,
    concentration,
    coverage,
    motion,
    pipeline,
    programme,
    trust,
    velocity,
)
from workbench.metrics.facts import CLASSES, NO_MEMBER, OF_PARTNERS, Facts, MetricInputs, facts
from workbench.metrics.registry import Measure, Metric
from workbench.params import RunParams
from workbench.tables import checked

METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        metric.name: metric
        for family in (
            pipeline,
            concentration,
            comparison,
            motion,
            coverage,
            trust,
            velocity,
            programme,
        )
        for metric in vars(family).values()
        if isinstance(metric, Metric)
    }
)

# Which classes of opportunities each classification of a metric is taken over.
_CLASSES_WITHIN: Final = {
    "sourced": ("sourced",),
    "influenced": ("influenced",),
    "co_sell": ("sourced", "influenced"),
    "direct": ("direct",),
    "all": ("sourced", "influenced", "direct"),
}
# What tells one figure of a metric from another.
KEY: Final = ("period", "classification", "dimension", "member")


def metrics(
    inputs: MetricInputs,
    *,
    params: RunParams,
    definition: Definition,
    catalogue: Mapping[str, Metric] = METRICS,
) -> DataFrame[Metrics]:
    """Every metric of the catalogue, for the period of `params` and the eight before it.

    One row per metric, period, classification and member of a dimension, basis `current`. Where
    the dimension is `all` every period and classification has its row; a member has one where
    there is something to count. A value that cannot be known is null and has its reason.

    Raises RateError where a cost of these periods has no rate on its day.
    """
    known = facts(inputs, params=params, definition=definition)
    tables = [_rows(metric, known).collect() for metric in catalogue.values()]
    table = pl.concat(tables).with_columns(
        definition_id=pl.lit(definition.id), basis=pl.lit("current")
    )
    return checked(table.with_columns(_unknown_unless_begun(known)), Metrics)


def glossary(catalogue: Mapping[str, Metric] = METRICS) -> pl.DataFrame:
    """The words of each metric: `metric`, `unit`, `question`, `meaning`, `formula`."""
    words = ("unit", "question", "meaning", "formula")
    return pl.DataFrame(
        [
            {"metric": metric.name} | {name: getattr(metric, name) for name in words}
            for metric in catalogue.values()
        ],
        schema=dict.fromkeys(("metric", *words), pl.String),
    )


def _unknown_unless_begun(known: Facts) -> list[pl.Expr]:
    """No figure for a period that begins after the as-of day: what is not known is not zero."""
    begun = pl.col("period").is_in([p.label for p in known.periods if p.start <= known.as_of])
    figures = ("value", "numerator", "denominator", "n", "ci_low", "ci_high")
    reason = pl.when(begun).then("reason").otherwise(pl.lit("it begins after the as-of day"))
    return [*(pl.when(begun).then(name).alias(name) for name in figures), reason.alias("reason")]


def _rows(metric: Metric, known: Facts) -> pl.LazyFrame:
    """The rows of one metric, in all its dimensions."""
    lacking = next((known.absent[need] for need in metric.needs if need in known.absent), None)
    if lacking is not None:
        return _complete(_every_row(metric, known).with_columns(reason=pl.lit(lacking)), metric)
    measure = metric.measure(known)
    every = _figures(measure, metric, "all", every_row=_every_row(metric, known))
    if metric.current_only is not None:
        is_current = pl.col("period") == known.current.label
        reason = pl.when(is_current).then("reason").otherwise(pl.lit(metric.current_only))
        every = every.with_columns(
            pl.when(is_current).then("value"), pl.when(is_current).then("n"), reason.alias("reason")
        )
    members = [_figures(measure, metric, name) for name in _dimensions(metric, measure, known)]
    return pl.concat(_complete(figures, metric) for figures in [every, *members])


def _dimensions(metric: Metric, measure: Measure, known: Facts) -> list[str]:
    """The metric's dimensions; credit that does not add up is not summed over partners."""
    is_summed = measure.credit_rows is not None and not known.is_additive
    summed = ("partner_type", "tier", "parent_partner") if is_summed else ()
    return [dimension for dimension in metric.dimensions if dimension not in summed]


def _every_row(metric: Metric, known: Facts) -> pl.LazyFrame:
    """The key of each row that a metric must have: all nine periods by its classifications."""
    periods = pl.LazyFrame({"period": [period.label for period in known.periods]})
    classes = pl.LazyFrame({"classification": metric.classifications})
    return periods.join(classes, how="cross").with_columns(
        dimension=pl.lit("all"), member=pl.lit("all")
    )


def _figures(
    measure: Measure, metric: Metric, dimension: str, *, every_row: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The figures of one dimension: of each group that has rows, or of `every_row`."""
    groups = (
        _rows_by_member(measure, metric, dimension)
        .group_by("period", "classification", "member")
        .agg(measure.summary.aggregates)
        .with_columns(pl.col("period", "classification").cast(pl.String), *_named(dimension))
    )
    if every_row is not None:
        groups = every_row.join(groups, on=KEY, how="left")
    return groups.select(*KEY, *measure.summary.figure)


def rows_of_figures(measure: Measure, metric: Metric, dimension: str) -> pl.LazyFrame:
    """The rows behind the figures of one dimension, with the key of the figure in front.

    A row stands once for each classification that it belongs to. A metric of a single
    classification has chosen its rows itself. Direct has no partner, so that for a dimension of
    partners `all` would only say `co_sell` again.
    """
    rows = _rows_by_member(measure, metric, dimension).with_columns(_named(dimension))
    return rows.with_columns(cs.by_dtype(pl.Categorical, pl.Enum).cast(pl.String))


def _named(dimension: str) -> tuple[pl.Expr, pl.Expr]:
    """A figure's dimension and member, in words."""
    member = pl.col("member").cast(pl.String).fill_null(NO_MEMBER)
    return pl.lit(dimension).alias("dimension"), member


def _rows_by_member(measure: Measure, metric: Metric, dimension: str) -> pl.LazyFrame:
    """The rows behind the figures of one dimension, with `period`, `classification`, `member`."""
    rows = measure.rows.with_columns(is_first=pl.lit(value=True))
    if measure.credit_rows is not None and dimension in OF_PARTNERS:
        rows = measure.credit_rows.with_columns(is_first=pl.col(f"is_first_of_{dimension}"))
    if len(metric.classifications) == 1:
        rows = rows.with_columns(classification=pl.lit(metric.classifications[0]))
    else:
        shown = [
            classification
            for classification in metric.classifications
            if dimension not in OF_PARTNERS or classification not in ("direct", "all")
        ]
        belongs = pl.LazyFrame(
            [
                {"class": within, "classification": classification}
                for classification in shown
                for within in _CLASSES_WITHIN[classification]
            ],
            schema={"class": CLASSES, "classification": pl.Enum(list(_CLASSES_WITHIN))},
        )
        of_class = pl.col("classification").cast(CLASSES).alias("class")
        rows = rows.select(pl.exclude("classification"), of_class).join(belongs, on="class")
    return rows.with_columns(member=pl.lit("all") if dimension == "all" else pl.col(dimension))


def _complete(rows: pl.LazyFrame, metric: Metric) -> pl.LazyFrame:
    """The rows with the metric's words and every column of the contract, null where unset."""
    unset = pl.LazyFrame(schema=Metrics.dtypes())
    return pl.concat(
        [
            unset,
            rows.with_columns(
                metric=pl.lit(metric.name),
                category=pl.lit(metric.category),
                unit=pl.lit(metric.unit),
            ),
        ],
        how="diagonal_relaxed",
    )
