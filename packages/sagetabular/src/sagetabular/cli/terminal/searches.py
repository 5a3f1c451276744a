"""Searches of a run: which of them wait for a slot, and how long all of them still take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class _Search:
    """What is known of a tuning step that runs; `total` is 0 until it is heard of."""

    total: int = 0
    finished: int = 0
    running: dict[int, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def seconds_left(self, now: float) -> float | None:
        """Return the time of its trials that is left, one after the other; None if unknown."""
        if not self.seconds:
            return None
        mean = sum(self.seconds) / len(self.seconds)
        gone = sum(min(now - start, mean) for start in self.running.values())
        return max((self.total - self.finished) * mean - gone, 0.0)


class Searches:
    """The tuning steps that run, as their events tell of them.

    Args:
        clock: Returns the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._searches: dict[str, _Search] = {}
        self._side_by_side = 1

    def begin(self, step: str) -> None:
        """Hear that a tuning step has begun."""
        self._searches[step] = _Search()

    def end(self, step: str) -> None:
        """Hear that a step has ended; one that is no tuning step is no trouble."""
        self._searches.pop(step, None)

    def trial_started(self, step: str, number: int, total: int) -> None:
        """Hear that a trial has a slot, and works."""
        if step in self._searches:
            search = self._searches[step]
            search.total = total
            search.running[number] = self._clock()
            working = sum(len(each.running) for each in self._searches.values())
            self._side_by_side = max(self._side_by_side, working)

    def trial_finished(self, step: str, number: int, total: int) -> None:
        """Hear that a trial has ended; one of an earlier attempt has never started."""
        if step in self._searches:
            search = self._searches[step]
            search.total, search.finished = total, search.finished + 1
            start = search.running.pop(number, None)
            if start is not None:
                search.seconds.append(self._clock() - start)

    def finished(self, step: str) -> int:
        """Return how many trials of a step have ended."""
        return self._searches[step].finished if step in self._searches else 0

    def waits(self, step: str) -> bool:
        """Return whether a tuning step has no slot, since others have all of them."""
        others = any(each.running for name, each in self._searches.items() if name != step)
        return step in self._searches and not self._searches[step].running and others

    def seconds_left(self) -> float | None:
        """Return how long all searches still take, side by side; None while that is unknown."""
        now = self._clock()
        left = [search.seconds_left(now) for search in self._searches.values()]
        known = [seconds for seconds in left if seconds is not None]
        if not known or len(known) < len(left):
            return None
        return sum(known) / self._side_by_side
