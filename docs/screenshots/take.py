"""Take the pictures of the README: a run in a terminal, and the report that it leaves.

`make screenshots` calls it. It runs the demo project for real in tmux, and shows the report to
headless Chromium; both come from Debian's packages `tmux` and `chromium`.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
SESSION = "screenshots"
COLUMNS, LINES = 100, 30
PROMPT = "$ "
DEADLINE_SECONDS = 300
# Some trials in, when bar, best score and time left say something; and with the prompt back.
UNDER_WAY = re.compile(r"TuneXGBoost .* (?:[5-9]|1\d)/20 .*left")
OVER = re.compile(r"^Report .*\n\$", re.MULTILINE)
BROWSER = (
    "chromium",
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"
VIEWS = {
    "report-light": ("--window-size=1280,1400", LIGHT),
    "report-dark": ("--window-size=1280,1400", DARK),
    "report-phone": ("--window-size=390,1400", LIGHT),
}


def main() -> None:
    """Take all pictures of the project named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path, help="a generated project that has been set up")
    project = parser.parse_args().project.resolve()
    for tool in ("tmux", BROWSER[0]):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed.\nInstall Debian's package of that name.")
    photograph_run(project)
    photograph_report(project)


def photograph_run(project: Path) -> None:
    """Draw the terminal in the middle of a run, and at its end."""
    size = ["-x", str(COLUMNS), "-y", str(LINES)]
    tmux("-f", "/dev/null", "new-session", "-d", "-s", SESSION, *size, "-c", str(project), shell())
    try:
        tmux("send-keys", "-t", SESSION, "clear; pipeline run --no-cache", "Enter")
        draw(wait_for(UNDER_WAY), "run", "pipeline run")
        draw(wait_for(OVER), "finished", "pipeline run")
    finally:
        tmux("kill-session", "-t", SESSION)


def shell() -> str:
    """A shell without anybody's settings, in which the project's commands are found."""
    path = 'PATH="$PWD/.venv/bin:$PATH"'
    return f"env {path} PS1='{PROMPT}' TERM=xterm-256color bash --norc --noprofile"


def tmux(*arguments: str) -> str:
    """Call tmux and return what it prints."""
    command = ["tmux", "-L", SESSION, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wait_for(condition: re.Pattern[str]) -> str:
    """Return the screen, with its colours, once it matches.

    Raises:
        SystemExit: It does not within `DEADLINE_SECONDS`.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        screen = tmux("capture-pane", "-e", "-p", "-t", SESSION)
        if condition.search(Text.from_ansi(screen).plain):
            return screen
        time.sleep(0.2)
    sys.exit(f"The terminal did not come to show {condition.pattern!r}; it shows:\n{screen}")


def draw(screen: str, name: str, title: str) -> None:
    """Write a screen as a picture that needs no font of the network."""
    text = Text.from_ansi(screen.rstrip())
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(text, highlight=False)
    picture = console.export_svg(title=title, unique_id=name)
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    (HERE / f"{name}.svg").write_text(
        picture.replace("Fira Code", "ui-monospace"), encoding="utf-8"
    )


def photograph_report(project: Path) -> None:
    """Show the report of the latest execution to a browser, in every view."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        pipeline = project / ".venv/bin/pipeline"
        subprocess.run([pipeline, "report", "--output", page], cwd=project, check=True)
        for name, view in VIEWS.items():
            target = f"--screenshot={HERE / name}.png"
            profile = f"--user-data-dir={folder}/profile"
            command = [*BROWSER, profile, *view, target, page.as_uri()]
            subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
