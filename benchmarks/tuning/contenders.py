"""One contender: score the same settings on the same folds; started by `compare.py`.

Prints a line of JSON: wall seconds (for `floor`, CPU seconds over cores) and the best mean R².
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import xgboost
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from localsage import Storage
from localsage.search import make_search
from localsage.slots import usable_cores
from pipelines import local
from pipelines.project import find_project
from pipelines.training.compilation import compile_pipeline
from pipelines.training.jobs.hyperparameters import decode, load_model_code
from pipelines.training.jobs.tables import FOLD, read_table, split_columns

WORK = Path("work.json")
Settings = list[dict[str, Any]]


class Silence:
    """A listener that does not care."""

    def step_changed(self, name: str, kind: str, status: str, detail: str) -> None:
        """Hear of a step."""

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Hear of a trial."""


def run_pipeline(trials: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the pipeline of the project in this folder; return its Tune and Preprocess step."""
    project = find_project()
    overrides = {"MaxTrainingJobs": str(trials), "MinimumR2": "-9"}
    record = local.start(project, compile_pipeline(project.settings), overrides, Silence())
    (tune,) = [step for step in record.steps.values() if step.kind == "Tuning"]
    seconds = datetime.fromisoformat(tune.end_time) - datetime.fromisoformat(tune.start_time)
    return {
        "arguments": tune.arguments,
        "seconds": seconds.total_seconds(),
        "response": tune.response,
    }, record.steps["Preprocess"].arguments


def prepare(trials: int) -> dict[str, Any]:
    """Note the training rows and the settings that the tuning step will draw."""
    tune, preprocess = run_pipeline(1)
    config = tune["arguments"]["HyperParameterTuningJobConfig"]
    config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = trials
    search = make_search(config)
    drawn = [search.suggest().hyperparameters for _ in range(trials)]
    static = tune["arguments"]["TrainingJobDefinition"]["StaticHyperParameters"]
    fixed = {k: v for k, v in static.items() if not k.startswith(("sagemaker_", "job_", "_"))}
    outputs = preprocess["ProcessingOutputConfig"]["Outputs"]
    (train,) = [one["S3Output"]["S3Uri"] for one in outputs if one["OutputName"] == "train"]
    work = {
        "drawn": drawn,
        "settings": [{k: decode(v) for k, v in {**fixed, **one}.items()} for one in drawn],
        "rows": str(Storage(find_project().home / "s3").path(train)),
        "target": decode(static["job_target"]),
        "seed": decode(static["job_seed"]),
    }
    WORK.write_text(json.dumps(work))
    return {}


def ours(trials: int) -> dict[str, Any]:
    """Time the tuning step of a run."""
    tune, _ = run_pipeline(trials)
    summaries = tune["response"]["TrainingJobSummaries"]
    if [one["TunedHyperParameters"] for one in summaries] != read_work()["drawn"]:
        sys.exit("The tuning step drew other settings.")
    best = tune["response"]["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    return {"seconds": tune["seconds"], "r2": best["Value"]}


def read_work() -> dict[str, Any]:
    """Return what `prepare` noted."""
    content: dict[str, Any] = json.loads(WORK.read_text())
    return content


def floor(model: str) -> dict[str, Any]:
    """Fit, predict and score, and nothing else; CPU time over cores."""
    work, code = read_work(), load_model_code(model)
    table = read_table(Path(work["rows"]))
    features, target = split_columns(table, work["target"])
    assigned, scores = table[FOLD].to_numpy(), []
    parts = [
        (features[assigned != n], target[assigned != n], features[assigned == n], n)
        for n in sorted(set(assigned))
    ]
    started = time.process_time()
    for settings in work["settings"]:
        of_folds = []
        for known, truth, held_out, n in parts:
            fitted = code.fit(known, truth, settings, work["seed"])
            of_folds.append(r2_score(target[assigned == n], code.predict(fitted, held_out)))
        scores.append(pd.Series(of_folds).to_numpy().mean())
    seconds = (time.process_time() - started) / usable_cores()
    return {"seconds": seconds, "r2": max(scores)}


def estimator(model: str, seed: int) -> Pipeline:
    """Return the scikit-learn counterpart of a model of the project."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder = make_column_transformer(
        (one_hot, make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )
    regressors = {
        "decision_tree": DecisionTreeRegressor(random_state=seed),
        "xgboost": xgboost.XGBRegressor(tree_method="hist", n_jobs=1, random_state=seed),
    }
    return Pipeline([("encoder", encoder), ("regressor", regressors[model])])


def for_pipeline(settings: dict[str, Any]) -> dict[str, Any]:
    """Name settings as the parameters of `estimator`."""
    renamed = {"num_round": "n_estimators", "eta": "learning_rate"}
    return {f"regressor__{renamed.get(name, name)}": value for name, value in settings.items()}


def search_of(model: str, search: Callable[..., float]) -> dict[str, Any]:
    """Time a search that takes estimator, settings, features, target and folds."""
    work = read_work()
    table = read_table(Path(work["rows"]))
    features, target = split_columns(table, work["target"])
    settings = [for_pipeline(one) for one in work["settings"]]
    started = time.perf_counter()
    folds = PredefinedSplit(table[FOLD])
    best = search(estimator(model, work["seed"]), settings, features, target, folds)
    return {"seconds": time.perf_counter() - started, "r2": best}


def sklearn_search(
    pipeline: Pipeline,
    settings: Settings,
    features: pd.DataFrame,
    target: pd.Series,
    folds: PredefinedSplit,
) -> float:
    """Search as scikit-learn does."""
    grid = [{name: [value] for name, value in one.items()} for one in settings]
    search = GridSearchCV(pipeline, grid, cv=folds, scoring="r2", n_jobs=-1, refit=False)
    return float(search.fit(features, target).best_score_)


def optuna_search(
    pipeline: Pipeline,
    settings: Settings,
    features: pd.DataFrame,
    target: pd.Series,
    folds: PredefinedSplit,
) -> float:
    """Search as Optuna's users do; the settings are enqueued, so nothing is drawn."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        one = {name: suggest(trial, name) for name in settings[0]}
        scores = cross_val_score(
            pipeline.set_params(**one), features, target, cv=folds, scoring="r2", n_jobs=-1
        )
        return float(scores.mean())

    def suggest(trial: optuna.Trial, name: str) -> float:
        values = [one[name] for one in settings]
        kind = trial.suggest_int if isinstance(values[0], int) else trial.suggest_float
        return kind(name, min(values), max(values))

    study = optuna.create_study(direction="maximize")
    for one in settings:
        study.enqueue_trial(one)
    study.optimize(objective, n_trials=len(settings))
    return study.best_value


def main() -> None:
    """Run the contender that the command line names."""
    contender, model, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run: dict[str, Callable[[], dict[str, Any]]] = {
        "prepare": lambda: prepare(trials),
        "floor": lambda: floor(model),
        "sklearn": lambda: search_of(model, sklearn_search),
        "optuna": lambda: search_of(model, optuna_search),
        "ours": lambda: ours(trials),
    }
    print(json.dumps(run[contender]()))


if __name__ == "__main__":
    main()
