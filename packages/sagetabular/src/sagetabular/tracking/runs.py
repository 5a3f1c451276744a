"""Runs as they are logged of an execution, and who can log them.

Names fit MLflow and SageMaker Experiments alike: those of metrics are made of ASCII letters,
digits, `_`, `-` and `.`, and values are text or numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

Value = str | int | float | bool
# Tags that every store has: which execution a run belongs to, and of which model a trial is.
EXECUTION, MODEL = "execution", "model"
# One that the table of runs goes by: the metric that ranks models.
METRIC = "metric"
# One that MLflow has, whose names of trials are short.
TRAINING_JOB = "training_job"
_LONGEST_KEY = 250


class TrackingError(Exception):
    """The store cannot be used: one line says why, one what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the message and the remedy, one line each."""
        return f"{self.message}\n{self.remedy}"


@dataclass(frozen=True)
class TrialRun:
    """One trial: a hyperparameter setting and its cross-validation.

    Attributes:
        name: Name of the training job.
        model: Name of the model.
        hyperparameters: What was tried.
        metrics: Metric → its mean over the folds, or another number about the whole trial.
        fold_metrics: Metric → one number per fold, in their order.
        artefacts: Folder whose files are kept.
        address: Where the archive with these files lies in S3; empty if nobody knows.
        tags: What it is about: its task, and the metric that ranks.
    """

    name: str
    model: str
    hyperparameters: Mapping[str, Value]
    metrics: Mapping[str, float]
    fold_metrics: Mapping[str, Sequence[float]]
    artefacts: Path
    address: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExecutionRun:
    """One execution of the pipeline, with all trials that it is based on.

    Attributes:
        name: Identifier of the execution.
        pipeline: Name of the pipeline.
        parameters: What shaped the result, and what came out as winner.
        metrics: Metric → its value.
        tags: Where it came from, its task, and the metric that ranks.
        artefacts: Folder whose files are kept.
        trials: The trials of all models.
        address: Where `selection.json` lies in S3; empty if nobody knows.
    """

    name: str
    pipeline: str
    parameters: Mapping[str, Value]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artefacts: Path
    trials: Sequence[TrialRun] = field(default=())
    address: str = ""


class Tracker(Protocol):
    """Somewhere to log executions."""

    def log(self, execution: ExecutionRun) -> None:
        """Log an execution, in place of whatever was logged of it before.

        Raises:
            TrackingError: The store cannot be reached or written.
        """


def parameter_key(name: str) -> str:
    """Return a name as every store accepts it: other signs become their number in Unicode.

    Example: `depth<3>` becomes `depth_x3c_3_x3e_`.
    """
    key = re.sub(r"^\.|[^\w.\- ]", lambda sign: f"_x{ord(sign[0]):x}_", name)
    return key[:_LONGEST_KEY]
