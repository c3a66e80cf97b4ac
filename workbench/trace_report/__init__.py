"""The records behind a figure as a reader meets them: text, a CSV file, pages of the site."""

from workbench.trace_report.pages import figure_address, figure_page, figures_page
from workbench.trace_report.text import trace_text, write_trace

__all__ = ["figure_address", "figure_page", "figures_page", "trace_text", "write_trace"]
