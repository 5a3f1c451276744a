"""The matrix in docs/infrastructure/permissions.md is what the engine decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.baking import ROOT
from tests.infrastructure.permissions.deciding import ROLES, arn, asked, decide

PAGE = ROOT / "docs/infrastructure/permissions.md"
NAME = "housing-prices-dev"
DATA = f"sagemaker-{NAME}-data-lake-databucket-x/input/data/training/a.csv"
MODEL = f"sagemaker-{NAME}-data-lake-artifactbucket-x/housing-prices/executions/1/model.tar.gz"
PACKAGE = arn("sagemaker", f"model-package/{NAME}/1")
APPROVAL = "sagemaker:ModelApprovalStatus"
# What the page's rows are called → action, resource and context.
WORK: dict[str, tuple[str, str, dict[str, str]]] = {
    "start the pipeline": (
        "sagemaker:StartPipelineExecution",
        arn("sagemaker", f"pipeline/{NAME}"),
        {},
    ),
    "change the pipeline": ("sagemaker:UpdatePipeline", arn("sagemaker", f"pipeline/{NAME}"), {}),
    "change columns of the table": ("glue:UpdateTable", arn("glue", "table/lake/california"), {}),
    "train": (
        "sagemaker:CreateTrainingJob",
        arn("sagemaker", "training-job/pipelines-a-Fit-b"),
        {},
    ),
    "register a model": (
        "sagemaker:CreateModelPackage",
        PACKAGE,
        {APPROVAL: "PendingManualApproval"},
    ),
    "approve a model": ("sagemaker:UpdateModelPackage", PACKAGE, {APPROVAL: "Approved"}),
    "approve a release": (
        "codepipeline:PutApprovalResult",
        arn("codepipeline", f"sagemaker-{NAME}-release/Approval/Approve"),
        {},
    ),
    "push an image": ("ecr:PutImage", arn("ecr", f"repository/sagemaker-{NAME}/model"), {}),
    "change the endpoint": (
        "sagemaker:UpdateEndpoint",
        arn("sagemaker", f"endpoint/sagemaker-{NAME}"),
        {},
    ),
    "ask the endpoint": (
        "sagemaker:InvokeEndpoint",
        arn("sagemaker", f"endpoint/sagemaker-{NAME}"),
        {},
    ),
    "read data": ("s3:GetObject", arn("s3", DATA), {}),
    "write data": ("s3:PutObject", arn("s3", DATA), {}),
    "delete data": ("s3:DeleteObject", arn("s3", DATA), {}),
    "read models and reports": ("s3:GetObject", arn("s3", MODEL), {}),
    "write models and reports": ("s3:PutObject", arn("s3", MODEL), {}),
    "write the ledger": ("dynamodb:PutItem", arn("dynamodb", f"table/sagemaker-{NAME}-ledger"), {}),
    "send notices": ("sns:Publish", arn("sns", f"sagemaker-{NAME}-notices"), {}),
}


def table(ministack: Path) -> list[str]:
    """The matrix as the page must have it."""
    roles = ROLES.roles(**ROLES.EVERYTHING)
    requests = [
        asked(role, action, resource, context=context)
        for action, resource, context in WORK.values()
        for role in roles.values()
    ]
    found = iter(decide(ministack, requests))
    lines = []
    for name in WORK:
        allowed = [actor for actor in roles if next(found) == "Allow"]
        order = [actor for actor in ROLES.ACTORS if actor in allowed]
        lines.append(f"| {name} | {', '.join(order) or 'nobody'} |")
    return lines


def test_the_page_has_the_matrix(ministack: Path) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| may | who |") + 2
    assert lines[start : start + len(WORK)] == table(ministack)


def test_the_page_says_who_takes_each_role() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for actor, role in ROLES.roles(**ROLES.EVERYTHING).items():
        service = principal_of(role)
        assert any(
            line.startswith(f"| {actor} |") and f"`{service}`" in line for line in text.splitlines()
        ), f"{actor}: {service}"


def principal_of(role: Any) -> str:
    """The service or provider that takes a role; the account for people."""
    principal = role.trust["Statement"][0]["Principal"]
    if "Service" in principal:
        return str(principal["Service"])
    return str(principal["Federated"]).partition("/")[2] if "Federated" in principal else "account"
