"""CPU slots: how many jobs of an execution may run at the same time."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field

from sagelocal.errors import SageLocalError, StoppedError


def usable_cores() -> int:
    """Return the number of cores this process may use, which can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(eq=False)
class _Holder:
    """A single job, or all trials of a search, that waits for slots or held some."""

    seconds: list[float] = field(default_factory=list)

    @property
    def urgency(self) -> float:
        """Return the mean length of its jobs; what is not known may be long."""
        return sum(self.seconds) / len(self.seconds) if self.seconds else math.inf


@dataclass
class _Queue:
    """The free slots, and who waits for them, in the order of asking."""

    free: int
    changed: threading.Condition = field(default_factory=threading.Condition)
    waiting: list[_Turn] = field(default_factory=list)


@dataclass(eq=False)
class _Turn:
    """One wish for slots."""

    holder: _Holder


class Slots:
    """A count of processes that may run at once, shared by all jobs of an account.

    Every host of a job takes one slot and reads that it has one core: jobs run beside each
    other and do not split themselves further, which measured faster than threads inside a job.

    Args:
        count: By default one slot for each usable core.

    Raises:
        SageLocalError: If the count is below 1.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = usable_cores() if count is None else count
        if self.count < 1:
            raise SageLocalError(f"The number of slots must be 1 or more, got {count}.")
        self._queue = _Queue(self.count)
        self._search: _Holder | None = None
        self._stopped = threading.Event()

    def for_execution(self) -> Slots:
        """Return the same slots, as one execution takes them until it is stopped."""
        slots = copy(self)
        slots._stopped = threading.Event()
        return slots

    def stop(self) -> None:
        """Let nobody of this execution wait for slots any more; what is held stays so."""
        self._stopped.set()
        with self._queue.changed:
            self._queue.changed.notify_all()

    def for_trials(self) -> Slots:
        """Return the same slots, as the trials of one search take them.

        Of several searches the one with the longest trials goes first, as soon as that is known:
        in the end the short ones of another fill what would else be an idle core.
        """
        slots = copy(self)
        slots._search = _Holder()
        return slots

    @contextmanager
    def hold(self, number: int = 1) -> Iterator[None]:
        """Wait for free slots and hold them for the duration of the block.

        The slots of one holder are taken all at once, so that two wide jobs cannot wait for each
        other, and in turn, so that narrow jobs cannot keep a wide one waiting.

        Args:
            number: How many; a job that has more hosts than there are slots takes all of them.

        Raises:
            StoppedError: If the execution was stopped before there were as many.
        """
        wanted, holder = min(number, self.count), self._search or _Holder()
        self._take(wanted, _Turn(holder))
        start = time.monotonic()
        try:
            yield
        finally:
            with self._queue.changed:
                holder.seconds.append(time.monotonic() - start)
                self._queue.free += wanted
                self._queue.changed.notify_all()

    def _take(self, wanted: int, turn: _Turn) -> None:
        queue = self._queue

        def may_go() -> bool:
            # The first of equals: it asked first.
            first = max(queue.waiting, key=lambda other: other.holder.urgency)
            return first is turn and queue.free >= wanted

        with queue.changed:
            queue.waiting.append(turn)
            queue.changed.wait_for(lambda: self._stopped.is_set() or may_go())
            queue.waiting.remove(turn)
            if self._stopped.is_set():
                queue.changed.notify_all()
                raise StoppedError("The execution was stopped.")
            queue.free -= wanted
            queue.changed.notify_all()
