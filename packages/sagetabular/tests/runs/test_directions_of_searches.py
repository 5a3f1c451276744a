"""Whole runs by a loss: the trial and the model that are least wrong win, and are logged so.

The models of the project do not learn: how much noise they mix into a perfect signal is their
hyperparameter, so the order of all trials is known beforehand. Scores are recomputed from the
predictions that the run left, without the library that the jobs use for it.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from comparing import check
from planting import Run, plant, run_project
from reading import read_back

from sagetabular.local.account import tracking_store
from sagetabular.project import find_project

pytestmark = pytest.mark.slow

BLURS, MORE = [0.6, 0.0, 0.3], 0.2
CODE = """
import json
import numpy as np

def fit(features, target, hyperparameters, seed):
    return [hasattr(target, "cat"), hyperparameters["blur"] + MORE]

def predict(model, features):
    classes, blur = model
    mixed = (1 - blur) * features["signal"].to_numpy() + blur * features["noise"].to_numpy()
    if not classes:
        return 1000 * mixed
    chance = 1 / (1 + np.exp(-4 * mixed))
    return np.column_stack([1 - chance, chance])

def save(model, folder):
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")

def load(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))
"""


def log_loss(table: pd.DataFrame) -> float:
    """Of the natural logarithm, of the probability that each row's class was given."""
    given = np.where(table["actual"] == "stays", table["probability_stays"],
                     table["probability_goes <1>"])  # fmt: skip
    return float(-np.log(given).mean())


def rmse(table: pd.DataFrame) -> float:
    return float(((table["actual"] - table["predicted"]) ** 2).mean() ** 0.5)


SCORES = {"log_loss": log_loss, "rmse": rmse}
CONF = {
    "rmse": {"task": "regression", "selection": {"metric": "rmse", "maximum": 900}},
    "log_loss": {"task": "binary", "selection": {"metric": "log_loss", "maximum": 0.69}},
}


@pytest.fixture(scope="module", params=CONF)
def finished(request, tmp_path_factory, new_example) -> tuple[str, Run]:
    """Metric, and a run by it: three trials of each of two models, of which one is worse."""
    metric, chance = request.param, np.random.default_rng(5)
    root = tmp_path_factory.mktemp("directions") / "project"
    example = new_example(root)
    table = pd.DataFrame(chance.normal(size=(150, 2)), columns=["signal", "noise"])
    goes = np.where(table["signal"] > 0, "goes <1>", "stays")
    target = goes if metric == "log_loss" else 1000 * table["signal"]
    plant(root, table.assign(y=target), "y", split={"folds": 3}, **CONF[metric])
    if metric == "log_loss":
        example.change("conf/pipeline.yaml", "data.positive", "goes <1>")
    ranges = {"blur": {"type": "categorical", "values": BLURS}}
    for name, more in (("boost", MORE), ("ridge", 0.0)):
        tuning = {"strategy": "Grid", "ranges": ranges}
        example.change(f"models/{name}/model.yaml", "tuning", tuning)
        example.write(f"models/{name}/model.py", CODE.replace("MORE", str(more)))
    run = run_project(root)
    assert run.record.status == "Succeeded", run.record.failure_reason
    return metric, run


@pytest.mark.parametrize("step", ["TuneRidge", "TuneBoost"])
def test_the_search_takes_the_least_wrong_trial_for_the_best(finished, step) -> None:
    metric, run = finished
    response = run.record.steps[step].response
    objective = response["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    assert objective == {"Type": "Minimize", "MetricName": f"cv:{metric}"}
    blurs = [float(json.loads(trial["TunedHyperParameters"]["blur"]))
             for trial in response["TrainingJobSummaries"]]  # fmt: skip
    assert blurs == [0.0, 0.3, 0.6], "the best first"
    best = response["BestTrainingJob"]["TunedHyperParameters"]["blur"]
    assert json.loads(best) == 0.0
    for trial in run.trials(step):
        report, table = trial["report"], trial["predictions"]
        by_fold = [SCORES[metric](part) for _, part in table.groupby("fold")]
        assert len(by_fold) == 3
        assert [fold[metric] for fold in report["folds"]] == pytest.approx(by_fold, rel=1e-9)
        assert report[metric] == pytest.approx(np.mean(by_fold), rel=1e-9)
        assert report[f"{metric}_std"] == pytest.approx(np.std(by_fold, ddof=1), rel=1e-9)


def test_the_better_model_is_registered_with_its_score(finished) -> None:
    metric, run = finished
    assert run.result.winner == "ridge"
    file = run.output("Select", "selection") / "selection.json"
    ranking = json.loads(file.read_bytes())["ranking"]
    assert [entry["model"] for entry in ranking] == ["ridge", "boost"]
    assert ranking[0][f"cv_{metric}"] < ranking[1][f"cv_{metric}"]
    (package,) = run.sagemaker.registry.packages("test-project")
    metadata = package["CustomerMetadataProperties"]
    assert metadata["metric"] == f"test_{metric}"
    assert float(metadata["score"]) == ranking[0][f"test_{metric}"]
    assert metadata.get("task") == ("binary" if metric == "log_loss" else None)
    kind = " (binary)" if metric == "log_loss" else ""
    assert package["ModelPackageDescription"] == f"Ridge predicts y{kind}"


def test_all_metrics_of_trials_folds_and_models_are_logged(finished) -> None:
    metric, run = finished
    (logged,) = read_back(tracking_store(find_project(run.root)), "test-project")
    check(run, logged, count=6)
    task = CONF[metric]["task"]
    assert {"task": task, "metric": metric}.items() <= logged.tags.items()
    file = run.output("Select", "selection") / "selection.json"
    ranking = json.loads(file.read_bytes())["ranking"]
    expected = {f"{entry['model']}.{name}": [value] for entry in ranking
                for name, value in entry.items() if isinstance(value, float)}  # fmt: skip
    expected |= {name: [ranking[0][name]] for name in (f"cv_{metric}", f"test_{metric}")}
    assert logged.metrics == expected
    gate = "MaximumLogLoss" if metric == "log_loss" else "MaximumRmse"
    assert float(logged.parameters[gate]) == CONF[metric]["selection"]["maximum"]
