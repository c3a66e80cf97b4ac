"""Objects of Salesforce, read through its Bulk API 2.0 with simple-salesforce.

A query job is made for each object (`queryAll`, so that deleted records are seen), its result comes
page by page as CSV. The protocol: https://developer.salesforce.com/docs/platform/api-asynch/.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, Final

import polars as pl
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceOperationError,
)
from urllib3.exceptions import HTTPError, ProtocolError
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
from workbench.sources.mapping import SalesforceObject

_GONE: Final = "$gone"
_MERGED_INTO: Final = "masterrecordid"


@dataclass(frozen=True)
class SalesforceExtract:
    """The records of one object, text in every column as the API writes it, sorted by id.

    Deleted records are left out and counted in a note. With `MasterRecordId` among the fields,
    those that were merged into another stay. `kept` is the folder of what a later run need not ask
    for again, `read_at` when this run reads.
    """

    name: str
    wanted: SalesforceObject
    kept: Path
    read_at: datetime
    retries: Retry = RETRIES
    first_poll_seconds: float = 0.5

    @property
    def _where(self) -> str:
        return f"salesforce.{self.name}"

    def header(self) -> list[str]:
        """The fields as the mapping names them; nothing is asked of the server.

        Raises SourceError when a credential is not in the environment.
        """
        _access(self.wanted.connection, where=self._where)
        return list(self.wanted.fields)

    def land(self, into: Path) -> Landed:
        """Every record, in its newest state.

        Raises SourceError when the server cannot be reached, refuses, or answers with something
        else than records; what is kept then stays as it was.
        """
        access = _access(self.wanted.connection, where=self._where)
        with _plain_words(access, where=self._where), requests.Session() as session:
            records = self._records(_connected(access, session, retries=self.retries))
        there = pl.col(_GONE) != "true"
        for name in self.wanted.fields:
            if name.lower() == _MERGED_INTO:
                there |= pl.col(name).is_not_null()
        shown = records.filter(there)
        landed = into / f"{self._where}.parquet"
        shown.select(self.wanted.fields).write_parquet(landed)
        gone = records.height - shown.height
        note = f"{self.name}: {counted(gone, 'record')} deleted in Salesforce left out."
        return Landed(landed, file_sha256(landed), (note,) if gone else ())

    def _records(self, salesforce: Salesforce) -> pl.DataFrame:
        wanted = self.wanted
        described = salesforce.restful(f"sobjects/{wanted.object}/describe") or {}
        calculated = {known["name"]: known["calculated"] for known in described["fields"]}
        own = [name for name in wanted.fields if "." not in name]
        # In SOQL a name may be written in any case.
        folded = {name.lower() for name in calculated}
        unknown = [name for name in own if name.lower() not in folded]
        unknown_names(unknown, calculated, of=wanted.object, where=self._where)
        asked = _asked(wanted.fields, deletable="IsDeleted" in calculated)
        query = f"SELECT {', '.join(asked)} FROM {wanted.object}"  # noqa: S608
        if wanted.where:
            query += f" WHERE ({wanted.where})"
        question = f"{salesforce.base_url} {query}"
        keeping = KeptRecords(self.kept / f"{self.name}.parquet", question, self.read_at)
        formulas = {name.lower() for name, formula in calculated.items() if formula}
        # A change that comes from elsewhere (a formula, a field of another object, a record that no
        # longer meets the condition) leaves no trace in SystemModstamp.
        traced = not (
            wanted.where or len(own) < len(wanted.fields) or formulas & {n.lower() for n in own}
        )
        last = keeping.last() if traced else None
        if last:
            since = last.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            query += f" WHERE SystemModstamp >= {since}"
        job = getattr(salesforce.bulk2, wanted.object)
        texts = job.query_all(query, wait=self.first_poll_seconds)
        pages = [_page(text, asked=asked, fields=wanted.fields) for text in texts]
        records = newest_states(pages, after=last)
        if traced:
            keeping.keep(records, after=last)
        return records


def _asked(fields: Iterable[str], *, deletable: bool) -> list[str]:
    """The fields of the query, each once: what every record must tell, then what is wanted."""
    needed = ["Id", "SystemModstamp", *(["IsDeleted"] if deletable else [])]
    folded = {name.lower() for name in needed}
    return needed + [name for name in fields if name.lower() not in folded]


def _page(text: str, *, asked: list[str], fields: Iterable[str]) -> pl.DataFrame:
    """One page of a query's result. Raises ValueError when it is not what was asked for."""
    folded = [name.lower() for name in asked]
    header, *rows = list(csv.reader(StringIO(text, newline=""), strict=True)) or [asked]
    if [name.lower() for name in header] != folded:
        raise ValueError(f"it sent the columns {', '.join(header)[:200]}")
    if any(len(row) != len(asked) for row in rows):
        raise ValueError("a line has another number of fields than its header")
    values = list(zip(*rows, strict=True)) or [()] * len(asked)
    page = pl.DataFrame(
        dict(zip(folded, values, strict=True)), schema=dict.fromkeys(folded, pl.String)
    )
    page = page.select(pl.when(pl.all() != "").then(pl.all()))
    gone = pl.col("isdeleted") if "isdeleted" in folded else pl.lit("false")
    return page.select(
        pl.col("id").alias(ID),
        pl.col("systemmodstamp").alias(CHANGED_AT),
        gone.alias(_GONE),
        *(pl.col(name.lower()).alias(name) for name in fields),
    )


@dataclass(frozen=True)
class _Access:
    """Where to ask, and with what: a token, or the secret that gives one."""

    url: str
    described: str
    token: str = field(default="", repr=False)
    client: tuple[str, str] = field(default=("", ""), repr=False)

    @property
    def secrets(self) -> list[str]:
        return [secret for secret in (self.token, self.client[1]) if secret]


def _access(connection: str, *, where: str) -> _Access:
    address = f"{connection}_INSTANCE_URL"
    token = f"{connection}_ACCESS_TOKEN"
    client = [f"{connection}_CLIENT_ID", f"{connection}_CLIENT_SECRET"]
    if any(os.environ.get(name) for name in client) and not os.environ.get(token):
        url, key, secret = variables([address, *client], where=where)
        url = base_url(url, variable=address, where=where)
        return _Access(url, f"the secret in {client[1]}", client=(key, secret))
    url, value = variables([address, token], where=where)
    url = base_url(url, variable=address, where=where)
    return _Access(url, f"the token in {token}", token=value)


class _Patient(HTTPAdapter):
    """Asks again, too, when the connection drops in the middle of an answer."""

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        options["timeout"] = TIMEOUT_SECONDS
        retries = self.max_retries
        while True:
            response = super().send(request, *args, **options)
            try:
                response.content  # noqa: B018
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                dropped = ProtocolError("the connection dropped in the middle of an answer")
                retries = retries.increment(request.method, request.url, error=dropped)
                retries.sleep()
            else:
                return response


def _connected(access: _Access, session: requests.Session, *, retries: Retry) -> Salesforce:
    """The client, with every request going to the address of the environment and nowhere else."""
    session.max_redirects = 0
    session.mount(access.url, _Patient(max_retries=retries))
    token = access.token or _token(access, session)
    salesforce = Salesforce(instance_url=access.url, session_id=token, session=session)
    # The client knows https alone; a server on this machine may do without.
    salesforce.base_url = f"{access.url}/services/data/v{salesforce.sf_version}/"
    salesforce.bulk2_url = f"{salesforce.base_url}jobs/"
    return salesforce


def _token(access: _Access, session: requests.Session) -> str:
    """A new token by the client credentials flow of OAuth 2.0."""
    key, secret = access.client
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    url = f"{access.url}/services/oauth2/token"
    answer = session.post(url, data=form)
    if answer.status_code in {400, 401}:
        raise SalesforceExpiredSession(url, answer.status_code, "token", answer.json())
    return str(answer.json()["access_token"])


@contextmanager
def _plain_words(access: _Access, *, where: str) -> Iterator[None]:
    """Turn what goes wrong between the server and us into a SourceError without a secret."""
    try:
        yield
    except SalesforceExpiredSession as error:
        what = f"{access.described} is refused or expired: {_said(error.content)}"
        hint = "put a new one into the environment."
        raise server_error(what, hint, where=where, secrets=access.secrets) from None
    except SalesforceError as error:
        said = _said(error.content)
        hint = "is everything spelled by its API name, and may the user read it?"
        if "LIMIT_EXCEEDED" in said:
            hint = "the limit of API requests is reached; run again when it is renewed."
        elif error.status >= 500 or error.status == 429:
            hint = "it was asked several times; try again later."
        raise server_error(
            f"Salesforce answers {error.status}: {said}", hint, where=where, secrets=access.secrets
        ) from None
    except SalesforceOperationError as error:
        said = str(error).partition("Response content: ")[2] or str(error)
        raise server_error(
            f"the query failed: {said}",
            "the fields and 'where' must be valid SOQL.",
            where=where,
            secrets=access.secrets,
        ) from None
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise no_records(access.url, error, where=where, secrets=access.secrets) from None
    except (requests.RequestException, HTTPError):
        raise unreachable(access.url, where=where) from None


def _said(content: Any) -> str:
    """What the server said, as its own code and sentence where it gives them."""
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, dict) and "message" in first:
        return f"{first.get('errorCode', '')} {first['message']}".strip()
    if isinstance(first, dict) and "error" in first:
        return f"{first['error']} {first.get('error_description', '')}".strip()
    return str(first)[:200]
