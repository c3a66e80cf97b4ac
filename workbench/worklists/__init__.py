"""Work lists: what each person has to mend, and what the CRM should say about partners."""

from workbench.worklists.import_file import import_file
from workbench.worklists.lists import work_lists
from workbench.worklists.review import review_workbook
from workbench.worklists.write_back import crm_write_back

__all__ = ["crm_write_back", "import_file", "review_workbook", "work_lists"]
