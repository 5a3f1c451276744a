"""Commands on AWS in a stage: names, account, and what they say."""

from __future__ import annotations

import boto3
import pytest
import typer
from command_names import names
from upserting import ROLE, objects

from sagetabular import run_pipeline
from sagetabular.aws.account import Account
from sagetabular.aws.deployment import deployment_of, start_parameters
from sagetabular.aws.images.building import image_of
from sagetabular.cli import app
from sagetabular.errors import UserError
from sagetabular.project import Project, chosen_stage

AWS = "conf/aws.yaml"
STAGES = {"dev": {}, "prod": {"account": "123456789012", "region": "eu-central-1"}}
OTHER = {"prod": {"account": "999999999999"}}
PIPELINE = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/test-project-prod"
# They are about AWS, or compile for it; those of the registry have --in beside --stage.
STAGED = {
    *("clean", "compile", "data crawl", "data upload", "doctor", "executions", "graph"),
    *("image build", "image push", "invoke", "logs", "report", "run", "show", "stop", "upsert"),
    *("registry list", "registry show", "registry approve", "registry reject"),
}


@pytest.fixture
def staged(deployable):
    """A project with the stages dev and prod."""
    deployable.change(AWS, "stages", STAGES)
    return deployable


def test_every_command_that_asks_aws_takes_a_stage():
    found = {}
    for name in names(typer.main.get_command(app)):
        command = typer.main.get_command(app)
        for word in name.split():
            command = command.commands[word]
        options = {option for each in command.params for option in each.opts}
        found[name] = options
    for name, options in found.items():
        wanted = "--in" if name.startswith("registry ") else "--stage"
        infra = name.startswith("infra ")
        if "--on" in options or name in STAGED:
            assert wanted in options, name
        assert wanted not in options or infra or name in STAGED, name


def test_a_stage_reads_the_lake_that_its_stacks_make(staged):
    assert "Workgroup" not in deployment_of(Project(staged.root, "prod"), {}).given
    staged.write("infrastructure/data-lake.yaml", "Resources: {}\n")
    # The name that data-lake.yaml gives its workgroup, which the role of the jobs may use alone.
    assert deployment_of(Project(staged.root, "prod"), {}).given["Workgroup"] == (
        "sagemaker-test-project-prod"
    )
    named = {"prod": {"infrastructure": {"parameters": {"Database": "houses_prod"}}}}
    staged.change(AWS, "stages", STAGES | named)
    given = deployment_of(Project(staged.root, "prod"), {}).given
    assert (given["Database"], given["Workgroup"]) == ("houses_prod", "sagemaker-test-project-prod")
    assert "Database" not in deployment_of(Project(staged.root, "dev"), {}).given
    staged.change("conf/pipeline.yaml", "data.workgroup", "of-the-team")
    assert "Workgroup" not in deployment_of(Project(staged.root, "prod"), {}).given


def test_an_execution_is_started_with_the_workgroup_of_the_lake(staged):
    staged.write("infrastructure/data-lake.yaml", "Resources: {}\n")
    project = Project(staged.root, "prod")
    variables = dict.fromkeys(["ROLE", "BUCKET", "IMAGE", "JOBS", "TRACKING"], "x")
    found = start_parameters(project, deployment_of(project, variables), staged.compile())
    assert found["Workgroup"] == "sagemaker-test-project-prod"
    # A pipeline that reads files has no such parameter.
    for name in ("database", "table"):
        staged.change("conf/pipeline.yaml", f"data.{name}", remove=True)
    staged.change("conf/pipeline.yaml", "data.source", "s3")
    staged.change("conf/pipeline.yaml", "data.uri", "s3://bucket/data")
    project = Project(staged.root, "prod")
    found = start_parameters(project, deployment_of(project, variables), staged.compile())
    assert "Workgroup" not in found


def test_names_of_a_stage(staged):
    project = Project(staged.root, "prod")
    found = deployment_of(project, {})
    assert (found.region, found.pipeline, found.account, found.stage) == (
        *("eu-central-1", "test-project-prod", "123456789012", "prod"),
    )
    assert found.given == {"ModelPackageGroup": "test-project-prod", "Prefix": "test-project-prod"}
    assert image_of(project, "model").repository == "sagemaker-test-project-prod/model"
    assert image_of(project, "jobs").repository == "sagemaker-test-project-prod/jobs"


def test_without_a_stage_names_are_as_before(staged):
    project = Project(staged.root)
    found = deployment_of(project, {})
    assert (found.region, found.pipeline, found.given) == ("eu-west-1", "test-project", {})
    assert image_of(project, "model").repository == "test-project"
    assert image_of(project, "jobs").repository == "test-project-jobs"


def test_a_sagemaker_project_names_the_pipeline_in_a_stage_too(staged):
    names_of_project = {"SAGEMAKER_PROJECT_NAME": "houses", "SAGEMAKER_PROJECT_ID": "p-1"}
    found = deployment_of(Project(staged.root, "prod"), names_of_project)
    assert (found.pipeline, found.region) == ("houses-p-1", "eu-central-1")
    assert found.given["ModelPackageGroup"] == "houses-p-1"


def test_dev_is_the_plain_name_where_there_are_no_stages(deployable):
    """CodeBuild says PIPELINE_STAGE=dev of a project whose conf/aws.yaml knows none."""
    project = Project(deployable.root, chosen_stage(None, {"PIPELINE_STAGE": "dev"}))
    assert deployment_of(project, {}).pipeline == "test-project"
    assert image_of(project, "model").repository == "sagemaker-test-project-dev/model"


@pytest.mark.parametrize("by", ["option", "variable"])
def test_an_upsert_in_a_stage(pipeline, aws, staged, monkeypatch, by):
    compiled = Project(staged.root, "prod").settings
    from sagetabular.compiling.compilation import compile_pipeline

    content = compile_pipeline(compiled)
    aws.knows_who_asks()
    aws.lacks_objects(objects(content, "test-project-prod"))
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    asked = {
        "PipelineName": "test-project-prod",
        "PipelineDescription": "test-project predicts price. Commit none",
        "RoleArn": ROLE,
        "PipelineDefinition": content.definition.decode(),
        "Tags": [],
    }
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE}, asked)
    monkeypatch.setenv("PIPELINE_STAGE", "dev" if by == "option" else "prod")
    ended = pipeline("upsert", *(["--stage", "prod"] if by == "option" else []))
    assert (ended.code, ended.out) == (0, f"{PIPELINE}\n"), ended
    assert "AWS account 123456789012, region eu-central-1, stage prod" in ended.err
    assert "Stored in   s3://the-bucket/test-project-prod/" in ended.err
    assert {options["region_name"] for _, options in aws.asked} == {"eu-central-1"}


@pytest.mark.parametrize(
    "words", [["upsert"], ["run", "--on", "aws"], ["executions", "--on", "aws"], ["stop", "x"]],
    ids=" ".join,
)  # fmt: skip
def test_another_account_is_refused_before_anything_else_is_asked(pipeline, aws, staged, words):
    staged.change(AWS, "stages", OTHER)
    aws.knows_who_asks()
    ended = pipeline(*words, "--stage", "prod")
    *_, rule, remedy = ended.err.splitlines()
    assert ended.code == 2
    assert rule == (
        "conf/aws.yaml: stages.prod.account is 999999999999, but the credentials are of "
        "123456789012: arn:aws:iam::123456789012:user/me."
    )
    assert "AWS_PROFILE" in remedy
    assert [service for service, _ in aws.asked] == ["sts"]


def test_no_client_of_another_account_is_made(aws):
    aws.knows_who_asks()
    with pytest.raises(UserError, match="account is 1"):
        Account("eu-west-1", "1").client("s3")
    assert [service for service, _ in aws.asked] == ["sts"]
    assert boto3.client("s3", region_name="eu-west-1") is not None


def test_run_pipeline_takes_the_stage_of_the_environment(staged, aws, monkeypatch, capsys):
    staged.change(AWS, "stages", OTHER)
    monkeypatch.chdir(staged.root)
    monkeypatch.setenv("PIPELINE_STAGE", "prod")
    aws.knows_who_asks()
    with pytest.raises(SystemExit) as ended:
        run_pipeline.main(["-n", "pipelines.training.pipeline", "-role-arn", ROLE, "--check"])
    assert ended.value.code == 1
    assert "stages.prod.account is 999999999999" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["executions"], ["show"], ["logs"], ["report"], ["clean", "--keep", "1"], ["doctor"]],
    ids=" ".join,
)  # fmt: skip
def test_a_stage_is_about_aws(pipeline, staged, words):
    rule, remedy = pipeline(*words, "--stage", "prod").mistake
    assert rule == "--stage is about AWS, got it without --on aws."
    assert remedy == "Add --on aws, or leave it out."


def test_the_variable_alone_disturbs_nothing_here(pipeline, staged, monkeypatch):
    monkeypatch.setenv("PIPELINE_STAGE", "prod")
    assert pipeline("executions").code == 0


def test_a_stage_of_the_file_is_no_stage_of_a_models_life(pipeline, staged, aws):
    rule, remedy = pipeline("registry", "approve", "1", "--stage", "prod", "--on", "aws").mistake
    assert rule == "--stage is about the model's life here, got prod, a stage of conf/aws.yaml."
    assert "--in prod" in remedy
    assert aws.asked == []
