"""Metrics: the catalogue over one attributed snapshot, as one tidy table; docs/metrics.md."""

from workbench.metrics.catalogue import METRICS, metrics
from workbench.metrics.facts import NO_MEMBER, MetricInputs
from workbench.metrics.registry import Metric

__all__ = ["METRICS", "NO_MEMBER", "Metric", "MetricInputs", "metrics"]
