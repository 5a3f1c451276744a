"""The end of a request that takes too long, when it keeps the worker's only thread busy.

A prediction runs in the event loop itself: handing it to a thread would cost more than it does.
So nothing but a signal can interrupt it, and nothing but the end of the worker if it is deep in a
library that does not look at signals.
"""

from __future__ import annotations

import faulthandler
import signal
import time
from typing import TYPE_CHECKING

from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from types import FrameType

# Seconds past the timeout, at most, until a worker that no signal has reached ends.
_GRACE = 5.0
_TICKS = 10


class Deadline:
    """Interrupts the work of a request that began too long ago.

    Args:
        timeout: Seconds that a request may take.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._end: float | None = None

    def arm(self) -> None:
        """Let a timer look at the work in hand; call it once, in the main thread.

        One timer for all requests: two system calls for each would cost more than a small one.
        """
        if hasattr(signal, "setitimer"):  # not on Windows
            signal.signal(signal.SIGALRM, self._look)
            interval = self.timeout / _TICKS
            signal.setitimer(signal.ITIMER_REAL, interval, interval)

    def postpone_death(self, seconds: float | None = None) -> None:
        """Note that the event loop runs: the worker ends if this is not called again.

        Args:
            seconds: Until then; by default a little longer than the timeout.
        """
        longest = self.timeout + min(self.timeout, _GRACE)
        faulthandler.dump_traceback_later(seconds or longest, exit=True)

    def start(self, began: float) -> None:
        """Interrupt what now follows if it is not done in time, with a 503 `RequestError`.

        Args:
            began: When the request began, by `time.perf_counter`.
        """
        self._end = began + self.timeout

    def stop(self) -> None:
        """Note that the work is done."""
        self._end = None

    def _look(self, _signal: int, _frame: FrameType | None) -> None:
        if self._end is not None and time.perf_counter() > self._end:
            self._end = None
            msg = (
                f"The request took longer than {self.timeout:g} seconds.\nSend fewer rows at once."
            )
            raise RequestError(503, msg)
