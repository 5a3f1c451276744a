"""CPU slots: how many jobs of an execution may run at the same time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from localsage.errors import LocalSageError


def usable_cores() -> int:
    """Return the number of cores this process may use, which can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Slots:
    """A count of jobs that may run at once, shared by all steps and trials of an execution.

    Every job holds one slot and is told that it has one core: jobs run beside each other and
    do not split themselves further, which measured faster than threads inside a job.

    Args:
        count: By default one slot for each usable core.

    Raises:
        LocalSageError: If the count is below 1.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = usable_cores() if count is None else count
        if self.count < 1:
            raise LocalSageError(f"The number of slots must be 1 or more, got {count}.")
        self._free = threading.BoundedSemaphore(self.count)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Wait for a free slot and hold it for the duration of the block."""
        with self._free:
            yield
