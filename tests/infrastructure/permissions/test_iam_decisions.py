"""What roles may do and what not, as the engine of a local AWS server decides it.

Who may do what is planted here, from the issue: stages and projects are apart, whoever approves
does not train, whoever trains does not approve, and CI is one branch of one repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.permissions.deciding import (
    ACCOUNT,
    OTHER,
    REGION,
    ROLES,
    arn,
    asked,
    assumed,
    decide,
    shared,
)

ALLOW, DENY, IMPLICIT = "Allow", "Deny", "ImplicitDeny"
PROJECT = "housing-prices"
GITHUB = "token.actions.githubusercontent.com"
EVERYTHING: dict[str, str] = ROLES.EVERYTHING
GROUP = f"model-package/{PROJECT}-dev/7"
APPROVED = {"context": {"sagemaker:ModelApprovalStatus": "Approved"}}
PENDING = {"context": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
# What belongs to a stage, by its project and name, with an action that uses it.
THINGS = [
    ("s3:GetObject", "s3", "sagemaker-{name}-data-lake-databucket-x/input/data/training/a.csv"),
    ("s3:ListBucket", "s3", "sagemaker-{name}-data-lake-artifactbucket-x"),
    ("dynamodb:GetItem", "dynamodb", "table/sagemaker-{name}-ledger"),
    ("dynamodb:PutItem", "dynamodb", "table/sagemaker-{name}-starts"),
    ("sagemaker:StartPipelineExecution", "sagemaker", "pipeline/{name}"),
    ("sagemaker:DescribeModelPackage", "sagemaker", "model-package/{name}/1"),
    ("sagemaker:CreateModelPackage", "sagemaker", "model-package/{name}/1"),
    ("sagemaker:UpdateEndpoint", "sagemaker", "endpoint/sagemaker-{name}"),
    ("ecr:PutImage", "ecr", "repository/sagemaker-{name}/model"),
    ("sns:Publish", "sns", "sagemaker-{name}-notices"),
    ("states:StartExecution", "states", "stateMachine:sagemaker-{name}-workflow"),
    ("lambda:InvokeFunction", "lambda", "function:sagemaker-{name}-start"),
    ("codepipeline:StartPipelineExecution", "codepipeline", "sagemaker-{name}-release"),
    ("codepipeline:PutApprovalResult", "codepipeline", "sagemaker-{name}-release/Approval/Approve"),
    ("ssm:GetParameter", "ssm", "parameter/sagemaker-{name}-workflow"),
    ("athena:StartQueryExecution", "athena", "workgroup/sagemaker-{name}"),
    ("glue:GetTable", "glue", "table/{name}/california"),
]
# Of the stages that a release deploys to it must read and write.
WALKERS = {"delivery", "release"}


def roles(stage: str = "dev", project: str = PROJECT, **given: str) -> dict[str, Any]:
    """Actor → role, with all that can be asked for, names as data-lake.yaml has them."""
    lake = {"Workgroup": f"sagemaker-{project}-{stage}", "Database": f"{project}-{stage}"}
    found: dict[str, Any] = ROLES.roles(project, stage, **{**EVERYTHING, **lake, **given})
    return found


def things(name: str) -> list[tuple[str, str]]:
    """Actions and ARNs of everything that belongs to a stage."""
    return [(action, arn(kind, rest.format(name=name))) for action, kind, rest in THINGS]


def decisions(ministack: Path, requests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Name of each request → what the engine decides."""
    return dict(zip(requests, decide(ministack, list(requests.values())), strict=True))


def test_somebody_may_use_each_thing_of_the_own_stage(ministack: Path) -> None:
    requests = {
        f"{actor} {action}": asked(role, action, resource)
        for actor, role in roles().items()
        for action, resource in things(f"{PROJECT}-dev")
    }
    found = decisions(ministack, requests)
    for action, _ in things(f"{PROJECT}-dev"):
        users = {
            name.split()[0]
            for name, one in found.items()
            if name.endswith(f" {action}") and one == ALLOW
        }
        assert users, action


@pytest.mark.parametrize(
    ("own", "foreign"),
    [
        (("staging", PROJECT), f"{PROJECT}-prod"),
        (("dev", PROJECT), f"{PROJECT}-prod"),
        (("dev", PROJECT), f"{PROJECT}-staging"),
        (("prod", PROJECT), f"{PROJECT}-dev"),
        (("dev", PROJECT), "house-sales-dev"),
        (("dev", "housing"), f"{PROJECT}-dev"),
        (("prod", PROJECT), "housing-prod"),
    ],
)
def test_no_role_uses_anything_of_another_stage_or_project(
    ministack: Path, own: tuple[str, str], foreign: str
) -> None:
    requests = {
        f"{actor} {action}": asked(role, action, resource)
        for actor, role in roles(*own).items()
        for action, resource in things(foreign)
    }
    allowed = {name for name, one in decisions(ministack, requests).items() if one == ALLOW}
    assert allowed == set()


def test_production_stays_closed_if_somebody_attaches_a_policy(ministack: Path) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    requests = {
        f"{actor} {action}": asked(role, action, resource)
        | {"policies": [*role.policies, everything]}
        for actor, role in roles("staging").items()
        if actor not in WALKERS
        for action, resource in things(f"{PROJECT}-prod")
        if not action.startswith("glue:")  # a database's name is a parameter
    }
    assert set(decisions(ministack, requests).values()) == {DENY}


def test_only_whoever_approves_approves(ministack: Path) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    package = arn("sagemaker", GROUP)
    for stage in ("dev", "prod"):
        package = arn("sagemaker", f"model-package/{PROJECT}-{stage}/7")
        requests = {}
        for actor, role in roles(stage).items():
            for action in ("sagemaker:UpdateModelPackage", "sagemaker:CreateModelPackage"):
                requests[f"{actor} {action}"] = asked(role, action, package, **APPROVED) | {
                    "policies": [*role.policies, everything]
                }
        found = decisions(ministack, requests)
        assert {name for name, one in found.items() if one == ALLOW} == {
            "approver sagemaker:UpdateModelPackage"
        }


def test_a_pipeline_registers_what_waits_for_approval(ministack: Path) -> None:
    create, package = "sagemaker:CreateModelPackage", arn("sagemaker", GROUP)
    usual, automatic = roles()["pipeline"], roles(AutomaticApproval="true")["pipeline"]
    assert decide(
        ministack,
        [
            asked(usual, create, package, **PENDING),
            asked(usual, create, package, **APPROVED),
            asked(automatic, create, package, **APPROVED),
            asked(roles(AutomaticApproval="true")["build"], create, package, **APPROVED),
        ],
    ) == [ALLOW, DENY, ALLOW, DENY]


def test_whoever_approves_neither_trains_nor_deploys(ministack: Path) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    role = roles()["approver"]
    work = [
        ("sagemaker:CreateTrainingJob", arn("sagemaker", "training-job/mine")),
        ("sagemaker:CreateProcessingJob", arn("sagemaker", "processing-job/mine")),
        (
            "sagemaker:CreateHyperParameterTuningJob",
            arn("sagemaker", "hyper-parameter-tuning-job/m"),
        ),
        ("sagemaker:StartPipelineExecution", arn("sagemaker", f"pipeline/{PROJECT}-dev")),
        ("sagemaker:UpdatePipeline", arn("sagemaker", f"pipeline/{PROJECT}-dev")),
        ("sagemaker:CreateEndpoint", arn("sagemaker", f"endpoint/sagemaker-{PROJECT}-dev")),
        ("sagemaker:UpdateEndpoint", arn("sagemaker", f"endpoint/sagemaker-{PROJECT}-dev")),
        ("sagemaker:DeleteEndpoint", arn("sagemaker", f"endpoint/sagemaker-{PROJECT}-dev")),
        ("cloudformation:CreateStack", arn("cloudformation", f"stack/sagemaker-{PROJECT}-dev-x/1")),
        (
            "codepipeline:StartPipelineExecution",
            arn("codepipeline", f"sagemaker-{PROJECT}-dev-release"),
        ),
        ("codebuild:StartBuild", arn("codebuild", f"project/sagemaker-{PROJECT}-dev-build")),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/sagemaker-{PROJECT}-dev-pipeline"),
        ("s3:PutObject", arn("s3", f"sagemaker-{PROJECT}-dev-data-lake-artifactbucket-x/a")),
    ]
    requests = {
        action: asked(role, action, resource) | {"policies": [*role.policies, everything]}
        for action, resource in work
    }
    assert set(decisions(ministack, requests).values()) == {DENY}
    right = [
        ("codepipeline:PutApprovalResult", f"sagemaker-{PROJECT}-dev-release/Approval/Approve"),
        ("codepipeline:GetPipelineState", f"sagemaker-{PROJECT}-dev-release"),
    ]
    assert (
        decide(
            ministack, [asked(role, action, arn("codepipeline", rest)) for action, rest in right]
        )
        == [ALLOW] * 2
    )


def test_triggers_and_ledger_delete_nothing(ministack: Path) -> None:
    data = arn("s3", f"sagemaker-{PROJECT}-dev-data-lake-databucket-x")
    requests = {
        f"{actor} {action}": asked(roles()[actor], action, resource)
        for actor in ("trigger", "ledger", "scheduler", "events", "release", "build", "deploy")
        for action, resource in [
            ("s3:DeleteObject", f"{data}/input/data/training/a.csv"),
            ("s3:DeleteObjectVersion", f"{data}/input/data/training/a.csv"),
            ("s3:PutBucketPolicy", data),
            ("dynamodb:DeleteItem", arn("dynamodb", f"table/sagemaker-{PROJECT}-dev-ledger")),
            ("dynamodb:DeleteTable", arn("dynamodb", f"table/sagemaker-{PROJECT}-dev-ledger")),
        ]
    }
    assert set(decisions(ministack, requests).values()) == {IMPLICIT}


def test_the_pipeline_deletes_only_what_it_has_unloaded(ministack: Path) -> None:
    bucket = arn("s3", f"sagemaker-{PROJECT}-dev-data-lake-artifactbucket-x")
    role = roles()["pipeline"]
    keys = [
        f"{bucket}/{PROJECT}/executions/1/ingest-unload/part-0",
        f"{bucket}/{PROJECT}/executions/1/ingest/rows.parquet",
        f"{bucket}/ledger/{PROJECT}-dev/1/inputs.json",
        f"{bucket}/sagemaker-housing-pr/Source/abc",
    ]
    wanted = [asked(role, "s3:DeleteObject", key) for key in keys]
    assert decide(ministack, wanted) == [ALLOW, IMPLICIT, IMPLICIT, IMPLICIT]


def test_whoever_scales_the_endpoint_may_do_what_autoscaling_asks_of_its_caller(
    ministack: Path,
) -> None:
    """Application Auto Scaling looks at its caller's permissions for SageMaker and CloudWatch.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html and
    https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    """
    service = "sagemaker.application-autoscaling.amazonaws.com"
    linked = f"{service}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    first = {"context": {"iam:AWSServiceName": service}}
    found: dict[str, Any] = {}
    for actor in ("formation", "workflow"):
        for stage in ("dev", "prod"):
            name = f"sagemaker-{PROJECT}-{stage}"
            endpoint = arn("sagemaker", f"endpoint/{name}")
            tracked = f"alarm:TargetTracking-endpoint/{name}/variant/AllTraffic-AlarmHigh-1"
            asks = {
                "sagemaker:UpdateEndpointWeightsAndCapacities": endpoint,
                "sagemaker:DescribeEndpoint": endpoint,
                **{
                    f"cloudwatch:{action}": arn("cloudwatch", tracked)
                    for action in ("DescribeAlarms", "PutMetricAlarm", "DeleteAlarms")
                },
            }
            role = roles()[actor]
            found |= {f"{actor} {stage} {key}": asked(role, key, one) for key, one in asks.items()}
        config = arn("sagemaker", f"endpoint-config/sagemaker-{PROJECT}-dev-7")
        role_arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{linked}"
        found |= {
            f"{actor} dev config": asked(role, "sagemaker:DescribeEndpointConfig", config),
            f"{actor} dev linked": asked(role, "iam:CreateServiceLinkedRole", role_arn, **first),
        }
    decided = decisions(ministack, found)
    assert {name for name, one in decided.items() if one != ALLOW} == {
        name for name in found if " prod " in name
    }


def test_athena_finds_the_default_database_and_makes_none(ministack: Path) -> None:
    """https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html."""
    role = roles()["pipeline"]
    names = ["catalog", "database/default", "table/default/somebodys"]
    wanted = [asked(role, "glue:GetDatabase", arn("glue", name)) for name in names[:2]]
    wanted += [asked(role, "glue:GetTable", arn("glue", names[2]))]
    assert decide(ministack, wanted) == [ALLOW, ALLOW, IMPLICIT]


def test_a_boundary_bounds(ministack: Path) -> None:
    boundary = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    role = roles()["pipeline"]
    data = arn("s3", f"sagemaker-{PROJECT}-dev-data-lake-databucket-x/a")
    job = arn("sagemaker", "training-job/pipelines-abc-Fit-x")
    assert decide(
        ministack,
        [
            asked(role, "s3:GetObject", data, boundary=boundary),
            asked(role, "sagemaker:CreateTrainingJob", job, boundary=boundary),
            asked(role, "sagemaker:CreateTrainingJob", job),
        ],
    ) == [ALLOW, IMPLICIT, ALLOW]


def test_mlflow_is_the_stages_own_app(ministack: Path) -> None:
    role, app = roles(MlflowArn="")["pipeline"], arn("sagemaker", "mlflow-app/app-ABC")
    tags = [
        {"aws:ResourceTag/project": PROJECT, "aws:ResourceTag/stage": "dev"},
        {"aws:ResourceTag/project": PROJECT, "aws:ResourceTag/stage": "prod"},
        {"aws:ResourceTag/project": "other", "aws:ResourceTag/stage": "dev"},
        {},
    ]
    call = "sagemaker:CallMlflowAppApi"
    wanted = [asked(role, call, app, context=one) for one in tags]
    assert decide(ministack, wanted) == [ALLOW, IMPLICIT, IMPLICIT, IMPLICIT]
    named = roles(MlflowArn=app)["pipeline"]
    other = arn("sagemaker", "mlflow-app/app-XYZ")
    assert decide(ministack, [asked(named, call, one) for one in (app, other)]) == [ALLOW, IMPLICIT]


def test_a_service_gets_a_role_only_for_this_account(ministack: Path) -> None:
    sources = {
        "pipeline": ("sagemaker", "pipeline/p"),
        "endpoint": ("sagemaker", "model/m"),
        "build": ("codebuild", f"project/sagemaker-{PROJECT}-dev-build"),
        "delivery": ("codepipeline", f"sagemaker-{PROJECT}-dev-release"),
        "events": ("events", f"rule/sagemaker-{PROJECT}-dev-approved"),
        "scheduler": ("scheduler", "schedule-group/default"),
        "workflow": ("states", f"stateMachine:sagemaker-{PROJECT}-dev-workflow"),
    }
    wanted = []
    for actor, (service, rest) in sources.items():
        role, name = roles()[actor], f"{service}.amazonaws.com"
        own = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": arn(service, rest)}
        foreign = {"aws:SourceAccount": OTHER, "aws:SourceArn": arn(service, rest, OTHER)}
        wanted += [assumed(role, name, **one) for one in (own, foreign, {})]
        wanted.append(assumed(role, "ec2.amazonaws.com", **own))
    assert decide(ministack, wanted) == [True, False, False, False] * len(sources)


def test_no_machine_gets_the_role_of_whoever_approves(ministack: Path) -> None:
    role = roles()["approver"]
    # People's roles are called sagemaker-… too; a machine of any project, stage and account is not.
    person, execution, *machines = (
        f"arn:aws:iam::{ACCOUNT}:role/{name}"
        for name in (
            "ann", "sagemaker-reviewers", "sagemaker-x-dev-build", "sagemaker-x-prod-seed",
            f"sagemaker-{PROJECT}-dev-pipeline", "sagemaker-x-dev-approver",
        )
    )  # fmt: skip
    wanted = [assumed(role, one) for one in (person, execution, *machines)]
    assert decide(ministack, wanted) == [True, True, *[False] * len(machines)]
    named = roles(ApproverArns=person)["approver"]
    other = f"arn:aws:iam::{ACCOUNT}:role/bob"
    assert decide(ministack, [assumed(named, person), assumed(named, other)]) == [True, False]


def test_github_deploys_from_one_branch_and_environment(ministack: Path) -> None:
    right = {
        "aud": "sts.amazonaws.com",
        "sub": "repo:org/name:environment:dev",
        "ref": "refs/heads/main",
    }
    wrong: list[dict[str, str | None]] = [
        {"sub": "repo:fork/name:environment:dev"},
        {"sub": "repo:org/name:pull_request", "ref": "refs/pull/1/merge"},
        {"ref": "refs/heads/topic"},
        {"ref": "refs/tags/main"},
        {"sub": "repo:org/name:environment:prod"},
        {"sub": "repo:org/name:ref:refs/heads/main"},
        {"sub": "repo:org/name-2:environment:dev"},
        {"aud": "https://github.com/org"},
        {"ref": None},
    ]
    role, provider = roles()["deploy"], f"arn:aws:iam::{ACCOUNT}:oidc-provider/"
    tokens = [
        {f"{GITHUB}:{name}": value for name, value in {**right, **one}.items() if value is not None}
        for one in ({}, *wrong)
    ]
    wanted = [assumed(role, provider + GITHUB, **token) for token in tokens]
    wanted.append(assumed(role, f"{provider}gitlab.com", **tokens[0]))
    assert decide(ministack, wanted) == [True, *[False] * (len(wrong) + 1)]


def test_github_names_repositories_by_their_ids_too(ministack: Path) -> None:
    """https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/."""
    role = roles(Repository="org@123/name@456")["deploy"]
    subs = [
        "repo:org@123/name@456:environment:dev",
        "repo:org@123/name@457:environment:dev",
        "repo:org@124/name@456:environment:dev",
        "repo:org/name:environment:dev",
    ]
    context = {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:ref": "refs/heads/main"}
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
    wanted = [assumed(role, provider, **context, **{f"{GITHUB}:sub": sub}) for sub in subs]
    assert decide(ministack, wanted) == [True, False, False, False]


def test_gitlab_deploys_from_one_branch(ministack: Path) -> None:
    role = roles(Oidc="gitlab", Repository="group/sub/project")["deploy"]
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"
    subs = [
        "project_path:group/sub/project:ref_type:branch:ref:main",
        "project_path:group/sub/project:ref_type:branch:ref:topic",
        "project_path:group/sub/project:ref_type:tag:ref:main",
        "project_path:fork/project:ref_type:branch:ref:main",
    ]
    context = {"gitlab.com:aud": "sts.amazonaws.com"}
    wanted = [assumed(role, provider, **context, **{"gitlab.com:sub": sub}) for sub in subs]
    assert decide(ministack, wanted) == [True, False, False, False]


def test_on_gitlab_production_may_have_a_branch_of_its_own(ministack: Path) -> None:
    """A token proves project and branch: with one branch, each stage's role is any job's of it.

    https://docs.gitlab.com/ci/secrets/id_token_authentication/
    """
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"
    gitlab = {"Oidc": "gitlab", "Repository": "group/project"}
    stages = {"shared": roles("prod", **gitlab), "own": roles("prod", **gitlab, Branch="release")}
    tokens = [
        {
            "gitlab.com:aud": "sts.amazonaws.com",
            "gitlab.com:sub": f"project_path:group/project:ref_type:branch:ref:{branch}",
        }
        for branch in ("main", "release")
    ]
    wanted = [
        assumed(found["deploy"], provider, **token) for found in stages.values() for token in tokens
    ]
    assert decide(ministack, wanted) == [True, False, False, True]


# --- Promotion to another account: both sides must allow ---


def elsewhere(stage: str = "prod") -> dict[str, Any]:
    """The roles of a stage in another account, which deploys the models of dev."""
    own = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/dev"
    source = {
        "SourceStage": "dev",
        "SourceAccount": ACCOUNT,
        "SourceBucket": ROLES.parameters()["ArtifactBucket"],
        "SourceKeyArn": own,
    }
    found = roles(stage, **source)
    return {
        actor: type(role)(role.name, role.policies, role.trust, role.boundary)
        for actor, role in found.items()
    }


def across(role: Any, action: str, resource: str, policy: Any, **more: Any) -> dict[str, Any]:
    """The request of a role of another account for something of this one."""
    principal = role.arn.replace(ACCOUNT, OTHER)
    return asked(role, action, resource, shared=policy, owner=ACCOUNT, **more) | {
        "principal": principal
    }


def test_another_account_reads_what_is_promoted_and_writes_nothing(ministack: Path) -> None:
    readers = {"ReaderAccounts": OTHER}
    group = shared("sharing", "Group", "ModelPackageGroupPolicy", **readers)
    repository = shared("build", "ModelRepository", "RepositoryPolicyText", **readers)
    bucket = shared("data-lake", "ArtifactBucketPolicy", "PolicyDocument", **readers)
    bucket = json.loads(json.dumps(bucket).replace("<ArtifactBucket.Arn>", bucket_arn()))
    key = shared("data-lake", "Key", "KeyPolicy", **readers)
    others = elsewhere()
    package, image = (
        arn("sagemaker", GROUP),
        arn("ecr", f"repository/sagemaker-{PROJECT}-dev/model"),
    )
    model = f"{bucket_arn()}/{PROJECT}/executions/1/model.tar.gz"
    bundle = f"{bucket_arn()}/sagemaker-housing-pr/Settings/abc"
    resource = arn("kms", "key/dev")
    by_s3 = {"context": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}, "required": True}
    read = {
        "describe": across(others["formation"], "sagemaker:DescribeModelPackage", package, group),
        "create": across(others["formation"], "sagemaker:CreateModel", package, group),
        "pull": across(others["endpoint"], "ecr:BatchGetImage", image, repository),
        "load": across(others["endpoint"], "s3:GetObject", model, bucket),
        "decrypt": across(others["endpoint"], "kms:Decrypt", resource, key, **by_s3),
        # CodePipeline hands the template to the account that it deploys to.
        "template": across(others["delivery"], "s3:GetObject", bundle, bucket),
        "its key": across(others["delivery"], "kms:Decrypt", resource, key, **by_s3),
    }
    assert set(decisions(ministack, read).values()) == {ALLOW}
    everything = [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    write = {
        "approve": across(others["approver"], "sagemaker:UpdateModelPackage", package, group),
        "delete": across(others["formation"], "sagemaker:DeleteModelPackage", package, group),
        "push": across(others["endpoint"], "ecr:PutImage", image, repository),
        "put": across(others["endpoint"], "s3:PutObject", model, bucket),
        "not by S3": across(others["endpoint"], "kms:Decrypt", resource, key, required=True),
        "pipeline": across(others["pipeline"], "s3:GetObject", model, bucket),
    }
    write = {name: one | {"policies": everything} for name, one in write.items()}
    assert ALLOW not in decisions(ministack, write).values()


def bucket_arn() -> str:
    """The bucket of artefacts of dev, which has no name before it is made."""
    return arn("s3", ROLES.parameters()["ArtifactBucket"])


def test_without_readers_another_account_reads_nothing(ministack: Path) -> None:
    formation = elsewhere()["formation"]
    request = across(formation, "sagemaker:DescribeModelPackage", arn("sagemaker", GROUP), None)
    assert decide(ministack, [request]) == [IMPLICIT]


def test_the_data_bucket_refuses_other_stages_by_itself(ministack: Path) -> None:
    policy = shared("data-lake", "DataBucketPolicy", "PolicyDocument")
    everything = [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    resource = "<DataBucket.Arn>/input/data/training/a.csv"
    found = {}
    for name in (
        f"sagemaker-{PROJECT}-dev-pipeline",
        f"sagemaker-{PROJECT}-staging-pipeline",
        "sagemaker-house-sales-dev-pipeline",
        "sagemaker-house-sales-prod-seed",
        "admin",
        # People's roles are called so too, such as the execution role of Studio.
        "sagemaker-studio-execution",
        "sagemaker-admin",
        # CloudFormation's, for projects in Studio: else it could not change the bucket's policy.
        "sagemaker-projects-launch",
    ):
        found[name] = {
            "principal": f"arn:aws:iam::{ACCOUNT}:role/{name}", "action": "s3:GetObject",
            "resource": resource, "policies": everything, "shared": policy, "owner": ACCOUNT,
        }  # fmt: skip
    assert list(decisions(ministack, found).values()) == [ALLOW, *[DENY] * 3, *[ALLOW] * 4]


def test_the_release_gets_roles_of_the_account_it_deploys_to(ministack: Path) -> None:
    others = elsewhere()
    for actor in sorted(WALKERS):
        own = f"arn:aws:iam::{ACCOUNT}:role/sagemaker-{PROJECT}-dev-{actor}"
        strangers = [
            own.replace("-dev-", "-test-"),
            own.replace(PROJECT, "other"),
            own.replace(ACCOUNT, OTHER),
        ]
        wanted = [assumed(others[actor], one) for one in (own, *strangers)]
        assert decide(ministack, wanted) == [True, False, False, False], actor
        target = f"arn:aws:iam::{OTHER}:role/sagemaker-{PROJECT}-prod-{actor}"
        assert decide(ministack, [asked(roles()[actor], "sts:AssumeRole", target)]) == [ALLOW]
