"""What `build.yaml` and `tracking.yaml` make, for every source and stage."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sagetabular.infrastructure.templates import evaluate, read_template
from sagetabular.infrastructure.values import problem

PROJECT = Path(__file__).parents[4] / "{{cookiecutter.project_slug}}"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d"
MLFLOW = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1"
ROLES = ("Pipeline", "Build", "Delivery", "Events")
GIVEN = {
    "Project": "houses",
    "KeyArn": KEY,
    "ArtifactBucket": "artefacts",
    **{f"{name}RoleArn": f"arn:aws:iam::123456789012:role/{name.lower()}" for name in ROLES},
}
SOURCES = {
    "none": {},
    "connection": {"ConnectionArn": CONNECTION, "Repository": "team/houses"},
    "codecommit": {"Repository": "houses"},
}
REPOSITORIES = {"ModelRepository", "JobsRepository"}
# Longest name that each service takes: CreateRepository, CreateLogGroup, CreatePipeline, PutRule,
# CreateMlflowApp, CreateProject in AWS's API references.
LONGEST = {
    "AWS::ECR::Repository": ("RepositoryName", 256),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::CodePipeline::Pipeline": ("Name", 100),
    "AWS::CodeBuild::Project": ("Name", 150),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::SageMaker::MlflowApp": ("Name", 256),
}
# Of https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
PUSH = {
    "version": "0",
    "detail-type": "CodeCommit Repository State Change",
    "source": "aws.codecommit",
    "account": "123456789012",
    "region": "eu-west-1",
    "resources": ["arn:aws:codecommit:eu-west-1:123456789012:houses"],
    "detail": {
        "event": "referenceUpdated",
        "repositoryName": "houses",
        "referenceType": "branch",
        "referenceName": "main",
        "referenceFullName": "refs/heads/main",
        "commitId": "3e5983DESTINATION",
        "oldCommitId": "0a1b2c3d",
    },
}
OTHERS = {
    "another branch": {"referenceName": "feature"},
    "a tag": {"referenceType": "tag"},
    "a branch that is gone": {"event": "referenceDeleted"},
}


def build(source: str = "none", **parameters: str) -> dict[str, Any]:
    template = read_template(PROJECT / "infrastructure/build.yaml")
    return evaluate(template, GIVEN | {"Source": source} | SOURCES[source] | parameters)


def properties(stack: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = stack["Resources"][name]["Properties"]
    return found


def stages(stack: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Name of each stage → its only action."""
    found = {}
    for stage in properties(stack, "Delivery")["Stages"]:
        (found[stage["Name"]],) = stage["Actions"]
    return found


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Match exact values, as EventBridge does: one of those listed, in every field."""
    for key, wanted in pattern.items():
        found = event.get(key)
        if isinstance(wanted, dict):
            if not isinstance(found, dict) or not matches(wanted, found):
                return False
        elif not {*wanted} & {*(found if isinstance(found, list) else [found])}:
            return False
    return True


def glob(pattern: str) -> re.Pattern[str]:
    """Read CodePipeline's globs: `**` crosses folders, `*` does not (its user guide)."""
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(p, re.escape(p)) for p in parts))


@pytest.mark.parametrize("name", sorted(REPOSITORIES))
def test_repositories_are_immutable_scanned_encrypted_and_stay(name: str) -> None:
    repository = build(Stage="prod")["Resources"][name]
    assert (repository["DeletionPolicy"], repository["UpdateReplacePolicy"]) == ("Retain", "Retain")
    found = repository["Properties"]
    assert found["RepositoryName"] == f"sagemaker-houses-prod/{name[:-10].lower()}"
    assert found["ImageTagMutability"] == "IMMUTABLE"
    assert found["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert found["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": KEY}


@pytest.mark.parametrize("name", sorted(REPOSITORIES))
def test_an_image_with_a_tag_is_never_thrown_away(name: str) -> None:
    policy = json.loads(properties(build(), name)["LifecyclePolicy"]["LifecyclePolicyText"])
    assert [rule["selection"]["tagStatus"] for rule in policy["rules"]] == ["untagged"]


def test_other_accounts_pull_images_if_they_are_named() -> None:
    assert "RepositoryPolicyText" not in properties(build(), "ModelRepository")
    for name in REPOSITORIES:
        policy = properties(build(ReaderAccounts="111122223333"), name)["RepositoryPolicyText"]
        (statement,) = policy["Statement"]
        assert statement["Principal"] == {"AWS": ["111122223333"]}
        assert not any("Put" in action or "Upload" in action for action in statement["Action"])


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("none", set()),
        ("connection", {"Log", "Build", "Delivery"}),
        ("codecommit", {"Log", "Build", "Delivery", "Push"}),
    ],
)
def test_a_source_decides_what_is_made(source: str, made: set[str]) -> None:
    stack = build(source)
    assert stack["Resources"].keys() == REPOSITORIES | made
    outputs = {"BuildProject", "BuildPipelineArn"} if made else set()
    assert stack["Outputs"].keys() == REPOSITORIES | outputs


def test_builds_get_the_variables_that_the_settings_name() -> None:
    text = (PROJECT / "conf/aws.yaml").read_text(encoding="utf-8")
    named = yaml.safe_load(text)["environment"]
    entries = properties(build("connection"), "Build")["Environment"]["EnvironmentVariables"]
    variables = {entry["Name"]: entry["Value"] for entry in entries}
    assert variables == {
        "PIPELINE_STAGE": "dev",
        named["RoleArn"]: GIVEN["PipelineRoleArn"],
        named["Bucket"]: "artefacts",
    }
    tracked = build("connection", MlflowArn=MLFLOW)
    entries = properties(tracked, "Build")["Environment"]["EnvironmentVariables"]
    assert {"Name": named["TrackingUri"], "Value": MLFLOW} in entries


def test_builds_run_the_projects_own_file_in_a_server_that_can_build_images() -> None:
    stack = build("connection", BuildMinutes="90", QueuedMinutes="30")
    found = properties(stack, "Build")
    assert (PROJECT / found["Source"]["BuildSpec"]).is_file()
    assert found["Environment"]["PrivilegedMode"] is True
    assert (found["TimeoutInMinutes"], found["QueuedTimeoutInMinutes"]) == ("90", "30")
    assert found["EncryptionKey"] == properties(stack, "Log")["KmsKeyId"] == KEY
    assert found["LogsConfig"]["CloudWatchLogs"]["GroupName"] == "<Log>"
    # CodeBuild writes to this group anyway, so that it must have been made by the stack.
    assert properties(stack, "Log")["LogGroupName"] == f"/aws/codebuild/{found['Name']}"


def test_pushes_wait_for_each_other_and_documents_build_nothing() -> None:
    found = properties(build("connection", Branch="trunk"), "Delivery")
    assert (found["PipelineType"], found["ExecutionMode"]) == ("V2", "QUEUED")
    assert found["ArtifactStore"]["EncryptionKey"] == {"Type": "KMS", "Id": KEY}
    (trigger,) = found["Triggers"]
    (push,) = trigger["GitConfiguration"]["Push"]
    assert push["Branches"] == {"Includes": ["trunk"]}
    excluded = [glob(pattern) for pattern in push["FilePaths"]["Excludes"]]
    assert 1 <= len(excluded) <= 8  # GitFilePathFilterCriteria in the API reference
    for path, skipped in {
        "README.md": True,
        "docs/screenshots/run.svg": True,
        "vendor/README.md": True,
        "notebooks/walkthrough.ipynb": True,
        "infrastructure/build.yaml": True,
        "models/xgboost/model.py": False,
        "requirements.lock": False,
        "conf/pipeline.yaml": False,
    }.items():
        assert any(pattern.fullmatch(path) for pattern in excluded) == skipped, path


def test_github_skips_the_same_files() -> None:
    text = (PROJECT / ".github/workflows/deploy.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text.replace("\non:", "\nevents:"))
    (trigger,) = properties(build("connection"), "Delivery")["Triggers"]
    (push,) = trigger["GitConfiguration"]["Push"]
    assert workflow["events"]["push"]["paths-ignore"] == push["FilePaths"]["Excludes"]


def test_what_a_build_hands_on_is_what_the_next_action_takes() -> None:
    for source, provider in (
        ("connection", "CodeStarSourceConnection"),
        ("codecommit", "CodeCommit"),
    ):
        found = stages(build(source))
        assert [*found] == ["Source", "Build"]
        assert found["Source"]["ActionTypeId"]["Provider"] == provider
        assert found["Source"]["OutputArtifacts"] == found["Build"]["InputArtifacts"]
        assert found["Build"]["Configuration"] == {"ProjectName": "<Build>"}


def test_somebody_is_asked_before_a_build_not_after_it() -> None:
    found = stages(build("connection", Stage="prod", Approval="true"))
    assert [*found] == ["Source", "Approve", "Build"]
    assert found["Approve"]["ActionTypeId"]["Provider"] == "Manual"
    assert "train houses on prod" in found["Approve"]["Configuration"]["CustomData"]


def test_codecommit_is_not_polled_but_heard() -> None:
    stack = build("codecommit")
    assert stages(stack)["Source"]["Configuration"]["PollForSourceChanges"] == "false"
    assert "Triggers" not in properties(stack, "Delivery")
    rule = properties(stack, "Push")
    assert matches(rule["EventPattern"], PUSH)
    created = copy.deepcopy(PUSH)
    created["detail"] |= {"event": "referenceCreated"}  # type: ignore[operator]  # a mapping
    assert matches(rule["EventPattern"], created)
    (target,) = rule["Targets"]
    assert target["Arn"] == "arn:aws:codepipeline:eu-west-1:123456789012:<Delivery>"
    assert target["RoleArn"] == GIVEN["EventsRoleArn"]


@pytest.mark.parametrize("detail", OTHERS.values(), ids=OTHERS)
def test_other_changes_in_codecommit_start_nothing(detail: dict[str, str]) -> None:
    event = copy.deepcopy(PUSH)
    event["detail"] |= detail  # type: ignore[operator]  # a mapping
    assert not matches(properties(build("codecommit"), "Push")["EventPattern"], event)


def test_another_repository_starts_nothing() -> None:
    event = PUSH | {"resources": ["arn:aws:codecommit:eu-west-1:123456789012:flats"]}
    assert not matches(properties(build("codecommit"), "Push")["EventPattern"], event)


@pytest.mark.parametrize("name", ["build", "tracking"])
def test_names_fit_for_the_longest_project_and_stage(name: str) -> None:
    template = read_template(PROJECT / f"infrastructure/{name}.yaml")
    longest = {"Project": "a" * 32, "Stage": "b" * 7}
    given = GIVEN | longest | {"Source": "codecommit", "Repository": "r"}
    known = {key: value for key, value in given.items() if key in template["Parameters"]}
    resources = evaluate(template, known)["Resources"].values()
    for resource in resources:
        field, limit = LONGEST[resource["Type"]]
        assert len(resource["Properties"][field]) <= limit
        assert f"sagemaker-{'a' * 32}-{'b' * 7}" in resource["Properties"][field]


def test_the_tracking_app_is_kept_and_registers_no_model_itself() -> None:
    template = read_template(PROJECT / "infrastructure/tracking.yaml")
    known = {key: value for key, value in GIVEN.items() if key in template["Parameters"]}
    stack = evaluate(template, known)
    app = stack["Resources"]["App"]
    assert (app["DeletionPolicy"], app["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert app["Properties"]["ArtifactStoreUri"] == "s3://artefacts/mlflow"
    assert app["Properties"]["ModelRegistrationMode"] == "AutoModelRegistrationDisabled"
    assert stack["Outputs"]["MlflowArn"]["Value"] == "<App.Arn>"


@pytest.mark.parametrize("name", ["org/name", "org@123/name@456", "group/sub/project", "houses"])
def test_what_roles_are_given_as_repository_is_no_mistake_here(name: str) -> None:
    for template in ("build", "roles"):
        declared = read_template(PROJECT / f"infrastructure/{template}.yaml")["Parameters"]
        assert problem(declared["Repository"], name) is None
        assert problem(declared["Repository"], "https://github.com/org/name") is not None
