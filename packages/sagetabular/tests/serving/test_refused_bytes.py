"""Bytes on a connection that are too many, or no HTTP."""

from __future__ import annotations

import pytest
from lines import PING, POST, ROW, Line

from sagetabular.serving.http.app import App
from sagetabular.serving.settings import ServerSettings


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
