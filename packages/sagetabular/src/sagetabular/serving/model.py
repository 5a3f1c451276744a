"""A fitted model as the server uses it: loaded from data, tried out before anybody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.jobs.errors import JobError, shown
from sagetabular.jobs.models.hyperparameters import load_model_code
from sagetabular.jobs.models.manifest import REMEDY, Manifest, read_manifest
from sagetabular.reading.values import make_marks
from sagetabular.serving.checks import checked_numbers, checked_probabilities
from sagetabular.serving.errors import NoModelError, RequestError
from sagetabular.serving.formats.classes import ClassAnswers
from sagetabular.serving.formats.columns import Columns
from sagetabular.serving.formats.outputs import DEFAULT, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from sagetabular.jobs.models.hyperparameters import ModelCode
    from sagetabular.serving.formats.columns import Rows

    Scorer = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class ServedModel:
    """A model that has answered a probe row.

    Attributes:
        manifest: What it says of itself.
        columns: What it expects.
        code: Its functions.
        model: What its `load` returned.
        scorer: Its faster `predict`, if it has one for its columns.
        answers: What writes its answers, if it predicts classes.
        outputs: What an answer holds unless the request says otherwise.
    """

    manifest: Manifest
    columns: Columns
    code: ModelCode
    model: Any
    scorer: Scorer | None
    answers: ClassAnswers | None = None
    outputs: tuple[str, ...] = DEFAULT

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """Predict for rows that `read_body` returned.

        Returns:
            Numbers, shape (rows,), or probabilities of the classes, shape (rows, classes).

        Raises:
            RequestError: The model refuses the values, or its answer to them is no number.
            TypeError: It does not return one number for each row, or row and class.
        """
        try:
            if self.scorer is not None and isinstance(rows, np.ndarray):
                predictions = self.scorer(rows)
            else:
                predictions = self.code.predict(self.model, self._frame(rows))
        except ValueError as err:
            msg = f"The model refuses these values: {_first_line(err)}\n"
            raise RequestError(400, f"{msg}Send values like those it was fitted on.") from err
        return self._checked(predictions, len(rows))

    def probe(self) -> None:
        """Predict a typical row, by both ways if there are two.

        Raises:
            JobError: The model does not answer, or `scorer` answers otherwise than `predict`.
        """
        row = _typical_rows(self.manifest, self.columns)
        try:
            # First, since it looks at the columns, which a scorer takes on trust.
            expected = self._checked(self.code.predict(self.model, self._frame(row)), len(row))
            answers = self.predict(row)
        except (RequestError, KeyError, TypeError, ValueError) as err:
            msg = f"The model does not answer a row of the columns {self.manifest.features}: {err}"
            raise JobError(f"{msg}.".replace("\n", " "), REMEDY) from err
        if answers.tobytes() != np.asarray(expected, dtype=np.float64).tobytes():
            msg = f"models/{self.manifest.model}/model.py: scorer must return what predict returns"
            msg = f"{msg}, got {shown(answers.tolist())} for {shown(expected.tolist())}."
            raise JobError(msg, "Remove it, or mind the order of the columns and their precision.")

    def _checked(self, answer: Any, rows: int) -> NDArray[np.float64]:
        if self.answers is None:
            return checked_numbers(answer, rows)
        return checked_probabilities(answer, rows, self.manifest.classes)

    def _frame(self, rows: Rows) -> Any:
        if not isinstance(rows, np.ndarray):
            return rows
        import pandas as pd

        return pd.DataFrame(rows, columns=list(self.columns.names))


def load_model(folder: Path, outputs: tuple[str, ...] = DEFAULT) -> ServedModel:
    """Load the model that `fit` left in a folder, and try it out.

    Args:
        folder: Where it lies.
        outputs: What an answer holds unless the request says otherwise.

    Raises:
        NoModelError: The folder is missing or empty.
        JobError: What lies there cannot be loaded or does not answer, or has no such outputs.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        msg = f"There is no model in {folder}.\nUnpack a model.tar.gz there."
        raise NoModelError(msg)
    manifest = read_manifest(folder)
    marks = make_marks(manifest.missing)
    columns = Columns(tuple(manifest.features), frozenset(manifest.categories), marks)
    code, model = _load(manifest, folder)
    scorer, answers = _scorer(code, model, manifest), _answers(manifest, outputs)
    served = ServedModel(manifest, columns, code, model, scorer, answers, outputs)
    served.probe()
    return served


def _answers(manifest: Manifest, outputs: tuple[str, ...]) -> ClassAnswers | None:
    if manifest.classes:
        return ClassAnswers(manifest.classes, manifest.positive)
    if outputs != DEFAULT:
        msg = f"{VARIABLE} must be {DEFAULT[0]}, since the model predicts numbers, got"
        raise JobError(
            f"{msg} {','.join(outputs)!r}.", "Leave it out, or serve a model of classes."
        )
    return None


def _load(manifest: Manifest, folder: Path) -> tuple[ModelCode, Any]:
    """Import the model's code and let it read its files.

    Damaged files make libraries raise what they like, so every exception counts as damage.
    """
    name = manifest.model
    try:
        code = load_model_code(name)
    except ImportError as err:
        msg = f"The model was fitted by models/{name}, which cannot be imported here: {err}."
        raise JobError(msg, f"Serve it with the code that has models/{name}/model.py.") from err
    try:
        return code, code.load(folder)
    except Exception as err:
        words = f"{type(err).__name__}: {_first_line(err)}"
        msg = f"models/{name} cannot load its files: {words}."
        raise JobError(msg, REMEDY) from err


def _first_line(err: Exception) -> str:
    """Return what an exception says first; some say nothing."""
    return (str(err).strip() or "no reason given").splitlines()[0][:300]


def _scorer(code: ModelCode, model: Any, manifest: Manifest) -> Scorer | None:
    """Return the model's faster `predict`, if it has one and its columns allow it."""
    build = getattr(code, "scorer", None)
    if build is None or manifest.categories:
        return None
    try:
        scorer: Scorer = build(model, manifest.features)
    except ValueError as err:
        raise JobError(f"models/{manifest.model}: {err}.", REMEDY) from err
    return scorer


def _typical_rows(manifest: Manifest, columns: Columns) -> Rows:
    """Return the typical row, and for numbers also rows that lead elsewhere in a tree."""
    values = [manifest.typical[name] for name in columns.names]
    if not columns.all_numbers:
        as_columns = zip(columns.names, values, strict=True)
        return columns.rows(
            [
                [None if value is None else str(value)]
                if name in columns.categories
                else np.array([np.nan if value is None else value], dtype=np.float64)
                for name, value in as_columns
            ]
        )
    row = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    factors = np.array([1.0, -1.0, 0.5, 0.9, 1.1, 2.0])
    return np.vstack([factors[:, None] * row, row[::-1]])
