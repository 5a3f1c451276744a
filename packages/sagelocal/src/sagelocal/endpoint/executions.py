"""Operations on executions of pipelines."""

from __future__ import annotations

import operator

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.pipelines import require_latest
from sagelocal.endpoint.protocol.api import CONFLICT, ServiceError, refuse
from sagelocal.endpoint.protocol.names import last_part
from sagelocal.endpoint.protocol.pages import created_between, page
from sagelocal.endpoint.running import STOPPING, asked_of
from sagelocal.endpoint.steps import shown_texts, step_summary
from sagelocal.executions.records import FAILED, INTERRUPTED, NOT_EXECUTED, ExecutionRecord
from sagelocal.executions.reuse import Reuse
from sagelocal.files import JsonObject

# What the service says of every execution with a step that failed; the steps say why.
_FAILURE = "Step failure: One or multiple steps failed."


def start(context: Context, request: JsonObject) -> JsonObject:
    """Answer `StartPipelineExecution`, as soon as the execution is on the disk."""
    pipeline = context.pipeline(request["PipelineName"])
    require_latest(request, pipeline)
    record = context.runs.start(request, pipeline, _values(request), _reuse(context, request))
    with context.changing:
        known = context.pipelines.get(record.pipeline_name)
        if known is not None and (known.get("LastRunTime") or "") < record.start_time:
            context.pipelines.put(record.pipeline_name, {**known, "LastRunTime": record.start_time})
    return {"PipelineExecutionArn": context.names.execution(record.pipeline_name, record.id)}


def stop(context: Context, request: JsonObject) -> JsonObject:
    """Answer `StopPipelineExecution`; the jobs end soon after."""
    record = context.execution(request["PipelineExecutionArn"])
    arn = context.names.execution(record.pipeline_name, record.id)
    if not context.runs.stop(record):
        status = context.runs.status(record)
        message = f"Pipeline execution '{arn}' cannot be stopped: its status is {status}."
        raise ServiceError(CONFLICT, message)
    return {"PipelineExecutionArn": arn}


def describe(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribePipelineExecution`."""
    record = context.execution(request["PipelineExecutionArn"])
    asked, names = asked_of(record), context.names
    times = [step.end_time or step.start_time or "" for step in record.steps.values()]
    return {
        **asked,
        "PipelineArn": names.arn("pipeline", record.pipeline_name),
        "PipelineExecutionArn": names.execution(record.pipeline_name, record.id),
        "PipelineExecutionStatus": context.runs.status(record),
        "FailureReason": _reason(record),
        "CreationTime": record.start_time,
        "LastModifiedTime": record.end_time or max([record.start_time, *times]),
    }


def list_all(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListPipelineExecutions`, by default the newest first."""
    name = context.pipeline(request["PipelineName"])["PipelineName"]
    found, more = page(
        (
            record
            for record in context.sagemaker.executions()
            if record.pipeline_name == name and created_between(record.start_time, request)
        ),
        request,
        {"CreationTime": lambda r: r.start_time, "PipelineExecutionArn": lambda r: r.id},
        default=("CreationTime", "Descending"),
        identity=lambda record: record.id,
    )
    return {"PipelineExecutionSummaries": [_summary(context, record) for record in found], **more}


def list_steps(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListPipelineExecutionSteps`: those that have begun, by default the latest first."""
    if "PipelineExecutionArn" not in request:
        refuse("PipelineExecutionArn is needed.")
    record = context.execution(request["PipelineExecutionArn"])
    begun = [step for step in record.steps.values() if step.status != NOT_EXECUTED]
    found, more = page(
        begun,
        request,
        {"start": lambda step: step.start_time or ""},
        default=("start", "Descending"),
        identity=operator.attrgetter("name"),
    )
    stopping = context.runs.status(record) == STOPPING
    texts = shown_texts(record.definition())
    steps = [
        {**step_summary(record, step, stopping=stopping), **texts.get(step.name, {})}
        for step in found
    ]
    return {"PipelineExecutionSteps": steps, **more}


def list_parameters(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListPipelineParametersForExecution`, all values as text."""
    record = context.execution(request["PipelineExecutionArn"])
    found, more = page(
        record.parameters.items(),
        request,
        {"name": operator.itemgetter(0)},
        default=("name", "Ascending"),
        identity=operator.itemgetter(0),
    )
    return {"PipelineParameters": [{"Name": n, "Value": _text(v)} for n, v in found], **more}


def describe_definition(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribePipelineDefinitionForExecution`."""
    record = context.execution(request["PipelineExecutionArn"])
    return {"PipelineDefinition": record.definition().decode(), "CreationTime": record.start_time}


def _summary(context: Context, record: ExecutionRecord) -> JsonObject:
    return {
        **asked_of(record),
        "PipelineExecutionArn": context.names.execution(record.pipeline_name, record.id),
        "StartTime": record.start_time,
        "PipelineExecutionStatus": context.runs.status(record),
        "PipelineExecutionFailureReason": _reason(record),
    }


def _reason(record: ExecutionRecord) -> str | None:
    if record.status == FAILED:
        return _FAILURE
    # Nobody has stopped it, so that is said.
    return record.failure_reason if record.status == INTERRUPTED or _was_cut_off(record) else None


def _was_cut_off(record: ExecutionRecord) -> bool:
    return (record.failure_reason or "").startswith("The process that ran it ended")


def _values(request: JsonObject) -> dict[str, object]:
    given = request.get("PipelineParameters", [])
    names = [parameter["Name"] for parameter in given]
    for name in names:
        if names.count(name) > 1:
            refuse(f"PipelineParameters gives {name} more than one value.")
    return {parameter["Name"]: parameter["Value"] for parameter in given}


def _reuse(context: Context, request: JsonObject) -> Reuse:
    chosen = request.get("SelectiveExecutionConfig")
    if chosen is None:
        return Reuse()
    source = chosen.get("SourcePipelineExecutionArn")
    if source is not None:
        context.execution(source)
    return Reuse(
        only=tuple(step["StepName"] for step in chosen["SelectedSteps"]),
        based_on=None if source is None else last_part(source),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
