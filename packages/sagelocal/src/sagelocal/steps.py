"""The work of a step: one function for each type of step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sagelocal.definition.conditions import holds
from sagelocal.definition.graph import Step
from sagelocal.errors import StorageError
from sagelocal.files import JsonObject, now
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.processing import run_processing_job
from sagelocal.jobs.training import run_training_job
from sagelocal.listeners import OneAtATime, StepCall, StepRunner
from sagelocal.models import ModelStore, of_this_execution
from sagelocal.registry import ModelRegistry
from sagelocal.transform.job import run_transform_job
from sagelocal.tuning.journal import TrialJournal
from sagelocal.tuning.warm_start import read_warm_start

_JOBS = ("Processing", "Training", "Transform")


@dataclass(frozen=True)
class Runtime:
    """The parts of an account that the steps of an execution need to run.

    Attributes:
        machine: What their jobs share.
        registry: Where models are registered.
        models: Where models are made.
        job_prefix: How the names of jobs begin; no other execution's do.
        listener: Who hears of steps and trials.
        trials: Folder of the records of finished trials, with one folder for each step.
        home: Folder of all executions.
        stopping_tolerance: How much worse than the median a trial may be before it is stopped.
        resumed: Whether an earlier attempt may have done something already.
        runners: Other types of step → what runs them.
    """

    machine: Machine
    registry: ModelRegistry
    models: ModelStore
    job_prefix: str
    listener: OneAtATime
    trials: Path
    home: Path
    stopping_tolerance: float
    resumed: bool = False
    runners: Mapping[str, StepRunner] = field(default_factory=dict)


@dataclass(frozen=True)
class StepResult:
    """The result of a step.

    Attributes:
        response: Its response.
        detail: A few words about it.
        failure_reason: Why it failed, if so.
        cached_from: The execution that did the work, if it was not this one.
    """

    response: JsonObject
    detail: str = ""
    failure_reason: str | None = None
    cached_from: str | None = None


def run_step(step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    """Run a step to its end; `request` is its arguments with every expression resolved.

    Raises:
        SageLocalError: If the request cannot be carried out or an input is missing.
    """
    if step.kind not in _RUNNERS:
        return _other(step, request, runtime)
    created = now()
    result = _RUNNERS[step.kind](job_name(runtime, step), step, request, runtime)
    return replace(result, response={**result.response, **_described(step.kind, result, created)})


def _described(kind: str, result: StepResult, created: str) -> JsonObject:
    """Return the members of a job's response that its end alone shows.

    Args:
        kind: The type of the step.
        result: What came of its job.
        created: When the job was made, UTC, ISO 8601.
    """
    ended = now()
    times = {"CreationTime": created}
    if kind == "Tuning":
        return {**times, "LastModifiedTime": ended, "HyperParameterTuningEndTime": ended}
    if kind not in _JOBS:
        return {}
    times |= {f"{kind}StartTime": created, f"{kind}EndTime": ended}
    if kind == "Transform":
        return times
    times["LastModifiedTime"] = ended
    if kind == "Processing":
        return times
    seconds = math.ceil(result.response.get("Seconds", 0))
    timed_out = str(result.response.get("FailureReason", "")).startswith("MaxRuntimeExceeded")
    status = "MaxRuntimeExceeded" if timed_out else result.response["TrainingJobStatus"]
    return {
        **times,
        "SecondaryStatus": status,
        "TrainingTimeInSeconds": seconds,
        "BillableTimeInSeconds": seconds,
    }


def job_name(runtime: Runtime, step: Step) -> str:
    """Return how the job of a step is called."""
    return f"{runtime.job_prefix}-{step.name}"


def _other(step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    """Let the caller's runner do a step; whatever it raises is the step's failure."""
    call = StepCall(step.name, step.kind, request, step.members, runtime.machine.storage)
    try:
        return StepResult(dict(runtime.runners[step.kind](call)))
    except Exception as error:  # not a bug of this package
        reason = f"Step {step.name}: {type(error).__name__}: {error}"
        return StepResult({}, reason, reason)


def _processing(name: str, step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    response = run_processing_job(request, name=name, step=step.name, machine=runtime.machine)
    return _job_result(response, response.get("ExitMessage", ""))


def _training(name: str, step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    response = run_training_job(request, name=name, step=step.name, machine=runtime.machine)
    return _job_result(response, "")


def _tuning(name: str, step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    # Optuna takes half a second to import, and most executions find their trials in the cache.
    from sagelocal.tuning.job import run_tuning_job

    def trial_finished(number: int, total: int, value: float | None, best: float | None) -> None:
        runtime.listener.trial_finished(step.name, number, total, value, best)

    def trial_started(number: int, total: int) -> None:
        runtime.listener.trial_started(step.name, number, total)

    response = run_tuning_job(
        request,
        name=name,
        step=step.name,
        machine=runtime.machine,
        trial_finished=trial_finished,
        trial_started=trial_started,
        journal=TrialJournal(runtime.trials / step.name, runtime.machine.storage),
        warm_start=read_warm_start(request, step.name, runtime.home),
        stopping_tolerance=runtime.stopping_tolerance,
    )
    best = response.get("BestTrainingJob")
    if best is None:
        return _job_result(response, "")
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
    return _job_result(response, f"best {objective['MetricName']} {objective['Value']:.4f}")


def _model(name: str, step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    request = of_this_execution(request, name, step.name)
    model = runtime.models.create(request, step=step.name, default_name=name)
    return StepResult(model, model["ModelName"])


def _transform(name: str, step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    response = run_transform_job(
        request, name=name, step=step.name, machine=runtime.machine, models=runtime.models
    )
    return _job_result(response, "")


def _job_result(response: JsonObject, detail: str) -> StepResult:
    reason = response.get("FailureReason")
    return StepResult(response, reason or detail, reason)


def _register(name: str, step: Step, request: JsonObject, runtime: Runtime) -> StepResult:
    for container in request.get("InferenceSpecification", {}).get("Containers", []):
        uri = container.get("ModelDataUrl")
        if uri and not runtime.machine.storage.exists(uri):
            raise StorageError(f"Step {step.name}: there is no model at {uri}.")
    # An attempt that was killed may have registered the model, and not have noted it.
    package = runtime.registry.made_by(name) if runtime.resumed else None
    if package is None:
        request = {**request, "MetadataProperties": {"GeneratedBy": name}}
        package = runtime.registry.create_model_package(request)
    detail = f"{package['ModelPackageGroupName']} version {package['ModelPackageVersion']}"
    return StepResult(package, detail)


def _condition(_name: str, _step: Step, request: JsonObject, _runtime: Runtime) -> StepResult:
    # The service lists the outcome as True or False; as a property it is the text true or false.
    outcome = all(holds(condition) for condition in request["Conditions"])
    return StepResult({"Outcome": str(outcome).lower()}, str(outcome))


def _fail(_name: str, _step: Step, request: JsonObject, _runtime: Runtime) -> StepResult:
    message = str(request.get("ErrorMessage", ""))
    return StepResult({"ErrorMessage": message}, message, message)


_RUNNERS: dict[str, Callable[[str, Step, JsonObject, Runtime], StepResult]] = {
    "Processing": _processing,
    "Training": _training,
    "Tuning": _tuning,
    "Model": _model,
    "Transform": _transform,
    "RegisterModel": _register,
    "Condition": _condition,
    "Fail": _fail,
}
