"""SageMaker Experiments: an execution is a trial of the pipeline's experiment.

The trial has one trial component for each trial of the tuning jobs and then one for the
execution itself, with the names that MLflow has: parameters, metrics, the scores of the folds as
series (`fold_roc_auc`, step = fold). The execution's metrics are the leaderboard. What is a tag
there is a parameter here (`tags.model`), since Studio shows these. Files stay where they are: an
artefact is their address in S3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sagetabular.tracking.experiments_client import Content, OpenTrial, Point, failures
from sagetabular.tracking.runs import EXECUTION, MODEL, ExecutionRun, TrialRun, Value, parameter_key

_ARCHIVE, _JSON = "application/gzip", "application/json"
_LONGEST_VALUE = 2500
_LARGEST_EXACT = 2**53


class ExperimentsTracker:
    """A `Tracker` that writes to SageMaker Experiments, in the account and region of the job."""

    def log(self, execution: ExecutionRun) -> None:
        """Log an execution and its trials.

        What an earlier attempt has logged in full stays, what it left half-way is made anew: the
        component of the execution is there exactly when everything has been logged.

        Raises:
            TrackingError: The service cannot be reached or does not allow it.
        """
        with failures():
            trial = OpenTrial(execution.pipeline, execution.name)
            for each in execution.trials:
                trial.put(component_name(execution.name, each.name), _of_trial(execution, each))
            trial.put(component_name(execution.name), _of_execution(execution))


def component_name(execution: str, trial: str = "") -> str:
    """Return the name of a component; another execution that reuses a trial has one of its own.

    Example: `k2xwqm3hq0vl` and `Job-001` become `k2xwqm3hq0vl-job-001`.
    """
    return "-".join(filter(None, (execution, trial))).lower()


def _of_trial(execution: ExecutionRun, trial: TrialRun) -> Content:
    return Content(
        title=trial.name,
        parameters=_parameters(
            trial.hyperparameters, {**trial.tags, MODEL: trial.model}, execution
        ),
        metrics=[*_single(trial.metrics), *_series(trial.fold_metrics)],
        artefacts=_artefact("model.tar.gz", trial.address, _ARCHIVE),
    )


def _of_execution(execution: ExecutionRun) -> Content:
    return Content(
        title=execution.name,
        parameters=_parameters(execution.parameters, execution.tags, execution),
        metrics=[*_single(execution.metrics)],
        artefacts=_artefact("selection.json", execution.address, _JSON),
    )


def _parameters(
    values: Mapping[str, Value], tags: Mapping[str, str], execution: ExecutionRun
) -> dict[str, str | float]:
    tags = {**tags, EXECUTION: execution.name}
    return {parameter_key(name): _value(value) for name, value in values.items()} | {
        f"tags.{name}": _value(tags[name]) for name in tags
    }


def _value(value: Value) -> str | float:
    """Return a number if a double holds it exactly, else text in one line, as JSON has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= _LARGEST_EXACT):
        return float(value)
    return " ".join(str(value).splitlines())[:_LONGEST_VALUE]


def _single(values: Mapping[str, float]) -> Iterator[Point]:
    return ((name, 0, value) for name, value in values.items())


def _series(values: Mapping[str, Sequence[float]]) -> Iterator[Point]:
    return (
        (name, step, value)
        for name, numbers in values.items()
        for step, value in enumerate(numbers)
    )


def _artefact(name: str, address: str, media_type: str) -> dict[str, tuple[str, str]]:
    return {name: (address, media_type)} if address else {}
