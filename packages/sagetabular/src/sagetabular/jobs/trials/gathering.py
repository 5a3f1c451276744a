"""Fold results from all hosts of a job, brought together on the first one.

Every other host connects to it and sends one line of JSON after another: its name, a result for
each of its folds, and that it is done or why it is not. Numbers survive this to the last bit. The
end of a connection before that is the end of its host.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TextIO

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.trials.hosts import HostError, address_of
from sagetabular.jobs.trials.validation import FoldResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sagetabular.jobs.trials.hosts import Hosts

# Instances of one job start minutes apart, and their names resolve when they do.
MEETING_SECONDS = 300.0
# A machine that is gone without a word is noticed after three of these.
_SILENCE_SECONDS = 10
_RETRY_SECONDS = 0.2
_LOOK = "Look at that host's log; the job can be started again as it is."

# Results, the names of hosts that are done, and why something is not.
Arrived = SimpleQueue["FoldResult | str | BaseException"]


def gather(
    hosts: Hosts, folds: Sequence[int], own: Iterable[FoldResult], seconds: float = MEETING_SECONDS
) -> Iterator[FoldResult]:
    """Yield the results of all hosts, on the first one, in the order of the folds.

    Args:
        hosts: The hosts of the job, of which this is the first.
        folds: Numbers of all folds.
        own: This host's results, each computed when it is asked for.
        seconds: How long the other hosts may take to connect.

    Raises:
        HostError: Another host failed, ended too soon or did not connect.
        JobError: A score of this host is undefined.
    """
    arrived: Arrived = SimpleQueue()
    early: dict[int, FoldResult] = {}
    talking = set(hosts.followers)
    with _retry(lambda: socket.create_server(address_of(hosts.leader)), seconds) as server:
        _start(arrived, partial(_put_all, arrived, own))
        _start(arrived, partial(_meet, arrived, server, hosts, time.monotonic() + seconds))
        for fold in folds:
            while fold not in early:
                _take(arrived, early, talking)
            yield early.pop(fold)
        while talking:  # a host that is not answered would think that this one has died
            _take(arrived, early, talking)


def report(hosts: Hosts, own: Iterable[FoldResult], seconds: float = MEETING_SECONDS) -> None:
    """Send this host's results to the first host, and stay until it has them all.

    Raises:
        HostError: The first host cannot be reached, or has ended.
        JobError: A score is undefined; the first host learns of it.
    """
    try:
        with (
            _retry(lambda: socket.create_connection(address_of(hosts.leader)), seconds) as leader,
            leader.makefile("rw", encoding="utf-8") as lines,
        ):
            _send(lines, host=hosts.current)
            with _told(lines):
                for result in own:
                    _send(lines, **result.fields())
            _send(lines, done=True)
            if not lines.readline():
                raise ConnectionError
    except OSError as err:
        msg = f"Host {hosts.leader} has ended before it had the scores of {hosts.current}."
        raise HostError(msg, _LOOK) from err


def _take(arrived: Arrived, early: dict[int, FoldResult], talking: set[str]) -> None:
    """Note the next thing that arrives."""
    match arrived.get():
        case BaseException() as failure:
            raise failure
        case str() as host:
            talking.discard(host)
        case result:
            early[result.fold] = result


@contextmanager
def _told(lines: TextIO) -> Iterator[None]:
    """Let the first host know why this one fails."""
    try:
        yield
    except JobError as error:
        _send(lines, failed=[error.message, error.remedy])
        raise


def _meet(arrived: Arrived, server: socket.socket, hosts: Hosts, deadline: float) -> None:
    """Listen to the other hosts as they connect; whoever else connects is not heard."""
    missing = set(hosts.followers)
    while missing:
        server.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            connection, _ = server.accept()
        except TimeoutError as err:
            msg = f"Host {', '.join(sorted(missing))} has not reported to {hosts.leader} in time."
            raise HostError(msg, _LOOK) from err
        connection.settimeout(_SILENCE_SECONDS)
        _notice_death(connection)
        lines = connection.makefile("rw", encoding="utf-8")
        host = _host_of(lines)
        if host not in missing:
            lines.close()
            connection.close()
            continue
        missing.remove(host)
        connection.settimeout(None)
        _start(arrived, partial(_listen, arrived, host, lines))


def _host_of(lines: TextIO) -> str:
    try:
        return str(json.loads(lines.readline())["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _listen(arrived: Arrived, host: str, lines: TextIO) -> None:
    """Pass on what a host sends until it is done."""
    try:
        while not (message := json.loads(lines.readline() or "{}")).get("done"):
            if "failed" in message:
                text, remedy = message["failed"]
                raise HostError(f"Host {host}: {text}", remedy)
            if "fold" not in message:
                raise ConnectionError
            arrived.put(FoldResult.from_fields(message))
        _send(lines, heard=True)
        arrived.put(host)
    except (OSError, ValueError) as err:
        msg = f"Host {host} has ended before all of its folds were scored."
        raise HostError(msg, _LOOK) from err


def _put_all(arrived: Arrived, results: Iterable[FoldResult]) -> None:
    for result in results:
        arrived.put(result)


def _start(arrived: Arrived, work: Callable[[], None]) -> None:
    """Do something beside the rest; its failure arrives where results do."""

    def run() -> None:
        try:
            work()
        except BaseException as error:
            arrived.put(error)

    Thread(target=run, daemon=True).start()


def _retry(connect: Callable[[], socket.socket], seconds: float) -> socket.socket:
    """Connect, again and again until it works or the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return connect()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _notice_death(connection: socket.socket) -> None:
    """Have the kernel ask whether the other machine is still there."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"):
        if hasattr(socket, name):  # not everywhere
            value = 3 if name == "TCP_KEEPCNT" else _SILENCE_SECONDS
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _send(lines: TextIO, **message: Any) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()
