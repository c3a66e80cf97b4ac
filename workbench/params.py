"""The parameters of a run: a flat YAML file, resolved once and kept with the run."""

import re
import shlex
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from workbench.documents import Document, dump_yaml, load_yaml, parse_document, suggestion
from workbench.errors import ParameterError, Problem
from workbench.periods import Calendar, MonthCalendar, Period, read_calendar

FiscalMonth = Annotated[int, Field(ge=1, le=12)]


# A folder in object storage, without a slash at its end and without credentials.
_OBJECT_URL = r"^(s3|gs|az)://[^/\s@:]+(/[^/\s]+)*$"
ObjectUrl = Annotated[str, Field(pattern=_OBJECT_URL)]


class RunParams(Document):
    """What one run is asked to do. Every path is absolute and `read_at` is set: see `read_params`.

    `read_at` is when the sources were read, UTC; `as_of` is the last calendar day, in `timezone`,
    that the run knows of.
    """

    name: str
    period: str
    as_of: date
    read_at: datetime
    timezone: str = "UTC"
    source: ObjectUrl | Path
    source_folder: ObjectUrl | Path | None = None
    definition: Path
    compare_with: tuple[Path, ...] = ()
    reporting_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    fiscal_year_start: FiscalMonth = 1
    calendar: Path | None = None
    readout: Path | None
    rulings: Path | None = None
    quality: Path | None = None
    programme: Path | None = None
    partner_aliases: Path | None = None
    partner_identity: Literal["as_was", "as_is"] = "as_was"
    record_url: str | None = None
    paper: Literal["a4", "us-letter"] = "a4"
    on_success: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()
    output_root: Path

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        known = available_timezones() - {"Factory", "localtime"}  # the machine's own, and none
        if zone not in known:
            near = suggestion(zone, known)
            hint = near if near.startswith("did") else "write an IANA name such as Europe/Berlin."
            raise ValueError(f"'{zone}' is not a time zone.\n{hint}")
        return zone

    @field_validator("read_at")
    @classmethod
    def _in_utc(cls, instant: datetime) -> datetime:
        """An instant without a zone is one in UTC."""
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)

    @field_validator("record_url")
    @classmethod
    def _leads_to_a_record(cls, url: str | None) -> str | None:
        """A web address in which only a record's table and id are filled in, after the host."""
        if url is None:
            return None
        shape = re.fullmatch(r"https?://[^\s/?#{}]+[/?#]\S*", url)
        blanks = set(re.findall(r"\{[^}]*\}?", url))
        if not shape or "{record_id}" not in blanks or not blanks <= {"{record_id}", "{table}"}:
            hint = "write an address such as https://crm.example/{table}/{record_id}."
            raise ValueError(f"'{url}' leads to no record.\n{hint}")
        return url

    @cached_property
    def fiscal_period(self) -> Period:
        calendar: Calendar = MonthCalendar(self.fiscal_year_start)
        if self.calendar is not None:
            calendar = read_calendar(self.calendar)
        return calendar.period(self.period)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def to_yaml(self) -> str:
        """The resolved parameter file, which `read_params` reads back to the same parameters."""
        left_out = {"name"} if self.calendar is None else {"name", "fiscal_year_start"}
        content = self.model_dump(mode="json", exclude=left_out, exclude_none=True)
        return dump_yaml({**content, "readout": content.get("readout", "none")})


def project_folder(start: Path) -> Path:
    """The folder that holds `notebooks/`, from `start` upwards, else the one of this package."""
    for folder in (start, *start.parents):
        if (folder / "notebooks" / "01_ingest.ipynb").exists():
            return folder
    return Path(__file__).resolve().parent.parent


def find_params_file(params_file: str | Path) -> Path:
    """The parameter file, looked up from the working directory and the folders above it.

    A notebook that is open in JupyterLab works in `notebooks/`, a command in the project: both may
    write `params/demo.yaml`.
    """
    path = Path(params_file)
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / path).is_file():
            return (folder / path).resolve()
    raise ParameterError(
        [Problem(str(path), "there is no such parameter file.", _params_nearby(path))]
    )


def _params_nearby(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path("params")
    files = sorted(
        str(file)
        for file in folder.glob("*.yaml")
        if re.search("^period:", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    )
    return f"{folder} has {', '.join(files)}." if files else ""


def read_params(params_file: str | Path, overrides: Mapping[str, str] | None = None) -> RunParams:
    """Read and resolve a parameter file; `overrides` are values as typed after `-p`.

    A relative path starts at the folder above `params/` when the file lies in one, else at the
    working directory; a file that must exist is then looked for beside the parameter file. A
    definition may be named by its id, `params/definitions/<id>.yaml`; one that is compared with
    itself is left out.

    Raises ParameterError with every problem of the file and of what it names.
    """
    path = find_params_file(params_file)
    content = {key: value for key, value in load_yaml(path).items() if value is not None}
    for key, value in (overrides or {}).items():
        content[key] = _typed(key, value)
    if "name" in content:
        raise ParameterError([Problem(str(path), "'name' is not a key.", "it is the file's own.")])
    problems: list[Problem] = []
    lookup = _Lookup(path, problems)
    for key in _NAMED_FILES & content.keys():
        look_up = lookup.place if key.startswith("source") else lookup.existing
        content[key] = look_up(content[key], key)
    problems += _calendar_problems(content, str(path))
    if "definition" in content:
        content["definition"] = lookup.definition(content["definition"], "definition")
    others = content.get("compare_with", [])
    content["compare_with"] = [
        lookup.definition(other, "compare_with")
        for other in (others if isinstance(others, list) else [others])
    ]
    own = content.get("definition")
    content["compare_with"] = [o for o in dict.fromkeys(content["compare_with"]) if o != own]
    by_period = f"params/readouts/{content['period']}.yaml" if "period" in content else "none"
    readout = content.get("readout") or by_period
    content["readout"] = None if readout == "none" else lookup.readout(readout)
    content["output_root"] = lookup.output_root(content.get("output_root", "outputs"))
    try:
        params = parse_document({**content, "name": path.stem}, RunParams, str(path))
    except ParameterError as error:
        problems += [p for p in error.problems if p.what not in _RESOLVED_ELSEWHERE]
        params = None
    if problems or params is None:
        raise ParameterError(problems)
    return params


_NAMED_FILES = {
    "calendar",
    "source",
    "source_folder",
    "rulings",
    "partner_aliases",
    "programme",
    "quality",
}
# `as_of` follows from the period: when the period is wrong, only that is worth saying.
_RESOLVED_ELSEWHERE = {"'as_of' is missing."}


def _typed(key: str, value: str) -> Any:
    """A value typed after `-p`, as the file would have given it."""
    if key == "compare_with":
        return [word.strip() for word in value.split(",") if word.strip()]
    if key in {"on_success", "on_failure"}:
        try:
            return shlex.split(value)
        except ValueError:
            what = f"'{key}': a quotation mark in {value} is not closed."
            raise ParameterError([Problem("-p", what)]) from None
    return value


def _calendar_problems(content: dict[str, Any], where: str) -> list[Problem]:
    """Fill in `read_at` and `as_of`; what is wrong with the period or the calendar."""
    content.setdefault("read_at", datetime.now(UTC).replace(microsecond=0))
    if "calendar" in content and "fiscal_year_start" in content:
        what = "'calendar' and 'fiscal_year_start' are both there."
        return [Problem(where, what, "a calendar says when its years begin; leave the other out.")]
    if "period" not in content:
        return []
    content["period"] = str(content["period"])
    try:
        start = TypeAdapter(FiscalMonth).validate_python(content.get("fiscal_year_start", 1))
        calendar: Calendar = MonthCalendar(start)
        if "calendar" in content:
            if not content["calendar"].is_file():  # said where it was looked up
                return []
            calendar = read_calendar(content["calendar"])
        content.setdefault("as_of", calendar.period(content["period"]).end)
    except ParameterError as error:
        return [
            Problem(p.where if "calendar" in content else where, p.what, p.hint)
            for p in error.problems
        ]
    except ValidationError:  # the parameter file's own problem
        pass
    return []


class _Lookup:
    """Finds what a parameter file names, and notes what is not there."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        above = next((f.parent for f in path.parents if f.name == "params"), None)
        self.base = above or Path.cwd()

    def _first(self, *candidates: Path) -> Path | None:
        return next((c.resolve() for c in candidates if c.exists()), None)

    def place(self, value: Any, key: str) -> ObjectUrl | Path:
        """A URL in object storage as it stands, anything else as what exists here."""
        url = str(value).rstrip("/")
        if "://" not in url:
            return self.existing(value, key)
        if not re.match(_OBJECT_URL, url):
            what = f"'{key}': what stands there is no URL in object storage."  # it may hold a key
            hint = "write s3://bucket/folder, gs:// or az://; a database is named in a mapping."
            self.problems.append(Problem(str(self.path), what, hint))
        return url

    def existing(self, value: Any, key: str) -> Path:
        name = Path(str(value))
        folders = (self.base, self.path.parent, Path.cwd()) if str(value).strip() else ()
        found = self._first(*(folder / name for folder in folders))
        if found is None:
            hint = f"a relative path starts at {self.base}."
            if "sample" in name.name:
                hint = f"make the sample company with 'workbench sample {name}'."
            self.problems.append(Problem(str(self.path), f"'{key}': there is no '{value}'.", hint))
        return found or name

    def output_root(self, value: Any) -> Path:
        """The folder for what a run writes, which need not exist."""
        folder = self.base / str(value)
        above = next(part for part in (folder, *folder.parents) if part.exists())
        what = "" if above.is_dir() else f"{above} is no folder."
        if isinstance(value, list | dict) or not str(value).strip():
            what = f"'{value}' is no name of a folder."
        if what:
            hint = f"name a folder; a relative path starts at {self.base}."
            self.problems.append(Problem(str(self.path), f"'output_root': {what}", hint))
        return folder

    def definition(self, value: Any, key: str) -> Path:
        name = Path(str(value))
        if name.suffix in {".yaml", ".yml"}:
            return self.existing(value, key)
        shelves = [
            self.path.parent / "definitions",
            self.base / "params" / "definitions",
            project_folder(self.path) / "params" / "definitions",
        ]
        found = self._first(*(shelf / f"{name}.yaml" for shelf in shelves))
        if found is None:
            known = {file.stem for shelf in shelves for file in shelf.glob("*.yaml")}
            self.problems.append(
                Problem(
                    str(self.path),
                    f"'{key}': there is no definition '{value}'.",
                    suggestion(str(value), known),
                )
            )
        return found or name

    def readout(self, value: Any) -> Path:
        name = Path(str(value))
        found = self._first(self.base / name, self.path.parent / name, Path.cwd() / name)
        if found is None:
            self.problems.append(
                Problem(
                    str(self.path),
                    f"the readout's texts are missing: there is no '{value}'.",
                    "write it with the keys 'decisions', 'asks' and 'learned' (see "
                    "docs/readouts.md), or set 'readout: none' for a page without them.",
                )
            )
        return found or name
