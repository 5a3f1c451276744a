"""Endpoints: a registered version is served for real, replaced while it answers, and removed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from building import BUCKET, ROLE
from clients import SESSION, connect, refused
from waiting import wait_until

from sagelocal import LocalSageMaker, ServeCommand
from sagelocal.endpoint import Endpoint
from sagelocal.storage.archives import pack

SERVER = Path(__file__).with_name("model_server.py")
ACCOUNT = "arn:aws:sagemaker:us-east-1:000000000000"
SERVE = ServeCommand((sys.executable, str(SERVER)), {"VARIABLE": "program"})


@pytest.fixture
def hosting(home: Path) -> Iterator[Endpoint]:
    with Endpoint(LocalSageMaker(home, serve=SERVE), region="us-east-1") as endpoint:
        yield endpoint


@pytest.fixture
def client(hosting: Endpoint) -> Any:
    return connect(hosting)


@pytest.fixture
def configure(client, home: Path, tmp_path: Path):
    """Register a version, and make a model and a configuration of it, all called after a word."""

    def make(word: str, **environment: str) -> str:
        folder = tmp_path / word
        folder.mkdir()
        (folder / "word").write_text(word)
        pack(folder, tmp_path / f"{word}.tar.gz")
        uri = f"{BUCKET}/{word}/model.tar.gz"
        LocalSageMaker(home).storage.put_bytes(uri, (tmp_path / f"{word}.tar.gz").read_bytes())
        groups = client.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if not groups:
            client.create_model_package_group(ModelPackageGroupName="houses")
        container = {"Image": "image", "ModelDataUrl": uri, "Environment": environment}
        package = client.create_model_package(
            ModelPackageGroupName="houses",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )["ModelPackageArn"]
        client.create_model(
            ModelName=word, Containers=[{"ModelPackageName": package}], ExecutionRoleArn=ROLE
        )
        variant = {"VariantName": "main", "ModelName": word, "InitialInstanceCount": 2}
        client.create_endpoint_config(EndpointConfigName=word, ProductionVariants=[variant])
        return word

    return make


def settled(client, name: str = "houses") -> dict[str, Any]:
    """Return an endpoint once nothing is being deployed to it."""
    found: dict[str, Any] = {}

    def is_settled() -> bool:
        found.update(client.describe_endpoint(EndpointName=name))
        return found["EndpointStatus"] not in ("Creating", "Updating")

    wait_until(is_settled)
    return found


def runtime(endpoint: Endpoint) -> Any:
    return SESSION.create_client(
        "sagemaker-runtime",
        region_name="us-east-1",
        endpoint_url=endpoint.url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def ask(endpoint: Endpoint, body: str = "1,2", **rest: str) -> dict[str, Any]:
    answer = runtime(endpoint).invoke_endpoint(EndpointName="houses", Body=body, **rest)
    return {**answer, "Body": json.loads(answer["Body"].read())}


def test_a_registered_version_is_served_replaced_and_removed(
    hosting: Endpoint, client, configure
) -> None:
    first, second, broken = configure("one"), configure("two", VARIABLE="own"), configure("broken")
    made = client.create_endpoint(EndpointName="houses", EndpointConfigName=first)
    assert made["EndpointArn"] == f"{ACCOUNT}:endpoint/houses"
    found = settled(client)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "one")
    assert found["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    answer = ask(hosting, ContentType="text/csv", Accept="application/json", CustomAttributes="a=b")
    assert answer["Body"] == {
        "word": "one",
        "variable": "program",
        "body": "1,2",
        "type": "text/csv",
        "accept": "application/json",
        "attributes": "a=b",
    }
    assert answer["ContentType"] == "application/json; charset=utf-8"
    assert (answer["CustomAttributes"], answer["InvokedProductionVariant"]) == ("seen", "main")
    with pytest.raises(
        ClientError, match=r"\(ModelError\).*Received client error \(400\)"
    ) as error:
        ask(hosting, "bad")
    assert error.value.response["OriginalStatusCode"] == 400
    assert "bad" in error.value.response["OriginalMessage"]
    client.update_endpoint(EndpointName="houses", EndpointConfigName=second)
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        client.update_endpoint(EndpointName="houses", EndpointConfigName=second)
    assert ask(hosting)["Body"]["word"] in ("one", "two"), "it answers meanwhile"
    assert settled(client)["EndpointConfigName"] == "two"
    answer = ask(hosting)["Body"]
    assert (answer["word"], answer["variable"]) == ("two", "own")
    client.update_endpoint(EndpointName="houses", EndpointConfigName=broken)
    found = settled(client)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "two")
    assert "The model is broken." in found["FailureReason"]
    assert ask(hosting)["Body"]["word"] == "two"
    client.delete_endpoint(EndpointName="houses")
    with pytest.raises(ClientError, match="ValidationError.*not found"):
        ask(hosting)
    with refused("ValidationException", "Could not find endpoint"):
        client.describe_endpoint(EndpointName="houses")


def test_an_endpoint_outlives_its_server_and_says_why_it_failed(
    hosting: Endpoint, client, configure, home: Path
) -> None:
    client.create_endpoint(EndpointName="houses", EndpointConfigName=configure("one"))
    client.create_endpoint(EndpointName="other", EndpointConfigName=configure("broken"))
    assert settled(client)["EndpointStatus"] == "InService"
    failed = settled(client, "other")
    assert failed["EndpointStatus"] == "Failed"
    assert "The model is broken." in failed["FailureReason"]
    hosting.__exit__()
    with Endpoint(LocalSageMaker(home, serve=SERVE), region="us-east-1") as again:
        assert settled(connect(again))["EndpointStatus"] == "InService"
        assert ask(again)["Body"]["word"] == "one"
        connect(again).delete_model(ModelName="broken")
    with Endpoint(LocalSageMaker(home), region="us-east-1") as without:
        found = settled(connect(without))
        assert "no program to serve a model" in found["FailureReason"]
        found = settled(connect(without), "other")
        assert found["EndpointStatus"] == "Failed"
        assert "Could not find model" in found["FailureReason"]


def test_what_cannot_be_hosted_is_refused(client, configure) -> None:
    name = configure("one")
    variant = {"VariantName": "main", "ModelName": name, "InitialInstanceCount": 2}
    with refused("ValidationException", "already existing model"):
        client.create_model(ModelName=name, PrimaryContainer={"Image": "image"})
    for model, words in (
        ({"PrimaryContainer": {"ModelPackageName": "houses/7"}}, "houses/7 does not exist"),
        ({"Containers": [{"Image": "image"}] * 2}, "one container here, got 2"),
        ({}, "one container here, got 0"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://b/k"}}, "Image or a ModelPackageName"),
    ):
        with refused("ValidationException", words):
            client.create_model(ModelName="other", **model)
    with refused("ValidationException", "Could not find model"):
        variants = [{**variant, "ModelName": "nothing"}]
        client.create_endpoint_config(EndpointConfigName="other", ProductionVariants=variants)
    with refused("ValidationException", "one variant"):
        variants = [variant, {**variant, "VariantName": "second"}]
        client.create_endpoint_config(EndpointConfigName="other", ProductionVariants=variants)
    with refused("ValidationException", "Could not find endpoint configuration"):
        client.create_endpoint(EndpointName="houses", EndpointConfigName="nothing")
    found = client.describe_endpoint_config(EndpointConfigName=name)
    assert found["ProductionVariants"] == [variant]
    assert found["EndpointConfigArn"] == f"{ACCOUNT}:endpoint-config/one"
    client.delete_endpoint_config(EndpointConfigName=name)
    with refused("ValidationException", "Could not find endpoint configuration"):
        client.describe_endpoint_config(EndpointConfigName=name)
    client.delete_model(ModelName=name)
    with refused("ValidationException", "Could not find model"):
        client.describe_model(ModelName=name)
