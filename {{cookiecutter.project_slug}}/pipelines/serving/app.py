"""The HTTP side, as a bare ASGI application: two routes need no framework, and speed suffers it."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, TypeAlias

from pipelines.serving.access_log import AccessLog
from pipelines.serving.answers import Answer, choose_type, format_predictions, refuse
from pipelines.serving.bodies import read_body
from pipelines.serving.deadline import Deadline
from pipelines.serving.errors import RequestError
from pipelines.serving.receiving import ClientGoneError, Receiver
from pipelines.training.jobs.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pipelines.serving.model import ServedModel
    from pipelines.serving.receiving import Receive
    from pipelines.serving.settings import ServerSettings

    Scope: TypeAlias = dict[str, Any]
    Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

_POLL_SECONDS = 0.05
METHODS = {"/ping": "GET", "/invocations": "POST"}
LOADING = Answer(503, b"The model is being loaded.\nAsk again in a moment.\n")
OWN_FAILURE = Answer(500, b"The model failed.\nThe server's log says why.\n")


class App:
    """Answers `GET /ping` and `POST /invocations`.

    Args:
        settings: Limits of a request.
        model: What predicts; it may also be set later.

    Attributes:
        model: What predicts, once it is loaded.
        reason: The answer while there is no model.
        log: One line for each request.
        deadline: Interrupts a request that takes too long.
        receiver: Gives up a body that takes too long.
    """

    def __init__(self, settings: ServerSettings, model: ServedModel | None = None) -> None:
        self.model = model
        self.reason = LOADING
        self.log = AccessLog()
        self.deadline = Deadline(settings.timeout)
        self.receiver = Receiver(settings.payload_limit, settings.timeout)
        self._limit = settings.payload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.perf_counter()
        chunks: list[bytes] = []
        try:
            answer = await self._answer(scope, receive, chunks, began)
        except ClientGoneError:
            return
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        received = sum(map(len, chunks))
        took = 1000 * (time.perf_counter() - began)
        self.log.request(scope["method"], scope["path"], received, answer, took)

    async def _answer(
        self, scope: Scope, receive: Receive, chunks: list[bytes], began: float
    ) -> Answer:
        """Return the answer to a request, whatever is wrong with it; fills `chunks`."""
        try:
            method = METHODS.get(scope["path"])
            if method is None:
                raise RequestError(404, "There are GET /ping and POST /invocations.")
            if scope["method"] != method:
                text = f"{scope['path']} answers to {method} alone.\n"
                return Answer(405, text.encode(), headers=((b"allow", method.encode()),))
            if method == "GET":
                return self._ping(began)
            return await self._invoke(_headers(scope), receive, chunks, began)
        except RequestError as error:
            return refuse(error)
        except ClientGoneError:
            raise
        except Exception:  # a bug of a model or of ours: the client learns no more than that
            traceback.print_exc(file=sys.stderr)
            return OWN_FAILURE

    def _ping(self, began: float) -> Answer:
        if self.model is None:
            return self.reason
        self.deadline.start(began)
        try:
            self.model.probe()
        except JobError as error:
            raise RequestError(503, str(error)) from error
        finally:
            self.deadline.stop()
        return Answer(200, b"\n")

    async def _invoke(
        self, headers: dict[bytes, str], receive: Receive, chunks: list[bytes], began: float
    ) -> Answer:
        announced = headers.get(b"content-length", "")
        body = await self.receiver.receive(receive, chunks, announced)
        await self._wait_for_model(began)
        if self.model is None:
            return self.reason
        answer_type = choose_type(headers.get(b"accept", ""))
        self.deadline.start(began)
        try:
            content_type = headers.get(b"content-type", "")
            rows = read_body(body, content_type, self.model.columns, self._limit)
            return format_predictions(self.model.predict(rows), answer_type)
        finally:
            self.deadline.stop()

    async def _wait_for_model(self, began: float) -> None:
        """Wait while it is being loaded: the `/ping` of another worker may have said yes."""
        last = began + self.deadline.timeout
        while self.model is None and self.reason is LOADING and time.perf_counter() < last:
            await asyncio.sleep(_POLL_SECONDS)


def _headers(scope: Scope) -> dict[bytes, str]:
    """Name in lower case → value; those that stand there twice are joined, as HTTP has it."""
    headers: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]},{text}" if name in headers else text
    return headers
