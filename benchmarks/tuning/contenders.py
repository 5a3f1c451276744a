"""One contender: score the same settings on the same folds; started by `compare.py`.

Prints a line of JSON: wall seconds (for `floor`, CPU seconds over cores) and the best mean R².
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
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
from tuning_steps import ours, prepare, read_work

from sagelocal.processes.slots import usable_cores
from sagetabular.jobs.models.hyperparameters import load_model_code
from sagetabular.jobs.tables import FOLD, read_table, split_columns

Settings = list[dict[str, Any]]


def floor(model: str) -> dict[str, Any]:
    """Fit, predict and score, and nothing else; CPU time over cores."""
    work, code = read_work(model), load_model_code(model)
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
    work = read_work(model)
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
