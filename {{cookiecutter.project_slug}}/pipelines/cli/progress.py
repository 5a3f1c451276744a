"""What is said while a pipeline runs: one line per event, on standard error."""

from __future__ import annotations

import threading
import time

import typer


class PlainProgress:
    """A listener of `localsage` that prints lines; called from several threads."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """A step started or ended."""
        more = f": {detail}" if detail else ""
        self._say(f"{name} ({kind}) {status.lower()}{more}")

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """A trial of a tuning step ended; `value` is its R2, None if it failed."""
        score = "failed" if value is None else f"R2 {value:.4f}"
        top = "" if best is None else f", best {best:.4f}"
        self._say(f"{step} trial {number}/{total} {score}{top}")

    def _say(self, text: str) -> None:
        with self._lock:
            typer.echo(f"{time.monotonic() - self._start:7.1f} s  {text}", err=True)
