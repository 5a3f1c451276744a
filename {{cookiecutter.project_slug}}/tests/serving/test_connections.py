"""HTTP on a connection, byte by byte, with a transport that only notes what it is told."""

from __future__ import annotations

import asyncio
import json
import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.serving.app import App
from pipelines.serving.connections import Connections
from pipelines.serving.settings import ServerSettings

POST = b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n%b"
ROW = b"1,2,3\n"
PING = b"GET /ping HTTP/1.1\r\n\r\n"


class Transport(asyncio.Transport):
    """Notes what is written, and whether the connection is open and read."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed, self.reads = b"", False, True

    def write(self, data) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.closed
        self.reads = True


class Line:
    """A connection to an application, and what came back on it."""

    def __init__(self, app: App, **settings) -> None:
        self.shared = Connections(app, **{"limit": 1000, "timeout": 60.0, **settings})
        self.connection, self.transport = self.shared.accept(), Transport()
        self.connection.connection_made(self.transport)

    def send(self, *pieces: bytes) -> Line:
        for piece in pieces:
            self.connection.data_received(piece)
        return self

    def look(self, later: float) -> Line:
        """Look as a worker does, some seconds later."""
        self.connection.look(time.perf_counter() + later)
        return self

    @property
    def statuses(self) -> list[int]:
        return [status for status, _head, _body in self.replies]

    @property
    def replies(self) -> list[tuple[int, str, bytes]]:
        """Status, head and body of every answer, read as a client reads them."""
        rest, replies = self.transport.written, []
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            text = head.decode()
            length = re.search(r"content-length: (\d+)", text)
            size = int(length[1]) if length else 0
            replies.append((int(text.split()[1]), text, rest[:size]))
            rest = rest[size:]
        return replies


@pytest.fixture
def line(clients) -> Line:
    """A connection to an application with a model."""
    return Line(App(ServerSettings("unused"), clients["decision_tree"].app.model))


@pytest.fixture
def expected(client) -> bytes:
    """The answer to `ROW`."""
    return client.post(ROW).body


def test_an_answer_has_the_headers_that_clients_need(line, expected) -> None:
    ((status, head, body),) = line.send(POST % (len(ROW), ROW)).replies
    assert (status, body) == (200, expected)
    names = [header.partition(":")[0] for header in head.split("\r\n")[1:]]
    assert names == ["date", "content-type", "content-length"]
    assert not line.transport.closed


def test_requests_are_answered_however_their_bytes_are_cut(clients, expected) -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\n1,2\r\n3\r\n,3\n\r\n0\r\nX-After: 1\r\n\r\n"
    sent = b"".join(
        [
            POST % (len(ROW), ROW),
            b"GET /%70ing?x=1 HTTP/1.1\r\n\r\n",
            b"POST http://h/invocations HTTP/1.1\r\nContent-Type: text/csv\r\n" + chunked,
            b"GET /other HTTP/1.1\r\n\r\n",
        ]
    )
    app = App(ServerSettings("unused"), clients["decision_tree"].app.model)

    @given(st.lists(st.integers(0, len(sent)), max_size=20))
    def check(cuts) -> None:
        line, places = Line(app), [0, *sorted(cuts), len(sent)]
        line.send(*(sent[a:b] for a, b in pairwise(places)))
        assert line.statuses == [200, 200, 200, 404]
        assert [body for _status, _head, body in line.replies][:3] == [expected, b"\n", expected]

    check()


def test_a_body_above_the_limit_is_refused_at_once_and_the_connection_lives_on(line) -> None:
    line.send(b"POST /invocations HTTP/1.1\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
    assert line.statuses == [413]
    line.send(b"1" * 1000, b"1", PING)
    assert line.statuses == [413, 200]
    assert "SAGEMAKER_MAX_PAYLOAD_IN_MB" in line.replies[0][2].decode()


def test_a_length_beyond_all_numbers_is_refused(line) -> None:
    line.send(b"POST /invocations HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
    assert line.statuses[0] in (400, 413)


def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_large(line) -> None:
    head = b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"fa\r\n" + b"1" * 250 + b"\r\n"
    line.send(head, piece, piece, piece, piece)
    assert line.statuses == []
    line.send(b"1\r\n1\r\n")
    assert line.statuses == [413]
    line.send(piece, b"0\r\n\r\n", PING)
    assert line.statuses == [413, 200]


def test_a_client_that_asks_first_is_told_to_go_on(line) -> None:
    head = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    line.send(head % (len(ROW), b""))
    assert line.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(ROW)
    assert line.statuses == [100, 200]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\n: x\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_ends_the_connection(line, sent) -> None:
    assert line.send(sent, PING).statuses == [400]
    assert line.transport.closed


@pytest.mark.parametrize("before", [b"GET /ping HTTP/1.1\r\nX: ", PING[:-2] + b"X: "])
def test_a_head_without_end_is_refused(line, before) -> None:
    line.send(before, *[b"x" * 1000] * 70)
    assert line.statuses == [431]
    assert line.transport.closed


def test_what_follows_a_body_without_end_is_refused(line) -> None:
    head = b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "
    assert line.send(head, *[b"x" * 1000] * 70).statuses == [431]


def test_a_body_as_large_as_the_limit_allows_is_no_long_head(clients) -> None:
    app = App(ServerSettings("unused"), clients["decision_tree"].app.model)
    line, body = Line(app, limit=10**6), ROW * 100_000
    sent = POST % (len(body), body)
    line.send(*(sent[at : at + 60_000] for at in range(0, len(sent), 60_000)))
    assert line.send(sent).statuses == [200, 200]


@pytest.mark.parametrize(
    ("sent", "closed", "said"),
    [
        (b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n", True, "connection: close"),
        (b"GET /ping HTTP/1.0\r\n\r\n", True, "connection: close"),
        (b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False, "connection: keep-alive"),
        (b"GET /ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", True, "close"),
        (PING, False, ""),
    ],
)
def test_the_connection_lasts_as_long_as_the_client_wants(line, sent, closed, said) -> None:
    line.send(sent)
    assert (line.statuses, line.transport.closed) == ([200], closed)
    assert said in line.replies[0][1]
    assert line.send(PING).statuses == ([200] if closed else [200, 200])


def test_headers_that_come_twice_count_together(line) -> None:
    twice = b"\r\nAccept: application/json\r\naccept: image/png\r\n\r\n"
    line.send(POST.replace(b"\r\n\r\n", twice) % (len(ROW), ROW))
    assert line.statuses == [200]
    assert "content-type: application/json" in line.replies[0][1]


def test_an_answer_to_head_has_no_body(line) -> None:
    line.send(b"HEAD /ping HTTP/1.1\r\n\r\n")
    assert line.transport.written.startswith(b"HTTP/1.1 405 ")
    assert line.transport.written.endswith(b"\r\n\r\n")


def test_what_does_not_arrive_in_time_is_given_up(line) -> None:
    line.send((POST % (len(ROW), ROW))[:-2]).look(59)
    assert (line.statuses, line.transport.closed) == ([], False)
    line.look(61)
    assert (line.statuses, line.transport.closed) == ([408], True)


def test_an_idle_connection_is_closed_after_a_while_without_a_word(line) -> None:
    line.send(PING).look(74)
    assert not line.transport.closed
    line.look(76)
    assert (line.statuses, line.transport.closed) == ([200], True)


def test_requests_wait_in_order_while_the_model_is_being_loaded(clients, expected) -> None:
    app = App(ServerSettings("unused"))
    line = Line(app).send(PING, POST % (len(ROW), ROW), PING)
    assert (line.statuses, line.transport.reads) == ([503], False)
    assert line.connection.eof_received()
    app.model = clients["decision_tree"].app.model
    line.look(0)
    assert (line.statuses, line.transport.reads) == ([503, 200, 200], True)
    assert line.replies[1][2] == expected
    assert not line.connection.eof_received()


def test_a_client_that_has_gone_gets_no_answer(clients) -> None:
    app = App(ServerSettings("unused"))
    line = Line(app).send(POST % (len(ROW), ROW))
    line.connection.connection_lost(None)
    app.model = clients["decision_tree"].app.model
    assert line.look(0).statuses == []
    assert line.shared.open == set()


def test_a_client_that_fetches_no_answers_may_ask_no_more(line) -> None:
    line.connection.pause_writing()
    assert not line.transport.reads
    line.connection.resume_writing()
    assert line.transport.reads


def test_draining_answers_what_still_comes_and_then_closes(line) -> None:
    async def drain() -> None:
        draining = asyncio.create_task(line.shared.drain(10))
        await asyncio.sleep(0.1)
        assert not line.transport.closed
        line.send(PING)
        assert line.transport.closed
        line.connection.connection_lost(None)
        await asyncio.wait_for(draining, 5)

    asyncio.run(drain())
    assert "connection: close" in line.replies[0][1]


def test_draining_closes_an_idle_connection_after_a_while_and_never_waits_for_ever(line) -> None:
    line.shared.linger = 0.1
    began = time.perf_counter()
    asyncio.run(line.shared.drain(0.5))  # nobody tells that the connection is lost
    assert line.transport.closed
    assert 0.4 < time.perf_counter() - began < 5


def test_each_request_is_one_line_of_json(line, capfd) -> None:
    line.send(POST % (len(ROW), ROW), POST % (4, b"1,2\n"), PING, b'GET /" HTTP/1.1\r\n\r\n')
    line.shared.app.log.flush()
    good, bad, lost = map(json.loads, capfd.readouterr().out.splitlines())
    assert {**good, "time": 0, "ms": 0} == {
        "time": 0,
        "method": "POST",
        "path": "/invocations",
        "status": 200,
        "rows": 1,
        "bytes": len(ROW),
        "ms": 0,
    }
    assert (bad["status"], bad["rows"]) == (400, 0)
    assert (lost["status"], lost["path"]) == (404, '/"')
    assert 0 < good["ms"] < 1000
