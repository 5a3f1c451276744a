"""Progress on a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.table import Column
from rich.text import Text

from sagetabular.cli.terminal.searches import Searches
from sagetabular.local.score_texts import score_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from sagetabular.jobs.scoring.metrics import Metric

EXECUTING = "Executing"
ROOM = 6  # columns of the terminal for a letter of the metric's name
STYLES = {"Succeeded": "green", "Failed": "bold red", "Stopped": "yellow"}


class LiveProgress:
    """A listener of `sagelocal` that redraws the steps that run; called from several threads.

    Steps that have ended are printed above, once, so that nothing is lost where they are many. A
    search says when it waits for others, and a last row how long all of them still take.

    Args:
        console: The terminal.
        objectives: Tuning step → what it searches for.
    """

    def __init__(self, console: Console, objectives: Mapping[str, Metric]) -> None:
        self._console = console
        self._objectives = objectives
        self._rows: dict[str, TaskID] = {}
        self._starts: dict[str, float] = {}
        self._searches = Searches()
        self._display = _Display(
            self._searches,
            SpinnerColumn(),
            _Cell("name", Column(no_wrap=True)),
            _Bar(bar_width=None, table_column=Column(ratio=1, min_width=4)),
            _Cell("score", Column(no_wrap=True, justify="right")),
            _Time(self._searches, Column(no_wrap=True, justify="right")),
            console=console,
            expand=True,
            transient=True,
        )

    def __enter__(self) -> LiveProgress:
        self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._display.stop()

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Show that a step started or ended."""
        if status == EXECUTING:
            self._starts[name] = time.monotonic()
            total = 1.0 if kind == "Tuning" else None
            if kind == "Tuning":
                self._searches.begin(name)
            short = Text(name)
            short.truncate(max(self._console.width // 3, 12), overflow="ellipsis")
            self._rows[name] = self._display.add_task(
                name, total=total, name=short.plain, score="", step=name
            )
            return
        self._searches.end(name)
        if name in self._rows:
            self._display.remove_task(self._rows.pop(name))
        seconds = time.monotonic() - self._starts.get(name, time.monotonic())
        line = Text(f"{seconds:6.1f} s  ")
        line.append(f"{status.lower():9}", STYLES.get(status.split(" ", maxsplit=1)[0], ""))
        line.append(f"  {name}")
        line.append(f": {' '.join(detail.split())}" if detail else "")
        self._console.print(line, no_wrap=True, overflow="ellipsis")

    def trial_started(self, step: str, number: int, total: int) -> None:
        """Show that a trial of a tuning step works, and waits for a slot no more."""
        self._searches.trial_started(step, number, total)

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Show that a trial of a tuning step ended, perhaps before an earlier one."""
        del value
        self._searches.trial_finished(step, number, total)
        row = self._rows.get(step)
        if row is None:
            return
        top = "" if best is None else f" {self._best(step, best)}"
        done = self._searches.finished(step)
        self._display.update(row, total=total, completed=done, score=f"{done}/{total}{top}")

    def _best(self, step: str, score: float) -> str:
        """Return the best score of a search; its metric's name only where there is room for it."""
        metric = self._objectives[step]
        name, text = metric.in_words, score_text(metric, score)
        return f"{name} {text}" if len(name) <= self._console.width // ROOM else f"best {text}"


class _Display(Progress):
    """Rows with room for the `^C` that a terminal echoes: behind a full row it would wrap.

    Args:
        searches: How long they still take is the last row, once that is known.
        columns: The columns of the rows.
        options: Those of `rich`.
    """

    def __init__(self, searches: Searches, *columns: ProgressColumn, **options: Any) -> None:
        self._searches = searches
        super().__init__(*columns, **options)

    def get_renderable(self) -> RenderableType:
        rows = super().get_renderable()
        left = self._searches.seconds_left()
        if left is None:
            return _Narrow(rows)
        minutes, seconds = divmod(round(left), 60)
        text = Text(f"all searches: about {minutes}:{seconds:02} left", justify="right")
        return _Narrow(Group(rows, text))


class _Narrow:
    """Something drawn a little narrower than there is room."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrower = options.update_width(max(options.max_width - len("^C") - 1, 1))
        yield from console.render(self._content, narrower)


class _Cell(ProgressColumn):
    """A field of a row, as the text that it is and not as markup."""

    def __init__(self, field: str, column: Column) -> None:
        super().__init__(column)
        self._field = field

    def render(self, task: Task) -> Text:
        return Text(task.fields[self._field])


class _Bar(BarColumn):
    """A bar for what can be counted, room for what cannot."""

    def render(self, task: Task) -> RenderableType:  # type: ignore[override]
        return Text("") if task.total is None else super().render(task)


class _Time(ProgressColumn):
    """The time that has gone by; of a search without a slot that it waits for one."""

    def __init__(self, searches: Searches, column: Column) -> None:
        super().__init__(column)
        self._searches = searches

    def render(self, task: Task) -> Text:
        if self._searches.waits(task.fields["step"]):
            return Text("waiting for a slot")
        return Text(f"{task.elapsed or 0.0:.0f} s")
