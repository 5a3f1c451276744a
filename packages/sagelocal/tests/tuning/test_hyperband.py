"""Hyperband: who goes on depends on what trials reported, and on nothing else."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from searches import in_turn

from sagelocal.errors import DefinitionError
from sagelocal.forking.launching import ForkLauncher, forking_is_safe
from sagelocal.jobs.machine import Machine
from sagelocal.processes.launching import ProcessLauncher
from sagelocal.processes.slots import Slots
from sagelocal.tuning.job import run_tuning_job
from sagelocal.tuning.searches.hyperband import HalvingRule, Hyperband, read_hyperband

# A trial with x tells x as often as there are folds, at its own pace, and leaves a mark for each.
FOLDS = (
    "import sys, time, pathlib\n"
    "x = float(sys.argv[sys.argv.index('-x') + 1])\n"
    "for fold in range(9):\n"
    "    print(f'cv:r2={x};', flush=True)\n"
    "    time.sleep(PAUSE)\n"
)


def config(least: int = 1, most: int = 9, **rest: Any) -> dict[str, Any]:
    spent = {"MinResource": least, "MaxResource": most}
    return {
        "Strategy": "Hyperband",
        "StrategyConfig": {"HyperbandStrategyConfig": spent},
        **rest,
    }


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ([0.9, 0.9], None),
        ([0.1], 1),
        ([0.1, 0.9, 0.9], 1),
        ([0.9, 0.1, 0.1], 3),
        ([0.9, 0.1], None),
        ([], None),
    ],
)
def test_a_trial_that_is_not_among_the_best_third_of_a_rung_ends_there(reported, expected) -> None:
    rungs = {1: [0.2, 0.5], 3: [0.2, 0.5]}
    assert HalvingRule(rungs, maximise=True).stops_after(reported) == expected
    mirrored = {rung: [-value for value in values] for rung, values in rungs.items()}
    rule = HalvingRule(mirrored, maximise=False)
    assert rule.stops_after([-value for value in reported]) == expected


def test_the_first_trial_of_a_rung_and_one_as_good_as_the_last_that_goes_on_go_on() -> None:
    assert HalvingRule({1: []}, maximise=True).stops_after([-5.0]) is None
    assert HalvingRule({1: [0.5, 0.1]}, maximise=True).stops_after([0.5]) is None


@pytest.mark.parametrize(
    ("least", "most", "begins"),
    [
        (1, 9, [1] * 9 + [3] * 5 + [None] * 3),  # Hyperband's own table for 9 units by threes
        (1, 5, [1] * 3 + [3] * 2),
        (2, 5, [2]),
        (2, 6, [2] * 3 + [None] * 2),
    ],
)
def test_brackets_begin_with_as_many_trials_as_hyperband_has_them(least, most, begins) -> None:
    hyperband = Hyperband(least, most, maximise=True)
    rungs = [hyperband.rule(number, []).rungs for number in range(2 * len(begins))]
    assert [min(found, default=None) for found in rungs] == begins * 2


def test_a_trial_is_compared_with_those_of_its_own_bracket_that_came_as_far() -> None:
    known = [[0.1], [0.2, 0.2, 0.2], [0.3], [0.4, 0.4, 0.4], [0.5] * 5]
    rule = Hyperband(1, 5, maximise=True).rule(5, known)
    assert rule.rungs == {1: [0.1, 0.2, 0.3], 3: [0.2]}
    assert Hyperband(1, 5, maximise=True).rule(8, known).rungs == {3: [0.4, 0.5]}


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        (config(3, 2), "1 <= MinResource <= MaxResource, got 3 and 2"),
        (config(0, 2), "got 0 and 2"),
        ({"Strategy": "Hyperband"}, "got 1 and 0"),
        (config(TrainingJobEarlyStoppingType="Auto"), "TrainingJobEarlyStoppingType Off"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(faulty: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        read_hyperband(faulty, maximise=True)


def test_other_strategies_have_no_brackets() -> None:
    assert read_hyperband({"Strategy": "Random"}, maximise=True) is None


@pytest.fixture
def run(machine: Machine, build):
    """Run a tuning job of 17 trials, one round of all brackets; return its trials."""

    def run_job(
        slots: int = 2, pause: float = 0.0, launcher: type[ProcessLauncher] = ProcessLauncher
    ) -> list[dict[str, Any]]:
        build.put_code(machine.storage, fit=FOLDS.replace("PAUSE", str(pause)))
        request = build.tuning_request(17, 3, strategy="Hyperband")
        request["HyperParameterTuningJobConfig"] |= config()
        response = run_tuning_job(
            request,
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(slots), launcher=launcher()),
            trial_finished=lambda *_told: None,
        )
        return [
            {key: value for key, value in trial.items() if key != "Seconds"}
            for trial in in_turn(response)
        ]

    return run_job


def replayed(tried: list[float]) -> list[str]:
    """Recompute from the hyperparameters alone who ends: a trial tells x, and knows n - 3."""
    begins = [1] * 9 + [3] * 5 + [9] * 3
    reached: list[int] = []
    for number, x in enumerate(tried):
        end = 9
        for rung in (1, 3):
            rivals = [
                y for other, y in enumerate(tried[: max(0, number - 2)])
                if begins[other] == begins[number] and reached[other] >= rung
            ]  # fmt: skip
            better = sum(y > x for y in rivals)
            if rung >= begins[number] and better >= max(1, (len(rivals) + 1) // 3):
                end = rung
                break
        reached.append(end)
    return ["Completed" if end == 9 else "Stopped" for end in reached]


@pytest.mark.slow
def test_the_trials_that_end_early_are_those_that_the_rule_names(run) -> None:
    trials = run()
    tried = [float(trial["TunedHyperParameters"]["x"]) for trial in trials]
    assert [trial["TrainingJobStatus"] for trial in trials] == replayed(tried)
    assert {*replayed(tried)} == {"Completed", "Stopped"}


@pytest.mark.slow
@pytest.mark.skipif(not forking_is_safe(), reason="there are forks on Linux only")
def test_neither_slots_nor_pace_nor_isolation_change_who_goes_on(run) -> None:
    first = run(1)
    pauses = random.Random(3)
    assert run(2, pauses.random() / 20) == first
    assert run(4, pauses.random() / 20, ForkLauncher) == first
