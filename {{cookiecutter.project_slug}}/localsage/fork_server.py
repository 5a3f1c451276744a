"""The fork server: a process that has loaded the libraries of a job, and forks a child for each.

`localsage.fork_client` starts this file as a program, so it knows the standard library alone.
Only libraries are loaded here: a job's own code runs in its child, so nothing of it stays behind.
The server has one thread, since a child inherits every lock but only the thread that forked.

Every message on the control socket brings a connection for one job. The client writes a line of
JSON (`arguments`, `environment`, `folder`, `log`) into it, then bytes that are numbers of signals
for the job's process group. It is answered with two lines: process number and exit code.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import json
import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

READY, UNFIT = b"+", b"-"


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


class Server:
    """Forks, signals and reaps jobs until the control socket is closed."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._jobs: dict[int, socket.socket] = {}
        self._wake, self._wakened = os.pipe()
        os.set_blocking(self._wakened, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler is what makes it wake
        signal.set_wakeup_fd(self._wakened)

    def serve(self) -> dict[str, Any] | None:
        """Return in each child with its job, and in the server with None when it is to end."""
        while True:
            sources: list[Any] = [self._control, self._wake, *self._jobs.values()]
            ready, _, _ = select.select(sources, [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
            for pid, connection in list(self._jobs.items()):
                if connection in ready:
                    self._signal(pid, _receive(connection) or bytes([signal.SIGKILL]))
                self._reap(pid)
            if self._control in ready:
                message, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
                if not message:
                    for pid in self._jobs:
                        self._signal(pid, bytes([signal.SIGKILL]))
                    return None
                job = self._start(socket.socket(fileno=descriptors[0]))
                if job is not None:
                    return job

    def _start(self, connection: socket.socket) -> dict[str, Any] | None:
        received = b""
        while b"\n" not in received:
            chunk = _receive(connection)
            if not chunk:
                connection.close()
                return None
            received += chunk
        line, _, signals = received.partition(b"\n")
        job: dict[str, Any] = json.loads(line)
        try:
            pid = os.fork()
        except OSError:  # the client finds out why when it starts a process instead
            connection.close()
            return None
        if pid == 0:
            os.setpgid(0, 0)
            connection.close()
            self._leave()
            return job
        with suppress(OSError):  # the child was faster, and may even have ended
            os.setpgid(pid, pid)
        self._jobs[pid] = connection
        self._answer(connection, pid)
        self._signal(pid, signals)
        return None

    def _leave(self) -> None:
        """Drop, in a child, all that belongs to the server."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for connection in (self._control, *self._jobs.values()):
            connection.close()
        os.close(self._wake)
        os.close(self._wakened)

    def _signal(self, pid: int, numbers: bytes) -> None:
        for number in numbers:
            with suppress(ProcessLookupError):
                os.killpg(pid, number)

    def _reap(self, pid: int) -> None:
        """Answer for a job that has ended; what it left running is killed."""
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
        # Before the process is reaped, while its number cannot belong to another one.
        self._signal(pid, bytes([signal.SIGKILL]))
        _, status = os.waitpid(pid, 0)
        connection = self._jobs.pop(pid)
        self._answer(connection, os.waitstatus_to_exitcode(status))
        connection.close()

    def _answer(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):  # the client is gone
            connection.sendall(f"{number}\n".encode())


def _receive(connection: socket.socket) -> bytes:
    """Return what has come; nothing when the client is gone, and wants its job no more."""
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def enter(job: dict[str, Any]) -> None:
    """Give this child the environment, folder, log and module path of its job."""
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
    if "numpy.random" in sys.modules:
        # Its global generator was seeded once, in the server; Python's own sees to itself.
        sys.modules["numpy.random"].seed()


def run_program() -> int:
    """Run the program as `__main__`; return its exit code, or minus the signal to die of."""
    main = ModuleType("__main__")
    main.__file__ = sys.argv[0]
    main.__loader__ = SourceFileLoader("__main__", sys.argv[0])
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    try:
        source = Path(sys.argv[0]).read_bytes()
        code = compile(source, sys.argv[0], "exec", dont_inherit=True)
        exec(code, main.__dict__)  # noqa: S102 - running the user's code is the purpose
    except SystemExit as error:
        return _exit_code(error.code)
    except BaseException as error:
        if error.__traceback__:  # without the frame of this function
            error = error.with_traceback(error.__traceback__.tb_next)
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


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


def main() -> None:
    """Load the libraries, say whether that left a process fit to fork, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    del sys.path[0]  # the folder of this file
    loaded = load_libraries(json.loads(sys.argv[2]))
    gc.collect()
    gc.freeze()
    os.chdir("/")
    if not loaded or len(list(Path("/proc/self/task").iterdir())) > 1:
        control.send(UNFIT)
        return
    control.send(READY)
    job = Server(control).serve()
    if job is not None:
        enter(job)
        end(run_program())


if __name__ == "__main__":
    main()
