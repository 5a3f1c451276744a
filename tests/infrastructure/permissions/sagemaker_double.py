"""A SageMaker that has one pipeline, answers always the same, and writes down what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Asked = list[tuple[str, dict[str, Any]]]


@contextmanager
def sagemaker(port: int, answers: dict[str, Any]) -> Iterator[Asked]:
    """Answer at a port until the block ends; operations and requests are in the list.

    Args:
        port: Where to listen.
        answers: Operation → what it answers.
    """
    asked: Asked = []
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(answers, asked))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(answers: dict[str, Any], asked: Asked) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = json.loads(body)
            asked.append((operation, request))
            self._send(answers.get(operation))

        def _send(self, answer: Any) -> None:
            found = answer is not None
            content = answer if found else {"__type": "ValidationException", "message": "unknown"}
            payload = json.dumps(content).encode()
            self.send_response(200 if found else 400)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
