"""Charts: a table in, an Altair chart out, under one theme."""

from workbench.charts.metrics import trend_by_classification, win_rate_intervals
from workbench.charts.quality_trend import quality_trend
from workbench.charts.records import evidence_grades, findings_by_rule
from workbench.charts.sensitivity import sensitivity_tornado
from workbench.charts.theme import chart_svg, show_charts_as_svg

__all__ = [
    "chart_svg",
    "evidence_grades",
    "findings_by_rule",
    "quality_trend",
    "sensitivity_tornado",
    "show_charts_as_svg",
    "trend_by_classification",
    "win_rate_intervals",
]
