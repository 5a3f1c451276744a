"""An S3 server of a few operations: what is asked beyond them, or wrongly, is refused."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

# As many as make a listing of a few objects have several pages.
PAGE = 3


class SmallS3:
    """Buckets in memory: `objects` is bucket → key → content, `asked` the requests so far."""

    def __init__(self, *buckets: str) -> None:
        self.objects: dict[str, dict[str, bytes]] = {bucket: {} for bucket in buckets}
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(*server.get(*self._where(), head=False))

            def do_HEAD(self) -> None:
                self._answer(*server.get(*self._where(), head=True))

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                chunked = "aws-chunked" in self.headers.get("Content-Encoding", "")
                self._answer(*server.put(*self._where()[:2], None if chunked else body))

            def _where(self) -> tuple[str, str, dict[str, list[str]]]:
                parts = urlsplit(self.path)
                bucket, _, key = unquote(parts.path).removeprefix("/").partition("/")
                return bucket, key, parse_qs(parts.query, keep_blank_values=True)

            def _answer(self, status: int, body: bytes, etag: str = "") -> None:
                server.asked.append(f"{self.command} {unquote(urlsplit(self.path).path)}")
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if etag:
                    self.send_header("ETag", etag)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def get(self, bucket: str, key: str, query: dict[str, list[str]], *, head: bool):
        objects = self.objects.get(bucket)
        if objects is None:
            return _error("NoSuchBucket")
        if not key:
            return 200, _listing(objects, query)
        if key not in objects:
            return (404, b"") if head else _error("NoSuchKey")
        return 200, objects[key], _etag(objects[key])

    def put(self, bucket: str, key: str, body: bytes | None):
        if bucket not in self.objects or body is None:
            return _error("NoSuchBucket" if body is not None else "NotImplemented")
        self.objects[bucket][key] = body
        return 200, b"", _etag(body)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _etag(content: bytes) -> str:
    """Return what S3 answers for an object that was put in one piece: its MD5, in quotes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    return f'"{hashlib.md5(content).hexdigest()}"'


def _error(code: str) -> tuple[int, bytes]:
    return 404, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


def _listing(objects: dict[str, bytes], query: dict[str, list[str]]) -> bytes:
    assert query["list-type"] == ["2"]
    (prefix,) = query.get("prefix", [""])
    (after,) = query.get("continuation-token", [""])
    keys = [key for key in sorted(objects) if key.startswith(prefix) and key > after]
    shown, more = keys[:PAGE], keys[PAGE:]
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><ETag>{escape(_etag(objects[key]))}</ETag>"
        f"<Size>{len(objects[key])}</Size></Contents>"
        for key in shown
    )
    token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
    truncated = str(bool(more)).lower()
    return (
        f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{token}{rows}</ListBucketResult>"
    ).encode()
