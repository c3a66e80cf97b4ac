"""A mapping file: which file gives which table, and what each column is made of.

The language is told in docs/sources.md.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, field_validator, model_validator

from workbench.contracts import CANONICAL_TABLES, Contract
from workbench.documents import Document, read_document, suggestion

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


class Column(Document):
    """What one column of a table is made of: a column of the file, or a constant."""

    source: str | None = Field(default=None, alias="from")
    value: Text | None = None
    words: dict[Text, Text | None] | None = None
    otherwise: Text | None = None
    formats: tuple[str, ...] = ()
    integer: bool = False
    when: Conditions = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    @field_validator("formats", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("formats")
    @classmethod
    def _local(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [text for text in formats if "%" not in text or "%z" in text.lower()]:
            raise ValueError(
                f"'{wrong[0]}' is not a format of a local date or time.\n"
                "write one such as '%d.%m.%Y %H:%M'; ISO 8601 with an offset needs none."
            )
        return formats

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.value is None):
            raise ValueError("it needs either 'from' or 'value'.\nwrite {from: Stage}.")
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
            if column.source is not None:
                named[column.source] = f"columns.{name}"
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
    """How a file writes its lines, numbers and local times."""

    delimiter: Annotated[str, Field(pattern=r"^[\x00-\x7f]$")] = ","
    decimal: Literal[".", ","] = "."
    timezone: str | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        return _checked_zone(zone)


class Mapping(Document):
    """A mapping file. Without `timezone`, local times are of the run's own time zone."""

    title: str = ""
    timezone: str | None = None
    files: dict[str, FileFormat] = Field(default_factory=dict)
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
    if table.combine is None:
        return
    if not table_key(contract):
        raise ValueError(f"'{name}' has no key, so its lines cannot be combined.\nleave it out.")
    if set(table_key(contract)) & set(table.combine):
        raise ValueError(f"'combine' of {name} names its key.\nthe key is what lines share.")
    by_amount = any(
        word.endswith("_by_amount") or word.startswith("of_") for word in table.combine.values()
    )
    if by_amount and table.combine.get("amount") != "sum":
        raise ValueError(f"'combine' of {name} goes by amount.\nadd 'amount: sum'.")


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises ParameterError with every problem at once."""
    return read_document(path, Mapping)
