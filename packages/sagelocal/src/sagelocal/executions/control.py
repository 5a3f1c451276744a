"""Control: what whoever starts an execution in a thread of its own can do while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sagelocal.errors import StoppedError
from sagelocal.executions.records import ExecutionRecord


def _ignore(_record: ExecutionRecord) -> None:
    """Do nothing with the record of a new execution."""


class Control:
    """Stops an execution, limits how many of its steps run at once, and says when it is there.

    Args:
        parallel_steps: How many steps run at the same time; None for all that can.
        created: Called with the record once the execution is on the disk, before a step begins.
    """

    def __init__(
        self,
        *,
        parallel_steps: int | None = None,
        created: Callable[[ExecutionRecord], None] = _ignore,
    ) -> None:
        self.created = created
        self._parallel_steps = parallel_steps
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Return whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Begin to end the execution; whoever runs it ends its jobs within a second."""
        self._stopped.set()

    def require_running(self) -> None:
        """Check that `stop` was not called.

        Raises:
            StoppedError: If it was.
        """
        if self.stopped:
            raise StoppedError("The execution was stopped.")

    def has_room(self, running: int) -> bool:
        """Return whether one more step may begin beside so many that run."""
        return self._parallel_steps is None or running < self._parallel_steps
