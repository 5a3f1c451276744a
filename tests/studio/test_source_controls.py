"""What there is for each place where a repository can live, and that nothing refers to the rest."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from tests.studio.assembled import ACCOUNT, ANSWERS, CONNECTION, ID, NAME, made, template, texts_in

ON_A_SERVER = {"github", "gitlab", "bitbucket"}
# Where there is a repository, it is built at every push.
WITH_REPOSITORY = {"BuildLog", "BuildBuild", "BuildDelivery", "CodeRepository"}
# CodeCommit's is made here, and tells EventBridge of pushes; a connection tells CodePipeline.
ON_CODECOMMIT = {"CodeCommitRepository", "BuildPush"}
OPTIONAL = {"LedgerSubscription", "TriggersStartSchedule"}


def environment(name: str, resources: dict[str, Any]) -> dict[str, str]:
    variables = resources[name]["Properties"]["Environment"]["EnvironmentVariables"]
    return {each["Name"]: each["Value"] for each in variables}


def statements(name: str, resources: dict[str, Any]) -> dict[str, Any]:
    return {
        each["Sid"]: each
        for policy in resources[name]["Properties"]["Policies"]
        for each in policy["PolicyDocument"]["Statement"]
    }


@pytest.mark.parametrize("choice", ANSWERS)
def test_there_is_what_the_choice_needs(choice: str) -> None:
    expected = {
        *(WITH_REPOSITORY if choice != "none" else ()),
        *(ON_CODECOMMIT if choice == "codecommit" else ()),
    }
    every = {*template()["Resources"]}
    assert every - WITH_REPOSITORY - ON_CODECOMMIT - OPTIONAL | expected == {
        *made(**ANSWERS[choice])["Resources"]
    }


@pytest.mark.parametrize("choice", ANSWERS)
@pytest.mark.parametrize("more", [{}, {"NoticeEmail": "a@example.com", "Schedule": "0 3 ? * * *"}])
def test_nothing_refers_to_what_there_is_not(choice: str, more: dict[str, str]) -> None:
    found = made(**ANSWERS[choice], **more)
    placeholders = {
        name
        for part in texts_in([found["Resources"], found["Outputs"]])
        if "\n" not in part  # the code of a Lambda
        for name in re.findall(r"<([A-Za-z]\w*)(?:\.\w+)?>", part)
    }
    assert placeholders <= {*found["Resources"]}
    assert len(placeholders) > 15


@pytest.mark.parametrize("choice", sorted(ON_A_SERVER))
def test_a_connection_is_used_by_who_pulls_and_pushes(choice: str) -> None:
    resources = made(**ANSWERS[choice])["Resources"]
    variables = environment("SeedProject", resources)
    # https://docs.aws.amazon.com/dtconsole/latest/userguide/connections-gitclone.html
    url = f"https://codeconnections.eu-west-1.amazonaws.com/git-http/{ACCOUNT}/eu-west-1"
    assert variables["REPOSITORY_URL"] == f"{url}/0a1b2c3d-4e5f/org/houses.git"
    assert variables["REPOSITORY"] == "org/houses"
    git = resources["CodeRepository"]["Properties"]["GitConfig"]
    assert git == {"RepositoryUrl": variables["REPOSITORY_URL"], "Branch": "main"}
    allowed = statements("SeedRole", resources)
    assert allowed["Connection"]["Resource"] == CONNECTION
    assert not {"CodeCommit", "Archive"} & allowed.keys()
    (source,) = resources["BuildDelivery"]["Properties"]["Stages"][0]["Actions"]
    assert source["Configuration"]["FullRepositoryId"] == "org/houses"
    assert source["Configuration"]["ConnectionArn"] == CONNECTION


def test_a_connection_of_the_older_name_has_its_own_address() -> None:
    older = CONNECTION.replace("codeconnections", "codestar-connections")
    resources = made(**{**ANSWERS["github"], "ConnectionArn": older})["Resources"]
    url = environment("SeedProject", resources)["REPOSITORY_URL"]
    assert url.startswith("https://codestar-connections.eu-west-1.amazonaws.com/git-http/")


def test_codecommit_has_one_repository_for_seed_and_builds() -> None:
    resources = made(**ANSWERS["codecommit"])["Resources"]
    name = f"sagemaker-{NAME}-{ID}"
    assert resources["CodeCommitRepository"]["Properties"]["RepositoryName"] == name
    variables = environment("SeedProject", resources)
    assert variables["REPOSITORY_URL"] == "<CodeCommitRepository.CloneUrlHttp>"
    assert variables["REPOSITORY"] == name
    (source,) = resources["BuildDelivery"]["Properties"]["Stages"][0]["Actions"]
    assert source["Configuration"]["RepositoryName"] == name
    arn = f"arn:aws:codecommit:eu-west-1:{ACCOUNT}:{name}"
    assert resources["BuildPush"]["Properties"]["EventPattern"]["resources"] == [arn]
    assert statements("RolesDeliveryRole", resources)["CodeCommit"]["Resource"] == arn
    assert not {"Connection", "Archive"} & statements("SeedRole", resources).keys()


def test_without_a_repository_there_is_an_archive_and_no_build() -> None:
    found = made(**ANSWERS["none"])
    variables = environment("SeedProject", found["Resources"])
    assert not {"REPOSITORY", "REPOSITORY_URL"} & variables.keys()
    allowed = statements("SeedRole", found["Resources"])
    assert allowed["Archive"]["Resource"] == f"<DataLakeArtifactBucket.Arn>/{NAME}/project.zip"
    assert not {"Connection", "CodeCommit"} & allowed.keys()
    assert found["Outputs"]["ProjectArchive"]["Value"] == (
        f"s3://<DataLakeArtifactBucket>/{NAME}/project.zip"
    )
    assert not {"Repository", "RepositoryUrl", "Builds"} & found["Outputs"].keys()


@pytest.mark.parametrize("choice", ["github", "codecommit"])
def test_a_build_knows_project_table_and_roles(choice: str) -> None:
    resources = made(**ANSWERS[choice])["Resources"]
    assert environment("BuildBuild", resources) == {
        "PIPELINE_STAGE": "dev",
        "SAGEMAKER_PIPELINE_ROLE_ARN": "<RolesPipelineRole.Arn>",
        "ARTIFACT_BUCKET": "<DataLakeArtifactBucket>",
        "SAGEMAKER_PROJECT_NAME": NAME,
        "SAGEMAKER_PROJECT_ID": ID,
        "SAGEMAKER_PROJECT_ARN": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:project/{NAME}",
        "ATHENA_DATABASE": "<DataLakeGlueDatabase>",
        "ATHENA_TABLE": "<DataLakeGlueTable>",
        "ATHENA_WORKGROUP": "<DataLakeAthenaWorkgroup>",
    }


def test_names_that_others_rely_on() -> None:
    resources = made(**ANSWERS["github"])["Resources"]
    database = resources["DataLakeGlueDatabase"]["Properties"]["DatabaseInput"]["Name"]
    assert database == "sagemaker_p_a1b2c3d4e5f6"
    start = resources["TriggersStartFunction"]["Properties"]["Environment"]["Variables"]
    assert start["PIPELINE"] == start["MODEL_PACKAGE_GROUP"] == f"{NAME}-{ID}"
    assert start["NOTICES"] == "<LedgerTopic>"
    buckets = {
        name: each["Properties"]["BucketName"]
        for name, each in resources.items()
        if each["Type"] == "AWS::S3::Bucket"
    }
    assert buckets == {
        "DataLakeDataBucket": f"sagemaker-project-{ID}-data",
        "DataLakeArtifactBucket": f"sagemaker-project-{ID}-artifacts",
        "DataLakeLogBucket": f"sagemaker-project-{ID}-logs",
    }


@pytest.mark.parametrize("choice", ANSWERS)
def test_nothing_is_built_or_started_before_the_seed_has_ended(choice: str) -> None:
    resources = made(**ANSWERS[choice])["Resources"]
    for name in {"BuildDelivery", "TriggersUploadRule"} & resources.keys():
        assert "Seed" in resources[name]["DependsOn"]
    for name in resources["Seed"]["DependsOn"]:
        assert name in resources


def needed(name: str, resources: dict[str, Any]) -> set[str]:
    """Return what CloudFormation makes before a resource."""
    found, waiting = set[str](), [name]
    while waiting:
        resource = resources[waiting.pop()]
        depends = resource.get("DependsOn", [])
        text = json.dumps(resource["Properties"])
        named = {*([depends] if isinstance(depends, str) else depends)}
        named |= {each for each in resources if re.search(rf"<{each}[.>]", text)}
        waiting += named - found
        found |= named
    return found


@pytest.mark.parametrize("choice", ANSWERS)
def test_what_may_fail_comes_before_the_seed_which_cannot_be_taken_back(choice: str) -> None:
    """After the sample, a creation that fails leaves buckets that CloudFormation cannot delete."""
    extra = {"NoticeEmail": "team@example.com", "Schedule": "0 3 ? * MON *"}
    resources = made(**{**ANSWERS[choice], **extra})["Resources"]
    assert {"LedgerSubscription", "TriggersStartSchedule"} <= resources.keys()
    after = resources.keys() - needed("Seed", resources) - {"Seed"}
    # What would build or start something, and who calls those.
    expected = {"BuildDelivery", "BuildPush", "TriggersUploadRule", "TriggersUploadPermission"}
    assert after == expected & resources.keys()


def test_the_seed_is_asked_again_for_another_release_or_repository_alone() -> None:
    seed = template()["Resources"]["Seed"]["Properties"]
    assert seed.keys() == {
        *("ServiceToken", "ServiceTimeout", "Project", "After"),
        *("Release", "SourceControl", "Repository", "Branch"),
    }
    assert seed["Release"] == "1.4.0"
    assert seed["SourceControl"] == {"Ref": "SourceControl"}
    assert seed["Branch"] == {"Ref": "Branch"}
    (repository,) = {made(**ANSWERS["github"])["Resources"]["Seed"]["Properties"]["Repository"]}
    assert repository == ANSWERS["github"]["Repository"]


def test_the_seed_may_do_what_it_needs_and_no_more() -> None:
    allowed = {
        sid: each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        for choice in ANSWERS
        for sid, each in statements("SeedRole", made(**ANSWERS[choice])["Resources"]).items()
    }
    assert {action for actions in allowed.values() for action in actions} == {
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketAcl", "s3:GetBucketLocation"),
        *("s3:ListBucket", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"),
        *("codeconnections:UseConnection", "codestar-connections:UseConnection"),
        *("codecommit:GitPull", "codecommit:GitPush", "codecommit:CreatePullRequest"),
    }
    for choice in ANSWERS:
        for each in statements("SeedRole", made(**ANSWERS[choice])["Resources"]).values():
            assert each["Resource"] != "*"


def test_the_function_may_start_one_project_and_look_at_its_builds() -> None:
    allowed = statements("SeedFunctionRole", made(**ANSWERS["none"])["Resources"])
    assert allowed["Seed"] == {
        "Sid": "Seed",
        "Effect": "Allow",
        "Action": ["codebuild:BatchGetBuilds", "codebuild:StartBuild"],
        "Resource": "<SeedProject.Arn>",
    }
    group = f"log-group:/aws/lambda/sagemaker-{NAME}-dev-seeding:*"
    assert allowed["Logs"]["Resource"] == f"arn:aws:logs:eu-west-1:{ACCOUNT}:{group}"
    assert allowed.keys() == {"Seed", "Logs"}


@pytest.mark.parametrize("choice", ANSWERS)
def test_a_terminal_gets_the_variables_that_a_build_has(choice: str) -> None:
    """conf/aws.yaml and docs/aws.md name them; the images' addresses come from a build alone."""
    found = made(**ANSWERS[choice])
    (word, *pairs) = shlex.split(found["Outputs"]["Exports"]["Value"])
    assert word == "export"
    exported = dict(each.split("=", 1) for each in pairs)
    assert exported.pop("AWS_REGION") == "eu-west-1"
    assert exported.pop("DATA_BUCKET") == "<DataLakeDataBucket>"
    if choice != "none":
        built = environment("BuildBuild", found["Resources"])
        assert exported == {name: built[name] for name in exported}
        assert built.keys() - exported.keys() == {"PIPELINE_STAGE", "SAGEMAKER_PROJECT_ARN"}
