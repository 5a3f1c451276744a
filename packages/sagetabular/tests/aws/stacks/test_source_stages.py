"""Where a stage finds the models of the one that trains."""

from __future__ import annotations

import pytest
from stacks import CLOUD, LAKE, ROLES, WHEN

from sagetabular.errors import UserError
from sagetabular.infrastructure.stacking.choosing import known_outputs
from sagetabular.infrastructure.stacking.site import open_site
from sagetabular.project import Project

SOURCE = """\
  SourceStage: {Type: String, Default: ""}
  SourceAccount: {Type: String, Default: ""}
  SourceBucket: {Type: String, Default: ""}
  SourceKeyArn: {Type: String, Default: ""}
Resources:
"""
KEY = "arn:aws:kms:eu-west-1:123456789012:key/of-dev"


@pytest.fixture
def project(deployable):
    """A project whose stage prod deploys what dev has trained."""
    database = "  Database: {Type: String}\nResources:\n"
    deployable.write("infrastructure/data-lake.yaml", LAKE.replace("Resources:\n", database))
    deployable.write("infrastructure/roles.yaml", ROLES.replace("Resources:\n", SOURCE))
    source = {"infrastructure": {"parameters": {"SourceStage": "dev", "Database": "estate_prod"}}}
    deployable.change("conf/aws.yaml", "stages", {"dev": {}, "prod": source})
    return deployable


def answer(aws, concern, **outputs):
    stack = {
        "StackName": concern, "StackId": concern, "CreationTime": WHEN,
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": each} for key, each in outputs.items()],
    }  # fmt: skip
    name = f"sagemaker-test-project-dev-{concern}"
    aws.answer(CLOUD, "describe_stacks", {"Stacks": [stack]}, {"StackName": name})


def test_bucket_and_key_are_outputs_of_the_stage_that_trains(project, aws):
    for _ in range(2):  # each stage makes sure that the account is its own
        aws.knows_who_asks()
    site = open_site(Project(project.root, "prod"))
    answer(aws, "data-lake", ArtifactBucket="of-dev", KeyArn=KEY)
    answer(aws, "roles", PipelineRoleArn="role")
    found = known_outputs(site, {}, [])
    assert found == {"SourceStage": {"SourceBucket": "of-dev", "SourceKeyArn": KEY}}


def test_those_of_another_account_stand_in_conf(project, aws):
    project.change("conf/aws.yaml", "stages.dev.account", "999999999999")
    aws.knows_who_asks()
    site = open_site(Project(project.root, "prod"))
    assert known_outputs(site, {}, []) == {}
    assert site.sources.own["SourceAccount"] == "999999999999"


def test_the_stage_that_trains_asks_nobody(project, aws):
    assert known_outputs(open_site(Project(project.root, "dev")), {}, []) == {}


def test_a_stage_that_there_is_not_is_named(project, aws):
    project.change("conf/aws.yaml", "stages.prod.infrastructure.parameters.SourceStage", "test")
    with pytest.raises(UserError, match="'test'"):
        known_outputs(open_site(Project(project.root, "prod")), {}, [])


def test_two_stages_of_an_account_do_not_make_the_same_database(project, aws, pipeline):
    """Glue refuses the second `CreateDatabase` with AlreadyExistsException."""
    project.change("conf/aws.yaml", "stages", {"dev": {}, "prod": {}})
    ended = pipeline("infra", "validate", "--stage", "prod")
    assert ended.code == 2
    assert ended.mistake == [
        "conf/aws.yaml: stages dev and prod must have Glue databases of their own in one account "
        "and region, got 'estate' for both.",
        "Write stages.prod: {infrastructure: {parameters: {Database: estate_prod}}}, or name "
        "another account.",
    ]
    for own in ({"account": "999999999999"}, {"region": "eu-central-1"}):
        project.change("conf/aws.yaml", "stages", {"dev": {}, "prod": own})
        assert pipeline("infra", "validate", "--stage", "dev").code == 0
