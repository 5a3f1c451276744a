"""HTTP/1.1 on one connection: requests are answered one after the other, as they arrive.

Written on the parser itself: a prediction takes less time than what a general server does around
it, a task for every request first of all (`benchmarks/serving`).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

import httptools

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.answers import Answer, refuse
from sagetabular.serving.http.messages import Request, response
from sagetabular.serving.http.receiver import Receiver

if TYPE_CHECKING:
    from sagetabular.serving.http.app import Shared

# Of the line that asks and of all headers together, or of what follows a body.
_MOST_HEAD_BYTES = 2**16
_NO_HTTP = Answer(400, b"This is no HTTP/1.1 request.\nSend one, for example with curl.\n")
_LONG_HEAD = Answer(431, b"The headers may have 64 KB.\nSend fewer of them.\n")


class Connection(Receiver, asyncio.Protocol):
    """One client.

    Args:
        shared: What all connections of the process share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self._transport: asyncio.Transport
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._unsent = 0  # bytes that the client has yet to fetch
        self._is_full = False  # they are too many to take another request

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a client."""
        self._transport = transport
        self._shared.open.add(self)

    def connection_lost(self, _reason: Exception | None) -> None:
        """Forget the client."""
        self._shared.open.discard(self)
        self._waiting.clear()

    def pause_writing(self) -> None:
        """Take no more requests of a client that does not fetch its answers."""
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Take requests again."""
        self._is_full = False
        self._read_on()

    def eof_received(self) -> bool:
        """Return whether to keep the connection, since answers are due on it."""
        return bool(self._waiting)

    def data_received(self, data: bytes) -> None:
        """Take bytes; complete requests among them are answered at once."""
        while data and not self._transport.is_closing():
            try:
                data = self._feed(data)
            except httptools.HttpParserError:
                self._end(_NO_HTTP)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self._end(_LONG_HEAD)

    def on_headers_complete(self) -> None:
        """Refuse a body that is announced as too large, or ask for it."""
        self._head_bytes = 0
        request = self._arriving
        if request is None or self._is_offer():
            return
        try:
            request.end_head(self._parser.get_method(), self._shared.limit)
        except RequestError as error:
            self._answer_early(request, refuse(error))
            return
        asks = request.headers.get(b"expect", "").lower() == "100-continue"
        if asks and self._parser.get_http_version() == "1.1":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body; what follows one that was too large is passed over."""
        self._head_bytes = 0
        request = self._arriving
        if request is None:
            return
        try:
            request.add(piece, self._shared.limit)
        except RequestError as error:
            self._answer_early(request, refuse(error))

    def on_message_complete(self) -> None:
        """Answer the request, unless the model is still being loaded."""
        self._head_bytes = 0
        request = self._arriving
        if request is None or not request.method or self._transport.is_closing():
            return  # without a method it is an offer, which is declined next
        self._arriving = None
        if self._waiting or self._shared.app.must_wait(request):
            self._waiting.append((request, self._keeps()))
            self._transport.pause_reading()
        else:
            self._send(request, self._shared.app.answer(request), keep=self._keeps())

    def look(self, now: float) -> None:
        """See what is due: somebody calls this some times a second.

        Args:
            now: By `time.perf_counter`.
        """
        self._answer_waiting()
        shared, idle = self._shared, now - self._since_progress(now)
        if self._transport.is_closing():
            if idle > shared.timeout:  # the client does not fetch its answers
                self._transport.abort()
            return
        if self._waiting:
            return
        if self._arriving is not None:
            if idle > shared.timeout:
                text = f"The request did not arrive within {shared.timeout:g} seconds.\n"
                self._end(Answer(408, f"{text}Send it at once.\n".encode()))
        elif idle > shared.keep_alive or (shared.draining and shared.has_lingered(self._since)):
            self._transport.close()

    def _since_progress(self, now: float) -> float:
        """Return since when nothing has moved: a client that fetches slowly is not idle."""
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._since = unsent, now
        return self._since

    def _answer_waiting(self) -> None:
        """Answer what waited for the model."""
        app = self._shared.app
        while self._waiting and not app.must_wait(self._waiting[0][0]):
            request, keep = self._waiting.popleft()
            self._send(request, app.answer(request), keep=keep)
            self._read_on()

    def _read_on(self) -> None:
        """Take requests again, if nothing else speaks against it."""
        if not (self._waiting or self._is_full or self._transport.is_closing()):
            self._transport.resume_reading()

    def _answer_early(self, request: Request, answer: Answer) -> None:
        """Answer before the body is complete; the rest of it is passed over."""
        self._arriving = None
        self._send(request, answer, keep=self._keeps())

    def _end(self, answer: Answer) -> None:
        """Answer what is no request, or will not become one, and close."""
        if not self._transport.is_closing():
            request = self._arriving or Request(self._since)
            self._arriving = None
            self._waiting.clear()
            self._send(request, answer, keep=False)

    def _send(self, request: Request, answer: Answer, *, keep: bool) -> None:
        keep = keep and not self._shared.draining
        version = self._parser.get_http_version()
        keeping = b"" if keep and version == "1.1" else b"keep-alive" if keep else b"close"
        sent = response(answer, self._shared.date, keeping, to_head=request.method == "HEAD")
        transport = self._transport
        transport.write(sent)
        if not keep:
            self._waiting.clear()
            transport.close()
        self._since = time.perf_counter()
        took = 1000 * (self._since - request.began)
        self._shared.app.log.request(request.method, request.path, request.received, answer, took)
