"""Operations on pipelines."""

from __future__ import annotations

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.protocol.api import CONFLICT, ServiceError, refuse
from sagelocal.endpoint.protocol.pages import created_between, page
from sagelocal.endpoint.tags import put_tags, remove_tags
from sagelocal.errors import SageLocalError
from sagelocal.files import JsonObject, now

_TEXT, _PLACE = "PipelineDefinition", "PipelineDefinitionS3Location"
_TOKEN = "ClientRequestToken"  # noqa: S105 - the name of a member


def create(context: Context, request: JsonObject) -> JsonObject:
    """Answer `CreatePipeline`."""
    name = request["PipelineName"]
    with context.changing:
        known = context.pipelines.get(name)
        if known is not None:
            if known.get(_TOKEN) == request[_TOKEN]:  # the same request once more
                return {"PipelineArn": context.names.arn("pipeline", name)}
            refuse(
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({name}) already exists."
            )
        created = now()
        pipeline = {
            **_members(request),
            _TEXT: _definition(context, request),
            "CreationTime": created,
            "LastModifiedTime": created,
            "PipelineStatus": "Active",
            "PipelineVersionId": 1,
            "LastRunTime": None,
        }
        context.pipelines.put(name, pipeline)
        put_tags(context, context.names.arn("pipeline", name), request.get("Tags", []))
    return {"PipelineArn": context.names.arn("pipeline", name)}


def update(context: Context, request: JsonObject) -> JsonObject:
    """Answer `UpdatePipeline`; what is left out stays."""
    with context.changing:
        pipeline = context.pipeline(request["PipelineName"])
        changes = _members(request)
        if _TEXT in request or _PLACE in request:
            changes[_TEXT] = _definition(context, request)
            changes["PipelineVersionId"] = pipeline["PipelineVersionId"] + 1
        pipeline = {**pipeline, **changes, "LastModifiedTime": now()}
        context.pipelines.put(pipeline["PipelineName"], pipeline)
    return {
        "PipelineArn": context.names.arn("pipeline", pipeline["PipelineName"]),
        "PipelineVersionId": pipeline["PipelineVersionId"],
    }


def describe(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribePipeline`."""
    pipeline = context.pipeline(request["PipelineName"])
    require_latest(request, pipeline)
    return {**pipeline, "PipelineArn": context.names.arn("pipeline", pipeline["PipelineName"])}


def delete(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DeletePipeline`; its executions stay."""
    with context.changing:
        name = context.pipeline(request["PipelineName"])["PipelineName"]
        arn = context.names.arn("pipeline", name)
        running = context.runs.running(name)
        if running:
            raise ServiceError(
                CONFLICT,
                f"Pipeline '{arn}' has executions that run: {', '.join(running)}. Stop them first.",
            )
        context.pipelines.remove(name)
        remove_tags(context, arn)
    return {"PipelineArn": arn}


def list_all(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListPipelines`, by default the newest first."""
    prefix = request.get("PipelineNamePrefix", "")
    found, more = page(
        (
            pipeline
            for pipeline in context.pipelines.all()
            if pipeline["PipelineName"].startswith(prefix)
            and created_between(pipeline["CreationTime"], request)
        ),
        request,
        {"Name": lambda p: p["PipelineName"], "CreationTime": lambda p: p["CreationTime"]},
        default=("CreationTime", "Descending"),
        identity=lambda p: str(p["PipelineName"]),
    )
    return {"PipelineSummaries": [_summary(context, pipeline) for pipeline in found], **more}


def require_latest(request: JsonObject, pipeline: JsonObject) -> None:
    """Check that no version of a pipeline is asked for but its latest, the only one that is kept.

    Raises:
        ServiceError: If another one is.
    """
    latest = pipeline["PipelineVersionId"]
    if request.get("PipelineVersionId", latest) != latest or "PipelineVersionAlias" in request:
        refuse(f"This endpoint keeps the latest version of a pipeline alone, which is {latest}.")


def _summary(context: Context, pipeline: JsonObject) -> JsonObject:
    return {
        **pipeline,
        "PipelineArn": context.names.arn("pipeline", pipeline["PipelineName"]),
        "LastExecutionTime": pipeline.get("LastRunTime"),
    }


def _members(request: JsonObject) -> JsonObject:
    return {name: value for name, value in request.items() if name not in (_PLACE, "Tags")}


def _definition(context: Context, request: JsonObject) -> str:
    """Return the definition of a pipeline, from the request or from S3, checked."""
    if (_TEXT in request) == (_PLACE in request):
        refuse(f"Exactly one of {_TEXT} and {_PLACE} is needed.")
    try:
        text = str(request[_TEXT]) if _TEXT in request else _read(context, request[_PLACE])
        context.sagemaker.check(text.encode())
    except SageLocalError as error:
        refuse(f"Unable to parse pipeline definition. {error}")
    except UnicodeDecodeError as error:
        refuse(f"Unable to parse pipeline definition. It is not UTF-8: {error}.")
    return text


def _read(context: Context, place: JsonObject) -> str:
    if "VersionId" in place:
        refuse(f"{_PLACE}.VersionId: this endpoint reads the latest version of an object alone.")
    return context.sagemaker.storage.read_bytes(
        f"s3://{place['Bucket']}/{place['ObjectKey']}"
    ).decode()
