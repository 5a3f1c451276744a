"""All connections of one process: what they share, and what is due for them now and then."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

from sagetabular.serving.connection import Connection

if TYPE_CHECKING:
    from sagetabular.serving.app import App

_POLL_SECONDS = 0.05


@dataclass(eq=False)
class Connections:
    """The connections of one process.

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
    open: set[Connection] = field(default_factory=set)
    draining: float | None = None
    date: bytes = b""

    def __post_init__(self) -> None:
        self.look()

    def accept(self) -> Connection:
        """Return what answers a new client."""
        return Connection(self)

    def look(self) -> None:
        """Do what is due; to be called some times a second.

        One look at all of them: a timer for each request would cost as much as parsing a small one.
        """
        self.date = formatdate(usegmt=True).encode()
        now = time.perf_counter()
        for connection in list(self.open):
            connection.look(now)

    def has_lingered(self, since: float) -> bool:
        """Say whether a connection that was idle since then may be closed."""
        return time.perf_counter() > max(since, self.draining or 0.0) + self.linger

    async def drain(self, seconds: float) -> None:
        """Let every connection end after the answers that are due, and wait for that.

        Args:
            seconds: The longest wait.
        """
        self.draining = time.perf_counter()
        while self.open and time.perf_counter() < self.draining + seconds:
            await asyncio.sleep(_POLL_SECONDS)
            self.look()
