"""Cancellation: one job ends a command that another thread waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """Ends the commands that were started with it; they may be started before or after."""

    def __init__(self) -> None:
        self._cancelled = False
        self._ends: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Begin to end every command, without waiting for it to happen."""
        with self._lock:
            self._cancelled = True
            for end in self._ends:
                _begin(end)

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` in a thread of its own if this is cancelled before the block is left."""
        with self._lock:
            self._ends.append(end)
            if self._cancelled:
                _begin(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


def _begin(end: Callable[[], None]) -> None:
    threading.Thread(target=end, daemon=True).start()
