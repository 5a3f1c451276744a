"""The server as processes: how it starts, drains, recovers and ends."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from running import Server, free_port, lay_out

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with one worker and a short timeout."""
    root = lay_out(tmp_path_factory.mktemp("server"))
    limits = {"MODEL_SERVER_TIMEOUT": 2, "SAGEMAKER_MAX_PAYLOAD_IN_MB": 1}
    with Server(root, **limits) as running:
        yield running.wait()


def test_it_answers_over_a_socket_and_logs_in_json(server) -> None:
    assert server.post("1,2\n3,4\n") == (200, "3.0\n7.0\n")
    assert server.post("1,x\n")[0] == 400
    wait_until(lambda: logged(server)[-2:] == [(200, 2), (400, 0)], seconds=30)


def logged(server) -> list[tuple[int, int]]:
    """Status and number of rows of each request for predictions."""
    entries = [line for line in server.log if line.get("path") == "/invocations"]
    return [(entry["status"], entry["rows"]) for entry in entries]


def test_a_large_body_is_refused_announced_or_chunked_and_the_connection_lives_on(server) -> None:
    large = b"1,2\n" * 300_000
    connection = server.connect()
    for body, encode in ((large, False), (iter([large[:500_000], large]), True), (b"1,2", False)):
        headers = {"Content-Type": "text/csv"}
        if encode:
            headers["Transfer-Encoding"] = "chunked"
        connection.request("POST", "/invocations", body, headers, encode_chunked=encode)
        reply = connection.getresponse()
        assert (reply.status, bool(reply.read())) == (200 if body == b"1,2" else 413, True)
    connection.close()


def test_a_body_that_does_not_arrive_in_time_is_given_up(server) -> None:
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1,2"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\n: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_bad_request(server, request_bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request_bytes)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert server.get()[0] == 200


def test_a_request_that_takes_too_long_is_interrupted_and_the_worker_goes_on(server) -> None:
    before = server.workers
    start = time.monotonic()
    status, text = server.post("-2,1\n")
    assert (status, text.splitlines()[0]) == (503, "The request took longer than 2 seconds.")
    assert 1.9 < time.monotonic() - start < 40  # it would sleep for 60
    assert server.post("1,2\n") == (200, "3.0\n")
    assert server.workers == before


def test_a_worker_that_hears_no_signal_is_ended_and_replaced(server) -> None:
    before = server.workers
    with pytest.raises(OSError):
        server.post("-3,1\n")
    server.wait()
    assert server.post("1,2\n") == (200, "3.0\n")
    assert len(server.workers - before) == 1


@pytest.mark.parametrize("by", ["itself", "SIGKILL"])
def test_a_worker_that_dies_is_replaced(server, by) -> None:
    before = server.workers
    if by == "itself":
        with pytest.raises(OSError):
            server.post("-4,1\n")
    else:
        os.kill(worker_of(server), signal.SIGKILL)
    # The new worker takes no request before it can answer it.
    assert server.post("1,2\n") == (200, "3.0\n")
    assert len(server.workers - before) == 1


def worker_of(server) -> int:
    """The worker that runs now: the last one to say that it serves."""
    return [line["worker"] for line in server.log if "worker" in line][-1]


@pytest.mark.parametrize("seconds", [0.05, 1.5], ids=["that still start", "that answer"])
def test_workers_do_not_outlive_the_first_process(tmp_path, seconds) -> None:
    with Server(lay_out(tmp_path / "ml"), MODEL_SERVER_WORKERS=2) as server:
        wait_until(lambda: listens(server.port), seconds=30)
        time.sleep(seconds)
        server.process.kill()
        wait_until(lambda: not listens(server.port), seconds=30)


def listens(port: int) -> bool:
    """Whether any process holds the listening socket; the kernel accepts for it."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_it_says_that_it_is_loading_then_drains_and_ends_with_0(tmp_path) -> None:
    with Server(lay_out(tmp_path, seconds=1.0)) as server:
        server.wait(503)
        assert "being loaded" in server.get()[1]
        server.wait(200)
        idle = server.connect()
        idle.request("GET", "/ping")
        assert idle.getresponse().read() == b"\n"
        with ThreadPoolExecutor() as pool:
            under_way = pool.submit(server.post, "-1,3\n")
            wait_until((tmp_path / "asked").exists)
            server.process.terminate()
            time.sleep(1)  # the worker hears of it meanwhile
            idle.request("GET", "/ping")  # the kernel still takes it: it must be answered
            (tmp_path / "answer").touch()
            last = idle.getresponse()
            assert (last.status, last.headers["connection"]) == (200, "close")
            assert under_way.result() == (200, "2.0\n")
        assert server.process.wait(timeout=30) == 0, server.errors
        assert server.get() == (0, "")


def test_a_load_loses_no_answer_while_workers_are_told_to_end(tmp_path) -> None:
    with Server(lay_out(tmp_path), MODEL_SERVER_WORKERS=2) as server:
        server.wait()
        with ThreadPoolExecutor() as pool, ending() as end:
            askers = [pool.submit(ask, server, end) for _ in range(4)]
            for _ in range(2):
                before = server.workers
                os.kill(worker_of(server), signal.SIGTERM)
                wait_until(lambda known=before: server.workers > known)
            end.set()
            assert min(asker.result() for asker in askers) > 0
        assert server.end() == 0, server.errors


def ask(server, end) -> int:
    """Ask on one connection until the end; returns how many answers there were, all right."""
    answers, connection = 0, server.connect()
    while not end.is_set():
        connection.request("POST", "/invocations", b"1,2", {"Content-Type": "text/csv"})
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (200, b"3.0\n")
        answers += 1
    return answers


@contextmanager
def ending():
    """An event that is set at last, whatever fails."""
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


def wait_until(condition, seconds=60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("damage", "status", "text"),
    [
        (lambda folder: [file.unlink() for file in folder.iterdir()], 404, "There is no model in "),
        (lambda folder: (folder / "manifest.json").write_text("{"), 500, "manifest.json of the "),
        (lambda folder: (folder / "seconds").unlink(), 500, "models/adding cannot load its files"),
    ],
)
def test_it_stays_up_to_say_why_there_is_no_model(tmp_path, damage, status, text) -> None:
    damage(lay_out(tmp_path) / "ml/model")
    with Server(tmp_path) as server:
        wait_until(lambda: (found := server.get())[0] and "being loaded" not in found[1])
        reply = server.get()
        assert (reply[0], reply[1].startswith(text)) == (status, True)
        assert server.post("1,2")[0] == status
        assert "Traceback" not in server.errors


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_SERVER_WORKERS", "0"),
        ("MODEL_SERVER_WORKERS", "two"),
        ("MODEL_SERVER_TIMEOUT", "-1"),
        ("SAGEMAKER_BIND_TO_PORT", "65536"),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "6.5"),
    ],
)
def test_a_wrong_variable_ends_it_with_two_lines(tmp_path, name, value) -> None:
    with Server(lay_out(tmp_path), **{name: value}) as server:
        assert server.process.wait(timeout=30) == 2
    rule, remedy = server.errors.splitlines()
    assert rule.startswith(f"{name} must be a whole number from ")
    assert rule.endswith(f"got {value!r}.")
    assert remedy.startswith("Correct it, or leave it out for ")


def test_a_port_that_is_taken_ends_it_with_two_lines(tmp_path) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        Server(lay_out(tmp_path), port=port) as server,
    ):
        assert server.process.wait(timeout=30) == 2
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use." in server.errors
