"""Whatever is sent, the answer says what to fix, and the server goes on."""

from __future__ import annotations

import pytest
from hostile import ALLOWED, REQUESTS, exchange
from hypothesis import given, settings
from running import Server, lay_out


@pytest.mark.parametrize("name", ["decision_tree", "decision_tree_and_town"])
def test_any_request_is_answered_by_the_application(clients, new_client, name) -> None:
    client = new_client(clients[name].app.model, payload_limit=1000)

    @settings(deadline=None, max_examples=250)
    @given(REQUESTS)
    def check(request) -> None:
        body, content_type, accept = request
        reply = client.post(body, content_type, accept=accept)
        assert reply.status in ALLOWED
        assert "Traceback" not in reply.body.decode(errors="replace")

    check()
    assert client.post("").status == 400


@pytest.mark.slow
def test_any_request_is_answered_over_a_socket(tmp_path) -> None:
    with Server(lay_out(tmp_path)) as server:
        server.wait()
        before = server.workers
        connection = server.connect()

        @settings(deadline=None, max_examples=150)
        @given(REQUESTS)
        def check(request) -> None:
            assert exchange(connection, request) in {*ALLOWED, None}

        check()
        connection.close()
        assert server.post("1,2\n") == (200, "3.0\n")
        assert server.workers == before
        assert "Traceback" not in server.errors
