"""What HTTP/1.1 asks of a server, over sockets, with both event loops."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import time
from importlib.util import find_spec

import pytest

from sagetabular.serving.http.app import App
from sagetabular.serving.settings import ServerSettings
from sagetabular.serving.worker import Connections

ROW = b"1,2,3\n"
HEAD = b"POST /invocations HTTP/1.1\r\nHost: h\r\nContent-Type: text/csv\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(ROW)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"3\r\n1,2\r\n3\r\n,3\n\r\n0\r\n"
# What Java's HttpClient sends with the first request to a server without TLS.
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LAST = b"GET /ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
LOOPS = {"asyncio": asyncio.new_event_loop}
if find_spec("uvloop"):  # not on Windows
    import uvloop

    LOOPS["uvloop"] = uvloop.new_event_loop


@pytest.fixture(params=LOOPS)
def run(request):
    """Run a coroutine on each event loop."""

    def run(coroutine):
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(asyncio.wait_for(coroutine, 60))

    return run


@pytest.fixture
def shared(clients) -> Connections:
    """The connections to an application with a model."""
    app = App(ServerSettings("unused"), clients["decision_tree"].app.model)
    return Connections(app, limit=10**6, timeout=60.0)


@pytest.fixture
def exchange(run, shared):
    """Send pieces, then a last request that ends the connection; returns all that came back."""

    async def send(pieces: tuple[bytes, ...]) -> bytes:
        server = await asyncio.get_running_loop().create_server(shared.accept, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in (*pieces, LAST):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that pieces arrive by themselves, if they can
        answer = await reader.read()
        writer.close()
        server.close()
        return answer

    return lambda *pieces: run(send(pieces))


def statuses(answers: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", answers)]


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + OFFER + LENGTH + b"\r\n" + ROW],
        [HEAD + OFFER + LENGTH + b"\r\n", ROW],
        [HEAD + OFFER, LENGTH + b"\r\n" + ROW[:2], ROW[2:]],
        [HEAD + OFFER + CHUNKED + b"\r\n" + CHUNKS + b"\r\n"],
    ],
)
def test_an_offer_of_another_protocol_is_declined_by_answering(exchange, client, pieces) -> None:
    answers = exchange(*pieces)
    assert statuses(answers) == [200, 200]
    assert client.post(ROW).body in answers


def test_offers_are_declined_in_every_request_of_a_connection(exchange) -> None:
    asks = b"Expect: 100-continue\r\n"
    request = HEAD + OFFER + asks + LENGTH + b"\r\n" + ROW
    assert statuses(exchange(request * 2000)) == [100, 200] * 2000 + [200]
    ping = LAST.replace(b"close", b"Upgrade").replace(
        b"\r\n\r\n", b"\r\nUpgrade: websocket\r\n\r\n"
    )
    assert statuses(exchange(ping, ping)) == [200, 200, 200]


def test_connect_is_refused_and_what_follows_is_not_for_this_server(exchange) -> None:
    assert statuses(exchange(b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n" + LAST)) == [404]


def test_what_follows_a_body_changes_nothing_about_its_request(exchange, client) -> None:
    after = b"Content-Type: application/json\r\nAccept: application/json\r\n\r\n"
    answers = exchange(HEAD + CHUNKED + b"\r\n" + CHUNKS + after)
    assert statuses(answers) == [200, 200]
    assert client.post(ROW).body in answers


def test_a_client_of_http_1_0_is_not_told_to_go_on(exchange) -> None:
    head = HEAD.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\n"
    assert statuses(exchange(head + LENGTH + b"\r\n" + ROW)) == [200]


@pytest.mark.parametrize(
    ("header", "status"), [(b"Content-Encoding: gzip", 415), (b"Transfer-Encoding: gzip,", 501)]
)
def test_a_compressed_body_is_refused_by_that_name(exchange, header, status) -> None:
    body = gzip.compress(ROW)
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    separate = b"" if header.endswith(b",") else b"\r\nTransfer-Encoding:"
    answers = exchange(HEAD + header + separate + b" chunked\r\n\r\n" + framed)
    assert statuses(answers) == [status, 200]
    assert b"not compressed" in answers


def test_a_client_that_never_fetches_its_answers_is_dropped(run, shared) -> None:
    shared.timeout = 0.2
    request = HEAD + b"Content-Length: 600000\r\n\r\n" + ROW * 100_000

    async def ask() -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(shared.accept, "127.0.0.1", 0)
        with socket.socket() as silent:
            silent.setblocking(False)
            await loop.sock_connect(silent, server.sockets[0].getsockname())
            sending = asyncio.create_task(loop.sock_sendall(silent, request * 100))
            while not shared.open:
                await asyncio.sleep(0.01)
            end = time.monotonic() + 30
            while shared.open and time.monotonic() < end:
                await asyncio.sleep(0.05)
                shared.look()
            left = len(shared.open)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        server.close()
        return left

    assert run(ask()) == 0
