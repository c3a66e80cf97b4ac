"""Metrics: the catalogue over one attributed snapshot, as one tidy table; docs/metrics.md."""

from workbench.metrics.catalogue import METRICS, glossary, metrics
from workbench.metrics.facts import NO_MEMBER, Facts, MetricInputs
from workbench.metrics.registry import Measure, Metric, metric
from workbench.metrics.summaries import count, mean, median, rate, ratio, total
from workbench.metrics.trace import Trace, trace, traces

__all__ = [
    "METRICS",
    "NO_MEMBER",
    "Facts",
    "Measure",
    "Metric",
    "MetricInputs",
    "Trace",
    "count",
    "glossary",
    "mean",
    "median",
    "metric",
    "metrics",
    "rate",
    "ratio",
    "total",
    "trace",
    "traces",
]
