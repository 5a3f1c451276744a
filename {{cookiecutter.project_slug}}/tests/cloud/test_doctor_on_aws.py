"""`pipeline doctor --on aws`: an account in which all is well, then one fault at a time."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.parsers import ResponseParserError
from cloud import healthy
from cloud.healthy import ACCOUNT, KEY, REGION, ROLE, Refusal, quotas, simulated, trust

REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "@sha256:" + "ab" * 32
DENIED = Refusal("AccessDenied", "User: me is not authorized", 403)
SUBJECTS = [
    "credentials", "environment", "role", "permissions of the role", "your permissions", "bucket",
    "keys", "keys", "quotas", "quotas", "images", "images", "images", "network", "network",
    "tracking",
]  # fmt: skip


@pytest.fixture(scope="module")
def account(compiled):
    """Its clients, which take most of a second to make; something has been compiled before."""
    return healthy.Cloud()


@pytest.fixture
def cloud(account, deployable, monkeypatch):
    """The account; the project uses a network and two keys in it."""
    deployable.change("conf/aws.yaml", "network", {
        "subnets": ["SUBNET", "subnet-0a1b"], "security_groups": ["sg-0a1b"]
    })  # fmt: skip
    deployable.change("conf/aws.yaml", "encryption", {"volume_key": "KEY", "output_key": "alias/o"})
    values = {
        "ROLE": ROLE,
        "SUBNET": "subnet-1111",
        "KEY": "alias/volumes",
        "IMAGE": f"{REGISTRY}/model{DIGEST}",
        "JOBS": f"{REGISTRY}/jobs{DIGEST}",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    deployable.compile()
    account.recover()
    monkeypatch.setattr(boto3, "client", account.client)
    return account


@pytest.fixture
def doctor(pipeline):
    """Run the command; returns its findings, and checks that its exit code is theirs."""

    def run(*options):
        ended = pipeline("doctor", "--on", "aws", "--json", *options)
        findings = json.loads(ended.out)["findings"]
        states = [finding["state"] for finding in findings]
        assert ended.code == (2 if "to mend" in states else 0)
        for finding in findings:
            assert bool(finding["remedy"]) == (finding["state"] != "ok"), finding
            assert "\n" not in finding["text"] + finding["remedy"]
        return findings

    return run


def wrong(findings):
    """The only finding that is not well: state, subject, text, remedy."""
    found = [finding for finding in findings if finding["state"] != "ok"]
    assert len(found) == 1, found
    return [found[0][name] for name in ("state", "subject", "text", "remedy")]


def test_where_all_is_well_every_finding_says_so_and_nothing_is_changed(cloud, doctor):
    findings = doctor()
    assert [finding["subject"] for finding in findings] == SUBJECTS
    assert {finding["state"] for finding in findings} == {"ok"}
    changing = ("Create", "Delete", "Put", "Update", "Start", "Add")
    assert not [name for name, _ in cloud.asked if name.startswith(changing)]


def test_the_findings_are_printed_one_a_line_with_a_sum(cloud, pipeline):
    ended = pipeline("doctor", "--on", "aws")
    assert (ended.code, ended.err) == (0, "")
    *lines, blank, total = ended.out.splitlines()
    assert len(lines) == len(SUBJECTS) and not blank
    assert all(line.startswith("ok           ") for line in lines)
    assert lines[0].endswith(
        f"account {ACCOUNT}, region {REGION}, as arn:aws:iam::{ACCOUNT}:user/me"
    )
    assert total == f"{len(SUBJECTS)} ok, 0 to mend, 0 cannot tell"


def test_a_remedy_stands_below_what_is_to_mend(cloud, pipeline):
    cloud.answers["HeadBucket"] = Refusal("404", status=404)
    ended = pipeline("doctor", "--on", "aws")
    lines = ended.out.splitlines()
    at = lines.index("to mend      bucket: There is no bucket the-bucket.")
    assert lines[at + 1] == " " * 13 + "Make it in eu-west-1, or correct Bucket."
    assert ended.code == 2


# Operation: what it answers, and the one finding that follows.
FAULTS = {
    "a role that is not there": (
        "GetRole", Refusal("NoSuchEntity"),
        ("to mend", "role", f"There is no role {ROLE}.", "Make it, or correct RoleArn."),
    ),
    "a role that trusts somebody else": (
        "GetRole", trust(Principal={"Service": ["ec2.amazonaws.com"], "AWS": "*"}),
        ("to mend", "role", f"{ROLE} must trust sagemaker.amazonaws.com", "Allow sts:AssumeRole"),
    ),
    "a role that denies": (
        "GetRole", trust(Effect="Deny"), ("to mend", "role", f"{ROLE} must trust", "Allow sts"),
    ),
    "a bucket that is not there": (
        "HeadBucket", Refusal("404", status=404),
        ("to mend", "bucket", "There is no bucket the-bucket.", "Make it in eu-west-1"),
    ),
    "a bucket of another region": (
        "HeadBucket", {"BucketRegion": "us-east-1"},
        ("to mend", "bucket", "The bucket the-bucket must be in eu-west-1, got us-east-1.", "Take"),
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
        ("to mend", "quotas", "The quota 'ml.m5.xlarge for training job usage' must be 8, which "
         "may run at once, got 7.", "Ask for more in Service Quotas"),
    ),
    "a quota that is not listed": (
        "ListServiceQuotas", quotas(processing=None),
        ("cannot tell", "quotas", "Service Quotas lists no 'ml.m5.xlarge for processing job usage'",
         "Look at"),
    ),
    "an MLflow that is not there": (
        "DescribeMlflowApp", Refusal("ResourceNotFound"),
        ("to mend", "tracking", "There is no MLflow arn:aws:sagemaker:", "Make it, or correct Tr"),
    ),
    "an MLflow that is being deleted": (
        "DescribeMlflowApp", {"Status": "Deleting"},
        ("to mend", "tracking", "MLflow arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1 "
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
        ("to mend", "network", "Subnets and security groups must be in one VPC, got vpc-1, vpc-2.",
         "Correct network in conf/aws.yaml"),
    ),
    "a security group that is not there": (
        "DescribeSecurityGroups", Refusal("InvalidGroup.NotFound"),
        ("to mend", "network", "There is no security group sg-0a1b.", "Correct network"),
    ),
    "a subnet that is not there": (
        "DescribeSubnets",
        lambda asked: Refusal("InvalidSubnetID.NotFound") if asked["SubnetIds"] == ["subnet-1111"]
        else {"Subnets": [{"VpcId": "vpc-1"}]},
        ("to mend", "network", "There is no subnet subnet-1111.", "Correct network"),
    ),
    "an image that is not there": (
        "BatchGetImage",
        lambda asked: {"images": [] if asked["repositoryName"] == "jobs" else [{}]},
        ("to mend", "images", f"There is no image {REGISTRY}/jobs@sha256:", "Push it: `eval"),
    ),
    "an image in no repository": (
        "BatchGetImage",
        lambda asked: Refusal("RepositoryNotFoundException") if asked["repositoryName"] == "model"
        else {"images": [{}]},
        ("to mend", "images", f"There is no image {REGISTRY}/model@sha256:", "Push it: `eval"),
    ),
    "an image of AWS's own that is not there": (
        "BatchGetImage",
        lambda asked: {"images": [] if asked["repositoryName"] == "sagemaker-xgboost" else [{}]},
        ("to mend", "images", "There is no image 141502667606.dkr.ecr.", "Correct image in model"),
    ),
    "actions that the role may not": (
        "SimulatePrincipalPolicy",
        lambda asked: simulated("sagemaker:CreateTransformJob", "s3:PutObject",
                                "sagemaker:CreateProcessingJob")(asked)
        if asked["PolicySourceArn"] == ROLE else simulated()(asked),
        ("to mend", "permissions of the role", f"{ROLE} may not s3:PutObject, "
         "sagemaker:CreateProcessingJob, which is needed for Processing, ", "Allow it in a policy"),
    ),
    "actions that the caller may not": (
        "SimulatePrincipalPolicy",
        lambda asked: simulated("sagemaker:StopPipelineExecution", "iam:PassRole")(asked)
        if asked["PolicySourceArn"] != ROLE else simulated()(asked),
        ("to mend", "your permissions", "arn:aws:iam::123456789012:user/me may not iam:PassRole, "
         "sagemaker:StopPipelineExecution, which is needed for upsert, run, data crawl, stop.",
         "Allow it in a policy"),
    ),
    "a key that only its own policy may allow": (
        "SimulatePrincipalPolicy",
        simulated("kms:CreateGrant", "kms:Decrypt"),
        ("cannot tell", "permissions of the role", f"{ROLE} may not kms:CreateGrant, kms:Decrypt "
         "by its own policies.", "See whether the key's policy allows it"),
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


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({"KeyState": "Disabled"}, "must be Enabled, got Disabled."),
        ({"KeyState": "PendingDeletion"}, "must be Enabled, got PendingDeletion."),
        ({"KeyState": "Enabled", "KeyUsage": "SIGN_VERIFY"}, "must be for ENCRYPT_DECRYPT, got"),
    ],
)
def test_a_key_that_cannot_encrypt_is_to_mend(cloud, doctor, metadata, text):
    sound = cloud.answers["DescribeKey"]
    broken = {"KeyMetadata": {"KeyId": "k", "Arn": KEY, **metadata}}
    cloud.answers["DescribeKey"] = lambda asked: broken if asked["KeyId"] == "alias/o" else sound
    state, subject, found, _ = wrong(doctor())
    assert (state, subject) == ("to mend", "keys")
    assert found.startswith(f"The key alias/o {text}")


def test_a_key_that_is_not_there_is_to_mend(cloud, doctor):
    cloud.answers["DescribeKey"] = Refusal("NotFoundException")
    found = [(one["state"], one["subject"]) for one in doctor() if one["state"] != "ok"]
    expected = [
        ("cannot tell", "permissions of the role"),
        ("to mend", "keys"),
        ("to mend", "keys"),
    ]
    assert found == expected


def test_what_is_not_set_is_told_and_what_needs_it_is_not_asked(cloud, doctor, monkeypatch):
    for name in ("BUCKET", "KEY", "TRACKING", "IMAGE"):
        monkeypatch.delenv(name)
    findings = doctor()
    told = [one["text"] for one in findings if one["state"] == "to mend"]
    assert [text.split()[1] for text in told] == [
        "Bucket",
        "ImageUri",
        "TrackingUri",
        "VolumeKmsKeyId",
    ]
    unknown = {one["subject"]: one["text"] for one in findings if one["state"] == "cannot tell"}
    assert unknown["bucket"] == "Bucket is not set, so nothing was asked."
    assert unknown["keys"] == "VolumeKmsKeyId is not set, so nothing was asked."
    assert unknown["tracking"] == "TrackingUri is not set, so nothing was asked."
    assert {*unknown} == {
        "bucket",
        "keys",
        "tracking",
        "permissions of the role",
        "your permissions",
    }


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("ROLE", "jobs", "RoleArn must be at least 20 characters, got 4: 'jobs'."),
        ("SUBNET", "here, there", "SubnetId1 must match [-0-9a-zA-Z]+, got 'here, there'."),
    ],
)
def test_a_value_that_sagemaker_does_not_take_is_told_with_its_variable(
    cloud, doctor, monkeypatch, variable, value, rule
):
    monkeypatch.setenv(variable, value)
    found = [one for one in doctor() if one["subject"] == "environment" and one["remedy"]]
    assert (found[0]["text"], found[0]["remedy"]) == (rule, f"Correct the variable {variable}.")


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("docker.io/library/model:1", "An image must be an address in Amazon ECR"),
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/m:1", "The image must be in eu-west-1, got "),
    ],
)
def test_an_address_that_no_job_can_pull_is_to_mend(cloud, doctor, monkeypatch, address, rule):
    monkeypatch.setenv("IMAGE", address)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to mend", "images")
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


def test_a_role_of_another_account_is_to_mend(cloud, doctor, monkeypatch):
    monkeypatch.setenv("ROLE", ROLE.replace(ACCOUNT, "210987654321"))
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to mend", "role")
    assert text.startswith(f"The role must be one of account {ACCOUNT}, got arn:")


@pytest.mark.parametrize(
    ("who", "principal"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/jobs/session", ROLE),
        (f"arn:aws:iam::{ACCOUNT}:user/team/me", f"arn:aws:iam::{ACCOUNT}:user/team/me"),
    ],
)
def test_the_policies_of_whoever_calls_are_simulated(cloud, doctor, who, principal):
    cloud.answers["GetCallerIdentity"] = {"Account": ACCOUNT, "Arn": who, "UserId": "me"}
    assert {one["state"] for one in doctor()} == {"ok"}
    asked = cloud.requests("SimulatePrincipalPolicy")
    by_caller = [one for one in asked if "sagemaker:CreatePipeline" in one["ActionNames"]]
    assert [one["PolicySourceArn"] for one in by_caller] == [principal]
    assert by_caller[0]["ResourceArns"] == [
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/test-project"
    ]
    passing = [one for one in asked if "iam:PassRole" in one["ActionNames"]]
    assert {tuple(one["ResourceArns"]) for one in passing} == {(ROLE,)}
    assert passing[0]["ContextEntries"][0]["ContextKeyValues"] == ["sagemaker.amazonaws.com"]


@pytest.mark.parametrize(("kind", "state"), [("root", "ok"), ("federated-user/me", "cannot tell")])
def test_whose_policies_cannot_be_simulated(cloud, doctor, kind, state):
    arn = f"arn:aws:sts::{ACCOUNT}:{kind}"
    cloud.answers["GetCallerIdentity"] = {"Account": ACCOUNT, "Arn": arn, "UserId": "me"}
    (found,) = [one for one in doctor() if one["subject"] == "your permissions"]
    assert found["state"] == state


def test_where_iam_may_not_be_asked_it_cannot_be_told(cloud, doctor):
    cloud.answers["GetRole"] = cloud.answers["SimulatePrincipalPolicy"] = DENIED
    found = [one for one in doctor() if one["state"] != "ok"]
    subjects = ["role", "permissions of the role", "your permissions"]
    assert [(one["state"], one["subject"]) for one in found] == [
        ("cannot tell", subject) for subject in subjects
    ]
    assert found[0]["text"] == "IAM refused GetRole: AccessDenied: User: me is not authorized"
    assert found[0]["remedy"] == "Check which account this is, and your permissions for IAM."


def test_where_something_else_answers_it_cannot_be_told(cloud, doctor):
    page = "Unable to parse response: <html>" + "Sign in to the hotel's network " * 50
    cloud.answers["SimulatePrincipalPolicy"] = ResponseParserError(page)
    found = [one for one in doctor() if one["state"] != "ok"]
    assert {one["state"] for one in found} == {"cannot tell"}
    assert [one["subject"] for one in found] == ["permissions of the role", "your permissions"]
    assert all(len(one["text"]) <= 500 for one in found)


def test_without_credentials_nothing_else_is_asked(cloud, doctor):
    cloud.answers["GetCallerIdentity"] = Refusal("ExpiredToken", "The token has expired", 403)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to mend", "credentials")
    assert text == "AWS credentials must be valid, got ExpiredToken: The token has expired"
    assert [name for name, _ in cloud.asked] == ["GetCallerIdentity"]


def test_a_nat_gateway_may_lead_to_s3(cloud, doctor):
    cloud.answers["DescribeVpcEndpoints"] = {"VpcEndpoints": []}
    cloud.answers["DescribeNatGateways"] = {"NatGateways": [{"NatGatewayId": "nat-1"}]}
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("cannot tell", "network")
    assert "but a NAT gateway" in text


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


@pytest.mark.parametrize(
    ("setting", "address", "action"),
    [
        ("mlflow", "mlflow-app/app-1", "sagemaker:CallMlflowAppApi"),
        ("mlflow", "mlflow-tracking-server/ours", "sagemaker-mlflow:LogBatch"),
        ("experiments", "mlflow-app/app-1", "sagemaker:BatchPutMetrics"),
    ],
)
def test_what_track_needs_depends_on_where_it_logs(
    cloud, doctor, deployable, monkeypatch, setting, address, action
):
    deployable.change("conf/pipeline.yaml", "tracking", setting)
    monkeypatch.setenv("TRACKING", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{address}")
    cloud.answers["SimulatePrincipalPolicy"] = simulated(action)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to mend", "permissions of the role")
    assert f"may not {action}," in text
    asked = {
        name for one in cloud.requests("SimulatePrincipalPolicy") for name in one["ActionNames"]
    }
    others = {
        "sagemaker:CallMlflowAppApi",
        "sagemaker-mlflow:LogBatch",
        "sagemaker:BatchPutMetrics",
    }
    assert asked & others == {action}


def test_the_role_must_be_allowed_to_remove_what_unload_has_written(cloud, doctor):
    own = simulated("s3:DeleteObject")
    cloud.answers["SimulatePrincipalPolicy"] = lambda asked: (
        own if asked["PolicySourceArn"] == ROLE else simulated()
    )(asked)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to mend", "permissions of the role")
    assert text == f"{ROLE} may not s3:DeleteObject, which is needed for unload."


def test_with_create_a_pipeline_is_made_of_the_definition_and_deleted(cloud, doctor, deployable):
    findings = doctor("--create")
    assert (findings[-1]["subject"], findings[-1]["state"]) == ("definition", "ok")
    (made,), (deleted,) = cloud.requests("CreatePipeline"), cloud.requests("DeletePipeline")
    assert made["PipelineDefinition"].encode() == deployable.compile().definition
    assert made["RoleArn"] == ROLE
    assert made["PipelineName"] == deleted["PipelineName"]
    assert made["PipelineName"].startswith("test-project-doctor-")


def test_a_definition_that_sagemaker_refuses_is_to_mend(cloud, doctor):
    cloud.answers["CreatePipeline"] = Refusal("ValidationException", "Step X is wrong")
    state, subject, text, _ = wrong(doctor("--create"))
    assert (state, subject) == ("to mend", "definition")
    assert text == "SageMaker refused CreatePipeline: ValidationException: Step X is wrong"
    assert len(cloud.requests("DeletePipeline")) == 1


@pytest.mark.parametrize("ending", [ConnectTimeoutError(endpoint_url="x"), KeyboardInterrupt()])
def test_whatever_happens_the_pipeline_is_not_left(cloud, pipeline, monkeypatch, ending):
    cloud.answers["CreatePipeline"] = ending
    if isinstance(ending, KeyboardInterrupt):
        pipeline("doctor", "--on", "aws", "--create")
    else:
        assert (
            "definition: SageMaker could not be asked"
            in pipeline("doctor", "--on", "aws", "--create").out
        )
    (made,), (deleted,) = cloud.requests("CreatePipeline"), cloud.requests("DeletePipeline")
    assert made["PipelineName"] == deleted["PipelineName"]


def test_a_pipeline_that_cannot_be_deleted_is_named(cloud, doctor):
    cloud.answers["DeletePipeline"] = DENIED
    state, subject, text, remedy = wrong(doctor("--create"))
    assert (state, subject, remedy) == ("to mend", "definition", "Delete it in SageMaker.")
    name = cloud.requests("CreatePipeline")[0]["PipelineName"]
    assert text.startswith(f"The pipeline {name} is left: SageMaker refused DeletePipeline")


EXECUTION = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/test-project/execution/abcdefghijkl"


@pytest.fixture
def smoke(cloud, doctor):
    """Run the command with --smoke, whose execution ends so; returns the last finding."""

    def run(status, *steps):
        cloud.answers["HeadObject"] = {}
        cloud.answers["StartPipelineExecution"] = {"PipelineExecutionArn": EXECUTION}
        cloud.answers["DescribePipelineExecution"] = {"PipelineExecutionStatus": status}
        cloud.answers["ListPipelineExecutionSteps"] = {"PipelineExecutionSteps": [*steps]}
        return doctor("--smoke")[-1]

    return run


def failed(name, reason, **metadata):
    return {"StepName": name, "StepStatus": "Failed", "FailureReason": reason, "Metadata": metadata}


def test_a_smoke_run_is_as_small_as_it_gets_and_registers_nothing_to_use(cloud, smoke):
    found = smoke("Succeeded")
    assert (found["subject"], found["state"]) == ("smoke run", "ok")
    assert found["text"] == "execution abcdefghijkl succeeded"
    (asked,) = cloud.requests("StartPipelineExecution")
    values = {one["Name"]: one["Value"] for one in asked["PipelineParameters"]}
    assert (values["MaxTrainingJobs"], values["MaxParallelTrainingJobs"]) == ("2", "2")
    assert {values["ProcessingInstanceType"], values["TrainingInstanceType"]} == {"ml.m5.large"}
    assert values["ModelApprovalStatus"] == "Rejected"
    assert (values["RoleArn"], values["Bucket"]) == (ROLE, "the-bucket")


def test_a_smoke_run_that_the_gate_stops_has_run(smoke):
    found = smoke("Failed", failed("Fail", "R2 0.1", Fail={"ErrorMessage": "R2 0.1"}))
    assert found["state"] == "ok"
    assert found["text"] == "execution abcdefghijkl ran to the quality gate: R2 0.1"


def test_a_smoke_run_that_fails_says_where(smoke):
    job = {"Arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/x"}
    found = smoke("Failed", failed("Ingest", "AccessDenied: no table", ProcessingJob=job))
    assert (found["state"], found["subject"]) == ("to mend", "smoke run")
    assert found["text"] == (
        "The execution abcdefghijkl must succeed, got Failed in Ingest: AccessDenied: no table."
    )
    assert found["remedy"] == "Read `pipeline logs abcdefghijkl Ingest --on aws`."


def test_where_something_is_to_mend_no_smoke_run_is_started(cloud, doctor):
    cloud.answers["HeadBucket"] = Refusal("404", status=404)
    assert wrong(doctor("--smoke"))[1] == "bucket"
    assert cloud.requests("StartPipelineExecution") == []
