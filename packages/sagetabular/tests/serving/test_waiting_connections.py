"""Connections that wait: for bytes, for the model, for their client, for the end."""

from __future__ import annotations

import asyncio
import time

from lines import PING, POST, ROW, Line

from sagetabular.serving.http.app import App
from sagetabular.serving.settings import ServerSettings


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


def test_a_client_that_fetches_nothing_may_not_ask_more_because_the_model_is_there(clients) -> None:
    app = App(ServerSettings("unused"))
    line = Line(app).send(POST % (len(ROW), ROW))
    line.connection.pause_writing()
    app.model = clients["decision_tree"].app.model
    assert line.look(0).statuses == [200]
    assert not line.transport.reads
    line.connection.resume_writing()
    assert line.transport.reads


def test_a_client_that_fetches_slowly_is_waited_for_and_one_that_stops_is_not(line) -> None:
    line.send(PING.replace(b"1.1", b"1.0"))
    assert line.transport.closed
    for seconds, unsent in ((50, 900), (100, 500), (150, 100)):
        line.transport.unsent = unsent
        assert not line.look(seconds).transport.aborted
    assert not line.look(200).transport.aborted
    assert line.look(220).transport.aborted


def test_draining_answers_what_still_comes_and_then_closes(line) -> None:
    async def drain() -> None:
        line.shared.linger = 1000
        draining = asyncio.create_task(line.shared.drain(1000))
        await asyncio.sleep(0.1)
        assert not line.transport.closed
        line.send(PING)
        assert line.transport.closed
        line.connection.connection_lost(None)
        await asyncio.wait_for(draining, 60)

    asyncio.run(drain())
    assert "connection: close" in line.replies[0][1]


def test_draining_closes_an_idle_connection_after_a_while_and_never_waits_for_ever(line) -> None:
    line.shared.linger = 0.1
    began = time.perf_counter()
    ended = asyncio.wait_for(line.shared.drain(0.5), 60)  # nobody tells that it is lost
    asyncio.run(ended)
    assert line.transport.closed
    assert time.perf_counter() - began >= 0.5
