"""Progress, as a terminal and as a file would show it."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from sagetabular.cli.terminal.live_progress import LiveProgress
from sagetabular.cli.terminal.progress import PlainProgress, show_progress

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def make_console(
    *, terminal: bool = True, term: str = "xterm-256color", width: int = 60
) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=terminal, width=width, height=20,
        _environ={"TERM": term}, color_system="standard",
    )  # fmt: skip


def printed(console: Console) -> str:
    """What was written, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue())


def drawn(live: LiveProgress, console: Console) -> list[str]:
    """The rows that are redrawn, as they look now."""
    elsewhere = make_console(width=console.width)
    elsewhere.print(live._display.get_renderable())
    return printed(elsewhere).splitlines()


@pytest.mark.parametrize(
    ("terminal", "term", "plain", "expected"),
    [
        (True, "xterm", False, LiveProgress),
        (True, "xterm", True, PlainProgress),
        (True, "dumb", False, PlainProgress),
        (False, "xterm", False, PlainProgress),
    ],
)
def test_only_a_terminal_that_can_is_redrawn(terminal, term, plain, expected):
    with show_progress(plain=plain, console=make_console(terminal=terminal, term=term)) as listener:
        assert type(listener) is expected


def test_a_step_that_ended_is_one_line_that_stays():
    console = make_console()
    with show_progress(console=console) as live:
        live.step_changed("Ingest", "Processing", "Executing", "")
        live.step_changed("Ingest", "Processing", "Failed", "[bold]rule[/bold] broken\n" + "x" * 80)
        assert drawn(live, console) == []
    (line,) = [line for line in printed(console).splitlines() if "failed" in line]
    assert "0.0 s  failed     Ingest: [bold]rule[/bold] broken xx" in line
    assert line.endswith("…")


@pytest.mark.parametrize("width", [50, 60, 120])
def test_a_tuning_step_shows_trials_best_score_and_time_left(width):
    console = make_console(width=width)
    with show_progress(console=console) as live:
        live.step_changed("TuneXGBoost", "Tuning", "Executing", "")
        (row,) = drawn(live, console)
        assert row.endswith(" 0 s")
        live.trial_finished("TuneXGBoost", 2, 20, 0.5, 0.5)
        live.trial_finished("TuneXGBoost", 1, 20, None, 0.5)
        (row,) = drawn(live, console)
    assert "2/20 R2 0.5000" in row
    assert "Tune" in row
    assert row.rstrip().endswith("left")
    assert len(row) <= width - 3


def test_a_long_name_leaves_room_for_the_numbers():
    console, name = make_console(), "TuneTheModelWithTheLongestNameOfAll"
    with show_progress(console=console) as live:
        live.step_changed(name, "Tuning", "Executing", "")
        live.trial_finished(name, 1, 20, -12.5, -12.5)
        (row,) = drawn(live, console)
    assert "TuneTheModelWithThe… " in row
    assert "1/20 R2 -12.5000" in row
    assert row.endswith("left")


def test_the_cursor_comes_back_however_it_ends():
    for error in (KeyboardInterrupt, RuntimeError):
        console = make_console()
        with pytest.raises(error), show_progress(console=console) as live:
            live.step_changed("Ingest", "Processing", "Executing", "")
            raise error
        text = console.file.getvalue()
        assert text.count(HIDE_CURSOR) == text.count(SHOW_CURSOR) == 1
        assert text.index(HIDE_CURSOR) < text.index(SHOW_CURSOR)


def test_steps_that_were_never_seen_to_start_are_no_trouble():
    console = make_console()
    with show_progress(console=console) as live:
        live.step_changed("Ingest", "Processing", "Succeeded (cached)", "")
        live.trial_finished("Nobody", 1, 2, 0.5, 0.5)
    assert "succeeded (cached)  Ingest" in printed(console)


def test_lines_are_for_files(capsys):
    plain = PlainProgress()
    plain.step_changed("Tune", "Tuning", "Executing", "")
    plain.trial_finished("Tune", 1, 2, None, None)
    plain.trial_finished("Tune", 2, 2, 0.5, 0.5)
    lines = capsys.readouterr().err.splitlines()
    said = [line.split(" s  ")[1] for line in lines]
    assert said == ["Tune (Tuning) executing", "Tune trial 1/2 failed",
                    "Tune trial 2/2 R2 0.5000, best 0.5000"]  # fmt: skip
