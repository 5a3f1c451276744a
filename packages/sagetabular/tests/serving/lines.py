"""A connection to the application, with a transport that only notes what it is told."""

from __future__ import annotations

import asyncio
import re
import time

from sagetabular.serving.http.app import App
from sagetabular.serving.worker import Connections

POST = b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n%b"
ROW = b"1,2,3\n"
PING = b"GET /ping HTTP/1.1\r\n\r\n"


class Transport(asyncio.Transport):
    """Notes what is written, and whether the connection is open and read."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed, self.reads = b"", False, True
        self.unsent, self.aborted = 0, False

    def write(self, data) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.closed
        self.reads = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.aborted = True


class Line:
    """A connection to an application, and what came back on it."""

    def __init__(self, app: App, **settings) -> None:
        self.shared = Connections(app, **{"limit": 1000, "timeout": 60.0, **settings})
        self.connection, self.transport = self.shared.accept(), Transport()
        self.connection.connection_made(self.transport)

    def send(self, *pieces: bytes) -> Line:
        for piece in pieces:
            self.connection.data_received(piece)
        return self

    def look(self, later: float) -> Line:
        """Look as a worker does, some seconds later."""
        self.connection.look(time.perf_counter() + later)
        return self

    @property
    def statuses(self) -> list[int]:
        return [status for status, _head, _body in self.replies]

    @property
    def replies(self) -> list[tuple[int, str, bytes]]:
        """Status, head and body of every answer, read as a client reads them."""
        rest, replies = self.transport.written, []
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            text = head.decode()
            length = re.search(r"content-length: (\d+)", text)
            size = int(length[1]) if length else 0
            replies.append((int(text.split()[1]), text, rest[:size]))
            rest = rest[size:]
        return replies
