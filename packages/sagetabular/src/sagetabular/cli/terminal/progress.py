"""Progress of a run, on standard error.

On a terminal: a line for every step that has ended, and below them, redrawn as they go, the steps
that run, those of tuning with a bar. Elsewhere: one line per event.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from sagetabular.local.score_texts import score_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagelocal import Listener
    from sagetabular.jobs.scoring.metrics import Metric


@contextmanager
def show_progress(
    objectives: Mapping[str, Metric], *, plain: bool = False, console: Console | None = None
) -> Iterator[Listener]:
    """Give a listener of `sagelocal` that tells the user; however it ends, the terminal is clean.

    Args:
        objectives: Tuning step → what it searches for.
        plain: Print lines even on a terminal.
        console: Where to; standard error if not given.
    """
    target = console or Console(stderr=True)
    if plain or not target.is_terminal or target.is_dumb_terminal:
        yield PlainProgress(objectives)
        return
    from sagetabular.cli.terminal.live_progress import LiveProgress

    with LiveProgress(target, objectives) as live:
        yield live


class PlainProgress:
    """A listener of `sagelocal` that prints lines; called from several threads.

    Args:
        objectives: Tuning step → what it searches for.
    """

    def __init__(self, objectives: Mapping[str, Metric]) -> None:
        self._objectives = objectives
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Show that a step started or ended."""
        more = f": {detail}" if detail else ""
        self._say(f"{name} ({kind}) {status.lower()}{more}")

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Show that a trial of a tuning step ended; `value` is its score, None if it failed."""
        metric = self._objectives[step]
        name = metric.in_words
        score = "failed" if value is None else f"{name} {score_text(metric, value)}"
        top = "" if best is None else f", best {score_text(metric, best)}"
        self._say(f"{step} trial {number}/{total} {score}{top}")

    def _say(self, text: str) -> None:
        with self._lock:
            typer.echo(f"{time.monotonic() - self._start:7.1f} s  {text}", err=True)
