"""Listeners hear what happens in an execution; runners do what steps of other types ask."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sagelocal.storage.buckets import Storage


class Listener(Protocol):
    """Hears what happens; called from several threads, one call at a time.

    It may have `trial_started(step, number, total)` too, which hears that a trial has got a slot.
    """

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Hear that a step is `Executing`, `Succeeded`, `Succeeded (cached)`, `Failed`, `Stopped`.

        `detail` says in a few words what came of it, or why it failed; it may be empty.
        """

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Hear that trial `number` of `total` (from 1) of a tuning step ended.

        `value` is None when the trial failed, `best` is None while all of them failed.
        """


@dataclass(frozen=True)
class StepCall:
    """What a step asks of a `StepRunner`.

    Attributes:
        name: What the step is called.
        kind: Its type, e.g. `Lambda`.
        arguments: Its arguments, every expression resolved.
        members: What else the definition says of it, as it is written: `FunctionArn`, ….
        storage: The buckets of this account.
    """

    name: str
    kind: str
    arguments: Mapping[str, Any]
    members: Mapping[str, Any]
    storage: Storage


class StepRunner(Protocol):
    """Runs steps of a type that this back-end does not know, such as `Lambda`."""

    def __call__(self, call: StepCall) -> Mapping[str, Any]:
        """Do what a step asks and return its response, to which later steps may refer.

        JSON; the outputs of a Lambda step are `{"OutputParameters": {NAME: VALUE}}`. What is raised
        fails the step, with its text.
        """


class OneAtATime:
    """Passes calls from many threads on to a listener one by one, or to nobody."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Pass on that a step has changed."""
        if self._listener is not None:
            with self._lock:
                self._listener.step_changed(name, kind, status, detail)

    def trial_started(self, step: str, number: int, total: int) -> None:
        """Pass on that a trial has begun to work, to a listener that wants to know."""
        started = getattr(self._listener, "trial_started", None)
        if started is not None:
            with self._lock:
                started(step, number, total)

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Pass on that a trial has ended."""
        if self._listener is not None:
            with self._lock:
                self._listener.trial_finished(step, number, total, value, best)
