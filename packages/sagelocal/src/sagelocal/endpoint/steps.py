"""Steps of executions, as `ListPipelineExecutionSteps` lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sagelocal.executions.records import EXECUTING, FAILED, ExecutionRecord, StepRecord
from sagelocal.files import JsonObject

_LOCAL = "arn:aws:sagemaker:local:000000000000"
# Type of step → its member of the metadata, member of its response with the ARN, kind of the ARN.
_MADE = {
    "Processing": ("ProcessingJob", "ProcessingJobArn", "processing-job"),
    "Training": ("TrainingJob", "TrainingJobArn", "training-job"),
    "Transform": ("TransformJob", "TransformJobArn", "transform-job"),
    "Tuning": ("TuningJob", "HyperParameterTuningJobArn", "hyper-parameter-tuning-job"),
    "Model": ("Model", "ModelArn", ""),
    "RegisterModel": ("RegisterModel", "ModelPackageArn", ""),
}


def step_summary(
    record: ExecutionRecord, step: StepRecord, *, stopping: bool = False
) -> JsonObject:
    """Return a step in the shape of `PipelineExecutionStep`.

    Args:
        record: The execution.
        step: A step of it that has begun.
        stopping: Whether the execution is being stopped.
    """
    source = "SelectiveExecutionResult" if record.selected else "CacheHitResult"
    taken = {"SourcePipelineExecutionArn": execution_arn(record, step.cached_from or "")}
    return {
        "StepName": step.name,
        "StartTime": step.start_time,
        "EndTime": step.end_time,
        "StepStatus": "Stopping" if stopping and step.status == EXECUTING else step.status,
        "AttemptCount": 1,
        "Metadata": _metadata(record, step),
        **({"FailureReason": (step.failure_reason or "")[:1024]} if step.status == FAILED else {}),
        **({source: taken} if step.cached_from else {}),
    }


def execution_arn(record: ExecutionRecord, identifier: str) -> str:
    """Return the ARN of an execution of the same pipeline, as the store knows it."""
    return f"{_LOCAL}:pipeline/{record.pipeline_name}/execution/{identifier}"


def job_of(record: ExecutionRecord, step: str) -> str:
    """Return the name of the job of a step."""
    return f"pipelines-{record.id}-{step}"


def shown_texts(definition: bytes) -> dict[str, JsonObject]:
    """Return step → `StepDisplayName` and `StepDescription`, of those that have one."""
    shown = {"DisplayName": "StepDisplayName", "Description": "StepDescription"}
    return {
        step["Name"]: {there: step[here] for here, there in shown.items() if step.get(here)}
        for step in _steps(json.loads(definition))
    }


def _steps(node: Any) -> Iterator[JsonObject]:
    for step in node.get("Steps", []) + node.get("IfSteps", []) + node.get("ElseSteps", []):
        yield step
        yield from _steps(step.get("Arguments", {}) if step.get("Type") == "Condition" else {})


def _metadata(record: ExecutionRecord, step: StepRecord) -> JsonObject:
    response = step.response or {}
    if step.kind == "Condition":
        return {"Condition": {"Outcome": step.outcome}} if step.outcome else {}
    if step.kind == "Fail":
        return {"Fail": {"ErrorMessage": response.get("ErrorMessage", "")[:3072]}}
    if step.kind not in _MADE:
        return {}
    member, key, kind = _MADE[step.kind]
    arn = response.get(key)
    if arn is None and kind and step.arguments is not None:
        arn = f"{_LOCAL}:{kind}/{job_of(record, step.name)}"
    return {member: {"Arn": arn}} if arn else {}
