"""One contender: score the same settings on the same folds; started by `compare.py`.

Prints a line of JSON: wall seconds (for `floor`, CPU seconds over cores) and the best mean R².
"""

from __future__ import annotations

import json
import resource
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

from localsage import ExecutionRecord, Reuse, Storage
from localsage.search import make_search
from localsage.slots import usable_cores
from pipelines import local
from pipelines.project import find_project
from pipelines.training.compilation import compile_pipeline
from pipelines.training.jobs.hyperparameters import decode, load_model_code
from pipelines.training.jobs.tables import FOLD, read_table, split_columns

WORK = Path("work.json")
Settings = list[dict[str, Any]]


class Meter:
    """A listener that reads clock and CPU time when the first tuning step begins and the last ends.

    CPU time is that of this process and of all its descendants that have ended: fork servers too,
    which may have begun before the step, and whatever other steps ran meanwhile.
    """

    def __init__(self) -> None:
        """Start with nothing measured."""
        self.began: list[tuple[float, float]] = []
        self.ended: list[tuple[float, float]] = []

    def step_changed(self, _name: str, kind: str, status: str, _detail: str) -> None:
        """Hear of a step."""
        if kind == "Tuning":
            (self.began if status == "Executing" else self.ended).append(_clocks())

    def trial_finished(
        self, step: str, number: int, total: int, value: float | None, best: float | None
    ) -> None:
        """Hear of a trial."""

    def seconds(self) -> tuple[float, float]:
        """Return wall and CPU seconds of all tuning steps together."""
        (wall, cpu), (wall_at_end, cpu_at_end) = self.began[0], self.ended[-1]
        return wall_at_end - wall, cpu_at_end - cpu


def _clocks() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)


def run_pipeline(trials: int, *, tuning_alone: bool = False) -> tuple[ExecutionRecord, Meter]:
    """Run the pipeline of the project in this folder, nothing reused.

    Args:
        trials: How many each model has.
        tuning_alone: Whether to take the rows of an earlier execution and leave out what comes
            after tuning, so that no fit of one model runs while another one is being tuned.
    """
    project, meter = find_project(), Meter()
    overrides = {"MaxTrainingJobs": str(trials), "MinimumR2": "-9"}
    compiled = compile_pipeline(project.settings)
    steps = json.loads(compiled.definition)["Steps"]
    # Preprocess too: the trials' libraries load meanwhile, as in every run.
    only = ["Preprocess", *(step["Name"] for step in steps if step["Type"] == "Tuning")]
    reuse = Reuse(cache=False, only=only if tuning_alone else [])
    record = local.start(project, compiled, overrides, meter, reuse)
    if record.status != "Succeeded":
        sys.exit(f"The execution {record.status}: {record.failure_reason}")
    return record, meter


def searches(record: ExecutionRecord) -> dict[str, dict[str, Any]]:
    """Return the response of each model's tuning step."""
    responses = [step.response or {} for step in record.steps.values() if step.kind == "Tuning"]
    return {
        one["TrainingJobDefinition"]["StaticHyperParameters"]["job_model"]: one for one in responses
    }


def prepare(trials: int) -> dict[str, Any]:
    """Note the training rows and the settings that the tuning steps will draw."""
    record, _ = run_pipeline(1)
    outputs = (record.steps["Preprocess"].response or {})["ProcessingOutputConfig"]["Outputs"]
    (train,) = [one["S3Output"]["S3Uri"] for one in outputs if one["OutputName"] == "train"]
    rows = str(Storage(find_project().home / "s3").path(train))
    work = {model: _work(one, trials, rows) for model, one in searches(record).items()}
    WORK.write_text(json.dumps(work))
    return {}


def _work(tune: dict[str, Any], trials: int, rows: str) -> dict[str, Any]:
    config = tune["HyperParameterTuningJobConfig"]
    config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = trials
    search = make_search(config)
    drawn = [search.suggest().hyperparameters for _ in range(trials)]
    static = tune["TrainingJobDefinition"]["StaticHyperParameters"]
    fixed = {k: v for k, v in static.items() if not k.startswith(("sagemaker_", "job_", "_"))}
    return {
        "drawn": drawn,
        "settings": [{k: decode(v) for k, v in {**fixed, **one}.items()} for one in drawn],
        "rows": rows,
        "target": decode(static["job_target"]),
        "seed": decode(static["job_seed"]),
    }


def ours(trials: int) -> dict[str, Any]:
    """Time the tuning steps of a run, which run beside each other."""
    record, meter = run_pipeline(trials, tuning_alone=True)
    best = {}
    for model, response in searches(record).items():
        summaries = response["TrainingJobSummaries"]
        if [one["TunedHyperParameters"] for one in summaries] != read_work(model)["drawn"]:
            sys.exit(f"The tuning step of {model} drew other settings.")
        objective = response["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
        best[model] = objective["Value"]
    wall, cpu = meter.seconds()
    return {"seconds": wall, "cpu": cpu / usable_cores(), "r2": best}


def read_work(model: str) -> dict[str, Any]:
    """Return what `prepare` noted about a model."""
    content: dict[str, Any] = json.loads(WORK.read_text())[model]
    return content


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
