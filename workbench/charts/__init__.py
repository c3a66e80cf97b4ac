"""Charts: a table in, an Altair chart out, under one theme."""

from workbench.charts.comparison import fair_comparison
from workbench.charts.effort import effort_intervals
from workbench.charts.metrics import (
    trend_by_classification,
    trend_multiples,
    win_rate_intervals,
)
from workbench.charts.quality_trend import quality_trend
from workbench.charts.records import evidence_grades, findings_by_rule
from workbench.charts.restatement import restatement_waterfall
from workbench.charts.sensitivity import sensitivity_tornado
from workbench.charts.theme import SPEC_TYPE, chart_svg, show_charts, spec_svg
from workbench.charts.trends import small_trends

__all__ = [
    "SPEC_TYPE",
    "chart_svg",
    "effort_intervals",
    "evidence_grades",
    "fair_comparison",
    "findings_by_rule",
    "quality_trend",
    "restatement_waterfall",
    "sensitivity_tornado",
    "show_charts",
    "small_trends",
    "spec_svg",
    "trend_by_classification",
    "trend_multiples",
    "win_rate_intervals",
]
