"""Work in a child: its result, its refusals, its limits, and that none of it stays."""

from __future__ import annotations

import ast
import os
import posix
import signal
import time
from pathlib import Path

import pytest

from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.isolation import work_apart

MEGABYTE = 2**20


def apart(work, memory=64 * MEGABYTE, seconds=5) -> bytes:
    """What `work` writes; and no child is left, whatever becomes of it."""
    try:
        return work_apart(work, memory, seconds)
    finally:
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


def refusal(work, **limits) -> tuple[int, str]:
    with pytest.raises(RequestError) as caught:
        apart(work, **limits)
    assert len(caught.value.message.splitlines()) == 2
    return caught.value.status, caught.value.message


def test_what_is_written_comes_back() -> None:
    content = os.urandom(3 * MEGABYTE)
    assert apart(lambda sink: sink.write(content)) == content


def test_a_refusal_comes_back() -> None:
    def work(_sink):
        raise RequestError(406, "row 1, column 'área': wrong.\nSend it right.")

    assert refusal(work) == (406, "row 1, column 'área': wrong.\nSend it right.")


def test_another_failure_is_ours(capfd) -> None:
    with pytest.raises(RuntimeError):
        apart(lambda _sink: {}["key"])
    assert "KeyError" in capfd.readouterr().err


@pytest.mark.parametrize("size", [256 * MEGABYTE, 2**45])
def test_memory_has_a_limit(size) -> None:
    assert refusal(lambda _sink: bytearray(size))[0] == 413


def test_time_has_a_limit() -> None:
    assert refusal(lambda _sink: sum(range(10**12)), seconds=1)[0] == 413


def test_a_crash_is_the_body_s_fault() -> None:
    status, text = refusal(lambda _sink: os.kill(os.getpid(), signal.SIGSEGV))
    assert (status, text.splitlines()[0]) == (
        400,
        "The body is damaged: the library that unpacks it crashed.",
    )


def test_no_process_can_be_started(monkeypatch) -> None:
    def fork():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(posix, "fork", fork)
    before = descriptors()
    assert refusal(lambda _sink: None)[0] == 503
    assert descriptors() == before


def test_the_deadline_ends_the_child_too() -> None:
    def interrupt(*_args):
        raise RequestError(503, "The request took longer than 0.2 seconds.\nSend fewer rows.")

    before = signal.signal(signal.SIGALRM, interrupt)
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        assert refusal(lambda _sink: time.sleep(60))[0] == 503
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 30


def test_the_child_holds_no_socket_of_the_server() -> None:
    reading, writing = os.pipe()
    try:
        found = apart(lambda sink: sink.write(repr(descriptors()).encode()))
        assert not {str(reading), str(writing)} & {*ast.literal_eval(found.decode())}
    finally:
        os.close(reading)
        os.close(writing)


def descriptors() -> list[str]:
    """The numbers of this process's open files."""
    return [path.name for path in Path("/proc/self/fd").iterdir()]
