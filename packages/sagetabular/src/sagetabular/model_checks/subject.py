"""The subject of a check: a model, its settings and its code, and what the project asks of it."""

from __future__ import annotations

import importlib
import inspect
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.models.hyperparameters import ModelCode, load_model_code
from sagetabular.jobs.scoring.scores import TOLERANCE
from sagetabular.model_checks.rows import CLASSES, make_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from sagetabular.jobs.scoring.metrics import Task
    from sagetabular.settings import PipelineConf

SEED = 11
FUNCTIONS = {
    "fit": ("features", "target", "hyperparameters", "seed"),
    "predict": ("model", "features"),
    "save": ("model", "folder"),
    "load": ("folder",),
}


class CheckError(AssertionError):
    """A model does not do what a check asks for; the text says what it did instead."""


def require(holds: bool, reason: str) -> None:
    """Raise `CheckError` with the reason unless something holds."""
    if not holds:
        raise CheckError(reason)


@dataclass(frozen=True)
class Asked:
    """What a project asks of its models.

    Attributes:
        task: What it predicts.
        weighted: Whether its rows count differently.
        columns: Names of its columns.
    """

    task: Task = "regression"
    weighted: bool = False
    columns: frozenset[str] = frozenset()

    @classmethod
    def by(cls, pipeline: PipelineConf) -> Asked:
        """Return what `conf/pipeline.yaml` asks."""
        data = pipeline.data
        weighted = data.weights is not None or data.class_weights is not None
        return cls(pipeline.task, weighted, frozenset(data.columns))


@dataclass(frozen=True)
class Subject:
    """A model under test; nothing is kept, so no check can spoil another.

    Attributes:
        root: Folder of the project.
        name: Name of the folder below `models/`.
        hyperparameters: The fixed ones, and the middle of every range.
        ends: Name → the values at which its range begins and ends, or all that it lists.
        code: The functions of `model.py`.
        asked: What the project asks.
    """

    root: Path
    name: str
    hyperparameters: Mapping[str, Any]
    ends: Mapping[str, tuple[Any, ...]]
    code: ModelCode
    asked: Asked

    @property
    def task(self) -> Task:
        """What the project predicts."""
        return self.asked.task

    @property
    def folder(self) -> Path:
        """Folder of the model's files."""
        return self.root / "models" / self.name

    def rows(self, rows: int = 150, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
        """Make features and a target for the project's task, see `make_rows`."""
        return make_rows(rows, seed, self.task)

    def fit(
        self,
        rows: tuple[pd.DataFrame, pd.Series] | None = None,
        changes: Mapping[str, Any] | None = None,
        **weights: pd.Series,
    ) -> Any:
        """Fit on features and target, the usual ones if not given.

        Args:
            rows: Shapes (rows, columns) and (rows,).
            changes: Hyperparameters that differ from `hyperparameters`.
            weights: `weights`, shape (rows,), or nothing.
        """
        features, target = self.rows() if rows is None else rows
        chosen = {**self.hyperparameters, **(changes or {})}
        return self.code.fit(features, target, chosen, SEED, **weights)

    def predict(self, model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
        """Predict, and see to it that there is a finite number, or probabilities, for every row.

        Raises:
            CheckError: There are not.
        """
        found = self.code.predict(model, features)
        require(isinstance(found, np.ndarray), f"predict must give an array, got {type(found)}")
        classes = len(CLASSES[self.task])
        shape = (len(features), classes) if classes else (len(features),)
        require(found.shape == shape, f"predict must give the shape {shape}, got {found.shape}")
        require(found.dtype == np.float64, f"predict must give float64, got {found.dtype}")
        bad = int((~np.isfinite(found)).sum())
        require(not bad, f"predict gave NaN or infinity for {bad} of {len(features)} rows")
        if classes and len(features):
            least, most = found.min(), np.abs(found.sum(axis=1) - 1).max()
            require(least >= 0, f"probabilities must be 0 or more, got {least:.3g}")
            require(most <= TOLERANCE, f"probabilities of a row must sum to 1, off by {most:.3g}")
        return found


ANYTHING = Asked()


def require_same(found: NDArray[np.float64], expected: NDArray[np.float64], what: str) -> None:
    """Raise `CheckError` unless two arrays are the same to the bit."""
    if not np.array_equal(found, expected):
        most = np.abs(found - expected).max()
        raise CheckError(f"{what}: predictions differ by up to {most:.3g}")


@contextmanager
def open_subject(
    root: Path,
    name: str,
    hyperparameters: Mapping[str, Any],
    ends: Mapping[str, tuple[Any, ...]],
    asked: Asked = ANYTHING,
) -> Iterator[Subject]:
    """Import `models/<name>/model.py` of the project at `root`, as a job does, for a while.

    The other arguments are those of `Subject`.

    Raises:
        CheckError: A function is missing or takes other arguments.
    """
    _forget(name)
    # A package `models` elsewhere, such as in PYTHONPATH, would count more than a mere folder.
    before, package = sys.modules.get("models"), ModuleType("models")
    package.__path__ = [str(root / "models")]
    sys.modules["models"] = package
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        code = load_model_code(name)
        _check_functions(code)
        yield Subject(root, name, hyperparameters, ends, code, asked)
    finally:
        sys.path.remove(str(root))
        _forget(name)
        del sys.modules["models"]
        if before is not None:
            sys.modules["models"] = before


def _forget(name: str) -> None:
    """Drop modules of this name: another project's model may have been imported before."""
    package = f"models.{name}"
    for module in [key for key in sys.modules if key == package or key.startswith(f"{package}.")]:
        del sys.modules[module]


def _check_functions(code: ModelCode) -> None:
    for name, arguments in FUNCTIONS.items():
        function = getattr(code, name, None)
        require(callable(function), f"model.py has no function {name}")
        try:
            inspect.signature(getattr(code, name)).bind(*arguments)
        except TypeError as error:
            msg = f"{name} must take {', '.join(arguments)}"
            raise CheckError(msg) from error
