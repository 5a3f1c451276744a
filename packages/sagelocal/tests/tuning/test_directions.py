"""The direction of an objective, its sign and its size: the best trial is the planted one.

Trials tell the running means of five folds. What comes out is compared with pandas, and with the
same search for another objective: one whose sign is turned with its direction, or that counts in
another unit (a power of 2, so that not a bit is rounded otherwise).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from searches import in_turn
from standing_in import stand_in

from sagelocal.jobs.machine import Machine
from sagelocal.processes.slots import Slots
from sagelocal.tuning.job import run_tuning_job
from sagelocal.tuning.warm_start import KnownTrial, WarmStart

Score = Callable[[float], float]
FOLDS, BEST_X = 5, 0.3
TRIALS, PARALLEL = 15, 3
FINAL = "FinalHyperParameterTuningJobObjectiveMetric"
COLD = WarmStart()
VALUES = [str(x / 10) for x in range(11)]
# Metrics of models, as a search would see them: name → goal, and the score of x.
OBJECTIVES: dict[str, tuple[str, Score]] = {
    "r2": ("Maximize", lambda x: 0.85 - abs(x - BEST_X)),
    "r2 below 0": ("Maximize", lambda x: -0.2 - abs(x - BEST_X)),
    "roc_auc": ("Maximize", lambda x: 0.99 - abs(x - BEST_X) / 2),
    "average_precision": ("Maximize", lambda x: 0.2 - abs(x - BEST_X) / 5),
    "accuracy of nobody": ("Maximize", lambda x: 0.0 * x),
    "rmse in dollars": ("Minimize", lambda x: 50_000 * (1 + abs(x - BEST_X))),
    "mae": ("Minimize", lambda x: 3 + abs(x - BEST_X)),
    "log_loss near 0": ("Minimize", lambda x: 0.01 * (1 + abs(x - BEST_X))),
    "log_loss of 0": ("Minimize", lambda x: abs(x - BEST_X)),
    "below 0": ("Minimize", lambda x: -7 + abs(x - BEST_X)),
}
SEARCHES: dict[str, dict[str, Any]] = {
    "Bayesian": {"Strategy": "Bayesian"},
    "Random": {"Strategy": "Random"},
    "Grid": {"Strategy": "Grid"},
    "early stopping": {"Strategy": "Bayesian", "TrainingJobEarlyStoppingType": "Auto"},
    "Hyperband": {
        "Strategy": "Hyperband",
        "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": FOLDS}},
    },
    "patience": {
        "Strategy": "Bayesian",
        "TuningJobCompletionCriteria": {
            "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 5}
        },
    },
}


def folds(score: float, x: float) -> list[float]:
    """Running means that wander about and end at the score."""
    seed = int(hashlib.sha256(repr(x).encode()).hexdigest()[:8], 16)
    around = 1 + np.random.default_rng(seed).normal(scale=0.2, size=FOLDS)
    return [*(float(score * factor) for factor in around[:-1]), score]


@pytest.fixture
def search(machine: Machine, build, monkeypatch: pytest.MonkeyPatch):
    """Run a search whose trials tell what `score` says of x, and end where its rule ends them."""

    def run(
        score: Score, goal: str, config: dict[str, Any], known: WarmStart = COLD
    ) -> dict[str, Any]:
        def train(request, *, name, rule, limit, **_rest):
            limit(request)
            x = float(request["HyperParameters"]["x"])
            told = folds(score(x), x)
            stop = rule.stops_after(told) if rule else None
            told = told[:stop]
            return {
                "TrainingJobName": name,
                "TrainingJobStatus": "Completed" if stop is None else "Stopped",
                "FinalMetricDataList": [{"MetricName": "cv:r2", "Value": told[-1]}],
                "Seconds": 0.0,
                "Progress": told,
                "ExitCode": 0,
            }

        stand_in(monkeypatch, train)
        request = build.tuning_request(TRIALS, PARALLEL, goal=goal)
        own = request["HyperParameterTuningJobConfig"]
        own |= config
        if config["Strategy"] == "Grid":
            own["ParameterRanges"] = {
                "CategoricalParameterRanges": [{"Name": "x", "Values": VALUES}]
            }
            del own["ResourceLimits"]["MaxNumberOfTrainingJobs"]
        return run_tuning_job(
            request,
            name="tune",
            step="Tune",
            machine=replace(machine, slots=Slots(2)),
            trial_finished=lambda *_told: None,
            warm_start=known,
        )

    return run


def table(response: dict[str, Any]) -> pd.DataFrame:
    """The trials in the order in which they began."""
    return pd.DataFrame(
        {
            "name": trial["TrainingJobName"],
            "x": float(trial["TunedHyperParameters"]["x"]),
            "value": trial[FINAL]["Value"],
            "status": trial["TrainingJobStatus"],
        }
        for trial in in_turn(response)
    )


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_best_trial_is_the_planted_one_and_a_worse_one_never_wins(
    search, objective: str, kind: str
) -> None:
    goal, score = OBJECTIVES[objective]
    response = search(score, goal, SEARCHES[kind])
    trials = table(response)
    whole = trials[trials["status"] == "Completed"]
    order = whole.sort_values("value", ascending=goal == "Minimize", kind="stable")
    best = response["BestTrainingJob"]
    assert best["TrainingJobName"] == order.iloc[0]["name"]
    if objective != "accuracy of nobody":  # all are equal there: the first wins
        nearest = (whole["x"] - BEST_X).abs().idxmin()
        assert best["TrainingJobName"] == trials.loc[nearest, "name"]
    ranked = [trial["TrainingJobName"] for trial in response["TrainingJobSummaries"]]
    rest = trials[trials["name"] != ranked[0]]
    rest = rest.sort_values("value", ascending=goal == "Minimize", kind="stable")
    assert ranked[1:] == list(rest["name"])
    if kind == "Grid":
        assert best["TunedHyperParameters"]["x"] == ("0.0" if "nobody" in objective else "0.3")


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_neither_sign_nor_unit_change_which_trials_run_and_how_they_end(
    search, objective: str, kind: str
) -> None:
    goal, score = OBJECTIVES[objective]
    expected = table(search(score, goal, SEARCHES[kind]))
    other = "Minimize" if goal == "Maximize" else "Maximize"
    for factor, towards in ((-1.0, other), (2.0**20, goal), (2.0**-20, goal), (-(2.0**-9), other)):
        found = table(search(lambda x, f=factor: f * score(x), towards, SEARCHES[kind]))
        found["value"] /= factor
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_rules_end_trials_and_searches_of_every_objective(search, objective: str) -> None:
    """Without it, the tests above would say nothing about rules."""
    goal, score = OBJECTIVES[objective]
    for kind in ("early stopping", "Hyperband"):
        statuses = {*table(search(score, goal, SEARCHES[kind]))["status"]}
        stops = objective != "accuracy of nobody"
        assert statuses == ({"Completed", "Stopped"} if stops else {"Completed"})
    assert len(table(search(score, goal, SEARCHES["patience"]))) < TRIALS


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if "nobody" not in name])
def test_a_target_ends_a_search_with_the_first_trial_that_is_as_good(
    search, objective: str
) -> None:
    goal, score = OBJECTIVES[objective]
    config = SEARCHES["Random"]
    every = table(search(score, goal, config))
    target = score(BEST_X + 0.1)
    good = every["value"] >= target if goal == "Maximize" else every["value"] <= target
    criteria = {"TargetObjectiveMetricValue": target}
    ended = search(score, goal, config | {"TuningJobCompletionCriteria": criteria})
    first = int(good.to_numpy().argmax())
    assert good.any()
    # The two that had been suggested by then, three at a time, come to their end.
    assert len(table(ended)) == min(first + PARALLEL, TRIALS)
    known = table(ended)["value"]
    best = known.max() if goal == "Maximize" else known.min()
    assert ended["BestTrainingJob"][FINAL]["Value"] == best


@pytest.mark.parametrize("goal", ["Maximize", "Minimize"])
def test_a_warm_start_learns_and_counts_the_best_of_its_parents_by_the_direction(
    search, goal: str
) -> None:
    """The trials are compared with those of Optuna itself, the library of the search."""
    sign = 1 if goal == "Minimize" else -1
    earlier = [(x, sign * 1_000 * (1 + abs(x - BEST_X))) for x in (0.9, 0.31, 0.6)]
    known = WarmStart(
        tuple(KnownTrial({"x": repr(x)}, value) for x, value in earlier),
        ({"TrainingJobName": "before", FINAL: {"MetricName": "cv:r2", "Value": earlier[1][1]}},),
    )
    response = search(
        lambda x: sign * 2_000 * (1 + abs(x - BEST_X)), goal, SEARCHES["Bayesian"], known
    )
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    sampler = optuna.samplers.TPESampler(seed=7 + len(earlier))
    study = optuna.create_study(direction=goal.lower(), sampler=sampler)
    for x, value in earlier:
        study.add_trial(
            optuna.trial.create_trial(params={"x": x}, distributions=space, value=value)
        )
    asked: list[optuna.Trial] = []
    for number in range(TRIALS):
        if number >= PARALLEL:
            x = asked[number - PARALLEL].params["x"]
            study.tell(asked[number - PARALLEL], sign * 2_000 * (1 + abs(x - BEST_X)))
        asked.append(study.ask(space))
    assert list(table(response)["x"]) == [trial.params["x"] for trial in asked]
    assert response["OverallBestTrainingJob"]["TrainingJobName"] == "before"
