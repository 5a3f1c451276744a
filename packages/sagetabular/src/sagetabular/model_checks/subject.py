"""The subject of a check: a model, its settings and its code, and made-up rows to fit it on."""

from __future__ import annotations

import importlib
import inspect
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sagetabular.jobs.models.hyperparameters import ModelCode, load_model_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# Libraries write names into files and formulas, so the name of a column may hold anything.
TOWN = 'to"wn <b>'
TOWNS = [f"{kind} {number}" for kind in ("<1H", "in[land]", "île") for number in range(5)]
SEED = 11
FUNCTIONS = {
    "fit": ("features", "target", "hyperparameters", "seed"),
    "predict": ("model", "features"),
    "save": ("model", "folder"),
    "load": ("folder",),
}


def make_rows(rows: int = 150, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Make two columns of numbers and one of categories, some with gaps, and a target.

    Args:
        rows: How many.
        seed: Of the random numbers.

    Returns:
        The features, shape (rows, 3), and the target, shape (rows,).
    """
    generator = np.random.default_rng(seed)
    size, rooms = generator.normal(size=rows), generator.uniform(1, 9, size=rows)
    place = generator.integers(len(TOWNS), size=rows)
    target = pd.Series(size**2 + rooms + 3.0 * (place % 3), name="target")
    town = np.asarray(TOWNS, dtype=object)[place]
    size[7::17] = np.nan
    town[5::13] = None
    return pd.DataFrame({"size": size, TOWN: town, "rooms": rooms}), target


class CheckError(AssertionError):
    """A model does not do what a check asks for; the text says what it did instead."""


def require(holds: bool, reason: str) -> None:
    """Raise `CheckError` with the reason unless something holds."""
    if not holds:
        raise CheckError(reason)


@dataclass(frozen=True)
class Subject:
    """A model under test; nothing is kept, so no check can spoil another.

    Attributes:
        root: Folder of the project.
        name: Name of the folder below `models/`.
        hyperparameters: The fixed ones, and the middle of every range.
        ends: Name → the values at which its range begins and ends, or all that it lists.
        code: The functions of `model.py`.
    """

    root: Path
    name: str
    hyperparameters: Mapping[str, Any]
    ends: Mapping[str, tuple[Any, ...]]
    code: ModelCode

    @property
    def folder(self) -> Path:
        """Folder of the model's files."""
        return self.root / "models" / self.name

    def fit(
        self,
        rows: tuple[pd.DataFrame, pd.Series] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Any:
        """Fit on features and target, the usual ones if not given.

        Args:
            rows: Shapes (rows, columns) and (rows,).
            changes: Hyperparameters that differ from `hyperparameters`.
        """
        features, target = make_rows() if rows is None else rows
        chosen = {**self.hyperparameters, **(changes or {})}
        return self.code.fit(features, target, chosen, SEED)

    def predict(self, model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
        """Predict, and see to it that there is a finite number for every row.

        Raises:
            CheckError: There is not.
        """
        found = self.code.predict(model, features)
        require(isinstance(found, np.ndarray), f"predict must give an array, got {type(found)}")
        rows = (len(features),)
        require(found.shape == rows, f"predict must give the shape {rows}, got {found.shape}")
        require(found.dtype == np.float64, f"predict must give float64, got {found.dtype}")
        bad = int((~np.isfinite(found)).sum())
        require(not bad, f"predict gave NaN or infinity for {bad} of {len(features)} rows")
        return found


def require_same(found: NDArray[np.float64], expected: NDArray[np.float64], what: str) -> None:
    """Raise `CheckError` unless two arrays are the same to the bit."""
    if not np.array_equal(found, expected):
        most = np.abs(found - expected).max()
        raise CheckError(f"{what}: predictions differ by up to {most:.3g}")


@contextmanager
def open_subject(
    root: Path, name: str, hyperparameters: Mapping[str, Any], ends: Mapping[str, tuple[Any, ...]]
) -> Iterator[Subject]:
    """Import `models/<name>/model.py` of the project at `root`, as a job does, for a while.

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
        yield Subject(root, name, hyperparameters, ends, code)
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
