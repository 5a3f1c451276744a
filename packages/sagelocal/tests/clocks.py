"""Clocks that stand for the module `time`: no time goes by but what a test says."""

from __future__ import annotations

import threading


class Clock:
    """The same time for all threads."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class OwnClock(Clock, threading.local):
    """A time for each thread, so that what one does takes exactly as long as it says."""
