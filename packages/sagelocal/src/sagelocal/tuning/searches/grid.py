"""The search that leaves nothing out: every combination of categorical values."""

from __future__ import annotations

import itertools

from sagelocal.tuning.searches.search import Suggestion


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
