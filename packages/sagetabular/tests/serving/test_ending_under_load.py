"""SIGTERM while clients ask: each connection is refused, or its request is answered."""

from __future__ import annotations

import http.client
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from running import Server, lay_out

pytestmark = pytest.mark.slow
HEADERS = {"Content-Type": "text/csv"}


@dataclass
class Tally:
    """What one client saw.

    Attributes:
        answers: Right ones.
        lost: What became of requests that were sent and not answered.
        slow: Seconds that the refusal took.
    """

    answers: int = 0
    lost: list[str] = field(default_factory=list)
    slow: float = 0.0


def ask(port: int, *, keep: bool, body: bytes = b"1,2\n") -> Tally:
    """Ask until a connection is refused, on each for as long as it lives, or once."""
    tally, connection = Tally(), None
    while True:
        try:
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                began = time.monotonic()
                connection.connect()
        except ConnectionRefusedError:
            tally.slow = time.monotonic() - began
            return tally
        try:
            connection.request("POST", "/invocations", body, HEADERS)
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (200, b"3.0\n")
            tally.answers += 1
            ends = reply.will_close or not keep
        except (OSError, http.client.HTTPException) as err:
            tally.lost.append(repr(err))
            ends = True
        if ends:
            connection.close()
            connection = None


def end_under_load(server: Server, clients: int = 8) -> list[Tally]:
    """Send SIGTERM while clients ask, half of them on new connections each time."""
    with ThreadPoolExecutor(clients) as pool:
        tallies = [pool.submit(ask, server.port, keep=bool(n % 2)) for n in range(clients)]
        time.sleep(1)
        server.process.send_signal(signal.SIGTERM)
        return [tally.result(timeout=60) for tally in tallies]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_request_is_lost(tmp_path, workers) -> None:
    with Server(lay_out(tmp_path), MODEL_SERVER_WORKERS=workers) as server:
        server.wait()
        tallies = end_under_load(server)
        assert server.process.wait(timeout=40) == 0, server.errors
    assert [tally.lost for tally in tallies] == [[]] * len(tallies)
    assert min(tally.answers for tally in tallies) > 0
    assert max(tally.slow for tally in tallies) < 10
    assert server.errors == ""


def test_connections_that_came_while_the_worker_was_busy_are_answered(tmp_path) -> None:
    with Server(lay_out(tmp_path)) as server, ThreadPoolExecutor() as pool:
        server.wait()
        busy = pool.submit(server.post, "-1,3\n")
        while not (tmp_path / "asked").exists():
            time.sleep(0.01)
        waiting = [server.connect() for _ in range(300)]
        for connection in waiting:
            connection.request("POST", "/invocations", b"1,2\n", HEADERS)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        (tmp_path / "answer").touch()
        assert busy.result() == (200, "2.0\n")
        assert {connection.getresponse().read() for connection in waiting} == {b"3.0\n"}
        assert server.process.wait(timeout=40) == 0, server.errors


def test_the_port_is_free_while_the_last_answers_are_due(tmp_path) -> None:
    with Server(lay_out(tmp_path), MODEL_SERVER_WORKERS=2) as server:
        server.wait()
        half = server.connect()
        half.putrequest("POST", "/invocations")
        half.putheader("Content-Type", "text/csv")
        half.putheader("Content-Length", "4")
        half.endheaders(b"1,")
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        tally = ask(server.port, keep=False)
        assert (tally.answers, tally.lost) == (0, [])
        half.send(b"2\n")
        assert half.getresponse().read() == b"3.0\n"
        assert server.process.wait(timeout=40) == 0, server.errors
