"""A comparison of definitions as a reader meets it: text for the terminal, a page for the site."""

from workbench.comparison_report.page import comparison_page
from workbench.comparison_report.text import comparison_text

__all__ = ["comparison_page", "comparison_text"]
