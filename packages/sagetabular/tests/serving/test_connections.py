"""HTTP on a connection, byte by byte: what is answered, and how."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines import PING, POST, ROW, Line

from sagetabular.serving.http.app import App
from sagetabular.serving.settings import ServerSettings


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

    @settings(deadline=None)  # other tests may keep the machine busy
    @given(st.lists(st.integers(0, len(sent)), max_size=20))
    def check(cuts) -> None:
        line, places = Line(app), [0, *sorted(cuts), len(sent)]
        line.send(*(sent[a:b] for a, b in pairwise(places)))
        assert line.statuses == [200, 200, 200, 404]
        assert [body for _status, _head, body in line.replies][:3] == [expected, b"\n", expected]

    check()


def test_a_client_that_asks_first_is_told_to_go_on(line) -> None:
    head = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    line.send(head % (len(ROW), b""))
    assert line.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(ROW)
    assert line.statuses == [100, 200]


@pytest.mark.parametrize(
    ("sent", "closed", "said"),
    [
        (b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n", True, "connection: close"),
        (b"GET /ping HTTP/1.0\r\n\r\n", True, "connection: close"),
        (b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False, "connection: keep-alive"),
        (b"GET /ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", False, ""),
        (b"GET /ping HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", True, "close"),
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


def test_each_request_is_one_line_of_json(line, capfd) -> None:
    began = time.perf_counter()
    line.send(POST % (len(ROW), ROW), POST % (4, b"1,2\n"), PING, b'GET /" HTTP/1.1\r\n\r\n')
    taken = time.perf_counter() - began
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
    assert 0 < good["ms"] <= taken * 1000
