"""The command line: parse, call, print.

Exit codes: 0 done; 1 the run failed; 2 the input or the parameters are wrong.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from workbench.errors import InputError, WorkbenchError
from workbench.vocabulary import STAGES, Stage

if TYPE_CHECKING:
    from workbench.pipeline import FinishedRun


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="partner-revenue-workbench", message="%(version)s")
def commands() -> None:
    """Turn CRM and PRM exports into partner revenue numbers that hold."""


@commands.command()
@click.option(
    "--from-postgres",
    is_flag=True,
    help="Load the sample company into a real PostgreSQL, and read it from there.",
)
def demo(*, from_postgres: bool) -> None:
    """Make the sample company, run all five notebooks on it, and say where the pages are."""
    from workbench.params import project_folder
    from workbench.sample import write_sample

    project = project_folder(Path.cwd())
    folder = project / "outputs" / "sample"
    params_file = str(project / "params" / "demo.yaml")
    click.echo(f"Sample company: {write_sample(folder)}")
    if not from_postgres:
        _run(params_file, {}, start="ingest", run_id=None)
        return
    from workbench.sample.postgresql import postgresql_with_sample

    with postgresql_with_sample(folder) as uri:
        os.environ["SAMPLE_DATABASE"] = uri  # the notebooks inherit it
        click.echo("Read from: a PostgreSQL in a temporary folder")
        _run(params_file, {"source": "params/sources/postgresql.yaml"}, start="ingest", run_id=None)


@commands.command()
@click.argument("params_file")
@click.option(
    "-p", "overrides", metavar="KEY=VALUE", multiple=True, help="Set one parameter for this run."
)
@click.option(
    "--from",
    "start",
    type=click.Choice(STAGES),
    default="ingest",
    help="Start at this stage, on the tables of the last finished run.",
)
@click.option("--run-id", help="Name the run; by default parameter file, period and time.")
def run(params_file: str, overrides: tuple[str, ...], start: Stage, run_id: str | None) -> None:
    """Run the five notebooks in sequence and keep what they make."""
    _run(params_file, _settings(overrides), start=start, run_id=run_id)


@commands.command()
@click.argument("params_file")
@click.option(
    "-p", "overrides", metavar="KEY=VALUE", multiple=True, help="Set one parameter for this check."
)
def check(params_file: str, overrides: tuple[str, ...]) -> None:
    """Find every problem of parameters, definitions and sources' headers; run nothing."""
    from workbench.pipeline import check_inputs

    params = check_inputs(params_file, _settings(overrides))
    click.echo(
        f"{params_file}: nothing wrong. Period {params.period} "
        f"({params.fiscal_period.start} to {params.fiscal_period.end}), as of {params.as_of}, "
        f"definition {params.definition.stem}."
    )


@commands.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    options_metavar="",
)
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[PARAMS_FILE] [OPTION OF JUPYTERLAB]…"
)
def lab(words: tuple[str, ...]) -> None:
    """Open JupyterLab on the project, with the definition lab for a parameter file."""
    from jupyterlab.labapp import LabApp

    from workbench.pipeline.jupyter import jupyterlab_words

    named = bool(words) and not words[0].startswith("-")
    LabApp.launch_instance(
        jupyterlab_words(words[0] if named else None, words[1:] if named else words)
    )


@commands.command("map")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE…",
)
@click.option(
    "--out",
    "mapping_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the mapping to this file, which must not exist, instead of printing it.",
)
def map_files(files: tuple[Path, ...], mapping_file: Path | None) -> None:
    """Propose a mapping for the exports of a CRM, with reasons; a ? marks what to look at."""
    from workbench.mapping_proposal import mapping_proposal, write_proposal

    proposal = mapping_proposal(
        files, mapping_file=mapping_file or Path("params/sources/mine.yaml")
    )
    if mapping_file is None:
        click.echo(proposal.text, nl=False)
        return
    write_proposal(proposal, mapping_file)
    click.echo(
        f"{mapping_file}: {proposal.tables} tables, {proposal.columns} columns; "
        f"{proposal.questions} lines with a ? to look at."
    )
    click.echo("A parameter file to run it with, params/<name>.yaml:")
    click.echo("\n".join(f"  {line}" for line in proposal.parameters.splitlines()))


@commands.command()
@click.argument("definition")
def show(definition: str) -> None:
    """Print a definition, named by its file or its id, as a sales leader would read it."""
    from workbench.definitions import definition_page, find_definition_file, read_definition

    click.echo(definition_page(read_definition(find_definition_file(definition))))


@commands.command()
@click.argument("params_file")
@click.argument("definitions", nargs=-1)
@click.option(
    "-p",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set one parameter for this comparison.",
)
def compare(params_file: str, definitions: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Hold definitions, by id or file, against the first of them on the same data.

    One definition is held against the parameter file's own; none is named: the parameter file
    says which.
    """
    from workbench.comparison_report import comparison_text
    from workbench.pipeline.comparing import compare_definitions

    done = compare_definitions(params_file, definitions, _settings(overrides))
    rows = f"{done.comparison.results[0].opportunity_attribution.height:,} opportunities"
    click.echo(f"As of {done.params.as_of}: {rows}, from {done.tables_from}.")
    click.echo(comparison_text(done.comparison, currency=done.params.reporting_currency))


@commands.command()
@click.argument("params_or_run")
@click.argument("opportunity_id", metavar="OPPORTUNITY")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the case to this file, as a page that needs nothing else.",
)
def why(params_or_run: str, opportunity_id: str, page: Path | None) -> None:
    """Say why an opportunity has its class, and what would turn it.

    The run is the last finished one of a parameter file, or one named by its id or folder.
    """
    from workbench.case_report import case_page, case_text
    from workbench.pipeline.cases import opportunity_case

    view = opportunity_case(params_or_run, opportunity_id)
    if page is None:
        click.echo(case_text(view))
        return
    page.write_text(case_page(view), encoding="utf-8")
    click.echo(f"The case of {opportunity_id}: {page}")


@commands.command()
@click.argument("run", metavar="RUN")
def seal(run: str) -> None:
    """Seal a finished run, named by its id or its parameter file: what was reported stays."""
    from workbench.sealing import run_folder, seal_run

    sealed = seal_run(run_folder(run))
    click.echo(f"Sealed {sealed.folder.name}: {len(sealed.content['files'])} files")
    click.echo(f"  folder:      {sealed.folder}")
    click.echo(f"  zip:         {sealed.zip_file}")
    click.echo(f"  fingerprint: {sealed.fingerprint}")


@commands.command()
@click.argument("sealed", type=click.Path(path_type=Path))
def verify(sealed: Path) -> None:
    """Check every byte of a sealed run, a folder or a zip, and work its figures out again."""
    from workbench.sealing import verify as verified

    done = verified(sealed)
    click.echo(f"{done.seal.content['run_id']} is what was sealed, and its figures hold.")
    click.echo(f"  files:       {done.file_count:,}, none changed, missing or new")
    click.echo(f"  figures:     {done.row_count:,} rows worked out again, all the same")
    for sentence in done.recomputed.left_out:
        click.echo(f"  left out:    {sentence}")
    click.echo(f"  fingerprint: {done.seal.fingerprint}")


@commands.command()
@click.argument("run", metavar="RUN")
@click.argument("target")
def publish(run: str, target: str) -> None:
    """Publish a finished run, named as for `seal`, in place of what its period had there.

    TARGET is an environment variable with the URI of a PostgreSQL, a .duckdb or .xlsx file, a
    folder with / at its end for Parquet, or payouts….csv for accounts payable.
    """
    from workbench.publishing import publish as published
    from workbench.sealing import run_folder

    folder = run_folder(run)
    done = published(folder, target)
    tables = "1 table" if len(done.rows) == 1 else f"{len(done.rows)} tables"
    click.echo(f"Published {folder.name}: {tables}, {sum(done.rows.values()):,} rows")
    click.echo(f"  to: {done.place}")


@commands.command()
@click.argument("params_or_run")
@click.argument("metric")
@click.option("--period", help="A period of the run's trend; by default its own.")
@click.option("--classification", help="sourced, influenced, co_sell, direct or all.")
@click.option("--dimension", default="all", help="What the figure is by, such as partner.")
@click.option("--member", default="all", help="Which one of it, such as a partner's id.")
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all the rows to this file.",
)
def trace(
    params_or_run: str,
    metric: str,
    *,
    period: str | None,
    classification: str | None,
    dimension: str,
    member: str,
    csv_file: Path | None,
) -> None:
    """List the records behind a figure, with evidence, and how they add up to it.

    The figure is of the last finished run of a parameter file, or of the run in a folder.
    """
    from workbench.pipeline.tracing import figure_of_run
    from workbench.trace_report import trace_text, write_trace

    found = figure_of_run(
        params_or_run,
        metric,
        period=period,
        classification=classification,
        dimension=dimension,
        member=member,
    )
    currency = found.run.params.reporting_currency
    click.echo(trace_text(found.trace, currency=currency, run_id=found.run.run_id))
    if csv_file is not None:
        write_trace(found.trace, csv_file)
        click.echo(f"All rows: {csv_file}")


@commands.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--opportunities", type=click.IntRange(min=1), default=1500, show_default=True)
@click.option("--touches", type=click.IntRange(min=1), default=7000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
)
@click.option("--soiled/--clean", default=True, help="With or without the faults people make.")
def sample(
    folder: Path,
    *,
    opportunities: int,
    touches: int,
    seed: int,
    file_format: Literal["parquet", "csv"],
    soiled: bool,
) -> None:
    """Make the sample company at any size, with the planted truth."""
    from workbench.sample import write_sample

    summary = write_sample(
        folder,
        opportunities=opportunities,
        touches=touches,
        seed=seed,
        format=file_format,
        soiled=soiled,
    )
    click.echo(f"Sample company: {summary}")


def _settings(overrides: tuple[str, ...]) -> dict[str, str]:
    """The values typed after `-p`."""
    settings = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"'{override}' is not KEY=VALUE.", param_hint="-p")
        settings[key] = value
    return settings


def _run(
    params_file: str,
    overrides: dict[str, str],
    *,
    start: Stage,
    run_id: str | None,
) -> None:
    from workbench.pipeline import check_inputs, run_pipeline
    from workbench.pipeline.hooks import run_on_failed_check, run_on_success
    from workbench.runs import new_run_id

    try:
        params = check_inputs(params_file, overrides)
    except InputError as error:
        run_on_failed_check(params_file, overrides, error)
        raise
    finished = run_pipeline(params, run_id=run_id or new_run_id(params), start=start)
    _print_finished(finished)
    run_on_success(finished.run)


def _print_finished(finished: "FinishedRun") -> None:
    spent = ", ".join(
        f"{stage.replace('_', ' ')} {taken:.1f}" for stage, taken in finished.seconds.items()
    )
    click.echo(f"Run {finished.run.run_id} is done in {sum(finished.seconds.values()):.1f} s")
    click.echo(f"  seconds: {spent}")
    click.echo(f"  page:    {finished.page}")
    click.echo(f"  site:    {finished.index}")
    click.echo(f"  tables:  {finished.run.tables}")


def main() -> None:
    """Run a command; a mistake of the user's is a sentence and an exit code, never a traceback."""
    try:
        commands()
    except WorkbenchError as error:
        click.echo(f"Error: {error}", err=True)
        for note in getattr(error, "__notes__", ()):
            click.echo(note, err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a disk that is full or may not be written
        click.echo(f"Error: {error.filename or 'a file'}: {error.strerror}.", err=True)
        sys.exit(1)
