"""The case of an opportunity, from the tables of a finished run."""

from workbench.attribution.case import CaseTables, case
from workbench.attribution.turning import turning_fact
from workbench.case_report import CaseView, case_view
from workbench.rulings import rulings_in_force
from workbench.runs import run_in
from workbench.sealing import run_folder


def opportunity_case(params_or_run: str, opportunity_id: str) -> CaseView:
    """The case of one opportunity as a run sees it: by id or folder, or a parameter file's last.

    Tables, definitions and rulings are those of that run. Raises RunError when there is none, and
    InputError, with ids that are near, when it knows no such opportunity.
    """
    run = run_in(run_folder(params_or_run))
    tables = CaseTables.of(run.read_present(*CaseTables.contracts))
    definitions = (run.definition, *run.compared_definitions)
    found = case(tables, opportunity_id, params=run.params, definitions=definitions)
    turning = turning_fact(tables, opportunity_id, params=run.params, definition=run.definition)
    rulings = rulings_in_force(run.rulings, as_of=run.params.as_of)
    ruling = next((one for one in rulings if one.opportunity_id == opportunity_id), None)
    return case_view(found, turning=turning, ruling=ruling, run_id=run.run_id)
