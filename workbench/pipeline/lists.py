"""The work lists and the write-back of a run, from its tables; no notebook makes them.

They belong to every run, also to one that starts at a later stage.
"""

from typing import Final

from workbench.contracts import (
    CrmWriteBack,
    Opportunities,
    OpportunityAttribution,
    Partners,
    QualityFindings,
    RulingsApplied,
    TouchAudit,
    Touches,
)
from workbench.identity import write_alias_worklist
from workbench.runs import Run
from workbench.worklists import crm_write_back, import_file, review_workbook, work_lists

IMPORT_FILE: Final = "crm_write_back.csv"
REVIEW_FILE: Final = "crm_write_back_review.xlsx"
# The files that a run may have beside the list of each owner, and what they are.
LISTS: Final = {
    "all.xlsx": "What there is to mend, by owner",
    "nobody_named.xlsx": "What names nobody who could mend it",
    "partner_aliases.csv": "Names that no partner has, and whose they may be",
    REVIEW_FILE: "What the CRM’s partner fields should say, to review",
    IMPORT_FILE: "The same for the CRM’s import tool",
}


def write_lists(run: Run) -> None:
    """Write the work list of each owner, unknown names, and what to write back into the CRM.

    Where the definition is the CRM's own field there is nothing to write back; under a draft there
    is the workbook to review, and no file to import.
    """
    about = {
        "Run": run.run_id,
        "Sources read": f"{run.params.read_at:%Y-%m-%d %H:%M} UTC",
        "As of": str(run.params.as_of),
    }
    mend = {"How": "Mend each record where it is kept; the next run makes this list anew."}
    lists = work_lists(
        run.read(QualityFindings),
        record_url=run.params.record_url,
        created=run.params.read_at,
        about=about | mend,
    )
    for name, content in lists.items():
        run.write_file(f"worklists/{name}", content)
    named = run.read_present(Partners, Touches, Opportunities)
    write_alias_worklist(named, run.folder, decisions=run.params.partner_aliases)
    _write_back(run, about)


def _write_back(run: Run, about: dict[str, str]) -> None:
    definition = run.definition
    write_back = crm_write_back(
        run.read(OpportunityAttribution),
        opportunities=run.read(Opportunities),
        partners=run.read(Partners),
        touch_audit=run.read(TouchAudit),
        rulings_applied=run.read(RulingsApplied),
        definition=definition,
        timezone=run.params.timezone,
    )
    run.write(write_back, CrmWriteBack)
    if definition.basis == "crm_field":
        return
    says = f"{definition.title} ({definition.id}, version {definition.version})"
    how = (
        f"The rows to write are in {IMPORT_FILE}; enter those to review by hand."
        if definition.is_approved
        else "There is no file to import until the definition is approved."
    )
    said = about | {"Definition": says, "Status": definition.status_in_words, "How": how}
    created = run.params.read_at
    review = review_workbook(write_back, created=created, about=said)
    run.write_file(f"worklists/{REVIEW_FILE}", review)
    content = import_file(write_back, definition=definition, run_id=run.run_id)
    if content is not None:
        run.write_file(f"worklists/{IMPORT_FILE}", content)
