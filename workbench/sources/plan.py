"""What a run will read: a mapping, or a folder in canonical form understood as one."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from workbench.contracts import REQUIRED_TABLES
from workbench.errors import InputError, ParameterError, Problem, SourceError
from workbench.params import RunParams
from workbench.sources.extracts import Extract
from workbench.sources.files import PARQUET, FileExtract
from workbench.sources.mapping import (
    SET_BY_INGEST,
    TABLES_BY_NAME,
    Column,
    FileFormat,
    Mapping,
    Part,
    TableMapping,
    read_mapping,
)


@dataclass(frozen=True)
class Plan:
    """A mapping, the folder of its files, and where it is written down."""

    mapping: Mapping
    folder: Path
    origin: Path

    def extract(self, file: str) -> Extract:
        """What the mapping calls `file`."""
        return FileExtract(self.folder / file, self.mapping.file_format(file))

    def header(self, file: str) -> list[str]:
        """The columns of a file. Raises SourceError when it is missing or cannot be read."""
        return self.extract(file).header()

    def files(self) -> set[str]:
        """Every file that the mapping names."""
        parts = [part for _, part in self.parts()]
        lookups = [lookup.file for part in parts for lookup in part.lookups.values()]
        return {*(part.file for part in parts), *lookups}

    def parts(self) -> list[tuple[str, Part]]:
        """Every part with the name of its table."""
        tables = self.mapping.tables.items()
        return [(name, part) for name, table in tables for part in table.parts]


def read_plan(params: RunParams) -> Plan:
    """The mapping that `params.source` is, or that its folder amounts to.

    Raises ParameterError for what is wrong with a mapping file, SourceError for a source that is
    neither a mapping nor a folder of tables.
    """
    source = params.source
    if source.is_dir():
        return Plan(_canonical_mapping(source), source, source)
    if source.suffix in {".yaml", ".yml"}:
        return Plan(read_mapping(source), params.source_folder or source.parent, source)
    what = "is neither a mapping nor a folder." if source.exists() else "there is no such folder."
    hint = "name a folder with files such as opportunities.csv, or a mapping, a .yaml file."
    raise SourceError([Problem(str(source), what, hint)])


def _canonical_mapping(folder: Path) -> Mapping:
    tables: dict[str, TableMapping] = {}
    problems: list[Problem] = []
    for name, contract in TABLES_BY_NAME.items():
        files = [
            file for suffix in (".csv", PARQUET) if (file := folder / f"{name}{suffix}").is_file()
        ]
        if len(files) > 1:
            both = " and ".join(f"'{file.name}'" for file in files)
            problems.append(Problem(str(folder), f"two files for {name}: {both}.", "keep one."))
        elif files:
            try:
                header = FileExtract(files[0], FileFormat()).header()
            except SourceError as error:
                problems += error.problems
                continue
            own = [column for column in contract.dtypes() if column != SET_BY_INGEST]
            columns = {column: Column(source=column) for column in own if column in header}
            part = Part(file=files[0].name, columns=columns)
            tables[name] = TableMapping(parts=(part,))
    if problems:
        raise SourceError(problems)
    if not tables:
        names = sorted(file.name for file in folder.iterdir() if file.is_file())
        hint = "a folder in canonical form has files named after the tables: " + ", ".join(
            f"{contract.table_name()}.csv" for contract in REQUIRED_TABLES
        )
        held = f" (it has {', '.join(names[:10])})" if names else ""
        raise SourceError(
            [Problem(str(folder), f"no file is named after a table{held}.", f"{hint}.")]
        )
    return Mapping(tables=tables)


def source_problems(params: RunParams) -> list[Problem]:
    """Everything that is wrong with the source as far as its headers tell, sorted.

    Reads the mapping and the first line of each file, no rows.
    """
    try:
        plan = read_plan(params)
    except (ParameterError, SourceError) as error:
        return error.problems
    return plan_problems(plan)


def plan_problems(plan: Plan) -> list[Problem]:
    """What is missing: tables, files, columns that are named, columns that a table needs."""
    problems = _missing_tables(plan)
    headers, unread = _headers(plan)
    problems += unread
    for table, part in plan.parts():
        problems += _unknown_references(plan, table, part, headers)
        problems += _missing_columns(plan, table, part, headers)
    used = plan.files()
    for file in set(plan.mapping.files) - used:
        hint = f"the tables read {', '.join(sorted(used))}."
        problems.append(Problem(str(plan.origin), f"no table reads 'files.{file}'.", hint))
    return sorted(set(problems))


def unused_columns(plan: Plan) -> dict[str, list[str]]:
    """The columns of each file that no table uses."""
    used: dict[str, set[str]] = {file: set() for file in plan.files()}
    for _, part in plan.parts():
        for reference in part.references():
            lookup = _lookup_of(part, reference)
            if lookup:
                used[part.lookups[lookup].file].add(reference.removeprefix(f"{lookup}."))
            else:
                used[part.file].add(reference)
        for lookup_file in part.lookups.values():
            used[lookup_file.file].add(lookup_file.theirs)
    return {
        file: unused
        for file, columns in sorted(used.items())
        if (unused := [c for c in plan.header(file) if c not in columns and c != SET_BY_INGEST])
    }


def _lookup_of(part: Part, reference: str) -> str | None:
    return next((name for name in part.lookups if reference.startswith(f"{name}.")), None)


def _headers(plan: Plan) -> tuple[dict[str, list[str]], list[Problem]]:
    headers: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for file in plan.files():
        try:
            headers[file] = plan.header(file)
        except InputError as error:
            problems += error.problems
    return headers, problems


def _missing_tables(plan: Plan) -> list[Problem]:
    missing = [
        name
        for contract in REQUIRED_TABLES
        if (name := contract.table_name()) not in plan.mapping.tables
    ]
    if not missing:
        return []
    tables = "1 table is" if len(missing) == 1 else f"{len(missing)} tables are"
    hint = f"a source needs {', '.join(c.table_name() for c in REQUIRED_TABLES)}"
    if "touches" in missing:
        hint += "; a mapping may say 'touches: empty'"
    named = ", ".join(f"'{name}'" for name in missing)
    return [Problem(str(plan.origin), f"{tables} missing: {named}.", f"{hint}.")]


def _unknown_references(
    plan: Plan, table: str, part: Part, headers: dict[str, list[str]]
) -> list[Problem]:
    files = {part.file, *(lookup.file for lookup in part.lookups.values())}
    if not files <= set(headers):
        return []
    problems = []
    known = list(headers[part.file])
    for name, lookup in part.lookups.items():
        theirs = headers[lookup.file]
        known += [f"{name}.{column}" for column in theirs]
        if lookup.theirs not in theirs:
            what = f"'{table}.lookups.{name}': {lookup.file} has no column '{lookup.theirs}'."
            problems.append(Problem(str(plan.origin), what, _near([lookup.theirs], theirs)))
    for reference, where in part.references().items():
        if reference not in known:
            what = f"'{table}.{where}': {part.file} has no column '{reference}'."
            problems.append(Problem(str(plan.origin), what, _near([reference], known)))
    return problems


def _missing_columns(
    plan: Plan, table: str, part: Part, headers: dict[str, list[str]]
) -> list[Problem]:
    if part.file not in headers:
        return []
    needed = TABLES_BY_NAME[table].required_columns()
    missing = [c for c in needed if c not in part.columns and c != SET_BY_INGEST]
    if not missing:
        return []
    columns = "1 column" if len(missing) == 1 else f"{len(missing)} columns"
    named = ", ".join(f"'{column}'" for column in missing)
    what = f"{columns} missing in {table} ({part.file}): {named}."
    return [Problem(str(plan.origin), what, _near(missing, headers[part.file]))]


def _near(wanted: list[str], header: list[str]) -> str:
    """What the file has instead: names that look alike, else all of them."""
    plain = {name.strip().lower().replace(" ", "_"): name for name in header}
    near = [
        plain[found]
        for name in wanted
        for found in get_close_matches(
            name.strip().lower().replace(" ", "_"), plain, n=1, cutoff=0.7
        )
    ]
    shown = near or header
    listed = ", ".join(f"'{name}'" for name in dict.fromkeys(shown[:12]))
    blank = " (a name that begins or ends with a blank is written so, in quotes)"
    edged = any(name != name.strip() for name in shown[:12])
    return f"the file has {listed}{'' if len(shown) <= 12 else ', …'}{blank if edged else ''}."
