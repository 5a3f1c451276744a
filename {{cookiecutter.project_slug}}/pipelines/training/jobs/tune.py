"""Tune: one trial = one hyperparameter setting, scored by cross-validation.

A trial saves no model, only `cv.json` and its out-of-fold predictions, so that whatever comes later
reads them in full precision, on AWS and locally alike.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.training.jobs.hyperparameters import load_model_code, read_training_settings
from pipelines.training.jobs.runner import base_dir, run_job
from pipelines.training.jobs.tables import read_table, write_table
from pipelines.training.jobs.validation import FoldResult, cross_validate, out_of_fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.training.jobs.hyperparameters import TrainingSettings


def tune(_argv: Sequence[str]) -> None:
    """Score the hyperparameters of this trial.

    SageMaker's toolkit repeats them as arguments; the configuration file has them in full.

    Raises:
        JobError: A score is undefined.
    """
    base = base_dir()
    settings = read_training_settings(base)
    table = read_table(base / "input/data/train")
    results = cross_validate(load_model_code(settings.model), table, settings)
    report = summarise(settings, results)
    (base / "model").mkdir(exist_ok=True)
    (base / "model/cv.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    write_table(out_of_fold(results, table[settings.target]), base / "model", "predictions")
    _print_metrics(report)


def summarise(settings: TrainingSettings, results: list[FoldResult]) -> dict[str, Any]:
    """What later steps need to know of a trial; R2 and errors are means over the folds."""
    values = np.array([dataclasses.astuple(result.scores) for result in results])
    r2, mse, rmse, mae = values.mean(axis=0).tolist()
    return {
        "model": settings.model,
        "hyperparameters": settings.hyperparameters,
        "seed": settings.seed,
        "r2": r2,
        "r2_std": float(values[:, 0].std(ddof=1)) if len(results) > 1 else None,
        "mse": mse,
        "rmse": rmse,
        "mae": mae,
        "folds": [
            {"fold": result.fold, "rows": len(result.rows), **dataclasses.asdict(result.scores)}
            for result in results
        ],
        "seconds": [result.seconds for result in results],
    }


def _print_metrics(report: dict[str, Any]) -> None:
    """Print what the metric definitions of the step look for."""
    for fold in report["folds"]:
        print(f"cv:fold_r2={fold['r2']!r};")
    for name in ("rmse", "mae", "r2"):
        print(f"cv:{name}={report[name]!r};", flush=True)


def main() -> None:
    """Run as a training job."""
    run_job(tune, ())


if __name__ == "__main__":
    main()
