"""Scores of the classic contract, printed as metric definitions look for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.scoring.metrics import metrics_of
from sagetabular.jobs.scoring.scores import score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.jobs.container.channels import Channel
    from sagetabular.jobs.models.hyperparameters import ModelCode
    from sagetabular.jobs.scoring.metrics import Task

_OF_NUMBERS = ("r2", "rmse", "mse", "mae")


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes:
        code: Its functions.
        model: What they made.
        task: What it predicts.
        classes: In the order of its probabilities; none for numbers.
    """

    code: ModelCode
    model: Any
    task: Task
    classes: Sequence[str]

    def report(self, training: Channel, validation: Channel | None) -> None:
        """Print a line per metric and channel, such as `validation:r2=0.81;`.

        Raises:
            JobError: A score is undefined, or a row is of a class that training does not have.
        """
        self._print("train", self._scores(training))
        if validation is not None:
            scores = self._scores(validation)
            self._print("validation", scores)
            if self.task == "regression":  # for a metric of the classic contract
                print(f"mse:{scores['mse']!r}", flush=True)

    def _scores(self, channel: Channel) -> dict[str, float]:
        place = f"Channel {channel.name}"
        try:
            predictions = self.code.predict(self.model, channel.features)
            return score(self.task, channel.target, predictions, self.classes, place)
        except JobError as err:
            more = "both channels rows of all classes" if self.classes else "the channel more rows"
            raise JobError(err.message, f"Give {more}, or other hyperparameters.") from err

    def _print(self, prefix: str, scores: dict[str, float]) -> None:
        """Print scores in full precision."""
        of_classes = [metric.name for metric in metrics_of(self.task)]
        for name in of_classes if self.classes else _OF_NUMBERS:
            print(f"{prefix}:{name}={scores[name]!r};", flush=True)
