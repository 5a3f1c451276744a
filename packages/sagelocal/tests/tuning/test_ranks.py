"""`TrainingJobSummaries[k]` is the k-th best trial, as the SDK says of `get_top_model_s3_uri`."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import Any

import pytest

from sagelocal.errors import DefinitionError
from sagelocal.tuning.trials import Trial, ranked, tuning_response

Json = dict[str, Any]


def some_trials(seed: int) -> list[Trial]:
    """Return trials that completed, failed, or were stopped with or without a value; with ties."""
    chance = random.Random(seed)
    trials = []
    for number in range(chance.randint(1, 60)):
        status = chance.choice(["Completed", "Completed", "Stopped", "Failed"])
        value = chance.choice([-1.5, 0.0, 0.25, 0.5, chance.random()])
        has_value = status == "Completed" or (status == "Stopped" and chance.random() < 0.7)
        name = f"tune-{number + 1:03d}"
        trials.append(Trial(number, name, {}, status, value if has_value else None, 1.0))
    return trials


@pytest.mark.parametrize("goal", ["Maximize", "Minimize"])
@pytest.mark.parametrize("seed", range(40))
def test_any_trials_are_ranked(seed: int, goal: str) -> None:
    trials, sign = some_trials(seed), 1 if goal == "Maximize" else -1
    order = ranked(trials, maximise=goal == "Maximize")
    assert sorted(trial.number for trial in order) == [trial.number for trial in trials]
    whole = [trial for trial in trials if trial.status == "Completed"]
    if whole:
        top = max(sign * trial.value for trial in whole)
        assert order[0] == next(trial for trial in whole if sign * trial.value == top)
    rest = order[1:] if whole else order
    valued = [trial for trial in rest if trial.value is not None]
    assert rest[: len(valued)] == valued, "those without a value are last"
    for one, other in pairwise(valued):
        assert sign * one.value >= sign * other.value
        assert one.value != other.value or one.number < other.number
    without = [trial.number for trial in rest[len(valued) :]]
    assert without == sorted(without)


def test_what_the_first_place_holds_is_the_best_training_job() -> None:
    for seed in range(40):
        trials = some_trials(seed)
        for maximise in (True, False):
            response = tuning_response({}, "tune", trials, "r2", maximise=maximise)
            if "BestTrainingJob" in response:
                assert response["TrainingJobSummaries"][0] == response["BestTrainingJob"]


@pytest.mark.parametrize(("goal", "best"), [("Maximize", max), ("Minimize", min)])
@pytest.mark.parametrize("seed", range(6))
def test_a_pipeline_that_asks_for_the_top_model_registers_it(
    start, build, sagemaker, goal: str, best, seed: int
) -> None:
    """The expression is the one that `TuningStep.get_top_model_s3_uri(k, bucket, prefix)` makes."""
    code = "import sys; x = float(sys.argv[-1]); print(f'cv:r2={x};')"
    save = "\nimport os, pathlib; pathlib.Path(os.environ['SM_MODEL_DIR'], 'x').write_text(str(x))"
    build.put_code(sagemaker.storage, fit=code + save)
    request = build.tuning_request(4, 2, goal=goal)
    request["HyperParameterTuningJobConfig"]["RandomSeed"] = seed
    steps = [{"Name": "Tune", "Type": "Tuning", "Arguments": request}]
    for place in (0, 1, 3):
        name = {"Get": f"Steps.Tune.TrainingJobSummaries[{place}].TrainingJobName"}
        words = ["s3:/", "bucket", "models", name, "output/model.tar.gz"]
        uri = {"Std:Join": {"On": "/", "Values": words}}
        package = {
            "ModelPackageGroupName": f"top-{place}",
            "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": uri}]},
        }
        steps.append({"Name": f"Top{place}", "Type": "RegisterModel", "Arguments": package})
    record = start(*steps)
    assert record.status == "Succeeded", record.failure_reason
    order = sorted(tried(record), key=lambda entry: entry[1], reverse=best is max)
    for place in (0, 1, 3):
        (package,) = sagemaker.registry.packages(f"top-{place}")
        uri = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        assert uri == f"s3://bucket/models/{order[place][0]}/output/model.tar.gz"


@pytest.mark.parametrize("place", [50, 51, 749])
def test_a_place_that_the_service_does_not_keep_is_refused_before_anything_runs(
    start, build, home, place: int
) -> None:
    name = {"Get": f"Steps.Tune.TrainingJobSummaries[{place}].TrainingJobName"}
    tune = {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(60, 2)}
    fit = {"Name": "Fit", "Type": "Training", "Arguments": build.training_request(parent=name)}
    with pytest.raises(DefinitionError) as caught:
        start(tune, fit)
    assert str(caught.value).splitlines() == [
        f"Step Fit refers to TrainingJobSummaries[{place}] of Tune, and a tuning step keeps the "
        "50 best trials.",
        "Use a place from 0, the best, to 49.",
    ]
    assert not (home / "executions").exists()


def tried(record) -> list[tuple[str, float]]:
    """Return name and value of each trial, from the trial's own note."""
    notes = [json.loads(path.read_text()) for path in (record.trials / "Tune").iterdir()]
    return [(note["name"], float(note["hyperparameters"]["x"])) for note in notes]
