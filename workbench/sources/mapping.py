"""A mapping file: which file gives which table, and what each column is made of.

The language is told in docs/sources.md.
"""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from workbench.contracts import CANONICAL_TABLES, Contract
from workbench.documents import Document, read_document, suggestion
from workbench.sources.values import NUMBERED_DATES, NumberFormat

SET_BY_INGEST: Final = "first_seen_at"
TABLES_BY_NAME: Final[dict[str, type[Contract]]] = {
    contract.table_name(): contract for contract in CANONICAL_TABLES
}

Combination = Literal["sum", "earliest", "latest", "mean_by_amount", "of_largest_amount"]


def table_key(contract: type[Contract]) -> list[str]:
    """The columns whose values no two rows of a table share; none where rows have no key."""
    key = contract.row_order()
    return [] if key == list(contract.dtypes()) else key


def _text(value: Any) -> Any:
    """A YAML scalar as the text that a file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


Text = Annotated[str, BeforeValidator(_text)]


def _example(text: str) -> str:
    NumberFormat.like(text)
    return text


NumbersLike = Annotated[str, AfterValidator(_example)]
RecordsName = Annotated[str, Field(pattern=r"^\w[\w -]*$")]


class Choice(Document):
    """What a column must hold: one of the values, or none of them. null is a missing value."""

    accepted: tuple[Text | None, ...] | None = Field(default=None, alias="is")
    refused: tuple[Text | None, ...] | None = Field(default=None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            value = {"is": value}
        return {
            key: held if key not in {"is", "not"} or isinstance(held, list) else [held]
            for key, held in value.items()
        }

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.accepted is None) == (self.refused is None):
            raise ValueError("it needs either 'is' or 'not'.\nwrite {not: null}, or a value.")
        return self


Conditions = dict[str, Choice]


class Exclusion(Document):
    """Rows that are no record of the table; they are rejected with this reason."""

    where: Conditions = Field(min_length=1)
    reason: str = Field(min_length=1)


class Lookup(Document):
    """A file joined by one column; its columns are named `<lookup>.<column>`."""

    file: str
    on: dict[str, str]
    where: Conditions = Field(default_factory=dict)

    @field_validator("on", mode="before")
    @classmethod
    def _same_name(cls, value: Any) -> Any:
        return {value: value} if isinstance(value, str) else value

    @field_validator("on")
    @classmethod
    def _one_pair(cls, on: dict[str, str]) -> dict[str, str]:
        if len(on) != 1:
            raise ValueError("one column joins.\nwrite on: Stage ID, or on: {Stage: Stage ID}.")
        return on

    @property
    def own(self) -> str:
        """The column of the part's file."""
        return next(iter(self.on))

    @property
    def theirs(self) -> str:
        """The column of the look-up file."""
        return self.on[self.own]


def _is_local(form: str) -> bool:
    return form in NUMBERED_DATES or ("%" in form and "%z" not in form.lower())


class Column(Document):
    """What one column of a table is made of: columns of the file, or a constant.

    Of several columns in `source` the first that is not empty counts; those of `join` are put
    together with a colon between them.
    """

    source: tuple[str, ...] = Field(default=(), alias="from")
    join: tuple[str, ...] = ()
    value: Text | None = None
    missing: Text | None = None
    words: dict[Text, Text | None] | None = None
    otherwise: Text | None = None
    formats: tuple[str, ...] = ()
    timezone: str | None = None
    numbers: NumbersLike | None = None
    integer: bool = False
    divide_by: int = 1
    when: Conditions = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | list) else value

    @field_validator("source", "formats", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("formats")
    @classmethod
    def _local(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [text for text in formats if not _is_local(text)]:
            raise ValueError(
                f"'{wrong[0]}' is not a format of a local date or time.\n"
                "write one such as '%d.%m.%Y %H:%M', or excel, epoch_s or epoch_ms; ISO 8601 with "
                "an offset needs none."
            )
        return formats

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _checked_zone(zone)

    @field_validator("divide_by")
    @classmethod
    def _power_of_ten(cls, divisor: int) -> int:
        if not re.fullmatch("10+", str(divisor)):
            raise ValueError(f"{divisor} is no power of ten.\nwrite 100 for cents or percent.")
        return divisor

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source != ()) + (self.join != ()) + (self.value is not None) != 1:
            raise ValueError("it needs one of 'from', 'join' and 'value'.\nwrite {from: Stage}.")
        if self.value is not None and self.missing is not None:
            raise ValueError("'missing' stands beside 'value'.\na constant is never missing.")
        if "otherwise" in self.model_fields_set and self.words is None:
            raise ValueError("'otherwise' needs 'words'.\nit stands for words not listed.")
        return self


class Part(Document):
    """Rows of one file that become rows of a table."""

    file: str
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    where: Conditions = Field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    columns: dict[str, Column]

    def references(self) -> dict[str, str]:
        """Each column of the file or of a look-up that is spoken of: name → where."""
        named = {lookup.own: f"lookups.{name}.on" for name, lookup in self.lookups.items()}
        for number, exclusion in enumerate(self.exclude):
            named |= dict.fromkeys(exclusion.where, f"exclude.{number}.where")
        named |= dict.fromkeys(self.where, "where")
        for name, column in self.columns.items():
            named |= dict.fromkeys(column.when, f"columns.{name}.when")
            named |= dict.fromkeys((*column.source, *column.join), f"columns.{name}")
        return named


class TableMapping(Document):
    """The parts of one table, and how several lines of one key become one row."""

    parts: tuple[Part, ...] = Field(alias="from")
    combine: dict[str, Combination] | None = None

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {"from": []} if value == "empty" else value

    @field_validator("parts", mode="before")
    @classmethod
    def _single(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


class FileFormat(Document):
    """Where the rows of a file stand in it, and how it writes numbers and local times.

    Several names may stand for one file: each has a `path` of its own, such as two sheets of a
    workbook. See docs/sources.md for which keys say something about which kind of file.
    """

    path: str | None = None
    delimiter: Annotated[str, Field(pattern=r"^[\x00-\x7f]$")] | None = None
    encoding: str | None = None
    skip_lines: Annotated[int, Field(ge=0)] = 0
    footer: Annotated[str, Field(min_length=1)] | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    records: str | None = None
    explode: str | None = None
    decimal: Literal[".", ","] = "."
    numbers: NumbersLike | None = None
    timezone: str | None = None

    @field_validator("sheets", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str | None) -> str | None:
        try:
            if encoding is not None:
                "".encode(encoding)
        except LookupError:
            hint = "write one that Python knows, such as cp1252, latin-1 or mac-roman."
            raise ValueError(f"'{encoding}' is not an encoding.\n{hint}") from None
        return encoding

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _checked_zone(zone)

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        for one, other in (("sheet", "sheets"), ("decimal", "numbers")):
            if {one, other} <= self.model_fields_set:
                raise ValueError(f"it has both '{one}' and '{other}'.\nkeep one of them.")
        return self

    @property
    def number_format(self) -> NumberFormat | None:
        """How numbers are written where they are not plain ones."""
        example = self.numbers or ("1.250,50" if self.decimal == "," else None)
        return NumberFormat.like(example) if example else None


class Query(Document):
    """Rows of a database, asked for in SQL. `connection` names an environment variable."""

    connection: str
    sql: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _names_its_connection(cls, value: Any) -> Any:
        """Looked at before the types are, so that no message repeats a URI in the wrong place."""
        named = value.get("connection", "LEFT_OUT") if isinstance(value, dict) else None
        if not isinstance(named, str) or not re.fullmatch(r"[A-Z_][A-Z0-9_]*", named):
            raise ValueError(
                "its connection is not the name of an environment variable.\n"
                'put the URI into one and write {connection: CRM_DATABASE, sql: "select …"}.'
            )
        return value


def _no_secret(value: Any) -> Any:
    """What environment variables begin with; a message never repeats what was written instead."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]{0,30}", value):
        raise ValueError(
            "it begins no name of an environment variable.\n"
            "write CRM, and put the token into the variable CRM_ACCESS_TOKEN."
        )
    return value


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    folded = [name.lower() for name in names]
    if twice := [name for name in names if folded.count(name.lower()) > 1]:
        raise ValueError(f"'{twice[0]}' stands there twice.\nname each once.")
    return names


class SalesforceObject(Document):
    """Records of a Salesforce object. `connection` begins the names of environment variables."""

    object: Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]
    fields: tuple[Annotated[str, Field(pattern=r"^[A-Za-z]\w*(\.\w+)*$")], ...]
    where: str | None = Field(default=None, min_length=1)
    connection: Annotated[str, BeforeValidator(_no_secret)] = "SALESFORCE"

    @field_validator("fields")
    @classmethod
    def _each_once(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        return _distinct(fields)


class HubSpotObject(Document):
    """Records of a HubSpot object, with the ids of those of other objects that belong to them.

    `connection` begins the names of environment variables.
    """

    object: Annotated[str, Field(pattern=r"^\w[\w-]*$")]
    properties: tuple[Annotated[str, Field(pattern=r"^\w+$")], ...]
    associations: tuple[Annotated[str, Field(pattern=r"^\w[\w-]*$")], ...] = ()
    connection: Annotated[str, BeforeValidator(_no_secret)] = "HUBSPOT"

    @field_validator("properties", "associations")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _distinct(names)


class Mapping(Document):
    """A mapping file. Without `timezone`, local times are of the run's own time zone."""

    title: str = ""
    timezone: str | None = None
    files: dict[str, FileFormat] = Field(default_factory=dict)
    queries: dict[str, Query] = Field(default_factory=dict)
    salesforce: dict[RecordsName, SalesforceObject] = Field(default_factory=dict)
    hubspot: dict[RecordsName, HubSpotObject] = Field(default_factory=dict)
    tables: dict[str, TableMapping] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _checked_zone(zone)

    @field_validator("tables")
    @classmethod
    def _canonical(cls, tables: dict[str, TableMapping]) -> dict[str, TableMapping]:
        for name, table in tables.items():
            if name not in TABLES_BY_NAME:
                raise ValueError(f"'{name}' is not a table.\n{suggestion(name, TABLES_BY_NAME)}")
            _check_columns(name, table)
        return tables

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        names = [*self.files, *self.queries, *self.salesforce, *self.hubspot]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"'{twice[0]}' is the name of two things.\nrename one of them.")
        return self

    def file_format(self, file: str) -> FileFormat:
        """How `file` is written, with what the mapping leaves out filled in."""
        return self.files.get(file, FileFormat())


def _checked_zone(zone: str | None) -> str | None:
    if zone is not None and zone not in available_timezones():
        raise ValueError(f"'{zone}' is not a time zone.\nwrite an IANA name, Europe/Berlin.")
    return zone


def _check_columns(name: str, table: TableMapping) -> None:
    contract = TABLES_BY_NAME[name]
    if not table.parts and name != "touches":
        raise ValueError(f"'{name}' has no rows.\nonly touches may be 'empty'.")
    known = [column for column in contract.dtypes() if column != SET_BY_INGEST]
    named = [column for part in table.parts for column in part.columns]
    for column in (*named, *(table.combine or {})):
        if column == SET_BY_INGEST and column in contract.dtypes():
            raise ValueError(f"'{name}.{column}' is not read.\nthe run sets it; leave it out.")
        if column not in known:
            raise ValueError(f"'{column}' is not a column of {name}.\n{suggestion(column, known)}")
    for column, made in (item for part in table.parts for item in part.columns.items()):
        if made.divide_by > 1 and not contract.dtypes()[column].is_numeric():
            raise ValueError(f"'{name}.{column}' is no number to divide.\nleave out 'divide_by'.")
    if table.combine is not None:
        _check_combination(name, table.combine)


def _check_combination(name: str, rules: dict[str, Combination]) -> None:
    key = table_key(TABLES_BY_NAME[name])
    if not key:
        raise ValueError(f"'{name}' has no key, so its lines cannot be combined.\nleave it out.")
    if set(key) & set(rules):
        raise ValueError(f"'combine' of {name} names its key.\nthe key is what lines share.")
    by_amount = any(
        word.endswith("_by_amount") or word.startswith("of_") for word in rules.values()
    )
    if by_amount and rules.get("amount") != "sum":
        raise ValueError(f"'combine' of {name} goes by amount.\nadd 'amount: sum'.")


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises ParameterError with every problem at once."""
    return read_document(path, Mapping)
