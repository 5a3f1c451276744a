"""Trials that fall behind end early, and what comes of it depends on what they reported alone."""

from __future__ import annotations

import inspect
import json
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from searches import in_turn

from sagelocal import LocalSageMaker, SageLocalError
from sagelocal.forking.launching import ForkLauncher, forking_is_safe
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.metrics import finite_start
from sagelocal.processes.launching import ProcessLauncher
from sagelocal.processes.slots import Slots
from sagelocal.tuning.early_stopping import StoppingRule, medians_of, read_endings
from sagelocal.tuning.job import run_tuning_job
from sagelocal.tuning.journal import TrialJournal
from sagelocal.tuning.trials import Trial

MEDIANS = (0.5, 0.6, 0.7)
# Folds of a trial with x: their running mean is about x, but for the first, which says nothing.
FOLDS = (
    "import sys, time, pathlib\n"
    "x = float(sys.argv[sys.argv.index('-x') + 1])\n"
    "for fold in range(6):\n"
    "    print(f'cv:r2={x if fold else 0.1};', flush=True)\n"
    "    pathlib.Path(MARKS, f'{x}-{fold}').touch()\n"
    "    time.sleep(PAUSE)\n"
)


def trial(values: Sequence[float], status: str = "Completed", number: int = 0) -> Trial:
    return Trial(number, "t", {}, status, values[-1] if values else None, 1.0, progress=[*values])


@pytest.mark.parametrize(
    ("known", "medians"),
    [
        ([], []),
        ([[0.5]], []),  # one value each: whatever comes is the result
        ([[0.5, 0.7]], [0.5]),
        ([[0.25, 0.5, 0.75, 1.0]], [0.25, 0.375, 0.5]),
        ([[0.0, 1.0, 1.0], [0.5, 0.5, 0.5], [1.0, 0.0, 0.0]], [0.5, 0.5]),
        ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [0.5, 1.0]),  # of two, halfway between
        ([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]], [0.1, 0.1]),  # and not 0.10000000000000002
    ],
    ids=str,
)
def test_the_median_is_that_of_the_running_averages(known, medians) -> None:
    assert medians_of(map(trial, known)) == medians


def test_a_trial_that_was_stopped_counts_with_what_it_has_and_a_failed_one_for_nothing() -> None:
    whole, stopped = trial([0.5, 0.5, 0.5]), trial([0.1], "Stopped")
    failed, silent = trial([9.0, 9.0, 9.0, 9.0], "Failed"), trial([], "Stopped")
    assert medians_of([whole, stopped, failed, silent]) == [0.3, 0.3]
    assert medians_of([stopped, failed]) == [], "none of them says how long a trial is"


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ((0.5, 0.6, 0.7), None),
        ((0.49,), 1),
        ((0.5, 0.59), 2),
        ((0.9, 0.9, 0.69, 0.9), 3),
        ((0.9, 0.9, 0.9, 0.1), None),  # the last value is the result
        ((0.9, 0.9, 0.9, 0.9, 0.1), None),
        ((), None),
    ],
)
def test_a_trial_stops_after_the_first_value_that_is_worse_than_the_median(reported, expected):
    assert StoppingRule(MEDIANS, maximise=True).stops_after(reported) == expected
    mirrored = StoppingRule([-value for value in MEDIANS], maximise=False)
    assert mirrored.stops_after([-value for value in reported]) == expected


def stopped_by_the_guide(known: list[Trial], values: list[float], goal: str) -> int | None:
    """Follow the words of the developer guide with pandas."""
    ended = [one for one in known if one.status != "Failed" and one.progress]
    whole = max((len(one.progress) for one in ended if one.status == "Completed"), default=0)
    table = pd.DataFrame([pd.Series(one.progress) for one in ended])
    for epoch in range(1, min(len(values), whole - 1) + 1):
        middle = table.iloc[:, :epoch].mean(axis="columns").median()
        value = values[epoch - 1]
        if (value > middle) if goal == "Minimize" else (value < middle):
            return epoch
    return None


@pytest.mark.parametrize("goal", ["Maximize", "Minimize"])
@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_reported_the_guide_decides(seed: int, goal: str) -> None:
    chance = np.random.default_rng(seed)
    epochs = int(chance.integers(1, 9))
    known = []
    for number in range(int(chance.integers(1, 12))):
        status = str(chance.choice(["Completed", "Stopped", "Failed"], p=[0.5, 0.35, 0.15]))
        length = epochs if status == "Completed" else int(chance.integers(0, epochs + 1))
        known.append(trial([float(v) for v in chance.normal(size=length)], status, number))
    config = {"Strategy": "Bayesian", "TrainingJobEarlyStoppingType": "Auto"}
    endings = read_endings(config, maximise=goal == "Maximize", tolerance=0.0)
    rule = endings.rule(len(known), known)
    for _ in range(5):
        values = [float(value) for value in chance.normal(0.2, size=epochs)]
        expected = stopped_by_the_guide(known, values, goal)
        assert (rule.stops_after(values) if rule else None) == expected
        for count in range(len(values)):  # the log grows: more values never change the answer
            early = rule.stops_after(values[:count]) if rule else None
            assert early == (expected if expected is not None and expected <= count else None)


def test_values_count_up_to_the_first_that_is_not_finite() -> None:
    assert finite_start([0.5, 0.6, float("nan"), 0.7]) == [0.5, 0.6]


@pytest.fixture
def run(machine: Machine, build, tmp_path):
    """Run a tuning job whose trials tell six running means; return its response."""
    (tmp_path / "marks").mkdir()

    def run_job(
        kind: str = "Auto",
        *,
        slots: int = 2,
        pause: float | str = 0.0,
        launcher: type[ProcessLauncher] = ProcessLauncher,
        strategy: str = "Bayesian",
        journal: TrialJournal | None = None,
    ) -> dict[str, Any]:
        source = FOLDS.replace("MARKS", repr(str(tmp_path / "marks")))
        build.put_code(machine.storage, fit=source.replace("PAUSE", str(pause)))
        request = build.tuning_request(10, 2, strategy=strategy)
        request["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] = kind
        return run_tuning_job(
            request,
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(slots), launcher=launcher()),
            trial_finished=lambda *_told: None,
            journal=journal,
        )

    return run_job


def without_seconds(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in trial.items() if key != "Seconds"}
        for trial in in_turn(response)
    ]


def expected_statuses(trials: list[dict[str, Any]]) -> list[str]:
    """Recompute from the hyperparameters alone who has to stop: trial n knows those to n - 2."""
    ended: list[Trial] = []
    for number, one in enumerate(trials):
        values = [0.1, *[float(one["TunedHyperParameters"]["x"])] * 5]
        count = stopped_by_the_guide(ended[: max(0, number - 1)], values, "Maximize")
        ended.append(trial(values[:count], "Stopped" if count else "Completed", number))
    return [one.status for one in ended]


def test_trials_behind_the_median_are_stopped_and_leave_no_model(run, machine: Machine) -> None:
    response = run()
    trials = in_turn(response)
    statuses = [trial["TrainingJobStatus"] for trial in trials]
    assert statuses == expected_statuses(trials)
    assert {*statuses} == {"Completed", "Stopped"}
    assert response["TrainingJobStatusCounters"]["Stopped"] == statuses.count("Stopped")
    best = max(trials, key=lambda trial: float(trial["TunedHyperParameters"]["x"]))
    assert response["BestTrainingJob"] == best
    for trial in trials:
        x = float(trial["TunedHyperParameters"]["x"])
        assert trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == x
        uri = f"s3://bucket/models/{trial['TrainingJobName']}/output/model.tar.gz"
        assert machine.storage.exists(uri) == (trial["TrainingJobStatus"] == "Completed")
    assert not any(machine.work.iterdir()), "no tree of a trial stays"


@pytest.mark.slow
def test_a_trial_that_is_stopped_does_not_go_on(run, tmp_path) -> None:
    stopped = {
        float(trial["TunedHyperParameters"]["x"])
        for trial in run()["TrainingJobSummaries"]
        if trial["TrainingJobStatus"] == "Stopped"
    }
    for mark in (tmp_path / "marks").iterdir():
        mark.unlink()
    trials = run(pause=f"60 if fold == 4 and x in {stopped} else 0")["TrainingJobSummaries"]
    ran = {trial["TrainingJobStatus"]: [] for trial in trials}
    for trial in trials:
        x = float(trial["TunedHyperParameters"]["x"])
        folds = len(list((tmp_path / "marks").glob(f"{x}-*")))
        ran[trial["TrainingJobStatus"]].append(folds)
    assert {*ran["Completed"]} == {6}
    assert max(ran["Stopped"]) < 6


def test_off_lets_every_trial_come_to_its_end(run) -> None:
    assert {one["TrainingJobStatus"] for one in run("Off")["TrainingJobSummaries"]} == {"Completed"}


@pytest.mark.slow
@pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only")
def test_neither_cores_nor_haste_nor_isolation_change_what_is_stopped(run) -> None:
    results = [
        without_seconds(run(slots=slots, pause=pause, launcher=launcher))
        for slots, pause, launcher in [
            (1, 0.0, ProcessLauncher),
            (2, 0.1, ProcessLauncher),
            (2, 0.0, ForkLauncher),
            (1, 0.1, ForkLauncher),
        ]
    ]
    assert results[1:] == results[:1] * 3


def test_stopped_trials_are_not_run_again_by_who_resumes(run, machine: Machine, tmp_path) -> None:
    journal = TrialJournal(tmp_path / "trials", machine.storage)
    first = run(journal=journal)
    for mark in (tmp_path / "marks").iterdir():
        mark.unlink()
    again = run(journal=journal)
    assert without_seconds(again) == without_seconds(first)
    assert os.listdir(tmp_path / "marks") == []  # noqa: PTH208
    kept = json.loads((tmp_path / "trials" / "tune-010.json").read_text())
    assert kept["progress"][0] == 0.1


@pytest.mark.parametrize(
    ("tolerance", "expected"), [(0.0, 2), (0.09, 2), (0.11, 3), (0.25, None), (math.inf, None)]
)
def test_the_tolerance_is_how_much_worse_than_the_median_a_trial_may_be(tolerance, expected):
    rule = StoppingRule([50.0, 60.0, 70.0], maximise=True, tolerance=tolerance)
    assert rule.stops_after([50.0, 59.9, 69.8, 0.0]) == expected


def test_the_tolerance_of_the_service_reaches_the_trials(home, build) -> None:
    request = build.tuning_request(8, 2)
    request["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] = "Auto"
    definition = build.definition({"Name": "Tune", "Type": "Tuning", "Arguments": request})
    stopped = []
    for tolerance in (0.0, 1.0):  # the objective lies between 0 and 1
        sagemaker = LocalSageMaker(home, slots=2, stopping_tolerance=tolerance)
        source = "\n".join(line for line in FOLDS.splitlines() if "MARKS" not in line)
        build.put_code(sagemaker.storage, fit=source.replace("PAUSE", "0"))
        record = sagemaker.start(definition, pipeline_name="demo")
        response = record.steps["Tune"].response
        stopped.append(response["TrainingJobStatusCounters"]["Stopped"])
    assert stopped[0] > 0
    assert stopped[1] == 0


def test_unless_it_is_given_the_tolerance_is_that_of_the_service() -> None:
    assert StoppingRule(MEDIANS, maximise=True).tolerance == 0.0
    default = inspect.signature(LocalSageMaker).parameters["stopping_tolerance"].default
    assert default == 0.0


@pytest.mark.parametrize("tolerance", [-0.1, math.nan])
def test_a_tolerance_below_zero_is_refused(home, tolerance: float) -> None:
    with pytest.raises(SageLocalError, match=f"must be 0 or more, got {tolerance}"):
        LocalSageMaker(home, stopping_tolerance=tolerance)
