"""A project with infrastructure and two stages, and what an account has for it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from sagetabular.infrastructure.templates import evaluate, read_template
from tests.aws.server import BUCKET, ROLE, Server
from tests.baking import generate
from tests.servers import REGION

NUMBER = "123456789012"
NAME = "housing-prices"
KEY = f"arn:aws:kms:{REGION}:{NUMBER}:key/0a1b2c3d-0000-1111-2222-333344445555"
COMMIT = "3e5983de5acba805825da76410c181273ba90b12"
STAGES = """
stages:
  dev: {}
  prod: {infrastructure: {parameters: {Database: housing_prod}}}
"""
OUTPUTS = {"data-lake": {"ArtifactBucket": BUCKET}, "roles": {"PipelineRoleArn": ROLE}}
# A stack has a resource.
RESOURCE = {"Topic": {"Type": "AWS::SNS::Topic"}}


def project(template: Path, folder: Path, source_control: str) -> Path:
    """Generate a project with two stages, in git."""
    answers = {"source_control": source_control, "infrastructure": "full"}
    made = generate(template, folder / "output", answers)
    with (made / "conf/aws.yaml").open("a", encoding="utf-8") as file:
        file.write(STAGES)
    subprocess.run(["git", "init", "-q", made], check=True)
    return made


def given(stage: str, source: str) -> dict[str, str]:
    """Return values for the parameters of `build.yaml`."""
    roles = {f"{name}RoleArn": ROLE for name in ("Build", "Delivery", "Events", "Pipeline")}
    named = {"Project": NAME, "Stage": stage, "KeyArn": KEY, "ArtifactBucket": BUCKET}
    return {**named, **roles, "Source": source, "Repository": NAME}


def deploy_repositories(server: Server, made: Path, stage: str) -> list[str]:
    """Deploy `build.yaml` as it is, for images alone; return what the repositories are called."""
    parameters = given(stage, "none")
    server.client("cloudformation").create_stack(
        StackName=f"sagemaker-{NAME}-{stage}-build",
        TemplateBody=(made / "infrastructure/build.yaml").read_text(encoding="utf-8"),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )
    return repositories(server)


def deploy_outputs(server: Server, stage: str) -> None:
    """Make stacks with the outputs of those that this server cannot make."""
    for concern, outputs in OUTPUTS.items():
        body = {"Resources": RESOURCE, "Outputs": {k: {"Value": v} for k, v in outputs.items()}}
        server.client("cloudformation").create_stack(
            StackName=f"sagemaker-{NAME}-{stage}-{concern}", TemplateBody=json.dumps(body)
        )


def repositories(server: Server) -> list[str]:
    found = server.client("ecr").describe_repositories()["repositories"]
    return sorted(each["repositoryName"] for each in found)


def variables_of_codebuild(made: Path, stage: str) -> dict[str, str]:
    """Return what CodeBuild sets: what the template says, and what every build has."""
    template = read_template(made / "infrastructure/build.yaml")
    resources = evaluate(template, given(stage, "codecommit"))["Resources"]
    environment = resources["Build"]["Properties"]["Environment"]
    own = {entry["Name"]: entry["Value"] for entry in environment["EnvironmentVariables"]}
    return {**own, "AWS_REGION": REGION, "CODEBUILD_RESOLVED_SOURCE_VERSION": COMMIT}


def started(server: Server, pipeline: str) -> dict[str, str]:
    """Return the parameters of the pipeline's only execution."""
    sagemaker = server.client("sagemaker")
    found = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
    (execution,) = found
    answer = sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    return {entry["Name"]: entry["Value"] for entry in answer["PipelineParameters"]}


def check_started(server: Server, stage: str, commit: str) -> None:
    """Check that a stage's pipeline runs with the stage's images, role and bucket."""
    values = started(server, f"{NAME}-{stage}")
    assert (values["RoleArn"], values["Bucket"]) == (ROLE, BUCKET)
    assert values["Commit"] == commit
    assert values["ModelPackageGroup"] == f"{NAME}-{stage}"
    registry = f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com/sagemaker-{NAME}-{stage}"
    for parameter, image in (("ImageUri", "model"), ("JobsImageUri", "jobs")):
        assert values[parameter].startswith(f"{registry}/{image}@sha256:")
