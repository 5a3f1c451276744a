"""The application: two routes need no framework, and speed would suffer from it."""

from __future__ import annotations

import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sagetabular.jobs.errors import JobError
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.answers import Answer, refuse
from sagetabular.serving.formats.outputs import HEADER
from sagetabular.serving.http.access_log import AccessLog
from sagetabular.serving.http.deadline import Deadline
from sagetabular.serving.invoking import invoke

if TYPE_CHECKING:
    from sagetabular.serving.http.messages import Request
    from sagetabular.serving.model import ServedModel
    from sagetabular.serving.settings import ServerSettings

METHODS = {"/ping": "GET", "/invocations": "POST"}
_ATTRIBUTES = HEADER.lower().encode()
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
    """

    def __init__(self, settings: ServerSettings, model: ServedModel | None = None) -> None:
        self.model = model
        self.reason = LOADING
        self.log = AccessLog()
        self.deadline = Deadline(settings.timeout)
        self._limit = settings.payload_limit

    def must_wait(self, request: Request) -> bool:
        """Return whether a request waits for the model: the `/ping` of another worker said yes."""
        if self.model is not None or self.reason is not LOADING:
            return False
        in_time = time.perf_counter() < request.began + self.deadline.timeout
        return in_time and request.path == "/invocations" and request.method == "POST"

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request, whatever is wrong with it."""
        try:
            method = METHODS.get(request.path)
            if method is None:
                raise RequestError(404, "There are GET /ping and POST /invocations.")
            if request.method != method:
                text = f"{request.path} answers to {method} alone.\n"
                return Answer(405, text.encode(), headers=((b"allow", method.encode()),))
            return self._ping(request) if method == "GET" else self._invoke(request)
        except RequestError as error:
            return refuse(error)
        except Exception:  # a bug of a model or of ours: the client learns no more than that
            traceback.print_exc(file=sys.stderr)
            return OWN_FAILURE

    def _ping(self, request: Request) -> Answer:
        if self.model is None:
            return self.reason
        self.deadline.start(request.began)
        try:
            self.model.probe()
        except JobError as error:
            raise RequestError(503, str(error)) from error
        finally:
            self.deadline.stop()
        return Answer(200, b"\n")

    def _invoke(self, request: Request) -> Answer:
        if self.model is None:
            return self.reason
        header = request.headers.get
        self.deadline.start(request.began)
        try:
            return invoke(
                self.model,
                request.body,
                header(b"content-type", ""),
                header(b"accept", ""),
                header(_ATTRIBUTES, ""),
                self._limit,
            )
        finally:
            self.deadline.stop()


class Open(Protocol):
    """A connection that is there."""

    def look(self, now: float) -> None:
        """Do what is due at a time, by `time.perf_counter`."""


@dataclass(eq=False)
class Shared:
    """All that the connections of one process share.

    Attributes:
        app: What answers.
        limit: Bytes that the body of a request may have.
        timeout: Seconds in which a request must have arrived.
        keep_alive: Seconds for which an idle connection is kept. Longer than clients keep theirs:
            who closes first must not be the server.
        linger: Seconds in which a client that reuses a connection may still send a request on it,
            once the process is about to end.
        open: Those that are there.
        draining: When the process began to end, by `time.perf_counter`; None before that.
        date: The header, which somebody has to keep true.
    """

    app: App
    limit: int
    timeout: float
    keep_alive: float = 75.0
    linger: float = 1.0
    open: set[Open] = field(default_factory=set)
    draining: float | None = None
    date: bytes = b""

    def has_lingered(self, since: float) -> bool:
        """Return whether a connection that was idle since then may be closed."""
        return time.perf_counter() > max(since, self.draining or 0.0) + self.linger
