"""An account with a table that evaluates conditions, and an execution to ask about."""

from __future__ import annotations

import json
import re
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from answered_calls import AnsweredCalls
from boto3.dynamodb.types import TypeDeserializer

ID = "p4jn9xou8a8s"
PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/housing-dev"
EXECUTION = f"{PIPELINE}/execution/{ID}"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/housing-dev/7"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:sagemaker-housing-dev-notices"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'0a' * 32}"
# Of AWS, which nobody else may look at.
AWS_IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"
STARTED = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ENVIRONMENT = {
    "TABLE": "sagemaker-housing-dev-ledger",
    "TOPIC": TOPIC,
    "DATA_LOCATION": "s3://data/input/data/",
    "MANIFEST_LOCATION": "s3://artefacts/ledger/",
}
DEFINITION = {
    "Parameters": [
        {"Name": "Folds", "Type": "Integer", "DefaultValue": 5},
        {"Name": "ImageUri", "Type": "String"},
        {"Name": "Commit", "Type": "String"},
    ],
    "Steps": [
        {"Arguments": {"AppSpecification": {"ImageUri": {"Get": "Parameters.ImageUri"}}}},
        {"Arguments": {"AppSpecification": {"ImageUri": AWS_IMAGE}}},
    ],
}
REGISTERED = {
    "model": "ridge",
    "metric": "test_r2",
    "score": "0.8246916",
    "execution_arn": EXECUTION,
    "selection": "s3://artefacts/select/selection.json",
}


def event(status: str, seconds: int = 0, *, ended: bool | None = None) -> dict[str, Any]:
    """Return an event as the SageMaker documentation shows it.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html

    Args:
        status: The new status.
        seconds: After the start.
        ended: Whether it tells when it ended; by default if the status is an end.
    """
    moment = f"{STARTED + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    detail = {
        "pipelineExecutionDisplayName": "execution-1",
        "currentPipelineExecutionStatus": status,
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": f"{STARTED:%Y-%m-%dT%H:%M:%SZ}",
        "pipelineArn": PIPELINE,
        "pipelineExecutionArn": EXECUTION,
    }
    if ended if ended is not None else status not in ("Executing", "Stopping"):
        detail["executionEndTime"] = moment
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73kd93ir",
        "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": moment,
        "region": "eu-west-1",
        "resources": [PIPELINE, EXECUTION],
        "detail": detail,
    }


def step(name: str, status: str = "Succeeded", kind: str = "", **more: Any) -> dict[str, Any]:
    """Return a step as ListPipelineExecutionSteps does; `kind` says what job it has."""
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:job/pipelines-{ID}-{name}-abc"
    metadata = {kind: {"Arn": PACKAGE if kind == "RegisterModel" else arn}} if kind else {}
    return {"StepName": name, "StepStatus": status, "Metadata": metadata, **more}


class LedgerAccount(AnsweredCalls):
    """An account in which an execution of a pipeline ran.

    Attributes:
        items: Of the table, by their key.
        status: Of the execution, for who asks SageMaker.
        notices: That were sent.
        refusals: Of the topic: how many of the next notices fail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, dict[str, Any]] = {}
        self.status = "Succeeded"
        self.notices: list[dict[str, Any]] = []
        self.refusals = 0
        self.answer("DescribePipelineDefinitionForExecution", {
            "PipelineDefinition": json.dumps(DEFINITION)})  # fmt: skip
        given = {"ImageUri": f"{REGISTRY}/housing:1", "Commit": "0a1b2c3"}
        values = [{"Name": name, "Value": value} for name, value in given.items()]
        self.answer("ListPipelineParametersForExecution", {"PipelineParameters": values})
        self.answer("DescribeImages", {"imageDetails": [{"imageDigest": DIGEST}]})
        self.answer("ListObjectVersions", {})
        self.answer("DescribeModelPackage", package(REGISTERED))
        self.steps(step("Select", kind="ProcessingJob"), step("Register", kind="RegisterModel"))

    def steps(self, *steps: dict[str, Any]) -> None:
        """Say which steps the execution has."""
        self.replace("ListPipelineExecutionSteps", {"PipelineExecutionSteps": list(steps)})

    def replace(self, operation: str, *answers: Any) -> None:
        """Forget what an operation would have answered, and put down something else."""
        self._answers[operation] = deque(answers)

    def patched(self, client: Any, operation: str, request: dict[str, Any]) -> Any:
        own = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "Publish": self._publish,
            "DescribePipelineExecution": self._describe,
        }
        if operation in own:
            self.replace(operation, own[operation](request))
        if operation == "DescribeImages" and request["registryId"] != "123456789012":
            denied = ("AccessDeniedException", "not authorized")
            kept, self._answers[operation] = self._answers[operation], deque([denied])
            try:
                return super().patched(client, operation, request)
            finally:
                self._answers[operation] = kept
        return super().patched(client, operation, request)

    def item(self) -> dict[str, Any]:
        """Return the execution's item, its values as Python has them."""
        return plain(self.items[EXECUTION])

    def _describe(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "PipelineArn": PIPELINE,
            "PipelineExecutionArn": EXECUTION,
            "PipelineExecutionDisplayName": "execution-1",
            "PipelineExecutionDescription": "Started by s3://data/input/data/training/a.csv",
            "PipelineExecutionStatus": self.status,
            "CreationTime": STARTED,
            "LastModifiedTime": STARTED + timedelta(seconds=700),
            **({"FailureReason": "Step failure"} if self.status == "Failed" else {}),
        }

    def _get(self, request: dict[str, Any]) -> dict[str, Any]:
        assert request["ConsistentRead"] is True
        key = request["Key"]["execution"]["S"]
        return {"Item": dict(self.items[key])} if key in self.items else {}

    def _put(self, request: dict[str, Any]) -> Any:
        key = request["Item"]["execution"]["S"]
        if not _holds(request, self.items.get(key, {})):
            return ("ConditionalCheckFailedException", "The conditional request failed")
        self.items[key] = request["Item"]
        return {}

    def _update(self, request: dict[str, Any]) -> Any:
        item = self.items.get(request["Key"]["execution"]["S"], {})
        if not _holds(request, item):
            return ("ConditionalCheckFailedException", "The conditional request failed")
        name, value = request["UpdateExpression"].removeprefix("SET ").split(" = ")
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        item[names.get(name, name)] = values[value]
        return {}

    def _publish(self, request: dict[str, Any]) -> Any:
        if self.refusals:
            self.refusals -= 1
            return ("InternalErrorException", "the topic is out of order")
        self.notices.append(request)
        return {"MessageId": "1"}


def package(metadata: dict[str, str], arn: str = PACKAGE) -> dict[str, Any]:
    """Return a package as DescribeModelPackage does."""
    return {"ModelPackageArn": arn, "CustomerMetadataProperties": metadata}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item of DynamoDB as Python's values."""
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def _holds(request: dict[str, Any], item: dict[str, Any]) -> bool:
    """Evaluate a condition as DynamoDB does: a comparison with what is missing is false.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
    """
    names, values = request["ExpressionAttributeNames"], plain(request["ExpressionAttributeValues"])
    found = plain(item)

    def operand(word: str) -> Any:
        return values[word] if word.startswith(":") else found.get(names[word])

    def term(match: re.Match[str]) -> str:
        if match[1]:
            return str(names[match[1]] not in found)
        left, right = operand(match[2]), operand(match[4])
        if left is None or right is None:
            return "False"
        return str({"=": left == right, "<": left < right}[match[3]])

    pattern = r"attribute_not_exists\((#\w+)\)|([#:]\w+) ([=<]) ([#:]\w+)"
    text = re.sub(pattern, term, request["ConditionExpression"])
    logic = text.replace(" AND ", " and ").replace(" OR ", " or ")
    assert re.fullmatch(r"(True|False|and|or|[() ])+", logic), logic
    return bool(eval(logic))
