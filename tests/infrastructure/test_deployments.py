"""deploy.yaml on a local AWS server that makes models and endpoints, and CloudFormation's schemas.

The server compares templates without following references, so an update of it does not reach the
endpoint's configuration: what an update replaces is shown on the schemas, by the tests of the
package.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.baking import ROOT, TEMPLATE
from tests.servers import LocalAccount, environment, free_port, serving

GOLDEN = ROOT / "packages/sagetabular/tests/golden/create_only.json"
STACK = "sagemaker-housing-dev-deploy"
GIVEN = {
    "Project": "housing",
    "KeyArn": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "ArtifactBucket": "artefacts",
    "EndpointRoleArn": "arn:aws:iam::123456789012:role/sagemaker-housing-dev-endpoint",
    "NoticeTopicArn": "",
    "Subnets": "",
    "SecurityGroups": "",
}
# Runs where cfn-lint is.
SCHEMAS = """
import json, sys
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
schemas = {name: PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
           for name in sys.argv[1:]}
print(json.dumps({
    name: sorted(path.removeprefix("/properties/") for path in schema["createOnlyProperties"])
    for name, schema in schemas.items()
}))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalAccount]:
    """An account whose CloudFormation makes models, configurations and endpoints."""
    programs = environment("moto", ROOT / "tests/aws/requirements.lock") / "bin"
    account = LocalAccount(port := free_port())
    command = [str(programs / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with serving(command, lambda: account.client("sts").get_caller_identity()):
        sagemaker = account.client("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName="housing-dev")
        for _ in range(2):
            sagemaker.create_model_package(ModelPackageGroupName="housing-dev")
        yield account


def _deploy(account: LocalAccount, call: str, **parameters: str) -> dict[str, Any]:
    """Make or change the stack; returns its outputs, and logical → physical id under `ids`."""
    cloudformation = account.client("cloudformation")
    text = (ROOT / TEMPLATE / "infrastructure/deploy.yaml").read_text(encoding="utf-8")
    values = (GIVEN | parameters).items()
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in values]
    getattr(cloudformation, call)(StackName=STACK, TemplateBody=text, Parameters=given)
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"].endswith("_COMPLETE"), stack
    resources = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in stack["Outputs"]}
    # The server lists what it only pretends to make, such as alarms, without a name.
    pairs = ((one["LogicalResourceId"], one["PhysicalResourceId"]) for one in resources)
    ids = {logical: physical for logical, physical in pairs if logical}
    return outputs | {"ids": ids}


def _package(version: int) -> str:
    return f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/housing-dev/{version}"


@pytest.mark.parametrize("hosting", ["instances", "serverless", "batch"])
def test_a_version_is_deployed_and_updated_in_place(server: LocalAccount, hosting: str) -> None:
    sagemaker = server.client("sagemaker")
    first = _deploy(server, "create_stack", ModelPackageArn=_package(1), Hosting=hosting)
    model = sagemaker.describe_model(ModelName=first["ModelName"])
    assert model["PrimaryContainer"] == {"ModelPackageName": _package(1)}
    assert model["ExecutionRoleArn"] == GIVEN["EndpointRoleArn"]
    if hosting == "batch":
        assert {*first["ids"]} == {"Model"} and "EndpointName" not in first
    else:
        endpoint = sagemaker.describe_endpoint(EndpointName=first["EndpointName"])
        name = endpoint["EndpointConfigName"]
        (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=name)[
            "ProductionVariants"
        ]
        assert variant["ModelName"] == first["ModelName"]
        assert variant["VariantName"] == "AllTraffic"
        assert ("ServerlessConfig" in variant) == (hosting == "serverless")
        assert ("InstanceType" in variant) == (hosting == "instances")

    second = _deploy(server, "update_stack", ModelPackageArn=_package(2), Hosting=hosting)
    model = sagemaker.describe_model(ModelName=second["ModelName"])
    assert model["PrimaryContainer"] == {"ModelPackageName": _package(2)}
    assert second["ids"]["Model"] != first["ids"]["Model"]
    assert second["ids"].get("Endpoint") == first["ids"].get("Endpoint")
    server.client("cloudformation").delete_stack(StackName=STACK)
    assert not sagemaker.list_endpoints()["Endpoints"]


def test_what_a_change_replaces_is_what_the_schemas_say() -> None:
    """The list that the package's tests of updates go by."""
    programs = environment("validators", Path(__file__).parent / "validators.lock") / "bin"
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    command = [programs / "python", "-c", SCHEMAS, *recorded]
    asked = subprocess.run(command, check=True, capture_output=True, text=True)
    assert recorded == json.loads(asked.stdout)
