"""Hyperparameters of a training job: SageMaker hands every one over as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.models.overrides import CHANNEL, with_overrides
from sagetabular.jobs.scoring.metrics import DEFAULT_METRICS, Task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PREFIX_OF_JOBS = "job_"
# Names of the hyperparameters that a file in S3 may change.
OVERRIDABLE = f"{PREFIX_OF_JOBS}overridable"
PREFIXES_OF_SAGEMAKER = ("sagemaker_", "_")


class ModelCode(Protocol):
    """Functions that `models/<name>/model.py` offers.

    It may also offer more:

    - `importance(model) -> dict[str, float]`: each column's share in the model.
    - `prepare(features, target)`, with `weights` as in `fit`, and
      `fit_prepared(prepared, hyperparameters, seed)`: `fit` in two parts, of which the trials of a
      tuning step share the first. It does what no hyperparameter and no seed has a part in; the
      second does the rest and leaves `prepared` as it is.
    - `scorer(model, columns) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]`: a faster
      `predict` for a model without categories. What it returns takes a matrix of shape
      (rows, columns), NaN where missing, and returns the bits that `predict` returns, which the
      server checks. It raises ValueError if `fit` saw other columns, or the same in another order.
    """

    def fit(
        self,
        features: pd.DataFrame,
        target: pd.Series,
        hyperparameters: Mapping[str, Any],
        seed: int,
        **weights: pd.Series,
    ) -> Any:
        """Fit a model; a `ValueError` refuses hyperparameters or data.

        The target is float64 for regression. For classes it is categorical: its categories are all
        classes in their order, the positive one of two last. If rows count differently, there is
        the keyword `weights` too, float64, shape (rows,).
        """

    def predict(self, model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
        """Predict, shape (rows,); for classes their probabilities, shape (rows, classes)."""

    def save(self, model: Any, folder: Path) -> None:
        """Write a model."""

    def load(self, folder: Path) -> Any:
        """Read a model."""


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a trial or a fit.

    Attributes:
        model: Name of the folder below `models/`.
        target: Column to predict.
        seed: For everything random.
        forward: Whether a fold is trained only on earlier folds (split by time).
        hyperparameters: Those of the model, decoded.
        missing: Further texts for missing values in the data, `data.missing`.
        task: What is predicted.
        metric: The metric that trials are ranked by.
        positive: Of two classes, the one whose probability counts.
    """

    model: str
    target: str
    seed: int
    forward: bool
    hyperparameters: dict[str, Any]
    missing: tuple[str, ...] = ()
    task: Task = "regression"
    metric: str = "r2"
    positive: str | None = None


def read_hyperparameters(base: Path) -> dict[str, Any]:
    """Read and decode all of `input/config/hyperparameters.json`; a job may have none.

    Raises:
        JobError: The file is no JSON object.
    """
    path = base / "input/config/hyperparameters.json"
    text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as err:
        msg = f"{path.name} must be a JSON object, got text that is not JSON: {err}."
        raise JobError(msg, "Start the job through SageMaker, or correct the file.") from err
    if not isinstance(raw, dict):
        msg = f"{path.name} must be a JSON object, got {text[:40]!r}."
        raise JobError(msg, "Start the job through SageMaker, or correct the file.")
    return {name: decode(value) if isinstance(value, str) else value for name, value in raw.items()}


def read_training_settings(base: Path) -> TrainingSettings:
    """Read `input/config/hyperparameters.json` below the container's base folder.

    What the channel `hyperparameters` gives counts more, if the job reads it.

    Raises:
        JobError: One of the two files breaks a rule.
    """
    values = read_hyperparameters(base)
    own = (PREFIX_OF_JOBS, *PREFIXES_OF_SAGEMAKER)
    model = str(values["job_model"])
    chosen = {name: value for name, value in values.items() if not name.startswith(own)}
    if OVERRIDABLE in values:
        folder = base / "input/data" / CHANNEL
        chosen = with_overrides(chosen, values[OVERRIDABLE], folder, model)
    return TrainingSettings(
        model=model,
        target=str(values["job_target"]),
        seed=int(values["job_seed"]),
        forward=values["job_split"] == "time",
        hyperparameters=chosen,
        missing=tuple(values.get("job_missing", ())),
        task=(task := values.get("job_task", "regression")),
        metric=values.get("job_metric", DEFAULT_METRICS[task]),
        positive=values.get("job_positive"),
    )


def decode(text: str) -> Any:
    """Return the value of a text: JSON where it is some (`4`, `"gini"`, `true`), else the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # also too many digits, or brackets
        return text


def load_model_code(name: str) -> ModelCode:
    """Import `models/<name>/model.py`, which travels beside the jobs."""
    return cast("ModelCode", import_module(f"models.{name}.model"))
