"""Small servers that speak the documented protocols of Salesforce and HubSpot over real HTTP."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

DROP = "drop"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: str
    token: str

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def as_json(content: object, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(content), status, {"Content-Type": "application/json", **headers})


class CrmServer:
    """A server with what it was asked in `asked`.

    `disturb` says what comes instead of the next answers to requests whose path holds a text: an
    Answer, or DROP for a connection that breaks off in the middle of the right answer.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.asked: list[Request] = []
        self._disturbances: list[tuple[str, Answer | str]] = []

    def disturb(self, path: str, *answers: Answer | str) -> None:
        self._disturbances += [(path, answer) for answer in answers]

    def disturbances_left(self) -> int:
        return len(self._disturbances)

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.asked if path in request.path]

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def disturbance(self, request: Request) -> Answer | str | None:
        for number, (path, answer) in enumerate(self._disturbances):
            if path in request.path:
                del self._disturbances[number]
                return answer
        return None


@contextmanager
def running(server: CrmServer) -> Iterator[str]:
    """The address at which the server answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            query = dict(parse_qsl(parts.query))
            request = Request(self.command, parts.path, query, body, token)
            server.asked.append(request)
            disturbance = server.disturbance(request)
            answer = disturbance if isinstance(disturbance, Answer) else server.answer(request)
            content = answer.body.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if disturbance == DROP:
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
            else:
                self.wfile.write(content)

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class SalesforceServer(CrmServer):
    """Bulk API 2.0 queries over `objects`: name → records, with the formula fields in `formulas`.

    A result has `page` records a page. A query may have the conditions that the tests need.
    """

    def __init__(self, token: str, objects: dict[str, list[dict[str, str]]], page: int = 2) -> None:
        super().__init__(token)
        self.objects = objects
        self.formulas: set[str] = set()
        self.page = page
        self.jobs: list[str] = []

    def queries(self) -> list[str]:
        """The queries of all jobs, each with its operation."""
        posted = [r.json for r in self.asked_for("/jobs/query") if r.method == "POST"]
        return [f"{job['operation']}: {job['query']}" for job in posted]

    def answer(self, request: Request) -> Answer:
        if request.path == "/services/oauth2/token":
            return as_json({"access_token": self.token, "token_type": "Bearer"})
        if request.token != self.token:
            said = {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
            return as_json([said], 401)
        path = re.sub(r"^/services/data/v\d+\.0/", "", request.path)
        if described := re.fullmatch(r"sobjects/(\w+)/describe", path):
            return self._describe(described[1])
        if path == "jobs/query":
            self.jobs.append(request.json["query"])
            return as_json({"id": f"750{len(self.jobs) - 1}", "state": "UploadComplete"})
        if job := re.fullmatch(r"jobs/query/750(\d+)", path):
            return as_json({"id": path.rpartition("/")[2], "state": "JobComplete"})
        job = re.fullmatch(r"jobs/query/750(\d+)/results", path)
        return self._results(self.jobs[int(job[1])], int(request.query.get("locator", 0)))

    def _describe(self, name: str) -> Answer:
        if name not in self.objects:
            said = {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
            return as_json([said], 404)
        own = dict.fromkeys(key for record in self.objects[name] for key in record)
        fields = [
            {"name": key, "calculated": key in self.formulas} for key in own if "." not in key
        ]
        return as_json({"name": name, "fields": fields})

    def _results(self, query: str, start: int) -> Answer:
        found = re.fullmatch(r"SELECT (.*) FROM (\w+)(?: WHERE (.*))?", query)
        records = self.objects[found[2]]
        spelled = {name.lower(): name for record in records for name in record}
        fields = [spelled.get(name.lower(), name) for name in found[1].split(", ")]
        if since := re.fullmatch(r"SystemModstamp >= (.*)", found[3] or ""):
            records = [r for r in records if r["SystemModstamp"] >= since[1]]
        elif where := re.fullmatch(r"\((\w+) = '(.*)'\)", found[3] or ""):
            records = [r for r in records if r[where[1]] == where[2]]
        shown = records[start : start + self.page]
        text = StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([fields, *([record[name] for name in fields] for record in shown)])
        more = start + self.page < len(records)
        headers = {
            "Content-Type": "text/csv; charset=UTF-8",
            "Sforce-NumberOfRecords": str(len(shown)),
            "Sforce-Locator": str(start + self.page) if more else "null",
        }
        return Answer(text.getvalue(), headers=headers)


@dataclass
class HubSpotRecord:
    id: int
    updated_at: str
    properties: dict[str, str | None]
    archived: bool = False


class HubSpotServer(CrmServer):
    """CRM objects, their search and their associations, `page` records a page.

    `objects` has the records of each kind; `associations` has, by kind, other kind and id, the ids
    that belong to it, with whether each is the primary one.
    """

    def __init__(self, token: str, objects: dict[str, list[HubSpotRecord]], page: int = 2) -> None:
        super().__init__(token)
        self.objects = objects
        self.associations: dict[tuple[str, str, int], dict[int, bool]] = {}
        self.page = page

    def answer(self, request: Request) -> Answer:
        if request.token != self.token:
            said = {"status": "error", "message": "Authentication credentials not found."}
            return as_json({**said, "category": "INVALID_AUTHENTICATION"}, 401)
        match request.path.strip("/").split("/"):
            case ["crm", "v3", "properties", kind]:
                names = dict.fromkeys(n for record in self.objects[kind] for n in record.properties)
                return as_json({"results": [{"name": name} for name in names]})
            case ["crm", "v3", "objects", kind]:
                return self._list(kind, request.query)
            case ["crm", "v3", "objects", kind, "search"]:
                return self._search(kind, request.json)
            case ["crm", "v4", "associations", kind, other, "batch", "read"]:
                return self._associated(kind, other, request.json["inputs"])
        return as_json({"message": "resource not found"}, 404)

    def _shown(self, record: HubSpotRecord) -> dict:
        return {
            "id": str(record.id),
            "properties": record.properties,
            "createdAt": "2025-01-01T00:00:00Z",
            "updatedAt": record.updated_at,
            "archived": record.archived,
        }

    def _list(self, kind: str, query: dict[str, str]) -> Answer:
        archived = query.get("archived", "false").lower() == "true"
        records = [record for record in self.objects[kind] if record.archived == archived]
        start = int(query.get("after", 0))
        content: dict = {"results": [self._shown(r) for r in records[start : start + self.page]]}
        if start + self.page < len(records):
            content["paging"] = {"next": {"after": str(start + self.page)}}
        return as_json(content)

    def _search(self, kind: str, asked: dict) -> Answer:
        changed, above = asked["filterGroups"][0]["filters"]
        since, last = int(changed["value"]), int(above["value"])
        found = sorted(
            (
                record
                for record in self.objects[kind]
                if not record.archived and record.id > last and _milliseconds(record) >= since
            ),
            key=lambda record: record.id,
        )
        content = {"total": len(found), "results": [self._shown(r) for r in found[: self.page]]}
        if len(found) > self.page:
            content["paging"] = {"next": {"after": str(self.page)}}
        return as_json(content)

    def _associated(self, kind: str, other: str, inputs: list[dict]) -> Answer:
        results, errors = [], []
        for one in inputs:
            found = list(self.associations.get((kind, other, int(one["id"])), {}).items())
            start = int(one.get("after", 0))
            if not found:
                errors.append(
                    {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "none"}
                )
                continue
            result: dict = {
                "from": {"id": one["id"]},
                "to": [
                    {"toObjectId": to, "associationTypes": _types(primary=primary)}
                    for to, primary in found[start : start + self.page]
                ],
            }
            if start + self.page < len(found):
                result["paging"] = {"next": {"after": str(start + self.page)}}
            results.append(result)
        content = {"status": "COMPLETE", "results": results}
        return as_json({**content, "errors": errors}, 207) if errors else as_json(content)


def _types(*, primary: bool) -> list[dict]:
    plain = {"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}
    own = {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"}
    return [own, plain] if primary else [plain]


def _milliseconds(record: HubSpotRecord) -> int:
    return int(datetime.fromisoformat(record.updated_at).timestamp() * 1000)
