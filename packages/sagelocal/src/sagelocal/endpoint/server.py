"""The server: SageMaker's JSON protocol over HTTP, on the loopback address."""

from __future__ import annotations

import json
import re
import sys
import threading
import traceback
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Self
from urllib.parse import unquote

from sagelocal.aws import region as region_of_environment
from sagelocal.endpoint.context import Context
from sagelocal.endpoint.deploying import deploy_again
from sagelocal.endpoint.events.delivery import EventBridge
from sagelocal.endpoint.hosting.invoking import ModelError, invoke
from sagelocal.endpoint.operations import answer
from sagelocal.endpoint.protocol.api import UNKNOWN_OPERATION, ServiceError, service_model
from sagelocal.endpoint.protocol.names import Names
from sagelocal.errors import SageLocalError
from sagelocal.files import JsonObject
from sagelocal.service import LocalSageMaker

LOOPBACK = "127.0.0.1"
_TARGET = "SageMaker."
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
# A definition may have 1,048,576 characters; no other request of the API is as large.
_LARGEST = 8 << 20
# What is read of a request that is too large, so that its client hears why it is refused.
_DISCARDED = 64 << 20
# Of a length that is written out: no request has as many bytes.
_DIGITS = 20
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Endpoint:
    """A SageMaker endpoint, which listens from the beginning of a `with` block to its end.

    The executions that run at its end are stopped.

    Args:
        sagemaker: What it stands for: pipelines, executions and models are kept in its home.
        port: Where it listens; 0 for a port that is free.
        events: URL of an EventBridge server that hears of every change; None for nobody.
        environment: Variables of Processing jobs without network isolation.
        region: The region in ARNs; by default that of the environment, else `us-east-1`.
        account: The account in ARNs.
        host: The address to listen on.

    Raises:
        SageLocalError: If a URL, region or account is none.

    Examples:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as home:
        ...     with Endpoint(LocalSageMaker(Path(home))) as endpoint:
        ...         url = endpoint.url  # for boto3.client("sagemaker", endpoint_url=url)
        >>> url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        sagemaker: LocalSageMaker,
        *,
        port: int = 0,
        events: str | None = None,
        environment: Mapping[str, str] = _NOTHING,
        region: str | None = None,
        account: str = "000000000000",
        host: str = LOOPBACK,
    ) -> None:
        region = region or region_of_environment()
        names = Names(region, account)
        self._address = host, port
        self._bus = EventBridge(events, region)
        self._context = Context(sagemaker, names, self._bus, environment)
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._serve, name="endpoint", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:8765`."""
        assert self._server is not None  # noqa: S101 - only in the block
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            SageLocalError: If somebody else does on that port.
        """
        host, port = self._address
        try:
            self._server = _Server(self._address, self._context)
        except (OSError, OverflowError) as error:
            raise SageLocalError(
                f"Cannot listen on {host}:{port}: {error}.",
                "Choose another port; 0 stands for one that is free.",
            ) from error
        try:
            service_model()  # a tenth of a second that the first request need not wait
            self._context.runs.recover()
            deploy_again(self._context)
        except BaseException:
            self._server.server_close()
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more, stop what runs, and send the last events."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._context.servers.close()
        self._context.runs.close()
        self._bus.close()

    def _serve(self) -> None:
        assert self._server is not None  # noqa: S101 - started once it is there
        self._server.serve_forever(poll_interval=0.05)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Clients that wait to be heard: a test may start fifty executions at once.
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], context: Context) -> None:
        super().__init__(address, _Handler)
        self.context = context

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has gone away."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "sagelocal"
    timeout = 60  # seconds that a connection may be idle
    # Headers and body leave at once: else each answer waits for an acknowledgement, 40 ms.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Answer a request."""
        try:
            invoked = _INVOCATIONS.fullmatch(self.path.partition("?")[0])
            if invoked:
                found = invoke(
                    self.server.context.servers, unquote(invoked[1]), self._body(), self.headers
                )
                self._write(200, found.body, found.headers)
            else:
                self._send(200, self._answer())
        except ModelError as error:
            self._send(error.status, {"__type": error.code, "Message": error.message, **error.more})
        except ServiceError as error:
            self._send(error.status, {"__type": error.code, "message": error.message})
        except Exception as bug:
            traceback.print_exc(file=sys.stderr)
            self._send(
                500, {"__type": "InternalFailure", "message": f"{type(bug).__name__}: {bug}"}
            )

    def do_GET(self) -> None:
        """Refuse what is no request of the API."""
        message = "SageMaker's API is asked by POST, with the header X-Amz-Target."
        self._send(404, {"__type": UNKNOWN_OPERATION, "message": message})

    do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of single requests."""

    def _answer(self) -> JsonObject:
        body = self._body()
        target = self.headers.get("X-Amz-Target", "")
        if not target.startswith(_TARGET):
            message = f"X-Amz-Target must be SageMaker.<operation>, got {target[:80]!r}."
            raise ServiceError(UNKNOWN_OPERATION, message)
        return answer(self.server.context, target.removeprefix(_TARGET), body)

    def _body(self) -> bytes:
        text = self.headers.get("Content-Length", "")
        if not (text.isascii() and text.isdigit()):
            self.close_connection = True
            raise ServiceError("MissingContentLength", "Content-Length must be a number.", 411)
        # Python refuses to read a number of some thousand digits.
        digits = text.lstrip("0")[:_DIGITS] or "0"
        length = int(digits)
        if length > _LARGEST:
            self._discard(length)
            message = f"A request may have at most {_LARGEST} bytes, got {text[:_DIGITS]}."
            raise ServiceError("RequestEntityTooLarge", message, 413)
        return self.rfile.read(length)

    def _discard(self, length: int) -> None:
        self.close_connection = True
        left = length if length <= _DISCARDED else 0
        while left and (chunk := self.rfile.read(min(left, 1 << 16))):
            left -= len(chunk)

    def _send(self, status: int, content: JsonObject) -> None:
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        if "__type" in content:
            headers["x-amzn-ErrorType"] = content["__type"]
        self._write(status, json.dumps(content).encode(), headers)

    def _write(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
