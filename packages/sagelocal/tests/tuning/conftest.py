"""Searches with real trials, and with trials that only score."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from searches import SCORE
from standing_in import stand_in

from sagelocal.jobs.machine import Machine
from sagelocal.processes.slots import Slots
from sagelocal.tuning.job import run_tuning_job


@pytest.fixture
def run(machine: Machine, build, notes):
    """Run a tuning job whose trials are real processes."""

    def run_job(source: str, request: dict[str, Any], slots: int = 2):
        build.put_code(machine.storage, fit=SCORE + source)
        return run_tuning_job(
            request,
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(slots)),
            trial_finished=lambda *event: notes.trial_finished("Tune", *event),
        )

    return run_job


@pytest.fixture
def simulate(machine: Machine, build, monkeypatch: pytest.MonkeyPatch):
    """Run a tuning job whose trials take a random time and score by a formula."""

    def run_job(score, *, slots: int = 2, haste: int = 0, **options: Any):
        times = random.Random(haste)
        lock, running, peaks = threading.Lock(), set(), [0]

        def train(request, *, name, machine, **_rest):
            with machine.slots.hold():
                with lock:
                    running.add(name)
                    peaks.append(len(running))
                time.sleep(times.random() * 0.006)
                with lock:
                    running.remove(name)
            value = score(float(request["HyperParameters"]["x"]), int(name[-3:]))
            found = [] if value is None else [{"MetricName": "cv:r2", "Value": value}]
            status = "Failed" if value is None else "Completed"
            return {
                "TrainingJobName": name,
                "TrainingJobStatus": status,
                "FinalMetricDataList": found,
                "Seconds": 0.0,
                "Progress": [] if value is None else [value],
                "ExitCode": 2 if value is None else 0,
                "FailureReason": f"{name} broke" if value is None else "",
            }

        stand_in(monkeypatch, train)
        response = run_tuning_job(
            build.tuning_request(**options),
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(slots)),
            trial_finished=lambda *_event: None,
        )
        response["most"] = max(peaks)
        return response

    return run_job
