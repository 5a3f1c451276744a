"""An endpoint, its clients, and a server that records its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from building import ROLE, Build, Json
from clients import REGION, connect, ended
from recording import Recorder

from sagelocal import LocalSageMaker
from sagelocal.endpoint import Endpoint


@pytest.fixture
def events() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture
def endpoint(sagemaker: LocalSageMaker, events: Recorder) -> Iterator[Endpoint]:
    with Endpoint(sagemaker, events=events.url, region=REGION) as found:
        yield found


@pytest.fixture
def client(endpoint: Endpoint) -> Any:
    return connect(endpoint)


@pytest.fixture
def create(client: Any, build: Build) -> Callable[..., str]:
    """Create a pipeline of steps and return its ARN."""

    def make(*steps: Json, name: str = "demo", declared: list[Json] | None = None, **rest: Any):
        text = build.definition(*steps, parameters=declared).decode()
        request = {"PipelineName": name, "PipelineDefinition": text, "RoleArn": ROLE, **rest}
        return client.create_pipeline(**request)["PipelineArn"]

    return make


@pytest.fixture
def run(client: Any) -> Callable[..., Json]:
    """Start an execution, wait for its end and return its description."""

    def start(name: str = "demo", **rest: Any) -> Json:
        arn = client.start_pipeline_execution(PipelineName=name, **rest)["PipelineExecutionArn"]
        return ended(client, arn)

    return start
