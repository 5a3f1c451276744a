"""Test rows of which the class is known and predicted, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.printing import printable
from sagetabular.report.charts.axes import shorten

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sagetabular.report.artefacts import TestOutcome

_LETTERS = 40
# Unicode's marks around a text that may run from right to left: UAX #9, section 2.4.
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"


@dataclass(frozen=True)
class Classified:
    """Rows, and the classes by their places.

    Attributes:
        names: The classes, as one may print them; the positive one of two is the last.
        binary: Whether one of them is the positive one.
        actual: Place of the true class, shape (rows,).
        predicted: Place of the predicted class, shape (rows,).
        probabilities: Of each class, shape (rows, classes).
    """

    names: list[str]
    binary: bool
    actual: NDArray[np.intp]
    predicted: NDArray[np.intp]
    probabilities: NDArray[np.float64]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each true class (down) that were taken for each class (across)."""
        found = np.zeros((len(self.names), len(self.names)), dtype=np.int64)
        np.add.at(found, (self.actual, self.predicted), 1)
        return found

    @property
    def asked(self) -> list[int]:
        """The classes whose probability ranks rows: of two the positive one, else all.

        One that has no test row, or all of them, ranks nothing.
        """
        wanted = [len(self.names) - 1] if self.binary else range(len(self.names))
        return [place for place in wanted if 0 < self.rows(place) < len(self.actual)]

    def said(self, place: int) -> str:
        """Return the name of a class in a sentence, whose direction it does not change."""
        return f"{_ISOLATE}{shorten(self.names[place], _LETTERS)}{_END_OF_ISOLATE}"

    def rows(self, place: int) -> int:
        """Return how many rows are of a class."""
        return int((self.actual == place).sum())

    def truth(self, place: int) -> NDArray[np.bool_]:
        """Return whether each row is of a class, shape (rows,)."""
        return np.asarray(self.actual == place)


def read_classified(found: TestOutcome) -> Classified:
    """Return the test rows of a model; a class that it does not know has no probability."""
    labels = [found.predictions[name].astype(str).tolist() for name in ("actual", "predicted")]
    known = found.classes
    names = known + sorted({*labels[0], *labels[1]}.difference(known))
    places = {name: place for place, name in enumerate(names)}
    probabilities = np.zeros((len(found.predictions), len(names)))
    for place, name in enumerate(known):
        probabilities[:, place] = found.probability(name)
    actual, predicted = (np.array([places[label] for label in each], np.intp) for each in labels)
    binary = found.task == "binary" and len(names) == 2
    shown = [printable(name) for name in names]
    return Classified(shown, binary, actual, predicted, probabilities)
