"""Progress, as a terminal and as a file would show it."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from sagetabular.cli.terminal.live_progress import LiveProgress
from sagetabular.cli.terminal.progress import PlainProgress, show_progress
from sagetabular.cli.terminal.searches import Searches
from sagetabular.jobs.scoring.metrics import METRICS

STEPS = ("Tune", "TuneXGBoost", "TuneTheModelWithTheLongestNameOfAll")
R2 = dict.fromkeys(STEPS, METRICS["r2"])
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
    console = make_console(terminal=terminal, term=term)
    with show_progress(R2, plain=plain, console=console) as listener:
        assert type(listener) is expected


def test_a_step_that_ended_is_one_line_that_stays():
    console = make_console()
    with show_progress(R2, console=console) as live:
        live.step_changed("Ingest", "Processing", "Executing", "")
        live.step_changed("Ingest", "Processing", "Failed", "[bold]rule[/bold] broken\n" + "x" * 80)
        assert drawn(live, console) == []
    (line,) = [line for line in printed(console).splitlines() if "failed" in line]
    assert "0.0 s  failed     Ingest: [bold]rule[/bold] broken xx" in line
    assert line.endswith("…")


@pytest.mark.parametrize("width", [50, 60, 120])
def test_a_tuning_step_shows_trials_and_best_score_and_the_last_row_the_time_left(width):
    console = make_console(width=width)
    with show_progress(R2, console=console) as live:
        live.step_changed("TuneXGBoost", "Tuning", "Executing", "")
        (row,) = drawn(live, console)
        assert row.endswith(" 0 s")
        live.trial_started("TuneXGBoost", 1, 20)
        live.trial_started("TuneXGBoost", 2, 20)
        live.trial_finished("TuneXGBoost", 2, 20, 0.5, 0.5)
        live.trial_finished("TuneXGBoost", 1, 20, None, 0.5)
        row, last = drawn(live, console)
    assert "2/20 R2 0.5000" in row
    assert "Tune" in row
    assert row.rstrip().endswith(" s")
    assert last.strip() == "all searches: about 0:00 left"
    assert max(len(row), len(last)) <= width - 3


def test_a_search_that_others_keep_from_its_slots_says_that_it_waits():
    console = make_console(width=100)
    with show_progress(R2, console=console) as live:
        live.step_changed("TuneTree", "Tuning", "Executing", "")
        live.step_changed("TuneXGBoost", "Tuning", "Executing", "")
        live.step_changed("Other", "Processing", "Executing", "")
        assert not any("waiting" in row for row in drawn(live, console)), "nobody has a slot yet"
        live.trial_started("TuneXGBoost", 1, 20)
        tree, boost, other = drawn(live, console)
        assert tree.rstrip().endswith("waiting for a slot")
        assert "waiting" not in boost + other
        live.trial_started("TuneTree", 1, 20)
        live.trial_finished("TuneXGBoost", 1, 20, 0.5, 0.5)
        tree, boost, _other = drawn(live, console)
        assert "waiting" not in tree
        assert boost.rstrip().endswith("waiting for a slot")
        live.step_changed("TuneTree", "Tuning", "Succeeded", "")
        assert not any("waiting" in row for row in drawn(live, console))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_that_of_all_searches_together():
    clock = Clock()
    searches = Searches(clock)
    searches.begin("Short")
    searches.begin("Long")
    for step in ("Short", "Long"):
        searches.trial_started(step, 1, 10)
    assert searches.seconds_left() is None, "nobody knows yet how long a trial takes"
    clock.now = 2.0
    searches.trial_finished("Short", 1, 10)
    assert searches.seconds_left() is None, "not yet of the other"
    clock.now = 20.0
    searches.trial_finished("Long", 1, 10)
    assert searches.seconds_left() == (9 * 2 + 9 * 20) / 2
    # While the long one has both slots, the short one makes no progress, and nothing gets longer.
    left = []
    for number in range(2, 10):
        searches.trial_started("Long", number, 10)
        clock.now += 20.0
        searches.trial_finished("Long", number, 10)
        left.append(searches.seconds_left())
    assert left == sorted(left, reverse=True)
    assert left[-1] == (9 * 2 + 20) / 2
    searches.end("Long")
    assert searches.seconds_left() == 9 * 2 / 2
    searches.end("Short")
    assert searches.seconds_left() is None


def test_a_trial_that_an_earlier_attempt_finished_says_nothing_about_time():
    clock = Clock()
    searches = Searches(clock)
    searches.begin("Tune")
    searches.trial_finished("Tune", 1, 4)
    assert searches.seconds_left() is None
    searches.trial_started("Tune", 2, 4)
    clock.now = 3.0
    assert searches.seconds_left() is None
    searches.trial_finished("Tune", 2, 4)
    assert searches.seconds_left() == 2 * 3
    searches.trial_started("Tune", 3, 4)
    clock.now = 4.0
    assert searches.seconds_left() == 2 * 3 - 1
    clock.now = 400.0
    assert searches.seconds_left() == 3, "a trial that takes longer than others adds nothing"


def test_a_long_name_leaves_room_for_the_numbers():
    console, name = make_console(), "TuneTheModelWithTheLongestNameOfAll"
    with show_progress(R2, console=console) as live:
        live.step_changed(name, "Tuning", "Executing", "")
        live.trial_finished(name, 1, 20, -12.5, -12.5)
        (row,) = drawn(live, console)
    assert "TuneTheModelWithThe… " in row
    assert "1/20 R2 -12.5000" in row
    assert row.endswith(" s")


def test_the_cursor_comes_back_however_it_ends():
    for error in (KeyboardInterrupt, RuntimeError):
        console = make_console()
        with pytest.raises(error), show_progress(R2, console=console) as live:
            live.step_changed("Ingest", "Processing", "Executing", "")
            raise error
        text = console.file.getvalue()
        assert text.count(HIDE_CURSOR) == text.count(SHOW_CURSOR) == 1
        assert text.index(HIDE_CURSOR) < text.index(SHOW_CURSOR)


def test_steps_that_were_never_seen_to_start_are_no_trouble():
    console = make_console()
    with show_progress(R2, console=console) as live:
        live.step_changed("Ingest", "Processing", "Succeeded (cached)", "")
        live.trial_finished("Nobody", 1, 2, 0.5, 0.5)
    assert "succeeded (cached)  Ingest" in printed(console)


def test_lines_are_for_files(capsys):
    plain = PlainProgress(R2)
    plain.step_changed("Tune", "Tuning", "Executing", "")
    plain.trial_finished("Tune", 1, 2, None, None)
    plain.trial_finished("Tune", 2, 2, 0.5, 0.5)
    lines = capsys.readouterr().err.splitlines()
    said = [line.split(" s  ")[1] for line in lines]
    assert said == ["Tune (Tuning) executing", "Tune trial 1/2 failed",
                    "Tune trial 2/2 R2 0.5000, best 0.5000"]  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "value", "best", "said"),
    [
        ("rmse", 68123.456, 51234.567, "RMSE 68,123, best 51,235"),
        ("log_loss", 0.7, 0.6931, "log loss 0.7000, best 0.6931"),
        ("roc_auc", 0.5, 0.91234, "ROC AUC 0.5000, best 0.9123"),
        ("balanced_accuracy", 0.5, 0.75, "balanced accuracy 0.5000, best 0.7500"),
    ],
)
def test_a_line_has_the_name_of_what_is_searched_for(capsys, metric, value, best, said):
    PlainProgress({"Tune": METRICS[metric]}).trial_finished("Tune", 2, 2, value, best)
    assert capsys.readouterr().err.rstrip().endswith(f"Tune trial 2/2 {said}")


@pytest.mark.parametrize("width", [50, 60, 80, 120])
@pytest.mark.parametrize("metric", METRICS)
def test_no_name_of_a_metric_takes_the_room_of_its_score(metric, width):
    console = make_console(width=width)
    with show_progress({"TuneXGBoost": METRICS[metric]}, console=console) as live:
        live.step_changed("TuneXGBoost", "Tuning", "Executing", "")
        live.trial_finished("TuneXGBoost", 2, 20, 0.91234, 0.91234)
        row = drawn(live, console)[0]
    assert "1/20" in row
    assert "0.9123" in row
    assert row.rstrip().endswith(" s")
    assert len(row) <= width - 3
