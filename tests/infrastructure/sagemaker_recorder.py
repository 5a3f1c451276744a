"""What stands in front of a local SageMaker and writes down what it is asked."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_CALLER = re.compile(r"Credential=([^/]+)/")


@dataclass(frozen=True)
class Call:
    """A request: who asked (an access key), for what, and with which members."""

    caller: str
    operation: str
    request: dict[str, Any]


Asked = list[Call]


@contextmanager
def recorded(port: int, behind: int, tags: Mapping[str, Mapping[str, str]]) -> Iterator[Asked]:
    """Hand requests on until the block ends; what is asked is in the list.

    Args:
        port: Where to listen.
        behind: Where the SageMaker listens that answers.
        tags: ARN of what that one does not have, such as a project → its tags.
    """
    asked: Asked = []
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(behind, tags, asked))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(
    behind: int, tags: Mapping[str, Mapping[str, str]], asked: Asked
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = json.loads(body)
            signed = _CALLER.search(self.headers.get("Authorization", ""))
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            asked.append(Call(signed[1] if signed else "", operation, request))
            own = tags.get(request.get("ResourceArn", ""))
            if own is None:
                self._send(*self._handed_on(body))
                return
            listed = [{"Key": key, "Value": value} for key, value in own.items()]
            self._send(200, json.dumps({"Tags": listed}).encode())

        def _handed_on(self, body: bytes) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", behind, timeout=60)
            try:
                connection.request("POST", self.path, body, dict(self.headers))
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()

        def _send(self, status: int, payload: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
