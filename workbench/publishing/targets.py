"""What the word after the run means: a database, a workbook, a folder, a file of payouts."""

import re
from pathlib import Path

from workbench.errors import Problem, PublishError
from workbench.publishing.databases import publish_to_duckdb, publish_to_postgresql
from workbench.publishing.excel import publish_to_excel
from workbench.publishing.parquet import publish_to_folder
from workbench.publishing.payouts import publish_payouts
from workbench.publishing.run import Published, run_to_publish

_KINDS = (
    "write the name of an environment variable that holds the URI of a PostgreSQL, a file that "
    "ends in .duckdb or .xlsx, a payouts….csv, or a folder with / at its end."
)


def publish(folder: Path, target: str) -> Published:
    """Hand the tables of the finished run in a folder on to a target, in place of what it had.

    What was published before under the same parameter file's name and period is replaced, whole or
    not at all. Raises PublishError when `target` is none or cannot take the tables, and RunError
    when a table is not what the run wrote.
    """
    if "://" in target:  # it may hold a password: no message repeats it
        what = "a URI is not typed here, where anybody can read it."
        hint = "put it into an environment variable, and name that: WAREHOUSE."
        raise PublishError([Problem("TARGET", what, hint)])
    path = Path(target)
    run = run_to_publish(folder)
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*", target):
        return publish_to_postgresql(run, target)
    if target.endswith(("/", "\\")) or path.is_dir():
        return publish_to_folder(run, path)
    if not path.absolute().parent.is_dir():
        raise PublishError([Problem(target, f"there is no folder {path.absolute().parent}.")])
    if path.suffix == ".duckdb":
        return publish_to_duckdb(run, path)
    if path.suffix == ".xlsx":
        return publish_to_excel(run, path)
    if path.suffix == ".csv" and path.stem.startswith("payouts"):
        return publish_payouts(run, path)
    raise PublishError([Problem(target, "is no place to publish to.", _KINDS)])
