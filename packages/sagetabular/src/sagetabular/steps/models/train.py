"""Train and Fit: a model fitted with fixed hyperparameters, or with those of the best trial.

Train runs the model's own `fit`, a program, or an algorithm resource.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagetabular.assets.script_mode import entry_program
from sagetabular.steps.context import text
from sagetabular.steps.models.links import tuned_hyperparameters
from sagetabular.steps.models.training import (
    channels,
    fixed_hyperparameters,
    resources,
    static_hyperparameters,
)
from sagetabular.steps.sdk import StepTypeEnum

if TYPE_CHECKING:
    from sagetabular.settings.models.steps import Fit, Train
    from sagetabular.steps.context import JobStep
    from sagetabular.steps.models.task import Task


def train(task: Task[Train]) -> JobStep:
    """Build the step."""
    request = {
        **(_algorithm(task) if task.algorithm() else _script(task)),
        "OutputDataConfig": {"S3OutputPath": task.context.execution_uri(task.path)},
    }
    return task.build(StepTypeEnum.TRAINING, request)


def _script(task: Task[Train]) -> dict[str, Any]:
    own = task.settings.entry_point
    program = entry_program(task.step.name) if own else "fit.py"
    return {
        "AlgorithmSpecification": {"TrainingImage": task.image(), "TrainingInputMode": "File"},
        "HyperParameters": static_hyperparameters(task, program),
        "InputDataConfig": channels(task),
        **resources(task),
    }


def _algorithm(task: Task[Train]) -> dict[str, Any]:
    """Return the request's part for an algorithm, which gets neither code nor settings."""
    algorithm = task.algorithm()
    fixed = fixed_hyperparameters(task)
    hyperparameters = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fixed.items()
    }
    own = {"HyperParameters": hyperparameters} if hyperparameters else {}
    environment = task.settings.environment
    shared = resources(task) | {"Environment": environment}
    return {
        "AlgorithmSpecification": {
            "AlgorithmName": algorithm.algorithm if algorithm else None,
            "TrainingInputMode": "File",
        },
        **own,
        "InputDataConfig": [source.channel(name) for name, source in task.inputs().items()],
        **shared,
    }


def fit(task: Task[Fit]) -> JobStep:
    """Build the step."""
    tuning, tune = task.unit.model.tuning, task.followed
    tuned = tuned_hyperparameters(tuning, tune) if tuning and tune else {}
    request = {
        "AlgorithmSpecification": {"TrainingImage": task.image(), "TrainingInputMode": "File"},
        "HyperParameters": {
            **static_hyperparameters(task, "fit.py"),
            **{name: text(value) for name, value in tuned.items()},
        },
        "InputDataConfig": channels(task),
        "OutputDataConfig": {"S3OutputPath": task.context.execution_uri(task.path)},
        **resources(task),
    }
    return task.build(StepTypeEnum.TRAINING, request)
