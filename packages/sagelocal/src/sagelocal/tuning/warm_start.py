"""Warm start: what earlier tuning jobs of this machine found, for a search that builds on them.

A parent is named by its job, as `Steps.X.HyperParameterTuningJobName` does. Or it is named by its
execution, or an unmistakable beginning of that name, and is the tuning job of the same step there:
whole job names are longer here than the 32 characters that the service allows them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sagelocal.definition.expressions import Context, references, resolve
from sagelocal.definition.graph import Definition
from sagelocal.errors import DefinitionError, ExecutionNotFoundError
from sagelocal.executions.history import load_execution
from sagelocal.executions.records import SUCCEEDED
from sagelocal.files import JsonObject
from sagelocal.tuning.parents import IDENTICAL, check_fit, check_warm_start
from sagelocal.tuning.trials import by_number

_JOB = re.compile(r".*?([0-9]{8}-[0-9]{6}-[0-9a-f]{4})-(.+)")


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
    check_warm_start(config, step)
    parents = {name: _parent(name, step, home) for name in map(str, _entries(config))}
    for name, parent in parents.items():
        check_fit(name, parent, request, step)
    return WarmStart(
        tuple(trial for parent in parents.values() for trial in _trials(parent)),
        tuple(parent["BestTrainingJob"] for parent in parents.values())
        if config["WarmStartType"] == IDENTICAL
        else (),
    )


def check_parents(
    definition: Definition,
    parameters: Mapping[str, object],
    home: Path,
    selected: Collection[str] | None,
) -> None:
    """Check before anything runs that the parents of all tuning jobs exist.

    A parent that is another step of the pipeline is seen once that has ended.

    Raises:
        DefinitionError: If one does not, or if the service would refuse how they are named.
    """
    known = Context(parameters, {}, {}, lambda _step, _file: None)
    for step in definition.steps.values():
        config = step.arguments.get("WarmStartConfig") if step.kind == "Tuning" else None
        if config and (selected is None or step.name in selected):
            check_warm_start(config, step.name)
            for name in _entries(config):
                if not any(reference.scope == "Steps" for reference in references(name)):
                    _parent(str(resolve(name, known)), step.name, home)


def _entries(config: JsonObject) -> list[object]:
    """Return the names of the parents, which may be expressions before anything has run."""
    parents = config.get("ParentHyperParameterTuningJobs", [])
    return [parent["HyperParameterTuningJobName"] for parent in parents]


def _parent(name: str, step: str, home: Path) -> JsonObject:
    """Return the response of a parent."""
    job = _JOB.fullmatch(name)
    identifier, found = job.groups() if job else (name, step)
    try:
        execution = load_execution(home, identifier)
    except ExecutionNotFoundError as error:
        raise DefinitionError(
            f"Step {step}: a warm start needs earlier executions. {error.message}", error.remedy
        ) from error
    record = execution.steps.get(found)
    if record is None or record.status != SUCCEEDED or not (record.response or {}):
        what = "this step" if found == step else f"the step {found}"
        raise DefinitionError(
            f"Step {step}: a warm start from {execution.id} needs that {what} succeeded there.",
            "Name another execution.",
        )
    return record.response or {}


def _trials(parent: JsonObject) -> Iterator[KnownTrial]:
    static = parent["TrainingJobDefinition"].get("StaticHyperParameters", {})
    for trial in by_number(parent):
        if trial["TrainingJobStatus"] == "Completed":
            objective = trial["FinalHyperParameterTuningJobObjectiveMetric"]
            yield KnownTrial({**static, **trial["TunedHyperParameters"]}, objective["Value"])
