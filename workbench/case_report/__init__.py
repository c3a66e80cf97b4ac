"""The case of one opportunity as a reader meets it: text for the terminal, a page to hand on."""

from workbench.case_report.page import case_page
from workbench.case_report.text import case_text
from workbench.case_report.view import CaseView, case_view

__all__ = ["CaseView", "case_page", "case_text", "case_view"]
