"""Of several searches the one with the longest trials goes first."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from localsage.processes.slots import Slots
from localsage.tuning import trial_runs
from localsage.tuning.job import run_tuning_job


def completed(name: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "TrainingJobStatus": "Completed",
        "FinalMetricDataList": [{"MetricName": "cv:r2", "Value": 0.5}],
        "Seconds": 0.0,
        "Progress": [0.5],
        "ExitCode": 0,
    }


def test_trials_of_a_longer_search_go_before_those_of_a_shorter_one(
    machine, build, monkeypatch
) -> None:
    slots, order, asked = Slots(1), [], {}

    def train(request, *, name, machine, **_rest):
        with machine.slots.hold():
            time.sleep(0.1 if name.startswith("long") else 0.01)
        asked[name] = machine.slots
        return completed(name)

    def wait_in_line(name: str) -> None:
        with asked[name].hold():
            order.append(name)

    monkeypatch.setattr(trial_runs, "run_training_job", train)
    for name in ("short", "long"):
        shared, request = replace(machine, slots=slots), build.tuning_request(1, 1)
        run_tuning_job(
            request, name=name, step="Tune", machine=shared, trial_finished=lambda *_told: None
        )
    waiting = [threading.Thread(target=wait_in_line, args=[name]) for name in asked]
    with slots.hold():
        for thread in waiting:
            thread.start()
            time.sleep(0.1)
    for thread in waiting:
        thread.join(timeout=10)
    assert order == ["long-001", "short-001"]


def test_a_longer_search_keeps_its_slots_while_its_trials_are_being_stored(
    machine, build, monkeypatch
) -> None:
    shared, begun = replace(machine, slots=Slots(2)), []

    def train(request, *, name, machine, **_rest):
        with machine.slots.hold():
            begun.append(name.partition("-")[0])
            time.sleep(0.1 if name.startswith("long") else 0.01)
        time.sleep(0.05)  # without a slot, as a model is packed
        return completed(name)

    def search(name: str) -> None:
        run_tuning_job(
            build.tuning_request(8, 4), name=name, step=name, machine=shared,
            trial_finished=lambda *_told: None,
        )  # fmt: skip

    monkeypatch.setattr(trial_runs, "run_training_job", train)
    searches = [threading.Thread(target=search, args=[name]) for name in ("long", "short")]
    for thread in searches:
        thread.start()
    for thread in searches:
        thread.join(timeout=30)
    both_known = begun.index("long") + begun.index("short") + 4
    assert begun[both_known:] == sorted(begun[both_known:]), begun
    assert begun.count("long") == begun.count("short") == 8
