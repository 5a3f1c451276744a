"""Clients that trust no answer, and small requests of theirs."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from recording import Recorder
from waiting import wait_until

from sagelocal.endpoint import Endpoint

Json = dict[str, Any]
REGION = "eu-west-1"
# One for all: it reads the description of the service once.
SESSION = botocore.session.Session()
# The API's description requires it; the service leaves it out of versions of groups, as the example
# of a "SageMaker Model Package State Change" in its developer guide shows.
NOT_THERE = 'Missing required parameter in input: "ModelPackageName"'


def check_answer(parsed: Json, model: Any, **_: Any) -> None:
    """Let an answer without a member that the API always has, or of another type, fail the test."""
    if "Error" not in parsed and model.output_shape is not None:
        members = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        report = ParamValidator().validate(members, model.output_shape)
        found = report.generate_report()
        assert found in ("", NOT_THERE), found


def connect(endpoint: Endpoint) -> Any:
    """Return a client of an endpoint."""
    return connect_to(endpoint.url)


def connect_to(url: str) -> Any:
    """Return what `boto3.client("sagemaker")` returns, which checks answers."""
    client = SESSION.create_client(
        "sagemaker",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=60),
    )
    client.meta.events.register("after-call.sagemaker", check_answer)
    return client


def ended(client: Any, arn: str) -> Json:
    """Wait for the end of an execution and return its description."""
    found: Json = {}

    def has_ended() -> bool:
        found.update(client.describe_pipeline_execution(PipelineExecutionArn=arn))
        return found["PipelineExecutionStatus"] not in ("Executing", "Stopping")

    wait_until(has_ended)
    return found


def fail(name: str = "Stop", message: str = "enough") -> Json:
    """Return a step of the type Fail."""
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def condition(name: str, left: Any, right: Any, **branches: list[Json]) -> Json:
    """Return a step that compares two values: greater or equal."""
    compared = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": right}
    arguments = {"Conditions": [compared], "IfSteps": [], "ElseSteps": [], **branches}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def details(recorder: Recorder, kind: str) -> list[Json]:
    """Return what the events of a type say, in their order."""
    return [json.loads(e["Detail"]) for e in recorder.entries() if e["DetailType"] == kind]


def refused(code: str, words: str) -> Any:
    """Return a block that must raise an error of the service."""
    return pytest.raises(ClientError, match=rf"(?s)\({code}\).*{words}")
