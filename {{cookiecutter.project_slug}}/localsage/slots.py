"""CPU slots: how many jobs of an execution may run at the same time."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from localsage.errors import LocalSageError


def usable_cores() -> int:
    """Return the number of cores this process may use, which can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Slots:
    """A count of processes that may run at once, shared by all steps and trials of an execution.

    Every host of a job takes one slot and is told that it has one core: jobs run beside each
    other and do not split themselves further, which measured faster than threads inside a job.

    Args:
        count: By default one slot for each usable core.

    Raises:
        LocalSageError: If the count is below 1.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = usable_cores() if count is None else count
        if self.count < 1:
            raise LocalSageError(f"The number of slots must be 1 or more, got {count}.")
        self._free = self.count
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def hold(self, number: int = 1) -> Iterator[None]:
        """Wait for free slots and hold them for the duration of the block.

        The slots of one holder are taken all at once, so that two wide jobs cannot wait for each
        other, and in the order of asking, so that narrow jobs cannot keep a wide one waiting.

        Args:
            number: How many; a job that has more hosts than there are slots takes all of them.
        """
        wanted, ticket = min(number, self.count), object()
        with self._changed:
            self._queue.append(ticket)
            self._changed.wait_for(lambda: self._queue[0] is ticket and self._free >= wanted)
            self._queue.popleft()
            self._free -= wanted
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()
