"""What is called with a role is what its policies allow, no more and no less.

The exceptions say why: what a service does with the role that stands in no code of ours.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from calls import (
    KEY,
    calls_of_lambdas,
    calls_of_pipelines,
    calls_of_schedules,
    calls_of_state_machines,
    functions,
    targets_of_rules,
)
from roles import (
    ACCOUNT,
    EVERYTHING,
    LAMBDAS,
    REGION,
    TEMPLATES,
    listed,
    parameters,
    roles,
    template,
)

from sagetabular.aws.permissions import COMMANDS, JOBS
from sagetabular.infrastructure.templates import evaluate, read_template

# Beyond what the Lambdas' own code calls.
OF_LAMBDAS = {
    "TriggerRoleArn": {
        # A copy of an object with versions, and one whose version the event names.
        "s3:GetObjectVersion",
    },
    "ReleaseRoleArn": {
        # Objects are encrypted, whether or not the function's variables are.
        *KEY,
    },
    "LedgerRoleArn": set(),
}
# By the service for what the definition asks: CreateModel and endpoints with a key.
OF_WORKFLOW = {
    "iam:PassRole", "iam:CreateServiceLinkedRole", "kms:CreateGrant", "kms:DescribeKey",
    # Application Auto Scaling checks that its caller may do what it does to the variant:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    "sagemaker:UpdateEndpointWeightsAndCapacities", "sagemaker:DescribeEndpointConfig",
    "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms",
}  # fmt: skip
# build.yaml makes the repositories.
NOT_OF_PUBLISH = {"ecr:CreateRepository"}
OF_PUBLISH = {
    "ecr:GetDownloadUrlForLayer",  # `docker build` takes layers from the last image
    "kms:Decrypt",  # S3 reads the parts of a large object again, CodeBuild its bundle
}
BUILD = {"logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObjectVersion"}
# Of a queue, key or bucket of this stage, which conf/aws.yaml need not name.
OF_PIPELINE = {
    # Whether an account's conf/aws.yaml names keys or not, the buckets' own key is used.
    *KEY,
}
# CreateModel, and hosting: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
# ("CreateModel API: Execution Role Permissions"); alarms: …/dg/deployment-guardrails-configuration
ENDPOINT = {
    "cloudwatch:PutMetricData", "logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup",
    "logs:DescribeLogStreams", "s3:GetObject", "s3:ListBucket", "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
    "kms:CreateGrant", *KEY, "cloudwatch:DescribeAlarms",
    "s3:PutObject",  # captured data, and the answers of a transform job
    "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DescribeDhcpOptions",
    "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
}  # fmt: skip


def actor(parameter: str) -> str:
    """The actor whose role a parameter holds."""
    return parameter.removesuffix("RoleArn").lower()


def test_every_file_of_a_lambda_is_deployed_with_a_role_of_ours() -> None:
    deployed = {code for code, _ in functions()}
    assert deployed == {path.stem for path in LAMBDAS.glob("*.py")} - {"__init__"}
    for code, properties in functions():
        assert actor(properties["Role"]["Ref"]) in roles(**EVERYTHING), code


@pytest.mark.parametrize("parameter", sorted(OF_LAMBDAS))
def test_lambdas_may_do_what_their_code_does(parameter: str) -> None:
    assert set(calls_of_lambdas()) == set(OF_LAMBDAS), "roles of Lambdas"
    needed = calls_of_lambdas()[parameter] | OF_LAMBDAS[parameter]
    assert roles(**EVERYTHING)[actor(parameter)].actions() == needed


def test_the_state_machine_may_do_what_its_definition_says() -> None:
    needed = calls_of_state_machines() | OF_WORKFLOW
    assert roles(**EVERYTHING)["workflow"].actions() == needed


def test_codepipeline_may_do_what_its_actions_are() -> None:
    allowed = roles(**{**EVERYTHING, "Source": "connection"})["delivery"].actions()
    allowed |= roles(**{**EVERYTHING, "Source": "codecommit"})["delivery"].actions()
    assert allowed == calls_of_pipelines()


def test_eventbridge_may_start_what_its_rules_name() -> None:
    targets = targets_of_rules()
    assert {str(target["RoleArn"]) for target in targets} == {str({"Ref": "EventsRoleArn"})}
    # ApprovalTargetArn is the release's CodePipeline or the state machine.
    assert roles()["events"].actions() == {
        "codepipeline:StartPipelineExecution",
        "states:StartExecution",
    }


def test_the_scheduler_may_call_what_its_schedules_name() -> None:
    assert roles()["scheduler"].actions() == calls_of_schedules()


def test_the_pipeline_may_do_what_its_jobs_do() -> None:
    needed = {one.action for one in JOBS} | OF_PIPELINE
    assert roles(**EVERYTHING)["pipeline"].actions() == needed


@pytest.mark.parametrize(
    ("option", "users"),
    [
        ({"Experiments": "false"}, {"experiments"}),
        ({"UseVpc": "false"}, {"network"}),
        ({"Workgroup": ""}, {"athena", "unload"}),
        ({"MlflowArn": ""}, {"mlflow server"}),
    ],
)
def test_options_that_are_off_allow_nothing(option: dict[str, str], users: set[str]) -> None:
    role = roles(**{**EVERYTHING, **option})["pipeline"]
    only = {one.action for one in JOBS} - {
        one.action for one in JOBS if not users.issuperset(one.users)
    }
    # What UNLOAD wrote is deleted below one prefix; MLflow deletes below its own.
    assert role.actions() & only <= {"s3:DeleteObject"}


@pytest.mark.parametrize("name", ["build", "deploy"])
def test_builds_may_do_what_their_commands_do(name: str) -> None:
    commands = {"upsert", "run", "image push"}
    needed = {one.action for one in COMMANDS if commands.intersection(one.users)}
    own = BUILD if name == "build" else {"cloudformation:DescribeStacks"}
    assert roles(**EVERYTHING)[name].actions() == (needed - NOT_OF_PUBLISH) | OF_PUBLISH | own


def test_containers_of_a_model_may_do_what_sagemaker_lists() -> None:
    assert roles(**EVERYTHING, **source())["endpoint"].actions() == ENDPOINT


def source() -> dict[str, Any]:
    """Another stage and account whose models are deployed here."""
    return {
        "SourceStage": "dev",
        "SourceAccount": "210987654321",
        "SourceBucket": "models-of-dev",
        "SourceKeyArn": "arn:aws:kms:eu-west-1:210987654321:key/dev",
    }


def test_whoever_approves_may_read_and_approve() -> None:
    decide = {"registry list", "registry show", "registry approve", "registry reject"}
    needed = {one.action for one in COMMANDS if decide.intersection(one.users)}
    seen = {
        "codepipeline:GetPipeline", "codepipeline:GetPipelineExecution",
        "codepipeline:GetPipelineState", "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions", "codepipeline:PutApprovalResult",
        "s3:GetObject", "kms:Decrypt",
    }  # fmt: skip
    assert roles()["approver"].actions() == needed | seen


def test_no_other_role_approves() -> None:
    for name, role in roles(**EVERYTHING).items():
        if name != "approver":
            assert "codepipeline:PutApprovalResult" not in role.actions()
            assert "sagemaker:UpdateModelPackage" not in role.actions()


def test_every_parameter_for_a_role_is_an_output_of_roles() -> None:
    outputs = set(read_template(TEMPLATES / "roles.yaml")["Outputs"])
    for path in TEMPLATES.glob("*.yaml"):
        declared = read_template(path).get("Parameters", {})
        needed = {name for name in declared if name.endswith("RoleArn")}
        assert needed <= outputs, path.name


def test_policies_name_what_the_templates_make() -> None:
    """A name without a star must be that of a resource, of a role, or of the pipeline's things."""
    made, lost = names_that_are_made(), set()
    for actor, role in roles(**EVERYTHING).items():
        for statement in role.statements():
            for resource in listed(statement["Resource"]):
                name = re.search(r"sagemaker-housing-prices-dev(-[\w-]+)?", resource)
                if name and not resource.startswith(("arn:aws:s3:", "arn:aws:cloudformation:")):
                    lost.add((actor, name[0].rstrip("-")))
    assert {name for _, name in lost} - made == set()


def names_that_are_made() -> set[str]:
    """Return the names that the templates give, whatever their conditions leave out."""
    found = {"sagemaker-housing-prices-dev"}  # what a wildcard stands behind
    for path in TEMPLATES.glob("*.yaml"):
        whole = template(path.stem)
        declared = whole.get("Parameters", {})
        values = {name: value for name, value in parameters().items() if name in declared}
        others = {name: "x" for name in declared if "Default" not in declared[name]}
        resources = {
            key: {part: value for part, value in entry.items() if part != "Condition"}
            for key, entry in whole["Resources"].items()
        }
        made = evaluate({**whole, "Resources": resources}, {**others, **values}, ACCOUNT, REGION)
        for entry in made["Resources"].values():
            for key, value in entry.get("Properties", {}).items():
                if key.endswith("Name") and isinstance(value, str):
                    found.add(value.rpartition("/")[2] if key == "LogGroupName" else value)
    return found
