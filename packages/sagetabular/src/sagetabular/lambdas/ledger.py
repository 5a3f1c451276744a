"""Ledger: write down what an execution of the pipeline was, and tell people how it ended.

Event: EventBridge's "SageMaker Model Building Pipeline Execution Status Change".
Result: `{"execution": ARN, "outcome": "recorded" | "known" | "outdated"}`.
Environment: TABLE and TOPIC (ARN), DATA_LOCATION and MANIFEST_LOCATION (`s3://bucket/prefix/`).

The item says at any time what the newest event said, however events arrive: AWS may send them
twice, late, or in another order. A notice is sent once for each end of an execution; if sending
fails, the invocation does too, and the next one sends it.

What may not be read, or is not there any more, is left out of the item: inputs, steps, packages,
images. It costs neither the item nor the notice.

Errors: other ones of AWS, such as throttling, and `BusyError` while another invocation sends the
notice. Lambda then calls again, twice, and keeps what fails for good in the dead letter queue.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, ParamValidationError

RANKS = {"Executing": 0, "Stopping": 1}
ENDED = 2
# Seconds after which a notice counts as not sent: longer than sending takes, and over before Lambda
# calls for the last time.
LEASE = 90
# An item of DynamoDB holds 400 kB; the rest of it needs a few.
INLINE_BYTES = 200_000
# More objects than these are not listed: the function would run out of time and memory.
MOST_OBJECTS = 200_000
FAILURES = 5
REASON = 2_000
SUBJECT = 100
GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TuningJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
}
_IMAGE = re.compile(
    r"(\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+))?"
    r"(?:@(sha256:[0-9a-f]{64}))?"
)
# What AWS calls a lack of permission, a thing that is not there, and a name that nothing can have.
_UNREADABLE = {
    *("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403", "Forbidden"),
    *("NoSuchBucket", "NoSuchKey", "NoSuchVersion", "404", "NotFound", "PermanentRedirect"),
    *("ResourceNotFound", "ResourceNotFoundException", "InvalidObjectState", "InvalidBucketName"),
    *("ImageNotFoundException", "RepositoryNotFoundException", "InvalidParameterException"),
    "ValidationException",  # SageMaker says so of a job or package that is gone
}
_NEWER = (
    "attribute_not_exists(#changed) OR #changed < :changed"
    " OR (#changed = :changed AND #rank < :rank)"
)
_OVER = f"{_NEWER} OR #rank < :rank"
_UNSENT = (
    "#changed = :changed AND #rank = :rank AND attribute_not_exists(#sent) AND #claimed < :expired"
)

log = logging.getLogger()
log.setLevel(logging.INFO)


class BusyError(Exception):
    """Another invocation is sending the notice, or has died of it."""


@dataclass(frozen=True)
class Change:
    """A new status of an execution.

    Attributes:
        execution: ARN of the execution.
        status: The new one.
        changed: Since when, ISO 8601 in UTC, of fixed width.
        rank: Which of two statuses of the same time is the later one.
        described: DescribePipelineExecution's answer.
    """

    execution: str
    status: str
    changed: str
    rank: int
    described: dict[str, Any]

    @property
    def ended(self) -> bool:
        """Whether the execution is over."""
        return self.rank == ENDED

    @property
    def over(self) -> bool:
        """Whether SageMaker says now that the execution has ended so.

        Then it counts more than any state before the end, whose event may be a second late.
        """
        return self.ended and self.described["PipelineExecutionStatus"] == self.status

    @property
    def id(self) -> str:
        """The execution's identifier."""
        return self.execution.rsplit("/", 1)[-1]


def handler(event: dict[str, Any], context: object) -> dict[str, str]:  # noqa: ARG001
    """Record a change of an execution's status, and send a notice if it is over.

    Args:
        event: Of EventBridge.
        context: Of Lambda; not used.

    Returns:
        ARN of the execution, and the outcome: `recorded`; `known`, for an event that came again;
        `outdated`, for one that tells of an earlier state than the ledger does.

    Raises:
        BusyError: Another invocation is sending the notice.
        ClientError: AWS refuses something.
    """
    change = _change(event)
    outcome = _record(change)
    log.info("%s is %s: %s", change.execution, change.status, outcome)
    return {"execution": change.execution, "outcome": outcome}


@cache
def _client(service: str) -> Any:
    return boto3.client(service)


def _change(event: dict[str, Any]) -> Change:
    detail = event["detail"]
    execution, status = detail["pipelineExecutionArn"], detail["currentPipelineExecutionStatus"]
    described = _client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=execution)
    rank = RANKS.get(status, ENDED)
    # Events of one change that come twice may differ in `time`, so an end is told by its own time.
    since = described.get("LastModifiedTime") or event["time"] if rank == ENDED else event["time"]
    since = detail.get("executionEndTime", since) if rank == ENDED else since
    return Change(execution, status, _moment(since), rank, described)


def _moment(value: Any) -> str:
    """Return a time as text whose order is that of the times."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _record(change: Change) -> str:
    stored = _stored(change.execution)
    if _is_past(change, stored) or _has_moved_on(change):
        return _again(change, stored)
    item = _item(change, stored)
    if not _put(change, item):
        return _again(change, _stored(change.execution))
    if change.ended:
        _tell(change, item)
    return "recorded"


def _is_past(change: Change, stored: dict[str, Any]) -> bool:
    """Return whether the ledger says this already, or something later."""
    if not stored or (change.over and stored["rank"] < change.rank):
        return False
    return bool((stored["changed"], stored["rank"]) >= (change.changed, change.rank))


def _has_moved_on(change: Change) -> bool:
    """Return whether the execution is over while an event says that it runs.

    The event of its end is on its way then, or was here.
    """
    now = RANKS.get(change.described["PipelineExecutionStatus"], ENDED)
    return not change.ended and now == ENDED


def _again(change: Change, stored: dict[str, Any]) -> str:
    """Send the notice of an event that was recorded, if that failed."""
    if (stored.get("changed"), stored.get("rank")) != (change.changed, change.rank):
        return "outdated"
    if not change.ended or "notice_sent" in stored:
        return "known"
    if not _claim(change):
        msg = f"The notice of {change.execution} is being sent by another invocation."
        raise BusyError(msg)
    _tell(change, stored)
    return "recorded"


# --- DynamoDB ---


def _stored(execution: str) -> dict[str, Any]:
    answer = _client("dynamodb").get_item(
        TableName=os.environ["TABLE"], Key={"execution": {"S": execution}}, ConsistentRead=True
    )
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in answer.get("Item", {}).items()}


def _put(change: Change, item: dict[str, Any]) -> bool:
    """Store an item unless the one there is as new, and return whether it was stored."""
    serialize = TypeSerializer().serialize
    return _unless_refused(
        _client("dynamodb").put_item,
        Item={name: serialize(value) for name, value in item.items()},
        ConditionExpression=_OVER if change.over else _NEWER,
        ExpressionAttributeNames={"#changed": "changed", "#rank": "rank"},
        ExpressionAttributeValues=_state(change),
    )


def _claim(change: Change) -> bool:
    """Take over a notice that nobody has sent in time, and return whether that worked."""
    now = int(time.time())
    names = {"#changed": "changed", "#rank": "rank", "#sent": "notice_sent"}
    return _unless_refused(
        _client("dynamodb").update_item,
        Key={"execution": {"S": change.execution}},
        UpdateExpression="SET #claimed = :now",
        ConditionExpression=_UNSENT,
        ExpressionAttributeNames={**names, "#claimed": "notice_claimed"},
        ExpressionAttributeValues={
            **_state(change),
            ":now": {"N": str(now)},
            ":expired": {"N": str(now - LEASE)},
        },
    )


def _note(change: Change, expression: str, value: int) -> None:
    """Say in the item what became of the notice, unless the item is about a later change."""
    _unless_refused(
        _client("dynamodb").update_item,
        Key={"execution": {"S": change.execution}},
        UpdateExpression=expression,
        ConditionExpression="#changed = :changed AND #rank = :rank",
        ExpressionAttributeNames={"#changed": "changed", "#rank": "rank"},
        ExpressionAttributeValues={**_state(change), ":value": {"N": str(value)}},
    )


def _state(change: Change) -> dict[str, dict[str, str]]:
    return {":changed": {"S": change.changed}, ":rank": {"N": str(change.rank)}}


def _unless_refused(call: Any, **request: Any) -> bool:
    try:
        call(TableName=os.environ["TABLE"], **request)
    except ClientError as err:
        if err.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


# --- What an execution was ---


def _or_none(ask: Any) -> Any:
    """Return an answer; None if it may not be read, or what was asked for is not there."""
    try:
        return ask()
    except ParamValidationError as err:  # a bucket's name that is none, for example
        log.warning("Left out: %s", err)
    except ClientError as err:
        code = err.response["Error"]["Code"]
        if code not in _UNREADABLE and not code.startswith("KMS."):
            raise
        log.warning("Left out: %s", err)
    return None


def _item(change: Change, stored: dict[str, Any]) -> dict[str, Any]:
    """Return the whole item; what was found out about the inputs stays."""
    described, started = change.described, change.described["CreationTime"]
    definition = _definition(change.execution)
    parameters = _parameters(change.execution, definition)
    item = {
        "execution": change.execution,
        "execution_id": change.id,
        "pipeline": change.execution.split("/")[1],
        "name": described.get("PipelineExecutionDisplayName"),
        "trigger": described.get("PipelineExecutionDescription"),
        "status": change.status,
        "changed": change.changed,
        "rank": change.rank,
        "commit": (parameters or {}).get("Commit"),
        "parameters": parameters,
        "images": _images([parameters or {}, definition]),
        "inputs": _known_inputs(stored) or _inputs(parameters, change, started),
        "started": _moment(started),
        **(_end(change) if change.ended else {}),
    }
    return {name: value for name, value in item.items() if value is not None}


def _end(change: Change) -> dict[str, Any]:
    found = _pages("sagemaker", "list_pipeline_execution_steps", "PipelineExecutionSteps",
                   PipelineExecutionArn=change.execution)  # fmt: skip
    known = _or_none(lambda: list(found))
    steps = known or []
    failures = [] if change.status == "Succeeded" else _failures(change, steps)
    return {
        "ended": change.changed,
        **_winner(steps),
        "failures": failures or None,
        "unread": ["steps"] if known is None else None,
        "notice_claimed": int(time.time()),
    }


def _pages(service: str, operation: str, key: str, **request: Any) -> Any:
    for page in _client(service).get_paginator(operation).paginate(**request):
        yield from page.get(key, [])


def _definition(execution: str) -> dict[str, Any]:
    ask = _client("sagemaker").describe_pipeline_definition_for_execution
    found = _or_none(lambda: ask(PipelineExecutionArn=execution))
    return dict(json.loads(found["PipelineDefinition"])) if found else {}


def _parameters(execution: str, definition: dict[str, Any]) -> dict[str, str] | None:
    """Return the values of all parameters: those given, and the definition's defaults.

    Defaults alone would be wrong where those given cannot be read: then there are none.
    """
    defaults = {
        entry["Name"]: str(entry["DefaultValue"])
        for entry in definition.get("Parameters", [])
        if "DefaultValue" in entry
    }
    given = _pages("sagemaker", "list_pipeline_parameters_for_execution", "PipelineParameters",
                   PipelineExecutionArn=execution)  # fmt: skip
    known = _or_none(lambda: list(given))
    if known is None:
        return None
    return {**defaults, **{entry["Name"]: entry["Value"] for entry in known}}


def _images(sources: Any) -> list[dict[str, str]]:
    """Return address and digest of every image that the execution names."""
    found = {text: match for text in _texts(sources) if (match := _IMAGE.fullmatch(text))}
    return [
        {"uri": uri, **({"digest": digest} if digest else {})}
        for uri, match in sorted(found.items())
        for digest in [match[4] or _digest(match[1], match[2], match[3] or "latest")]
    ]


def _texts(node: Any) -> Any:
    if isinstance(node, str):
        yield node
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _texts(child)


def _digest(registry: str, repository: str, tag: str) -> str | None:
    """Return the digest that a tag stands for; None for an image that is not ours to look at."""
    image = {"registryId": registry, "repositoryName": repository, "imageIds": [{"imageTag": tag}]}
    answer = _or_none(lambda: _client("ecr").describe_images(**image))
    return str(answer["imageDetails"][0]["imageDigest"]) if answer else None


# --- Inputs ---


def _known_inputs(stored: dict[str, Any]) -> Any:
    """Return the inputs that an item has, if they could be read when it was written."""
    inputs = stored.get("inputs", {})
    return inputs if "count" in inputs else None


def _inputs(
    parameters: dict[str, str] | None, change: Change, started: datetime
) -> dict[str, Any] | None:
    """Return the versions of the objects that the execution found when it started.

    Where they may not be listed, it is said that they are not complete; None if it is not known
    where they are.
    """
    if parameters is None:
        return None
    given = parameters.get("DataUri", "")
    location = given if given.startswith("s3://") else os.environ["DATA_LOCATION"]
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    listed = _or_none(lambda: _versions(bucket, prefix, started))
    if listed is None:
        return {"location": location, "complete": False}
    versions, complete = listed
    objects = [{"key": key, "version": version} for key, version in sorted(versions.items())]
    found = {"location": location, "count": len(objects), "complete": complete}
    text = json.dumps(objects)
    if len(text.encode()) <= INLINE_BYTES:
        return {**found, "objects": objects}
    manifest = _or_none(lambda: _write_manifest(change, text))
    return {**found, "manifest": manifest} if manifest else {**found, "complete": False}


def _versions(bucket: str, prefix: str, started: datetime) -> tuple[dict[str, str], bool]:
    """Return key → version as of a time, without what was deleted, and whether that is all."""
    newest: dict[str, tuple[Any, str | None]] = {}
    pages = _client("s3").get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        entries = [(entry, entry["VersionId"]) for entry in page.get("Versions", [])]
        entries += [(entry, None) for entry in page.get("DeleteMarkers", [])]
        for entry, version in entries:
            age = (entry["LastModified"], entry["IsLatest"])
            if age[0] <= started and (entry["Key"] not in newest or age > newest[entry["Key"]][0]):
                newest[entry["Key"]] = (age, version)
        if len(newest) > MOST_OBJECTS:
            break
    found = {key: version for key, (_, version) in newest.items() if version}
    return found, len(newest) <= MOST_OBJECTS


def _write_manifest(change: Change, text: str) -> str:
    location = f"{os.environ['MANIFEST_LOCATION']}{change.execution.split('/')[1]}"
    location = f"{location}/{change.id}/inputs.json"
    bucket, _, key = location.removeprefix("s3://").partition("/")
    _client("s3").put_object(
        Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json"
    )
    return location


# --- The winner, or what failed ---


def _winner(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the best model, its score and package; without a package, what Select found."""
    arns = [
        step["Metadata"]["RegisterModel"]["Arn"]
        for step in steps
        if step.get("Metadata", {}).get("RegisterModel", {}).get("Arn")
    ]
    packages = [_package(arn) for arn in arns]
    # One that competed comes before those of other kinds, which every execution registers.
    packages.sort(
        key=lambda package: "selection" not in package.get("CustomerMetadataProperties", {})
    )
    if packages and "selection" in packages[0].get("CustomerMetadataProperties", {}):
        return _registered(packages[0])
    return (_registered(packages[0]) if packages else {}) | _selected(steps)


def _package(arn: str) -> dict[str, Any]:
    ask = _client("sagemaker").describe_model_package
    return _or_none(lambda: ask(ModelPackageName=arn)) or {"ModelPackageArn": arn}


def _registered(package: dict[str, Any]) -> dict[str, Any]:
    told = package.get("CustomerMetadataProperties", {})
    return {
        "best_model": told.get("model"),
        "metric": told.get("metric"),
        "score": _number(told.get("score")),
        "package": package["ModelPackageArn"],
    }


def _selected(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the winner that `selection.json` of the step Select names, if it got that far."""
    jobs = [
        step["Metadata"]["ProcessingJob"]["Arn"]
        for step in steps
        if step["StepName"] == "Select" and step["StepStatus"] == "Succeeded"
    ]
    if not jobs:
        return {}
    return _or_none(lambda: _selection(jobs[0].rsplit("/", 1)[-1])) or {}


def _selection(name: str) -> dict[str, Any]:
    """Return the winner of the job's `selection.json`."""
    job = _client("sagemaker").describe_processing_job(ProcessingJobName=name)
    (folder,) = (
        output["S3Output"]["S3Uri"]
        for output in job["ProcessingOutputConfig"]["Outputs"]
        if output["OutputName"] == "selection"
    )
    bucket, _, key = f"{folder}/selection.json".removeprefix("s3://").partition("/")
    body = _client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        selection = json.loads(body, parse_float=Decimal)
        metric = f"test_{selection['metric']}"
        winner = selection["winner"]
        return {"best_model": winner["model"], "metric": metric, "score": _number(winner[metric])}
    except (KeyError, TypeError, ValueError) as err:
        log.warning("Left out: s3://%s/%s is no selection: %r", bucket, key, err)
        return {}


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _failures(change: Change, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps that failed, in the order in which they did, and where to look."""
    failed = [step for step in steps if step["StepStatus"] == "Failed"]
    failed.sort(key=lambda step: _moment(step.get("EndTime", change.changed)))
    found = [_failure(change, step) for step in failed[:FAILURES]]
    whole = change.described.get("FailureReason")
    if found or not whole:
        return found
    return [{"reason": whole[:REASON], "command": f"pipeline show {change.id} --on aws"}]


def _failure(change: Change, step: dict[str, Any]) -> dict[str, Any]:
    metadata = step.get("Metadata", {})
    reason = metadata.get("Fail", {}).get("ErrorMessage") or step.get("FailureReason")
    group, job = _job(metadata)
    told = {"step": step["StepName"], "reason": (reason or "SageMaker names no reason.")[:REASON]}
    command = f"pipeline show {change.id} --on aws"
    if not group:
        return {**told, "command": command}
    return {
        **told,
        "log_group": group,
        "log_stream": f"{job}/",
        "console": _console(change, group, job),
        "command": f"pipeline logs {change.id} {step['StepName']} --on aws",
    }


def _job(metadata: dict[str, Any]) -> tuple[str, str]:
    """Return log group and name of a step's job; nothing for a step without one."""
    for kind, group in GROUPS.items():
        if "Arn" in metadata.get(kind, {}):
            return group, metadata[kind]["Arn"].rsplit("/", 1)[-1]
    return "", ""


def _console(change: Change, group: str, job: str) -> str:
    """Return the address of the job's logs in the console, which wants `/` and `?` escaped so."""
    partition, region = change.execution.split(":")[1:4:2]
    host = "console.amazonaws.cn" if partition == "aws-cn" else "console.aws.amazon.com"
    escaped = group.replace("/", "$252F")
    return (
        f"https://{region}.{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
        f"{escaped}$3FlogStreamNameFilter$3D{job}"
    )


# --- The notice ---


def _tell(change: Change, item: dict[str, Any]) -> None:
    """Send the notice and say so in the item; if it cannot be sent, let the next call try."""
    try:
        _client("sns").publish(
            TopicArn=os.environ["TOPIC"],
            Subject=subject(item),
            Message=message(item),
            MessageAttributes={
                "pipeline": {"DataType": "String", "StringValue": item["pipeline"]},
                "status": {"DataType": "String", "StringValue": item["status"]},
            },
        )
    except Exception:
        _note(change, "SET notice_claimed = :value", 0)
        raise
    _note(change, "SET notice_sent = :value", int(time.time()))


def subject(item: dict[str, Any]) -> str:
    """Return the subject of a notice: at most 100 printable ASCII characters, as SNS wants it."""
    told = f": {_score(item)}" if item["status"] == "Succeeded" and "best_model" in item else ""
    steps = [failure["step"] for failure in item.get("failures", []) if "step" in failure]
    told = f" at {steps[0]}" if steps else told
    text = f"{item['pipeline']} {_words(item['status'])}{told}"
    printable = re.sub(r"[^ -~]", "?", text)
    return printable if len(printable) <= SUBJECT else f"{printable[: SUBJECT - 3]}..."


def _words(status: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", status).lower()


def _score(item: dict[str, Any]) -> str:
    told = [f"{item['metric']} {item['score']}"] if "score" in item and "metric" in item else []
    return ", ".join([str(item["best_model"]), *told])


def message(item: dict[str, Any]) -> str:
    """Return the text of a notice: the winner and its score, or what failed and where to look."""
    lines = [f"Pipeline {item['pipeline']}, execution {item['execution_id']}: {item['status']}."]
    if "best_model" in item:
        lines.append(f"Best model: {_score(item)}.")
    lines.append(f"Registered: {item.get('package', 'unknown' if 'unread' in item else 'nothing')}")
    for failure in item.get("failures", []):
        lines += ["", *_lines(failure)]
    facts = {"Started by": "trigger", "Commit": "commit", "Started": "started", "Ended": "ended"}
    known = [f"{title}: {item[name]}" for title, name in facts.items() if name in item]
    return "\n".join([*lines, "", *known, f"Execution: {item['execution']}"])


def _lines(failure: dict[str, Any]) -> list[str]:
    step = f"Step {failure['step']} failed: " if "step" in failure else ""
    lines = [f"{step}{failure['reason']}", f"Look: {failure['command']}"]
    if "console" in failure:
        where = f"log group {failure['log_group']}, streams {failure['log_stream']}…"
        lines += [f"Logs: {where}", failure["console"]]
    return lines
