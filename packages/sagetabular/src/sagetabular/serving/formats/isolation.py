"""Work on what a stranger sent, in a child process that may take so much memory and no more.

A library that unpacks a file believes what the file says of itself, in a dozen places. None of
them has to be known here: the kernel refuses the child what is beyond its budget.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO, TypeAlias

    Work: TypeAlias = Callable[[BinaryIO], None]

# Exit codes of the child; what it wrote is the result, or the status and text of a refusal.
_DONE, _FAILED, _REFUSED, _TOO_MUCH = 0, 1, 3, 4
_SIZES = Path("/proc/self/statm")  # of this process, in pages; on Linux
_PIECE = 2**20
_STANDARD_ERROR = 2
_DAMAGED = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL"}


def work_apart(work: Work, memory: int, seconds: int) -> bytes:
    """Return what `work` writes, done by a fork of this process where the system can fork.

    Args:
        work: It writes its result into the file that it is given, at the end alone. It must need
            no thread, and change nothing that outlives it.
        memory: Bytes that the child may take beyond what this process has (Linux).
        seconds: Of the processor's time that it may take.

    Raises:
        RequestError: What `work` raised, or that it took more than it may (413), or that the
            system can start no process now (503).
        RuntimeError: `work` failed in another way; the traceback is on standard error.
    """
    if not hasattr(os, "fork"):
        work(result := io.BytesIO())
        return result.getvalue()
    # Not from `os`: gevent, with which AWS's own image serves, puts functions there that wait for a
    # loop which does not turn meanwhile.
    from posix import waitpid

    with _no_alarm():  # it would leave a child that nobody knows
        child, reading = _start(work, memory, seconds)
    try:
        with os.fdopen(reading, "rb", buffering=0) as answer:
            content = answer.read()
    except BaseException:
        with _no_alarm():
            os.kill(child, signal.SIGKILL)
            waitpid(child, 0)
        raise
    with _no_alarm():
        _, ending = waitpid(child, 0)
    return _result(os.waitstatus_to_exitcode(ending), content)


def _start(work: Work, memory: int, seconds: int) -> tuple[int, int]:
    """Return the number of a child that works, and where to read what it writes."""
    from posix import close, fork

    reading, writing = os.pipe()
    try:
        child = fork()
        if child == 0:
            _be_child(work, memory, seconds, writing)
    except OSError as err:
        close(reading)
        msg = f"The server can start no process to unpack the body: {err.strerror}.\n"
        raise RequestError(503, f"{msg}Ask again in a moment.") from err
    finally:
        close(writing)
    return child, reading


def _result(code: int, content: bytes) -> bytes:
    """Return what the child has done, or raise what became of it."""
    if code == _DONE:
        return content
    if code == _REFUSED:
        status, _, message = content.decode().partition(" ")
        raise RequestError(int(status), message)
    if code == _FAILED:
        msg = "a child process failed; its traceback is on standard error"
        raise RuntimeError(msg)
    if code < 0 and signal.Signals(-code).name in _DAMAGED:
        msg = "The body is damaged: the library that unpacks it crashed.\nSend a whole file."
        raise RequestError(400, msg)
    msg = "The body takes more memory or time to unpack than a request may have.\n"
    raise RequestError(413, f"{msg}Send fewer rows at once.")


def _be_child(work: Work, memory: int, seconds: int, writing: int) -> None:
    """Work, and never return into what the parent was doing."""
    code = _FAILED
    try:
        gc.disable()  # a collection would copy what is shared with the parent
        os.closerange(3, writing)  # sockets above all: a client must not wait for this process
        os.closerange(writing + 1, os.sysconf("SC_OPEN_MAX"))
        _limit(memory, seconds)
        with os.fdopen(writing, "wb", _PIECE) as result:
            code = _work(work, result)
    except MemoryError:
        code = _TOO_MUCH
    except BaseException:
        os.write(_STANDARD_ERROR, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _work(work: Work, result: BinaryIO) -> int:
    try:
        work(result)
    except RequestError as error:
        result.write(f"{error.status} {error.message}".encode(errors="replace"))
        return _REFUSED
    return _DONE


def _limit(memory: int, seconds: int) -> None:
    import resource  # not on Windows, which does not fork either

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if _SIZES.exists():
        size = int(_SIZES.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))


@contextlib.contextmanager
def _no_alarm() -> Iterator[None]:
    """Let the deadline of the request wait for a moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
