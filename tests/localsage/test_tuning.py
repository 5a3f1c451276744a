from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localsage.errors import DefinitionError
from localsage.jobs.machine import Machine
from localsage.processes.slots import Slots
from localsage.tuning import trial_runs
from localsage.tuning.job import run_tuning_job

SCORE = "import sys\nx = float(sys.argv[sys.argv.index('--x') + 1])\n"


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
            trial_finished=lambda *told: notes.trial_finished("Tune", *told),
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

        monkeypatch.setattr(trial_runs, "run_training_job", train)
        response = run_tuning_job(
            build.tuning_request(**options),
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(slots)),
            trial_finished=lambda *_told: None,
        )
        response["most"] = max(peaks)
        return response

    return run_job


def asked(response: dict[str, Any]) -> list[str]:
    return [trial["TunedHyperParameters"]["x"] for trial in response["TrainingJobSummaries"]]


def test_the_best_of_real_trials_is_found_and_described(run, build, notes) -> None:
    response = run("print(f'cv:r2={1 - abs(x - 0.4)};')", build.tuning_request(4, 2))
    trials = response["TrainingJobSummaries"]
    assert [trial["TrainingJobName"] for trial in trials] == [f"tune-00{n}" for n in (1, 2, 3, 4)]
    best = min(trials, key=lambda trial: abs(float(trial["TunedHyperParameters"]["x"]) - 0.4))
    assert response["BestTrainingJob"] == best
    assert response["HyperParameterTuningJobStatus"] == "Completed"
    assert response["TrainingJobStatusCounters"]["Completed"] == 4
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["MetricName"] == "cv:r2"
    assert objective["Value"] == 1 - abs(float(best["TunedHyperParameters"]["x"]) - 0.4)
    assert sorted(told[1] for told in notes.trials) == [1, 2, 3, 4]
    assert {told[2] for told in notes.trials} == {4}
    assert notes.trials[-1][4] == objective["Value"]


def test_a_trial_gets_static_and_tuned_hyperparameters_and_the_objective(run, build) -> None:
    request = build.tuning_request(1, 1)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["rounds"] = "300"
    source = (
        "import json, os\n"
        "path = os.environ['SM_INPUT_CONFIG_DIR'] + '/hyperparameters.json'\n"
        "told = json.load(open(path))\n"
        "assert told['rounds'] == '300' and float(told['x']) == x, told\n"
        "assert told['_tuning_objective_metric'] == 'cv:r2'\n"
        "assert '--_tuning_objective_metric' not in sys.argv\n"
        "print('cv:r2=1;')\n"
    )
    assert run(source, request)["HyperParameterTuningJobStatus"] == "Completed"


@pytest.mark.parametrize("strategy", ["Bayesian", "Random"])
def test_one_slot_or_two_and_any_finishing_order_give_the_same_trials_and_winner(
    simulate, strategy
) -> None:
    def score(x: float, number: int) -> float | None:
        return None if number % 6 == 5 else -abs(x - 0.3)

    responses = [
        simulate(score, slots=slots, haste=haste, trials=24, parallel=4, strategy=strategy)
        for slots, haste in [(1, 0), (2, 1), (4, 2), (4, 3), (8, 4)]
    ]
    for response in responses:
        assert asked(response) == asked(responses[0])
        assert response["BestTrainingJob"] == responses[0]["BestTrainingJob"]
    assert responses[0]["most"] == 1
    assert responses[3]["most"] > 1


def test_a_search_that_learns_nothing_waits_for_no_slow_trial(simulate) -> None:
    last_has_run = threading.Event()

    def score(x: float, number: int) -> float | None:
        if number == 6:
            last_has_run.set()
        return x if number != 1 or last_has_run.wait(timeout=20) else None

    response = simulate(score, trials=6, parallel=2, strategy="Random")
    assert response["TrainingJobStatusCounters"]["Completed"] == 6


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


def test_the_degree_of_parallelism_in_the_definition_is_never_exceeded(simulate) -> None:
    assert simulate(lambda x, _: x, slots=8, trials=20, parallel=3)["most"] <= 3


@pytest.mark.slow
def test_real_trials_that_sleep_give_the_same_result_with_one_and_two_slots(run, build) -> None:
    source = "import random, time; time.sleep(random.SystemRandom().random() / 20)\n"
    source += "print(f'cv:r2={x};')"
    request = build.tuning_request(14, 3, strategy="Bayesian")
    one, two = run(source, request, slots=1), run(source, request, slots=2)
    assert asked(one) == asked(two)
    winners = [response["BestTrainingJob"]["TrainingJobName"] for response in (one, two)]
    assert winners[0] == winners[1]


@pytest.mark.parametrize(("goal", "expected"), [("Maximize", max), ("Minimize", min)])
def test_the_goal_decides_what_is_best(simulate, goal: str, expected) -> None:
    response = simulate(lambda x, _: x, goal=goal, trials=8)
    best = response["BestTrainingJob"]["TunedHyperParameters"]["x"]
    assert float(best) == expected(map(float, asked(response)))


@pytest.mark.parametrize("goal", ["Maximize", "Minimize"])
def test_of_equal_trials_the_first_wins(simulate, goal: str) -> None:
    response = simulate(
        lambda _x, number: 0.5 if number in (3, 5, 6) else None, trials=8, goal=goal
    )
    assert response["BestTrainingJob"]["TrainingJobName"] == "tune-003"


def test_a_failed_trial_does_not_end_the_job(run, build) -> None:
    source = (
        "if '-002' in __import__('os').environ['TRAINING_JOB_NAME']: raise SystemExit(3)\n"
        "print(f'cv:r2={x};')"
    )
    response = run(source, build.tuning_request(4, 2))
    statuses = [trial["TrainingJobStatus"] for trial in response["TrainingJobSummaries"]]
    assert statuses == ["Completed", "Failed", "Completed", "Completed"]
    assert response["TrainingJobStatusCounters"]["NonRetryableError"] == 1
    assert response["HyperParameterTuningJobStatus"] == "Completed"


@pytest.mark.parametrize("printed", ["print('cv:r2=nan;')", "print('cv:r2=inf;')", "pass"])
def test_a_trial_without_a_finite_objective_has_failed(run, build, printed: str) -> None:
    response = run(printed, build.tuning_request(1, 1))
    assert response["HyperParameterTuningJobStatus"] == "Failed"
    assert "no finite value of the metric cv:r2" in response["FailureReason"]


def test_when_all_trials_fail_the_job_fails_with_the_reason_of_the_first(simulate) -> None:
    response = simulate(lambda _x, _number: None, trials=3)
    assert response["HyperParameterTuningJobStatus"] == "Failed"
    assert response["FailureReason"] == "All 3 trials failed. tune-001: tune-001 broke"
    assert response["ExitCode"] == 2
    assert "BestTrainingJob" not in response


ONCE = (
    "import os, pathlib\n"
    "name = os.environ['TRAINING_JOB_NAME']\n"
    "marks = pathlib.Path(MARKS)\n"
    "first = not (marks / name).exists()\n"
    "(marks / name).write_text('was here')\n"
    "if first: END\n"
    "print(f'cv:r2={x};')"
)


@pytest.mark.parametrize(
    ("end", "retries", "status"),
    [
        ("os.kill(os.getpid(), 9)", 1, "Completed"),
        ("os.kill(os.getpid(), 9)", 0, "Failed"),
        ("raise SystemExit(1)", 1, "Failed"),
    ],
)
def test_only_a_trial_killed_from_outside_is_run_again(
    run, build, tmp_path: Path, end: str, retries: int, status: str
) -> None:
    source = ONCE.replace("MARKS", repr(str(tmp_path))).replace("END", end)
    response = run(source, build.tuning_request(1, 1, retries=retries))
    assert response["TrainingJobSummaries"][0]["TrainingJobStatus"] == status


def test_a_trial_whose_input_is_missing_fails_and_says_so(run, build) -> None:
    request = build.tuning_request(2, 1)
    channel = request["TrainingJobDefinition"]["InputDataConfig"][0]
    channel["DataSource"]["S3DataSource"]["S3Uri"] = "s3://bucket/none"
    response = run("pass", request)
    assert "channel code: No S3 objects found" in response["FailureReason"]
    assert response["ExitCode"] is None


def test_a_hyperparameter_cannot_be_static_and_tuned(run, build) -> None:
    request = build.tuning_request(1, 1)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["x"] = "1"
    with pytest.raises(DefinitionError, match="x is both static and tuned"):
        run("pass", request)
