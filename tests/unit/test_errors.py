from pathlib import Path

import pytest

from workbench import errors
from workbench.errors import (
    ConservationError,
    ContractError,
    InputError,
    Problem,
    StageError,
    WorkbenchError,
)


def test_input_error__one_problem_is_a_sentence_and_its_hint():
    error = InputError([Problem("crm.yaml", "'id' is missing.", "write one.")])

    assert str(error) == "crm.yaml: 'id' is missing.\nHint: write one."


def test_input_error__several_are_counted_sorted_and_said_once():
    problem = Problem("b.yaml", "is empty.", "fill it.")

    error = InputError([problem, Problem("a.yaml", "is not text."), problem])

    assert error.problems == [Problem("a.yaml", "is not text."), problem]
    assert str(error) == (
        "2 problems:\n  a.yaml: is not text.\n  b.yaml: is empty.\n    Hint: fill it."
    )


@pytest.mark.parametrize(
    "name", ["ParameterError", "SourceError", "RateError", "RunError", "ReadoutError"]
)
def test_exit_code__a_mistake_in_what_was_given_is_2(name):
    kind = getattr(errors, name)

    assert issubclass(kind, InputError)
    assert kind([Problem("here", "is wrong.")]).exit_code == 2


def test_exit_code__a_run_that_failed_is_1():
    assert ContractError("accounts", ["x"]).exit_code == 1
    assert ConservationError(["1 of 2 rows."]).exit_code == 1
    assert WorkbenchError("no").exit_code == 1


def test_contract_error__counts_the_breaches_and_shows_ten():
    one = ContractError("accounts", ["name: not_nullable"])
    many = ContractError("accounts", [f"column c{number:02} is missing" for number in range(12)])

    assert str(one) == "Table accounts breaks its contract in 1 way: name: not_nullable."
    assert str(many).startswith(
        "Table accounts breaks its contract in 12 ways: column c00 is missing; "
    )
    assert str(many).endswith("column c09 is missing; ….")


def test_conservation_error__says_every_identity_that_broke():
    error = ConservationError(["1 of 2 rows.", "3 of 4 cents."])

    assert str(error) == "What must add up does not: 1 of 2 rows. 3 of 4 cents."


def stage_error() -> StageError:
    return StageError(
        stage="metrics",
        cell="process",
        cause="no rate",
        notebook=Path("runs/a/notebooks/04_metrics.ipynb"),
        exit_code=2,
    )


def test_stage_error__names_stage_cell_cause_and_notebook():
    error = stage_error()

    assert error.exit_code == 2
    assert str(error).splitlines() == [
        "Stage metrics stopped in cell process: no rate",
        f"The executed notebook: {Path('runs/a/notebooks/04_metrics.ipynb')}",
    ]


def test_stage_error__follows_the_run_to_where_it_was_put():
    kept, gone = stage_error(), stage_error()

    kept.moved(Path("runs/a"), Path("failed/a"))
    gone.moved(Path("runs/a"), None)
    gone.moved(Path("runs/a"), Path("failed/a"))

    assert kept.notebook == Path("failed/a/notebooks/04_metrics.ipynb")
    assert str(gone) == "Stage metrics stopped in cell process: no rate"
