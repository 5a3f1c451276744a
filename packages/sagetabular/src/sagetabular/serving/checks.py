"""What the server looks at before it passes on what a model returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sagetabular.serving.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_REMEDY = "Send values like those it was fitted on."
# By how much the probabilities of a row may miss 1.
_TOLERANCE = 1e-6
_SHOWN = 80


def checked_numbers(answer: Any, rows: int) -> NDArray[np.float64]:
    """Return predictions, shape (rows,).

    Raises:
        RequestError: One is no number (400).
        TypeError: It is not one number for each row.
    """
    predictions = np.asarray(answer)
    if predictions.shape != (rows,):
        msg = f"predict must return shape ({rows},), got {predictions.shape}"
        raise TypeError(msg)
    if not np.isfinite(predictions).all():
        row = int(np.flatnonzero(~np.isfinite(predictions))[0])
        msg = f"row {row + 1}: the model's answer is {predictions[row]}, no number.\n"
        raise RequestError(400, msg + _REMEDY)
    return predictions


def checked_probabilities(answer: Any, rows: int, classes: Sequence[str]) -> NDArray[np.float64]:
    """Return probabilities, shape (rows, classes).

    Raises:
        RequestError: Those of a row are no probabilities (400).
        TypeError: It is not one number for each row and class.
    """
    given = np.asarray(answer)
    if given.shape != (rows, len(classes)) or given.dtype.kind not in "fiu":
        msg = f"predict must return probabilities of shape ({rows}, {len(classes)}), a column for"
        got = f"{given.dtype} of shape {given.shape}"
        raise TypeError(f"{msg} each of the classes {[*classes]}, got {got}"[:500])
    probabilities = np.ascontiguousarray(given, dtype=np.float64)
    # Written so that what is no number is no probability either.
    sums = probabilities.sum(axis=1)
    fine = (abs(sums - 1.0) <= _TOLERANCE) & (probabilities.min(axis=1) >= 0.0)
    if not fine.all():
        row = int(np.flatnonzero(~fine)[0])
        shown = str(probabilities[row].tolist())[:_SHOWN]
        words = "probabilities" if np.isfinite(sums[row]) else "number"
        msg = f"row {row + 1}: the model's answer is {shown}, no {words}.\n"
        raise RequestError(400, msg + _REMEDY)
    return probabilities
