"""More hostile requests than a project's own tests have time for, over sockets too."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import NUMBERS, Client, fit_model
from class_models import ODD, TWO, fit_classes
from hostile import ALLOWED, ATTRIBUTES, REQUESTS, exchange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import Server, lay_out

from sagetabular.serving.model import load_model
from sagetabular.serving.settings import ServerSettings

MEGABYTE = 2**20
pytestmark = pytest.mark.journey


def resident(process: int) -> int:
    """Bytes of memory that a process holds."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


@pytest.mark.parametrize(
    ("name", "columns", "classes", "count"),
    [
        ("decision_tree", NUMBERS, (), 4000),
        ("xgboost", [*NUMBERS, "town"], (), 3000),
        ("xgboost", NUMBERS, ODD, 3000),
        ("decision_tree", [*NUMBERS, "town"], TWO, 3000),
    ],
)
def test_the_application_answers_all_of_them(tmp_path, name, columns, classes, count) -> None:
    folder = tmp_path / "model"
    fitted = fit_classes(folder, classes, columns, name) if classes else None
    model = load_model(fitted or fit_model(name, columns, folder))
    client, statuses = Client(ServerSettings(tmp_path, payload_limit=1000), model), []

    @settings(deadline=None, max_examples=count, suppress_health_check=list(HealthCheck))
    @given(REQUESTS, ATTRIBUTES if classes else st.just(""))
    def check(request, attributes) -> None:
        body, content_type, accept = request
        asked = {"X_Amzn_SageMaker_Custom_Attributes": attributes} if attributes else {}
        statuses.append(client.post(body, content_type, accept=accept, **asked).status)
        assert statuses[-1] in ALLOWED

    check()
    assert len(statuses) >= count
    assert {200, 400, 406, 413, 415} == set(statuses)


def test_a_server_answers_all_of_them_and_its_memory_stays_flat(tmp_path) -> None:
    with Server(lay_out(tmp_path)) as server:
        server.wait()
        (worker,) = server.workers
        connection, sizes = server.connect(), []

        @settings(deadline=None, max_examples=3200, suppress_health_check=list(HealthCheck))
        @given(REQUESTS)
        def check(request) -> None:
            status = exchange(connection, request)
            if status is not None:
                assert status in ALLOWED
                sizes.append(resident(worker))

        check()
        connection.close()
        assert server.post("1,2\n") == (200, "3.0\n")
        assert server.workers == {worker}, "it was never replaced"
        assert len(sizes) >= 3000
        assert sizes[-1] - sizes[1000] < 8 * MEGABYTE, (sizes[1000], sizes[-1])
