"""All connections of one process, and what is due for them now and then."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

from sagetabular.serving.http.connection import Connection
from sagetabular.serving.http.shared import Shared

_POLL_SECONDS = 0.05


class Connections(Shared):
    """The connections of one process."""

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

    async def drain(self, seconds: float) -> None:
        """Let every connection end after the answers that are due, and wait for that.

        Args:
            seconds: The longest wait.
        """
        self.draining = time.perf_counter()
        while self.open and time.perf_counter() < self.draining + seconds:
            await asyncio.sleep(_POLL_SECONDS)
            self.look()
