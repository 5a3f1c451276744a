"""What the service reads of a trial's log is what the trial has written down, to the last bit."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from planting import Run, plant, run_project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory, new_example) -> Run:
    """The small project's pipeline, with three folds and two trials of each model."""
    root = tmp_path_factory.mktemp("metrics") / "project"
    example = new_example(root)
    random = np.random.default_rng(8)
    table = pd.DataFrame(random.normal(size=(90, 3)), columns=["a", "b", "c"])
    noise = random.normal(scale=0.3, size=90)
    plant(root, table.assign(y=table["a"] * 2 - table["b"] + noise), "y",
          split={"folds": 3}, tuning={"trials": 2}, selection={"minimum_r2": -1e9})  # fmt: skip
    example.change("models/boost/model.yaml", "hyperparameters", {"strength": 0.5})
    run = run_project(root)
    assert run.record.status == "Succeeded", run.record.failure_reason
    return run


def definitions_of(run, step):
    """Name of a metric → its regular expression, in the definition that ran."""
    document = json.loads((run.record.directory / "definition.json").read_text(encoding="utf-8"))
    (request,) = [each["Arguments"] for each in document["Steps"] if each["Name"] == step]
    algorithm = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    return {entry["Name"]: entry["Regex"] for entry in algorithm["MetricDefinitions"]}


def trials_of(run, step):
    """Log and cv.json of every trial."""
    logs = [log.read_text(encoding="utf-8") for log in run.record.log_files(step)]
    return list(zip(logs, [trial["report"] for trial in run.trials(step)], strict=True))


@pytest.mark.parametrize("step", ["TuneRidge", "TuneBoost"])
def test_the_expressions_find_in_a_log_exactly_the_numbers_of_its_trial(finished, step):
    expressions, trials = definitions_of(finished, step), trials_of(finished, step)
    assert len(trials) == 2
    for log, written in trials:
        found = {
            name: [float(text) for text in re.findall(expression, log)]
            for name, expression in expressions.items()
        }
        folds = [fold["r2"] for fold in written["folds"]]
        assert len(folds) == 3
        so_far = [float(np.mean(folds[:count])) for count in (1, 2, 3)]
        assert found == {
            "cv:r2": [*so_far[:2], written["r2"]],
            "cv:fold_r2": folds,
            "cv:rmse": [written["rmse"]],
            "cv:mae": [written["mae"]],
        }


@pytest.mark.parametrize("step", ["TuneRidge", "TuneBoost"])
def test_the_search_has_gone_by_the_same_numbers(finished, step):
    summaries = finished.record.steps[step].response["TrainingJobSummaries"]
    taken = [
        each["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for each in sorted(summaries, key=lambda each: each["TrainingJobName"])
    ]
    assert taken == [written["r2"] for _, written in trials_of(finished, step)]
