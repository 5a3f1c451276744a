"""Cross-validation of one hyperparameter setting, folds in parallel."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipelines.training.jobs.metrics import Scores, score
from pipelines.training.jobs.tables import FOLD, split_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.training.jobs.hyperparameters import ModelCode, TrainingSettings


@dataclass(frozen=True)
class FoldResult:
    """One fold: scores, positions and predictions of the validated rows, seconds it took."""

    fold: int
    scores: Scores
    rows: NDArray[np.int64]
    predictions: NDArray[np.float64]
    seconds: float


def cross_validate(
    code: ModelCode, table: pd.DataFrame, settings: TrainingSettings
) -> list[FoldResult]:
    """Fit on all folds but one, score on that one, for every fold.

    Threads suffice: the models fit outside Python's lock, each on one core, so the numbers do not
    depend on how many run at once.

    Args:
        code: The model's functions.
        table: Training rows with the column `FOLD`.
        settings: Target, seed and hyperparameters.

    Raises:
        JobError: A score is undefined.
    """
    features, target = split_columns(table, settings.target)
    assigned = table[FOLD].to_numpy()

    def run_fold(fold: int) -> FoldResult:
        start = time.perf_counter()
        rows = np.flatnonzero(assigned == fold)
        known = (assigned < fold) if settings.forward else (assigned != fold)
        model = code.fit(features[known], target[known], settings.hyperparameters, settings.seed)
        predictions = code.predict(model, features.iloc[rows])
        place = f"models/{settings.model}/model.yaml: fold {fold}"
        scores = score(target.iloc[rows], predictions, place)
        return FoldResult(fold, scores, rows, predictions, time.perf_counter() - start)

    folds = sorted(set(assigned[assigned >= 0].tolist()))
    with ThreadPoolExecutor(max_workers=_cores()) as pool:
        return list(pool.map(run_fold, folds))


def out_of_fold(results: list[FoldResult], target: pd.Series) -> pd.DataFrame:
    """One line per validated row: position in the training table, fold, truth, prediction."""
    parts = [
        pd.DataFrame(
            {
                "row": result.rows,
                "fold": result.fold,
                "actual": target.iloc[result.rows].to_numpy(),
                "predicted": result.predictions,
            }
        )
        for result in results
    ]
    return pd.concat(parts, ignore_index=True)


def _cores() -> int:
    """Cores this job may use: SageMaker's containers and the local back-end say so."""
    return int(os.environ.get("SM_NUM_CPUS") or os.cpu_count() or 1)
