"""Start the pipeline when data, a manifest or the hour asks for it; never beside itself.

A request that comes while an execution runs waits in one item of a table, where later ones join
it; it is started when that execution has ended. Every upload is followed by a start after it.

The item is changed on the condition that nobody else has changed it. Whoever is to start writes
that first, with the token of the start: whoever finds such a start unfinished finishes it, and
SageMaker makes one execution of one token. Events that were seen are kept for two weeks, as they
are delivered at least once.

Event: one of
    `Object Created` of S3, below `input/data/training/` or `manifests/`,
    `SageMaker Model Building Pipeline Execution Status Change` of the pipeline,
    `{"trigger": "schedule", "id": "…"}`, or another word; without an id every call counts.
Result: `{"outcome": …}`: `started` (with `execution`), `waiting`, `idle`, `ignored`, or `refused`.
Environment: PIPELINE, STARTS (table), DATA_BUCKET, ARTIFACT_BUCKET; NOTICES (topic), DATABASE,
    TABLE, WORKGROUP, MODEL_PACKAGE_GROUP may be empty.
Errors: those of AWS are raised, and Lambda tries again. What somebody has to correct starts
    nothing: rule, value and remedy go to the topic, and the event is done.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

TRAINING, SAMPLE, MANIFESTS = "input/data/training/", "sample/", "manifests/"
HYPERPARAMETERS = "input/config/hyperparameters.json"
RUNNING = ("Executing", "Stopping")
# Of an object that was copied from sample/: its own key, so that a copy of it is none.
COPIED = "copied-from-sample-to"
# What only the account decides: whoever may upload data must not choose image, role or approval.
RESERVED = {
    *("Bucket", "Commit", "DataUri", "Database", "ImageUri", "JobsImageUri", "ModelApprovalStatus"),
    *("ModelPackageGroup", "Prefix", "QueryUri", "RoleArn", "Table", "TrackingUri", "Workgroup"),
}
_RESERVED_FORM = re.compile(r"(SubnetId|SecurityGroupId|\w*KmsKeyId)\d*")
_FORMS = {
    "Integer": re.compile(r"-?\d{1,18}"),
    "Float": re.compile(r"-?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})([eE][+-]?\d{1,3})?"),
    "Boolean": re.compile(r"true|false"),
    "String": re.compile(r"[^\x00-\x1f\x7f]{0,1024}"),
}
_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\s\\{}?#]{1,900}")
_JSON_BYTES, _HEADER_BYTES, _COPY_BYTES = 65_536, 65_536, 5 * 1024**3
_STATE = ("waiting", "holder", "filling")
_SEEN_SECONDS, _LONGEST, _ATTEMPTS = 14 * 86_400, timedelta(days=60), 20
_MISSING = (
    *("404", "NoSuchKey", "NoSuchVersion", "NotFound", "InvalidRange"),
    *("EntityNotFoundException", "ResourceNotFound"),
)
# What no repetition changes. A permission may only have to spread, which takes IAM a while.
_REFUSALS = ("ValidationException", "ResourceNotFound")
# What `.` of SageMaker's patterns does not stand for, and what no log should hold.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# SageMaker takes 3,072 characters; three keys of S3 alone may have as many.
_DESCRIPTION = 3_000


class RefusedError(Exception):
    """What somebody has to correct before the pipeline can start.

    Args:
        rule: What must be so, and the value that is not.
        remedy: What to do.
        manifest: Whether it is the waiting manifest that is wrong, and not the project.
    """

    def __init__(self, rule: str, remedy: str, *, manifest: bool = False) -> None:
        super().__init__(rule)
        self.rule, self.remedy, self.manifest = rule, remedy, manifest


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Put a request to those that wait, if it is one, and start what waits, if nothing runs.

    Args:
        event: See the module.
        context: Lambda's; its request's id is the same when an event is tried again.

    Returns:
        The outcome.

    Raises:
        ClientError: AWS did not do what it was asked for; the event may be given again.
    """
    try:
        outcome = _handle(event, context)
    except RefusedError as refusal:
        _notice(refusal)
        outcome = {"outcome": "refused", "rule": refusal.rule}
    print(json.dumps(outcome))
    return outcome


def _handle(event: dict[str, Any], context: Any) -> dict[str, str]:
    detail = event.get("detail", {})
    if "pipelineExecutionArn" in detail:
        if detail.get("currentPipelineExecutionStatus") in RUNNING:
            return {"outcome": "ignored"}
        return _start_what_waits(ended=detail["pipelineExecutionArn"])
    if "object" in detail:
        request, identity = _upload(detail, event)
    elif re.fullmatch(r"[a-z]{1,20}", str(event.get("trigger"))):
        request = {"triggers": [event["trigger"]], "why": [event["trigger"]]}
        given = str(event.get("id", ""))
        identity = given if given and not given.startswith("<") else context.aws_request_id
    else:
        shown = json.dumps(event)[:200]
        msg = f"The event must be an upload, the end of an execution, or name a trigger: {shown}"
        raise RefusedError(msg, 'Send {"trigger": "manual"}, for example.')
    if request is None:
        return {"outcome": "ignored"}
    _wait(request, identity)
    return _start_what_waits()


# Uploads


def _upload(detail: dict[str, Any], event: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Return what an upload asks for, nothing if it is no data, and what it is known by."""
    entry, key = detail["object"], detail["object"]["key"]
    version, sequence = entry.get("version-id", ""), entry.get("sequencer", event.get("id"))
    identity = f"{detail['bucket']['name']}/{key}/{version}/{sequence}"
    name = key.rsplit("/", 1)[-1]
    if not name or name[0] in "_." or detail["bucket"]["name"] != _setting("DATA_BUCKET"):
        return None, identity
    if key.startswith(MANIFESTS) and key.endswith(".json"):
        content = _json_file(key, version)
        if content is None:
            return None, identity
        chosen = _manifest(content, key, _declared())
        order = [str(event.get("time")), str(sequence)]
        request = {"triggers": ["manifest"], "why": [key], "manifest": {**chosen, "order": order}}
        return request, identity
    if not key.startswith(TRAINING) or not _is_new_data(key, version):
        return None, identity
    return {"triggers": ["data"], "why": [key]}, identity


def _is_new_data(key: str, version: str) -> bool:
    """Return whether an object is there, and no copy of a sample; refuse what breaks the table."""
    request = _object(key, version) | {"Range": f"bytes=0-{_HEADER_BYTES - 1}"}
    found = _or_none(lambda: _client("s3").get_object(**request))
    if found is None or found["Metadata"].get(COPIED) == _digest(key):
        return False
    if _setting("TABLE") and "Table" in _declared():
        _check_table_file(key, found["Body"].read())
    return True


def _check_table_file(key: str, head: bytes) -> None:
    """Refuse a file that Athena would read as something else, or not at all."""
    name = {"DatabaseName": _setting("DATABASE"), "Name": _setting("TABLE")}
    found = _or_none(lambda: _client("glue").get_table(**name))
    if found is None:
        msg = f"There is no table {_setting('DATABASE')}.{_setting('TABLE')} over {TRAINING}."
        raise RefusedError(msg, "Deploy the stack data-lake, then upload again.")
    table, is_parquet = found["Table"], head.startswith(b"PAR1")
    storage = table["StorageDescriptor"]
    remedy = "Remove it from the folder: the table reads all files there. Upload it as it must be."
    kind = table.get("Parameters", {}).get("classification", "csv")
    if is_parquet != (kind == "parquet"):
        raise RefusedError(f"{key} must be a {kind} file, as the table is.", remedy)
    if is_parquet:
        return
    try:
        text = head[: head.find(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{key} must be in UTF-8: {error.reason}.", remedy) from error
    mark = storage["SerdeInfo"].get("Parameters", {}).get("separatorChar", ",")
    header = [cell.strip().lower() for row in csv.reader([text], delimiter=mark) for cell in row]
    names = [column["Name"] for column in storage["Columns"]]
    # Athena takes the cells of CSV files by their position.
    rest = storage["Columns"][len(header) :]
    optional = all(column.get("Comment", "").endswith("optional") for column in rest)
    if header != names[: len(header)] or not optional:
        wanted, got = mark.join(names), mark.join(header)[:500]
        raise RefusedError(f"{key} must begin with the header {wanted}, got {got}.", remedy)


# Manifest and hyperparameters


def _manifest(content: Any, place: str, declared: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a manifest's values of parameters; its channel `training` is `DataUri`."""
    keys = ("channels", "parameters")
    if not isinstance(content, dict) or not content or not {*content} <= {*keys}:
        shown = json.dumps(content)[:200]
        msg = f"{place} must be an object with channels, parameters or both, got {shown}."
        remedy = 'Write {"channels": {"training": "s3://…"}, "parameters": {"Folds": "5"}}.'
        raise RefusedError(msg, remedy, manifest=True)
    channels = content.get("channels", {})
    if not isinstance(channels, dict) or not {*channels} <= {"training"}:
        msg = (
            f"{place}: channels must be an object with training, got {json.dumps(channels)[:200]}."
        )
        raise RefusedError(msg, "The pipeline splits the rows of training itself.", manifest=True)
    values = _values(content.get("parameters", {}), f"{place}: parameters", declared, manifest=True)
    for uri in channels.values():
        if not isinstance(uri, str) or not _URI.fullmatch(uri):
            msg = f"{place}: channels: training must be s3://<bucket>/<prefix>, got {uri!r:.200}."
            raise RefusedError(msg, "Name a folder, or a file.", manifest=True)
        if "DataUri" not in declared:
            msg = f"{place}: channels: training is {uri}, and {_setting('PIPELINE')} reads a table."
            remedy = "Leave channels out, or set `source: s3` under data in conf/pipeline.yaml."
            raise RefusedError(msg, remedy, manifest=True)
        _check_bucket(uri, place)
        values["DataUri"] = uri
    return {"place": place, "content": content, "values": values}


def _check_bucket(uri: str, place: str) -> None:
    """Refuse a folder that the role of the pipeline cannot read."""
    buckets = [name for name in (_setting("DATA_BUCKET"), _setting("ARTIFACT_BUCKET")) if name]
    if uri.removeprefix("s3://").partition("/")[0] not in buckets:
        wanted = " or ".join(f"s3://{bucket}/" for bucket in buckets)
        msg = f"{place}: channels: training must lie in {wanted}, got {uri!r:.200}."
        remedy = "Copy the files there: the role of the pipeline can read no other bucket."
        raise RefusedError(msg, remedy, manifest=True)


def _values(
    given: Any, place: str, declared: dict[str, dict[str, Any]], *, manifest: bool = False
) -> dict[str, str]:
    """Return values of declared parameters, as SageMaker takes them."""
    if not isinstance(given, dict):
        msg = f"{place} must be an object, got {json.dumps(given)[:200]}."
        raise RefusedError(msg, 'Write {"Folds": "5"}, for example.', manifest=manifest)
    free = [name for name in declared if not _is_reserved(name)]
    for name in given:
        if name not in free:
            why = "is the account's to decide" if name in declared else "is no parameter"
            msg = f"{place}: {name:.100} {why} of {_setting('PIPELINE')}."
            raise RefusedError(msg, f"Give some of: {', '.join(free)}.", manifest=manifest)
    try:
        return {name: _value(value, declared[name]) for name, value in given.items()}
    except ValueError as error:
        raise RefusedError(f"{place}: {error}", "Correct the value.", manifest=manifest) from error


def _is_reserved(name: str) -> bool:
    return name in RESERVED or _RESERVED_FORM.fullmatch(name) is not None


def _value(value: Any, declared: dict[str, Any]) -> str:
    name, kind = declared["Name"], declared["Type"]
    text = value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, dict | list) or value is None or not _FORMS[kind].fullmatch(text):
        msg = f"{name} must be of type {kind}, got {json.dumps(value)[:200]}."
        raise ValueError(msg)
    allowed = [each if isinstance(each, str) else json.dumps(each) for each in _enum(declared)]
    if allowed and text not in allowed:
        msg = f"{name} must be one of {', '.join(allowed)}, got {text:.200}."
        raise ValueError(msg)
    return text


def _enum(declared: dict[str, Any]) -> list[Any]:
    return list(declared.get("EnumValues") or [])


def _json_file(key: str, version: str = "") -> Any:
    """Return what a file of the data bucket says, None if it is not there."""
    is_manifest = key != HYPERPARAMETERS
    found = _or_none(lambda: _client("s3").get_object(**_object(key, version)))
    if found is None:
        return None
    if found["ContentLength"] > _JSON_BYTES:
        msg = f"{key} must have at most {_JSON_BYTES:,} bytes, got {found['ContentLength']:,}."
        raise RefusedError(msg, "It names parameters, and holds no data.", manifest=is_manifest)
    try:
        return json.loads(
            found["Body"].read().decode("utf-8-sig"),
            object_pairs_hook=_without_repetition,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as error:
        msg = f"{key} must be JSON: {error}."
        raise RefusedError(msg, "Correct it, and upload it again.", manifest=is_manifest) from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = f"a key stands twice among {', '.join(key for key, _ in pairs)[:200]}"
        raise ValueError(msg)
    return found


def _no_number(constant: str) -> Any:
    msg = f"{constant} is no number of JSON"
    raise ValueError(msg)


# What waits, and what runs


def _read() -> dict[str, Any]:
    """Return the item.

    Returns:
        `version`; `waiting`, a request; `holder`, the start that has the lock; `filling`, whether
        samples are being copied.
    """
    table = {"TableName": _setting("STARTS"), "Key": {"name": {"S": _setting("PIPELINE")}}}
    item = _client("dynamodb").get_item(**table, ConsistentRead=True).get("Item", {})
    return {
        "version": int(item.get("version", {"N": "0"})["N"]),
        **{name: json.loads(item.get(name, {"S": "null"})["S"]) for name in _STATE},
    }


def _write(state: dict[str, Any], identity: str = "", **changes: Any) -> str:
    """Change what was read; return `done`, or `conflict` or `seen` where nothing was written."""
    new = {**state, **changes}
    lock = {
        "name": {"S": _setting("PIPELINE")},
        "version": {"N": str(state["version"] + 1)},
        **{name: {"S": json.dumps(new[name])} for name in _STATE},
    }
    puts: list[dict[str, Any]] = [
        {
            "Item": lock,
            "ConditionExpression": "attribute_not_exists(#name) OR version = :read",
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": {":read": {"N": str(state["version"])}},
        }
    ]
    if identity:
        known = hashlib.sha256(identity.encode()).hexdigest()
        seen = {"name": {"S": f"event-{known}"}, "expires": {"N": str(_until())}}
        names = {"#name": "name"}
        condition = "attribute_not_exists(#name)"
        puts.append(
            {"Item": seen, "ConditionExpression": condition, "ExpressionAttributeNames": names}
        )
    items = [{"Put": {"TableName": _setting("STARTS"), **put}} for put in puts]
    try:
        _client("dynamodb").transact_write_items(TransactItems=items)
    except ClientError as error:
        reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
        if "ConditionalCheckFailed" in reasons[1:]:
            return "seen"
        if reasons[:1] == ["ConditionalCheckFailed"] or "TransactionConflict" in reasons:
            return "conflict"
        raise
    return "done"


def _until() -> int:
    return int(time.time()) + _SEEN_SECONDS


def _wait(request: dict[str, Any], identity: str) -> None:
    """Put a request to what waits already; one that was seen is there, or was started."""
    for _ in range(_ATTEMPTS):
        state = _read()
        if _write(state, identity, waiting=_joined(state["waiting"], request)) != "conflict":
            return
    msg = "Others change the table without end."
    raise TimeoutError(msg)


def _joined(waiting: dict[str, Any] | None, request: dict[str, Any]) -> dict[str, Any]:
    """Return one request for two: the newest manifest counts."""
    if waiting is None:
        return request
    manifests = [each["manifest"] for each in (waiting, request) if each.get("manifest")]
    newest = max(manifests, key=lambda manifest: manifest["order"], default=None)
    return {
        "triggers": sorted({*waiting["triggers"], *request["triggers"]}),
        "why": [*dict.fromkeys([*waiting["why"], *request["why"]])][-3:],
        **({"manifest": newest} if newest else {}),
    }


def _start_what_waits(ended: str = "") -> dict[str, str]:
    """Start what waits unless something runs; finish what another has begun to start."""
    for _ in range(_ATTEMPTS):
        state = _read()
        holder, waiting = state["holder"], state["waiting"]
        if holder and not holder.get("execution"):
            if _others_run(ended):  # perhaps its own, which is written down when that has ended
                return {"outcome": "waiting"}
            started = _start(holder)
            if _runs(started["execution"], ended):
                return started
            continue
        if holder and _runs(holder["execution"], ended):
            return {"outcome": "waiting" if waiting else "idle"}
        if not waiting:
            return {"outcome": "idle"}
        if _others_run(ended):
            return {"outcome": "waiting"}
        try:
            chosen = _prepared(waiting)
            if _reads_lake(chosen) and not _is_filled(state):
                continue
        except RefusedError as refusal:
            rest = _without_manifest(waiting) if refusal.manifest else waiting
            if rest == waiting:
                raise  # it waits until somebody has corrected the project, and the next event
            if _write(state, waiting=rest) == "done":
                _notice(refusal)
            continue
        if _write(state, waiting=None, holder=chosen, filling=None) == "done":
            return _start(chosen)
    msg = "Others change the table without end."
    raise TimeoutError(msg)


def _without_manifest(waiting: dict[str, Any]) -> dict[str, Any] | None:
    triggers = [trigger for trigger in waiting["triggers"] if trigger != "manifest"]
    return {"triggers": triggers, "why": waiting["why"]} if triggers else None


def _runs(execution: str, ended: str) -> bool:
    """Return whether an execution has not ended; one that is not there any more has."""
    if execution == ended:
        return False
    try:
        found = _client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=execution)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ResourceNotFound", "ValidationException"):
            return False
        raise
    return found["PipelineExecutionStatus"] in RUNNING


def _others_run(ended: str) -> bool:
    """Return whether an execution runs that somebody else has started."""
    pages = (
        _client("sagemaker")
        .get_paginator("list_pipeline_executions")
        .paginate(
            PipelineName=_setting("PIPELINE"),
            CreatedAfter=datetime.now(UTC) - _LONGEST,
            # What runs is among the newest, so that mostly one page is asked for.
            SortBy="CreationTime",
            SortOrder="Descending",
            PaginationConfig={"PageSize": 100},
        )
    )
    running = (
        one
        for page in pages
        for one in page["PipelineExecutionSummaries"]
        if one["PipelineExecutionStatus"] in RUNNING and one["PipelineExecutionArn"] != ended
    )
    # Where there is no pipeline, nothing runs: whoever starts it finds that out.
    return _or_none(lambda: next(running, None)) is not None


def _start(holder: dict[str, Any]) -> dict[str, str]:
    """Start the execution of the lock's holder, and write down which it is."""
    try:
        answer = _client("sagemaker").start_pipeline_execution(**holder["request"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSALS:
            raise
        _record(holder, None)
        msg = f"SageMaker refused to start {_setting('PIPELINE')}: {error}"
        raise RefusedError(msg, "Correct that, and upload again.") from error
    arn = str(answer["PipelineExecutionArn"])
    _record(holder, {**holder, "execution": arn})
    return {"outcome": "started", "execution": arn}


def _record(holder: dict[str, Any], changed: dict[str, Any] | None) -> None:
    for _ in range(_ATTEMPTS):
        state = _read()
        if state["holder"] != holder or _write(state, holder=changed) == "done":
            return


# What an execution is started with


def _prepared(waiting: dict[str, Any]) -> dict[str, Any]:
    """Return the holder of the lock for what waits: the request of its start."""
    declared, values = _declared(), _usual_values()
    config = _json_file(HYPERPARAMETERS)
    if config is not None:
        values |= _values(config, HYPERPARAMETERS, declared)
    manifest = waiting.get("manifest")
    if manifest:
        values |= _manifest(manifest["content"], manifest["place"], declared)["values"]
    home = f"s3://{_setting('DATA_BUCKET')}/{TRAINING}"
    if "DataUri" in declared and "DefaultValue" not in declared["DataUri"]:
        values.setdefault("DataUri", home)
    lacking = [
        name for name, one in declared.items() if "DefaultValue" not in one and name not in values
    ]
    if lacking:
        msg = f"{_setting('PIPELINE')} needs values of {', '.join(lacking)}."
        remedy = "Set the variables that conf/aws.yaml names, and run `pipeline upsert`."
        raise RefusedError(msg, remedy)
    why = f"Started by {', '.join(waiting['triggers'])}: {', '.join(waiting['why'])}"
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return {
        "request": {
            "PipelineName": _setting("PIPELINE"),
            "PipelineExecutionDisplayName": _name(waiting["triggers"][0], now),
            "PipelineExecutionDescription": _CONTROL.sub(" ", why)[:_DESCRIPTION],
            "PipelineParameters": [{"Name": n, "Value": v} for n, v in sorted(values.items())],
            "ClientRequestToken": uuid.uuid4().hex,
        }
    }


def _name(trigger: str, now: str) -> str:
    """Return a name of at most 82 letters, digits and single hyphens."""
    end = f"-{trigger}-{now}"
    start = re.sub(r"[^a-zA-Z0-9]+", "-", _setting("PIPELINE"))[: 82 - len(end)].strip("-")
    return start + end


def _usual_values() -> dict[str, str]:
    """Return what `pipeline upsert` says the account's values are, and those of the stacks."""
    declared = _declared()
    key = f"{_setting('PIPELINE')}/start.json"
    place = {"Bucket": _setting("ARTIFACT_BUCKET"), "Key": key}
    found = _or_none(lambda: _client("s3").get_object(**place))
    values = json.loads(found["Body"].read())["parameters"] if found else {}
    stacks = {
        "Database": _setting("DATABASE"),
        "Table": _setting("TABLE"),
        "Workgroup": _setting("WORKGROUP"),
        "ModelPackageGroup": _setting("MODEL_PACKAGE_GROUP"),
    }
    values |= {name: value for name, value in stacks.items() if value}
    return {name: str(value) for name, value in values.items() if name in declared}


def _declared() -> dict[str, dict[str, Any]]:
    """Return name → declaration of the pipeline's parameters."""
    name = _setting("PIPELINE")
    try:
        found = _client("sagemaker").describe_pipeline(PipelineName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise
        msg = f"There is no pipeline {name} to start."
        raise RefusedError(msg, "Make it with `pipeline upsert`, then upload again.") from error
    return {one["Name"]: one for one in json.loads(found["PipelineDefinition"])["Parameters"]}


def _reads_lake(chosen: dict[str, Any]) -> bool:
    """Return whether a start reads the lake, and no folder that a manifest names."""
    home = f"s3://{_setting('DATA_BUCKET')}/{TRAINING}"
    values = {one["Name"]: one["Value"] for one in chosen["request"]["PipelineParameters"]}
    return bool(values.get("DataUri", home) == home)


def _is_filled(state: dict[str, Any]) -> bool:
    """Return whether there are data, after copying samples; before that it leaves word of it.

    Whoever is killed while copying has then said that it is not done, and it is gone on with.
    """
    if state["filling"]:
        _copy_samples()
        return True
    if any(True for _ in _files(TRAINING)):
        return True
    if not any(True for _ in _files(SAMPLE)):
        msg = f"s3://{_setting('DATA_BUCKET')}/{TRAINING} must hold files, or {SAMPLE}: none does."
        raise RefusedError(msg, f"Upload a table to {TRAINING}.")
    _write(state, filling=True)
    return False


def _copy_samples() -> None:
    """Copy the samples that are not yet where the data belong."""
    there, samples = {key for key, _ in _files(TRAINING)}, list(_files(SAMPLE))
    for key, size in samples:
        if size > _COPY_BYTES:
            msg = f"{key} must have at most {_COPY_BYTES:,} bytes to be copied, got {size:,}."
            raise RefusedError(msg, f"Upload a smaller one, or copy it to {TRAINING} yourself.")
        own = TRAINING + key.removeprefix(SAMPLE)
        if own in there:
            continue
        _client("s3").copy_object(
            Bucket=_setting("DATA_BUCKET"),
            Key=own,
            CopySource={"Bucket": _setting("DATA_BUCKET"), "Key": key},
            MetadataDirective="REPLACE",
            # The copy is an upload too: by this it is known that it must start nothing.
            Metadata={COPIED: _digest(own)},
            TaggingDirective="REPLACE",
        )


def _files(prefix: str) -> Any:
    """Yield key and bytes of the files that Athena would read below a prefix."""
    pages = _client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=_setting("DATA_BUCKET"), Prefix=prefix):
        for entry in page.get("Contents", []):
            parts = entry["Key"].removeprefix(prefix).split("/")
            if entry["Size"] and not any(part[:1] in ("", "_", ".") for part in parts):
                yield entry["Key"], entry["Size"]


# AWS


def _notice(refusal: RefusedError) -> None:
    """Say what is refused, in the log and to whoever listens."""
    text = f"{refusal.rule}\n{refusal.remedy}"
    print(json.dumps({"refused": refusal.rule, "remedy": refusal.remedy}))
    if _setting("NOTICES"):
        subject = f"{_setting('PIPELINE'):.70} was not started"
        message = {"TopicArn": _setting("NOTICES"), "Subject": subject, "Message": text[:200_000]}
        _client("sns").publish(**message)


def _object(key: str, version: str) -> dict[str, str]:
    place = {"Bucket": _setting("DATA_BUCKET"), "Key": key}
    return {**place, "VersionId": version} if version else place


def _or_none(ask: Any) -> Any:
    """Return an answer, None if what was asked for is not there."""
    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise


def _digest(key: str) -> str:
    """Return a key in letters that the metadata of an object can hold."""
    return hashlib.sha256(key.encode()).hexdigest()


def _setting(name: str) -> str:
    return os.environ.get(name, "")


@cache
def _client(service: str) -> Any:
    return boto3.client(service)
