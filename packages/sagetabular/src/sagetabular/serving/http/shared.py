"""What all connections of one process share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagetabular.serving.http.app import App


class Open(Protocol):
    """A connection that is there."""

    def look(self, now: float) -> None:
        """Do what is due at a time, by `time.perf_counter`."""


@dataclass(eq=False)
class Shared:
    """What the connections of one process share.

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
        """Say whether a connection that was idle since then may be closed."""
        return time.perf_counter() > max(since, self.draining or 0.0) + self.linger
