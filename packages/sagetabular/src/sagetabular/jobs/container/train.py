"""`train` of the project's image: what SageMaker starts for every training job.

The pipeline's jobs bring their program (script mode). Any other job gets the image's own model
code and the classic contract: see `classic`. Either runs as a child, so that an interruption ends
it cleanly however deep it is inside a library.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

from sagetabular.jobs.container.script_mode import (
    is_script_mode,
    script_command,
    script_environment,
    unpack_program,
)
from sagetabular.jobs.container.supervision import supervise
from sagetabular.jobs.errors import ProgramFailedError
from sagetabular.jobs.models.hyperparameters import read_hyperparameters
from sagetabular.jobs.runner import OWN_FAILURE, base_dir, run_job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CLASSIC = (sys.executable, "-m", "sagetabular.jobs.container.classic")
# Above the signal's number in an exit code, as shells have it.
_SIGNALLED = 128


def train(_argv: Sequence[str]) -> None:
    """Run the program that the hyperparameters ask for.

    Raises:
        JobError: The hyperparameters, or the archive that they name, break a rule.
        ProgramFailedError: The program did not end well.
    """
    base = base_dir()
    (base / "output").mkdir(parents=True, exist_ok=True)
    (base / "model").mkdir(exist_ok=True)
    values = read_hyperparameters(base)
    if is_script_mode(values):
        program = unpack_program(base, values)
        command, environment = script_command(program, values), script_environment(base, values)
        code = supervise(command, base / "code", environment)
    else:
        code = supervise(_CLASSIC, base, os.environ)
    if code < 0:
        _empty(base / "model")
        raise ProgramFailedError(_killed(-code), _SIGNALLED - code)
    if code > 0:
        raise ProgramFailedError(_reason(base, code), code)


def _killed(number: int) -> str:
    name = signal.Signals(number).name
    if number in (signal.SIGTERM, signal.SIGINT):
        return f"Stopped by {name} before the end; no model was kept."
    hint = "the usual cause is too little memory" if number == signal.SIGKILL else "see the log"
    return f"The program was killed by {name} ({hint}); no model was kept."


def _reason(base: Path, code: int) -> str:
    """Return what the program has left as its reason, else how it ended."""
    failure = base / "output/failure"
    text = failure.read_text(encoding="utf-8", errors="replace") if failure.is_file() else ""
    return text.strip() or f"The program ended with exit code {code}; see the log."


def _empty(folder: Path) -> None:
    """Remove what a killed program has left: it may be half written."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def main() -> None:
    """Run as a training job; an error in the request ends with 255, like any other failure."""
    run_job(train, (), mistake_code=OWN_FAILURE)


if __name__ == "__main__":
    main()
