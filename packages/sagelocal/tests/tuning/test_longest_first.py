"""Of several searches the one with the longest trials goes first."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from clocks import OwnClock
from standing_in import stand_in
from waiting import NET_SECONDS, wait_until

from sagelocal.processes import slots as slots_module
from sagelocal.processes.slots import Slots
from sagelocal.tuning.job import run_tuning_job


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> OwnClock:
    clock = OwnClock()
    monkeypatch.setattr(slots_module, "time", clock)
    return clock


def completed(name: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "TrainingJobStatus": "Completed",
        "FinalMetricDataList": [{"MetricName": "cv:r2", "Value": 0.5}],
        "Seconds": 0.0,
        "Progress": [0.5],
        "ExitCode": 0,
    }


def waiting(slots: Slots) -> int:
    """Return how many trials of the search that these slots are for wait for one."""
    return sum(turn.holder is slots._search for turn in slots._queue.waiting)


def test_trials_of_a_longer_search_go_before_those_of_a_shorter_one(
    machine, build, clock, monkeypatch
) -> None:
    slots, order, asked = Slots(1), [], {}

    def train(request, *, name, machine, **_rest):
        with machine.slots.hold():
            clock.advance(10 if name.startswith("long") else 1)
        asked[name] = machine.slots
        return completed(name)

    def wait_in_line(name: str) -> None:
        with asked[name].hold():
            order.append(name)

    stand_in(monkeypatch, train)
    for name in ("short", "long"):
        shared, request = replace(machine, slots=slots), build.tuning_request(1, 1)
        run_tuning_job(
            request, name=name, step="Tune", machine=shared, trial_finished=lambda *_told: None
        )
    threads = [threading.Thread(target=wait_in_line, args=[name]) for name in asked]
    with slots.hold():
        for thread in threads:
            thread.start()
        assert wait_until(lambda: sum(map(waiting, asked.values())) == len(asked))
    for thread in threads:
        thread.join(NET_SECONDS)
    assert order == ["long-001", "short-001"]


def test_a_longer_search_keeps_its_slots_while_its_trials_are_being_stored(
    machine, build, clock, monkeypatch
) -> None:
    slots, begun, known = Slots(2), [], set()
    shared = replace(machine, slots=slots)

    def train(request, *, name, machine, **_rest):
        kind, _, number = name.partition("-")
        first = number == "001"
        # Once the length of both is known, the longer search has both slots and the other waits.
        assert first or wait_until(lambda: len(known) == 2)
        assert first or kind == "long" or wait_until(lambda: begun.count("long") >= 3)
        with machine.slots.hold():
            begun.append(kind)
            clock.advance(10 if kind == "long" else 1)
            if kind == "long" and not first:
                assert wait_until(lambda: both_in_line(machine.slots))
        known.add(kind)
        return completed(name)

    def both_in_line(own: Slots) -> bool:
        left = 8 - begun.count("long")
        return not left or len(slots._queue.waiting) > waiting(own) >= min(2, left)

    def search(name: str) -> None:
        run_tuning_job(
            build.tuning_request(8, 4), name=name, step=name, machine=shared,
            trial_finished=lambda *_told: None,
        )  # fmt: skip

    stand_in(monkeypatch, train)
    searches = [threading.Thread(target=search, args=[name]) for name in ("long", "short")]
    for thread in searches:
        thread.start()
    for thread in searches:
        thread.join(2 * NET_SECONDS)
    assert sorted(begun[:2]) == ["long", "short"]
    assert begun[2:] == ["long"] * 7 + ["short"] * 7
