"""The manifest beside a fitted model: what it is, what it expects, and a typical row."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.scoring.metrics import DEFAULT_METRICS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from sagetabular.jobs.models.hyperparameters import TrainingSettings
    from sagetabular.jobs.scoring.metrics import Task

FILE = "manifest.json"
_TWO = 2  # classes, which make a task binary
_NEEDED = {"regression": "no class", "binary": "two classes", "multiclass": "three or more classes"}
REMEDY = "Fit the model again, and serve the archive of that job as it is."


@dataclass(frozen=True)
class Manifest:
    """Description of a fitted model.

    Attributes:
        model: Name of its folder below `models/`.
        target: The column it predicts.
        features: The columns it expects, in their order.
        categories: Those of them that hold text; the others hold numbers.
        typical: Column → median, or the most frequent category; None where all are missing. It
            stands for a row where one is needed, so that no artefact carries anybody's data.
        hyperparameters: What it was fitted with.
        seed: Of everything random.
        training_rows: How many rows it has seen.
        missing: Further texts for missing values in its data.
        task: What it solves.
        classes: Those of the target, in the order of the probabilities that `predict` returns;
            none for regression.
        positive: The class of two whose probability ranks rows, which is the last one; else None.
    """

    model: str
    target: str
    features: list[str]
    categories: list[str]
    typical: dict[str, float | str | None]
    hyperparameters: dict[str, Any]
    seed: int
    training_rows: int
    missing: list[str] = field(default_factory=list)
    task: Task = "regression"
    classes: list[str] = field(default_factory=list)
    positive: str | None = None

    def write(self, folder: Path) -> None:
        """Write it as `manifest.json`."""
        text = json.dumps(asdict(self), indent=1, allow_nan=False)
        (folder / FILE).write_text(text, encoding="utf-8")


def describe(features: pd.DataFrame, target: pd.Series, settings: TrainingSettings) -> Manifest:
    """Return the manifest of a model.

    Args:
        features: What it was fitted on, shape (rows, columns).
        target: Shape (rows,); numbers, or for classes a category of all of them, in their order.
        settings: Of the fit.
    """
    categories = [str(name) for name in features.select_dtypes(exclude="number")]
    classes = [*target.cat.categories] if hasattr(target, "cat") else []
    return Manifest(
        model=settings.model,
        target=settings.target,
        features=[str(name) for name in features.columns],
        categories=categories,
        typical={str(name): _typical(features[name], name in categories) for name in features},
        hyperparameters=settings.hyperparameters,
        seed=settings.seed,
        training_rows=len(features),
        missing=[*settings.missing],
        task=_task(classes),
        classes=classes,
        positive=classes[-1] if len(classes) == _TWO else None,
    )


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest beside a model.

    Raises:
        JobError: It is missing or damaged, or its columns contradict each other.
    """
    file = folder / FILE
    try:
        manifest = Manifest(**json.loads(file.read_text(encoding="utf-8")))
        problem = _problem(manifest)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as err:
        problem = str(err)
    if problem:
        raise JobError(f"{FILE} of the model cannot be used: {problem}.", REMEDY)
    return manifest


def _task(classes: list[str]) -> Task:
    if not classes:
        return "regression"
    return "binary" if len(classes) == _TWO else "multiclass"


def _typical(values: pd.Series, is_category: bool) -> float | str | None:
    known = values.dropna()
    if known.empty:
        return None
    return str(known.mode().iloc[0]) if is_category else float(known.median())


def _problem(manifest: Manifest) -> str:
    """Return what is wrong with it, or nothing."""
    features = manifest.features
    if not manifest.model.isidentifier():
        return f"model must be the name of a folder below models/, got {shown(manifest.model)}"
    if not all(isinstance(name, str) for name in features) or len({*features}) < len(features):
        return f"features must be different names, got {shown(features)}"
    if not all(isinstance(text, str) for text in manifest.missing):
        return f"missing must be texts, got {shown(manifest.missing)}"
    if not features:
        return "features must name a column"
    if set(manifest.typical) != set(features) or not {*manifest.categories} <= {*features}:
        return "categories and typical must name columns of features"
    return _problem_of_classes(manifest)


def _problem_of_classes(manifest: Manifest) -> str:
    classes = manifest.classes
    if manifest.task not in DEFAULT_METRICS:
        return f"task must be one of {', '.join(DEFAULT_METRICS)}, got {shown(manifest.task)}"
    are_texts = isinstance(classes, list) and all(map(_is_text, classes))
    if not are_texts or len({*classes}) < len(classes):
        return f"classes must be different texts, got {shown(classes)}"
    if manifest.task != _task(classes) or len(classes) == 1:
        needed = _NEEDED[manifest.task]
        return f"task {manifest.task} must have {needed}, got {shown(classes)}"
    positive = classes[-1] if manifest.task == "binary" else None
    if manifest.positive != positive:
        return f"positive must be {shown(positive)}, got {shown(manifest.positive)}"
    return ""


def _is_text(value: object) -> bool:
    """Return whether a value is text that can be written: JSON may hold half a character."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False
