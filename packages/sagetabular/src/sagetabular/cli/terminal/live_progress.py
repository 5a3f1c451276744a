"""Progress on a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.table import Column
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

EXECUTING = "Executing"
STYLES = {"Succeeded": "green", "Failed": "bold red", "Stopped": "yellow"}


class LiveProgress:
    """A listener of `sagelocal` that redraws the steps that run; called from several threads.

    Steps that have ended are printed above, once, so that nothing is lost where they are many.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, TaskID] = {}
        self._starts: dict[str, float] = {}
        self._display = _Display(
            SpinnerColumn(),
            _Cell("name", Column(no_wrap=True)),
            _Bar(bar_width=None, table_column=Column(ratio=1, min_width=4)),
            _Cell("score", Column(no_wrap=True, justify="right")),
            _Time(Column(no_wrap=True, justify="right")),
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
            short = Text(name)
            short.truncate(max(self._console.width // 3, 12), overflow="ellipsis")
            self._rows[name] = self._display.add_task(name, total=total, name=short.plain, score="")
            return
        if name in self._rows:
            self._display.remove_task(self._rows.pop(name))
        seconds = time.monotonic() - self._starts.get(name, time.monotonic())
        line = Text(f"{seconds:6.1f} s  ")
        line.append(f"{status.lower():9}", STYLES.get(status.split(" ", maxsplit=1)[0], ""))
        line.append(f"  {name}")
        line.append(f": {' '.join(detail.split())}" if detail else "")
        self._console.print(line, no_wrap=True, overflow="ellipsis")

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Show that a trial of a tuning step ended, perhaps before an earlier one."""
        del number, value
        row = self._rows.get(step)
        if row is None:
            return
        top = "" if best is None else f" R2 {best:.4f}"
        done = int(next(task.completed for task in self._display.tasks if task.id == row)) + 1
        self._display.update(row, total=total, completed=done, score=f"{done}/{total}{top}")


class _Display(Progress):
    """Rows with room for the `^C` that a terminal echoes: behind a full row it would wrap."""

    def get_renderable(self) -> RenderableType:
        return _Narrow(super().get_renderable())


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
    """Time that is left, once a trial has ended; until then the time that has gone by."""

    def render(self, task: Task) -> Text:
        gone = task.elapsed or 0.0
        if not task.total or not task.completed:
            return Text(f"{gone:.0f} s")
        left = gone / task.completed * (task.total - task.completed)
        minutes, seconds = divmod(round(left), 60)
        return Text(f"{minutes}:{seconds:02} left")
