"""Start and end of every job: the container's paths, exit codes and failure texts."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from sagetabular.jobs.errors import JobError, ProgramFailedError, StoppedError
from sagetabular.jobs.privileges import drop_privileges
from sagetabular.jobs.trials.hosts import HostError

USER_FAILURE = 2
OWN_FAILURE = 255
# SageMaker cuts `ExitMessage` and `FailureReason` here.
REASON_LIMIT = 1024


def base_dir() -> Path:
    """Return the root of the container's tree, `/opt/ml` unless `SAGEMAKER_BASE_DIR` moves it."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def run_job(
    job: Callable[[Sequence[str]], None], argv: Sequence[str], mistake_code: int = USER_FAILURE
) -> NoReturn:
    """Run a job and leave the process the way SageMaker expects.

    A `JobError` ends with exit code 2 and its text alone, a `StoppedError` with 128 and the number
    of the signal. Anything else that goes wrong ends with
    exit code 255: its first line is the reason SageMaker reports, its traceback stays in the log.
    A `HostError` ends the process at once, whatever its threads still do.

    Args:
        job: The job; takes the command line's arguments.
        argv: The arguments, without the program's name.
        mistake_code: Exit code of a `JobError`.

    Raises:
        SystemExit: Always, with the exit code.
    """
    try:
        drop_privileges(base_dir())
        job(argv)
    except HostError as error:
        print(error, file=sys.stderr, flush=True)
        _write_reason(str(error))
        os._exit(mistake_code)  # else the end would wait for the fits of this host
    except JobError as error:
        print(error, file=sys.stderr)
        _end(str(error), mistake_code)
    except ProgramFailedError as error:
        _end(error.reason, error.exit_code)
    except StoppedError as error:
        print(error, file=sys.stderr)
        _end(str(error), error.exit_code)
    except SystemExit as error:
        if error.code in (None, 0):  # --help
            raise
        # argparse has printed what it did not understand; the steps, not the user, wrote it.
        _end(f"The job stopped with {error.code!r}; its arguments were {[*argv]}.", OWN_FAILURE)
    except Exception as error:
        traceback.print_exc()
        _end(_first_line(error), OWN_FAILURE)
    sys.exit(0)


def _first_line(error: Exception) -> str:
    """Return the exception's type and the first line of its text."""
    text = str(error).strip().split("\n", maxsplit=1)[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _end(reason: str, code: int) -> NoReturn:
    _write_reason(reason)
    sys.exit(code)


def _write_reason(reason: str) -> None:
    """Write the reason where Processing and Training look for it."""
    output = base_dir() / "output"
    output.mkdir(parents=True, exist_ok=True)
    for name in ("message", "failure"):
        (output / name).write_text(reason[:REASON_LIMIT], encoding="utf-8")
