"""Fold results of several hosts, with threads of this process for hosts."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.trials import gathering
from sagetabular.jobs.trials.gathering import gather, report
from sagetabular.jobs.trials.hosts import ADDRESSES, HostError, Hosts, address_of, read_hosts
from sagetabular.jobs.trials.validation import FoldResult

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def result_of(fold: int, *predictions: float) -> FoldResult:
    found = np.array(predictions or (fold / 3,), dtype=np.float64)
    scores = {"r2": 0.1 + fold / 7, "mse": 1 / 3, "rmse": 0.5, "mae": 1e-300}
    return FoldResult(fold, scores, np.arange(len(found)), found, 0.25)


@pytest.fixture
def hosts(monkeypatch):
    """Makes the hosts of a job, as each of them sees them."""

    def make(number: int) -> list[Hosts]:
        names = tuple(f"algo-{n + 1}" for n in range(number))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        monkeypatch.setenv(ADDRESSES, json.dumps({names[0]: f"127.0.0.1:{port}"}))
        return [Hosts(name, names) for name in names]

    return make


@contextmanager
def beside(*calls):
    """Run other hosts beside the first one; their exceptions are the test's."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        yield futures
        for future in futures:
            future.result()


def reach(host: str) -> socket.socket:
    """Connect to a host as soon as it listens."""
    for _ in range(6000):
        try:
            return socket.create_connection(address_of(host))
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise AssertionError(f"{host} does not listen")


def slowly(results, seconds: float = 0.05):
    for result in results:
        time.sleep(seconds)
        yield result


def test_every_fold_is_dealt_to_one_host_in_turn() -> None:
    names = ("algo-1", "algo-2", "algo-3")
    shares = [Hosts(name, names).share([0, 1, 2, 3, 4, 5, 6]) for name in names]
    assert shares == [[0, 3, 6], [1, 4], [2, 5]]
    assert Hosts("a", ("a",)).share([3, 4]) == [3, 4]


@pytest.mark.parametrize("slow", [0, 1, 2])
def test_results_come_in_order_whoever_is_slow(hosts, slow) -> None:
    first, *others = hosts(3)
    pace = [slowly if number == slow else iter for number in range(3)]
    own = [[result_of(fold) for fold in host.share(range(7))] for host in (first, *others)]
    calls = [
        lambda host=host, number=number: report(host, pace[number](own[number]))
        for number, host in enumerate(others, 1)
    ]
    with beside(*calls):
        found = list(gather(first, range(7), pace[0](own[0])))
    assert [result.fold for result in found] == [0, 1, 2, 3, 4, 5, 6]
    assert [result.scores for result in found] == [result_of(fold).scores for fold in range(7)]


@given(st.lists(FLOATS, min_size=1), FLOATS)
def test_numbers_survive_the_wire_to_the_last_bit(predictions, score) -> None:
    sent = FoldResult(
        3, {"r2": score, "mse": 0.1}, np.arange(4), np.array(predictions, dtype=float), score
    )
    heard = FoldResult.from_fields(json.loads(json.dumps(sent.fields())))
    assert (heard.fold, heard.scores, heard.seconds) == (3, sent.scores, score)
    np.testing.assert_array_equal(heard.rows, sent.rows, strict=True)
    assert heard.predictions.tobytes() == sent.predictions.tobytes()


def test_more_hosts_than_folds_is_no_mistake(hosts) -> None:
    first, *others = hosts(4)
    with beside(
        *(
            lambda host=host: report(host, [result_of(1)][host.current != "algo-2" :])
            for host in others
        )
    ):
        found = list(gather(first, [0, 1], [result_of(0)]))
    assert [result.fold for result in found] == [0, 1]


def test_a_host_that_fails_says_why_on_the_first_host_too(hosts) -> None:
    first, second = hosts(2)

    def fails():
        yield result_of(1)
        raise JobError("fold 3: predictions must be finite.", "Narrow the ranges.")

    with (
        pytest.raises(JobError, match="^fold 3: predictions must be finite"),
        beside(lambda: report(second, fails())),
        pytest.raises(HostError, match=r"^Host algo-2: fold 3: .* finite\.\nNarrow the ranges\.$"),
    ):
        list(gather(first, range(4), slowly([result_of(0), result_of(2)])))


def test_a_host_that_ends_before_its_work_is_done_is_named_at_once(hosts) -> None:
    first, _ = hosts(2)

    heard = threading.Event()

    def dies():
        with reach("algo-1") as connection:
            connection.sendall(b'{"host": "algo-2"}\n{"fold": 1, "sco')

    def scored():
        yield result_of(0)
        assert heard.wait(60), "the first host went on as if nothing had happened"

    with (
        beside(dies),
        pytest.raises(HostError, match="^Host algo-2 has ended before all of its folds were"),
    ):
        list(gather(first, range(4), scored()))
    heard.set()


def test_a_host_that_never_comes_is_named(hosts, monkeypatch) -> None:
    first, second, _ = hosts(3)
    ahead = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead[0], sleep=time.sleep)
    monkeypatch.setattr(gathering, "time", clock)

    def comes_and_then_time_is_up():
        report(second, [result_of(1)])
        ahead[0] = 60
        reach("algo-1").close()  # whoever knocks makes the first host look at its clock

    with (
        beside(comes_and_then_time_is_up),
        pytest.raises(HostError, match="^Host algo-3 has not reported to algo-1 in time"),
    ):
        list(gather(first, range(3), [result_of(0)], seconds=60))


def test_a_host_whose_first_host_never_comes_says_so(hosts) -> None:
    _, second = hosts(2)
    with pytest.raises(
        HostError, match="^Host algo-1 has ended before it had the scores of algo-2"
    ):
        report(second, [result_of(1)], seconds=0.3)


@pytest.mark.parametrize(
    "words",
    [b"GET / HTTP/1.1\r\n\r\n", b'{"host": "algo-9"}\n', b'{"host": ["x"]}\n', b"[1]\n", b""],
)
def test_nobody_else_is_heard(hosts, words) -> None:
    first, second = hosts(2)

    def intrude_and_report():
        with reach("algo-1") as stranger:
            stranger.sendall(words)
            stranger.shutdown(socket.SHUT_WR)
            stranger.recv(1)
        report(second, [result_of(1)])

    with beside(intrude_and_report):
        found = list(gather(first, [0, 1], [result_of(0)]))
    assert [result.fold for result in found] == [0, 1]


def test_who_the_hosts_are_is_read_from_the_container(tmp_path) -> None:
    assert read_hosts(tmp_path) == Hosts("algo-1", ("algo-1",))
    path = tmp_path / "input/config/resourceconfig.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"], "more": 1}')
    assert read_hosts(tmp_path) == Hosts("algo-2", ("algo-1", "algo-2"))
    for text in ("", "[]", '{"hosts": ["a"]}', '{"current_host": "b", "hosts": ["a"]}'):
        path.write_text(text)
        with pytest.raises(JobError, match="resourceconfig.json must name current_host"):
            read_hosts(tmp_path)


def test_a_host_is_found_by_its_name_where_names_resolve(monkeypatch) -> None:
    monkeypatch.delenv(ADDRESSES, raising=False)
    assert address_of("algo-2") == ("algo-2", 7433)
