"""Loading before jobs are forked: libraries and, where asked for, what all jobs share."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from .children import enter, execute


def load_libraries(imports: list[tuple[str, list[str]]]) -> bool:
    """Import modules, each with the names wanted of it, which may be modules themselves.

    What is not installed is left to the job, which fails exactly as it would have anyway.

    Returns:
        Whether the rest went well; a library that failed half-way might look otherwise to a child
        than to a fresh interpreter.
    """
    for module, names in imports:
        try:
            __import__(module, fromlist=names)
        except ModuleNotFoundError as error:
            if error.name != module.partition(".")[0]:
                return False
        except BaseException:  # whatever a library does when it is imported
            return False
    return True


def prepare(job: dict[str, Any]) -> bool:
    """Call `prepare()` of the program in `job`, in this process; return whether it went well.

    Environment, folder and module path are afterwards what they were: each job gets its own.
    """
    environment, path, arguments = dict(os.environ), [*sys.path], sys.argv
    try:
        enter(job)
        execute("prepared_program").prepare()
    except BaseException:  # whatever the user's code does; the jobs will meet it, too
        traceback.print_exc()
        return False
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:], sys.argv = path, arguments
    return is_fit_to_fork()


def is_fit_to_fork() -> bool:
    """Return whether this process has one thread; what it has loaded is no longer collected.

    A collection would write to the memory of every object, which a child then has to copy.
    """
    gc.collect()
    gc.freeze()
    os.chdir("/")
    return len(list(Path("/proc/self/task").iterdir())) == 1
