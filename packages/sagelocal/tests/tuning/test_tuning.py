"""Tuning jobs: the requests of their trials, and the response."""

from __future__ import annotations

import pytest
from searches import asked, in_turn

from sagelocal.errors import DefinitionError


def test_the_best_of_real_trials_is_found_and_described(run, build, notes) -> None:
    response = run("print(f'cv:r2={1 - abs(x - 0.4)};')", build.tuning_request(4, 2))
    trials = in_turn(response)
    assert [trial["TrainingJobName"] for trial in trials] == [f"tune-00{n}" for n in (1, 2, 3, 4)]
    best = min(trials, key=lambda trial: abs(float(trial["TunedHyperParameters"]["x"]) - 0.4))
    assert response["BestTrainingJob"] == best
    assert response["HyperParameterTuningJobStatus"] == "Completed"
    assert response["TrainingJobStatusCounters"]["Completed"] == 4
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["MetricName"] == "cv:r2"
    assert objective["Value"] == 1 - abs(float(best["TunedHyperParameters"]["x"]) - 0.4)
    assert sorted(event[1] for event in notes.trials) == [1, 2, 3, 4]
    assert {event[2] for event in notes.trials} == {4}
    assert notes.trials[-1][4] == objective["Value"]


def test_a_trial_gets_static_and_tuned_hyperparameters_and_the_objective(run, build) -> None:
    request = build.tuning_request(1, 1)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["rounds"] = "300"
    source = (
        "import json, os\n"
        "path = os.environ['SM_INPUT_CONFIG_DIR'] + '/hyperparameters.json'\n"
        "given = json.load(open(path))\n"
        "assert given['rounds'] == '300' and float(given['x']) == x, given\n"
        "assert given['_tuning_objective_metric'] == 'cv:r2'\n"
        "assert '--_tuning_objective_metric' not in sys.argv\n"
        "print('cv:r2=1;')\n"
    )
    assert run(source, request)["HyperParameterTuningJobStatus"] == "Completed"


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


def test_a_hyperparameter_cannot_be_static_and_tuned(run, build) -> None:
    request = build.tuning_request(1, 1)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["x"] = "1"
    with pytest.raises(DefinitionError, match="x is both static and tuned"):
        run("pass", request)
