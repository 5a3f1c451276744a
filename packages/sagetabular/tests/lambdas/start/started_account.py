"""An account for the Lambda `start`: what its calls find, kept by botocore's own description.

Requests pass botocore's validation on their way, answers are checked against the same description.
Conditions of DynamoDB are those that the Lambda writes, evaluated on the items as they stand.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from sagetabular.lambdas import start

PIPELINE, DATA, ARTIFACTS = "housing-prices-dev", "the-data", "the-artifacts"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:notices"
ENVIRONMENT = {
    "PIPELINE": PIPELINE,
    "STARTS": "starts",
    "DATA_BUCKET": DATA,
    "ARTIFACT_BUCKET": ARTIFACTS,
    "NOTICES": TOPIC,
    "DATABASE": "housing",
    "TABLE": "california",
    "WORKGROUP": "analysts",
    "MODEL_PACKAGE_GROUP": PIPELINE,
}
_ARN = f"arn:aws:sagemaker:eu-west-1:123456789012:pipeline/{PIPELINE}"
_PAGE = 2
PARAMETERS: list[dict[str, Any]] = [
    {"Name": "RoleArn", "Type": "String"},
    {"Name": "ImageUri", "Type": "String"},
    {"Name": "Prefix", "Type": "String", "DefaultValue": "housing-prices"},
    {"Name": "Database", "Type": "String", "DefaultValue": "other"},
    {"Name": "Table", "Type": "String", "DefaultValue": "other"},
    {"Name": "Workgroup", "Type": "String", "DefaultValue": "primary"},
    {"Name": "Folds", "Type": "Integer", "DefaultValue": 5},
    {"Name": "MinimumR2", "Type": "Float", "DefaultValue": 0.6},
    {"Name": "Verbose", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Mode", "Type": "String", "DefaultValue": "a", "EnumValues": ["a", "b"]},
    {"Name": "SubnetId1", "Type": "String", "DefaultValue": "subnet-0"},
]


class AnswerError(Exception):
    """An error that AWS answers with."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code, self.more = code, more


class StartedAccount:
    """Buckets, the table, the pipeline and its executions.

    Attributes:
        objects: (bucket, key) → content and metadata.
        items: Name → item of the table.
        executions: What was started, in order: `arn`, `status`, `request`.
        notices: Texts that were published.
        interrupt: Called before each call that is answered; it may raise.
        parameters: That the pipeline declares; None if there is no pipeline.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.executions: list[dict[str, Any]] = []
        self.notices: list[str] = []
        self.calls: list[str] = []
        self.interrupt: Callable[[str], None] = lambda _: None
        self.parameters: list[dict[str, Any]] | None = list(PARAMETERS)
        self.columns = [{"Name": "a", "Type": "string"}, {"Name": "b", "Type": "string"}]
        self.table_kind, self.refusal = "csv", ""
        usual = {"parameters": {"RoleArn": "role", "ImageUri": "image", "Gone": "x"}}
        self.put(f"{PIPELINE}/start.json", json.dumps(usual), ARTIFACTS)

    def put(self, key: str, content: str | bytes, bucket: str = DATA) -> None:
        """Upload an object."""
        body = content.encode() if isinstance(content, str) else content
        self.objects[bucket, key] = (body, {})

    def end(self, status: str = "Succeeded", place: int = -1) -> dict[str, Any]:
        """End an execution, and return the event of it."""
        execution = self.executions[place]
        execution["status"] = status
        return ended(execution["arn"], status)

    def answer(self, model: Any, given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the answer to a request that botocore has found valid."""
        self.calls.append(model.name)
        http = type("Http", (), {"status_code": 200})()
        try:
            self.interrupt(model.name)
            result = getattr(self, f"_{xform_name(model.name)}")(given)
        except AnswerError as error:
            http.status_code = 400
            return http, {"Error": {"Code": error.code, "Message": error.code}, **error.more}
        if model.output_shape:
            streaming = {"Body": b""} if "Body" in result else {}
            report = ParamValidator().validate({**result, **streaming}, model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return http, result

    def _get_object(self, given: dict[str, Any]) -> dict[str, Any]:
        if (given["Bucket"], given["Key"]) not in self.objects:
            raise AnswerError("NoSuchKey")
        body, metadata = self.objects[given["Bucket"], given["Key"]]
        if "Range" in given:
            first, last = given["Range"].removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
        return {"Body": io.BytesIO(body), "ContentLength": len(body), "Metadata": metadata}

    def _list_objects_v2(self, given: dict[str, Any]) -> dict[str, Any]:
        keys = sorted(
            key
            for bucket, key in self.objects
            if bucket == given["Bucket"] and key.startswith(given["Prefix"])
        )
        first = int(given.get("ContinuationToken", 0))
        page, rest = keys[first : first + _PAGE], keys[first + _PAGE :]
        contents = [
            {"Key": key, "Size": len(self.objects[given["Bucket"], key][0])} for key in page
        ]
        more = {"NextContinuationToken": str(first + _PAGE)} if rest else {}
        return {"Contents": contents, "IsTruncated": bool(rest), **more}

    def _copy_object(self, given: dict[str, Any]) -> dict[str, Any]:
        source = given["CopySource"]
        place = (
            (source["Bucket"], source["Key"]) if isinstance(source, dict) else source.split("/", 1)
        )
        self.objects[given["Bucket"], given["Key"]] = (
            self.objects[tuple(place)][0],
            given["Metadata"],
        )
        return {}

    def _get_item(self, given: dict[str, Any]) -> dict[str, Any]:
        assert given["ConsistentRead"] is True
        item = self.items.get(given["Key"]["name"]["S"])
        return {"Item": item} if item else {}

    def _transact_write_items(self, given: dict[str, Any]) -> dict[str, Any]:
        puts = [entry["Put"] for entry in given["TransactItems"]]
        held = [self._holds(put) for put in puts]
        if not all(held):
            codes = [{"Code": "None" if holds else "ConditionalCheckFailed"} for holds in held]
            raise AnswerError("TransactionCanceledException", CancellationReasons=codes)
        for put in puts:
            self.items[put["Item"]["name"]["S"]] = put["Item"]
        return {}

    def _holds(self, put: dict[str, Any]) -> bool:
        assert put["TableName"] == "starts"
        item = self.items.get(put["Item"]["name"]["S"])
        absent, _, compared = put["ConditionExpression"].partition(" OR ")
        assert absent == "attribute_not_exists(#name)"
        assert compared in ("", "version = :read")
        return item is None or (
            bool(compared) and item["version"] == put["ExpressionAttributeValues"][":read"]
        )

    def _describe_pipeline(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.parameters is None:
            raise AnswerError("ResourceNotFound")
        definition = {"Version": "2020-12-01", "Parameters": self.parameters, "Steps": []}
        return {"PipelineName": PIPELINE, "PipelineDefinition": json.dumps(definition)}

    def _describe_pipeline_execution(self, given: dict[str, Any]) -> dict[str, Any]:
        for execution in self.executions:
            if execution["arn"] == given["PipelineExecutionArn"]:
                return {"PipelineExecutionStatus": execution["status"]}
        raise AnswerError("ResourceNotFound")

    def _list_pipeline_executions(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.parameters is None:
            raise AnswerError("ResourceNotFound")
        assert given["MaxResults"] == 100, "the most that SageMaker gives"
        first = int(given.get("NextToken", 0))
        newest = self.executions[:: -1 if given["SortOrder"] == "Descending" else 1]
        page = [
            {
                "PipelineExecutionArn": execution["arn"],
                "PipelineExecutionStatus": execution["status"],
                "StartTime": datetime.now(UTC),
            }
            for execution in newest[first : first + _PAGE]
        ]
        more = {"NextToken": str(first + _PAGE)} if newest[first + _PAGE :] else {}
        return {"PipelineExecutionSummaries": page, **more}

    def _start_pipeline_execution(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.refusal:
            raise AnswerError(self.refusal)
        for name in ("PipelineExecutionDescription", "PipelineExecutionDisplayName"):
            _check_text(name, given[name])
        for execution in self.executions:
            if execution["request"]["ClientRequestToken"] == given["ClientRequestToken"]:
                return {"PipelineExecutionArn": execution["arn"]}
        return {"PipelineExecutionArn": self.start(given)}

    def start(self, request: dict[str, Any] | None = None) -> str:
        """Start an execution as somebody else would, without a request."""
        arn = f"{_ARN}/execution/{len(self.executions):012}"
        request = request or {"ClientRequestToken": arn}
        self.executions.append({"arn": arn, "status": "Executing", "request": request})
        return arn

    def _publish(self, given: dict[str, Any]) -> dict[str, Any]:
        assert given["TopicArn"] == TOPIC
        assert len(given["Subject"]) < 100
        self.notices.append(given["Message"])
        return {}

    def _get_table(self, given: dict[str, Any]) -> dict[str, Any]:
        assert given == {"DatabaseName": "housing", "Name": "california"}
        if self.table_kind == "none":
            raise AnswerError("EntityNotFoundException")
        serde = {"Parameters": {"separatorChar": ","}}
        storage = {"Columns": self.columns, "SerdeInfo": serde}
        parameters = {"classification": self.table_kind}
        table = {"Name": "california", "StorageDescriptor": storage, "Parameters": parameters}
        return {"Table": table}


def _check_text(name: str, text: str) -> None:
    """Refuse a text as SageMaker does, by length and pattern of its own model.

    The patterns are Java's: `.` stands for no line break, of which Java knows five.
    https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html#lt
    """
    start = client("sagemaker").meta.service_model.operation_model("StartPipelineExecution")
    limits = start.input_shape.members[name].metadata
    breaks = re.search(r"[\n\r\x85\u2028\u2029]", text)
    if breaks or len(text) > limits["max"] or not re.fullmatch(limits["pattern"], text):
        raise AnswerError("ValidationException")


@cache
def client(service: str) -> Any:
    """Return a client of boto3, which takes half a second to make; `ANSWERING` answers it."""
    client = boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    given: dict[str, Any] = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        given.clear()
        given.update(params)

    def answer(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        return ANSWERING[0].answer(model, dict(given))

    client.meta.events.register_last("before-parameter-build.*.*", keep)
    client.meta.events.register_first("before-call.*.*", answer)
    return client


ANSWERING: list[StartedAccount] = []
"""The account of the test that runs."""


@contextmanager
def in_account(account: StartedAccount) -> Iterator[None]:
    """Let the Lambda find this account until the block ends."""
    ANSWERING[:] = [account]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "_client", client)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


def uploaded(key: str, sequence: int = 1, when: str = "2026-11-30T22:00:00Z") -> dict[str, Any]:
    """Return S3's event for an upload, in the form of AWS's own example.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    entry = {"key": key, "size": 5, "etag": "b1946ac9", "sequencer": f"{sequence:018X}"}
    detail = {"version": "0", "bucket": {"name": DATA}, "object": entry, "reason": "PutObject"}
    return {
        "version": "0",
        "id": f"event-{sequence}",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": when,
        "region": "eu-west-1",
        "resources": [f"arn:aws:s3:::{DATA}"],
        "detail": detail,
    }


def ended(arn: str, status: str = "Succeeded") -> dict[str, Any]:
    """Return SageMaker's event for the end of an execution, in the form of AWS's own example.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return {
        "version": "0",
        "id": arn[-12:],
        "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": "2026-11-30T22:00:00Z",
        "region": "eu-west-1",
        "resources": [_ARN, arn],
        "detail": {
            "pipelineExecutionDisplayName": "one",
            "currentPipelineExecutionStatus": status,
            "previousPipelineExecutionStatus": "Executing",
            "executionStartTime": "2026-11-30T21:00:00Z",
            "executionEndTime": "2026-11-30T22:00:00Z",
            "pipelineArn": _ARN,
            "pipelineExecutionArn": arn,
        },
    }
