"""The buildspec, executed phase by phase against a local AWS server."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.aws.codebuild import EARLIER, PROJECT, TRACKING, Build, CodeBuild
from tests.aws.server import BUCKET, ROLE, Server

PIPELINE = "houses-p-abc"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGES = ["housing-prices", "housing-prices-jobs"]
CHECKS = ["setup", "lint", "test", "contract"]
TAGS = [
    {"Key": "sagemaker:project-name", "Value": "houses"},
    {"Key": "sagemaker:project-id", "Value": "p-abc"},
]
ALL_WELL = {"install": 0, "pre_build": 0, "build": 0}


def change(codebuild: CodeBuild, file: str, before: str, after: str) -> None:
    path = codebuild.project / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def parameters_of_the_newest(server: Server) -> dict[str, str]:
    sagemaker = server.client("sagemaker")
    executions = sagemaker.list_pipeline_executions(PipelineName=PIPELINE)
    newest = max(executions["PipelineExecutionSummaries"], key=lambda entry: entry["StartTime"])
    arn = newest["PipelineExecutionArn"]
    answer = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    return {entry["Name"]: entry["Value"] for entry in answer["PipelineParameters"]}


def made(server: Server) -> dict[str, Any]:
    """How many of everything there are in the account."""
    sagemaker = server.client("sagemaker")
    return {
        "repositories": len(server.client("ecr").describe_repositories()["repositories"]),
        "objects": len(server.versions()),
        "pipelines": len(sagemaker.list_pipelines()["PipelineSummaries"]),
    }


def names_built(build: Build) -> list[str]:
    """Name and tag of each image that was built."""
    return [words[words.index("--tag") + 1] for words in build.docker("build")]


def addresses(server: Server, names: list[str]) -> list[str]:
    """Address of each image with the digest that the registry has for its tag."""
    found = []
    for name in names:
        repository, _, tag = name.partition(":")
        answer = server.client("ecr").describe_images(
            repositoryName=repository, imageIds=[{"imageTag": tag}]
        )
        digest = answer["imageDetails"][0]["imageDigest"]
        found.append(f"{REGISTRY}/{repository}@{digest}")
    return found


def everything_is_there(definition: bytes, query: str, objects: dict[str, Any]) -> None:
    """Check that what the definition and the start refer to is in the bucket, once."""
    assets = set(re.findall(rb'"/((?:code|settings)/[0-9a-f]{20})', definition))
    assert len(assets) > 5
    places = [f"s3://{BUCKET}/housing-prices/{key.decode()}" for key in assets]
    for place in [*places, query]:
        assert any(f"s3://{BUCKET}/{key}".startswith(f"{place}/") for key in objects), place
    assert objects and all(len(versions) == 1 for versions in objects.values())


def test_two_commits_are_built_pushed_deployed_and_started(
    codebuild: CodeBuild, server: Server
) -> None:
    first = codebuild.commit("Start")
    build = codebuild.build(**PROJECT)
    assert build.phases == ALL_WELL, build.output

    # Checks come first, then both images, named by their content, each pushed after a login.
    assert [call[1] for call in build.calls if call[0] == "make"] == [*CHECKS, "deploy"]
    built = names_built(build)
    assert [name.partition(":")[0] for name in built] == IMAGES
    assert first[:20] not in " ".join(built)
    assert build.docker("push") == [[f"{REGISTRY}/{name}"] for name in built]
    assert all("--password-stdin" in words for words in build.docker("login"))
    repositories = server.client("ecr").describe_repositories(repositoryNames=IMAGES)
    for found in repositories["repositories"]:
        scanned = found["imageScanningConfiguration"]["scanOnPush"]
        assert (found["imageTagMutability"], scanned) == ("IMMUTABLE", True)

    # The definition on AWS is the file that the build keeps, and the pipeline is the project's.
    sagemaker = server.client("sagemaker")
    pipeline = sagemaker.describe_pipeline(PipelineName=PIPELINE)
    definition = (codebuild.project / "pipeline-definition.json").read_bytes()
    assert pipeline["PipelineDefinition"].encode() == definition
    assert pipeline["RoleArn"] == ROLE
    assert sagemaker.list_tags(ResourceArn=pipeline["PipelineArn"])["Tags"] == TAGS

    # Everything that the definition and the start refer to is there.
    started = parameters_of_the_newest(server)
    declared = {entry["Name"]: entry for entry in json.loads(definition)["Parameters"]}
    assert {*started} <= {*declared}
    assert {name for name in declared if "DefaultValue" not in declared[name]} <= {*started}
    images = [started["ImageUri"], started["JobsImageUri"]]
    assert images == addresses(server, built)
    assert started["Commit"] == first
    assert (started["RoleArn"], started["Bucket"]) == (ROLE, BUCKET)
    assert started["ModelPackageGroup"] == PIPELINE
    # A plain project has no tracking server: SageMaker's own experiments take its place.
    assert started["TrackingUri"] == "experiments"
    assert "Tracking    SageMaker Experiments; MLflow once" in build.output
    objects = server.versions()
    everything_is_there(definition, started["QueryUri"], objects)

    # Another commit, which changes a default of a parameter and no file that travels.
    change(codebuild, "conf/pipeline.yaml", "trials: 20 ", "trials: 21 ")
    second = codebuild.commit("Try more")
    build = codebuild.build(**PROJECT)
    assert build.phases == ALL_WELL, build.output
    assert server.versions() == objects
    assert f"Sent 0 of {len(objects)} objects" in build.output
    assert f"Pipeline {PIPELINE} is updated" in build.output
    updated = sagemaker.describe_pipeline(PipelineName=PIPELINE)
    assert all(updated[name] == pipeline[name] for name in ("PipelineArn", "CreationTime"))
    assert updated["PipelineDefinition"] == pipeline["PipelineDefinition"].replace(
        '"DefaultValue": 20', '"DefaultValue": 21'
    )
    again = parameters_of_the_newest(server)
    assert again["Commit"] == second
    # No new digest, which would make SageMaker repeat every step that runs in an image.
    assert (names_built(build), build.docker("push")) == (built, [])
    assert [again["ImageUri"], again["JobsImageUri"]] == images
    executions = sagemaker.list_pipeline_executions(PipelineName=PIPELINE)
    assert len(executions["PipelineExecutionSummaries"]) == 2


def test_another_model_is_another_image_to_serve_it_and_the_same_for_the_jobs(
    codebuild: CodeBuild, server: Server
) -> None:
    codebuild.commit("Start")
    before = names_built(codebuild.build(**PROJECT))
    change(codebuild, "models/xgboost/model.py", '"""XGBoost', '"""Booster')
    codebuild.commit("Say it in another way")
    build = codebuild.build(**PROJECT, **EARLIER, MLFLOW_TRACKING_URI=TRACKING)
    assert build.phases == ALL_WELL, build.output
    model, jobs = names_built(build)
    assert (jobs, model != before[0]) == (before[1], True)
    assert build.docker("push") == [[f"{REGISTRY}/{model}"]]
    started = parameters_of_the_newest(server)
    assert started["TrackingUri"] == TRACKING
    assert [started["ImageUri"], started["JobsImageUri"]] == addresses(server, [model, jobs])


@pytest.mark.parametrize(
    ("failing", "phases"),
    [
        ("make setup", {"install": 1}),
        ("make lint", {"install": 0, "pre_build": 1}),
        ("make test", {"install": 0, "pre_build": 1}),
        ("docker build", {"install": 0, "pre_build": 0, "build": 1}),
        ("docker push", {"install": 0, "pre_build": 0, "build": 1}),
    ],
)
def test_after_a_failure_nothing_is_deployed(
    codebuild: CodeBuild, server: Server, failing: str, phases: dict[str, int]
) -> None:
    codebuild.commit("Start")
    build = codebuild.build(**PROJECT, **EARLIER, FAILING=failing)
    assert build.phases == phases, build.output
    found = made(server)
    assert (found["objects"], found["pipelines"]) == (0, 0)
    assert found["repositories"] == (1 if failing == "docker push" else 0)


@pytest.mark.parametrize("missing", ["SAGEMAKER_PIPELINE_ROLE_ARN", "ARTIFACT_BUCKET"])
def test_outside_of_a_sagemaker_project_it_is_checked_and_compiled(
    codebuild: CodeBuild, server: Server, missing: str
) -> None:
    codebuild.commit("Start")
    build = codebuild.build(**{**PROJECT, missing: ""})
    assert build.phases == ALL_WELL, build.output
    assert json.loads((codebuild.project / "pipeline-definition.json").read_bytes())["Steps"]
    assert "Nothing is deployed" in build.output
    assert made(server) == {"repositories": 0, "objects": 0, "pipelines": 0}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_REGION": "us-east-1"}, "region must be that of conf/aws.yaml, eu-west-1, got"),
        ({"ARTIFACT_BUCKET": "nobodys-bucket"}, "Bucket must be a bucket that exists, got nobodys"),
        ({"SAGEMAKER_PIPELINE_ROLE_ARN": "no-arn"}, "no-arn"),
    ],
    ids=["another region", "no bucket", "no role"],
)
def test_what_would_stop_a_start_is_found_before_an_image_is_built(
    codebuild: CodeBuild, server: Server, variables: dict[str, str], words: str
) -> None:
    codebuild.commit("Start")
    build = codebuild.build(**PROJECT | variables)
    assert build.phases == {"install": 0, "pre_build": 0, "build": 1}
    assert words in build.output
    assert not build.docker("build") and not build.docker("push")
    assert made(server) == {"repositories": 0, "objects": 0, "pipelines": 0}


def test_all_variables_that_are_missing_are_named_at_once(
    codebuild: CodeBuild, server: Server
) -> None:
    for before, after in (
        ("Bucket: ARTIFACT_BUCKET", "Bucket: THE_BUCKET"),
        ("TrackingUri: MLFLOW_TRACKING_URI", "TrackingUri: THE_SERVER"),
    ):
        change(codebuild, "conf/aws.yaml", before, after)
    change(codebuild, "conf/pipeline.yaml", "tracking: auto", "tracking: mlflow")
    codebuild.commit("Start")
    build = codebuild.build(**PROJECT)
    assert build.phases == {"install": 0, "pre_build": 0, "build": 1}
    said = "these variables are not set: THE_BUCKET (Bucket), THE_SERVER (TrackingUri)."
    assert said in build.output
    assert not build.docker("build")
