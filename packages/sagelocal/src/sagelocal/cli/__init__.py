"""The command `sagelocal`: runs a pipeline definition, and shows what ran.

Exit codes: 0 done, 1 the execution failed, 2 an error in what was asked, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from sagelocal.cli import commands
from sagelocal.cli.arguments import UsageError, parse_arguments
from sagelocal.errors import SageLocalError

ERROR, STOPPED, PIPE_CLOSED = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; the user's errors become lines on stderr.

    Args:
        arguments: What follows the command's name; by default those of this process.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a log may hold what the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        parsed = parse_arguments(arguments)
        code: int = getattr(commands, parsed.command)(parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _end("Stopped.", STOPPED)
    except BrokenPipeError:  # such as `sagelocal logs ID | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except (SageLocalError, UsageError) as error:
        return _end(str(error), ERROR)
    except OSError as error:
        return _end(_without_errno(error), ERROR)
    return code


def _end(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _without_errno(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    remedy = "Check the folder's permissions and free space, or choose another with --home."
    return f"{error.strerror or error}{where}.\n{remedy}"
