"""A server that speaks as much of S3 as reading takes: lists, objects, ranges, and refusals."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "AKIATESTKEY0000", "test-only-secret-7f3a"
_PAGE = 2
_BLOCK = 65_536


@dataclass
class Bucket:
    """What a server holds in the bucket `crm`; how often each object was asked for, bytes sent.

    Of an object in `interrupted` each connection brings at most so many bytes, then it breaks.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    interrupted: dict[str, int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    def environment(self, port: int) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "eu-central-1",
        }


@contextmanager
def serving(bucket: Bucket) -> Iterator[int]:
    """The port on which the bucket is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        name, _, key = unquote(url.path).lstrip("/").partition("/")
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            given = escape(self.headers.get("Authorization", ""))
            self._refuse(403, "InvalidAccessKeyId", f"<AWSAccessKeyId>{given}</AWSAccessKeyId>")
        elif name != "crm":
            self._refuse(404, "NoSuchBucket")
        elif "list-type=2" in url.query:
            self._list(parse_qs(url.query))
        elif key not in self.bucket.objects:
            self._refuse(404, "NoSuchKey")
        else:
            self._send(key, self.bucket.objects[key])

    def _send(self, key: str, content: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        end = int(wanted[2]) + 1 if wanted and wanted[2] else len(content)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        stop = min(end, start + self.bucket.interrupted.get(key, end))
        self.bucket.asked[key] += 1
        try:
            for at in range(start, stop, _BLOCK):
                self.bucket.sent[key] += self.wfile.write(content[at : min(stop, at + _BLOCK)])
        except ConnectionError:  # the client has what it wanted
            pass
        self.close_connection = True

    def _list(self, query: dict[str, list[str]]) -> None:
        prefix = query.get("prefix", [""])[0]
        after = query.get("continuation-token", [""])[0]
        keys = sorted(key for key in self.bucket.objects if key.startswith(prefix) and key > after)
        listed = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f'<ETag>"1"</ETag><Size>{len(self.bucket.objects[key])}</Size></Contents>'
            for key in keys[:_PAGE]
        )
        more = len(keys) > _PAGE
        last = escape(keys[_PAGE - 1]) if more else ""
        token = f"<NextContinuationToken>{last}</NextContinuationToken>"
        self._answer(
            200,
            f"<ListBucketResult><Name>crm</Name><KeyCount>{min(len(keys), _PAGE)}</KeyCount>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token if more else ''}{listed}"
            "</ListBucketResult>",
        )

    def _refuse(self, status: int, code: str, details: str = "") -> None:
        self._answer(status, f"<Error><Code>{code}</Code>{details}</Error>")

    def _answer(self, status: int, text: str) -> None:
        content = f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
