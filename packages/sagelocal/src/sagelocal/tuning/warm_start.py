"""Warm start: what earlier tuning jobs of this machine found, for a search that builds on them.

A parent is named by its execution, or an unmistakable beginning of that name, and is the tuning job
of the same step there: whole job names are longer here than the 32 characters that the service
allows them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sagelocal.definition.expressions import Context, resolve
from sagelocal.definition.graph import Definition
from sagelocal.errors import DefinitionError, ExecutionNotFoundError
from sagelocal.executions.history import load_execution
from sagelocal.executions.records import SUCCEEDED
from sagelocal.files import JsonObject
from sagelocal.tuning.trials import by_number

_IDENTICAL = "IdenticalDataAndAlgorithm"
_TYPES = (_IDENTICAL, "TransferLearning")


@dataclass(frozen=True)
class KnownTrial:
    """A trial of an earlier tuning job that came to its end.

    Attributes:
        hyperparameters: All that it had, tuned or not, as the strings that its job received.
        value: Its objective value.
    """

    hyperparameters: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class WarmStart:
    """The results of earlier tuning jobs that a new one begins with.

    Attributes:
        trials: The trials of its parents, one parent after the other.
        best: The summaries of the parents' best trials, if these count as its own.
    """

    trials: tuple[KnownTrial, ...] = ()
    best: tuple[JsonObject, ...] = ()


def read_warm_start(request: JsonObject, step: str, home: Path) -> WarmStart:
    """Return what the parents of a tuning job found; nothing without any.

    Args:
        request: A `CreateHyperParameterTuningJob` request without expressions.
        step: Name of the step.
        home: The folder that holds `executions/`.

    Raises:
        DefinitionError: If a parent does not exist, or does not fit.
    """
    config = request.get("WarmStartConfig")
    if not config:
        return WarmStart()
    kind = config.get("WarmStartType")
    if kind not in _TYPES:
        raise DefinitionError(f"Step {step}: there is no WarmStartType {kind}.")
    parents = {name: _parent(name, step, home) for name in _names(config)}
    for name, parent in parents.items():
        _check_fit(name, parent, request, step, identical=kind == _IDENTICAL)
    return WarmStart(
        tuple(trial for parent in parents.values() for trial in _trials(parent)),
        tuple(parent["BestTrainingJob"] for parent in parents.values())
        if kind == _IDENTICAL
        else (),
    )


def check_parents(
    definition: Definition,
    parameters: Mapping[str, object],
    home: Path,
    selected: Collection[str] | None,
) -> None:
    """Check before anything runs that the parents of all tuning jobs exist.

    Raises:
        DefinitionError: If one does not.
    """
    known = Context(parameters, {}, {}, lambda _step, _file: None)
    for step in definition.steps.values():
        config = step.arguments.get("WarmStartConfig") if step.kind == "Tuning" else None
        if config and (selected is None or step.name in selected):
            resolved = resolve(config, known)
            assert isinstance(resolved, dict)  # noqa: S101 - a mapping resolves to one
            for name in _names(resolved):
                _parent(name, step.name, home)


def _names(config: JsonObject) -> list[str]:
    parents = config.get("ParentHyperParameterTuningJobs", [])
    return [str(parent["HyperParameterTuningJobName"]) for parent in parents]


def _parent(name: str, step: str, home: Path) -> JsonObject:
    """Return the response of a parent."""
    try:
        execution = load_execution(home, name)
    except ExecutionNotFoundError as error:
        raise DefinitionError(
            f"Step {step}: a warm start needs earlier executions. {error.message}", error.remedy
        ) from error
    record = execution.steps.get(step)
    if record is None or record.status != SUCCEEDED or not (record.response or {}):
        raise DefinitionError(
            f"Step {step}: a warm start from {execution.id} needs that this step succeeded there.",
            "Name another execution.",
        )
    return record.response or {}


def _check_fit(
    name: str, parent: JsonObject, request: JsonObject, step: str, *, identical: bool
) -> None:
    """Check what the service asks of a parent: the same objective, the same hyperparameters."""
    of = f"Step {step}: a warm start from {name} needs"
    objective = "HyperParameterTuningJobObjective"
    config, earlier = (job["HyperParameterTuningJobConfig"] for job in (request, parent))
    if config[objective] != earlier[objective]:
        raise DefinitionError(f"{of} the same objective, got {earlier[objective]}.")
    if different := sorted(set(_hyperparameters(request)) ^ set(_hyperparameters(parent))):
        raise DefinitionError(
            f"{of} the same hyperparameters, fixed or tuned, and {different[0]} is not in both."
        )
    image, before = (_image(job) for job in (request, parent))
    if identical and image != before:
        raise DefinitionError(
            f"{of} the same image for {_IDENTICAL}, got {before}.", "Use TransferLearning."
        )


def _hyperparameters(job: JsonObject) -> Iterator[str]:
    yield from job["TrainingJobDefinition"].get("StaticHyperParameters", {})
    for entries in job["HyperParameterTuningJobConfig"].get("ParameterRanges", {}).values():
        yield from (entry["Name"] for entry in entries)


def _image(job: JsonObject) -> object:
    return job["TrainingJobDefinition"]["AlgorithmSpecification"].get("TrainingImage")


def _trials(parent: JsonObject) -> Iterator[KnownTrial]:
    static = parent["TrainingJobDefinition"].get("StaticHyperParameters", {})
    for trial in by_number(parent):
        if trial["TrainingJobStatus"] == "Completed":
            objective = trial["FinalHyperParameterTuningJobObjectiveMetric"]
            yield KnownTrial({**static, **trial["TunedHyperParameters"]}, objective["Value"])
