"""A search: it suggests the hyperparameters of the next trial, and learns what came of it.

The simplest one leaves nothing out: it tries every combination of categorical values.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Suggestion:
    """The hyperparameters of one trial, and its number from 0."""

    number: int
    hyperparameters: dict[str, str]


class Search(Protocol):
    """A strategy: suggests the trials in order, and learns their results in order.

    Attributes:
        total: How many trials there are.
        learns: Whether a suggestion depends on earlier results.
    """

    total: int
    learns: bool

    def suggest(self) -> Suggestion:
        """Return the next trial."""

    def tell(
        self, suggestion: Suggestion, value: float | None, stopped_after: int | None = None
    ) -> None:
        """Report a trial's objective value.

        Args:
            suggestion: What was suggested for the trial.
            value: None means that it failed.
            stopped_after: How many values it had reported when it was stopped early.
        """


class GridSearch:
    """Every combination of categorical values, the last hyperparameter varying fastest."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        combinations = [
            dict(zip(values, combination, strict=True))
            for combination in itertools.product(*values.values())
        ]
        self.total = len(combinations)
        self.learns = False
        self._suggestions = map(Suggestion, itertools.count(), combinations)

    def suggest(self) -> Suggestion:
        """Return the next trial."""
        return next(self._suggestions)

    def tell(
        self, suggestion: Suggestion, value: float | None, stopped_after: int | None = None
    ) -> None:
        """Learn nothing: a grid is fixed."""
