"""A search: it is asked which hyperparameters the next trial gets, and told what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Suggestion:
    """The hyperparameters of one trial, and its number from 0."""

    number: int
    hyperparameters: dict[str, str]


class Search(Protocol):
    """A strategy: asked for the trials in order, told their results in order.

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
            suggestion: What the trial was asked for.
            value: None means that it failed.
            stopped_after: How many values it had told when it was stopped early.
        """
