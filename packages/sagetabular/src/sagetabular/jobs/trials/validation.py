"""Cross-validation of one hyperparameter setting, folds in parallel."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sagetabular.jobs.models.refusals import refusals
from sagetabular.jobs.scoring.predictions import predictions_table
from sagetabular.jobs.scoring.scores import score
from sagetabular.jobs.scoring.targets import as_target, classes_in
from sagetabular.jobs.tables import FOLD, WEIGHT, split_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sagetabular.jobs.models.hyperparameters import ModelCode, TrainingSettings


@dataclass(frozen=True)
class Fold:
    """One split of the training rows, ready to be fitted with any hyperparameters.

    Attributes:
        number: Its number.
        rows: Positions of the validated rows in the training table.
        known: The rows to fit: what the model's `prepare` made of them, else its arguments.
        held_out: Features of the validated rows.
        truth: Target of the validated rows.
    """

    number: int
    rows: NDArray[np.int64]
    known: Any
    held_out: pd.DataFrame
    truth: pd.Series


@dataclass(frozen=True)
class FitArguments:
    """What a model without `prepare` is fitted with: features and target, and weights if any."""

    rows: tuple[pd.DataFrame, pd.Series]
    weights: Mapping[str, pd.Series]


@dataclass(frozen=True)
class FoldResult:
    """One fold: scores, positions and predictions of the validated rows, seconds it took.

    Predictions have the shape (rows,), or (rows, classes) for classes.
    """

    fold: int
    scores: dict[str, float]
    rows: NDArray[np.int64]
    predictions: NDArray[np.float64]
    seconds: float

    def fields(self) -> dict[str, Any]:
        """Return it as JSON can hold it, every number to its last bit."""
        arrays = {"rows": self.rows.tolist(), "predictions": self.predictions.tolist()}
        return {**asdict(self), **arrays}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> FoldResult:
        """Return the result that `fields` were made of.

        Raises:
            KeyError: One is missing.
            TypeError: One is of another type.
            ValueError: An array holds what is no number.
        """
        return cls(
            fields["fold"],
            dict(fields["scores"]),
            np.array(fields["rows"], dtype=np.int64),
            np.array(fields["predictions"], dtype=np.float64),
            fields["seconds"],
        )


class Folds(Mapping[int, Fold]):
    """The folds of a training table by number, each made when it is asked for, and not kept.

    Args:
        code: The model's functions.
        table: Training rows with the column `FOLD`.
        settings: Target, task, and whether folds are trained on earlier ones only.
    """

    def __init__(self, code: ModelCode, table: pd.DataFrame, settings: TrainingSettings) -> None:
        self._features, target = split_columns(table, settings.target)
        self._target = as_target(target, settings.task, settings.positive)
        self._weights = table.get(WEIGHT)
        self._assigned = table[FOLD].to_numpy()
        self._forward = settings.forward
        self._prepare = getattr(code, "prepare", None)

    def __getitem__(self, number: int) -> Fold:
        """Return a fold, made anew."""
        known = self._assigned < number if self._forward else self._assigned != number
        rows = np.flatnonzero(self._assigned == number)
        return Fold(
            number,
            rows,
            self._made_ready(known),
            self._features.iloc[rows],
            self._target.iloc[rows],
        )

    def _made_ready(self, known: NDArray[np.bool_]) -> Any:
        weights = {} if self._weights is None else {"weights": self._weights[known]}
        rows = self._features[known], self._target[known]
        return self._prepare(*rows, **weights) if self._prepare else FitArguments(rows, weights)

    def __iter__(self) -> Iterator[int]:
        """Yield the numbers in order; rows in no fold have a negative one."""
        return iter(sorted(set(self._assigned[self._assigned >= 0].tolist())))

    def __len__(self) -> int:
        return len(list(iter(self)))


def cross_validate(
    code: ModelCode,
    folds: Mapping[int, Fold],
    settings: TrainingSettings,
    numbers: Iterable[int] | None = None,
    keep: Callable[[FoldResult], None] = lambda _result: None,
) -> Iterator[FoldResult]:
    """Fit on all folds but one and score on that one; yield the results in order of the folds.

    Threads suffice: the models fit outside Python's lock, each on one core, so the numbers do not
    depend on how many run at once.

    Args:
        code: The model's functions.
        folds: Number → fold.
        settings: Seed and hyperparameters.
        numbers: Which of the folds to score; all of them if it is not given.
        keep: Hears of every fold as soon as it is scored, before another begins in its place.

    Raises:
        JobError: A score is undefined.
    """

    def run_fold(number: int) -> FoldResult:
        start = time.perf_counter()
        fold = folds[number]
        with refusals(settings.model, settings.hyperparameters):
            model = _fit(code, fold.known, settings)
        predictions = np.asarray(code.predict(model, fold.held_out), dtype=np.float64)
        place = f"models/{settings.model}/model.yaml: fold {number}"
        classes = classes_in(fold.truth)
        scores = score(settings.task, fold.truth, predictions, classes, place)
        seconds = time.perf_counter() - start
        result = FoldResult(number, scores, fold.rows, predictions, seconds)
        keep(result)
        return result

    with ThreadPoolExecutor(max_workers=_cores()) as pool:
        yield from pool.map(run_fold, folds if numbers is None else numbers)


def _fit(code: ModelCode, known: Any, settings: TrainingSettings) -> Any:
    fit_prepared = getattr(code, "fit_prepared", None)
    if fit_prepared is None:
        features, target = known.rows
        weights = known.weights
        return code.fit(features, target, settings.hyperparameters, settings.seed, **weights)
    return fit_prepared(known, settings.hyperparameters, settings.seed)


def out_of_fold(results: list[FoldResult], target: pd.Series) -> pd.DataFrame:
    """Return one line per validated row: position in the table, fold, truth, prediction."""
    classes = classes_in(target)
    parts = []
    for result in results:
        part = predictions_table(target.iloc[result.rows], result.predictions, classes)
        part.insert(0, "row", result.rows)
        part.insert(1, "fold", result.fold)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _cores() -> int:
    """Count the cores this job may use: SageMaker's containers and the local back-end say so."""
    return int(os.environ.get("SM_NUM_CPUS") or os.cpu_count() or 1)
