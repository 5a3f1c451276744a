"""Whole executions of searches that are interrupted, end early, or build on earlier ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from planting import Run, run_project

from sagelocal.errors import DefinitionError
from sagetabular.lake.store import table_folder, write_table

RIDGE, PIPELINE = "models/ridge/model.yaml", "conf/pipeline.yaml"
FOLDS, TRIALS = 4, 5
# A line for every fit of a trial; the tenth is killed, as by a machine that is taken away.
KILLED = """

_fit = fit

def fit(features, target, hyperparameters, seed):
    import os, pathlib, signal
    fits = pathlib.Path(FITS)
    with fits.open("a") as lines:
        lines.write("fit\\n")
    if len(fits.read_text().split()) == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    return _fit(features, target, hyperparameters, seed)
"""


@pytest.fixture
def project(tmp_path: Path, new_example):
    """Make the small project with one model, and rows that tell its hyperparameters apart."""

    def make(name: str, **tuning: object):
        example = new_example(tmp_path / name)
        example.change(PIPELINE, "models", ["ridge"])
        example.change(PIPELINE, "split.folds", FOLDS)
        example.change(PIPELINE, "tuning", {"trials": TRIALS, "parallel": 1})
        example.change(PIPELINE, "selection", {"minimum_r2": -100.0})
        example.change(PIPELINE, "tracking", "none")
        for column in ("district", "sold", "garden"):
            example.change(PIPELINE, f"data.columns.{column}", remove=True)
        for key, value in tuning.items():
            example.change(RIDGE, f"tuning.{key}", value)
        generator = np.random.default_rng(5)
        rooms = generator.normal(size=160)
        noise = generator.normal(scale=0.4, size=160)
        columns = {"rooms": rooms, "area": rooms, "price": 3 * rooms + noise}
        folder = table_folder(example.root / ".pipeline/lake", "estate", "sales")
        table = pa.Table.from_pandas(pd.DataFrame(columns))
        write_table(folder, table, kind="files", title="sales")
        return example

    return make


def scores(run: Run) -> list[dict]:
    """Everything that the trials say of themselves but how long they took."""
    return [
        {key: value for key, value in trial["report"].items() if key != "seconds"}
        | {"predictions": trial["predictions"].to_numpy().tobytes()}
        for trial in run.trials("TuneRidge")
    ]


def statuses(run: Run) -> list[str]:
    found = run.record.steps["TuneRidge"].response["TrainingJobSummaries"]
    found = sorted(found, key=lambda trial: trial["TrainingJobName"])
    return [trial["TrainingJobStatus"] for trial in found]


def counted(example, killed: int) -> Path:
    """Have the model count its fits, and one of them killed; 0 for none."""
    fits = example.root / "fits"
    path = example.root / "models/ridge/model.py"
    code = KILLED.replace("FITS", repr(str(fits))).replace("KILLED", str(killed))
    path.write_text(path.read_text() + code)
    return fits


@pytest.mark.slow
def test_a_trial_killed_in_the_middle_repeats_no_fold_and_gives_the_same_bits(project) -> None:
    whole, broken = project("whole"), project("broken")
    fits = counted(broken, killed=FOLDS + 3)  # the third fold of the second trial
    calm = counted(whole, killed=0)
    for example in (whole, broken):
        example.change(PIPELINE, "resources", {"training": {"spot": True}})
    expected, found = run_project(whole.root), run_project(broken.root)
    assert found.record.status == "Succeeded", found.record.failure_reason
    assert scores(found) == scores(expected)
    # All folds of all trials and the fit; and the one that was killed is done once more.
    assert len(calm.read_text().split()) == FOLDS * TRIALS + 1
    assert len(fits.read_text().split()) == FOLDS * TRIALS + 1 + 1


@pytest.mark.slow
def test_hyperband_ends_trials_and_the_rest_of_the_pipeline_goes_on(project) -> None:
    example = project("project", strategy="Hyperband", min_folds=1)
    found = run_project(example.root, MaxTrainingJobs=12)
    assert found.record.status == "Succeeded", found.record.failure_reason
    assert {*statuses(found)} == {"Completed", "Stopped"}
    assert len(statuses(found)) == 12


@pytest.mark.slow
def test_a_target_that_is_reached_ends_the_search(project) -> None:
    example = project("project", completion={"target_r2": 0.1})
    found = run_project(example.root)
    assert found.record.status == "Succeeded", found.record.failure_reason
    assert statuses(found) == ["Completed"]


@pytest.mark.slow
def test_a_search_builds_on_the_execution_that_it_is_told_of(project) -> None:
    example = project("project")
    first = run_project(example.root)
    start = {"from": [{"parameter": "Parent"}], "type": "IdenticalDataAndAlgorithm"}
    example.change(RIDGE, "tuning.warm_start", start)
    second = run_project(example.root, Parent=first.record.id)
    assert second.record.status == "Succeeded", second.record.failure_reason
    tried = [
        {trial["report"]["hyperparameters"]["strength"] for trial in run.trials("TuneRidge")}
        for run in (first, second)
    ]
    assert not tried[0] & tried[1]
    best = second.record.steps["TuneRidge"].response["OverallBestTrainingJob"]
    both = [trial["report"]["r2"] for run in (first, second) for trial in run.trials("TuneRidge")]
    key = "FinalHyperParameterTuningJobObjectiveMetric"
    assert best[key]["Value"] == max(both)
    with pytest.raises(DefinitionError) as caught:
        run_project(example.root, Parent="20200101-000000-abcd")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.slow
def test_wrong_hyperparameters_from_s3_fail_the_search_in_two_lines(project) -> None:
    example = project("project")
    example.change(RIDGE, "hyperparameters_from", "s3://given/values.json")
    path = example.root / ".pipeline/s3/given/values.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"centered": False}))
    found = run_project(example.root)
    assert found.record.status == "Failed"
    reason = found.record.failure_reason or ""
    assert "hyperparameters_from gives 'centered', which is not under hyperparameters." in reason
    assert reason.splitlines()[-1] == "Did you mean 'centred'?"


@pytest.mark.slow
def test_mistakes_at_start_are_answered_in_two_lines(project, pipeline) -> None:
    example = project("project")
    low = {"parameter": "StrengthMin", "default": 0.01}
    example.change(RIDGE, "tuning.ranges.strength.min", low)
    start = {"from": [{"parameter": "Parent"}], "type": "TransferLearning"}
    example.change(RIDGE, "tuning.warm_start", start)
    missing = "20200101-000000-abcd"

    def answer(*values: str) -> list[str]:
        words = [word for value in values for word in ("--set", value)]
        return pipeline("run", *words, folder=example.root).mistake

    assert answer(f"Parent={missing}", "StrengthMin=11") == [
        "TuneRidge: the range of 'strength' needs min below max, "
        "got min 11 (StrengthMin) and max 10.",
        "Give it another value with --set.",
    ]
    assert answer(f"Parent={missing}", "StrengthMin=few")[0] == (
        "TuneRidge: the range of 'strength' needs numbers as bounds, got 'few' (StrengthMin)."
    )
    assert answer(f"Parent={missing}") == [
        f"Step TuneRidge: a warm start needs earlier executions. There is no execution {missing}.",
        "None has been started yet.",
    ]
    assert answer()[0] == "Parameters without a value: Parent."
