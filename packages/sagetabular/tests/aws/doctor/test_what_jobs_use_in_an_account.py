"""Keys, images, networks and servers that jobs use, as `pipeline doctor --on aws` judges them."""

from __future__ import annotations

import pytest
from healthy import ACCOUNT, DIGEST, KEY, REGION, REGISTRY, Refusal, wrong

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({"KeyState": "Disabled"}, "must be Enabled, got Disabled."),
        ({"KeyState": "PendingDeletion"}, "must be Enabled, got PendingDeletion."),
        ({"KeyState": "Enabled", "KeyUsage": "SIGN_VERIFY"}, "must be for ENCRYPT_DECRYPT, got"),
    ],
)
def test_a_key_that_cannot_encrypt_is_to_fix(cloud, doctor, metadata, text):
    sound = cloud.answers["DescribeKey"]
    broken = {"KeyMetadata": {"KeyId": "k", "Arn": KEY, **metadata}}
    cloud.answers["DescribeKey"] = lambda asked: broken if asked["KeyId"] == "alias/o" else sound
    state, subject, found, _ = wrong(doctor())
    assert (state, subject) == ("to fix", "keys")
    assert found.startswith(f"The key alias/o {text}")


def test_a_key_that_is_not_there_is_to_fix(cloud, doctor):
    cloud.answers["DescribeKey"] = Refusal("NotFoundException")
    found = [(one["state"], one["subject"]) for one in doctor() if one["state"] != "ok"]
    expected = [
        ("cannot tell", "permissions of the role"),
        ("cannot tell", "your permissions"),
        ("to fix", "keys"),
        ("to fix", "keys"),
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("docker.io/library/model:1", "An image must be an address in Amazon ECR"),
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/m:1", "The image must be in eu-west-1, got "),
    ],
)
def test_an_address_that_no_job_can_pull_is_to_fix(cloud, doctor, monkeypatch, address, rule):
    monkeypatch.setenv("IMAGE", address)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to fix", "images")
    assert text.startswith(rule) and address in text


def test_images_are_asked_for_as_they_are_pulled(cloud, doctor, monkeypatch):
    monkeypatch.setenv("JOBS", f"{REGISTRY}/jobs:v1")
    texts = [one["text"] for one in doctor() if one["subject"] == "images"]
    assert f"{REGISTRY}/jobs:v1, by a tag, which may be moved" in texts
    asked = {one["repositoryName"]: one for one in cloud.requests("BatchGetImage")}
    assert asked["jobs"]["imageIds"] == [{"imageTag": "v1"}]
    assert asked["model"]["imageIds"] == [{"imageDigest": DIGEST[1:]}]
    aws_own = asked["sagemaker-xgboost"]
    assert (aws_own["registryId"], aws_own["imageIds"]) == ("141502667606", [{"imageTag": "3.2-0"}])


def test_a_nat_gateway_may_lead_to_s3(cloud, doctor):
    cloud.answers["DescribeVpcEndpoints"] = {"VpcEndpoints": []}
    cloud.answers["DescribeNatGateways"] = {"NatGateways": [{"NatGatewayId": "nat-1"}]}
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("cannot tell", "network")
    assert "but a NAT gateway" in text


@pytest.mark.parametrize("name_of_the_variable", ["TRACKING", "NOBODY_HAS_SET_THIS"])
def test_without_mlflow_experiments_are_sagemakers_own(
    cloud, doctor, deployable, monkeypatch, name_of_the_variable
):
    deployable.change("conf/aws.yaml", "environment.TrackingUri", name_of_the_variable)
    monkeypatch.delenv("TRACKING", raising=False)
    (found,) = [one for one in doctor() if one["subject"] == "tracking"]
    assert found["state"] == "ok"
    assert found["text"].startswith("Executions are logged to SageMaker Experiments")
    asked = {
        name for one in cloud.requests("SimulatePrincipalPolicy") for name in one["ActionNames"]
    }
    assert "sagemaker:BatchPutMetrics" in asked


@pytest.mark.parametrize(
    ("address", "state"),
    [
        (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/ours", "ok"),
        ("https://mlflow.example.org", "cannot tell"),
    ],
)
def test_other_places_that_log(cloud, doctor, monkeypatch, address, state):
    monkeypatch.setenv("TRACKING", address)
    (found,) = [one for one in doctor() if one["subject"] == "tracking"]
    assert found["state"] == state
    assert address in found["text"]
