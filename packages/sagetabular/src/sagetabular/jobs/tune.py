"""Tune: one trial = one hyperparameter setting, scored by cross-validation.

A trial saves no model, only `cv.json` and its out-of-fold predictions, so that whatever comes later
reads them in full precision, on AWS and locally alike.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.models.hyperparameters import load_model_code, read_training_settings
from sagetabular.jobs.models.refusals import check_names
from sagetabular.jobs.runner import base_dir, run_job
from sagetabular.jobs.scoring.metrics import metrics_of
from sagetabular.jobs.scoring.targets import as_target, classes_in
from sagetabular.jobs.tables import read_table, write_table
from sagetabular.jobs.trials.checkpoints import resumed
from sagetabular.jobs.trials.gathering import gather, report
from sagetabular.jobs.trials.hosts import read_hosts
from sagetabular.jobs.trials.validation import Folds, cross_validate, out_of_fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from sagetabular.jobs.models.hyperparameters import TrainingSettings
    from sagetabular.jobs.trials.validation import Fold, FoldResult


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Data that all trials of a tuning step share: the training rows' target, and the folds."""

    target: pd.Series
    folds: Mapping[int, Fold]


# What `prepare` left for the trials forked from its process: one entry, or none.
_PREPARED: list[TrainingData] = []


def prepare() -> None:
    """Make all folds ready once, for the trials that the local back-end forks from this process.

    It sees what every trial of the step will see: the same code, channels and settings, but none of
    the tuned hyperparameters. A trial that nobody prepared does the same by itself.
    """
    data = _read(read_training_settings(base_dir()))
    _PREPARED[:] = [dataclasses.replace(data, folds=dict(data.folds))]


def tune(_argv: Sequence[str]) -> None:
    """Score the hyperparameters of this trial, with all hosts of the job.

    SageMaker's toolkit repeats them as arguments; the configuration file has them in full. The
    first host alone prints metrics and writes results.

    Raises:
        JobError: A score is undefined, or another host has failed.
    """
    settings, hosts = read_training_settings(base_dir()), read_hosts(base_dir())
    data = _PREPARED[0] if _PREPARED else _read(settings)
    code, folds = load_model_code(settings.model), list(data.folds)
    check_names(code, settings.hyperparameters, f"models/{settings.model}/model.yaml")
    compute = functools.partial(cross_validate, code, data.folds, settings)
    own = resumed(base_dir(), settings, hosts.share(folds), compute)
    if hosts.current != hosts.leader:
        report(hosts, own)
        return
    results = _printed(gather(hosts, folds, own) if hosts.followers else own, settings.metric)
    summary = summarise(settings, results, classes_in(data.target))
    folder = base_dir() / "model"
    folder.mkdir(exist_ok=True)
    (folder / "cv.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    write_table(out_of_fold(results, data.target), folder, "predictions")
    others = [each.name for each in metrics_of(settings.task) if each.name != settings.metric]
    print("\n".join(f"cv:{name}={summary[name]!r};" for name in others), flush=True)


def _printed(results: Iterable[FoldResult], metric: str) -> list[FoldResult]:
    """Print the score and its running mean after every fold: early stopping has it to go by."""
    so_far: list[FoldResult] = []
    for result in results:
        so_far.append(result)
        of_fold, mean = result.scores[metric], _means(so_far)[metric]
        print(f"cv:fold_{metric}={of_fold!r};\ncv:{metric}={mean!r};", flush=True)
    return so_far


def _read(settings: TrainingSettings) -> TrainingData:
    table = read_table(base_dir() / "input/data/train")
    folds = Folds(load_model_code(settings.model), table, settings)
    return TrainingData(as_target(table[settings.target], settings.task, settings.positive), folds)


def summarise(
    settings: TrainingSettings, results: list[FoldResult], classes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what later steps need to know of a trial; scores are means over the folds."""
    metric, means = settings.metric, _means(results)
    ranked = [result.scores[metric] for result in results]
    return {
        "model": settings.model,
        "hyperparameters": settings.hyperparameters,
        "seed": settings.seed,
        "task": settings.task,
        "metric": metric,
        **({"classes": [*classes]} if classes else {}),
        metric: means[metric],
        f"{metric}_std": float(np.std(ranked, ddof=1)) if len(results) > 1 else None,
        **{name: value for name, value in means.items() if name != metric},
        "folds": [
            {"fold": result.fold, "rows": len(result.rows), **result.scores} for result in results
        ],
        "seconds": [result.seconds for result in results],
    }


def _means(results: list[FoldResult]) -> dict[str, float]:
    values = np.array([[*result.scores.values()] for result in results])
    return dict(zip(results[0].scores, values.mean(axis=0).tolist(), strict=True))


def main() -> None:
    """Run as a training job."""
    run_job(tune, ())


if __name__ == "__main__":
    main()
