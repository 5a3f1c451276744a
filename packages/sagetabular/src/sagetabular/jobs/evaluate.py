"""Evaluate: the refitted model on the untouched test rows.

Writes SageMaker's model-quality JSON, the predictions, what the model says of its columns, and
beside them what the model was fitted with and, if it was tuned, the best trial's cross-validation,
so that Select needs one input per model.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.archives import extract
from sagetabular.jobs.models.hyperparameters import load_model_code
from sagetabular.jobs.models.manifest import FILE as MANIFEST
from sagetabular.jobs.models.manifest import read_manifest
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.scoring.predictions import predictions_table
from sagetabular.jobs.scoring.quality import quality_report
from sagetabular.jobs.scoring.scores import score
from sagetabular.jobs.tables import read_table, split_columns, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sagetabular.jobs.models.hyperparameters import ModelCode
    from sagetabular.jobs.models.manifest import Manifest


def evaluate(argv: Sequence[str]) -> None:
    """Score the model of `--model` on the test rows.

    Raises:
        JobError: An archive is damaged, or the model expects other columns.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args(argv)
    folder = base_dir() / "processing"
    extract(folder / "input/model/model.tar.gz", folder / "model")
    test = read_table(folder / "input/test")
    code = load_model_code(arguments.model)
    model = code.load(folder / "model")
    manifest = read_manifest(folder / "model")
    predictions = _predict(code, model, manifest, test)
    report = quality_report(
        manifest.task, predictions, manifest.classes, arguments.seed, _place(arguments.model)
    )
    output = folder / "output/evaluation"
    write_table(predictions, output, "predictions")
    (output / "evaluation.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    shutil.copyfile(folder / "model" / MANIFEST, output / MANIFEST)
    trial = folder / "input/trial/model.tar.gz"
    if trial.exists():  # a model without a search has none
        extract(trial, folder / "trial")
        shutil.copyfile(folder / "trial/cv.json", output / "cv.json")
    shares = feature_importance(code, model)
    if shares is not None:
        text = json.dumps(shares, indent=1, allow_nan=False)
        (output / "importance.json").write_text(text, encoding="utf-8")


def feature_importance(code: ModelCode, model: Any) -> dict[str, float] | None:
    """Return column → share in the model, largest first; None if it has no `importance`."""
    function = getattr(code, "importance", None)
    if function is None:
        return None
    shares = {str(name): float(share) for name, share in function(model).items()}
    return dict(sorted(shares.items(), key=lambda entry: -entry[1]))


def _predict(code: ModelCode, model: Any, manifest: Manifest, test: pd.DataFrame) -> pd.DataFrame:
    features, target = split_columns(test, manifest.target)
    if list(features.columns) != manifest.features:
        msg = f"models/{manifest.model}: the model expects the columns {manifest.features}"
        raise JobError(f"{msg}, got {list(features.columns)}.", "Fit it on the same data.")
    predicted = np.asarray(code.predict(model, features), dtype=np.float64)
    score(manifest.task, target, predicted, manifest.classes, _place(manifest.model))
    return predictions_table(target, predicted, manifest.classes)


def _place(model: str) -> str:
    return f"models/{model}: test rows"


if __name__ == "__main__":
    run_job(evaluate, sys.argv[1:])
