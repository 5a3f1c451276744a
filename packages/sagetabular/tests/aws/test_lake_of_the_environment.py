"""A project that Studio made: the environment names database, table and workgroup."""

from __future__ import annotations

import pytest

from sagetabular.aws.deployment import deployment_of, start_parameters
from sagetabular.aws.lake import own_table
from sagetabular.aws.usual import usual_values
from sagetabular.errors import UserError
from sagetabular.infrastructure.outputs import exports
from sagetabular.project import Project

# What the stack of a project gives to its build server.
STUDIO = {
    "ATHENA_DATABASE": "sagemaker_p_abc",
    "ATHENA_TABLE": "training",
    "ATHENA_WORKGROUP": "sagemaker-houses-dev",
}
GIVEN = {
    "Database": "sagemaker_p_abc",
    "Table": "training",
    "Workgroup": "sagemaker-houses-dev",
}
OTHERS = dict.fromkeys(["ROLE", "BUCKET", "IMAGE", "JOBS", "TRACKING"], "x")
AWS = "conf/aws.yaml"


@pytest.fixture
def named(deployable):
    """The project with a lake of its own, which has a workgroup that nobody needs to name."""
    deployable.write("infrastructure/data-lake.yaml", "Resources: {}\n")
    return deployable


def given_by(example, environment):
    """What counts more than the defaults of `conf/pipeline.yaml`."""
    return dict(deployment_of(Project(example.root), environment).given)


def reads_files(example):
    for name in ("database", "table"):
        example.change("conf/pipeline.yaml", f"data.{name}", remove=True)
    example.change("conf/pipeline.yaml", "data.source", "s3")
    example.change("conf/pipeline.yaml", "data.uri", "s3://bucket/data")


def test_the_environment_counts_more_than_the_settings_of_the_pipeline(named):
    named.change("conf/pipeline.yaml", "data.workgroup", "of-the-team")
    assert given_by(named, STUDIO) == GIVEN
    assert given_by(named, {}) == {}, "the settings decide"


def test_a_variable_that_is_empty_says_nothing(named):
    empty = {**STUDIO, "ATHENA_WORKGROUP": "", "ATHENA_TABLE": ""}
    assert given_by(named, empty) == {
        "Database": "sagemaker_p_abc",
        "Workgroup": "sagemaker-test-project-dev",  # that of data-lake.yaml
    }


def test_conf_aws_yaml_counts_more_than_the_environment(named):
    named.change(AWS, "infrastructure", {"parameters": {"Database": "mine", "Workgroup": "ours"}})
    assert given_by(named, STUDIO) == {**GIVEN, "Database": "mine", "Workgroup": "ours"}


def test_a_start_and_what_triggers_start_with_have_them(deployable):
    project, compiled = Project(deployable.root), deployable.compile()
    deployment = deployment_of(project, {**OTHERS, **STUDIO})
    for values in (
        start_parameters(project, deployment, compiled),
        usual_values(project, deployment, compiled, {}),
    ):
        assert {name: values[name] for name in GIVEN} == GIVEN


def test_a_pipeline_that_reads_files_ignores_them(deployable):
    reads_files(deployable)
    project, compiled = Project(deployable.root), deployable.compile()
    deployment = deployment_of(project, {**OTHERS, **STUDIO})
    assert not GIVEN.keys() & start_parameters(project, deployment, compiled).keys()
    assert not GIVEN.keys() & usual_values(project, deployment, compiled, {}).keys()
    assert own_table(project, STUDIO) is None


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("ATHENA_DATABASE", "a.b", "must be a name of letters, digits and _ -, got 'a.b'."),
        ("ATHENA_DATABASE", "-lake", "must be a name of letters, digits and _ -, got '-lake'."),
        ("ATHENA_TABLE", "a.b", "must be a name of letters, digits and _, got 'a.b'."),
        (
            "ATHENA_WORKGROUP",
            "of us",
            "must be a name of letters, digits and . _ -, got 'of us'.",
        ),
    ],
)
def test_a_name_that_athena_does_not_take_is_a_mistake(deployable, variable, value, rule):
    with pytest.raises(UserError) as caught:
        deployment_of(Project(deployable.root), {**STUDIO, variable: value})
    assert caught.value.message == f"{variable} {rule}"
    assert caught.value.remedy == "Correct the variable, or unset it to read what conf/ names."


@pytest.mark.parametrize(
    ("parameters", "environment", "owned"),
    [
        ({}, STUDIO, ("sagemaker_p_abc", "training")),
        ({}, {**STUDIO, "ATHENA_TABLE": "Training"}, ("sagemaker_p_abc", "training")),
        ({}, {"ATHENA_TABLE": "training"}, ("estate", "training")),
        ({}, {**STUDIO, "ATHENA_TABLE": ""}, None),
        ({"Database": "mine"}, STUDIO, ("mine", "training")),
        ({"Table": "houses"}, STUDIO, None),
        ({"Table": "Training"}, STUDIO, ("sagemaker_p_abc", "training")),
        ({}, {**STUDIO, "ATHENA_DATABASE": "My-lake"}, ("my-lake", "training")),
    ],
    ids=[
        "studio",
        "in lower case",
        "of conf/",
        "unnamed",
        "database of conf/",
        "another table",
        "the same in capitals",
        "with a hyphen",
    ],
)
def test_the_projects_own_table_is_the_one_that_the_environment_names(
    deployable, parameters, environment, owned
):
    if parameters:
        deployable.change(AWS, "infrastructure", {"parameters": parameters})
    assert own_table(Project(deployable.root), environment) == owned


def test_outputs_of_stacks_are_exported_for_them(deployable):
    aws = Project(deployable.root).settings.aws
    lines = exports(aws, {"ArtifactBucket": "b", **GIVEN})
    assert lines == [
        "export BUCKET=b",
        *[f"export {variable}={value}" for variable, value in STUDIO.items()],
    ]
    assert exports(aws, {"ArtifactBucket": "b"}) == ["export BUCKET=b"]
