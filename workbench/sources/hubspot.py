"""Objects of HubSpot, read through its own client.

The first time every record is listed; later a search finds those that changed. The protocol:
https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any, Final

import polars as pl
from hubspot import HubSpot
from hubspot.crm.associations.v4.exceptions import ApiException as AssociationsError
from hubspot.crm.objects.exceptions import ApiException as ObjectsError
from hubspot.crm.properties.exceptions import ApiException as PropertiesError
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from workbench.runs import file_sha256
from workbench.sources.crm_api import (
    RETRIES,
    TIMEOUT_SECONDS,
    base_url,
    counted,
    no_records,
    server_error,
    unknown_names,
    unreachable,
    variables,
)
from workbench.sources.extracts import Landed
from workbench.sources.kept_records import CHANGED_AT, ID, KeptRecords, newest_states
from workbench.sources.mapping import HubSpotObject

_ADDRESS: Final = "https://api.hubapi.com"
_PAGE: Final = 100
_ASSOCIATIONS_PAGE: Final = 1000
_MERGED: Final = "hs_merged_object_ids"


@dataclass(frozen=True)
class HubSpotExtract:
    """The records of one object, text in every column as the API gives it, sorted by id.

    After the properties comes `associations.<object>` for each association: the id of the primary
    record of that object, else of the only one, else the lowest. Archived records, and those merged
    into another, are left out and counted in a note. `kept` is the folder of what a later run need
    not ask for again, `read_at` when this run reads.
    """

    name: str
    wanted: HubSpotObject
    kept: Path
    read_at: datetime
    retries: Retry = RETRIES

    @property
    def _where(self) -> str:
        return f"hubspot.{self.name}"

    def header(self) -> list[str]:
        """The properties and associations of the mapping; nothing is asked of the server.

        Raises SourceError when the token is not in the environment.
        """
        _access(self.wanted.connection, where=self._where)
        return [*self.wanted.properties, *map(_column, self.wanted.associations)]

    def land(self, into: Path) -> Landed:
        """Every record, in its newest state.

        Raises SourceError when the server cannot be reached, refuses, or answers with something
        else than records; what is kept then stays as it was.
        """
        access = _access(self.wanted.connection, where=self._where)
        with _plain_words(access, where=self._where):
            client = _Client(access, self.wanted.object, self.retries)
            records, notes = self._records(client)
        landed = into / f"{self._where}.parquet"
        records.select(self.header()).write_parquet(landed)
        return Landed(landed, file_sha256(landed), tuple(f"{self.name}: {note}" for note in notes))

    def _records(self, client: "_Client") -> tuple[pl.DataFrame, list[str]]:
        wanted = self.wanted
        known = client.property_names()
        unknown_names(wanted.properties, known, of=wanted.object, where=self._where)
        asked = list(dict.fromkeys([*wanted.properties, *(p for p in [_MERGED] if p in known)]))
        question = f"{client.access.url} {wanted.object} {' '.join(asked)}"
        keeping = KeptRecords(self.kept / f"{self.name}.parquet", question, self.read_at)
        last = keeping.last()
        pages = client.changed_pages(last.since, asked) if last else client.pages(asked)
        records = newest_states((_frame(page, asked) for page in pages), after=last)
        live, notes = _live(records, client.archived_ids())
        associated = {}
        for other in wanted.associations:
            ids, several = client.associated(live[ID].to_list(), other)
            associated[_column(other)] = ids
            if several:
                notes.append(
                    f"{counted(several, 'record')} with several {other}, none of them primary; "
                    "the one with the lowest id counts."
                )
        keeping.keep(records, after=last)
        columns = [pl.Series(name, ids, dtype=pl.String) for name, ids in associated.items()]
        return live.with_columns(columns), notes


def _column(association: str) -> str:
    return f"associations.{association}"


def _frame(records: list[Any], properties: list[str]) -> pl.DataFrame:
    rows = [
        (
            record.id,
            record.updated_at.astimezone(UTC).isoformat(timespec="milliseconds"),
            *(record.properties.get(name) or None for name in properties),
        )
        for record in records
    ]
    schema = dict.fromkeys([ID, CHANGED_AT, *properties], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _live(records: pl.DataFrame, archived: set[str]) -> tuple[pl.DataFrame, list[str]]:
    """The records that count, and a note for each kind of those that do not."""
    merged: set[str] = set()
    if _MERGED in records.columns:
        merged = set(records[_MERGED].str.split(";").explode().str.strip_chars().drop_nulls())
    live = records.filter(~pl.col(ID).is_in(archived | merged))
    notes = []
    if archived:
        notes.append(f"{counted(len(archived), 'record')} archived in HubSpot left out.")
    if among := records.filter(pl.col(ID).is_in(merged - archived)).height:
        notes.append(f"{counted(among, 'record')} merged into another left out.")
    return live, notes


@dataclass(frozen=True)
class _Access:
    """Where to ask, and with what."""

    url: str
    variable: str
    token: str = field(repr=False)


def _access(connection: str, *, where: str) -> _Access:
    address, variable = f"{connection}_API_URL", f"{connection}_ACCESS_TOKEN"
    (token,) = variables([variable], where=where)
    url = base_url(os.environ.get(address) or _ADDRESS, variable=address, where=where)
    return _Access(url, variable, token)


class _Client:
    """What we ask HubSpot about one kind of object. Raises what its client raises."""

    def __init__(self, access: _Access, kind: str, retries: Retry) -> None:
        self.access = access
        self.kind = kind
        crm = HubSpot(access_token=access.token, host=access.url, retry=retries).crm
        self._list = crm.objects.basic_api
        self._search = crm.objects.search_api
        self._properties = crm.properties.core_api
        self._associations = crm.associations.v4.batch_api

    def property_names(self) -> list[str]:
        """The properties that the object has."""
        answer = self._properties.get_all(self.kind, _request_timeout=TIMEOUT_SECONDS)
        return [known.name for known in _results(answer)]

    def pages(self, properties: list[str], *, archived: bool = False) -> Iterator[list[Any]]:
        """Every record, or every archived one."""
        after = None
        while True:
            page = self._list.get_page(
                self.kind,
                limit=_PAGE,
                after=after,
                properties=properties,
                archived=archived,
                _request_timeout=TIMEOUT_SECONDS,
            )
            yield _results(page)
            if page.paging is None or page.paging.next is None:
                return
            after = page.paging.next.after

    def archived_ids(self) -> set[str]:
        """The ids of the archived records, as far as HubSpot remembers them."""
        return {record.id for page in self.pages([], archived=True) for record in page}

    def changed_pages(self, since: datetime, properties: list[str]) -> Iterator[list[Any]]:
        """Every record that changed at `since` or later.

        A search shows 10,000 records and no more, and thousands may have changed in one instant: so
        each page is a new search, for ids above the last one.
        """
        changed = "lastmodifieddate" if self.kind == "contacts" else "hs_lastmodifieddate"
        milliseconds = int(since.timestamp() * 1000)
        above = 0
        while True:
            page = self._search.do_search(
                self.kind,
                {
                    "filterGroups": [
                        {
                            "filters": [
                                _filter(changed, "GTE", milliseconds),
                                _filter("hs_object_id", "GT", above),
                            ]
                        }
                    ],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": properties,
                    "limit": _PAGE,
                },
                _request_timeout=TIMEOUT_SECONDS,
            )
            found = _results(page)
            yield found
            if page.paging is None:
                return
            ids = [int(record.id) for record in found]
            if not ids or min(ids) <= above or ids != sorted(ids):
                raise ValueError("the search is not in the order of ids")
            above = ids[-1]

    def associated(self, ids: list[str], other: str) -> tuple[list[str | None], int]:
        """For each id the record of `other` that belongs to it; how many had to be guessed."""
        found: dict[str, dict[str, bool]] = defaultdict(dict)
        pending = [{"id": one} for one in ids]
        while pending:
            asked, pending = pending[:_ASSOCIATIONS_PAGE], pending[_ASSOCIATIONS_PAGE:]
            answer = self._associations.get_page(
                self.kind, other, {"inputs": asked}, _request_timeout=TIMEOUT_SECONDS
            )
            for result in _results(answer):
                own = result._from.id  # noqa: SLF001 - the client's name for 'from'
                for to in result.to:
                    primary = any(kind.label == "Primary" for kind in to.association_types)
                    found[own][to.to_object_id] = primary or found[own].get(to.to_object_id, False)
                if result.paging is not None and result.paging.next is not None:
                    pending.append({"id": own, "after": result.paging.next.after})
            for error in getattr(answer, "errors", None) or []:
                if error.category != "OBJECT_NOT_FOUND":  # which says that none belongs to it
                    raise ValueError(f"{error.category} {error.message}")
        chosen = [_chosen(found.get(one, {})) for one in ids]
        guessed = sum(len(f) > 1 and not any(f.values()) for f in found.values())
        return chosen, guessed


def _filter(name: str, operator: str, value: int) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _chosen(found: dict[str, bool]) -> str | None:
    """The primary one, else the lowest; ids are numbers, compared without becoming such."""
    primary = [one for one, is_primary in found.items() if is_primary]
    return min(primary or found, key=lambda one: (len(one), one), default=None)


def _results(answer: Any) -> list[Any]:
    if getattr(answer, "results", None) is None:
        raise ValueError("there are no results in it")
    results: list[Any] = answer.results
    return results


@contextmanager
def _plain_words(access: _Access, *, where: str) -> Iterator[None]:
    """Turn what goes wrong between the server and us into a SourceError without the token."""
    try:
        yield
    except (ObjectsError, AssociationsError, PropertiesError) as error:
        if not error.status:  # the client's word for a value that it cannot read
            raise no_records(
                access.url, error.reason, where=where, secrets=[access.token]
            ) from None
        what, hint = _refusal(error, access, where)
        raise server_error(what, hint, where=where, secrets=[access.token]) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise no_records(access.url, error, where=where, secrets=[access.token]) from None
    except HTTPError:
        raise unreachable(access.url, where=where) from None


def _refusal(error: Any, access: _Access, where: str) -> tuple[str, str]:
    """What HubSpot refused, and what would mend it."""
    what = f"HubSpot answers {error.status}: {_said(error)}"
    match error.status:
        case 401:
            what = f"the token in {access.variable} is refused or expired: {_said(error)}"
            return what, "put a new one into the environment."
        case 403:
            return what, f"{access.variable} needs the scopes that read {where.partition('.')[2]}."
        case 429:
            return what, "the limit of API requests is reached; run again when it is renewed."
        case status if status >= 500:
            return what, "it was asked several times; try again later."
    return what, "is everything spelled by its internal name?"


def _said(error: Any) -> str:
    """What the server said, in its own sentence where it gives one."""
    try:
        return str(loads(error.body)["message"])
    except (JSONDecodeError, KeyError, TypeError):
        return str(error.body or error.reason)[:200]
