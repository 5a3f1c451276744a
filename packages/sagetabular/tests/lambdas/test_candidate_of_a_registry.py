"""Lambda `candidate` on a real registry, that of this machine, by SageMaker's own protocol."""

from __future__ import annotations

import boto3
import pytest

from sagelocal import LocalSageMaker
from sagelocal.endpoint import Endpoint
from sagetabular.lambdas.candidate import CandidateError, handler

GROUP = "housing-dev"


@pytest.fixture
def client(tmp_path, monkeypatch):
    """A client of an empty registry, in which the Lambda looks too."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "MODEL_PACKAGE_GROUP": GROUP,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with Endpoint(LocalSageMaker(tmp_path / "home"), region="eu-west-1") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", endpoint.url)
        yield boto3.client("sagemaker")


def test_a_version_goes_through_its_life(client) -> None:
    with pytest.raises(CandidateError, match="has no approved version"):
        handler({}, None)
    client.create_model_package_group(ModelPackageGroupName=GROUP)
    noted = {"model": "xgboost", "score": "0.85", "data": "made-up housing sample (60 rows)"}
    container = {"Image": "image", "ModelDataUrl": "s3://b/model.tar.gz"}
    specification = {"Containers": [container], "SupportedContentTypes": ["text/csv"]}
    specification["SupportedResponseMIMETypes"] = ["text/csv"]
    arns = [
        client.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification=specification,
            CustomerMetadataProperties=noted,
        )["ModelPackageArn"]
        for _ in range(12)
    ]
    with pytest.raises(CandidateError, match="has no approved version"):
        handler({}, None)
    for version in (2, 10, 11):
        client.update_model_package(ModelPackageArn=arns[version], ModelApprovalStatus="Approved")
    found = handler({}, None)
    assert found["ModelPackageArn"] == arns[11] and found["Version"] == "12"
    assert found["Summary"].startswith(f"{GROUP}/12, model xgboost, score 0.85, data made-up")
    with pytest.raises(CandidateError, match="made-up data"):
        handler({"ModelPackageArn": arns[11], "Production": True}, None)

    # Going back: the bad one is rejected.
    client.update_model_package(ModelPackageArn=arns[11], ModelApprovalStatus="Rejected")
    assert handler({}, None)["ModelPackageArn"] == arns[10]
    with pytest.raises(CandidateError, match="is Rejected"):
        handler({"ModelPackageArn": arns[11], "Production": True}, None)
