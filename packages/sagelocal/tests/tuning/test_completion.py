"""A search that has seen enough ends, after the same trials whatever this machine does."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from typing import Any

import clocks
import pytest
from searches import in_turn
from standing_in import stand_in

from sagelocal.jobs.machine import Machine
from sagelocal.processes.slots import Slots
from sagelocal.tuning import completion
from sagelocal.tuning.completion import CONVERGED_AFTER, Clock, Completion, read_completion
from sagelocal.tuning.job import run_tuning_job
from sagelocal.tuning.trials import Trial


def trials(*values: float | None) -> list[Trial]:
    """Trials with these values; None for one that failed."""
    return [
        Trial(number, f"t{number}", {}, "Failed" if value is None else "Completed", value, 0.0)
        for number, value in enumerate(values)
    ]


def criteria(**members: Any) -> Completion:
    return read_completion({"TuningJobCompletionCriteria": members}, maximise=True)


@pytest.mark.parametrize(
    ("values", "idle"),
    [
        ([], 0),
        ([0.5], 0),
        ([0.5, 0.5], 1),
        ([0.5, 0.504], 1),
        ([0.5, 0.505], 0),
        ([0.5, 0.504, 0.508], 2),  # by less than 1 % of the best before, each time
        ([0.5, 0.4, None, 0.3], 3),
        ([0.5, 0.4, 0.6], 0),
        ([None, None], 2),
        ([None, -0.5, -0.4], 0),
        ([-0.5, -0.496], 1),  # 1 % of the size, not of the signed value
        ([-50_000.0, -49_501.0], 1),
        ([-50_000.0, -49_500.0], 0),
        ([-0.01, -0.00991], 1),
        ([-0.01, -0.0098], 0),
        ([0.0, 0.0, 0.0], 2),  # equal to a best of 0 is no improvement
        ([0.0, 1e-9], 0),
        ([0.0, -1e-9], 1),
        ([-1e-9, 0.0, 0.0], 1),
    ],
)
def test_trials_that_improve_the_best_by_less_than_a_hundredth_are_counted(values, idle) -> None:
    assert Completion(None, None, maximise=True).idle(trials(*values)) == idle
    mirrored = [None if value is None else -value for value in values]
    assert Completion(None, None, maximise=False).idle(trials(*mirrored)) == idle


def test_a_target_is_reached_by_a_trial_that_came_to_its_end() -> None:
    wanted = criteria(TargetObjectiveMetricValue=0.8)
    assert not wanted.is_reached(trials(0.79, None))
    assert wanted.is_reached(trials(0.1, 0.8, 0.2))
    assert not wanted.is_reached([replace(trials(0.9)[0], status="Stopped")])
    low = Completion(0.2, None, maximise=False)
    assert low.is_reached(trials(0.2))
    assert not low.is_reached(trials(0.3))


def test_patience_ends_after_as_many_idle_trials() -> None:
    wanted = criteria(BestObjectiveNotImproving={"MaxNumberOfTrainingJobsNotImproving": 3})
    assert not wanted.is_reached(trials(0.5, 0.4, 0.4))
    assert wanted.is_reached(trials(0.5, 0.4, 0.4, 0.4))


def test_convergence_is_patience_of_which_the_shorter_counts() -> None:
    detected = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
    idle = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 4}}
    assert criteria(**detected).patience == CONVERGED_AFTER
    assert criteria(**detected, **idle).patience == 4
    assert criteria(ConvergenceDetected={"CompleteOnConvergence": "Disabled"}).patience is None


def test_without_criteria_nothing_is_ever_enough() -> None:
    assert not criteria().is_reached(trials(*[1.0] * 50))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> clocks.Clock:
    clock = clocks.Clock()
    monkeypatch.setattr(completion, "time", clock)
    return clock


def test_a_clock_shortens_the_time_of_a_trial_to_what_is_left(clock) -> None:
    request = {"StoppingCondition": {"MaxRuntimeInSeconds": 60}, "RoleArn": "role"}
    assert Clock(None).limit(request) == request
    assert Clock(100).limit(request) == request
    own = Clock(20)
    clock.advance(5)
    shorter = own.limit(request)
    assert shorter["StoppingCondition"]["MaxRuntimeInSeconds"] == 15
    assert shorter["RoleArn"] == "role"
    assert Clock(0).is_over


@pytest.fixture
def simulate(machine: Machine, build, monkeypatch: pytest.MonkeyPatch):
    """Run a tuning job whose trials score what `score` says of their number."""

    def run_job(score, *, slots: int = 2, haste: int = 0, limits=None, **members: Any):
        times = random.Random(haste)

        def train(request, *, name, machine, limit, **_rest):
            with machine.slots.hold():
                limit(request)
                time.sleep(times.random() * 0.01)
                value = score(int(name[-3:]))
            return {
                "TrainingJobName": name,
                "TrainingJobStatus": "Completed",
                "FinalMetricDataList": [{"MetricName": "cv:r2", "Value": value}],
                "Seconds": 0.0,
                "Progress": [value],
                "ExitCode": 0,
            }

        stand_in(monkeypatch, train)
        request = build.tuning_request(20, 3)
        config = request["HyperParameterTuningJobConfig"]
        config["TuningJobCompletionCriteria"] = members
        config["ResourceLimits"] |= limits or {}
        return run_tuning_job(
            request,
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(slots)),
            trial_finished=lambda *_told: None,
        )

    return run_job


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_a_search_ends_once_the_next_trial_would_know_that_the_target_is_reached(
    simulate, slots
) -> None:
    response = simulate(lambda number: number / 10, slots=slots, TargetObjectiveMetricValue=0.5)
    # Trial 5 reaches it; 6 and 7 were suggested, three at a time, before it had ended.
    assert len(response["TrainingJobSummaries"]) == 7
    assert response["BestTrainingJob"]["TrainingJobName"] == "tune-007"
    assert response["HyperParameterTuningJobStatus"] == "Completed"


def test_neither_slots_nor_pace_change_after_which_trial_patience_ends(simulate) -> None:
    def score(number: int) -> float:
        return 0.5 if number < 4 else 0.6 if number == 4 else 0.601

    idle = {"MaxNumberOfTrainingJobsNotImproving": 4}
    for slots, haste in ((1, 0), (2, 1), (4, 2), (4, 3)):
        response = simulate(score, slots=slots, haste=haste, BestObjectiveNotImproving=idle)
        assert len(response["TrainingJobSummaries"]) == 8 + 2
        counted = response["TuningJobCompletionDetails"]
        assert counted == {"NumberOfTrainingJobsObjectiveNotImproving": 6}


def test_no_trial_begins_after_the_time_of_the_whole_search(simulate, clock) -> None:
    def score(_number: int) -> float:
        clock.advance(12)
        return 0.5

    response = simulate(score, slots=1, limits={"MaxRuntimeInSeconds": 30})
    statuses = [trial["TrainingJobStatus"] for trial in in_turn(response)]
    completed = statuses.count("Completed")
    assert completed == 3, "the third begins after 24 seconds"
    assert statuses == ["Completed"] * completed + ["Stopped"] * (len(statuses) - completed)
    late = in_turn(response)[completed:]
    assert {trial["FailureReason"] for trial in late} <= {
        "MaxRuntimeExceeded: the tuning job was stopped after 30 s."
    }
    assert response["BestTrainingJob"]["TrainingJobName"] == "tune-001"


@pytest.mark.slow
def test_a_trial_that_waited_for_a_core_until_the_time_was_over_does_not_begin(
    machine: Machine, build
) -> None:
    build.put_code(machine.storage, fit="import time; time.sleep(30)")
    request = build.tuning_request(3, 3)
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = 1.5
    response = run_tuning_job(
        request,
        name="tune",
        step="Tune",
        machine=replace(machine, slots=slots_that_are_taken_for(1.0)),
        trial_finished=lambda *_told: None,
    )
    trials = response["TrainingJobSummaries"]
    assert {trial["TrainingJobStatus"] for trial in trials} == {"Stopped"}
    assert {"MaxRuntimeExceeded" in trial["FailureReason"] for trial in trials} == {True}
    assert len([*machine.work.iterdir()]) <= 1, "at most one has begun"


def slots_that_are_taken_for(seconds: float) -> Slots:
    slots, taken = Slots(1), threading.Event()

    def take() -> None:
        with slots.hold():
            taken.set()
            time.sleep(seconds)

    threading.Thread(target=take).start()
    taken.wait()
    return slots


def test_a_trial_that_runs_is_stopped_when_the_time_of_the_search_is_over(
    machine: Machine, build
) -> None:
    build.put_code(machine.storage, fit="import time; time.sleep(30)")
    request = build.tuning_request(3, 1)
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = 0.5
    response = run_tuning_job(
        request, name="tune", step="Tune", machine=machine, trial_finished=lambda *_told: None
    )
    (only,) = response["TrainingJobSummaries"]
    assert only["TrainingJobStatus"] == "Stopped"
    assert "MaxRuntimeExceeded" in response["FailureReason"]
