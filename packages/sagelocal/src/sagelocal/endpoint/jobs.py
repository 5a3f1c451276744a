"""Operations on the jobs that steps of pipelines have started."""

from __future__ import annotations

import re
from collections.abc import Callable

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.protocol.api import NOT_FOUND, ServiceError, refuse
from sagelocal.endpoint.protocol.names import last_part
from sagelocal.endpoint.protocol.pages import page
from sagelocal.endpoint.steps import job_of
from sagelocal.errors import ExecutionNotFoundError
from sagelocal.executions.artefacts import model_address
from sagelocal.executions.records import (
    FAILED,
    INTERRUPTED,
    STOPPED,
    ExecutionRecord,
    StepRecord,
)
from sagelocal.files import JsonObject
from sagelocal.tuning.trials import training_request

Operation = Callable[[Context, JsonObject], JsonObject]
_NAME = re.compile(r"pipelines-([0-9]{8}-[0-9]{6}-[0-9a-f]{4})-(.+)")
_OBJECTIVES = {"Completed": "Succeeded", "Failed": "Failed", "Stopped": "Pending"}
_ENDS = {FAILED: "Failed", STOPPED: "Stopped", INTERRUPTED: "Stopped"}


def describing(kind: str, job: str, arn: str) -> Operation:
    """Return the operation that describes jobs of a type of step.

    Args:
        kind: The type, such as `Processing`.
        job: What its job is called in members of answers, such as `ProcessingJob`.
        arn: The kind of its ARN, such as `processing-job`.
    """

    def describe(context: Context, request: JsonObject) -> JsonObject:
        name = request[f"{job}Name"]
        found = _find(context, name)
        if found is None or found[1].arguments is None:
            refuse(f"Requested resource not found: there is no {arn} {name}.")
        record, step = found
        if step.kind == kind and name == _job_name(record, step, job):
            return _described(context, step, job, context.names.arn(arn, name))
        trial = _trial(step, name) if kind == "Training" else None
        if trial is None:
            refuse(f"Requested resource not found: there is no {arn} {name}.")
        return {**trial, "TrainingJobArn": context.names.arn(arn, name)}

    return describe


def list_trials(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListTrainingJobsForHyperParameterTuningJob`, by default in the order of names."""
    name = request["HyperParameterTuningJobName"]
    found = _find(context, name)
    if found is None or found[1].kind != "Tuning":
        raise ServiceError(NOT_FOUND, f"There is no hyper-parameter-tuning-job {name}.")
    response = found[1].response or {}
    wanted = request.get("StatusEquals")
    trials = [
        {**_summary(context, trial, response), "TuningJobName": name}
        for trial in response.get("TrainingJobSummaries", [])
        if wanted in (None, trial["TrainingJobStatus"])
    ]
    by_value = request.get("SortBy") == "FinalObjectiveMetricValue"
    shown, more = page(
        [trial for trial in trials if not by_value or _value(trial) is not None],
        request,
        {
            "Name": lambda trial: trial["TrainingJobName"],
            "CreationTime": lambda trial: trial["CreationTime"],
            "Status": lambda trial: trial["TrainingJobStatus"],
            "FinalObjectiveMetricValue": _value,
        },
        default=("Name", "Ascending"),
        identity=lambda trial: str(trial["TrainingJobName"]),
    )
    return {"TrainingJobSummaries": shown, **more}


def _find(context: Context, name: str) -> tuple[ExecutionRecord, StepRecord] | None:
    """Return execution and step of a job, or of the tuning job that a training job belongs to."""
    match = _NAME.fullmatch(name)
    try:
        record = context.sagemaker.execution(match[1]) if match else None
    except ExecutionNotFoundError:
        return None
    if match is None or record is None:
        return None
    if match[2] in record.steps:
        return record, record.steps[match[2]]
    for step in record.steps.values():
        if step.kind == "Tuning" and name.startswith(f"{job_of(record, step.name)}-"):
            return record, step
    return None


def _job_name(record: ExecutionRecord, step: StepRecord, job: str) -> str:
    """Return the name of a step's job; a result that was reused has the name it was made under."""
    name: str = (step.response or {}).get(f"{job}Name") or job_of(record, step.name)
    return name


def _described(context: Context, step: StepRecord, job: str, arn: str) -> JsonObject:
    ended = _ENDS.get(step.status, "InProgress")
    last, request = step.end_time or step.start_time, step.arguments or {}
    name = last_part(arn)
    if step.kind == "Training":  # where the model is, or will be
        request = {**request, "ModelArtifacts": {"S3ModelArtifacts": model_address(request, name)}}
    return {
        **request,
        f"{job}Name": name,
        f"{job}Arn": arn,
        f"{job}Status": ended,
        "SecondaryStatus": {"InProgress": "Training"}.get(ended, ended),
        "CreationTime": step.start_time,
        "LastModifiedTime": last,
        "FailureReason": step.failure_reason,
        "ObjectiveStatusCounters": {},
        "TrainingJobStatusCounters": {},
        **_answer(context, step.response or {}),
    }


def _answer(context: Context, response: JsonObject) -> JsonObject:
    """Return the response of a step, with what only the service's answer has."""
    summaries = response.get("TrainingJobSummaries")
    if summaries is None:
        return response
    found = [_OBJECTIVES[trial["TrainingJobStatus"]] for trial in summaries]
    counters = {status: found.count(status) for status in ("Succeeded", "Pending", "Failed")}
    best: JsonObject = {
        member: _summary(context, response[member], response)
        for member in ("BestTrainingJob", "OverallBestTrainingJob")
        if member in response
    }
    return {**response, **best, "ObjectiveStatusCounters": counters}


def _trial(step: StepRecord, name: str) -> JsonObject | None:
    """Return a trial of a tuning job, as its training job is described."""
    response = step.response or {}
    for trial in response.get("TrainingJobSummaries", []):
        if trial["TrainingJobName"] == name:
            return _training_job(response, trial)
    return None


def _training_job(response: JsonObject, trial: JsonObject) -> JsonObject:
    training, name = response["TrainingJobDefinition"], trial["TrainingJobName"]
    objective = response["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    tuned = trial["TunedHyperParameters"]
    reached = trial.get("FinalHyperParameterTuningJobObjectiveMetric")
    return {
        **training_request(training, name, tuned, objective["MetricName"]),
        "TrainingJobName": name,
        "TuningJobArn": response["HyperParameterTuningJobArn"],
        "TrainingJobStatus": trial["TrainingJobStatus"],
        "SecondaryStatus": trial["TrainingJobStatus"],
        "FailureReason": trial.get("FailureReason"),
        "ModelArtifacts": {"S3ModelArtifacts": model_address(training, name)},
        "FinalMetricDataList": [reached] if reached else [],
        "CreationTime": response["CreationTime"],
        "LastModifiedTime": response["LastModifiedTime"],
    }


def _summary(context: Context, trial: JsonObject, response: JsonObject) -> JsonObject:
    return {
        **trial,
        "TrainingJobArn": context.names.arn("training-job", trial["TrainingJobName"]),
        "CreationTime": response["CreationTime"],
        "ObjectiveStatus": _OBJECTIVES[trial["TrainingJobStatus"]],
    }


def _value(trial: JsonObject) -> float | None:
    reached = trial.get("FinalHyperParameterTuningJobObjectiveMetric")
    return None if reached is None else float(reached["Value"])
