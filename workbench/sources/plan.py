"""What a run will read: a mapping, or a folder in canonical form understood as one."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from workbench.contracts import REQUIRED_TABLES
from workbench.errors import InputError, ParameterError, Problem, SourceError
from workbench.identity.decisions import AliasDecisions, accepted_aliases
from workbench.params import ObjectUrl, RunParams
from workbench.sources.crm_api import must_be_installed
from workbench.sources.databases import QueryExtract
from workbench.sources.extracts import Extract
from workbench.sources.files import PARQUET
from workbench.sources.folders import Folder, LocalFolder
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
from workbench.sources.object_storage import ObjectFolder
from workbench.sources.pieces import Pieces, in_pieces, piece_problems


@dataclass(frozen=True)
class Plan:
    """A mapping, the folder of its files, and where it is written down.

    `pieces` are the files of each name that stands for several of them.
    `kept_records` is a folder for the records of CRM objects between runs, `read_at` when this run
    reads.
    """

    mapping: Mapping
    folder: Folder
    origin: ObjectUrl | Path
    kept_records: Path
    read_at: datetime
    alias_decisions: Path | None = None
    pieces: Pieces = field(default_factory=dict)
    _headers: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False)

    def extract(self, file: str) -> Extract:
        """What the mapping calls `file`."""
        if self.alias_decisions is not None and file == _decisions_name(self.alias_decisions):
            return AliasDecisions(self.alias_decisions)
        if file in self.mapping.queries:
            return QueryExtract(file, self.mapping.queries[file])
        if file in self.mapping.salesforce or file in self.mapping.hubspot:
            return self._crm_records(file)
        form = self.mapping.file_format(file)
        return self.folder.extract(form.path or file, form)

    def _crm_records(self, name: str) -> Extract:
        """Records of a CRM object. Its client is an optional package, and slow to import."""
        if wanted := self.mapping.salesforce.get(name):
            must_be_installed("simple_salesforce", extra="salesforce", where=f"salesforce.{name}")
            from workbench.sources.salesforce import SalesforceExtract  # noqa: PLC0415

            return SalesforceExtract(name, wanted, self.kept_records, self.read_at)
        must_be_installed("hubspot", extra="hubspot", where=f"hubspot.{name}")
        from workbench.sources.hubspot import HubSpotExtract  # noqa: PLC0415

        return HubSpotExtract(name, self.mapping.hubspot[name], self.kept_records, self.read_at)

    def header(self, file: str) -> list[str]:
        """The columns of a file, read once. Raises SourceError when that cannot be done."""
        if file not in self._headers:
            self._headers[file] = self.extract(file).header()
        return self._headers[file]

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

    The accepted lines of `params.partner_aliases` are a part of the table `partner_aliases`.

    Raises ParameterError for what is wrong with a mapping file, SourceError for a source that is
    neither a mapping nor a folder of tables.
    """
    plan = _source_plan(params)
    if params.partner_aliases is None:
        return plan
    accepted = accepted_aliases(_decisions_name(params.partner_aliases))
    own = plan.mapping.tables.get("partner_aliases", TableMapping(parts=()))
    aliases = own.model_copy(update={"parts": (*own.parts, accepted)})
    tables = {**plan.mapping.tables, "partner_aliases": aliases}
    mapping = plan.mapping.model_copy(update={"tables": tables})
    return replace(plan, mapping=mapping, alias_decisions=params.partner_aliases)


def _decisions_name(path: Path) -> str:
    """What the list of alias decisions is called beside the files of the source."""
    return f"{path.name} (accepted)"


def _source_plan(params: RunParams) -> Plan:
    source = params.source
    kept = params.output_root / "extracts" / Path(source).stem
    if isinstance(source, str) or source.is_dir():
        folder = _folder(source)
        mapping = _canonical_mapping(folder, str(source))
        return Plan(mapping, folder, source, kept, params.read_at)
    if source.suffix in {".yaml", ".yml"}:
        folder = _folder(params.source_folder or source.parent)
        mapping, pieces = in_pieces(read_mapping(source), folder)
        return Plan(mapping, folder, source, kept, params.read_at, pieces=pieces)
    what = "is neither a mapping nor a folder." if source.exists() else "there is no such folder."
    hint = "name a folder with files such as opportunities.csv, or a mapping, a .yaml file."
    raise SourceError([Problem(str(source), what, hint)])


def _folder(place: ObjectUrl | Path) -> Folder:
    return ObjectFolder(place) if isinstance(place, str) else LocalFolder(place)


def _canonical_mapping(folder: Folder, where: str) -> Mapping:
    there = folder.matching("*")
    tables: dict[str, TableMapping] = {}
    problems: list[Problem] = []
    for name, contract in TABLES_BY_NAME.items():
        files = [file for suffix in (".csv", PARQUET) if (file := f"{name}{suffix}") in there]
        if len(files) > 1:
            both = " and ".join(f"'{file}'" for file in files)
            problems.append(Problem(where, f"two files for {name}: {both}.", "keep one."))
        elif files:
            try:
                header = folder.extract(files[0], FileFormat()).header()
            except SourceError as error:
                problems += error.problems
                continue
            own = [column for column in contract.dtypes() if column != SET_BY_INGEST]
            columns = {column: Column(source=column) for column in own if column in header}
            part = Part(file=files[0], columns=columns)
            tables[name] = TableMapping(parts=(part,))
    if problems:
        raise SourceError(problems)
    if not tables:
        hint = "a folder in canonical form has files named after the tables: " + ", ".join(
            f"{contract.table_name()}.csv" for contract in REQUIRED_TABLES
        )
        held = f" (it has {', '.join(there[:10])})" if there else ""
        raise SourceError([Problem(where, f"no file is named after a table{held}.", f"{hint}.")])
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
    for name, problem in piece_problems(plan.pieces, headers, str(plan.origin)).items():
        problems.append(problem)
        headers = {file: names for file, names in headers.items() if file not in plan.pieces[name]}
    for table, part in plan.parts():
        problems += _unknown_references(plan, table, part, headers)
        problems += _missing_columns(plan, table, part, headers)
    used = plan.files()
    sections = ("files", "queries", "salesforce", "hubspot")
    declared = {section: getattr(plan.mapping, section) for section in sections}
    for section, name in [(s, name) for s, names in declared.items() for name in names]:
        if name not in used:
            hint = f"the tables read {', '.join(sorted(used))}."
            problems.append(Problem(str(plan.origin), f"no table reads '{section}.{name}'.", hint))
    return sorted(set(problems))


def unused_columns(plan: Plan) -> dict[str, list[str]]:
    """The columns of each file that no table uses; pieces count as the one that they belong to."""
    names = {piece: name for name, pieces in plan.pieces.items() for piece in pieces}
    used: dict[str, set[str]] = {file: set() for file in plan.files()}
    for _, part in plan.parts():
        for reference in part.references():
            lookup = _lookup_of(part, reference)
            if lookup:
                used[part.lookups[lookup].file].add(reference.removeprefix(f"{lookup}."))
            else:
                used[part.file].add(reference)
        for lookup_file in part.lookups.values():
            used[lookup_file.file] |= {lookup_file.theirs, *lookup_file.where}
    return {
        names.get(file, file): unused
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
        brought = [f"{name}.{column}" for column in theirs]
        if hidden := [column for column in brought if column in known]:
            what = f"'{table}.lookups.{name}': {part.file} has a column '{hidden[0]}' of its own."
            problems.append(Problem(str(plan.origin), what, "give the look-up another name."))
        known += brought
        for column in dict.fromkeys((lookup.theirs, *lookup.where)):
            if column not in theirs:
                what = f"'{table}.lookups.{name}': {lookup.file} has no column '{column}'."
                problems.append(Problem(str(plan.origin), what, _near([column], theirs)))
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
