"""A job in its child: what it is given, how it runs, and how it ends."""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import os
import signal
import sys
import threading
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn


def enter(job: dict[str, Any]) -> None:
    """Set the environment, folder, log and module path of this child to those of its job."""
    log = os.open(job["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    program = job["arguments"][0]
    own = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:0] = [str(Path(program).parent), *own]
    sys.argv = job["arguments"]
    sys.executable = job["interpreter"]  # for what the job starts
    if "numpy.random" in sys.modules:
        # Its global generator was seeded once, in the server; Python's own sees to itself.
        sys.modules["numpy.random"].seed()


def run_program() -> int:
    """Run the program as `__main__`; return its exit code, or minus the signal to die of."""
    try:
        execute("__main__")
    except SystemExit as error:
        return _exit_code(error.code)
    except BaseException as error:
        if error.__traceback__ and error.__traceback__.tb_next:  # without the frames of this file
            error = error.with_traceback(error.__traceback__.tb_next.tb_next)
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def execute(name: str) -> ModuleType:
    """Execute the program as the module `name` and return that."""
    path = sys.argv[0]
    module = ModuleType(name)
    module.__file__ = path
    module.__loader__ = SourceFileLoader(name, path)
    module.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules[name] = module
    code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 - running the user's code is the purpose
    return module


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def end(code: int) -> NoReturn:
    """End this child as an interpreter ends, but without taking the libraries apart.

    That would copy nearly all of the memory shared with the server, for 80 ms of nothing.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    for thing in gc.get_objects():  # only the job's own: the server's are frozen
        if isinstance(thing, io.TextIOWrapper | io.BufferedWriter) and not thing.closed:
            with suppress(OSError, ValueError):
                thing.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        signal.raise_signal(-code)
    os._exit(code)
