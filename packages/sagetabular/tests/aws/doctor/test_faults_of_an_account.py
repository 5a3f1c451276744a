"""One fault at a time in an account in which all else is well."""

from __future__ import annotations

import pytest
from healthy import DENIED, REGISTRY, ROLE, Refusal, quotas, simulated, trust, wrong

pytestmark = pytest.mark.slow

# Operation: what it answers, and the one finding that follows.
FAULTS = {
    "a role that is not there": (
        "GetRole", Refusal("NoSuchEntity"),
        ("to fix", "role", f"There is no role {ROLE}.", "Make it, or correct RoleArn."),
    ),
    "a role that trusts somebody else": (
        "GetRole", trust(Principal={"Service": ["ec2.amazonaws.com"], "AWS": "*"}),
        ("to fix", "role", f"{ROLE} must trust sagemaker.amazonaws.com", "Allow sts:AssumeRole"),
    ),
    "a role that denies": (
        "GetRole", trust(Effect="Deny"), ("to fix", "role", f"{ROLE} must trust", "Allow sts"),
    ),
    "a bucket that is not there": (
        "HeadBucket", Refusal("404", status=404),
        ("to fix", "bucket", "There is no bucket the-bucket.", "Make it in eu-west-1"),
    ),
    "a bucket of another region": (
        "HeadBucket", {"BucketRegion": "us-east-1"},
        ("to fix", "bucket", "The bucket the-bucket must be in eu-west-1, got us-east-1.", "Take"),
    ),
    "a bucket of somebody else": (
        "HeadBucket", Refusal("403", "Forbidden", 403),
        ("cannot tell", "bucket", "S3 refused HeadBucket: 403: Forbidden", "Check which account"),
    ),
    "quotas that may not be seen": (
        "ListServiceQuotas", DENIED,
        ("cannot tell", "quotas", "Service Quotas refused ListServiceQuotas: AccessDenied", "Chec"),
    ),
    "a quota for too few trials": (
        "ListServiceQuotas", quotas(training=7.0),
        ("to fix", "quotas", "The quota 'ml.m5.xlarge for training job usage' must be 8, which "
         "may run at once, got 7.", "Ask for more in Service Quotas"),
    ),
    "a quota that is not listed": (
        "ListServiceQuotas", quotas(processing=None),
        ("cannot tell", "quotas", "Service Quotas lists no 'ml.m5.xlarge for processing job usage'",
         "Look at"),
    ),
    "an MLflow that is not there": (
        "DescribeMlflowApp", Refusal("ResourceNotFound"),
        ("to fix", "tracking", "There is no MLflow arn:aws:sagemaker:", "Make it, or correct Tr"),
    ),
    "an MLflow that is being deleted": (
        "DescribeMlflowApp", {"Status": "Deleting"},
        ("to fix", "tracking", "MLflow arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1 "
         "must serve, got the status Deleting.", "Start it"),
    ),
    "an MLflow that is not told": (
        "DescribeMlflowApp", DENIED,
        ("cannot tell", "tracking", "SageMaker refused DescribeMlflowApp: AccessDenied", "Check"),
    ),
    "no way to S3 that can be seen": (
        "DescribeVpcEndpoints", {"VpcEndpoints": []},
        ("cannot tell", "network", "vpc-1 has neither an endpoint for S3 nor a NAT gateway.",
         "Add a gateway endpoint"),
    ),
    "a security group of another VPC": (
        "DescribeSecurityGroups", {"SecurityGroups": [{"VpcId": "vpc-2"}]},
        ("to fix", "network", "Subnets and security groups must be in one VPC, got vpc-1, vpc-2.",
         "Correct network in conf/aws.yaml"),
    ),
    "a security group that is not there": (
        "DescribeSecurityGroups", Refusal("InvalidGroup.NotFound"),
        ("to fix", "network", "There is no security group sg-0a1b.", "Correct network"),
    ),
    "a subnet that is not there": (
        "DescribeSubnets",
        lambda asked: Refusal("InvalidSubnetID.NotFound") if asked["SubnetIds"] == ["subnet-1111"]
        else {"Subnets": [{"VpcId": "vpc-1"}]},
        ("to fix", "network", "There is no subnet subnet-1111.", "Correct network"),
    ),
    "an image that is not there": (
        "BatchGetImage",
        lambda asked: {"images": [] if asked["repositoryName"] == "jobs" else [{}]},
        ("to fix", "images", f"There is no image {REGISTRY}/jobs@sha256:", "Push it: `eval"),
    ),
    "an image in no repository": (
        "BatchGetImage",
        lambda asked: Refusal("RepositoryNotFoundException") if asked["repositoryName"] == "model"
        else {"images": [{}]},
        ("to fix", "images", f"There is no image {REGISTRY}/model@sha256:", "Push it: `eval"),
    ),
    "an image of AWS's own that is not there": (
        "BatchGetImage",
        lambda asked: {"images": [] if asked["repositoryName"] == "sagemaker-xgboost" else [{}]},
        ("to fix", "images", "There is no image 141502667606.dkr.ecr.", "Correct image in model"),
    ),
    "actions that the role may not": (
        "SimulatePrincipalPolicy",
        lambda asked: simulated("sagemaker:CreateTransformJob", "s3:PutObject",
                                "sagemaker:CreateProcessingJob")(asked)
        if asked["PolicySourceArn"] == ROLE else simulated()(asked),
        ("to fix", "permissions of the role", f"{ROLE} may not s3:PutObject, "
         "sagemaker:CreateProcessingJob, which is needed for Processing, ", "Allow it in a policy"),
    ),
    "actions that the caller may not": (
        "SimulatePrincipalPolicy",
        lambda asked: simulated("sagemaker:StopPipelineExecution", "iam:PassRole")(asked)
        if asked["PolicySourceArn"] != ROLE else simulated()(asked),
        ("to fix", "your permissions", "arn:aws:iam::123456789012:user/me may not iam:PassRole, "
         "sagemaker:StopPipelineExecution, which is needed for upsert, run, data crawl, stop.",
         "Allow it in a policy"),
    ),
    "a key that only its own policy may allow": (
        "SimulatePrincipalPolicy",
        lambda asked: simulated("kms:CreateGrant", "kms:Decrypt")(asked)
        if asked["PolicySourceArn"] == ROLE else simulated()(asked),
        ("cannot tell", "permissions of the role", f"{ROLE} may not kms:CreateGrant, kms:Decrypt "
         "by its own policies.", "See whether the key's policy allows it"),
    ),
    "a key that the caller may not use": (
        "SimulatePrincipalPolicy",
        lambda asked: simulated("kms:GenerateDataKey")(asked)
        if asked["PolicySourceArn"] != ROLE else simulated()(asked),
        ("cannot tell", "your permissions", "arn:aws:iam::123456789012:user/me may not "
         "kms:GenerateDataKey by its own policies.", "See whether the key's policy allows it"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_one_fault_is_one_finding_with_its_remedy(cloud, doctor, fault):
    operation, answer, (state, subject, text, remedy) = fault
    cloud.answers[operation] = answer
    findings = doctor()
    if subject == "role" and "no role" in text:
        findings = [one for one in findings if one["subject"] != "permissions of the role"]
    found = wrong(findings)
    assert found[:2] == [state, subject]
    assert found[2].startswith(text) and found[3].startswith(remedy), found
