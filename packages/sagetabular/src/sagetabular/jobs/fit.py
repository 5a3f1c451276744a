"""Fit: the winning hyperparameters on all training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.jobs.models.hyperparameters import load_model_code, read_training_settings
from sagetabular.jobs.models.manifest import describe
from sagetabular.jobs.models.refusals import check_names, refusals
from sagetabular.jobs.models.saving import pack_serving_code, save_model
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.scoring.targets import as_target
from sagetabular.jobs.tables import WEIGHT, read_table, split_columns

if TYPE_CHECKING:
    from collections.abc import Sequence


def fit(_argv: Sequence[str]) -> None:
    """Fit the model and save it with a manifest of what it expects, and what serves it."""
    base = base_dir()
    settings = read_training_settings(base)
    table = read_table(base / "input/data/train")
    features, target = split_columns(table, settings.target)
    target = as_target(target, settings.task, settings.positive)
    weights = {"weights": table[WEIGHT]} if WEIGHT in table else {}
    code = load_model_code(settings.model)
    check_names(code, settings.hyperparameters, f"models/{settings.model}/model.yaml")
    with refusals(settings.model, settings.hyperparameters):
        model = code.fit(features, target, settings.hyperparameters, settings.seed, **weights)
    save_model(code, model, describe(features, target, settings), base / "model")
    pack_serving_code(base)


def main() -> None:
    """Run as a training job."""
    run_job(fit, ())


if __name__ == "__main__":
    main()
