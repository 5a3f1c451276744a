"""Neither slots nor the pace of trials change what a search finds."""

from __future__ import annotations

import threading

import pytest
from searches import asked

from sagelocal.jobs.machine import Machine
from sagelocal.tuning.job import run_tuning_job


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
        return x if number != 1 or last_has_run.wait(timeout=60) else None

    response = simulate(score, trials=6, parallel=2, strategy="Random")
    assert response["TrainingJobStatusCounters"]["Completed"] == 6


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


def test_whoever_listens_hears_when_each_trial_gets_a_slot(machine: Machine, build) -> None:
    build.put_code(machine.storage, fit="print('cv:r2=1;')")
    told: list[tuple[str, int, int]] = []
    run_tuning_job(
        build.tuning_request(4, 2),
        name="tune",
        step="Tune",
        machine=machine,
        trial_finished=lambda number, total, *_scores: told.append(("end", number, total)),
        trial_started=lambda number, total: told.append(("begin", number, total)),
    )
    assert sorted(told) == sorted(
        (kind, number, 4) for kind in ("begin", "end") for number in (1, 2, 3, 4)
    )
    for number in (1, 2, 3, 4):
        assert told.index(("begin", number, 4)) < told.index(("end", number, 4))
